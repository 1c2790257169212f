package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

// The states of lanes.
const (
	idle    = "idle"    // nothing is owed
	waiting = "waiting" // an event is owed, now or at its next attempt
	taken   = "taken"   // a node delivers it
	dead    = "dead"    // it failed too often, and waits for a person
)

// What happens to lanes.
const (
	owed      = "owed"       // an event was numbered that the target wants
	takenUp   = "taken up"   // a node leased it; that it begins an attempt is stored before it does
	delivered = "delivered"  // the target took the event
	failed    = "failed"     // it did not, and there are attempts left
	givenUp   = "given up"   // it did not, and this was the last attempt
	leaseOver = "lease over" // the node stopped in the middle; nobody knows whether the target got the event
	unwanted  = "not wanted" // a node sees that the target does not want what is left any more
	sendAgain = "send again" // a person asks for it
	skipped   = "skip"       // a person does without the event
)

// transition is a step of a lane from a state to another.
type transition struct{ from, step, to string }

// transitions is all that may happen to a lane. What the code does is held against it below; docs/guides/delivery.md shows it.
var transitions = []transition{
	{idle, owed, waiting},
	{waiting, owed, waiting},
	{taken, owed, taken},
	{dead, owed, dead},
	{waiting, takenUp, taken},
	{waiting, unwanted, idle},
	{taken, delivered, taken}, // the node goes on with the next event
	{taken, delivered, waiting},
	{taken, delivered, idle},
	{taken, failed, waiting},
	{taken, givenUp, dead},
	{taken, leaseOver, waiting},
	{waiting, delivered, taken}, // late: the call that the lease was of ends before another node took the lane up
	{waiting, delivered, waiting},
	{waiting, delivered, idle},
	{waiting, failed, waiting},
	{waiting, givenUp, dead},
	{waiting, sendAgain, waiting},
	{dead, sendAgain, waiting},
	{waiting, skipped, waiting},
	{waiting, skipped, idle},
	{dead, skipped, waiting},
	{dead, skipped, idle},
}

func TestTheGuideShowsTheTableOfStates(t *testing.T) {
	guide, err := os.ReadFile("../docs/guides/delivery.md")
	must(t, err)
	var table []transition
	for _, m := range regexp.MustCompile(`(?m)^\| (\w+) \| ([\w ]+) \| (\w+) \|$`).FindAllStringSubmatch(string(guide), -1) {
		table = append(table, transition{m[1], m[2], m[3]})
	}
	if diff := cmp.Diff(transitions, table[1:], cmp.AllowUnexported(transition{})); diff != "" { // behind its head
		t.Errorf("docs/guides/delivery.md (-want +got):\n%s", diff)
	}
}

// walker leads the lane of one ticket through its states.
type walker struct {
	*world
	target  desk.Target
	ticket  *desk.Ticket
	begun   chan int  // which attempt begins
	answer  chan bool // how it ends
	calls   int       // under way
	attempt int       // which one that is
	random  *rand.Rand
}

func newWalker(t *testing.T, e desktest.Engine, seed uint64) *walker {
	w := &walker{world: newWorld(t, e), begun: make(chan int), answer: make(chan bool), random: rand.New(rand.NewPCG(seed, 0))}
	w.world.answer(func(d outbox.Delivery) outbox.Outcome {
		w.begun <- d.Attempt
		if <-w.answer {
			return taken200
		}
		return outbox.Outcome{Class: "SERVER_ERROR", Status: 500}
	})
	w.target = w.endpoint(t, desk.TargetChange{})
	w.ticket = w.claim(t, "")
	w.Sequence(t)
	return w
}

// lane reads the lane's row.
func (w *walker) lane(t *testing.T) (lane store.Lane) {
	t.Helper()
	must(t, w.Store.Write(t.Context(), func(tx *store.Tx) (err error) { // it locks the row
		lane, err = tx.LaneOf(w.target, w.ticket.ID, 0)
		return err
	}))
	return lane
}

