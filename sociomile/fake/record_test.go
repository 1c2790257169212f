package fake

import (
	"fmt"
	"testing"
)

func TestOnlyTheNewestAreKeptAndEverythingIsCounted(t *testing.T) {
	t.Parallel()
	const many = keptCalls + 10
	p := New(Options{})
	for n := range int64(many) {
		p.note(Call{Method: "POST", Path: CreatePath, Status: int(n)})
		p.note(Call{Method: fmt.Sprint("M", n), Path: fmt.Sprint("/", n)})
		p.add(Ticket{ID: fmt.Sprint(n), Helpdesk: n/2 + 1}) // each twice
	}
	r := p.Received()
	if r.Calls != 2*many || r.Created != many || r.Counts["POST /helpdesk/create"] != many || r.Counts["other other"] != many || len(r.Counts) != 2 {
		t.Errorf("%d calls and %d tickets are counted: %v", r.Calls, r.Created, r.Counts)
	}
	if len(r.Newest) != keptCalls || r.Newest[keptCalls-2].Status != many-1 || len(r.Tickets) != keptCalls || r.Tickets[0].ID != "10" || len(r.Doubles) != keptCalls/2 {
		t.Errorf("%d calls, %d tickets from %s on, %d doubles are kept", len(r.Newest), len(r.Tickets), r.Tickets[0].ID, len(r.Doubles))
	}
	if p.known["9"] || !p.known["10"] || len(p.known) != keptCalls || len(p.stored) != keptCalls/2 {
		t.Errorf("%d ids and %d numbers are known", len(p.known), len(p.stored))
	}
}

func TestLargeTicketsAreForgottenEarlier(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	for n := range int64(5) {
		p.add(Ticket{ID: fmt.Sprint(n), Helpdesk: n + 1, size: keptBytes / 3})
	}
	if r := p.Received(); len(r.Tickets) != 3 || r.Tickets[0].ID != "2" || p.bytes != keptBytes/3*3 || r.Created != 5 {
		t.Errorf("%d tickets of %d bytes are kept", len(r.Tickets), p.bytes)
	}
}
