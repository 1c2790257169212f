package desk

import (
	"strconv"
	"strings"
	"time"
)

// EventType says what happened to a ticket.
type EventType string

// The five events that partners hear of (API document, Webhook Events), then those that stay in the bank.
const (
	TicketCreated   EventType = "TICKET_CREATED"
	StatusChanged   EventType = "STATUS_CHANGED"
	CommentAdded    EventType = "COMMENT_ADDED"
	TicketResolved  EventType = "TICKET_RESOLVED"
	TicketClosed    EventType = "TICKET_CLOSED"
	NoteAdded       EventType = "NOTE_ADDED"
	FilesAttached   EventType = "FILES_ATTACHED"
	TicketAssigned  EventType = "TICKET_ASSIGNED"
	PriorityChanged EventType = "PRIORITY_CHANGED"
	CodeRenewed     EventType = "TRACKING_CODE_RENEWED"
)

// Public reports whether partners hear of events of the type.
func (e EventType) Public() bool {
	switch e {
	case TicketCreated, StatusChanged, CommentAdded, TicketResolved, TicketClosed:
		return true
	}
	return false
}

// Words reports whether events of the type change by which words the ticket is found, or by whom.
func (e EventType) Words() bool {
	switch e {
	case TicketCreated, CommentAdded, NoteAdded, TicketAssigned:
		return true
	}
	return false
}

// Event is something that happened to a ticket, stored in the transaction of the change. Everything that tells of it
// later (feed, webhooks, connector, timeline) reads it; there is no second description.
type Event struct {
	TicketID  string
	Seq       int64 // numbered per ticket, from 1, without gaps
	Type      EventType
	PartnerID string // whose ticket it is
	At        time.Time
	Actor     Actor  // Kind, ID and Name are kept
	Body      []byte // the exact bytes that partners get: a fixed point of JSON.stringify(JSON.parse(body))
	Reason    string // why, for those in the bank

	Number     int64 // place in the installation's order of events, negative for a test; 0 until the sequencer gave it
	FeedNumber int64 // place in the partner's feed; 0 likewise
}

// ID identifies the event for ever, the same in feed and webhooks.
func (e Event) ID() string { return e.TicketID + "-" + strconv.FormatInt(e.Seq, 10) }

// ParseEventID reads the ticket and the number of an event from its id; ok is false for what is none.
func ParseEventID(id string) (ticketID string, seq int64, ok bool) {
	ticketID, number, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseInt(number, 10, 64)
	return ticketID, seq, err == nil && IsID(ticketID)
}

// record numbers an event of the ticket and words its body, in the document's order of keys.
func (t *Ticket) record(kind EventType, by Actor, at time.Time, data []byte) Event {
	t.Events++
	body := append([]byte(`{"event":`), AppendJSONString(nil, string(kind))...)
	body = append(body, `,"ticketNumber":"`...)
	body = strconv.AppendInt(body, t.Number, 10)
	body = append(body, `","channelReferenceId":`...)
	if t.ChannelReference == "" {
		body = append(body, "null"...)
	} else {
		body = AppendJSONString(body, t.ChannelReference)
	}
	body = append(body, `,"timestamp":"`...)
	body = append(body, FormatTime(at)...)
	body = append(body, `","data":`...)
	body = append(body, data...)
	body = append(body, '}')
	return Event{TicketID: t.ID, Seq: t.Events, Type: kind, PartnerID: t.PartnerID, At: at, Actor: by, Body: body}
}

// object writes a JSON object of text members: name, value, name, value, …
func object(pairs ...string) []byte {
	dst := []byte{'{'}
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, pairs[i]), ':')
		dst = AppendJSONString(dst, pairs[i+1])
	}
	return append(dst, '}')
}

func (t *Ticket) created(by Actor) Event {
	return t.record(TicketCreated, by, t.CreatedAt, object(
		"status", string(t.Status), "priority", string(t.Priority), "serviceType", string(t.ServiceType), "title", t.Title))
}

func (t *Ticket) statusChanged(from Status, reason string, by Actor, at time.Time) Event {
	e := t.record(StatusChanged, by, at, object(
		"oldStatus", string(from), "newStatus", string(t.Status), "assignedTo", t.AssignedTo()))
	e.Reason = reason
	return e
}

// settled tells that a ticket was resolved or closed, after the STATUS_CHANGED that caused it.
func (t *Ticket) settled(kind EventType, from Status, by Actor, at time.Time) Event {
	name := "resolvedAt"
	if kind == TicketClosed {
		name = "closedAt"
	}
	return t.record(kind, by, at, object(
		"oldStatus", string(from), "newStatus", string(t.Status), "assignedTo", t.AssignedTo(), name, FormatTime(at)))
}

// commented tells of a comment; an internal one makes an event that stays in the bank.
func (t *Ticket) commented(c *Comment, by Actor, at time.Time) Event {
	kind := CommentAdded
	if !c.Public {
		kind = NoteAdded
	}
	data := append([]byte(`{"comment":`), object("id", c.ID, "content", c.Content, "author", c.Author, "timestamp", FormatTime(at))...)
	data = append(data[:len(data)-1], `,"isFromSupport":`...)
	data = strconv.AppendBool(data, c.FromSupport)
	return t.record(kind, by, at, append(data, "}}"...))
}

func (t *Ticket) attached(files []Attachment, by Actor, at time.Time) Event {
	data := []byte(`{"attachments":[`)
	for i, f := range files {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, object("id", f.ID, "filename", f.Filename)...)
	}
	return t.record(FilesAttached, by, at, append(data, "]}"...))
}

func (t *Ticket) assigned(by Actor, at time.Time) Event {
	return t.record(TicketAssigned, by, at, object("assignedTo", t.AssignedTo(), "supportGroup", t.Group.Code))
}

func (t *Ticket) reprioritised(old Priority, by Actor, at time.Time) Event {
	return t.record(PriorityChanged, by, at, object("oldPriority", string(old), "newPriority", string(t.Priority)))
}

// TestEvent is an event that did not happen, by which a partner tries its receiver. No ticket has its number 0, and its
// type is none of the document's, so that a receiver that knows it not can leave it alone.
func TestEvent(at time.Time) Event {
	body := append([]byte(`{"event":"TEST","ticketNumber":"0","channelReferenceId":null,"timestamp":"`), FormatTime(at)...)
	body = append(body, `","data":{"message":"This is a test. It is signed like every other webhook."}}`...)
	return Event{TicketID: "test-" + NewID(at), Seq: 1, Type: "TEST", At: at, Body: body}
}
