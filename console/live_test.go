package console_test

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// follow opens a live page; it ends with the function that is returned, or with the test.
func (c *caller) follow(t *testing.T, about string) (answer *http.Response, leave func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/live?about="+about, nil)
	noError(t, err)
	answer, err = c.http.Do(r)
	noError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	return answer, cancel
}

// changes opens a live page, and returns what it is told.
func (c *caller) changes(t *testing.T, about string) *bufio.Scanner {
	t.Helper()
	answer, _ := c.follow(t, about)
	return bufio.NewScanner(answer.Body)
}

// hears is what a live page is told next of a change.
func hears(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == "event: change" && lines.Scan() {
			return lines.Text()
		}
	}
	t.Fatalf("nothing is told: %v", lines.Err())
	return ""
}

// hello lets the partner write on a ticket.
func (h *hall) hello(t *testing.T, number string) {
	t.Helper()
	_, err := h.App.AddComment(t.Context(), h.partner, app.Change{Ticket: number}, app.NewComment{Content: "halo"})
	noError(t, err)
	h.Sequence(t)
}

func TestOnePersonHasSoManyLivePagesAndOthersTheirOwn(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	for _, name := range []string{"ani", "budi"} {
		h.employ(t, desk.Agent{Email: name + "@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	}
	ani, budi := h.arrive(t, "ani@bank.example"), h.arrive(t, "budi@bank.example")
	var leaves []func()
	for range 64 {
		answer, leave := ani.follow(t, "list")
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("page %d is answered with %d", len(leaves)+1, answer.StatusCode)
		}
		leaves = append(leaves, leave)
	}
	if answer, _ := ani.follow(t, "list"); answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != "5" {
		t.Errorf("one more is answered with %d, Retry-After %q", answer.StatusCode, answer.Header.Get("Retry-After"))
	}
	if answer, _ := budi.follow(t, "list"); answer.StatusCode != http.StatusOK {
		t.Errorf("a colleague's first is answered with %d", answer.StatusCode)
	}
	leaves[0]()
	comesTrue(t, "room for one more page", func() bool {
		answer, _ := ani.follow(t, "list")
		return answer.StatusCode == http.StatusOK
	})
}

func TestAPageAboutATicketIsToldWhatConcernsIt(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	own, other := numberOf(h.complain(t, "CARD_ISSUE", "001")), numberOf(h.complain(t, "CARD_ISSUE", "001"))
	h.Sequence(t)
	ani := h.arrive(t, "ani@bank.example")
	before := ani.changes(t, "list")
	h.hello(t, other)
	hears(t, before) // from then on the node follows too
	page, list := ani.changes(t, "ticket:"+own), ani.changes(t, "list")
	h.hello(t, other)
	if got := hears(t, list); !strings.Contains(got, `"tickets":[`+other+`]`) {
		t.Errorf("the list is told %s", got)
	}
	h.hello(t, own)
	if got := hears(t, page); !strings.Contains(got, own) {
		t.Errorf("the page is told %s", got)
	}
}

// While no page is open the node does not read what happens. A page that knows an earlier place reads itself anew.
func TestWhatHappenedWhileNobodyLookedIsNotTold(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	number := numberOf(h.complain(t, "CARD_ISSUE", "001"))
	h.Sequence(t)
	ani := h.arrive(t, "ani@bank.example")
	earlier, err := h.Staff.NewsEnd(t.Context())
	noError(t, err)
	h.hello(t, number)
	late := ani.changes(t, "list&after="+strconv.FormatInt(earlier, 10))
	if got := hears(t, late); got != `data: {"many":true}` {
		t.Errorf("who was there before is told %s", got)
	}
	h.hello(t, number)
	if got := hears(t, late); got != `data: {"tickets":[`+number+`]}` {
		t.Errorf("then it is told %s", got)
	}
}
