package outbox

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// land notes what came of a delivery, to be stored with the next turn.
func (r *Runner) land(l landing) {
	p := r.peers[l.TargetID]
	r.flights--
	p.flights--
	if l.missed {
		r.metrics.attempts.WithLabelValues(string(p.target.Kind), missed).Inc()
		return // whoever has the lane now settles it
	}
	r.metrics.attempts.WithLabelValues(string(p.target.Kind), l.Class).Inc()
	if l.Err != nil {
		r.log.Debug("an attempt to deliver failed", "target", l.TargetID, "event", l.Event.ID(), "attempt", l.Attempt, "class", l.Class, "error", l.Err)
	}
	if !l.Quiet {
		r.turn.Attempts = append(r.turn.Attempts, store.Attempt{LaneID: l.LaneID, Seq: l.Event.Seq, Fence: l.Fence, At: l.at, Took: l.took,
			Class: l.Class, Status: l.Status, Said: l.Said, Doubtful: l.Doubtful})
	}
	now := r.store.Now()
	s := store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: l.Event.Seq, Then: l.Then}
	switch {
	case l.Done:
		s.Head++
		r.succeeded(p, l)
		s.Keep = r.keeps(p, l)
		if s.Keep == nil && l.Tail > l.Event.Seq {
			p.settled(now)
		}
	case l.Gone:
		s.Tries, s.Due = l.Tries, now
		r.gone(p, l, now)
	default:
		s.Tries, s.Due, s.Dead = r.postponed(p, l, now)
		p.settled(s.Due)
		if l.Again != "" && !s.Dead.IsZero() { // the log tells it; what was asked for besides holds up nobody, and needs no person
			s.Head, s.Tries, s.Dead = l.Event.Seq+1, 0, time.Time{}
			r.later = true
		}
	}
	r.turn.Settled = append(r.turn.Settled, s)
}

// keeps decides whether the node goes on with the lane at once: it does while there is something to send, room for it, and
// no reason to ask the target's state first.
func (r *Runner) keeps(p *peer, l landing) *store.Keep {
	if l.Tail == l.Event.Seq || l.Row >= mostInRow || p.target.Version != l.Target.Version || p.target.State != desk.TargetActive || p.open() || p.flights+p.kept >= p.window {
		return nil
	}
	p.kept++
	return &store.Keep{Version: p.target.Version, Row: l.Row + 1, Lease: p.handler.lease()}
}

// dropKept ends the keeping of lanes: those that were kept are taken, and begin. The others were given back, because their
// target was changed or does not want the next event: they are due, like those of a node that stops.
func (r *Runner) dropKept(taken []store.Taken, now time.Time) {
	kept := map[store.LaneID]bool{}
	for i := range taken {
		kept[taken[i].LaneID] = true
	}
	for i := range r.turn.Settled {
		s := &r.turn.Settled[i]
		if s.Keep == nil {
			continue
		}
		p := r.peers[s.TargetID]
		p.kept--
		s.Keep = nil
		if !kept[s.LaneID] {
			p.due = earlier(p.due, now)
		}
	}
}

func (r *Runner) succeeded(p *peer, l landing) {
	if l.wakes != r.wakes {
		r.later = true // an event may have come behind this one meanwhile
	}
	since := p.target.OpenedAt
	if p.succeeded() {
		r.turn.Marks = append(r.turn.Marks, store.Mark{TargetID: l.TargetID})
		r.log.Info("a target takes events again, what waited is delivered", "target", l.TargetID, "since", since)
	}
}

// gone disables a target, unless it was changed since the call began: then it was another address that said so.
func (r *Runner) gone(p *peer, l landing, now time.Time) {
	r.later = true
	if p.target.State != desk.TargetActive || p.target.Version != l.Target.Version {
		return
	}
	p.target.Disable(desk.DisabledAsGone, now)
	r.turn.Marks = append(r.turn.Marks, store.Mark{TargetID: p.target.ID, Gone: true, Version: l.Target.Version})
	r.log.Warn("a target says that it is gone: it is disabled, and its events are held", "target", p.target.ID)
}

// postponed decides what becomes of a lane whose delivery failed. While the circuit is open its schedule stands still: the
// attempt uses up nothing, and the lane goes behind the others that are due.
func (r *Runner) postponed(p *peer, l landing, now time.Time) (tries int, due, dead time.Time) {
	if l.Park {
		r.giveUp(l)
		return l.Attempt, time.Time{}, now
	}
	p.asked = min(l.Wait, longestAsked)
	if p.broke(l.TicketID, l.Trip, now) {
		r.later = true // whether another node knows better
		r.turn.Marks = append(r.turn.Marks, store.Mark{TargetID: l.TargetID, Opened: p.target.OpenedAt, Probe: p.target.ProbeAt, Since: p.since})
		r.log.Warn("a target cannot be reached: its events wait, and one of them is tried now and then", "target", l.TargetID, "class", l.Class, "status", l.Status, "error", cause(l))
	}
	if p.open() {
		return l.Tries, now, time.Time{}
	}
	attempt := l.Attempt
	if p.handler.Forever {
		attempt = min(attempt, len(p.handler.Waits))
	}
	wait, left := p.handler.Waits.after(attempt, l.Wait, r.random)
	if !left {
		r.giveUp(l)
		return l.Attempt, time.Time{}, now
	}
	return l.Attempt, now.Add(wait), time.Time{}
}

func (r *Runner) giveUp(l landing) {
	r.log.Warn("an event was given up and waits for a person", "target", l.TargetID, "event", l.Event.ID(), "attempts", l.Attempt, "class", l.Class, "status", l.Status, "error", cause(l))
}

// cause words why there was no answer.
func cause(l landing) string {
	if l.Err != nil {
		return l.Err.Error()
	}
	return "none"
}

// pause is how long there is nothing to do, after what was due at a time was planned, but to wait for something to happen.
// What was due then and was not taken waits for room, which a call makes when it ends.
func (r *Runner) pause(planned, now time.Time) time.Duration {
	pause := lookAtLeast
	if r.stale {
		pause = lookPause
	}
	for _, p := range r.peers {
		if due := p.dueAt(); due.After(planned) {
			pause = min(pause, due.Sub(now))
		}
	}
	return max(pause, 0)
}
