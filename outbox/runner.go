// Package outbox delivers what is owed to those outside, and knows no more of them than a function that is called. What is
// owed hangs on lanes: the events of one ticket for one target, in order. A lane whose event fails waits, and keeps back
// nothing but the later events of its own ticket; a target that cannot be reached at all is left alone but for a probe.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How much a node does at once, and how often it looks.
const (
	mostFlights   = 512                   // calls under way to all targets; those that did not take the last one share half
	mostOfPartner = mostFlights / 8       // and those of one partner so much of it
	mostInRow     = 16                    // events of one lane, behind the first, before others of the target have their turn
	lookPause     = 25 * time.Millisecond // between two looks at what is due, and again for every lookTargets
	lookTargets   = 1000
	lookAtLeast   = time.Second      // what another process made due is seen so soon
	troublePause  = time.Second      // before the database is asked again that failed
	leaseReserve  = 45 * time.Second // of a lease beyond the longest call
)

// missed is the class of a delivery that was not begun, in the metric.
const missed = "MISSED"

// Delivery is an event on its way.
type Delivery struct {
	store.Taken
	Target  desk.Target
	Attempt int // 1: the first of the event
}

// Outcome is what came of an attempt.
type Outcome struct {
	Done   bool          // the target took it
	Gone   bool          // the target wants nothing more, ever
	Class  string        // what came of it, for people and programs
	Status int           // HTTP; 0: none
	Said   string        // how the answer began
	Wait   time.Duration // how long the target asks to be left alone; 0: it does not
	Park   bool          // it did not, and no attempt more is made before a person asks for it
	Trip   bool          // likewise, and no other event would have a better chance: the circuit opens at once
	Quiet  bool          // nothing was sent: the log of attempts does not tell it
	Then   store.Then    // what is stored together with the outcome; nil: nothing
	Err    error         // why there was no answer; for the operator, never for partners
}

// Handler delivers to the targets of a kind.
type Handler struct {
	Deliver func(context.Context, Delivery) Outcome // makes one attempt, within Limit
	Limit   time.Duration
	Waits   Waits
	Forever bool          // the last wait repeats, and no event is given up; default: it is, behind the last wait
	Most    int           // calls at once to one target; default mostWindow
	Probe   time.Duration // pause between single tries while a circuit is open
}

// lease is for how long a node has what it takes: no call is under way so long.
func (h Handler) lease() time.Duration { return h.Limit + leaseReserve }

// Options are what New needs.
type Options struct {
	Store    *store.Store
	Handlers map[desk.TargetKind]Handler
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil: none
	Random   *rand.Rand            // default: a random one
}

// Runner delivers what is owed. Several nodes may do so over one database.
type Runner struct {
	store    *store.Store
	handlers map[desk.TargetKind]Handler
	log      *slog.Logger
	metrics  metrics
	random   *rand.Rand
	wake     chan struct{}
	ready    chan flight // to a goroutine that has flown before: its stack has grown already
	landed   chan landing

	peers   map[string]*peer
	flights int
	stale   bool      // something may be due that is not known
	later   bool      // likewise, as soon as what landed is stored
	wakes   int       // how often something may have been owed
	looked  time.Time // when the database was asked last
	failed  time.Time // when the database failed, by the clock of the process: the store's may be the cause
	turn    store.Turn
	offset  int // which target comes first in the next turn
}

// flight is a delivery that begins.
type flight struct {
	Delivery
	deliver func(context.Context, Delivery) Outcome
	limit   time.Duration
	since   time.Time // when its lease began, or before
	wakes   int       // that the runner had seen then
}

// landing is a delivery that came to its end.
type landing struct {
	Delivery
	Outcome
	at     time.Time
	took   time.Duration
	wakes  int  // as of its flight
	missed bool // it was not begun: its lease had run too far
}

// New makes a runner.
func New(o Options) *Runner {
	r := &Runner{store: o.Store, handlers: o.Handlers, log: o.Log, metrics: newMetrics(o.Metrics), random: o.Random,
		wake: make(chan struct{}, 1), ready: make(chan flight), landed: make(chan landing, mostFlights), peers: map[string]*peer{}, stale: true}
	if r.random == nil {
		r.random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	for kind := range o.Handlers {
		r.metrics.attempts.WithLabelValues(string(kind), missed) // so that a series is there before its first attempt
	}
	return r
}

// Wake tells the runner that something may be owed. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Runner) woken() {
	r.stale = true
	r.wakes++
}

// Run delivers until ctx ends; then it waits for the calls under way and stores what came of them.
func (r *Runner) Run(ctx context.Context) {
	defer close(r.ready)
	working := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		pause := r.step(working)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-r.wake:
			r.woken()
		case <-timer.C:
		case l := <-r.landed:
			r.land(l)
		}
		timer.Stop()
	}
	r.stop(working)
}

// stop waits for what is under way, and settles each as it comes: nobody knows how long the process is left alive.
func (r *Runner) stop(ctx context.Context) {
	for {
		r.landAll()
		r.turn.Wants = nil
		r.dropKept(nil, r.store.Now())
		_, err := r.store.Turn(ctx, r.turn)
		if err == nil {
			r.turn = store.Turn{}
		}
		if r.flights == 0 {
			if err != nil {
				r.log.Warn("what became of the last deliveries could not be stored: some may be sent twice", "error", err)
			}
			return
		}
		r.land(<-r.landed)
	}
}

