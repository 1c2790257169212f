package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// stepping is a clock that goes on by a step with every look.
func stepping(step time.Duration) func() time.Time {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(step)
		return now
	}
}

func TestARequestIsLoggedInOneWideLine(t *testing.T) {
	door, lines := newDoor(Options{Clock: stepping(1500 * time.Microsecond)})
	handler := func(r *Request) (Answer, error) {
		r.Actor = desk.Actor{ID: "key_1", PartnerName: "TOUCH"}
		r.Ticket = 10001
		if _, err := door.ReadBody(r); err != nil {
			t.Error(err)
		}
		r.Limits.Set(Replayed, "true")
		return Answer{}, &desk.Error{Code: desk.NotFound, Text: desk.TicketNotFound, Err: errors.New("no row for 4111 1111 1111 1111")}
	}
	got := ask(t, "POST", start(t, door.Handle("getTicket", handler)), strings.NewReader(`{"a":1}`), "X-Request-Id: r1", "Content-Type: application/json",
		"Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	line := lines.fields(t)
	if at, _ := line["time"].(string); at == "" {
		t.Error("the line has no time")
	}
	delete(line, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "request": "r1", "operation": "getTicket", "method": "POST", "status": 404.0, "took": 1.5e6,
		"bytes": float64(len(got.body)), "from": "127.0.0.1", "key": "key_1", "partner": "TOUCH", "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
		"ticket": 10001.0, "received": 7.0, "replayed": true, "code": "not_found", "error": "not_found: no row for ****1111",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestOnlyFaultsOfTheDeskAreLoggedAsErrors(t *testing.T) {
	door, lines := newDoor(Options{})
	for _, f := range failures {
		ask(t, "GET", start(t, door.Handle("x", fails(f.err))), nil)
		want := "INFO"
		if f.status >= 500 {
			want = "ERROR"
		}
		if line := lines.fields(t); line["level"] != want || line["status"] != float64(f.status) {
			t.Errorf("%s: logged %v, want level %s", f.name, line, want)
		}
	}
	ask(t, "GET", start(t, door.Handle("x", fine)), nil)
	line := lines.fields(t)
	for _, name := range []string{"error", "code", "ticket", "received", "replayed", "key", "partner", "trace"} {
		if value, there := line[name]; there || line["level"] != "INFO" {
			t.Errorf("a fine request is logged with %s: %v", name, value)
		}
	}
}

func TestTheLevelOfTheLogIsObeyed(t *testing.T) {
	lines := make(logLines, 10)
	door := New(Options{Log: slog.New(slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: slog.LevelError}))})
	for _, h := range []Handler{fine, fails(tooLarge()), nil} {
		door.Handle("x", h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	if line := lines.fields(t); line["status"] != 500.0 || len(lines) != 0 {
		t.Errorf("logged %v and %d more", line, len(lines))
	}
}

func TestNothingThatACallerSendsReachesTheLog(t *testing.T) {
	door, lines := newDoor(Options{})
	handler := func(r *Request) (Answer, error) {
		if _, err := door.ReadBody(r); err != nil {
			return Answer{}, err
		}
		return Answer{}, &desk.Error{Code: desk.Invalid, Text: "Secret {0}", Args: []string{"secret"},
			Fields: desk.Faults{{Path: "customer.email", Text: "Secret {0}", Args: []string{"secret"}}}}
	}
	url := start(t, door.Handle("x", handler))
	headers := []string{
		"Authorization: Bearer secret", "X-API-Key: secret", "Cookie: a=secret", "Idempotency-Key: secret", "User-Agent: secret",
		"Referer: http://secret", "X-Request-Id: secret secret", "Traceparent: secretsecretsecretsecretsecretsecretsecretsecretsecrets",
		"Accept-Language: secret", "If-None-Match: secret", "X-Forwarded-For: secret", "Origin: secret",
	}
	for _, method := range []string{"POST", "SECRET"} {
		ask(t, method, url+"/secret?token=secret#secret", strings.NewReader(`{"name":"secret"}`), headers...)
		if line := lines.next(t); strings.Contains(strings.ToLower(line), "secret") || !strings.Contains(line, `"error":"invalid customer.email"`) {
			t.Errorf("logged %s", line)
		}
	}
}

func TestOnlyMethodsOfHTTPAreLogged(t *testing.T) {
	for given, want := range map[string]string{"GET": "GET", "PATCH": "PATCH", "OPTIONS": "OPTIONS", "get": "other", "4111111111111111": "other", "": "other"} {
		if got := method(given); got != want {
			t.Errorf("%q: got %q", given, got)
		}
	}
}

func TestTheTraceIsTakenFromAGoodTraceparent(t *testing.T) {
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for given, want := range map[string]string{
		"00-" + trace + "-" + parent + "-01":            trace,
		"00-" + trace + "-" + parent + "-00":            trace,
		"cc-" + trace + "-" + parent + "-01":            trace,
		"cc-" + trace + "-" + parent + "-01-what-comes": trace,
		"":   "",
		"00": "",
		"00-" + trace + "-" + parent + "-01-more":                       "",
		"cc-" + trace + "-" + parent + "-01more":                        "",
		"ff-" + trace + "-" + parent + "-01":                            "",
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01":           "",
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01":          "",
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01":           "",
		"00-" + trace + "-" + parent + "-0x":                            "",
		"00_" + trace + "-" + parent + "-01":                            "",
		"00-" + strings.Repeat("-", 32) + "-" + parent + "-01":          "",
		"00-4111111111111111 name of a person-" + parent + "-01       ": "",
	} {
		if got := traceID(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestATraceIsAlwaysThirtyTwoHexadecimalDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.StringMatching(`[0-9a-f]{2}-[0-9a-fG]{32}-[0-9a-f]{16}-[0-9a-f]{2}.{0,3}`).Draw(t, "traceparent")
		got := traceID(given)
		if got != "" && (len(got) != 32 || strings.Trim(got, "0123456789abcdef") != "" || !strings.Contains(given, got)) {
			t.Fatalf("got %q", got)
		}
		if strings.Contains(given[3:35], "G") && got != "" {
			t.Fatalf("%q has a trace: %q", given, got)
		}
	})
}

func TestARequestIsLoggedWhenItsBodyWasRefused(t *testing.T) {
	door, lines := newDoor(Options{})
	handler := func(r *Request) (Answer, error) { _, err := door.ReadBody(r); return Answer{}, err }
	got := ask(t, "POST", start(t, door.Handle("x", handler)), strings.NewReader("x"), "Content-Type: text/plain")
	if line := lines.fields(t); got.status != http.StatusUnsupportedMediaType || line["status"] != 415.0 || line["error"] != "unsupported" {
		t.Errorf("got %d, logged %v", got.status, line)
	}
}
