package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Request is a request that was answered with success, kept under the id that the partner gave it (API document,
// Idempotency).
type Request struct {
	PartnerID    string
	ID           string
	Operation    string
	Content      string // keyed digests of what was asked, to tell a repetition from another request
	Status       int    // HTTP status of the answer
	Answer       string // sealed
	TicketNumber int64  // 0: the answer is about no ticket
	CreatedAt    time.Time
}

// KeepRequest stores an answer in the transaction of the change that it is about. The transaction fails with
// ErrRequestTaken when a request of that id was answered before; one that is being answered at the same time is
// waited for.
func (tx *Tx) KeepRequest(r Request) {
	tx.sql.Expect(ErrRequestTaken, `INSERT INTO request (partner_id, id, operation, content, status, answer, ticket_number, created_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (partner_id, id) DO NOTHING`,
		r.PartnerID, r.ID, r.Operation, r.Content, r.Status, r.Answer, r.TicketNumber, sql.Micros(r.CreatedAt))
}

// Request reads the request of an id, or ErrNotFound.
func (tx *Tx) Request(partnerID, id string) (Request, error) {
	r := Request{PartnerID: partnerID, ID: id}
	var created int64
	err := tx.sql.One(`SELECT operation, content, status, answer, ticket_number, created_at FROM request WHERE partner_id = $1 AND id = $2`,
		[]any{partnerID, id}, &r.Operation, &r.Content, &r.Status, &r.Answer, &r.TicketNumber, &created)
	r.CreatedAt = sql.At(created)
	return r, err
}
