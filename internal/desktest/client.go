package desktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/api"
)

// Client is an HTTP client of the OMNI API for tests. Every request and every answer is checked against openapi.yaml;
// what breaks it fails the test.
type Client struct {
	url    string // of the server, without a path
	header http.Header
	http   *http.Client
}

// Client makes a client of the desk that sends an API key; with an empty key it sends none.
func (d *Desk) Client(key string) *Client { return NewClient(d.URL, key) }

// NewClient makes a client of a server.
func NewClient(url, key string) *Client {
	c := &Client{url: url, header: http.Header{}, http: &http.Client{
		Transport:     checkingTransport{&http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, ExpectContinueTimeout: time.Minute}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if key != "" {
		c.header.Set("Authorization", "Bearer "+key)
	}
	return c
}

// With returns a client that also sends a header; an empty value takes the header away.
func (c *Client) With(name, value string) *Client {
	other := *c
	other.header = c.header.Clone()
	if value == "" {
		other.header.Del(name)
	} else {
		other.header.Set(name, value)
	}
	return &other
}

// Get asks for a path below /api/omnichannel.
func (c *Client) Get(t testing.TB, path string) Response {
	t.Helper()
	return c.Do(t, http.MethodGet, path, "")
}

// Post sends a JSON body to a path below /api/omnichannel.
func (c *Client) Post(t testing.TB, path, body string) Response {
	t.Helper()
	return c.Do(t, http.MethodPost, path, body)
}

// Patch sends a JSON body to a path below /api/omnichannel.
func (c *Client) Patch(t testing.TB, path, body string) Response {
	t.Helper()
	return c.Do(t, http.MethodPatch, path, body)
}

// Do sends a request to a path below /api/omnichannel; one that begins with /api or /status is taken as it is. An empty
// body is none.
func (c *Client) Do(t testing.TB, method, path, body string) Response {
	t.Helper()
	r, err := c.Send(method, path, []byte(body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// Send is Do for goroutines that must not end the test: it returns what went wrong, a broken contract too.
func (c *Client) Send(method, path string, body []byte) (Response, error) {
	req, err := c.request(method, path, body)
	if err != nil {
		return Response{}, err
	}
	return c.Exchange(req)
}

// request makes a request as Do sends it.
func (c *Client) request(method, path string, body []byte) (*http.Request, error) {
	if !strings.HasPrefix(path, "/api") && !strings.HasPrefix(path, "/status") {
		path = api.Base + path
	}
	var reader io.Reader
	if len(body) > 0 {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequest(method, c.url+path, reader)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	return req, nil
}

// Exchange sends a request that the test made itself.
func (c *Client) Exchange(req *http.Request) (Response, error) {
	answer, err := c.http.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Response{}, err
	}
	body, err = inflated(answer.Header, body)
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, err
}

// unreadBody is the length of a body in bytes that is over every limit: it is sent, if at all, without a copy.
const unreadBody = 70 << 20

// checkingTransport checks what passes through it against the contract.
type checkingTransport struct{ base http.RoundTripper }

// RoundTrip sends a request and checks the exchange.
func (t checkingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	contract, err := OMNI()
	if err != nil {
		return nil, err
	}
	asked := req.Clone(req.Context())
	var body []byte
	if req.Body != nil && req.ContentLength < unreadBody {
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		asked.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) == 0 && req.ContentLength == 0 {
			asked.Body = http.NoBody // else its length would not be announced
		}
	}
	answer, err := t.base.RoundTrip(asked)
	if err != nil {
		return nil, err
	}
	var said []byte
	if !isStream(answer.Header) {
		said, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, err
		}
		answer.Body = io.NopCloser(bytes.NewReader(said))
	}
	if err := contract.Check(Exchange{Request: req, RequestBody: body, Status: answer.StatusCode, Header: answer.Header, Body: said}); err != nil {
		answer.Body.Close() // of a stream: nobody reads on
		return nil, fmt.Errorf("contract: %w\nrequest: %.2000s\nanswer: %.2000s", err, body, said)
	}
	return answer, nil
}

// Response is an answer with its body read.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // unpacked
}

// Want fails the test unless the answer has a status.
func (r Response) Want(t testing.TB, status int) Response {
	t.Helper()
	if r.Status != status {
		t.Fatalf("status %d, want %d: %.2000s", r.Status, status, r.Body)
	}
	return r
}

// JSON decodes the body into v.
func (r Response) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("%v in %.2000s", err, r.Body)
	}
}

// Text returns what stands at a path of the body (`comments.0.author`): a text as it is, anything else as JSON; ""
// when there is nothing.
func (r Response) Text(path string) string {
	raw, ok := r.at(path)
	if !ok {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return text
	}
	return string(raw)
}

// Has reports whether there is something at a path of the body, null too.
func (r Response) Has(path string) bool {
	_, ok := r.at(path)
	return ok
}

// at finds the JSON at a path. A member whose name has dots is found by its whole name.
func (r Response) at(path string) (json.RawMessage, bool) {
	raw := json.RawMessage(r.Body)
	for path != "" {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		part, rest, _ := strings.Cut(path, ".")
		switch {
		case json.Unmarshal(raw, &object) == nil && object != nil:
			if whole, ok := object[path]; ok {
				return whole, true
			}
			inner, ok := object[part]
			if !ok {
				return nil, false
			}
			raw = inner
		case json.Unmarshal(raw, &array) == nil && array != nil:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(array) {
				return nil, false
			}
			raw = array[i]
		default:
			return nil, false
		}
		path = rest
	}
	return raw, true
}

// Len returns how many items the array at a path has; -1 when there is none.
func (r Response) Len(path string) int {
	raw, ok := r.at(path)
	var items []json.RawMessage
	if !ok || json.Unmarshal(raw, &items) != nil {
		return -1
	}
	return len(items)
}

// Texts returns the object of texts at a path, for example `errors` or `warnings`; nil when there is none.
func (r Response) Texts(path string) map[string]string {
	raw, ok := r.at(path)
	if !ok {
		return nil
	}
	var texts map[string]string
	if json.Unmarshal(raw, &texts) != nil {
		return nil
	}
	return texts
}

// Errors returns the faults that the answer names, by path.
func (r Response) Errors() map[string]string { return r.Texts("errors") }

// Warnings returns the warnings of the answer, by path.
func (r Response) Warnings() map[string]string { return r.Texts("warnings") }
