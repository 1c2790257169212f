// Package outbox delivers what is owed to those outside, and knows no more of them than a function that is called. What is
// owed hangs on lanes: the events of one ticket for one target, in order. A lane whose event fails waits, and keeps back
// nothing but the later events of its own ticket; a target that cannot be reached at all is left alone but for a probe.
package outbox

import "slices"

// LaneState is where a lane stands.
type LaneState string

// The states of lanes.
const (
	Idle    LaneState = "idle"    // nothing is owed
	Waiting LaneState = "waiting" // an event is owed, now or at its next attempt
	Taken   LaneState = "taken"   // a node delivers it
	Dead    LaneState = "dead"    // it failed too often, and waits for a person
)

// Step is what happens to a lane.
type Step string

// The steps of lanes.
const (
	Owed      Step = "owed"       // an event was numbered that the target wants
	TakenUp   Step = "taken up"   // a node leased it; that it begins an attempt is stored before it does
	Delivered Step = "delivered"  // the target took the event
	Failed    Step = "failed"     // it did not, and there are attempts left
	GivenUp   Step = "given up"   // it did not, and this was the last attempt
	LeaseOver Step = "lease over" // the node stopped in the middle; nobody knows whether the target got the event
	SendAgain Step = "send again" // a person asks for it
	Skip      Step = "skip"       // a person does without the event
)

// transition is a row of the table of what may happen to a lane.
type transition struct {
	from LaneState
	step Step
	to   []LaneState // the second when no event is left
}

// transitions is the table. docs/guides/delivery.md draws it.
var transitions = []transition{
	{Idle, Owed, []LaneState{Waiting}},
	{Waiting, Owed, []LaneState{Waiting}},
	{Taken, Owed, []LaneState{Taken}},
	{Dead, Owed, []LaneState{Dead}},
	{Waiting, TakenUp, []LaneState{Taken}},
	{Taken, Delivered, []LaneState{Waiting, Idle}},
	{Taken, Failed, []LaneState{Waiting}},
	{Taken, GivenUp, []LaneState{Dead}},
	{Taken, LeaseOver, []LaneState{Waiting}},
	{Waiting, SendAgain, []LaneState{Waiting}},
	{Dead, SendAgain, []LaneState{Waiting}},
	{Waiting, Skip, []LaneState{Waiting, Idle}},
	{Dead, Skip, []LaneState{Waiting, Idle}},
}

// May reports whether a step may take a lane from a state to another.
func May(from LaneState, step Step, to LaneState) bool {
	return slices.ContainsFunc(transitions, func(t transition) bool { return t.from == from && t.step == step && slices.Contains(t.to, to) })
}
