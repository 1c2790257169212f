package desktest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// promise is a small document with every kind of promise that a Contract checks.
const promise = `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{
 "/api/omnichannel/things":{"post":{"operationId":"makeThing",
  "parameters":[{"name":"limit","in":"query","schema":{"type":"integer","maximum":10}}],
  "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["name"],"properties":{"name":{"type":"string","minLength":1},"size":{"type":"integer"}}}}}},
  "responses":{
   "201":{"description":"made","headers":{"X-Request-Id":{"required":true,"schema":{"type":"string","pattern":"^[a-z]+$"}},"Left":{"schema":{"type":"integer"}}},
    "content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"required":["id"],"properties":{"id":{"type":"string"},"at":{"type":"string","format":"date-time"}}}}}},
   "400":{"$ref":"#/components/responses/Error"}}}},
 "/api/omnichannel/things/{id}":{"get":{"operationId":"getThing","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
  "responses":{"200":{"description":"thing","content":{"text/plain":{}}},"304":{"description":"same","headers":{"ETag":{"required":true,"schema":{"type":"string"}}}}}}},
 "/api/omnichannel/batch":{"post":{"operationId":"runBatch","requestBody":{"content":{"application/json":{"schema":{"type":"object"}}}},
  "responses":{"200":{"description":"done","content":{"application/json":{"schema":{"type":"object"}}}}}}}},
 "components":{"responses":{"Error":{"description":"no","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}}},
  "schemas":{"Error":{"type":"object","additionalProperties":false,"required":["message"],"properties":{"message":{"type":"string"}}}}}}`

// exchange is a test's exchange in words.
type exchange struct {
	method, path, body string
	status             int
	header             string // of the answer: `Name: value`, separated by `; `
	answer             string
}

func (x exchange) of(t *testing.T) desktest.Exchange {
	t.Helper()
	req, err := http.NewRequest(x.method, "http://desk.test"+x.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "X-Request-Id": {"abc"}}
	for part := range strings.SplitSeq(x.header, "; ") {
		if name, value, ok := strings.Cut(part, ": "); ok {
			header.Set(name, value)
		}
	}
	return desktest.Exchange{Request: req, RequestBody: []byte(x.body), Status: x.status, Header: header, Body: []byte(x.answer)}
}

