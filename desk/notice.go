package desk

import (
	"encoding/json"
	"time"
)

// Notice is something about a ticket that an employee should know of.
type Notice struct {
	ID       string
	AgentID  string // who should know
	TicketID string
	Number   int64 // of the ticket
	Kind     NoticeKind
	Actor    string // the name of who did it
	At       time.Time
	ReadAt   time.Time // zero: not yet
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeAssigned NoticeKind = "assigned" // the ticket was given to the employee
	NoticeTaken    NoticeKind = "taken"    // it was given to somebody else, or back to the queue
	NoticeAnswered NoticeKind = "answered" // the customer wrote
	NoticeReopened NoticeKind = "reopened" // it was resolved, and is worked on again
	NoticeNoted    NoticeKind = "noted"    // a colleague left a note

	NoticeUnanswered NoticeKind = "unanswered" // the deadline of the first answer has passed
	NoticeEscalated  NoticeKind = "escalated"  // the time has come at which a supervisor is told
	NoticeBreached   NoticeKind = "breached"   // the deadline of the resolution has passed
)

// NoticesOf are what employees should know of a change of a ticket: the one who had it before, and the one who has it now.
// Nobody is told of what he did.
func NoticesOf(before, t *Ticket, events []Event, newID func() string) []Notice {
	var notices []Notice
	tell := func(agent string, kind NoticeKind, e Event) {
		if agent != "" && agent != e.Actor.ID {
			notices = append(notices, Notice{ID: newID(), AgentID: agent, TicketID: t.ID, Number: t.Number, Kind: kind, Actor: e.Actor.Name, At: e.At})
		}
	}
	for _, e := range events {
		switch {
		case e.Type == TicketAssigned && t.AssigneeID != before.AssigneeID:
			tell(t.AssigneeID, NoticeAssigned, e)
			tell(before.AssigneeID, NoticeTaken, e)
		case e.Type == CommentAdded && e.fromCustomer():
			tell(t.AssigneeID, NoticeAnswered, e)
		case e.Type == NoteAdded:
			tell(t.AssigneeID, NoticeNoted, e)
		case e.Type == StatusChanged && before.Status == Resolved && t.Status == InProgress:
			tell(t.AssigneeID, NoticeReopened, e)
		}
	}
	return notices
}

// fromCustomer reports whether an event tells of a comment that is the customer's, whoever brought it: a partner, or an employee
// who took it down.
func (e Event) fromCustomer() bool {
	var body struct {
		Data struct {
			Comment struct{ IsFromSupport bool }
		}
	}
	return e.Actor.Kind == ByPartner || json.Unmarshal(e.Body, &body) == nil && !body.Data.Comment.IsFromSupport
}
