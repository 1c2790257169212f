package desk

import "time"

// What part of the time to resolution the other clocks have when a Policy does not say, in percent.
const (
	DefaultResponsePercent   = 25
	DefaultEscalationPercent = 75
)

// Policy is a promise about the time in which tickets of a service are answered and resolved (the spec, section 4).
type Policy struct {
	ResolutionHours   int    // at least 1; calendar hours when Calendar is empty, else working hours of that calendar
	ResponsePercent   int    // of the time to resolution, until somebody answered; 0 means DefaultResponsePercent
	EscalationPercent int    // of the time to resolution, until a supervisor is told; 0 means DefaultEscalationPercent
	Calendar          string // code of the Calendar that counts; empty means calendar time
}

// part returns a percentage of the time to resolution.
func (p Policy) part(percent int) time.Duration {
	return time.Hour / 100 * time.Duration(p.ResolutionHours) * time.Duration(percent)
}

// Clocks measure a ticket against its policy. A zero time means not happened, and for a deadline that there is none.
//
// A breach is known at any moment by comparing (Breached); the two marks only keep those that happened before the
// clocks were last touched, because a breach stays true for ever. A deadline that is met may lie before the moment
// that met it without a breach: when the clocks stood still in between.
type Clocks struct {
	StartedAt     time.Time
	ResponseDue   time.Time // the first answer is promised until then, that moment included
	EscalationDue time.Time // a supervisor is told then; passing it is no breach
	ResolutionDue time.Time // the resolution is promised until then, that moment included

	RespondedAt time.Time
	PausedAt    time.Time // since when the clocks stand still; stays when they are stopped during a pause
	StoppedAt   time.Time // when the ticket was resolved or cancelled

	ResponseBreached, ResolutionBreached bool
}

// StartClocks starts the clocks of a ticket. The calendar is the one that the policy names.
func StartClocks(p Policy, c Calendar, at time.Time) Clocks {
	response, escalation := p.ResponsePercent, p.EscalationPercent
	if response == 0 {
		response = DefaultResponsePercent
	}
	if escalation == 0 {
		escalation = DefaultEscalationPercent
	}
	return Clocks{
		StartedAt:     at,
		ResponseDue:   c.Add(at, p.part(response)),
		EscalationDue: c.Add(at, p.part(escalation)),
		ResolutionDue: c.Add(at, p.part(100)),
	}
}

// Respond meets the response clock: somebody answered. Only the first time counts.
func (k Clocks) Respond(at time.Time) Clocks {
	if !k.RespondedAt.IsZero() {
		return k
	}
	k = k.settle(at)
	k.RespondedAt = at
	return k
}

// Pause lets the clocks stand still: the ticket waits for the customer. Clocks that stand still already do not change.
func (k Clocks) Pause(at time.Time) Clocks {
	if !k.PausedAt.IsZero() || !k.StoppedAt.IsZero() {
		return k
	}
	k = k.settle(at)
	k.PausedAt = at
	return k
}

// Resume ends a pause: every deadline that was neither met nor passed when it began moves, so that as much working time
// is left as then. Clocks that are not paused, or are stopped, do not change.
func (k Clocks) Resume(c Calendar, at time.Time) Clocks {
	if k.PausedAt.IsZero() || !k.StoppedAt.IsZero() {
		return k
	}
	return k.goOn(c, at)
}

// Stop ends the measuring: the ticket is resolved or cancelled, which is a response too. What is breached by then stays
// breached, and nothing is breached after it. Clocks that are stopped already do not change.
func (k Clocks) Stop(at time.Time) Clocks {
	if !k.StoppedAt.IsZero() {
		return k
	}
	k = k.settle(at).Respond(at)
	k.StoppedAt = at
	return k
}

// Reopen takes a stop back. The time since then counts like a pause, and so does that of a pause in which the clocks
// were stopped. Clocks that are not stopped do not change.
func (k Clocks) Reopen(c Calendar, at time.Time) Clocks {
	if k.StoppedAt.IsZero() {
		return k
	}
	return k.goOn(c, at)
}

// Breached reports whether a promise is broken at a moment: whether the response or the resolution came after its
// deadline, or is missing after it.
func (k Clocks) Breached(at time.Time) bool {
	k = k.settle(at)
	return k.ResponseBreached || k.ResolutionBreached
}

// goOn lets clocks that stand still run again.
func (k Clocks) goOn(c Calendar, at time.Time) Clocks {
	stood := k.shown(at) // the deadlines were settled then
	move := func(due *time.Time) {
		if !due.IsZero() && !stood.After(*due) {
			*due = c.Add(at, c.Between(stood, *due))
		}
	}
	if k.RespondedAt.IsZero() {
		move(&k.ResponseDue)
	}
	move(&k.EscalationDue)
	move(&k.ResolutionDue)
	k.PausedAt, k.StoppedAt = time.Time{}, time.Time{}
	return k
}

// settle marks the deadlines that have passed unmet at a moment.
func (k Clocks) settle(at time.Time) Clocks {
	at = k.shown(at)
	if k.RespondedAt.IsZero() && passed(k.ResponseDue, at) {
		k.ResponseBreached = true
	}
	if passed(k.ResolutionDue, at) {
		k.ResolutionBreached = true
	}
	return k
}

// shown returns the moment that the clocks show at a moment: they may stand still.
func (k Clocks) shown(at time.Time) time.Time {
	for _, halt := range []time.Time{k.PausedAt, k.StoppedAt} {
		if !halt.IsZero() {
			at = earlier(at, halt)
		}
	}
	return at
}

// passed reports whether a deadline, if there is one, lies before a moment.
func passed(due, at time.Time) bool { return !due.IsZero() && at.After(due) }
