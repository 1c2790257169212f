package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// openedClaim makes a ticket of a claim and returns its number.
func openedClaim(t testing.TB, d *desktest.Desk, actor desk.Actor) int64 {
	t.Helper()
	opened, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
	must(t, err)
	return opened.Ticket.Number
}

// unforwarded lists the claims that should go to Sociomile and do not.
func unforwarded(t testing.TB, d *desktest.Desk, since, until time.Time) (tickets []desk.Ticket, looked int) {
	t.Helper()
	must(t, d.App.Unforwarded(t.Context(), desk.Forwarding{Services: []string{"CLAIM"}}, since, until, func(page []desk.Ticket, n int) error {
		tickets, looked = append(tickets, page...), n
		return nil
	}))
	return tickets, looked
}

func numbers(tickets []desk.Ticket) (found []int64) {
	for _, t := range tickets {
		found = append(found, t.Number)
	}
	return found
}

func TestOnlyWhatShouldHaveGoneToSociomileAndDidNotIsListed(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		channel := allOf(t, d, "Channel")
		created, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Provider", Sociomile: true, Permissions: desk.Permissions{"omnichannel:*"}})
		must(t, err)
		start := d.Clock.Now()
		early := openedClaim(t, d, channel)
		d.Clock.Advance(time.Hour)
		openedTicket(t, d, channel) // of another service
		openedClaim(t, d, d.Actor(created))
		openedClaim(t, d, tester(t, d, "Channel"))
		late := openedClaim(t, d, channel)
		goes, err := d.App.OpenClaim(t.Context(), channel, claimDraft(), app.Once[app.Opened]{})
		must(t, err)
		must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error {
			tx.OpenForward(goes.Ticket.ID, goes.Ticket.Number, d.Clock.Now())
			return nil
		}))
		for _, c := range []struct {
			since, until time.Time
			want         []int64
		}{
			{start, time.Time{}, []int64{early, late}},
			{start.Add(time.Microsecond), time.Time{}, []int64{late}},
			{start, start.Add(time.Hour), []int64{early}},
			{start, start.Add(time.Hour + time.Microsecond), []int64{early, late}},
			{start.Add(2 * time.Hour), time.Time{}, nil},
			{time.Time{}, time.Time{}, []int64{early, late}},
		} {
			tickets, _ := unforwarded(t, d, c.since, c.until)
			if diff := cmp.Diff(c.want, numbers(tickets)); diff != "" {
				t.Errorf("from %s to %s (-want +got):\n%s", c.since, c.until, diff)
			}
		}
		if _, looked := unforwarded(t, d, start, time.Time{}); looked != 5 {
			t.Errorf("%d tickets were looked at, want all 5 that are no tests", looked)
		}
		stopped := errors.New("stopped")
		if err := d.App.Unforwarded(t.Context(), desk.Forwarding{}, start, time.Time{}, func([]desk.Ticket, int) error { return stopped }); !errors.Is(err, stopped) {
			t.Errorf("the walk goes on: %v", err)
		}
	})
}

// forwards words what the desk knows of the tickets that go to Sociomile.
func forwardsOf(t testing.TB, d *desktest.Desk) (words []string) {
	t.Helper()
	for f, err := range d.App.ForwardsByNumber(t.Context()) {
		must(t, err)
		words = append(words, fmt.Sprintf("%d %q %t %t", f.Number, f.ProviderID, !f.SentAt.IsZero(), f.Doubtful))
	}
	return words
}