func contract(t *testing.T) *desktest.Contract {
	t.Helper()
	c, err := desktest.NewContract([]byte(promise))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const made, things = `{"id":"1"}`, "/api/omnichannel/things"

func TestTheContractIsKeptByWhatTheDocumentPromises(t *testing.T) {
	for name, x := range map[string]exchange{
		"a success":                     {"POST", things, `{"name":"a"}`, 201, "", made},
		"a number in a header":          {"POST", things, `{"name":"a"}`, 201, "Left: 5", made},
		"null and empty texts":          {"POST", things + "?limit=3", `{"name":"a","size":null,"other":"","deep":[{"x":null}]}`, 201, "", `{"id":"1","at":"2024-12-19T10:30:00Z"}`},
		"a refusal of what is invalid":  {"POST", things, `{"name":5}`, 400, "", `{"message":"no"}`},
		"a refusal of what is no JSON":  {"POST", things, `{`, 400, "", `{"message":"no"}`},
		"another type":                  {"GET", things + "/1", "", 200, "Content-Type: text/plain", "hello"},
		"nothing changed":               {"GET", things + "/1", "", 304, "ETag: x", ""},
		"a path that is not documented": {"GET", "/api/omnichannel/nothing", "", 404, "", `{"message":"no"}`},
		"a method that is not":          {"DELETE", things, "", 405, "", `{"message":"no"}`},
		"a batch": {"POST", "/api/omnichannel/batch", `{"operations":[{"id":"1","method":"POST","path":"/things","body":{"name":"a"}}]}`, 200, "",
			`{"results":[{"id":"1","status":201,"body":{"id":"1"}}]}`},
	} {
		if err := contract(t).Check(x.of(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheContractIsBrokenByWhatTheDocumentDoesNotPromise(t *testing.T) {
	for name, x := range map[string]exchange{
		"another status":                    {"POST", things, `{"name":"a"}`, 200, "", made},
		"a member more":                     {"POST", things, `{"name":"a"}`, 201, "", `{"id":"1","more":1}`},
		"a member less":                     {"POST", things, `{"name":"a"}`, 201, "", `{}`},
		"another type of member":            {"POST", things, `{"name":"a"}`, 201, "", `{"id":1}`},
		"a time that is none":               {"POST", things, `{"name":"a"}`, 201, "", `{"id":"1","at":"now"}`},
		"no JSON":                           {"POST", things, `{"name":"a"}`, 201, "", `{"id":`},
		"another content type":              {"POST", things, `{"name":"a"}`, 201, "Content-Type: text/html", made},
		"a header of another form":          {"POST", things, `{"name":"a"}`, 201, "X-Request-Id: 5", made},
		"a header of another type":          {"POST", things, `{"name":"a"}`, 201, "Left: many", made},
		"a missing header":                  {"GET", things + "/1", "", 304, "", ""},
		"a body where there is none":        {"GET", things + "/1", "", 304, "ETag: x", "x"},
		"success of what is invalid":        {"POST", things, `{"name":5}`, 201, "", made},
		"success without what is required":  {"POST", things, `{"size":1}`, 201, "", made},
		"success with null as the required": {"POST", things, `{"name":null}`, 201, "", made},
		"success of a parameter over":       {"POST", things + "?limit=11", `{"name":"a"}`, 201, "", made},
		"an error of another form":          {"POST", things, `{`, 400, "", `{"error":"no"}`},
		"an unknown path that is answered":  {"GET", "/api/omnichannel/nothing", "", 200, "", `{}`},
		"an unknown path in another form":   {"GET", "/api/omnichannel/nothing", "", 404, "", `404 page not found`},
		"a batch with a result less":        {"POST", "/api/omnichannel/batch", `{"operations":[{"id":"1","method":"POST","path":"/things","body":{"name":"a"}}]}`, 200, "", `{"results":[]}`},
		"a batch in another order":          {"POST", "/api/omnichannel/batch", `{"operations":[{"id":"1","method":"POST","path":"/things","body":{"name":"a"}}]}`, 200, "", `{"results":[{"id":"2","status":201,"body":{"id":"1"}}]}`},
		"an operation of another form":      {"POST", "/api/omnichannel/batch", `{"operations":[{"id":"1","method":"POST","path":"/things","body":{"name":"a"}}]}`, 200, "", `{"results":[{"id":"1","status":201,"body":{}}]}`},
	} {
		if err := contract(t).Check(x.of(t)); err == nil {
			t.Errorf("%s: the contract does not notice", name)
		}
	}
}

func TestTheContractKnowsWhatItDidNotSee(t *testing.T) {
	c := contract(t)
	if want := []string{"getThing 200", "getThing 304", "makeThing 201", "makeThing 400", "runBatch 200"}; !slices.Equal(c.Missing(), want) {
		t.Errorf("at first %v are missing, want %v", c.Missing(), want)
	}
	for _, x := range []exchange{{"POST", things, `{"name":"a"}`, 201, "", made}, {"POST", things, `{}`, 201, "", made}, {"GET", things + "/1", "", 304, "ETag: x", ""}} {
		_ = c.Check(x.of(t)) // the second breaks the contract and counts for nothing
	}
	if want := []string{"getThing 200", "makeThing 400", "runBatch 200"}; !slices.Equal(c.Missing(), want) {
		t.Errorf("then %v are missing, want %v", c.Missing(), want)
	}
}

func TestADocumentAtFaultIsNoContract(t *testing.T) {
	for _, text := range []string{`{`, `{"openapi":"3.1.0"}`, strings.Replace(promise, `"#/components/schemas/Error"`, `"#/components/schemas/None"`, 1)} {
		if _, err := desktest.NewContract([]byte(text)); err == nil {
			t.Errorf("%.40s is taken for a contract", text)
		}
	}
}

func TestAResponseIsReadByPaths(t *testing.T) {
	r := desktest.Response{Body: []byte(`{"a":{"b":[{"c":"x"},{"c":5}]},"errors":{"a.b":"wrong"},"none":null,"yes":true}`)}
	for path, want := range map[string]string{"a.b.0.c": "x", "a.b.1.c": "5", "a.b.2.c": "", "a.b.x": "", "errors.a.b": "wrong", "none": "null", "yes": "true", "missing": "", "yes.more": "", "a.b.1": `{"c":5}`} {
		if got := r.Text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if r.Len("a.b") != 2 || r.Len("a") != -1 || !r.Has("none") || r.Has("missing") || r.Errors()["a.b"] != "wrong" || r.Warnings() != nil {
		t.Error("the rest of the response is not read right")
	}
}
