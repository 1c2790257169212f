package desk

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// Visitor is somebody who follows a ticket on the tracking page. Who it is nobody knows: what a visitor may see is
// decided by a tracking code or a signed link, and nothing else is open to one.
func Visitor(from netip.Addr, requestID string) Actor {
	return Actor{Kind: ByCustomer, ID: "visitor", Name: "Visitor", Address: from, RequestID: requestID}
}

// Step is what its customer is told of a ticket's life: which status it came to, and when. The first one is its receipt.
type Step struct {
	At     time.Time
	Status Status
}

// Steps picks the steps out of a ticket's events. It returns an error for an event whose body is none of the desk's.
func Steps(events []Event) ([]Step, error) {
	var steps []Step
	for _, e := range events {
		if e.Type != TicketCreated && e.Type != StatusChanged { // what else is told of a step follows it
			continue
		}
		var body struct {
			Data struct {
				Status    Status `json:"status"`
				NewStatus Status `json:"newStatus"`
			} `json:"data"`
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, fmt.Errorf("event %s cannot be read: %w", e.ID(), err)
		}
		step := Step{At: e.At, Status: body.Data.NewStatus}
		if e.Type == TicketCreated {
			step.Status = body.Data.Status
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// Wait is a time in which a ticket waited for its customer. A zero Until: it still does.
type Wait struct {
	From, Until time.Time
}

// Promise is until when the resolution of a ticket is promised, and why that is not what was promised first.
type Promise struct {
	Due      time.Time // zero: there is none
	First    time.Time // Due, unless that moved
	Waits    []Wait    // for the customer, oldest first: the clocks stood still
	Reopened bool      // so they did while the ticket was resolved
	Missed   bool      // the deadline passed before the ticket was resolved
}

// Moved reports whether the promise is a later one than at first.
func (p Promise) Moved() bool { return p.Due.After(p.First) }

// Paused reports whether the clocks stand still, so that the promise goes on moving.
func (p Promise) Paused() bool { return len(p.Waits) > 0 && p.Waits[len(p.Waits)-1].Until.IsZero() }

// Promise tells what is promised of a ticket that took some steps, at a moment. The calendar is that of its clocks.
func (t *Ticket) Promise(steps []Step, cal Calendar, at time.Time) Promise {
	p := Promise{Due: t.Clocks.ResolutionDue, Missed: t.Clocks.settle(at).ResolutionBreached}
	for i, step := range steps {
		if step.Status == Pending {
			w := Wait{From: step.At}
			if i+1 < len(steps) {
				w.Until = steps[i+1].At
			}
			p.Waits = append(p.Waits, w)
		}
		p.Reopened = p.Reopened || i > 0 && steps[i-1].Status == Resolved && step.Status == InProgress
	}
	p.First = p.Due
	if len(p.Waits) > 0 || p.Reopened { // else holidays that were entered later would look like a moved promise
		p.First = earlier(p.Due, cal.Add(t.Clocks.StartedAt, Policy{ResolutionHours: t.PolicyHours}.part(100)))
	}
	return p
}
