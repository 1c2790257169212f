package api

import (
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
	body                  web.Value // null: none
}

// batchResult is the answer to one operation.
type batchResult struct {
	ID     string          `json:"id"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// batchAnswer is the answer to a batch: one result for each operation, in order.
type batchAnswer struct {
	Success  bool          `json:"success"`
	Results  []batchResult `json:"results"`
	Warnings *texts        `json:"warnings,omitempty"`
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
	if err := s.limiter.Raise(r.Key, len(operations), r.Limits); err != nil {
		return web.Answer{}, err
	}
	results := make([]batchResult, len(operations))
	for i, op := range operations {
		results[i] = s.runOperation(r, op, i)
	}
	return web.JSON(http.StatusOK, batchAnswer{Success: true, Results: results, Warnings: warningTexts(in.warnings(nil), r.Language)})
}

// readOperations reads the operations of a batch and notes what is wrong with them.
func readOperations(in *input) []operation {
	var operations []operation
	key, seen := in.idempotencyKey(), map[string]bool{}
	for _, f := range in.Objects("operations", batchMost) {
		op := readOperation(f, in.faults)
		if seen[op.id] {
			in.faults.Add(f.Path("id"), desk.MustBeUnique)
		}
		seen[op.id] = true
		op.body, _ = f.Value("body")
		if op.key == "" && key != "" && op.method != http.MethodGet && !hasRequestID(op.body) {
			op.key = key + "/" + op.id
		}
		operations = append(operations, op)
	}
	if len(operations) == 0 {
		in.faults.Add("operations", desk.Required)
	}
	return operations
}

// readOperation reads one operation but its body.
func readOperation(f *web.Fields, faults *desk.Faults) operation {
	op := operation{id: f.Text("id", desk.MaxReference), method: f.Text("method", 0), path: f.Text("path", desk.MaxURL),
		key: f.Text("idempotencyKey", desk.MaxReference)}
	if op.id == "" {
		faults.Add(f.Path("id"), desk.Required)
	}
	desk.CheckOneOf(faults, f.Path("method"), op.method, []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete})
	switch {
	case op.path == "":
		faults.Add(f.Path("path"), desk.Required)
	case !readPath(&op):
		faults.Add(f.Path("path"), desk.PathRefused)
	}
	return op
}

// readPath completes the path of an operation. Batches in batches, downloads, and what waits for somebody else's system are
// refused.
func readPath(op *operation) bool {
	op.path = Base + strings.TrimPrefix(op.path, Base)
	u, err := url.Parse(op.path)
	if err != nil || !strings.HasPrefix(u.Path, Base+"/") || u.IsAbs() || u.Host != "" {
		return false
	}
	test := strings.HasPrefix(u.Path, Base+"/webhooks/") && strings.HasSuffix(u.Path, "/test")
	return u.Path != Base+"/batch" && !test && !strings.Contains(u.Path, "/attachments/") && !strings.Contains(u.Path, "/openapi.")
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

// runOperation runs an operation, the one at place i of its batch, like a request of its own.
func (s *Server) runOperation(r *web.Request, op operation, i int) batchResult {
	inner, err := http.NewRequestWithContext(r.Within(op.body), op.method, op.path, http.NoBody)
	if err != nil {
		return batchResult{ID: op.id, Status: http.StatusNotFound, Body: json.RawMessage(`null`)}
	}
	inner.Header.Set("X-Request-Id", r.ID+"."+strconv.Itoa(i))
	if op.key != "" {
		inner.Header.Set("Idempotency-Key", op.key)
	}
	recorder := web.NewRecorder()
	s.ServeHTTP(recorder, inner)
	return batchResult{ID: op.id, Status: recorder.Status, Body: recorder.Body()}
}
