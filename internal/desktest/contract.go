package desktest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"banksulutgo.co.id/servicedesk/api"
)

// Contract is what api/openapi.yaml promises. It checks exchanges and remembers which of the promised answers it saw.
type Contract struct {
	document *openapi3.T
	router   routers.Router
	schemas  *schemas

	mu   sync.Mutex
	seen map[Sighting]bool
}

// Sighting is one promised answer: an operation and a status.
type Sighting struct {
	Operation string // operationId
	Status    int
}

// OMNI is the contract of the OMNI API, one for all tests of a process, so that at the end something can be said about
// all of them together.
var OMNI = sync.OnceValues(func() (*Contract, error) {
	text, err := documentJSON()
	if err != nil {
		return nil, err
	}
	return NewContract(text)
})

// NewContract reads an OpenAPI document in JSON. It returns an error when the document itself is at fault, its examples
// included.
func NewContract(text []byte) (*Contract, error) {
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml is at fault: %w", err)
	}
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		return nil, err
	}
	compiled, err := newSchemas(text)
	return &Contract{document: document, router: router, schemas: compiled, seen: map[Sighting]bool{}}, err
}

// Exchange is a request and its answer. Bodies are as they were sent.
type Exchange struct {
	Request     *http.Request // its Body is not read
	RequestBody []byte
	Status      int
	Header      http.Header // of the answer
	Body        []byte
}

// Check returns an error unless the exchange is as the document says: its answer is documented for operation and
// status and has the documented form, and a request that the document calls invalid got no success. Requests that the
// document does not know must be refused in the form of every error.
func (c *Contract) Check(x Exchange) error {
	asked := x.Request.Clone(context.Background())
	asked.Body, asked.GetBody = nil, nil
	if asked.Method == http.MethodHead {
		asked.Method = http.MethodGet
	}
	route, parameters, err := c.router.FindRoute(asked)
	if err != nil {
		return c.checkUnknown(x)
	}
	operation := route.Operation
	place := []string{"paths", route.Path, strings.ToLower(route.Method)}
	if err := c.checkAnswer(x, operation, place); err != nil {
		return fmt.Errorf("%s, status %d: %w", operation.OperationID, x.Status, err)
	}
	if x.Status < http.StatusBadRequest {
		input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: parameters, Route: route}
		if err := errors.Join(checkParameters(input), c.checkRequestBody(x, operation, place)); err != nil {
			return fmt.Errorf("%s succeeded with %d although the document calls the request invalid: %w", operation.OperationID, x.Status, err)
		}
	}
	c.note(Sighting{operation.OperationID, x.Status})
	return c.checkBatch(x, operation.OperationID)
}

// checkUnknown checks the answer to a path or method that the document does not know.
func (c *Contract) checkUnknown(x Exchange) error {
	if x.Status != http.StatusNotFound && x.Status != http.StatusMethodNotAllowed {
		return fmt.Errorf("the document does not know %s %s, which answered %d", x.Request.Method, x.Request.URL.Path, x.Status)
	}
	if x.Request.Method == http.MethodHead {
		return nil
	}
	return c.schemas.checkJSON("#/components/schemas/Error", x.Body)
}

// checkAnswer checks status, headers and body of an answer.
func (c *Contract) checkAnswer(x Exchange, operation *openapi3.Operation, place []string) error {
	status := strconv.Itoa(x.Status)
	answer := operation.Responses.Value(status)
	if answer == nil {
		return errors.New("the document does not name this status")
	}
	place = append(slices.Clone(place), "responses", status)
	for name, header := range answer.Value.Headers {
		if err := c.checkHeader(x.Header, name, header, below(answer.Ref, place, "headers", name)); err != nil {
			return err
		}
	}
	if len(answer.Value.Content) == 0 {
		if len(x.Body) > 0 {
			return errors.New("there is a body")
		}
		return nil
	}
	media := answer.Value.Content.Get(x.Header.Get("Content-Type"))
	switch {
	case media == nil:
		return fmt.Errorf("the content type is %q", x.Header.Get("Content-Type"))
	case media.Schema == nil || x.Request.Method == http.MethodHead:
		return nil
	case isStream(x.Header):
		return nil // each event is checked as it comes
	}
	body, err := inflated(x.Header, x.Body)
	if err != nil {
		return err
	}
	return c.schemas.checkJSON(below(answer.Ref, place, "content", "application/json", "schema"), body)
}

