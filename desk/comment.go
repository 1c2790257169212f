package desk

import (
	"time"
)

// Comment is a word in a ticket's conversation. Only public ones are seen outside the bank.
type Comment struct {
	ID          string
	TicketID    string
	Seq         int64 // of the event that it came with; orders the conversation
	Author      string
	Content     string
	Public      bool
	FromSupport bool
	At          time.Time
}

// ViaOmnichannel precedes every comment that a partner adds (API document, Update Ticket).
const ViaOmnichannel = "[Via Omnichannel] "

// PartnerComment is a comment of a partner: the customer's word, or that of an author whom the partner names.
func PartnerComment(id, content, author, customer string) Comment {
	if blank(author) {
		author = customer
	}
	return Comment{ID: id, Author: author, Content: ViaOmnichannel + content, Public: true}
}

// CustomerComment is a word that the customer said on the telephone or at the counter, and that somebody at the bank took down.
func CustomerComment(id, content, customer string) Comment {
	return Comment{ID: id, Author: customer, Content: content, Public: true}
}

// SupportComment is a comment of somebody at the bank; internal ones never leave it.
func SupportComment(id, content, author string, internal bool) Comment {
	return Comment{ID: id, Author: author, Content: content, Public: !internal, FromSupport: true}
}
