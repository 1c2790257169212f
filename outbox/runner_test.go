package outbox_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

func TestEventsOfATicketArriveInOrderAndOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		for range 4 {
			w.comment(t, ticket)
		}
		w.run(t)
		w.comment(t, ticket)
		w.run(t)
		var want []got
		for seq := 1; seq <= 6; seq++ {
			want = append(want, got{Event: fmt.Sprintf("%s-%d", ticket.ID, seq), Attempt: 1, Done: true})
		}
		seen := w.seen()
		for i := range seen {
			seen[i].Target, seen[i].At = "", time.Time{}
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

func TestAFailedEventKeepsBackItsTicketOnlyAndIsTriedAsLongAsItMay(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		bad := w.claim(t, "https://partner.example/")
		w.answer(func(d outbox.Delivery) outbox.Outcome {
			if d.TicketID == bad.ID {
				return failing(d)
			}
			return taken200
		})
		w.comment(t, bad)
		w.run(t)
		for i, wait := range waits {
			other := w.claim(t, "https://partner.example/")
			w.run(t)
			seen := w.seen()
			if !slices.ContainsFunc(seen, func(g got) bool { return g.Event == other.ID+"-1" && g.Done }) {
				t.Errorf("another ticket of the same address waits behind the failed one: %+v", seen)
			}
			if early := w.after(t, wait*8/10-time.Second); len(early) != 0 {
				t.Errorf("attempt %d came too early: %+v", i+2, early)
			}
			if late := w.after(t, wait*4/10+2*time.Second); len(late) != 1 || late[0].Attempt != i+2 || late[0].Event != bad.ID+"-1" {
				t.Errorf("attempt %d: %+v", i+2, late)
			}
		}
		target := w.targetOf(t)
		if more := w.after(t, 1000*time.Hour); len(more) != 0 {
			t.Errorf("it was tried after its last attempt: %+v", more)
		}
		page, err := w.App.Deliveries(t.Context(), w.actor, target.ID, app.DeliveryList{Ticket: number(bad), Limit: 10})
		must(t, err)
		if diff := cmp.Diff([]string{"1 FAILED 4/4", "2 FAILED 0/0"}, states(page.Deliveries)); diff != "" {
			t.Errorf("deliveries (-want +got):\n%s", diff)
		}
	})
}

func TestAPersonSendsAgainOrSkips(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.answer(failing)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.comment(t, ticket)
		for range 5 {
			w.after(t, time.Hour)
		}
		target := w.targetOf(t)
		again := func(event string) error {
			_, err := w.App.SendAgain(t.Context(), w.actor, target.ID, app.Again{Event: event}, app.Once[app.SentAgain]{})
			return err
		}
		must(t, again(ticket.ID+"-1"))
		if seen := w.after(t, 0); len(seen) != 1 || seen[0].Attempt != 1 {
			t.Errorf("sent again: %+v", seen)
		}
		if err := w.App.SkipDelivery(t.Context(), w.actor, target.ID, ticket.ID+"-2", app.Once[struct{}]{}); !isCode(err, desk.Conflict) {
			t.Errorf("an event that is not the next was skipped: %v", err)
		}
		w.answer(nil)
		must(t, w.App.SkipDelivery(t.Context(), w.actor, target.ID, ticket.ID+"-1", app.Once[struct{}]{}))
		if seen := w.after(t, 0); len(seen) != 2 || seen[0].Event != ticket.ID+"-2" || seen[1].Event != ticket.ID+"-3" {
			t.Errorf("after the skip: %+v", seen)
		}
		if diff := cmp.Diff([]string{"1 SKIPPED 0/6", "2 DELIVERED 0/1", "3 DELIVERED 0/1"}, states(w.deliveries(t, target))); diff != "" {
			t.Errorf("deliveries (-want +got):\n%s", diff)
		}
		must(t, again(ticket.ID+"-2")) // was delivered
		must(t, again(ticket.ID+"-2"))
		if seen := w.after(t, 0); len(seen) != 1 || seen[0].Event != ticket.ID+"-2" {
			t.Errorf("sent once more: %+v", seen)
		}
		did, err := w.App.SendAgain(t.Context(), w.actor, target.ID, app.Again{From: 1, Until: 2}, app.Once[app.SentAgain]{})
		must(t, err)
		if seen := w.after(t, 0); did.Tickets != 1 || len(seen) != 2 || seen[0].Event != ticket.ID+"-1" || seen[1].Event != ticket.ID+"-2" {
			t.Errorf("a range of %d tickets: %+v", did.Tickets, seen)
		}
		if err := again(ticket.ID + "-9"); !isCode(err, desk.NotFound) {
			t.Errorf("an event that never was: %v", err)
		}
	})
}

