package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// requestLine is what a test wants to know of the line of a request.
type requestLine struct {
	Message   string `json:"msg"`
	Operation string `json:"operation"`
	Status    int    `json:"status"`
	Ticket    int64  `json:"ticket"`
	Received  int64  `json:"received"`
	Replayed  bool   `json:"replayed"`
	Code      string `json:"code"`
	Partner   string `json:"partner"`
}

// requestLines are the lines of the API's requests in a log.
func requestLines(t *testing.T, log string) (lines []requestLine) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line requestLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%q is no JSON: %v", text, err)
		}
		if line.Message == "request" && line.Operation != "readyz" {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestTheLogTellsWhichTicketARequestWasAbout(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	p := in.Serve(t)
	c := newCaller(t, p, in.NewKey(t, "TOUCH").Key)
	claim := `{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000,"channelReferenceId":"REF-1","integration":{"requestId":"r1"}}`
	c.must(t, 201, "POST", base+"/claims", claim)
	c.must(t, 201, "POST", base+"/claims", claim)
	c.must(t, 200, "GET", base+"/claims/10001", "")
	c.must(t, 200, "GET", base+"/tickets?channelReferenceId=REF-1", "")
	c.must(t, 200, "GET", base+"/tickets/REF-1", "")
	comment := `{"action":"ADD_COMMENT","comment":"hello"}`
	c.must(t, 200, "PATCH", base+"/tickets/REF-1", comment)
	c.must(t, 404, "GET", base+"/tickets/4111111111111111", "")
	p.Stop(t)
	long := int64(len(claim))
	want := []requestLine{
		{Operation: "createClaim", Status: 201, Ticket: 10001, Received: long},
		{Operation: "createClaim", Status: 201, Ticket: 10001, Received: long, Replayed: true},
		{Operation: "getClaim", Status: 200, Ticket: 10001},
		{Operation: "getTicketStatus", Status: 200, Ticket: 10001},
		{Operation: "getTicket", Status: 200, Ticket: 10001},
		{Operation: "updateTicket", Status: 200, Ticket: 10001, Received: int64(len(comment))},
		{Operation: "getTicket", Status: 404, Code: "not_found"},
	}
	for i := range want {
		want[i].Message, want[i].Partner = "request", "TOUCH"
	}
	if diff := cmp.Diff(want, requestLines(t, p.Log.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(p.Log.String(), "REF-1") || strings.Contains(p.Log.String(), "John") {
		t.Error("the log tells what the caller sent")
	}
}