// state is where the lane stands.
func (w *walker) state(t *testing.T) string {
	switch lane := w.lane(t); {
	case lane.Dead:
		return dead
	case lane.Taken:
		return taken
	case lane.Head <= lane.Tail:
		return waiting
	}
	return idle
}

// take lets a node take what is due, whenever that is.
func (w *walker) take(t *testing.T) string {
	w.Clock.Advance(time.Hour)
	w.runner.Look()
	w.runner.Step(t.Context())
	if n := w.runner.Flights(); n > w.calls {
		w.attempt = <-w.begun
		w.calls = n
		return takenUp
	}
	return unwanted
}

// end ends the call under way, and stores what came of it; now and then the node goes on.
func (w *walker) end(t *testing.T, done bool) string {
	w.answer <- done
	w.calls--
	if done && w.random.IntN(2) > 0 {
		w.runner.LandStep(t.Context())
		if w.runner.Flights() > 0 {
			w.attempt = <-w.begun
			w.calls++
		}
	} else {
		w.runner.Stop(t.Context())
	}
	switch {
	case done:
		return delivered
	case w.attempt > len(waits):
		return givenUp
	}
	return failed
}

// steps are what can be done to a lane in a state, most often what leads to the last failure.
func (w *walker) steps(state string) []string {
	switch {
	case state == taken:
		return append(slices.Repeat([]string{failed}, 12), owed, leaseOver, delivered)
	case w.calls > 0: // whose lease is over
		return append(slices.Repeat([]string{failed}, 12), delivered)
	case state == waiting:
		return append(slices.Repeat([]string{takenUp}, 16), owed, unwanted, sendAgain, skipped)
	case state == dead:
		return []string{owed, sendAgain, skipped}
	}
	return []string{owed}
}

// choose chooses a step, rather one that may show something new.
func (w *walker) choose(state string, seen map[transition]bool) string {
	steps := w.steps(state)
	fresh := slices.DeleteFunc(slices.Clone(steps), func(step string) bool {
		return !slices.ContainsFunc(transitions, func(row transition) bool {
			return row.from == state && (row.step == step || row.step == givenUp && step == failed) && !seen[row]
		})
	})
	if len(fresh) > 0 && w.random.IntN(4) > 0 {
		steps = fresh
	}
	return steps[w.random.IntN(len(steps))]
}

// do does a step, and says what it was.
func (w *walker) do(t *testing.T, step string) string {
	next := fmt.Sprintf("%s-%d", w.ticket.ID, w.lane(t).Head)
	switch step {
	case owed:
		w.comment(t, w.ticket)
		w.Sequence(t)
	case leaseOver:
		w.Clock.Advance(w.runner.Lease() + time.Second)
	case delivered, failed:
		return w.end(t, step == delivered)
	case takenUp:
		return w.take(t)
	case unwanted:
		w.change(t, w.target.ID, desk.TargetChange{Events: &[]desk.EventType{desk.TicketClosed}})
		defer w.change(t, w.target.ID, desk.TargetChange{Events: &[]desk.EventType{}})
		return w.take(t)
	case sendAgain:
		_, err := w.App.SendAgain(t.Context(), w.actor, w.target.ID, app.Again{Event: next}, app.Once[app.SentAgain]{})
		must(t, err)
	case skipped:
		must(t, w.App.SkipDelivery(t.Context(), w.actor, w.target.ID, next, app.Once[struct{}]{}))
	}
	return step
}

func TestALaneGoesThroughTheTableOfStates(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		seed := rand.Uint64()
		w := newWalker(t, e, seed)
		seen := map[transition]bool{}
		for n := 0; n < 2000 && len(seen) < len(transitions); n++ {
			before := w.state(t)
			step := w.do(t, w.choose(before, seen))
			did := transition{before, step, w.state(t)}
			if !slices.Contains(transitions, did) {
				t.Fatalf("%+v is not in the table (seed %d)", did, seed)
			}
			seen[did] = true
		}
		for w.calls > 0 {
			w.end(t, true)
		}
		for _, row := range transitions {
			if !seen[row] {
				t.Errorf("%+v is in the table and never happened (seed %d)", row, seed)
			}
		}
	})
}
