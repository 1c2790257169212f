package store

import "banksulutgo.co.id/servicedesk/desk"

// Standing is where a ticket stands: what a partner asks for most. Of the ticket only what tells that is read.
type Standing struct {
	Ticket      *desk.Ticket
	LastComment *desk.Comment // the newest public one; nil when there is none
}

// standing is one statement, so that asking for it is one round trip.
const standing = `SELECT t.id, t.number, t.partner_id, t.version, t.channel_reference, t.service_type, t.title, t.status, t.priority, t.assignee_name,
 t.started_at, t.response_due, t.escalation_due, t.resolution_due, t.responded_at, t.paused_at, t.stopped_at, t.response_breached, t.resolution_breached,
 t.created_at, t.updated_at, t.resolved_at, t.closed_at, COALESCE(c.seq, 0), COALESCE(c.id, ''), COALESCE(c.from_support, FALSE), COALESCE(c.author, ''), COALESCE(c.content, ''), COALESCE(c.at, 0)
 FROM ticket t LEFT JOIN comment c ON c.ticket_id = t.id AND c.seq = (SELECT MAX(seq) FROM comment WHERE ticket_id = t.id AND public)
 WHERE `

// StandingByNumber reads where the ticket of a number stands, or ErrNotFound.
func (tx *Tx) StandingByNumber(number int64) (Standing, error) {
	return tx.standing(`t.number = $1`, number)
}

// StandingByReference reads where the newest ticket with a channel reference stands, or ErrNotFound; of one partner, or
// of all when partner is empty.
func (tx *Tx) StandingByReference(reference, partner string) (Standing, error) {
	where, args := referred(reference, partner)
	return tx.standing(`t.`+where, args...)
}

func (tx *Tx) standing(where string, args ...any) (Standing, error) {
	t := &desk.Ticket{}
	k := &t.Clocks
	var last desk.Comment
	var times ticketTimes
	var said int64
	err := tx.one(standing+where, args, &t.ID, &t.Number, &t.PartnerID, &t.Version, &t.ChannelReference, &t.ServiceType, &t.Title, &t.Status, &t.Priority, &t.AssigneeName,
		&times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &k.ResponseBreached, &k.ResolutionBreached,
		&times[7], &times[8], &times[9], &times[10], &last.Seq, &last.ID, &last.FromSupport, &last.Author, &last.Content, &said)
	if err != nil {
		return Standing{}, err
	}
	times.give(t)
	if last.Seq == 0 {
		return Standing{Ticket: t}, nil
	}
	last.TicketID, last.At, last.Public = t.ID, at(said), true
	return Standing{Ticket: t, LastComment: &last}, nil
}
