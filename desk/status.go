package desk

import "slices"

// Status is where a ticket stands (API document, Ticket Statuses).
type Status string

// The seven statuses.
const (
	Open       Status = "OPEN"
	InProgress Status = "IN_PROGRESS"
	Pending    Status = "PENDING" // waits for the customer; the clocks pause
	OnHold     Status = "ON_HOLD" // waits for a third party; the clocks run on
	Resolved   Status = "RESOLVED"
	Closed     Status = "CLOSED"
	Cancelled  Status = "CANCELLED"
)

// Statuses lists all statuses in the document's order.
var Statuses = []Status{Open, InProgress, Resolved, Closed, OnHold, Cancelled, Pending}

// Finalized reports whether a partner may no longer change a ticket of this status (API document, Business Logic Errors).
func (s Status) Finalized() bool { return s == Resolved || s == Closed || s == Cancelled }

// Final reports whether no step leads away from the status: nobody can take it back.
func (s Status) Final() bool { return s == Closed || s == Cancelled }

// Waiting reports whether the ticket waits for somebody outside, and will go back to where it came from.
func (s Status) Waiting() bool { return s == Pending || s == OnHold }

// back stands in the lifecycle for "the status that the ticket waited from".
const back Status = "back"

// lifecycle is the whole table of allowed steps: from, to, and who may take the step (the spec, section 4).
var lifecycle = []struct {
	from, to Status
	by       []ActorKind
}{
	{Open, InProgress, []ActorKind{ByAgent}},
	{Open, Pending, []ActorKind{ByAgent, ByPartner}},
	{Open, OnHold, []ActorKind{ByAgent}},
	{Open, Resolved, []ActorKind{ByAgent}},
	{Open, Cancelled, []ActorKind{ByAgent, ByPartner}},
	{InProgress, Pending, []ActorKind{ByAgent, ByPartner}},
	{InProgress, OnHold, []ActorKind{ByAgent}},
	{InProgress, Resolved, []ActorKind{ByAgent}},
	{InProgress, Cancelled, []ActorKind{ByAgent, ByPartner}},
	{Pending, back, []ActorKind{ByAgent, ByPartner}},
	{Pending, InProgress, []ActorKind{ByAgent, ByPartner}},
	{Pending, Resolved, []ActorKind{ByAgent}},
	{Pending, Cancelled, []ActorKind{ByAgent, ByPartner}},
	{OnHold, back, []ActorKind{ByAgent}},
	{OnHold, InProgress, []ActorKind{ByAgent}},
	{OnHold, Resolved, []ActorKind{ByAgent}},
	{OnHold, Cancelled, []ActorKind{ByAgent, ByPartner}},
	{Resolved, Closed, []ActorKind{ByAgent, BySystem}},
	{Resolved, InProgress, []ActorKind{ByAgent}}, // a reopen, with a reason
}

// NextStatuses lists the statuses that an actor may give a ticket now, in the table's order.
// cameFrom is the status that a waiting ticket goes back to.
func NextStatuses(from, cameFrom Status, by ActorKind) []Status {
	var next []Status
	for _, step := range lifecycle {
		to := step.to
		if to == back {
			to = cameFrom
		}
		if step.from == from && slices.Contains(step.by, by) && !slices.Contains(next, to) {
			next = append(next, to)
		}
	}
	return next
}

// checkStep returns nil when the step is in the lifecycle, else a fault of `status` that names the allowed steps.
func checkStep(from, cameFrom, to Status, by ActorKind) error {
	next := NextStatuses(from, cameFrom, by)
	if slices.Contains(next, to) {
		return nil
	}
	var faults Faults
	if len(next) == 0 {
		faults.Add("status", StatusNotAllowedEnd, string(from), string(to))
	} else {
		faults.Add("status", StatusNotAllowed, string(from), string(to), join(next))
	}
	return faults.Err()
}