// checkHeader checks a header of an answer that the document describes at a pointer.
func (c *Contract) checkHeader(sent http.Header, name string, header *openapi3.HeaderRef, at string) error {
	value := sent.Get(name)
	switch {
	case value == "" && header.Value.Required:
		return fmt.Errorf("the header %s is missing", name)
	case value == "":
		return nil
	case header.Ref != "":
		at = header.Ref
	}
	var typed any = value
	if !header.Value.Schema.Value.Type.Is("string") {
		typed = asJSON(value)
	}
	if err := c.schemas.check(at+"/schema", typed); err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	return nil
}

// checkParameters checks path, query and headers of a request that succeeded.
func checkParameters(input *openapi3filter.RequestValidationInput) error {
	input.Options = &openapi3filter.Options{ExcludeRequestBody: true, SkipSettingDefaults: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	return openapi3filter.ValidateRequest(context.Background(), input)
}

// checkRequestBody checks the body of a request that succeeded. What the document says in words only is done first:
// null and an empty text count as absent, a body may be packed, and a body without a type is JSON.
func (c *Contract) checkRequestBody(x Exchange, operation *openapi3.Operation, place []string) error {
	if operation.RequestBody == nil || len(x.RequestBody) == 0 && !operation.RequestBody.Value.Required {
		return nil
	}
	kind := x.Request.Header.Get("Content-Type")
	if kind != "" && operation.RequestBody.Value.Content.Get(kind) == nil {
		return fmt.Errorf("the content type is %q", kind)
	}
	body, err := inflated(x.Request.Header, x.RequestBody)
	if err != nil || len(body) > largestRead || len(body) == 0 && !operation.RequestBody.Value.Required {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return c.schemas.check(below("", place, "requestBody", "content", "application/json", "schema"), withoutAbsent(value))
}

// largestRead is the size of the largest body in bytes that is checked: a larger one is there to test a limit.
const largestRead = 4 << 20

// withoutAbsent drops the members of objects that count as absent.
func withoutAbsent(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner == nil || inner == "" {
				delete(v, name)
			} else {
				v[name] = withoutAbsent(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutAbsent(v[i])
		}
	}
	return value
}

func inflated(header http.Header, body []byte) ([]byte, error) {
	if header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// checkBatch checks every operation of a batch like a request of its own.
func (c *Contract) checkBatch(x Exchange, operation string) error {
	if operation != "runBatch" || x.Status != http.StatusOK {
		return nil
	}
	var asked struct {
		Operations []struct {
			ID, Method, Path string
			Body             json.RawMessage
		}
	}
	var answered struct {
		Results []struct {
			ID     string
			Status int
			Body   json.RawMessage
		}
	}
	if err := errors.Join(decode(x.Request.Header, x.RequestBody, &asked), decode(x.Header, x.Body, &answered)); err != nil {
		return err
	}
	if len(asked.Operations) != len(answered.Results) {
		return fmt.Errorf("a batch of %d operations has %d results", len(asked.Operations), len(answered.Results))
	}
	for i, op := range asked.Operations {
		result := answered.Results[i]
		if op.ID != result.ID {
			return fmt.Errorf("result %d of the batch is about %q, not %q", i, result.ID, op.ID)
		}
		inner, err := http.NewRequest(op.Method, "http://batch"+api.Base+strings.TrimPrefix(op.Path, api.Base), nil)
		if err != nil {
			return err
		}
		err = c.Check(Exchange{Request: inner, RequestBody: op.Body, Status: result.Status, Header: innerHeader(result.Status), Body: result.Body})
		if err != nil {
			return fmt.Errorf("operation %d of the batch: %w", i, err)
		}
	}
	return nil
}

// decode reads a body that may be packed.
func decode(header http.Header, body []byte, v any) error {
	body, err := inflated(header, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

// innerHeader is what the answer to an operation of a batch would have carried; a batch keeps bodies only.
func innerHeader(status int) http.Header {
	header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"batch"}, "Etag": {`W/"1-batch"`}}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		header.Set("Retry-After", "1")
	}
	return header
}

func (c *Contract) note(s Sighting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[s] = true
}

// Missing lists the promised answers that no exchange had so far, as `operation status`.
func (c *Contract) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var missing []string
	for _, path := range c.document.Paths.Map() {
		for _, operation := range path.Operations() {
			for status := range operation.Responses.Map() {
				if n, _ := strconv.Atoi(status); !c.seen[Sighting{operation.OperationID, n}] {
					missing = append(missing, operation.OperationID+" "+status)
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}
