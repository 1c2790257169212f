package desk

import "time"

// SLAState says how a ticket stands with its nearest deadline.
type SLAState string

// The states of the nearest deadline.
const (
	SLARunning SLAState = "running"
	SLANear    SLAState = "soon"     // a quarter of the time is left, or less
	SLAOver    SLAState = "breached" // a deadline has passed unmet
	SLAStands  SLAState = "paused"   // the ticket waits for the customer, and so do the clocks
	SLAMet     SLAState = "met"      // settled in time
)

// SLA is the nearest deadline of a ticket at a moment.
type SLA struct {
	State    SLAState
	Response bool          // the deadline is that of the first answer, else that of the resolution
	Due      time.Time     // the deadline
	Left     time.Duration // until then, in calendar time; negative when it is over
	Counted  time.Duration // until then, in the time that the policy counts; what was left when the clocks were paused
}

// NextDeadline is the deadline that comes next: of the first answer until somebody answered, then of the resolution. It
// is zero for a settled ticket.
func (t *Ticket) NextDeadline() time.Time {
	switch c := t.Clocks; {
	case t.Status.Finalized():
		return time.Time{}
	case t.answerDue():
		return c.ResponseDue
	default:
		return c.ResolutionDue
	}
}

// answerDue reports whether the first answer is what comes next.
func (t *Ticket) answerDue() bool {
	c := t.Clocks
	return c.RespondedAt.IsZero() && !c.ResponseDue.IsZero() && c.ResponseDue.Before(c.ResolutionDue)
}

// SLA says how the ticket stands with its nearest deadline, in calendar time (see SLAIn).
func (t *Ticket) SLA(at time.Time) SLA { return t.SLAIn(Calendar{}, at) }

// SLAIn says how the ticket stands with its nearest deadline; cal is the calendar of its clocks.
func (t *Ticket) SLAIn(cal Calendar, at time.Time) SLA {
	c := t.Clocks
	s := SLA{State: SLARunning, Due: t.NextDeadline(), Response: t.answerDue()}
	if t.Status.Finalized() {
		s.State, s.Response, s.Due = SLAMet, false, c.ResolutionDue
		if c.Breached(at) {
			s.State = SLAOver
		}
		return s
	}
	shown := c.shown(at)
	s.Left = s.Due.Sub(shown)
	s.Counted = cal.Between(shown, s.Due)
	switch {
	case s.Left < 0 || c.Breached(at):
		s.State = SLAOver
	case !c.PausedAt.IsZero():
		s.State = SLAStands
	case 4*s.Left <= s.Due.Sub(c.StartedAt):
		s.State = SLANear
	}
	return s
}
