package console_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// follow opens a live page; it ends with the function that is returned, or with the test.
func (c *caller) follow(t *testing.T, about string) (answer *http.Response, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/live?about="+about, nil)
	noError(t, err)
	answer, err = c.http.Do(r)
	noError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	return answer, cancel
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
	changes := func(about string) *bufio.Scanner {
		answer, _ := ani.follow(t, about)
		return bufio.NewScanner(answer.Body)
	}
	first := func(lines *bufio.Scanner) string { // what is told first of a change
		for lines.Scan() {
			if lines.Text() == "event: change" && lines.Scan() {
				return lines.Text()
			}
		}
		t.Fatalf("nothing is told: %v", lines.Err())
		return ""
	}
	page, list := changes("ticket:"+own), changes("list")
	say := func(number string) {
		_, err := h.App.AddComment(t.Context(), h.partner, app.Change{Ticket: number}, app.NewComment{Content: "halo"})
		noError(t, err)
		h.Sequence(t)
	}
	say(other)
	if told := first(list); !strings.Contains(told, `"tickets":[`+other+`]`) {
		t.Errorf("the list is told %s", told)
	}
	say(own)
	if told := first(page); !strings.Contains(told, own) {
		t.Errorf("the page is told %s", told)
	}
}
