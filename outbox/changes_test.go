package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

// change changes an endpoint, as its partner does.
func (w *world) change(t testing.TB, id string, c desk.TargetChange) {
	t.Helper()
	_, err := w.App.ChangeTarget(t.Context(), w.actor, id, 0, c, app.Once[app.ChangedTarget]{})
	must(t, err)
}

// events lists whose attempts the receiver saw.
func events(seen []got) (ids []string) {
	for _, g := range seen {
		ids = append(ids, g.Event)
	}
	return ids
}

// The runner has read what the endpoint wanted before, and does not look again at once.
func TestAnEventThatIsWantedSinceAMomentIsNotPassedOver(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		target := w.endpoint(t, desk.TargetChange{Events: &[]desk.EventType{desk.CommentAdded}})
		busy := w.claim(t, "")
		for range 3 {
			w.comment(t, busy)
		}
		w.Sequence(t)
		w.runner.Turn(t.Context())
		w.change(t, target.ID, desk.TargetChange{Events: &[]desk.EventType{}})
		fresh := w.claim(t, "")
		w.Sequence(t)
		w.runner.Turn(t.Context())
		w.turns(t, w.runner)
		if seen := events(w.seen()); !slices.Contains(seen, fresh.ID+"-1") || !slices.Contains(seen, busy.ID+"-4") {
			t.Errorf("delivered were %v, want all of %s and %s", seen, busy.ID, fresh.ID)
		}
	})
}

func TestAnOldAddressThatIsGoneDoesNotDisableTheNewOne(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		target := w.endpoint(t, desk.TargetChange{})
		ticket := w.claim(t, "")
		w.Sequence(t)
		begun, release := w.hold(outbox.Outcome{Gone: true, Class: "GONE", Status: 410})
		w.runner.Step(t.Context())
		<-begun
		w.answer(nil)
		url := "https://elsewhere.example/"
		w.change(t, target.ID, desk.TargetChange{URL: &url})
		release()
		w.runner.Turn(t.Context())
		w.turns(t, w.runner)
		if seen := w.seen(); len(seen) != 2 || seen[1].Event != ticket.ID+"-1" || !seen[1].Done || w.targetOf(t).State != desk.TargetActive {
			t.Errorf("%+v, and the endpoint is %s; want the event at the new address", seen, w.targetOf(t).State)
		}
	})
}

// fail lets a runner make so many attempts that fail, each of another ticket.
func (w *world) fail(t testing.TB, r *outbox.Runner, attempts int) {
	t.Helper()
	w.answer(failing)
	defer w.answer(nil)
	for range attempts {
		w.claim(t, "https://partner.example/")
		w.Sequence(t)
		before := w.attempts()
		for w.attempts() == before {
			r.Look()
			r.Turn(t.Context())
			w.Clock.Advance(25 * time.Millisecond)
		}
	}
	r.Stop(t.Context()) // what came of the last one is stored
}

func TestACircuitThatAnotherNodeClosedDoesNotOpenAtTheNextFailure(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.fail(t, w.runner, outbox.OpensAfter)
		if w.targetOf(t).OpenedAt.IsZero() {
			t.Fatal("the circuit did not open")
		}
		w.Clock.Advance(probe + time.Second)
		w.turns(t, w.newRunner(w.Store))
		if !w.targetOf(t).OpenedAt.IsZero() {
			t.Fatal("the other node's success did not close the circuit")
		}
		w.turns(t, w.runner)
		w.seen()
		w.fail(t, w.runner, outbox.OpensAfter-1)
		if !w.targetOf(t).OpenedAt.IsZero() {
			t.Error("fewer failures in a row opened the circuit than it takes: those before another node's success still count")
		}
	})
}

func TestANodeWithoutAWayOutDoesNotOpenTheCircuitsOfTheOthers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.fail(t, w.runner, outbox.OpensAfter-1)
		w.claim(t, "https://partner.example/")
		w.Sequence(t)
		w.turns(t, w.newRunner(w.Store))
		w.fail(t, w.runner, 1)
		if !w.targetOf(t).OpenedAt.IsZero() {
			t.Error("the circuit opened though another node delivered in between")
		}
		w.fail(t, w.runner, outbox.OpensAfter)
		if w.targetOf(t).OpenedAt.IsZero() {
			t.Error("the circuit did not open when nobody delivered any more")
		}
	})
}

func TestManyDeadAddressesOfOnePartnerLeaveRoomForTheOthers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		for i := range outbox.MostFlights/2 + 20 {
			w.claim(t, fmt.Sprintf("https://dead.example/%d", i))
		}
		w.Sequence(t)
		open := make(chan struct{})
		partner := w.actor.PartnerID
		w.answer(func(d outbox.Delivery) outbox.Outcome {
			if d.Target.PartnerID == partner {
				<-open
			}
			return taken200
		})
		steps := func(n int) {
			for range n {
				w.runner.Look()
				w.runner.Step(t.Context())
				w.Clock.Advance(25 * time.Millisecond)
			}
		}
		steps(12)
		w.actor = w.Desk.Actor(w.NewKey(t, "Other", "omnichannel:*"))
		other := w.claim(t, "https://other.example/")
		w.Sequence(t)
		steps(2)
		began := w.runner.Flights()
		close(open)
		w.runner.Stop(t.Context())
		if seen := events(w.seen()); !slices.Contains(seen, other.ID+"-1") {
			t.Errorf("with %d calls under way there was no room for another partner", began)
		}
	})
}

