package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// claimOf makes a claim of a customer.
func claimOf(t testing.TB, d *desktest.Desk, actor desk.Actor, name string) *desk.Ticket {
	t.Helper()
	draft := claimDraft()
	draft.NamaNasabah = name
	opened, err := d.App.OpenClaim(t.Context(), actor, draft, app.Once[app.Opened]{})
	must(t, err)
	return opened.Ticket
}

// lived is what partners hear of a ticket, in a few words.
func lived(t testing.TB, d *desktest.Desk, ticket *desk.Ticket) (story []string) {
	t.Helper()
	for _, e := range ticketEvents(t, d, ticket.ID) {
		switch {
		case e.Type == desk.StatusChanged:
			story = append(story, fmt.Sprintf("%s by %s for %s", data(t, e, "newStatus"), e.Actor.Name, data(t, e, "assignedTo")))
		case e.Type.Public():
			story = append(story, string(e.Type))
		}
	}
	return story
}

// pass lets the simulated agent look every second for a time, on one node after the other.
func pass(t testing.TB, clock *desktest.Clock, seconds int, nodes ...*desktest.Desk) {
	t.Helper()
	for i := range seconds {
		clock.Advance(time.Second)
		_, err := nodes[i%len(nodes)].App.Simulate(t.Context())
		must(t, err)
	}
}

func TestEachSimulationRunsToItsEndWithinFifteenSeconds(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := tester(t, d, "Partner")
		done, asked, refused := claimOf(t, d, actor, "Simulasi Selesai"), claimOf(t, d, actor, "Simulasi Tunda"), claimOf(t, d, actor, "Simulasi Gagal")
		other, live := claimOf(t, d, actor, "Ahmad Suryanto"), claimOf(t, d, allOf(t, d, "Partner"), "Simulasi Selesai")
		pass(t, d.Clock, 15, d)
		const by = " by Agen Simulasi for Agen Simulasi"
		check := func(ticket *desk.Ticket, want ...string) {
			t.Helper()
			if diff := cmp.Diff(append([]string{"TICKET_CREATED"}, want...), lived(t, d, ticket)); diff != "" {
				t.Errorf("%s, ticket %d (-want +got):\n%s", ticket.Customer.Name, ticket.Number, diff)
			}
		}
		check(done, "IN_PROGRESS"+by, "COMMENT_ADDED", "RESOLVED"+by, "TICKET_RESOLVED", "CLOSED"+by, "TICKET_CLOSED")
		check(refused, "IN_PROGRESS"+by, "COMMENT_ADDED", "CANCELLED"+by)
		check(asked, "IN_PROGRESS"+by, "COMMENT_ADDED", "PENDING"+by)
		check(other)
		check(live)
		_, err := d.App.AddComment(t.Context(), actor, of(asked), app.NewComment{Content: "19 Desember, jam 10"})
		must(t, err)
		pass(t, d.Clock, 15, d)
		check(asked, "IN_PROGRESS"+by, "COMMENT_ADDED", "PENDING"+by, "COMMENT_ADDED", "IN_PROGRESS by Partner tests for Agen Simulasi",
			"RESOLVED"+by, "TICKET_RESOLVED", "CLOSED"+by, "TICKET_CLOSED")
		detail, err := d.App.ReadTicket(t.Context(), actor, of(refused).Ticket)
		must(t, err)
		if len(detail.Comments) != 1 || !detail.Comments[0].FromSupport || detail.Comments[0].Author != "Agen Simulasi" || !strings.Contains(detail.Comments[0].Content, "tidak dapat kami penuhi") {
			t.Errorf("the refusal is told as %+v", detail.Comments)
		}
		if n, err := d.App.Simulate(t.Context()); n != 0 || err != nil {
			t.Errorf("%d steps after the end, %v", n, err)
		}
		if got := behind(t, d).audited(t, "ticket.simulate"); len(got) != 4+3+4 || !slices.Contains(got, entry(desk.SimulatedAgent(), of(done).Ticket)) {
			t.Errorf("audit entries: %q", got)
		}
	})
}

// A partner that writes in between moves the next step, and breaks nothing; what it cancelled stays so.
func TestAPartnerMayInterruptASimulation(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := tester(t, d, "Partner")
		cancelled, talked := claimOf(t, d, actor, "Simulasi Selesai"), claimOf(t, d, actor, "Simulasi Selesai")
		pass(t, d.Clock, 3, d)
		changeStatus(t, d, actor, cancelled, desk.Cancelled)
		d.Clock.Advance(time.Second)
		_, err := d.App.AddComment(t.Context(), actor, of(talked), app.NewComment{Content: "halo"})
		must(t, err)
		if n, err := d.App.Simulate(t.Context()); n != 0 || err != nil {
			t.Errorf("%d steps at the moment of a comment, %v", n, err)
		}
		pass(t, d.Clock, 15, d)
		for ticket, want := range map[*desk.Ticket]desk.Status{cancelled: desk.Cancelled, talked: desk.Closed} {
			if got, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, ""); err != nil || got.Ticket.Status != want {
				t.Errorf("ticket %d is %s (%v), want %s", ticket.Number, got.Ticket.Status, err, want)
			}
		}
	})
}

// More tickets than one transaction changes, on several nodes at the same moment, of which one dies on the way: each step
// is taken once.
func TestEveryStepOfASimulationIsTakenOnceWhoeverTakesIt(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		const each = 15
		actor := tester(t, d, "Partner")
		var all []*desk.Ticket
		for range each {
			all = append(all, claimOf(t, d, actor, "Simulasi Selesai"), claimOf(t, d, actor, "Simulasi Gagal"))
		}
		nodes := []*desktest.Desk{d, d.Node(t), d.Node(t)}
		var steps atomic.Int64
		for second := range 12 {
			d.Clock.Advance(time.Second)
			inParallel(len(nodes), func(i int) {
				ctx, cancel := context.WithCancel(context.Background())
				if i == 2 && second%2 == 0 {
					cancel()
				}
				defer cancel()
				n, err := nodes[i].App.Simulate(ctx)
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				steps.Add(int64(n))
			})
			if second == 5 {
				nodes[1] = d.Node(t) // it was started anew
			}
		}
		stories := map[string]int{}
		for _, ticket := range all {
			stories[strings.Join(lived(t, d, ticket), ", ")]++
		}
		if len(stories) != 2 || stories[strings.Join(lived(t, d, all[0]), ", ")] != each || len(lived(t, d, all[0])) != 7 || len(lived(t, d, all[1])) != 4 {
			t.Errorf("stories: %v", stories)
		}
		if written := behind(t, d).one(t, `SELECT COUNT(*) FROM audit WHERE action = 'ticket.simulate'`); written != fmt.Sprint(each*(4+3)) {
			t.Errorf("%s steps were taken, want %d", written, each*(4+3))
		}
	})
}
