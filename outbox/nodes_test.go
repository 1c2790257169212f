package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

func TestWhatANodeHadIsTakenUpWithinOneLease(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		second := w.newRunner(w.Node(t).Store)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.Sequence(t)
		begun, release := w.hold(taken200)
		w.runner.Step(t.Context())
		<-begun
		w.answer(nil)
		w.Clock.Advance(w.runner.Lease() - time.Second)
		w.turns(t, second)
		if seen := w.seen(); len(seen) != 0 {
			t.Errorf("another node delivered what the first one has: %+v", seen)
		}
		w.Clock.Advance(2 * time.Second)
		w.turns(t, second)
		seen := w.seen()
		want := []string{fmt.Sprintf("%s-1 doubtful=true", ticket.ID), fmt.Sprintf("%s-2 doubtful=false", ticket.ID)}
		var told []string
		for _, g := range seen {
			told = append(told, fmt.Sprintf("%s doubtful=%v", g.Event, g.Doubtful))
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("the second node (-want +got):\n%s", diff)
		}
		release()
		w.runner.Stop(t.Context()) // settles what is not its own any more
		w.comment(t, ticket)
		w.Sequence(t)
		w.turns(t, second)
		late := w.seen()
		if len(late) != 2 || late[1].Event != ticket.ID+"-3" {
			t.Errorf("afterwards: %+v, want the end of the first attempt and then the third event alone", late)
		}
	})
}

// stalling is a clock of a node that stands still for an hour after it looked at it so many times.
type stalling struct {
	*desktest.Clock
	looks atomic.Int64
}

func (c *stalling) now() time.Time {
	now := c.Now()
	if c.looks.Add(-1) == 0 {
		c.Advance(time.Hour)
	}
	return now
}

func TestANodeThatStoodStillAfterItTookADeliveryDoesNotBeginIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		clock := &stalling{Clock: w.Clock}
		s, err := store.Open(t.Context(), store.Options{Database: w.Database, Folder: w.Folder, Clock: clock.now, Log: slog.New(slog.DiscardHandler)})
		must(t, err)
		defer s.Close()
		ticket := w.claim(t, "https://partner.example/")
		w.Sequence(t)
		stood := w.newRunner(s)
		clock.looks.Store(3) // the third is that of the transaction that takes it
		stood.Turn(t.Context())
		if seen := w.seen(); len(seen) != 0 {
			t.Errorf("it began what others may have by then: %+v", seen)
		}
		w.Clock.Advance(w.runner.Lease())
		w.turns(t, w.runner)
		if seen := w.seen(); len(seen) != 1 || seen[0].Event != ticket.ID+"-1" || !seen[0].Doubtful {
			t.Errorf("the other node delivered %+v, want the event, in doubt", seen)
		}
	})
}

func TestWhatWasSkippedStaysSkippedThoughANodeComesBackThatHadIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.Sequence(t)
		begun, release := w.hold(outbox.Outcome{Class: "TIMED_OUT"})
		w.runner.Step(t.Context())
		<-begun
		w.Clock.Advance(w.runner.Lease() + time.Second)
		must(t, w.App.SkipDelivery(t.Context(), w.actor, w.targetOf(t).ID, ticket.ID+"-1", app.Once[struct{}]{}))
		w.answer(nil)
		release()
		w.runner.Stop(t.Context())
		w.seen()
		if seen := w.after(t, time.Hour); len(seen) != 1 || seen[0].Event != ticket.ID+"-2" {
			t.Errorf("after the skip %+v was delivered, want the second event", seen)
		}
	})
}

// Events come while lanes are settled, on two nodes at once: whoever settles a lane must see that it has a new tail.
func TestNoEventIsForgottenWhileItsLaneIsSettled(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		other := w.Node(t)
		w.endpoint(t, desk.TargetChange{})
		const tickets, each = 6, 25
		ctx, cancel := context.WithCancel(t.Context())
		var working sync.WaitGroup
		stores := []*desktest.Desk{w.Desk, other}
		runners := []*outbox.Runner{w.runner, w.newRunner(other.Store)}
		wake := func() {
			for _, r := range runners {
				r.Wake()
			}
		}
		for i, r := range runners {
			working.Go(func() { r.Run(ctx) })
			working.Go(func() { stores[i].Store.RunSequencer(ctx, w.App.Seal, time.Millisecond, wake) })
		}
		tick := time.NewTicker(time.Millisecond) // so slowly that no lease runs out
		defer tick.Stop()
		var writing sync.WaitGroup
		all := make([]*desk.Ticket, tickets)
		for i := range all {
			writing.Go(func() {
				all[i] = w.claim(t, "https://partner.example/")
				for range each - 1 {
					w.comment(t, all[i])
				}
			})
		}
		for w.attempts() < 2*tickets*each { // hangs when one is forgotten
			<-tick.C
			w.Clock.Advance(5 * time.Millisecond)
		}
		writing.Wait()
		cancel()
		working.Wait()
		order := map[string][]string{}
		for _, g := range w.seen() {
			lane := g.Target + " " + g.Event[:26]
			order[lane] = append(order[lane], g.Event[27:])
		}
		var want []string
		for seq := range each {
			want = append(want, fmt.Sprint(seq+1))
		}
		for _, ticket := range all {
			for lane, told := range order {
				if lane[len(lane)-26:] == ticket.ID && !slices.Equal(told, want) {
					t.Errorf("lane %s was told %v", lane, told)
				}
			}
		}
		if len(order) != 2*tickets {
			t.Errorf("there were %d lanes, want %d", len(order), 2*tickets)
		}
	})
}