func TestAStopStoresWhatLandsWhileAnotherCallHangs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		hangs, quick := w.claim(t, "https://partner.example/"), w.claim(t, "https://partner.example/")
		w.Sequence(t)
		open, first := make(chan struct{}), make(chan struct{})
		w.answer(func(d outbox.Delivery) outbox.Outcome {
			if d.TicketID == hangs.ID {
				<-open
			} else {
				<-first
			}
			return taken200
		})
		w.runner.Step(t.Context())
		stopped := make(chan struct{})
		go func() { defer close(stopped); w.runner.Stop(context.WithoutCancel(t.Context())) }()
		close(first)
		target := w.targetOf(t)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for told := ""; !strings.Contains(told, "DELIVERED"); <-tick.C { // hangs when it is stored at the end only
			page, err := w.App.Deliveries(t.Context(), w.actor, target.ID, app.DeliveryList{Ticket: number(quick), Limit: 10})
			must(t, err)
			told = fmt.Sprint(states(page.Deliveries))
		}
		close(open)
		<-stopped
	})
}

func TestADatabaseThatFailsIsLeftAloneForAMoment(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		s, err := store.Open(t.Context(), store.Options{Database: w.Database, Folder: w.Folder, Clock: w.Clock.Now, Log: slog.New(slog.DiscardHandler)})
		must(t, err)
		r := w.newRunner(s)
		must(t, s.Close())
		for range 5 {
			r.Look()
			if pause := r.Step(t.Context()); pause <= 0 || pause > time.Second {
				t.Errorf("it asks again after %v", pause)
			}
		}
		if n := strings.Count(w.Log.String(), "trying again"); n != 1 {
			t.Errorf("it complained %d times within a moment, want once:\n%s", n, w.Log)
		}
	})
}

// Nobody asks the runner to look in these: it must know by itself.
func TestARunnerKnowsByItselfWhatIsDue(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.Sequence(t)
		w.runner.Turn(t.Context())
		w.runner.Turn(t.Context())
		if seen := events(w.seen()); !slices.Equal(seen, []string{ticket.ID + "-1", ticket.ID + "-2"}) {
			t.Errorf("%v was delivered without waiting for anything, want both events", seen)
		}
		w.turns(t, w.runner)
		begun, release := w.hold(taken200)
		w.comment(t, ticket)
		w.Sequence(t)
		w.runner.Look()
		w.runner.Step(t.Context())
		<-begun
		w.answer(nil)
		w.comment(t, ticket) // while the one before it is under way
		w.Sequence(t)
		w.runner.Look()
		w.Clock.Advance(25 * time.Millisecond)
		w.runner.Step(t.Context())
		release()
		for range 3 {
			w.runner.Turn(t.Context())
			w.Clock.Advance(25 * time.Millisecond)
		}
		if seen := events(w.seen()); !slices.Equal(seen, []string{ticket.ID + "-3", ticket.ID + "-4"}) {
			t.Errorf("%v was delivered, want the event that came behind the other at once", seen)
		}
	})
}

func TestARunnerWakesForTheNextAttempt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		soon := outbox.Handler{Deliver: w.receive, Limit: time.Second, Waits: outbox.Waits{100 * time.Millisecond}, Probe: probe}
		r := outbox.New(outbox.Options{Store: w.Store, Log: slog.New(slog.DiscardHandler), Handlers: map[desk.TargetKind]outbox.Handler{desk.TicketTarget: soon}})
		ticket := w.claim(t, "https://partner.example/")
		w.Sequence(t)
		w.answer(failing)
		r.Turn(t.Context())
		w.Clock.Advance(25 * time.Millisecond)
		if pause := r.Turn(t.Context()); pause < 50*time.Millisecond || pause > 120*time.Millisecond { // it looked before it stored the failure
			t.Errorf("with an event that is tried again in a tenth of a second there is nothing to do for %v", pause)
		}
		w.Clock.Advance(120 * time.Millisecond)
		r.Turn(t.Context())
		if seen := events(w.seen()); !slices.Equal(seen, []string{ticket.ID + "-1", ticket.ID + "-1"}) {
			t.Errorf("attempts: %v, want the second one when it is due", seen)
		}
	})
}

func TestWhatWasSentAgainInVainHoldsUpNobody(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.run(t)
		w.seen()
		target := w.targetOf(t)
		w.answer(func(d outbox.Delivery) outbox.Outcome {
			if d.Event.Seq == 1 {
				return failing(d)
			}
			return taken200
		})
		_, err := w.App.SendAgain(t.Context(), w.actor, target.ID, app.Again{From: 1, Until: 2}, app.Once[app.SentAgain]{})
		must(t, err)
		for range len(waits) + 2 {
			w.after(t, time.Hour)
		}
		if diff := states(w.deliveries(t, target)); !slices.Equal(diff, []string{"1 DELIVERED 0/5", "2 DELIVERED 0/2"}) {
			t.Errorf("deliveries: %v", diff)
		}
		targets, _, err := w.App.Targets(t.Context(), w.actor, "", 10)
		must(t, err)
		if b := targets[0].Backlog; b.Dead != 0 || b.Waiting != 0 {
			t.Errorf("it holds %+v, want nothing", b)
		}
	})
}
