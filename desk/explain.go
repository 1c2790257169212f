package desk

import "time"

// ClockSpan is a stretch of a ticket's time, and whether it counted for its deadlines.
type ClockSpan struct {
	From, To time.Time
	Kind     SpanKind
	Counted  time.Duration // of it; in working time when the clocks have a calendar
	Why      string        // of SpanClosed: the name of the closed day; empty: no office hours
}

// SpanKind says whether time counted.
type SpanKind string

// The kinds of time.
const (
	SpanCounted SpanKind = "counted"
	SpanClosed  SpanKind = "closed"  // days on which nobody works
	SpanPaused  SpanKind = "paused"  // the ticket waited for the customer
	SpanStopped SpanKind = "stopped" // the ticket was settled
)

// ExplainClocks tells how the time of a ticket was counted, from its creation to a moment: what counted, what did not, and
// why. cal is the calendar of its clocks. Neighbours of one kind are one span.
func ExplainClocks(t *Ticket, events []Event, cal Calendar, at time.Time) []ClockSpan {
	steps, err := Steps(events)
	if err != nil {
		return nil
	}
	var spans []ClockSpan
	for i, step := range steps {
		until := at
		if i+1 < len(steps) {
			until = earlier(steps[i+1].At, at)
		}
		switch {
		case !until.After(step.At):
		case step.Status == Pending:
			spans = appendSpan(spans, ClockSpan{From: step.At, To: until, Kind: SpanPaused})
		case step.Status.Finalized():
			spans = appendSpan(spans, ClockSpan{From: step.At, To: until, Kind: SpanStopped})
		default:
			spans = cal.explain(spans, step.At, until)
		}
	}
	return spans
}

// appendSpan adds a span, or lengthens the last one when that is of its kind.
func appendSpan(spans []ClockSpan, s ClockSpan) []ClockSpan {
	if n := len(spans); n > 0 && spans[n-1].Kind == s.Kind && spans[n-1].Why == s.Why && spans[n-1].To.Equal(s.From) {
		spans[n-1].To = s.To
		spans[n-1].Counted += s.Counted
		return spans
	}
	return append(spans, s)
}

// explain adds what counted from one moment to another, day by day.
func (c Calendar) explain(spans []ClockSpan, from, to time.Time) []ClockSpan {
	if !c.works() {
		return appendSpan(spans, ClockSpan{From: from, To: to, Kind: SpanCounted, Counted: to.Sub(from)})
	}
	for from.Before(to) {
		date := c.date(from)
		end := earlier(date.AddDays(1).at(0, c.location()), to)
		span := ClockSpan{From: from, To: end, Kind: SpanCounted, Counted: c.Between(from, end)}
		if len(c.hours(date)) == 0 {
			span.Kind, span.Why = SpanClosed, c.Closed[date]
		}
		spans = appendSpan(spans, span)
		from = end
	}
	return spans
}

// Spent is how much of the time of a promise has passed.
type Spent struct {
	Used, Allowed time.Duration // in the time that the policy counts
	Paused        time.Duration // while the ticket waited for the customer, in calendar time
	Late          time.Duration // by which a breached promise was met too late, or is late now; like Used
}

// ExplainResponse sums the time of the promise to answer, until somebody did or the moment.
func ExplainResponse(t *Ticket, events []Event, cal Calendar, at time.Time) Spent {
	c := t.Clocks.settle(at)
	if !c.RespondedAt.IsZero() {
		at = c.RespondedAt
	}
	return c.spent(t, events, cal, c.ResponseDue, at, c.ResponseBreached)
}

// ExplainResolution sums the time of the promise to resolve the ticket, until that happened or the moment.
func ExplainResolution(t *Ticket, events []Event, cal Calendar, at time.Time) Spent {
	c := t.Clocks.settle(at)
	return c.spent(t, events, cal, c.ResolutionDue, at, c.ResolutionBreached)
}

// spent sums the time of a promise with a deadline until a moment. What was allowed is what had passed at a moment before
// the deadline, and what was left then: a pause moves the deadline, and is in neither.
func (k Clocks) spent(t *Ticket, events []Event, cal Calendar, due, until time.Time, breached bool) Spent {
	sum := func(until time.Time) (s Spent) {
		for _, span := range ExplainClocks(t, events, cal, until) {
			s.Used += span.Counted
			if span.Kind == SpanPaused {
				s.Paused += span.To.Sub(span.From)
			}
		}
		return s
	}
	s, shown := sum(until), k.shown(until)
	before := earlier(shown, due)
	s.Allowed = sum(before).Used + cal.Between(before, due)
	if breached {
		s.Late = cal.Between(due, shown)
	}
	return s
}

// AnsweredAt is when somebody answered; zero when nobody did: that a ticket was cancelled is no answer, though it ends the
// measuring as one does.
func (t *Ticket) AnsweredAt() time.Time {
	if t.Status == Cancelled && t.Clocks.RespondedAt.Equal(t.Clocks.StoppedAt) {
		return time.Time{}
	}
	return t.Clocks.RespondedAt
}