func TestQueuedTicketsGoOnceAndTheTrailTellsOfEach(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		channel := allOf(t, d, "Channel")
		var all []int64
		for range 3 {
			all = append(all, openedClaim(t, d, channel))
		}
		d.Sequence(t)
		tickets, _ := unforwarded(t, d, time.Time{}, time.Time{})
		for _, want := range []int{3, 0} {
			queued, err := d.App.QueueForwards(t.Context(), operator, tickets)
			if must(t, err); queued != want {
				t.Errorf("%d tickets are queued, want %d", queued, want)
			}
		}
		if again, _ := unforwarded(t, d, time.Time{}, time.Time{}); len(again) > 0 {
			t.Errorf("%v are still to be queued", numbers(again))
		}
		var want []string
		for _, n := range all {
			want = append(want, fmt.Sprintf(`%d "" false false`, n))
		}
		if diff := cmp.Diff(want, forwardsOf(t, d)); diff != "" {
			t.Errorf("forwarded are (-want +got):\n%s", diff)
		}
		wantAudited(t, d, "sociomile.queue", all...)
		due, err := d.Store.DueTargets(t.Context())
		must(t, err)
		ids := []string{}
		for _, t := range due {
			ids = append(ids, t.ID+" "+strconv.FormatBool(t.Due.After(d.Clock.Now())))
		}
		if diff := cmp.Diff([]string{"sociomile-create false", "sociomile-status true"}, ids); diff != "" {
			t.Errorf("due are (-want +got):\n%s", diff)
		}
	})
}

// wantAudited checks that the audit trail has an entry of an action for each ticket and no more.
func wantAudited(t testing.TB, d *desktest.Desk, action string, tickets ...int64) {
	t.Helper()
	d.Sequence(t)
	var want []string
	for _, n := range tickets {
		want = append(want, entry(operator, strconv.FormatInt(n, 10)))
	}
	got := behind(t, d).audited(t, action)
	slices.Sort(got) // entries of one moment have no order
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", action, diff)
	}
}

func TestATicketThatSociomileHasNotGoesOnceMoreUnlessItWaitsOrIsOnItsWay(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e, func(o *app.Options) { o.Forwarding.Services = []string{"CLAIM"} })
		must(t, d.Store.MakeConnector(t.Context()))
		channel := allOf(t, d, "Channel")
		sent, waits, taken := openedClaim(t, d, channel), openedClaim(t, d, channel), openedClaim(t, d, channel)
		d.Sequence(t)
		ids := map[int64]string{}
		for f, err := range d.App.ForwardsByNumber(t.Context()) {
			must(t, err)
			ids[f.Number] = f.TicketID
		}
		must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Sent(ids[sent], "aa", 1, false, d.Clock.Now()), tx.Sent(ids[taken], "bb", 2, false, d.Clock.Now()))
		}))
		creates := desk.ConnectorTargets(d.Clock.Now())[0]
		on, err := d.Store.Turn(t.Context(), store.Turn{Wants: []store.Want{{Target: creates, Most: 3, Lease: time.Minute}}})
		must(t, err)
		var settled []store.Settled
		for _, l := range on {
			if l.TicketID != ids[taken] {
				settled = append(settled, store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: 2, Due: time.Time{}})
			}
		}
		_, err = d.Store.Turn(t.Context(), store.Turn{Settled: settled})
		must(t, err)
		queued, err := d.App.ForwardAgain(t.Context(), operator, []string{ids[taken], ids[sent], ids[waits]})
		if must(t, err); queued != 1 {
			t.Errorf("%d tickets go once more, want the one that was sent", queued)
		}
		want := []string{fmt.Sprintf(`%d "" false true`, sent), fmt.Sprintf(`%d "" false false`, waits), fmt.Sprintf(`%d "bb" true false`, taken)}
		if diff := cmp.Diff(want, forwardsOf(t, d)); diff != "" {
			t.Errorf("forwarded are (-want +got):\n%s", diff)
		}
		wantAudited(t, d, "sociomile.again", sent)
		on, err = d.Store.Turn(t.Context(), store.Turn{Wants: []store.Want{{Target: creates, Most: 3, Lease: time.Minute}}})
		must(t, err)
		if len(on) != 1 || on[0].TicketID != ids[sent] || on[0].Event.Seq != 1 {
			t.Errorf("to be sent is %+v, want the ticket from its beginning", on)
		}
	})
}