func TestAllThatIsUndeliveredGoesAtOnceWhenAskedFor(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.answer(failing)
		dead := w.claim(t, "https://partner.example/")
		for range 5 {
			w.after(t, time.Hour)
		}
		waiting := w.claim(t, "https://partner.example/")
		w.run(t)
		w.answer(nil)
		w.seen()
		did, err := w.App.SendAgain(t.Context(), w.actor, w.targetOf(t).ID, app.Again{Undelivered: true}, app.Once[app.SentAgain]{})
		must(t, err)
		var events []string
		for _, g := range w.after(t, 0) {
			events = append(events, g.Event)
		}
		slices.Sort(events)
		if diff := cmp.Diff([]string{dead.ID + "-1", waiting.ID + "-1"}, events); diff != "" || did != (app.SentAgain{Tickets: 2}) {
			t.Errorf("%+v (-want +got):\n%s", did, diff)
		}
	})
}

func TestATargetThatCannotBeReachedIsLeftAloneAndItsSchedulesStandStill(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.answer(failing)
		const tickets = 12
		for range tickets {
			w.claim(t, "https://partner.example/")
		}
		w.run(t)
		first := len(w.seen())
		if first < outbox.OpensAfter || first > outbox.OpensAfter+2 {
			t.Errorf("%d calls before the circuit opened, want about %d", first, outbox.OpensAfter)
		}
		target := w.targetOf(t)
		if target.OpenedAt.IsZero() {
			t.Fatal("the circuit did not open")
		}
		tried := map[string]bool{}
		const probes = 40
		for i := range probes {
			seen := w.after(t, probe+time.Second)
			if len(seen) != 1 {
				t.Fatalf("probe %d: %d calls, want one: %+v", i, len(seen), seen)
			}
			tried[seen[0].Event] = true
		}
		if len(tried) < tickets {
			t.Errorf("the probes tried %d of %d tickets: one that always fails must not keep the circuit open", len(tried), tickets)
		}
		for _, d := range w.deliveries(t, target) {
			if d.State != "PENDING" || d.Tries > 1 {
				t.Errorf("%s is %s after %d tries: a probe must use up nothing", d.Event.ID(), d.State, d.Tries)
			}
		}
		w.answer(nil)
		delivered := 0
		for _, g := range w.after(t, probe+time.Second) {
			if g.Done {
				delivered++
			}
		}
		if delivered != tickets || !w.targetOf(t).OpenedAt.IsZero() {
			t.Errorf("%d of %d delivered after the target was back, circuit open since %v", delivered, tickets, w.targetOf(t).OpenedAt)
		}
	})
}

func TestWhatIsGoneIsHeldUntilItIsEnabled(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.answer(func(outbox.Delivery) outbox.Outcome { return outbox.Outcome{Gone: true, Class: "GONE", Status: 410} })
		target := w.endpoint(t, desk.TargetChange{})
		ticket := w.claim(t, "")
		w.run(t)
		if seen := w.seen(); len(seen) != 1 {
			t.Errorf("%+v, want one attempt", seen)
		}
		w.answer(nil)
		w.comment(t, ticket)
		if seen := w.after(t, 240*time.Hour); len(seen) != 0 {
			t.Errorf("a disabled endpoint was called: %+v", seen)
		}
		if now := w.targetOf(t); now.State != desk.TargetDisabled || now.Why != desk.DisabledAsGone {
			t.Errorf("the endpoint is %s (%s)", now.State, now.Why)
		}
		active := true
		_, err := w.App.ChangeTarget(t.Context(), w.actor, target.ID, 0, desk.TargetChange{Active: &active}, app.Once[app.ChangedTarget]{})
		must(t, err)
		if seen := w.after(t, 0); len(seen) != 2 || seen[0].Event != ticket.ID+"-1" || seen[1].Event != ticket.ID+"-2" {
			t.Errorf("after it was enabled: %+v", seen)
		}
	})
}

