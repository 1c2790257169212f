package outbox

import (
	"cmp"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How much one node asks of one target.
const (
	firstWindow = 2  // calls at once to a target of which nothing is known
	mostWindow  = 16 // and to one that takes what it gets
)

// A circuit opens after so many failures in a row over so many tickets: one ticket whose events fail is no reason to leave
// the others alone.
const (
	opensAfter   = 10
	opensTickets = 3
)

// peer is what a node knows of a target.
type peer struct {
	target   desk.Target
	handler  Handler
	due      time.Time     // when the first of its lanes is due, as far as is known; zero: nothing is
	from     time.Time     // what was due before, nodes have, or a look will find
	settles  time.Time     // likewise of those whose end is not stored yet; zero: of none
	flights  int           // calls under way
	kept     int           // lanes with which the node goes on, as soon as that is stored
	window   int           // calls that may be under way: grows with each success and shrinks with each failure
	proven   bool          // the last call to it was a success
	failures int           // in a row
	since    time.Time     // when the first of those was noted
	asked    time.Duration // how long the target asked to be left alone when it failed last
	failed   []string      // the tickets of those, up to opensTickets
}

// read takes over what the store says of the target. When its circuit is closed there, and was open as far as this node
// knew, then another node had a success or a person enabled it: the failures before it do not count any more.
func (p *peer) read(d store.DueTarget, h Handler) {
	if p.open() && d.OpenedAt.IsZero() {
		p.failures, p.failed, p.window = 0, nil, firstWindow
	}
	p.target, p.handler, p.due, p.from = d.Target, h, earlier(d.Due, p.settles), d.Due
}

func (p *peer) open() bool { return !p.target.OpenedAt.IsZero() }

// room is how many more calls may begin. Calls under way count: a target that hangs has not failed yet.
func (p *peer) room(now time.Time) int {
	switch {
	case p.target.State != desk.TargetActive || p.due.IsZero() || p.due.After(now):
		return 0
	case p.open() && (p.flights+p.kept > 0 || p.target.ProbeAt.After(now)):
		return 0
	case p.open():
		return 1
	}
	return p.window - p.flights - p.kept
}

// settled notes when a lane is due whose end is to be stored; zero: it is not.
func (p *peer) settled(due time.Time) {
	p.settles = earlier(p.settles, due)
	p.due = earlier(p.due, due)
}

// earlier is the first of two times of which each may be zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// dueAt is when there will be something to do for the target; zero: not before something happens.
func (p *peer) dueAt() time.Time {
	switch {
	case p.target.State != desk.TargetActive || p.due.IsZero():
		return time.Time{}
	case p.open() && p.target.ProbeAt.After(p.due):
		return p.target.ProbeAt
	}
	return p.due
}

// succeeded notes a success, and reports whether it closes the circuit.
func (p *peer) succeeded() (closes bool) {
	p.failures, p.failed, p.proven, p.asked = 0, nil, true, 0
	if p.open() {
		p.target.OpenedAt, p.target.ProbeAt, p.window = time.Time{}, time.Time{}, firstWindow
		return true
	}
	p.window = min(p.window+1, cmp.Or(p.handler.Most, mostWindow))
	return false
}

// pause is how long to wait before the next probe.
func (p *peer) pause() time.Duration { return max(p.handler.Probe, p.asked) }

// broke notes a failure, and reports whether it opens the circuit: many do, or a single one that trips it.
func (p *peer) broke(ticket string, trips bool, now time.Time) (opens bool) {
	if p.failures == 0 {
		p.since = now
	}
	p.failures++
	p.proven = false
	p.window = max(1, p.window/2)
	if len(p.failed) < opensTickets && !slices.Contains(p.failed, ticket) {
		p.failed = append(p.failed, ticket)
	}
	if p.open() || !trips && (p.failures < opensAfter || len(p.failed) < opensTickets) {
		return false
	}
	p.target.OpenedAt, p.target.ProbeAt = now, now.Add(p.pause())
	return true
}

// shares are the calls that may still begin. Targets that did not take the last one get half of all, and those of one partner
// a part of that: however many addresses somebody names at which nobody listens, the others' go on.
type shares struct {
	all, unproven int
	ofPartner     map[string]int // unproven, under way
}

func newShares(flights int, peers map[string]*peer) shares {
	s := shares{all: mostFlights - flights, unproven: mostFlights / 2, ofPartner: map[string]int{}}
	for _, p := range peers {
		s.all -= p.kept
		if !p.proven {
			s.unproven -= p.flights + p.kept
			s.ofPartner[p.target.PartnerID] += p.flights + p.kept
		}
	}
	return s
}

// take gives a peer as much of what it wants as there is for it.
func (s *shares) take(p *peer, want int) int {
	most := min(want, s.all)
	if !p.proven {
		most = min(most, s.unproven, mostOfPartner-s.ofPartner[p.target.PartnerID])
	}
	if most <= 0 {
		return 0
	}
	s.all -= most
	if !p.proven {
		s.unproven -= most
		s.ofPartner[p.target.PartnerID] += most
	}
	return most
}
