package store

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/schema"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// What is real and what is a test, by the numbers of tickets: the conditions of the partial indexes, to the letter.
var (
	isReal = ` number < ` + strconv.FormatInt(desk.FirstTestNumber, 10) + ` `
	isTest = ` number >= ` + strconv.FormatInt(desk.FirstTestNumber, 10) + ` `
)

// isSimulated is the condition that the simulated agent has something to do with a ticket, sooner or later.
var isSimulated = isTest + ` AND status IN ('OPEN', 'IN_PROGRESS', 'RESOLVED') AND customer_name IN ('` +
	desk.SimulateResolved + `', '` + desk.SimulateQuestion + `', '` + desk.SimulateRefused + `') `

// Simulated lists the ids of the tickets that the simulated agent works and nobody has changed since a time, the one that
// waits longest first.
func (tx *Tx) Simulated(since time.Time, limit int) ([]string, error) {
	return tx.texts(`SELECT id FROM ticket WHERE`+isSimulated+`AND updated_at <= $1 ORDER BY updated_at, id LIMIT $2`, sql.Micros(since), limit)
}

// OldTests counts the tickets for tests that were made before a time.
func (tx *Tx) OldTests(before time.Time) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM ticket WHERE`+isTest+`AND created_at < $1`, []any{sql.Micros(before)}, &n)
	return n, err
}

// ofTickets are the tables whose rows belong to the ticket that they name. The schema is asked, so that none is forgotten;
// rows of ticket_lookup are found by their hashes only.
var ofTickets = sync.OnceValues(func() (names []string, err error) {
	version, err := NewestVersion()
	if err != nil {
		return nil, err
	}
	tables, err := Tables(context.Background(), version)
	for _, table := range tables {
		if table.Name != "ticket_lookup" && slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Name == "ticket_id" }) {
			names = append(names, table.Name)
		}
	}
	return names, err
})

// ForgetTests removes at most limit tickets for tests that were made before a time, with all that belongs to them, and
// returns how many. lookups says by what a ticket is found. The files of their attachments are left to the register.
func (s *Store) ForgetTests(ctx context.Context, before time.Time, limit int, lookups func(*desk.Ticket) ([]desk.Lookup, error)) (int, error) {
	tables, err := ofTickets()
	if err != nil {
		return 0, err
	}
	now := s.Now()
	var old []*desk.Ticket
	err = s.writeAlone(ctx, func(tx *Tx) (err error) {
		old, err = tx.tickets(`SELECT `+ticketColumns+` FROM ticket WHERE`+isTest+`AND created_at < $1 ORDER BY created_at, id LIMIT $2`+
			s.engine.Dialect().SkipLocked, []any{sql.Micros(before), limit})
		for _, t := range old {
			if err == nil {
				err = tx.forgetTest(t, tables, now, lookups)
			}
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(old), nil
}

func (tx *Tx) forgetTest(t *desk.Ticket, tables []string, now time.Time, lookups func(*desk.Ticket) ([]desk.Lookup, error)) error {
	found, err := lookups(t)
	if err != nil {
		return err
	}
	files, err := tx.texts(`SELECT DISTINCT sha256 FROM attachment WHERE ticket_id = $1`, t.ID)
	if err != nil {
		return err
	}
	tx.sql.Expect(ErrNotFound, `DELETE FROM ticket WHERE id = $1 AND`+isTest, t.ID)
	for _, l := range found {
		tx.sql.Exec(`DELETE FROM ticket_lookup WHERE kind = $1 AND hash = $2 AND ticket_id = $3`, string(l.Kind), l.Hash, t.ID)
	}
	for _, table := range tables {
		tx.sql.Exec(`DELETE FROM `+table+` WHERE ticket_id = $1`, t.ID)
	}
	for _, name := range files {
		tx.disownBlob(name, now)
	}
	return tx.sql.Err
}

// disownBlob notes in the register that an attachment named a blob no more. An upload that names it at this very moment
// may not be seen: the purge therefore looks at the attachments too, a day later (docs/decisions/0012).
func (tx *Tx) disownBlob(name string, now time.Time) {
	tx.sql.Exec(`UPDATE blob SET named = FALSE, used_at = $1 WHERE name = $2 AND named
 AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.sha256 = blob.name)`, sql.Micros(now), name)
}

// oldTestRequests are the requests of test keys that were answered before a time.
const oldTestRequests = ` FROM partner p JOIN request r ON r.partner_id = p.id WHERE p.test_of <> '' AND r.created_at < $1 `

// ForgetTestRequests is ForgetRequests for the requests of test keys.
func (s *Store) ForgetTestRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.forgetRequests(ctx, `SELECT r.partner_id, r.id`+oldTestRequests+`LIMIT $2`, before, limit)
}

// OldTestRequests counts the requests of test keys that were answered before a time, but not before another one.
func (tx *Tx) OldTestRequests(before, since time.Time) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*)`+oldTestRequests+`AND r.created_at >= $2`, []any{sql.Micros(before), sql.Micros(since)}, &n)
	return n, err
}

// TestsUpTo reports whether the feed of a partner whose tickets are tests came as far as a place, whatever has been
// removed of it since.
func (tx *Tx) TestsUpTo(partner string, place int64) (bool, error) {
	var n int
	err := tx.sql.One(`SELECT COUNT(*) FROM partner WHERE id = $1 AND test_of <> '' AND feed_head >= $2`, []any{partner, place}, &n)
	return n > 0, err
}
