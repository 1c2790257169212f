package store

import (
	"context"
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// untilSent is when a lane is due that waits for another one: the statuses of a ticket wait until the provider has the ticket.
// It is far enough for every clock, and the lane collects meanwhile what it owes.
var untilSent = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Forward is what the desk knows of a ticket that is forwarded to the provider (the spec, Sociomile connector).
type Forward struct {
	TicketID       string
	Number         int64
	ProviderID     string // empty: the provider has it not yet
	ProviderNumber int64  // 0: none is known
	SentStatus     string // what the provider was told last, in its words; empty: nothing
	Doubtful       bool   // of a call nobody knows how it ended: the ticket may exist twice
	Noted          bool   // the ticket says already what was left out
	Edits          string // sealed; empty: none
	ByHand         string // who made the provider's ticket by hand; empty: nobody
	QueuedAt       time.Time
	SentAt         time.Time // zero: not yet
}

// forwardColumns are read by scanForward.
const forwardColumns = `f.ticket_id, f.number, f.provider_id, f.provider_number, f.sent_status, f.doubtful, f.noted, f.edits, f.by_hand, f.queued_at, f.sent_at`

// scanForward returns what reads a row of forwardColumns and then more.
func scanForward(f *Forward, more ...any) (dest []any, done func()) {
	var queued, sent int64
	dest = append([]any{&f.TicketID, &f.Number, &f.ProviderID, &f.ProviderNumber, &f.SentStatus, &f.Doubtful, &f.Noted, &f.Edits, &f.ByHand, &queued, &sent}, more...)
	return dest, func() { f.QueuedAt, f.SentAt = sql.At(queued), sql.At(sent) }
}

// MakeConnector stores the targets of the connector, unless they are there.
func (s *Store) MakeConnector(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		for _, t := range desk.ConnectorTargets(s.Now()) {
			tx.InsertTarget(t)
		}
		return nil
	})
}

// OpenForward lets a new ticket go to the provider: its first event is owed at once, and need not wait for its number.
func (tx *Tx) OpenForward(ticketID string, number int64, when time.Time) {
	tx.sql.Exec(`INSERT INTO forward (ticket_id, number, provider_id, provider_number, sent_status, doubtful, noted, edits, by_hand, queued_at, sent_at)
 VALUES ($1, $2, '', 0, '', FALSE, FALSE, '', '', $3, 0) ON CONFLICT (ticket_id) DO NOTHING`, ticketID, number, sql.Micros(when))
	tx.sql.Exec(`INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at) VALUES ($1, $2, '', 1, 1, 1, 0, $3, 0, 0, 0), ($4, $5, '', 1, 1, 0, 0, $6, 0, 0, 0)`,
		ticketID, desk.ConnectorCreates, sql.Micros(when), ticketID, desk.ConnectorStatuses, sql.Micros(untilSent))
}

// Forward reads what the desk knows of a forwarded ticket. It returns ErrNotFound for one that is not forwarded.
func (tx *Tx) Forward(ticketID string, forUpdate bool) (f Forward, err error) {
	query := `SELECT ` + forwardColumns + ` FROM forward f WHERE f.ticket_id = $1`
	if forUpdate {
		query += tx.store.engine.Dialect().ForUpdate
	}
	dest, done := scanForward(&f)
	err = tx.sql.One(query, []any{ticketID}, dest...)
	done()
	return f, err
}

// UpdateForward stores what can change of a forwarded ticket. The transaction fails with ErrNotFound when there is none.
func (tx *Tx) UpdateForward(f Forward) {
	tx.sql.Expect(ErrNotFound, `UPDATE forward SET provider_id = $1, provider_number = $2, sent_status = $3, doubtful = $4, noted = $5, edits = $6, by_hand = $7, sent_at = $8 WHERE ticket_id = $9`,
		f.ProviderID, f.ProviderNumber, f.SentStatus, f.Doubtful, f.Noted, f.Edits, f.ByHand, sql.Micros(f.SentAt), f.TicketID)
}

// ReleaseStatuses lets the statuses of a ticket go that the provider has by now.
func (tx *Tx) ReleaseStatuses(ticketID string, when time.Time) {
	tx.sql.Exec(`UPDATE lane SET due = CASE WHEN tail >= head THEN CAST($1 AS bigint) ELSE 0 END WHERE ticket_id = $2 AND target_id = $3 AND again = '' AND due = $4`,
		sql.Micros(when), ticketID, desk.ConnectorStatuses, sql.Micros(untilSent))
}

// Sent notes that the provider has a ticket. What was known already stays: a ticket that another call made before may exist
// twice then. A ticket that is not forwarded is left alone.
func (tx *Tx) Sent(ticketID, providerID string, providerNumber int64, doubtful bool, when time.Time) error {
	f, err := tx.Forward(ticketID, true)
	if err != nil {
		return ignoreNotFound(err)
	}
	f.Doubtful = doubtful
	switch {
	case f.ProviderID == "":
		f.ProviderID, f.ProviderNumber, f.SentAt = providerID, providerNumber, when
	case f.ProviderID != providerID:
		f.Doubtful = true
	}
	if f.SentAt.IsZero() {
		f.SentAt = when
	}
	tx.UpdateForward(f)
	tx.ReleaseStatuses(ticketID, when)
	return nil
}

// SentStatus notes which status the provider was told last.
func (tx *Tx) SentStatus(ticketID, status string) {
	tx.sql.Exec(`UPDATE forward SET sent_status = $1 WHERE ticket_id = $2`, status, ticketID)
}

// Doubted notes that nobody knows how a call for a ticket ended.
func (tx *Tx) Doubted(ticketID string) {
	tx.sql.Exec(`UPDATE forward SET doubtful = TRUE WHERE ticket_id = $1 AND NOT doubtful`, ticketID)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