func TestAnEndpointIsToldWhatItWants(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		silent := false
		all := w.endpoint(t, desk.TargetChange{})
		status := w.endpoint(t, desk.TargetChange{Events: &[]desk.EventType{desk.StatusChanged, desk.TicketResolved}})
		others := w.endpoint(t, desk.TargetChange{Echo: &silent})
		stranger := w.Desk.Actor(w.NewKey(t, "Stranger", "omnichannel:*"))
		bank := w.Desk.Actor(w.NewKey(t, "Bank", desk.MayManage))
		ticket := w.claim(t, "")
		w.comment(t, ticket)
		change := app.Change{Ticket: number(ticket)}
		_, err := w.App.AddComment(t.Context(), bank, change, app.NewComment{Content: "internal", Internal: true})
		must(t, err)
		_, err = w.App.ChangeStatus(t.Context(), bank, change, desk.Resolved, "")
		must(t, err)
		_, err = w.App.OpenClaim(t.Context(), stranger, desk.ClaimDraft{NamaNasabah: "B", MediaTransaksi: "QRIS", Nominal: 100, NominalGiven: true}, app.Once[app.Opened]{})
		must(t, err)
		w.run(t)
		told := map[string][]string{}
		for _, g := range w.seen() {
			told[g.Target] = append(told[g.Target], g.Event[len(ticket.ID)+1:])
		}
		want := map[string][]string{all.ID: {"1", "2", "4", "5"}, status.ID: {"4", "5"}, others.ID: {"4", "5"}}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func number(ticket *desk.Ticket) string { return fmt.Sprint(ticket.Number) }

// fence is how often nodes took the lane of a ticket up.
func (w *world) fence(t testing.TB, target desk.Target, ticket *desk.Ticket) (fence int64) {
	t.Helper()
	must(t, w.Store.Write(t.Context(), func(tx *store.Tx) error {
		lane, err := tx.LaneOf(target, ticket.ID, 0)
		fence = lane.Fence
		return err
	}))
	return fence
}

func TestANodeGoesOnWithATicketAndGivesTheOthersTheirTurn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		target := w.endpoint(t, desk.TargetChange{})
		long, short := w.claim(t, ""), w.claim(t, "")
		for range 2*outbox.MostInRow + 1 {
			w.comment(t, long)
		}
		w.comment(t, short)
		w.run(t)
		seen := events(w.seen())
		for _, ticket := range []*desk.Ticket{long, short} {
			mine := slices.DeleteFunc(slices.Clone(seen), func(id string) bool { return !strings.HasPrefix(id, ticket.ID) })
			for n, id := range mine {
				if id != fmt.Sprintf("%s-%d", ticket.ID, n+1) {
					t.Fatalf("%s came as number %d of its ticket", id, n+1)
				}
			}
		}
		if got := []int64{w.fence(t, target, long), w.fence(t, target, short)}; len(seen) != 2*outbox.MostInRow+4 || !slices.Equal(got, []int64{2, 1}) {
			t.Errorf("%d came, and the lanes were taken up %d times, want %d and [2 1]", len(seen), got, 2*outbox.MostInRow+4)
		}
	})
}

func TestATargetThatWasChangedIsReadBeforeTheNextEvent(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		target := w.endpoint(t, desk.TargetChange{})
		ticket := w.claim(t, "")
		w.comment(t, ticket)
		w.Sequence(t)
		begun, release := w.hold(taken200)
		w.runner.Step(t.Context())
		<-begun
		var versions []int64
		w.answer(func(d outbox.Delivery) outbox.Outcome {
			versions = append(versions, d.Target.Version)
			return taken200
		})
		url := "https://elsewhere.example/"
		w.change(t, target.ID, desk.TargetChange{URL: &url})
		release()
		w.runner.LandStep(t.Context())
		w.turns(t, w.runner)
		if now := w.targetOf(t).Version; now == target.Version || !slices.Equal(versions, []int64{now}) {
			t.Errorf("the next event was sent to the target of the versions %d, want %d alone", versions, now)
		}
	})
}

// What is not wanted lies between two events that are.
func TestANodeGoesOnBehindAnEventThatIsNotWanted(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.endpoint(t, desk.TargetChange{Events: &[]desk.EventType{desk.CommentAdded}})
		ticket := w.claim(t, "")
		w.comment(t, ticket)
		_, err := w.App.ChangeStatus(t.Context(), w.actor, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}, desk.Pending, "")
		must(t, err)
		w.comment(t, ticket)
		w.Sequence(t)
		for range 5 { // and the clock stands still: nothing is looked for
			w.runner.Turn(t.Context())
		}
		if seen := events(w.seen()); len(seen) != 2 {
			t.Errorf("%v came, want both comments", seen)
		}
	})
}
