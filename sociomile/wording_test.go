package sociomile

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The patterns of the bank's monitoring, as the outage report gives them.
const (
	failurePattern = `\[Omni\] Failed to create ticket: \{[\s\S]*?status: false[\s\S]*?errors:[\s\S]*?RoutesRequests\.php`
	successPattern = `\[Omni\] Ticket created successfully: \{[\s\S]*?ticketId:[\s\S]*?ticket_number:`
)

// logged is a message as both formats of the log write it, each with its line end.
func logged(message string) (text, object string) {
	var t, j bytes.Buffer
	slog.New(slog.NewTextHandler(&t, nil)).Error(message, "ticket", 10001)
	slog.New(slog.NewJSONHandler(&j, nil)).Error(message, "ticket", 10001)
	return t.String(), j.String()
}

func missing() Answer {
	return judged(CreateRoute, 404, http.Header{}, `{"status":false,"message":"","errors":{"file":"`+lumen+`","message":"","line":229}}`)
}

// grep counts the lines that a pattern of Perl matches.
func grep(t *testing.T, pattern, text string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "grep", "-cP", pattern)
	command.Stdin = strings.NewReader(text)
	found, _ := command.Output() // what it found tells enough
	return string(found)
}

func TestTheMonitoringFindsItsLinesInBothFormats(t *testing.T) {
	perl := grep(t, `a\B`, "ab") == "1\n" // not every system's grep knows such patterns
	for name, c := range map[string]struct {
		line, pattern string
		want          string
	}{
		"missing": {missing().LogLine(CreateRoute), failurePattern, "[Omni] Failed to create ticket: { status: false, class: ROUTE_MISSING, code: 404, errors: { file: " + lumen + ", line: 229 } }"},
		"created": {judged(CreateRoute, 200, nil, success).LogLine(CreateRoute), successPattern, "[Omni] Ticket created successfully: { ticketId: " + ticketID + ", ticket_number: 32197 }"},
		"created without a number": {Answer{Class: Sent, TicketID: ticketID}.LogLine(CreateRoute), successPattern,
			"[Omni] Ticket created successfully: { ticketId: " + ticketID + ", ticket_number: - }"},
	} {
		if c.line != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, c.line, c.want)
		}
		text, object := logged(c.line)
		for _, out := range []string{text, object} {
			if !regexp.MustCompile(c.pattern).MatchString(out) || strings.Count(out, "\n") != 1 || !strings.Contains(out, c.line) {
				t.Errorf("%s: the pattern does not find %s", name, out)
			}
			if found := grep(t, c.pattern, out); perl && found != "1\n" {
				t.Errorf("%s: grep -P counts %q in %s", name, found, out)
			}
		}
	}
}

func TestEachOutcomeHasItsLine(t *testing.T) {
	for _, c := range []struct {
		route  Route
		answer Answer
		want   string
	}{
		{CreateRoute, Answer{Class: Network, Err: errors.New("dial tcp 127.0.0.1:1: connection refused")},
			"[Omni] Failed to create ticket: { status: false, class: NETWORK, errors: { message: dial tcp 127.0.0.1:1: connection refused } }"},
		{CreateRoute, Answer{Class: Gateway, Status: 502, Said: "502 Bad Gateway"},
			"[Omni] Failed to create ticket: { status: false, class: GATEWAY, code: 502, message: 502 Bad Gateway, errors: { } }"},
		{CreateRoute, Answer{Class: Validation, Status: 422, Said: `"nominal" {wajib}`, TraceID: "9b2f", Fields: map[string]string{"nominal": "wajib", "email": `sa\lah`}},
			"[Omni] Failed to create ticket: { status: false, class: VALIDATION, code: 422, message: 'nominal' (wajib), trace_id: 9b2f, errors: { email: sa/lah, nominal: wajib } }"},
		{StatusRoute, Answer{Class: UnknownOutcome, Err: errors.New("EOF")},
			"[Omni] Failed to update ticket: { status: false, class: UNKNOWN_OUTCOME, errors: { message: EOF } }"},
		{StatusRoute, Answer{Class: Sent, Status: 200}, "[Omni] Ticket status updated successfully: { status: true, class: SENT }"},
		{CreateRoute, Answer{Class: Duplicate, Status: 409, TicketID: "64f1"}, "[Omni] Ticket exists already: { ticketId: 64f1, ticket_number: - }"},
	} {
		if got := c.answer.LogLine(c.route); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestOnlySuccessesPassForSuccesses(t *testing.T) {
	for _, class := range Classes {
		for _, r := range []Route{CreateRoute, StatusRoute} {
			line := Answer{Class: class, Said: "[Omni] Ticket created"}.LogLine(r)
			if got, want := regexp.MustCompile(successPattern).MatchString(line), class == Sent && r == CreateRoute; got != want {
				t.Errorf("%s of %s: %s", class, r, line)
			}
			if got, want := strings.HasPrefix(line, "[Omni] Failed"), class != Sent && class != Duplicate; got != want {
				t.Errorf("%s of %s: %s", class, r, line)
			}
		}
	}
}

func TestALineOfTheLogIsNeverEscaped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\"\\\n\r\t", "<>&", "\u2028\u202e\x7f\xff", "日本 é", "\U000E0001", "\uFFFD"}))
		a := Answer{Class: rapid.SampledFrom(Classes).Draw(t, "class"), Said: text.Draw(t, "said"), TraceID: text.Draw(t, "trace"), TicketID: text.Draw(t, "id"),
			File: text.Draw(t, "file"), Fields: map[string]string{text.Draw(t, "field"): text.Draw(t, "words")}, Err: errors.New(text.Draw(t, "error"))}
		line := a.LogLine(rapid.SampledFrom([]Route{CreateRoute, StatusRoute}).Draw(t, "route"))
		asText, asObject := logged(line)
		if !strings.Contains(asText, `msg="`+line+`"`) || !strings.Contains(asObject, `"msg":"`+line+`"`) || strings.ContainsAny(line, "\"\\\n") {
			t.Fatalf("%q is logged as\n%s\n%s", line, asText, asObject)
		}
		if !json.Valid([]byte(asObject)) {
			t.Fatalf("no JSON: %s", asObject)
		}
	})
}

func TestALineOfTheLogHasItsEnd(t *testing.T) {
	fields := map[string]string{}
	for i := range 64 {
		fields[strings.Repeat("f", i+1)] = strings.Repeat("wrong ", 80)
	}
	if n := len(Answer{Class: Validation, Fields: fields}.LogLine(CreateRoute)); n > 2000 {
		t.Errorf("the line has %d bytes", n)
	}
}
