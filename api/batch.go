package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// batchMost is how many operations one batch may have.
const batchMost = 100

// operation is one request of a batch.
type operation struct {
	id, method, path, key string
	body                  []byte
}

// batchResult is the answer to one operation.
type batchResult struct {
	ID     string          `json:"id"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// batchAnswer is the answer to a batch: one result for each operation, in order.
type batchAnswer struct {
	Success bool          `json:"success"`
	Results []batchResult `json:"results"`
}

// runBatch answers POST /batch: each operation is a request of its own, with its own permission and transaction; later
// ones run after a failure. It costs as many requests of the key's rate as it has operations.
func (s *Server) runBatch(r *web.Request) (web.Answer, error) {
	in, err := s.read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	operations := readOperations(in)
	if err := in.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	if err := s.limiter.Take(r.Key, len(operations)-1, r.Limits); err != nil {
		return web.Answer{}, err
	}
	results := make([]batchResult, len(operations))
	for i, op := range operations {
		results[i] = s.runOperation(r, op)
	}
	return web.JSON(http.StatusOK, batchAnswer{Success: true, Results: results})
}

// readOperations reads the operations of a batch and notes what is wrong with them.
func readOperations(in *input) []operation {
	var operations []operation
	key := strings.Trim(strings.TrimSpace(in.request.Header.Get("Idempotency-Key")), `"`)
	for _, f := range in.Objects("operations", batchMost) {
		op := operation{id: f.Text("id", desk.MaxReference), method: strings.ToUpper(f.Text("method", 10)), path: f.Text("path", desk.MaxURL), key: f.Text("idempotencyKey", desk.MaxReference)}
		if op.id == "" {
			in.faults.Add(f.Path("id"), desk.Required)
		}
		desk.CheckOneOf(in.faults, f.Path("method"), op.method, []string{http.MethodGet, http.MethodPost, http.MethodPatch})
		if !readPath(&op) {
			in.faults.Add(f.Path("path"), desk.PathRefused)
		}
		body, given := f.Value("body")
		if given {
			op.body = body.Append(nil)
		}
		if op.key == "" && key != "" && op.method != http.MethodGet && !hasRequestID(body) {
			op.key = key + "/" + op.id
		}
		operations = append(operations, op)
	}
	if len(operations) == 0 {
		in.faults.Add("operations", desk.Required)
	}
	return operations
}

// readPath completes the path of an operation. Batches in batches and downloads are refused.
func readPath(op *operation) bool {
	op.path = Base + strings.TrimPrefix(op.path, Base)
	u, err := url.Parse(op.path)
	if err != nil || !strings.HasPrefix(u.Path, Base+"/") || u.IsAbs() || u.Host != "" {
		return false
	}
	return u.Path != Base+"/batch" && !strings.Contains(u.Path, "/attachments/") && !strings.Contains(u.Path, "/openapi.")
}

// hasRequestID reports whether a body says itself what the request is called.
func hasRequestID(body web.Value) bool {
	if body.Kind() != web.Object {
		return false
	}
	integration, _ := body.Get("integration")
	if integration.Kind() != web.Object {
		return false
	}
	id, given := integration.Get("requestId")
	return given && id.Kind() == web.String && id.Text() != ""
}

// runOperation runs one operation like a request of its own.
func (s *Server) runOperation(r *web.Request, op operation) batchResult {
	inner, err := http.NewRequestWithContext(r.Within(), op.method, op.path, bytes.NewReader(op.body))
	if err != nil {
		return batchResult{ID: op.id, Status: http.StatusNotFound, Body: json.RawMessage(`null`)}
	}
	inner.Header.Set("X-Request-Id", r.ID+"."+strconv.Itoa(len(op.id)))
	if op.key != "" {
		inner.Header.Set("Idempotency-Key", op.key)
	}
	recorder := web.NewRecorder()
	s.ServeHTTP(recorder, inner)
	return batchResult{ID: op.id, Status: recorder.Status, Body: recorder.Body()}
}