// step does what there is to do, and returns how long there is nothing. What landed is stored though it cannot be read what
// is due: its lease runs.
func (r *Runner) step(ctx context.Context) time.Duration {
	r.landAll()
	if rest := troublePause - time.Since(r.failed); rest > 0 {
		return rest
	}
	now := r.store.Now()
	var blind error
	if r.mayLook(now) {
		blind = r.look(ctx, now)
	}
	r.turn.Wants = r.turn.Wants[:0]
	if blind == nil {
		r.plan(now)
	}
	if len(r.turn.Settled)+len(r.turn.Attempts)+len(r.turn.Marks)+len(r.turn.Wants) > 0 {
		before := r.store.Now()
		taken, err := r.store.Turn(ctx, r.turn)
		if err != nil {
			return r.trouble("deliveries cannot be stored, trying again", err)
		}
		r.begin(ctx, taken, before)
	}
	if blind != nil {
		return r.trouble("what is to be delivered cannot be read, trying again", blind)
	}
	return r.pause(now, r.store.Now())
}

// mayLook reports whether it is time to ask what is due. While a circuit's new state, or that a target is gone, is not stored,
// the answer would bring back the old one.
func (r *Runner) mayLook(now time.Time) bool {
	since := now.Sub(r.looked)
	return len(r.turn.Marks) == 0 && (r.stale && since >= r.lookPause() || since >= lookAtLeast || since < 0)
}

// lookPause is longer with many targets: each look reads all of them.
func (r *Runner) lookPause() time.Duration {
	return min(lookAtLeast, lookPause*time.Duration(1+len(r.peers)/lookTargets))
}

// trouble leaves a database alone that failed. What came of deliveries is kept until it can be stored.
func (r *Runner) trouble(what string, err error) time.Duration {
	r.log.Warn(what, "error", err)
	r.failed = time.Now()
	return troublePause
}

func (r *Runner) landAll() {
	for {
		select {
		case l := <-r.landed:
			r.land(l)
		default:
			return
		}
	}
}

// look asks what is due, of one lane of each target.
func (r *Runner) look(ctx context.Context, now time.Time) error {
	due, err := r.store.DueTargets(ctx)
	if err != nil {
		return err
	}
	for _, p := range r.peers {
		p.due = time.Time{}
	}
	for _, d := range due {
		h, known := r.handlers[d.Kind]
		if !known {
			continue
		}
		p := r.peers[d.ID]
		if p == nil {
			p = &peer{window: firstWindow}
			r.peers[d.ID] = p
		}
		p.read(d, h)
	}
	for id, p := range r.peers {
		if p.due.IsZero() && p.flights+p.kept == 0 {
			delete(r.peers, id)
		}
	}
	r.stale, r.looked = false, now
	r.metrics.look(r.peers, now)
	return nil
}

// plan fills the turn with what may be taken: of every target in its turn, as much as its window has room for.
func (r *Runner) plan(now time.Time) {
	left := newShares(r.flights, r.peers)
	for _, id := range r.inTurn(now) {
		p := r.peers[id]
		most := left.take(p, p.room(now))
		if most <= 0 {
			continue
		}
		w := store.Want{Target: p.target, Most: most, From: p.from, Lease: p.handler.lease()}
		if p.open() {
			w.Probe = now.Add(p.pause())
		}
		r.turn.Wants = append(r.turn.Wants, w)
	}
}

// inTurn lists the targets with something due, another one first each time.
func (r *Runner) inTurn(now time.Time) []string {
	ids := make([]string, 0, len(r.peers))
	for id, p := range r.peers {
		if !p.due.IsZero() && !p.due.After(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return nil
	}
	r.offset = (r.offset + 1) % len(ids)
	return slices.Concat(ids[r.offset:], ids[:r.offset])
}

// begin starts what was taken. The leases began after since.
func (r *Runner) begin(ctx context.Context, taken []store.Taken, since time.Time) {
	got := map[string]int{} // of what was wanted
	for _, t := range taken {
		if t.Row == 0 {
			got[t.TargetID]++
		}
	}
	for _, w := range r.turn.Wants {
		p := r.peers[w.Target.ID]
		if !w.Probe.IsZero() {
			p.target.ProbeAt = w.Probe // of another node, when it was not ours
		}
		if got[w.Target.ID] < w.Most {
			p.due, p.settles, r.stale = time.Time{}, time.Time{}, true // what is left is not due yet, or in other hands
		}
	}
	r.dropKept(taken, since)
	r.turn = store.Turn{Wants: r.turn.Wants[:0]}
	r.stale, r.later = r.stale || r.later, false
	for _, t := range taken {
		p := r.peers[t.TargetID]
		p.flights++
		r.flights++
		if t.Row == 0 {
			p.from = t.Due
		}
		f := flight{Delivery{Taken: t, Target: p.target, Attempt: t.Tries + 1}, p.handler.Deliver, p.handler.Limit, since, r.wakes}
		select {
		case r.ready <- f:
		default:
			go r.flyAll(ctx, f)
		}
	}
}

// flyAll makes one attempt after the other until Run ends.
func (r *Runner) flyAll(ctx context.Context, f flight) {
	for more := true; more; f, more = <-r.ready {
		r.landed <- r.fly(ctx, f)
	}
}

// fly makes the attempt, unless the process stood still for so long that another node may have the lane. Leases run by the
// clock of the store, which goes on while a machine is suspended; that of the process may not.
func (r *Runner) fly(ctx context.Context, f flight) (l landing) {
	l = landing{Delivery: f.Delivery, at: r.store.Now(), wakes: f.wakes}
	if l.at.Sub(f.since) > leaseReserve/2 {
		l.missed = true
		return l
	}
	began := time.Now()
	defer func() {
		if crash := recover(); crash != nil {
			r.log.Error("a delivery panicked", "target", f.Target.ID, "event", f.Event.ID(), "panic", fmt.Sprint(crash), "stack", string(debug.Stack()))
			l.Outcome = Outcome{Class: "FAULT"}
		}
		l.took = time.Since(began)
	}()
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	l.Outcome = f.deliver(ctx, f.Delivery)
	return l
}
