package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Record stores what happened, in the transaction of the change. It gets its number when the transaction is concluded,
// or from the sequencer behind the commit; no closure of the same transaction can read it.
func (tx *Tx) Record(events ...desk.Event) { tx.records.events = append(tx.records.events, events...) }

var insertEvents = sql.Inserting("event", `ticket_id, seq, type, public, partner_id, at, actor_kind, actor_id, actor_name, body, reason, number, feed_number`, ``)

func (tx *Tx) insertEvents(events []desk.Event) {
	tx.sql.ExecRows(insertEvents, len(events), func(n int) []any {
		e := &events[n]
		return []any{e.TicketID, e.Seq, string(e.Type), e.Type.Public(), e.PartnerID, sql.Micros(e.At), string(e.Actor.Kind), e.Actor.ID, e.Actor.Name,
			string(e.Body), e.Reason, e.Number, e.FeedNumber}
	})
}

// FeedEvent is an event as a reader of the feed gets it.
type FeedEvent struct {
	Cursor int64
	ID     string
	Type   desk.EventType
	At     time.Time
	Body   string // the exact bytes that the event was recorded with
}

// Feed reads what follows a cursor: the public events of one partner in the order of its feed, or with an empty
// partner those of all partners in the installation's order, but no tests. Nothing that commits later appears before a cursor that
// was given out.
func (tx *Tx) Feed(partner string, after int64, limit int) ([]FeedEvent, error) {
	query, args := `SELECT number, ticket_id, seq, type, at, body FROM event WHERE number > $1 AND number > 0 AND public ORDER BY number LIMIT $2`, []any{after, limit}
	if partner != "" {
		query = `SELECT feed_number, ticket_id, seq, type, at, body FROM event WHERE partner_id = $1 AND feed_number > $2 AND feed_number > 0 ORDER BY feed_number LIMIT $3`
		args = []any{partner, after, limit}
	}
	var found []FeedEvent
	err := tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		var f FeedEvent
		var e desk.Event
		var when int64
		err := scan(&f.Cursor, &e.TicketID, &e.Seq, &f.Type, &when, &f.Body)
		f.ID, f.At = e.ID(), sql.At(when)
		found = append(found, f)
		return err
	})
	return found, err
}

// FeedEnd is the place of the newest event in a partner's feed, 0 when there is none, or ErrNotFound.
func (tx *Tx) FeedEnd(partner string) (place int64, err error) {
	err = tx.sql.One(`SELECT feed_head FROM partner WHERE id = $1`, []any{partner}, &place)
	return place, err
}

// Event reads what says whose an event is and who hears of it, or ErrNotFound.
func (tx *Tx) Event(ticketID string, seq int64) (desk.Event, error) {
	e := desk.Event{TicketID: ticketID, Seq: seq}
	err := tx.sql.One(`SELECT type, partner_id FROM event WHERE ticket_id = $1 AND seq = $2`, []any{ticketID, seq}, &e.Type, &e.PartnerID)
	return e, err
}

// TicketEvents reads everything that happened to a ticket, in order.
func (tx *Tx) TicketEvents(ticketID string) ([]desk.Event, error) {
	var found []desk.Event
	err := tx.sql.Each(`SELECT seq, type, partner_id, at, actor_kind, actor_id, actor_name, body, reason, number, feed_number FROM event WHERE ticket_id = $1 ORDER BY seq`,
		[]any{ticketID}, func(scan func(dest ...any) error) error {
			e := desk.Event{TicketID: ticketID}
			var when int64
			var body string
			err := scan(&e.Seq, &e.Type, &e.PartnerID, &when, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &body, &e.Reason, &e.Number, &e.FeedNumber)
			e.At, e.Body = sql.At(when), []byte(body)
			found = append(found, e)
			return err
		})
	return found, err
}