func TestABlackHoleMovesNobodyElse(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		when := func(hole bool) map[string]time.Duration {
			w := newWorld(t, e)
			const targets = 100
			var tickets []*desk.Ticket
			for i := range targets {
				for range 3 {
					tickets = append(tickets, w.claim(t, fmt.Sprintf("https://partner.example/%d", i)))
				}
			}
			open := make(chan struct{})
			w.answer(func(d outbox.Delivery) outbox.Outcome {
				if d.TicketID == tickets[0].ID && hole || d.TicketID == tickets[1].ID && hole {
					<-open
				}
				return taken200
			})
			w.Sequence(t)
			others := func() (n int) {
				w.mu.Lock()
				defer w.mu.Unlock()
				for _, g := range w.got {
					if !slices.ContainsFunc(tickets[:3], func(t *desk.Ticket) bool { return g.Event == t.ID+"-1" }) {
						n++
					}
				}
				return n
			}
			for others() < 3*targets-3 || w.runner.Unsettled() > 0 {
				w.runner.Look()
				w.runner.Step(t.Context())
				w.Clock.Advance(25 * time.Millisecond)
			}
			took := map[string]time.Duration{}
			for _, g := range w.seen() {
				for i, ticket := range tickets {
					if g.Event == ticket.ID+"-1" && i >= 3 {
						took[fmt.Sprint(i)] = g.At.Sub(desktest.Start)
					}
				}
			}
			close(open)
			w.runner.Stop(t.Context())
			return took
		}
		with, without := when(true), when(false)
		if len(with) != 3*99 || len(without) != 3*99 {
			t.Errorf("%d and %d of the others were delivered, want 297", len(with), len(without))
		}
		for i, took := range with {
			if took > without[i]+2*time.Second {
				t.Errorf("ticket %s took %v beside a black hole, else %v", i, took, without[i])
			}
		}
	})
}

func TestAStopWaitsForWhatIsUnderWayAndBeginsNothing(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		w.comment(t, ticket)
		w.Sequence(t)
		begun, release := w.hold(taken200)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { defer close(stopped); w.runner.Run(ctx) }()
		<-begun
		cancel()
		select {
		case <-stopped:
			t.Error("it stopped with a call under way")
		default:
		}
		release()
		<-stopped
		if diff := cmp.Diff([]string{"1 DELIVERED 0/1", "2 PENDING 0/0"}, states(w.deliveries(t, w.targetOf(t)))); diff != "" {
			t.Errorf("after the stop (-want +got):\n%s", diff)
		}
	})
}

func TestADeliveryThatPanicsIsAFailure(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		ticket := w.claim(t, "https://partner.example/")
		w.answer(func(outbox.Delivery) outbox.Outcome { panic("at fault") })
		w.run(t)
		w.answer(nil)
		if seen := w.after(t, 20*time.Second); len(seen) != 1 || seen[0].Attempt != 2 || seen[0].Event != ticket.ID+"-1" {
			t.Errorf("after a panic: %+v", seen)
		}
	})
}

func TestCallsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		const targets = 150
		for i := range targets {
			for range 3 {
				w.claim(t, fmt.Sprintf("https://partner.example/%d", i))
			}
		}
		w.Sequence(t)
		open := make(chan struct{})
		w.answer(func(outbox.Delivery) outbox.Outcome { <-open; return taken200 })
		pause := time.Duration(0)
		for range 10 {
			w.runner.Look()
			pause = w.runner.Step(t.Context())
			w.Clock.Advance(25 * time.Millisecond)
		}
		if pause <= 0 {
			t.Errorf("with no room left it asks again after %v: it must wait for a call to end", pause)
		}
		if n := w.runner.Flights(); n != outbox.MostFlights/8 {
			t.Errorf("%d calls are under way to targets of one partner that took nothing yet, want an eighth of %d", n, outbox.MostFlights)
		}
		close(open)
		for w.attempts() < 3*targets {
			w.runner.Look()
			w.runner.Turn(t.Context())
			w.Clock.Advance(25 * time.Millisecond)
		}
		w.runner.Stop(t.Context())
	})
}

// The probe of a circuit that another process opened hangs.
func TestAHangingProbeIsWaitedForWithoutLooking(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		w := newWorld(t, e)
		w.answer(failing)
		for range 12 {
			w.claim(t, "https://partner.example/")
		}
		w.run(t)
		w.Clock.Advance(probe + time.Second)
		open := make(chan struct{})
		w.answer(func(outbox.Delivery) outbox.Outcome { <-open; return taken200 })
		second := w.newRunner(w.Store)
		second.Step(t.Context())
		w.Clock.Advance(probe + time.Second) // another one would be due, if this one had ended
		second.Step(t.Context())
		pause := second.Step(t.Context())
		if n := second.Flights(); n != 1 || pause <= 0 {
			t.Errorf("with %d probes under way it waits for %v", n, pause)
		}
		close(open)
		second.Stop(t.Context())
	})
}
