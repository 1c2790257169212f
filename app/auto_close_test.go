package app_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

const week = 7 * 24 * time.Hour

func TestResolvedTicketsAreClosedByTheSystemAfterAWeek(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		early, late, reopened, open := openedTicket(t, d, actor), openedTicket(t, d, actor), openedTicket(t, d, actor), openedTicket(t, d, actor)
		changeStatus(t, d, core, early, desk.Resolved)
		changeStatus(t, d, core, reopened, desk.Resolved)
		d.Clock.Advance(time.Second)
		changeStatus(t, d, core, late, desk.Resolved)
		changeStatus(t, d, core, reopened, desk.InProgress)
		mustClose(t, d, 0)
		d.Clock.Advance(week - time.Second)
		mustClose(t, d, 0) // a week is not over before it has ended
		d.Clock.Advance(time.Microsecond)
		mustClose(t, d, 1)
		for ticket, want := range map[*desk.Ticket]desk.Status{early: desk.Closed, late: desk.Resolved, reopened: desk.InProgress, open: desk.Open} {
			got, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
			if err != nil || got.Ticket.Status != want {
				t.Errorf("ticket %d is %s (%v), want %s", ticket.Number, got.Ticket.Status, err, want)
			}
		}
		events := ticketEvents(t, d, early.ID)
		closing := events[len(events)-2:]
		if closing[0].Type != desk.StatusChanged || closing[1].Type != desk.TicketClosed || data(t, closing[1], "closedAt") != desk.FormatTime(d.Clock.Now()) {
			t.Errorf("the last events are %s: %s", closing[0].Type, closing[1].Body)
		}
		for _, event := range closing {
			if event.Actor.Kind != desk.BySystem || event.Actor.Name != desk.SystemName {
				t.Errorf("%s is by %+v", event.Type, event.Actor)
			}
		}
		if diff := cmp.Diff([]string{entry(desk.System(), of(early).Ticket)}, behind(t, d).audited(t, "ticket.close")); diff != "" {
			t.Error(diff)
		}
		_, err := d.App.ChangeStatus(t.Context(), core, of(early), desk.InProgress, "again")
		mustFail(t, err, desk.Invalid, "reopening a closed ticket")
	})
}

func mustClose(t *testing.T, d *desktest.Desk, want int) {
	t.Helper()
	if n, err := d.App.CloseResolved(t.Context()); n != want || err != nil {
		t.Errorf("%d tickets were closed (%v), want %d", n, err, want)
	}
}

// More tickets than one transaction closes, on two nodes at the same moment: each is closed once and counted once.
func TestTwoNodesCloseEachTicketOnce(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		const tickets = 64
		actor := allOf(t, d, "Partner")
		inParallel(8, func(i int) {
			for range tickets / 8 {
				openedTicket(t, d, actor)
			}
		})
		db := behind(t, d)
		db.do(t, `UPDATE ticket SET status = 'RESOLVED', resolved_at = updated_at`)
		d.Clock.Advance(week + time.Second)
		nodes := []*desktest.Desk{d, d.Node(t), d, d.Node(t)}
		var closed atomic.Int64
		inParallel(len(nodes), func(i int) {
			n, err := nodes[i].App.CloseResolved(t.Context())
			if err != nil {
				t.Error(err)
			}
			closed.Add(int64(n))
		})
		events := db.one(t, `SELECT COUNT(*) FROM event WHERE type = 'TICKET_CLOSED'`)
		if closed.Load() != tickets || events != "64" || db.one(t, `SELECT COUNT(*) FROM ticket WHERE status = 'CLOSED'`) != "64" {
			t.Errorf("%d tickets were counted, %s events tell of it; want %d", closed.Load(), events, tickets)
		}
	})
}
