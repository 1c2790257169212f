package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
)

var fine = answers(Answer{Status: http.StatusOK, Body: []byte(`{"success":true}`)})

func TestAnAnswerCarriesWhatEveryAnswerHas(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "GET", start(t, door.Handle("x", func(r *Request) (Answer, error) {
		r.Limits.Set("RateLimit", `"default";r=1;t=2`)
		return Answer{Status: http.StatusCreated, Body: []byte(`{}`), Header: http.Header{"Idempotent-Replayed": {"true"}}}, nil
	})), nil, "X-Request-Id: abc-1")
	got.header.Del("Date")
	want := reply{status: 201, body: `{}`, length: 2, header: http.Header{
		"Cache-Control": {"private, no-cache"}, "Content-Length": {"2"}, "Content-Type": {"application/json; charset=utf-8"},
		"Idempotent-Replayed": {"true"}, "Ratelimit": {`"default";r=1;t=2`}, "Vary": {"Authorization, X-API-Key, Accept-Language"},
		"X-Content-Type-Options": {"nosniff"}, "X-Request-Id": {"abc-1"},
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(reply{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAHandlerSaysWhatItsBodyIsAndHowLongItMayBeKept(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "GET", start(t, door.Handle("x", answers(Answer{
		Status: http.StatusOK, Type: "text/plain", Body: []byte("x"), Header: http.Header{"Cache-Control": {"no-store"}},
	}))), nil)
	if got.header.Get("Content-Type") != "text/plain" || !slices.Equal(got.header.Values("Cache-Control"), []string{"no-store"}) {
		t.Errorf("got %v", got.header)
	}
}

func TestAnAnswerWithoutContentHasNoBodyAndNoType(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "POST", start(t, door.Handle("x", answers(Answer{Status: http.StatusNoContent, Body: []byte("forgotten")}))), nil)
	if got.status != 204 || got.body != "" || got.header.Get("Content-Type")+got.header.Get("Content-Length") != "" || got.header.Get("X-Request-Id") == "" {
		t.Errorf("got %+v", got)
	}
}

// failures of every kind, and what the caller is told.
var failures = []struct {
	name    string
	err     error
	status  int
	message string
	header  http.Header // beyond what every answer has
}{
	{"invalid", desk.Fail(desk.Invalid, desk.EitherReference), 400, "Either ticketNumber or channelReferenceId is required", nil},
	{"unauthorized", &desk.Error{Code: desk.Unauthorized, Text: desk.UnauthorizedText, Err: errors.New("secret cause")}, 401, "Unauthorized",
		http.Header{"Www-Authenticate": {`Bearer realm="OMNI API"`}}},
	{"forbidden", desk.Fail(desk.Forbidden, desk.CannotRead), 403, "Insufficient permissions to read omnichannel tickets", nil},
	{"not found", desk.Fail(desk.NotFound, desk.TicketNotFound), 404, "Ticket not found", nil},
	{"wrong method", &desk.Error{Code: desk.WrongMethod, Text: desk.MethodNotAllowed, Args: []string{"PUT", "GET, POST"}, Allow: "GET, POST"}, 405,
		"Method PUT is not allowed here. Allowed: GET, POST", http.Header{"Allow": {"GET, POST"}}},
	{"conflict", desk.Fail(desk.Conflict, desk.AgentExists), 409, "An agent with this e-mail exists already", nil},
	{"stale", desk.Fail(desk.Stale, desk.ChangedElsewhere), 412, "The ticket was changed since it was read. Read it again and repeat the change", nil},
	{"too slow", (&Door{slow: slowBody}).tooSlow(errors.New("secret")), 408, "The request body came too slowly. Send at least 64 kB in every 20 seconds", nil},
	{"too large", tooLarge(), 413, "The request body is larger than 75 MB", nil},
	{"unsupported", desk.Fail(desk.Unsupported, desk.NotJSON), 415, "Content-Type must be application/json", nil},
	{"reused", desk.Fail(desk.RequestReused, desk.RequestIDReused), 422, "This requestId was already used with other content", nil},
	{"too many", &desk.Error{Code: desk.TooMany, Text: desk.RateLimited, Args: []string{"3"}, RetryAfter: 2001 * time.Millisecond}, 429,
		"Too many requests. Try again in 3 seconds", http.Header{"Retry-After": {"3"}}},
	{"unavailable", &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second}, 503,
		"The service cannot answer at this moment. Try again in 5 seconds", http.Header{"Retry-After": {"5"}}},
	{"unavailable without a time", desk.Fail(desk.Unavailable, desk.TryLater, "1"), 503,
		"The service cannot answer at this moment. Try again in 1 second", http.Header{"Retry-After": {"1"}}},
	{"misconfigured", desk.Fail(desk.Misconfigured, desk.SystemUserNotFound), 500, "System user not found", nil},
	{"wrapped", fmt.Errorf("opening: %w", desk.Fail(desk.NotFound, desk.RequestNotFound)), 404, "Request not found", nil},
	{"joined", errors.Join(errors.New("secret"), desk.Fail(desk.NotFound, desk.RequestNotFound)), 404, "Request not found", nil},
	{"foreign", errors.New("pq: secret in /var/lib"), 500, "Internal server error", nil},
	{"of no known code", desk.Fail("new", "secret"), 500, "Internal server error", nil},
	{"a nil error of the desk", (*desk.Error)(nil), 500, "Internal server error", nil},
	{"canceled, though the caller is there", context.Canceled, 500, "Internal server error", nil},
}

func TestEveryErrorHasTheDocumentedForm(t *testing.T) {
	door, _ := newDoor(Options{})
	usual := ask(t, "GET", start(t, door.Handle("x", fine)), nil).header
	for _, f := range failures {
		got := ask(t, "GET", start(t, door.Handle("x", fails(f.err))), nil, "X-Request-Id: r1")
		if want := `{"success":false,"message":"` + f.message + `","requestId":"r1"}`; got.status != f.status || got.body != want {
			t.Errorf("%s: got %d %s, want %d %s", f.name, got.status, got.body, f.status, want)
		}
		for name := range got.header {
			if _, known := usual[name]; !known && !slices.Equal(got.header[name], f.header[name]) {
				t.Errorf("%s: got %s: %v", f.name, name, got.header[name])
			}
		}
		for name, want := range f.header {
			if !slices.Equal(got.header[name], want) {
				t.Errorf("%s: got %s: %v, want %v", f.name, name, got.header[name], want)
			}
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for code, status := range statuses {
		if http.StatusText(status) == "" || status < 400 {
			t.Errorf("%s: %d", code, status)
		}
	}
	if len(statuses) != 14 {
		t.Errorf("%d codes", len(statuses))
	}
}

func TestPanicsAndMistakesOfHandlersAnswer500AndTheLogHasTheRest(t *testing.T) {
	var faults desk.Faults
	for name, c := range map[string]struct {
		handler Handler
		logged  string
	}{
		"panic":             {func(*Request) (Answer, error) { panic("secret of 4111111111111111") }, "panic: secret of ****1111"},
		"panic of an error": {func(*Request) (Answer, error) { panic(desk.Fail(desk.NotFound, "secret")) }, "panic: secret"},
		"index":             {func(*Request) (Answer, error) { return Answer{Body: []byte(faults[0].Path)}, nil }, "index out of range"},
		"nil handler":       {nil, "nil pointer"},
		"nothing":           {answers(Answer{}), "the handler answered with the status 0"},
		"informational":     {answers(Answer{Status: 103}), "status 103"},
		"no status at all":  {answers(Answer{Status: 1000}), "status 1000"},
		"nil error":         {fails((*desk.Error)(nil)), "nil *desk.Error"},
		"after an answer":   {func(*Request) (Answer, error) { return Answer{Status: 201, Body: []byte("half")}, errors.New("secret") }, "secret"},
	} {
		door, lines := newDoor(Options{})
		got := ask(t, "GET", start(t, door.Handle("x", c.handler)), nil, "X-Request-Id: r1")
		if want := `{"success":false,"message":"Internal server error","requestId":"r1"}`; got.status != 500 || got.body != want {
			t.Errorf("%s: got %d %s, want %s", name, got.status, got.body, want)
		}
		line := lines.fields(t)
		if text, _ := line["error"].(string); !strings.Contains(text, c.logged) || line["level"] != "ERROR" || line["status"] != 500.0 {
			t.Errorf("%s: logged %v, want %s", name, line, c.logged)
		}
	}
}

func TestFieldsAtFaultAreToldInTheirOrderAndEscapedExactly(t *testing.T) {
	var faults desk.Faults
	faults.Add("ticket.title", desk.Required)
	faults.Add("customer.email", desk.MustBeEmail)
	faults.Add("attachments.0.size", desk.MustBeNumber)
	faults.Add(`metadata.a"<b>\.4111 1111 1111 1111`, desk.MustBeOneOf, "x\u2028</script>\x01, 4111111111111111")
	door, lines := newDoor(Options{})
	url := start(t, door.Handle("x", fails(faults.Err())))
	got := ask(t, "GET", url, nil, "X-Request-Id: r1").body
	want := `{"success":false,"message":"Validation failed","errors":{"ticket.title":"Title is required",` +
		`"customer.email":"Customer email must be a valid email address","attachments.0.size":"Size must be a number",` +
		`"metadata.a\"<b>\\.****1111":"Invalid metadata.a\"<b>\\.****1111. Must be one of: x` + "\u2028" + `</script>\u0001, ****1111"},"requestId":"r1"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if logged := lines.fields(t)["error"]; logged != `invalid ticket.title customer.email attachments.0.size metadata.a"<b>\.****1111` {
		t.Errorf("logged %v", logged)
	}
}

func TestErrorsAreToldInTheLanguageAskedFor(t *testing.T) {
	door, _ := newDoor(Options{})
	var faults desk.Faults
	faults.Add("nominal", desk.MustBeNumber)
	url := start(t, door.Handle("x", fails(faults.Err())))
	indonesian := `{"success":false,"message":"Validasi gagal.","errors":{"nominal":"Nominal harus berupa angka."},"requestId":"r1"}`
	english := `{"success":false,"message":"Validation failed","errors":{"nominal":"Nominal must be a number"},"requestId":"r1"}`
	for header, want := range map[string]string{"Accept-Language: id-ID": indonesian, "Accept-Language: fr": english, "X: y": english} {
		if got := ask(t, "GET", url, nil, header, "X-Request-Id: r1").body; got != want {
			t.Errorf("%s: got %s, want %s", header, got, want)
		}
	}
	if got := ask(t, "GET", url, nil, "Accept-Language: fr", "Accept-Language: id;q=0.5", "X-Request-Id: r1").body; got != indonesian {
		t.Errorf("two headers: got %s", got)
	}
}

func TestAnAnswerGoesOutOnlyWhenItIsWhole(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "GET", start(t, door.Handle("x", func(r *Request) (Answer, error) {
		return Answer{Status: 200, Body: []byte(`{"half":`), Header: http.Header{"X-Half": {"1"}}}, errors.New("then it failed")
	})), nil)
	if got.status != 500 || strings.Contains(got.body, "half") || got.header.Get("X-Half") != "" {
		t.Errorf("got %+v", got)
	}
}

func TestRequestsAreCountedByOperationAndStatusAlone(t *testing.T) {
	metrics := prometheus.NewRegistry()
	door, _ := newDoor(Options{Metrics: metrics})
	h := http.NewServeMux()
	h.Handle("/a", door.Handle("first", fine))
	h.Handle("/b", door.Handle("second", fails(errors.New("x"))))
	for _, path := range []string{"/a?x=1", "/a?x=2", "/b"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	families, err := metrics.Gather()
	if err != nil || len(families) != 3 {
		t.Fatal(families, err)
	}
	got := map[string]uint64{}
	for _, m := range families[1].GetMetric() {
		labels := ""
		for _, l := range m.GetLabel() {
			labels += l.GetName() + "=" + l.GetValue() + " "
		}
		got[labels] = m.GetHistogram().GetSampleCount()
	}
	if diff := cmp.Diff(map[string]uint64{"operation=first status=200 ": 2, "operation=second status=500 ": 1}, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", families[0].GetName(), diff)
	}
}

func TestACallerThatWentAwayIsNoFaultOfTheDesk(t *testing.T) {
	door, lines := newDoor(Options{})
	ctx, cancel := context.WithCancel(context.Background())
	handler := func(r *Request) (Answer, error) {
		cancel()
		return Answer{}, &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Err: fmt.Errorf("reading: %w", r.Context().Err())}
	}
	door.Handle("x", handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if line := lines.fields(t); line["status"] != 499.0 || line["level"] != "INFO" {
		t.Errorf("logged %v", line)
	}
	panics := func(*Request) (Answer, error) { panic("a fault all the same") }
	door.Handle("x", panics).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if line := lines.fields(t); line["status"] != 500.0 || line["level"] != "ERROR" {
		t.Errorf("logged %v", line)
	}
}

func TestARequestInsideAnotherIsItsMakersInAllButItsID(t *testing.T) {
	door, lines := newDoor(Options{})
	inner := door.Handle("inner", func(r *Request) (Answer, error) {
		if !r.Inner() || r.Actor.ID != "key1" || r.Key.Rate != 7 || r.Language != desk.Indonesian || r.Address.String() != "192.0.2.1" {
			t.Errorf("inside: %+v", r)
		}
		return Answer{}, desk.Fail(desk.NotFound, desk.TicketNotFound)
	})
	long := strings.Repeat("a", 128)
	outer := door.Handle("outer", func(r *Request) (Answer, error) {
		if r.Inner() {
			t.Error("the outer request is said to be inside another")
		}
		r.Actor, r.Key = desk.Actor{ID: "key1"}, desk.APIKey{Rate: 7}
		into := NewRecorder()
		hr := httptest.NewRequestWithContext(r.Within(Value{}), "GET", "/", nil)
		hr.RemoteAddr = "203.0.113.9:1"
		hr.Header.Set("X-Request-Id", r.ID+".1")
		inner.ServeHTTP(into, hr)
		hr.Header.Del("X-Request-Id")
		inner.ServeHTTP(NewRecorder(), hr)
		return Answer{Status: into.Status, Body: into.Body()}, nil
	})
	hr := httptest.NewRequest("GET", "/", nil)
	hr.Header.Set("X-Request-Id", long)
	hr.Header.Set("Accept-Language", "id")
	answer := httptest.NewRecorder()
	outer.ServeHTTP(answer, hr)
	want := `{"success":false,"message":"Tiket tidak ditemukan.","requestId":"` + long + `.1"}`
	if answer.Code != 404 || answer.Body.String() != want || answer.Header().Get("X-Request-Id") != long {
		t.Errorf("got %d %s, want %s", answer.Code, answer.Body, want)
	}
	for _, want := range []string{long + ".1", long, long} {
		if line := lines.fields(t); line["request"] != want || line["key"] != "key1" {
			t.Errorf("logged %v, want request %s", line, want)
		}
	}
}
