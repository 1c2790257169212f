package desk

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// history drives one ticket through random acts of random people at random times, and checks after each of them what
// must always hold.
type history struct {
	ticket   *Ticket
	at       time.Time // what the clock shows; it may be behind the ticket, as that of another node
	seq      int64
	version  int64
	last     time.Time // of the newest event
	breached bool
	cameFrom Status // of the model
}

// actors are those who act on tickets.
var actors = map[ActorKind]Actor{ByPartner: partnerActor(), ByAgent: agentActor(), BySystem: System()}

func (h *history) drawActor(t *rapid.T) Actor {
	return actors[rapid.SampledFrom([]ActorKind{ByPartner, ByAgent, ByAgent, BySystem}).Draw(t, "by")]
}

// step changes the status and compares with the table of the test.
func (h *history) step(t *rapid.T) {
	by := h.drawActor(t)
	to := rapid.SampledFrom(Statuses).Draw(t, "to")
	reason := rapid.SampledFrom([]string{"", "Nasabah keberatan"}).Draw(t, "reason")
	before := *h.ticket
	events, err := h.ticket.ChangeStatus(to, reason, by, Calendar{}, h.at)
	may := slices.Contains(allowed(t, before.Status, h.cameFrom, by.Kind), string(to))
	may = may && (before.Status != Resolved || to != InProgress || reason != "")
	if may != (err == nil) {
		t.Fatalf("%s from %s (from %q) to %s by %s: allowed %v, got %v", before.Status, before.Status, h.cameFrom, to, by.Kind, may, err)
	}
	if err != nil {
		h.unchanged(t, before, events)
		return
	}
	h.cameFrom = ""
	if to == Pending || to == OnHold {
		h.cameFrom = before.Status
	}
	h.changed(t, to, events)
}

// comment adds a comment of the bank or of the customer.
func (h *history) comment(t *rapid.T) {
	by := h.drawActor(t)
	c := PartnerComment("c1", "Halo", "", "Jane Smith")
	if by.Kind != ByPartner {
		c = SupportComment("c1", "Halo", by.Name, rapid.Bool().Draw(t, "internal"))
	}
	before := *h.ticket
	events, err := h.ticket.AddComment(&c, by, Calendar{}, h.at)
	if refused := by.Kind == ByPartner && before.Status.Finalized(); refused != (err != nil) {
		t.Fatalf("a comment by %s on a ticket that is %s: %v", by.Kind, before.Status, err)
	}
	if err != nil {
		h.unchanged(t, before, events)
		return
	}
	want := before.Status
	if want == Pending && by.Kind == ByPartner {
		want, h.cameFrom = h.cameFrom, ""
	}
	if c.Seq != events[0].Seq || !c.At.Equal(events[0].At) {
		t.Fatalf("the comment is number %d at %s, its event %d at %s", c.Seq, c.At, events[0].Seq, events[0].At)
	}
	h.changed(t, want, events)
}

// files adds a file.
func (h *history) files(t *rapid.T) {
	by := h.drawActor(t)
	before := *h.ticket
	events, err := h.ticket.AddAttachments([]Attachment{{ID: "f1"}}, by, h.at)
	if refused := by.Kind == ByPartner && before.Status.Finalized(); refused != (err != nil) {
		t.Fatalf("a file by %s on a ticket that is %s: %v", by.Kind, before.Status, err)
	}
	if err != nil {
		h.unchanged(t, before, events)
		return
	}
	h.changed(t, before.Status, events)
}

// assign gives the ticket to somebody, or sets its priority.
func (h *history) assign(t *rapid.T) {
	before := h.ticket.Status
	if rapid.Bool().Draw(t, "priority") {
		h.changed(t, before, h.ticket.SetPriority(rapid.SampledFrom(Priorities).Draw(t, "to"), agentActor(), h.at))
		return
	}
	h.changed(t, before, h.ticket.Assign(Agent{ID: "a1", Name: "John"}, Group{}, agentActor(), h.at))
}

// wait lets time pass; sometimes the next act comes from a node whose clock is behind.
func (h *history) wait(t *rapid.T) {
	h.at = h.at.Add(time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(20*time.Hour)).Draw(t, "wait")))
}

// unchanged checks that a refusal left everything as it was.
func (h *history) unchanged(t *rapid.T, before Ticket, events []Event) {
	if diff := cmp.Diff(&before, h.ticket, sameTicket); diff != "" || events != nil {
		t.Fatalf("a refusal made %d events and changed:\n%s", len(events), diff)
	}
}

// changed checks what every change keeps.
func (h *history) changed(t *rapid.T, want Status, events []Event) {
	ticket := h.ticket
	h.version++
	if ticket.Version != h.version || ticket.Status != want || ticket.CameFrom != h.cameFrom || ticket.UpdatedAt.Before(h.last) || ticket.UpdatedAt.Before(h.at) {
		t.Fatalf("version %d, %s from %q, updated %s; want version %d, %s from %q, not before %s", ticket.Version, ticket.Status, ticket.CameFrom,
			ticket.UpdatedAt, h.version, want, h.cameFrom, h.last)
	}
	for _, e := range events {
		h.seq++
		if e.Seq != h.seq || !e.At.Equal(ticket.UpdatedAt) || e.TicketID != ticket.ID || e.PartnerID != ticket.PartnerID {
			t.Fatalf("event %d is number %d at %s of %s", h.seq, e.Seq, e.At, ticket.UpdatedAt)
		}
		if again, err := stringify(e.Body); err != nil || again != string(e.Body) || !bytes.HasPrefix(e.Body, []byte(`{"event":"`+string(e.Type)+`"`)) {
			t.Fatalf("%s says %s (%v)", e.Type, e.Body, err)
		}
	}
	h.last = ticket.UpdatedAt
}

// always checks what holds at every moment.
func (h *history) always(t *rapid.T) {
	ticket := h.ticket
	settled := ticket.Status == Resolved || ticket.Status == Closed
	switch {
	case ticket.Events != h.seq:
		t.Fatalf("%d events, want %d", ticket.Events, h.seq)
	case ticket.ResolvedAt.IsZero() == settled:
		t.Fatalf("%s, resolved %s", ticket.Status, ticket.ResolvedAt)
	case ticket.ClosedAt.IsZero() == (ticket.Status == Closed):
		t.Fatalf("%s, closed %s", ticket.Status, ticket.ClosedAt)
	case ticket.Clocks.StoppedAt.IsZero() == ticket.Status.Finalized():
		t.Fatalf("%s, clocks stopped %s", ticket.Status, ticket.Clocks.StoppedAt)
	case ticket.Clocks.PausedAt.IsZero() == (ticket.Status == Pending):
		t.Fatalf("%s, clocks paused %s", ticket.Status, ticket.Clocks.PausedAt)
	}
	now := later(h.at, h.last)
	breached := ticket.Breached(now)
	if h.breached && !breached {
		t.Fatalf("a breach healed: %+v", ticket.Clocks)
	}
	if (ticket.Status.Finalized() || ticket.Status == Pending) && ticket.Breached(now.AddDate(1, 0, 0)) != breached {
		t.Fatalf("a ticket that is %s can still be breached", ticket.Status)
	}
	h.breached = breached
}

func TestEveryHistoryOfATicketHoldsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ticket, created := newTicketOf(t, customerDraft("TECHNICAL_SUPPORT"))
		h := &history{ticket: ticket, at: hours(0), seq: created.Seq, version: 1, last: created.At}
		t.Repeat(map[string]func(*rapid.T){"step": h.step, "comment": h.comment, "files": h.files, "assign": h.assign, "wait": h.wait, "": h.always})
	})
}
