package outbox

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// Look lets the next turn ask the database what is due.
func (r *Runner) Look() { r.woken() }

// Turn does what there is to do, waits for the calls that it begins, and returns how long there is nothing more.
func (r *Runner) Turn(ctx context.Context) time.Duration {
	pause := r.step(ctx)
	for r.flights > 0 {
		r.land(<-r.landed)
	}
	return pause
}

// OrderlyTurn is Turn, but what came of the calls is noted in an order that does not depend on who was faster.
func (r *Runner) OrderlyTurn(ctx context.Context, place func(Delivery) string) {
	r.step(ctx)
	landed := make([]landing, r.flights)
	for i := range landed {
		landed[i] = <-r.landed
	}
	slices.SortFunc(landed, func(a, b landing) int { return cmp.Compare(place(a.Delivery), place(b.Delivery)) })
	for _, l := range landed {
		r.land(l)
	}
}

// Step does what there is to do and waits for nothing.
func (r *Runner) Step(ctx context.Context) time.Duration { return r.step(ctx) }

// LandStep is Step as soon as one of the calls under way has ended.
func (r *Runner) LandStep(ctx context.Context) {
	r.land(<-r.landed)
	r.step(ctx)
}

// Flights is how many calls are under way.
func (r *Runner) Flights() int { return r.flights }

// Unsettled is how many deliveries came to an end that is not stored.
func (r *Runner) Unsettled() int { return len(r.turn.Settled) }

// Lease is for how long a node has what it took for a partner's endpoint; without such for the provider.
func (r *Runner) Lease() time.Duration {
	if h, known := r.handlers[desk.RegisteredTarget]; known {
		return h.lease()
	}
	return r.handlers[desk.SociomileTarget].lease()
}

// Stop waits for what is under way, and settles it.
func (r *Runner) Stop(ctx context.Context) { r.stop(ctx) }

// MostFlights is how many calls may be under way.
const MostFlights = mostFlights

// MostInRow is how many events of one lane a node delivers, behind the first, before it gives the lane back.
const MostInRow = mostInRow

// OpensAfter is how many failures in a row open a circuit.
const OpensAfter = opensAfter

// After tells how long to wait after the n-th failure.
func (w Waits) After(n int, asked time.Duration, random *rand.Rand) (time.Duration, bool) {
	return w.after(n, asked, random)
}

// Peer is what a node knows of a target.
type Peer = peer

// NewPeer makes a peer with something due.
func NewPeer(due time.Time) *Peer {
	return &peer{window: firstWindow, due: due, target: desk.Target{State: desk.TargetActive}, handler: Handler{Probe: time.Minute}}
}

// Room is how many more calls may begin.
func (p *peer) Room(now time.Time) int { return p.room(now) }

// Begin notes that a call is under way.
func (p *peer) Begin() { p.flights++ }

// End notes how a call ended.
func (p *peer) End(ok bool, ticket string, now time.Time) {
	p.flights--
	if ok {
		p.succeeded()
	} else {
		p.broke(ticket, false, now)
	}
}

// Open reports whether the circuit is open.
func (p *peer) Open() bool { return p.open() }
