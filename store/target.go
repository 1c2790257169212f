package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

const targetColumns = `t.id, t.kind, t.partner_id, t.key_id, t.description, t.url, CASE WHEN t.kind = 'ticket' THEN COALESCE(k.webhook_secret, '') ELSE t.secret END,
 t.old_secret, t.old_until, t.events, t.echo, t.state, t.why, t.state_at, t.opened_at, t.probe_at, t.version, t.created_at`

const targetRows = ` target t LEFT JOIN api_key k ON k.id = t.key_id LEFT JOIN partner p ON p.id = t.partner_id `

const partnerName = `, COALESCE(p.name, '') FROM`

// scanTarget returns what reads a row of targetColumns and then more.
func scanTarget(t *desk.Target, more ...any) (dest []any, done func()) {
	var events string
	var times [5]int64
	dest = append([]any{&t.ID, &t.Kind, &t.PartnerID, &t.KeyID, &t.Description, &t.SealedURL, &t.Secret, &t.OldSecret, &times[0], &events, &t.Echo,
		&t.State, &t.Why, &times[1], &times[2], &times[3], &t.Version, &times[4]}, more...)
	return dest, func() {
		for _, e := range sql.Split(events) {
			t.Events = append(t.Events, desk.EventType(e))
		}
		for i, to := range []*time.Time{&t.OldUntil, &t.StateAt, &t.OpenedAt, &t.ProbeAt, &t.CreatedAt} {
			*to = sql.At(times[i])
		}
	}
}

func eventList(types []desk.EventType) string {
	words := make([]string, len(types))
	for i, e := range types {
		words[i] = string(e)
	}
	return sql.Join(words)
}

// ownSecret is what is stored with the target: nothing when it is the key's.
func ownSecret(t desk.Target) string {
	if t.Kind == desk.TicketTarget {
		return ""
	}
	return t.Secret
}

// InsertTarget stores a target, unless there is one of that id.
func (tx *Tx) InsertTarget(t desk.Target) {
	tx.sql.Exec(`INSERT INTO target (id, kind, partner_id, key_id, description, url, secret, old_secret, old_until, events, echo, state, why, state_at, opened_at, probe_at, version, created_at, deleted_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0, $15, $16, 0) ON CONFLICT (id) DO NOTHING`,
		t.ID, string(t.Kind), t.PartnerID, t.KeyID, t.Description, t.SealedURL, ownSecret(t), t.OldSecret, sql.Micros(t.OldUntil), eventList(t.Events), t.Echo,
		string(t.State), t.Why, sql.Micros(t.StateAt), t.Version, sql.Micros(t.CreatedAt))
}

// UpdateTarget stores what can be changed of a target, whose version has moved by one. The transaction fails with
// ErrChanged when somebody else changed it since it was read.
func (tx *Tx) UpdateTarget(t desk.Target) {
	tx.sql.Expect(ErrChanged, `UPDATE target SET description = $1, url = $2, secret = $3, old_secret = $4, old_until = $5, events = $6, echo = $7, state = $8, why = $9,
 state_at = $10, opened_at = $11, probe_at = $12, version = $13 WHERE id = $14 AND version = $15 AND deleted_at = 0`,
		t.Description, t.SealedURL, ownSecret(t), t.OldSecret, sql.Micros(t.OldUntil), eventList(t.Events), t.Echo, string(t.State), t.Why,
		sql.Micros(t.StateAt), sql.Micros(t.OpenedAt), sql.Micros(t.ProbeAt), t.Version, t.ID, t.Version-1)
}

// DeleteTarget ends a target: nothing is sent to it any more, and what it leaves is purged. The transaction fails with
// ErrNotFound when there is none.
func (tx *Tx) DeleteTarget(id string, when time.Time) {
	tx.sql.Expect(ErrNotFound, `UPDATE target SET deleted_at = $1, url = '', secret = '', old_secret = '', version = version + 1 WHERE id = $2 AND deleted_at = 0`, sql.Micros(when), id)
}

// ofRealTickets is the condition that a target's events are of no tests.
const ofRealTickets = `NOT EXISTS (SELECT 1 FROM partner WHERE partner.id = t.partner_id AND partner.test_of <> '')`

// Target reads a target of a partner, or with an empty partner of any, but of no tests and not the connector's. It returns
// ErrNotFound.
func (tx *Tx) Target(id, partner string, forUpdate bool) (desk.Target, error) {
	var t desk.Target
	dest, done := scanTarget(&t, &t.PartnerName)
	query := `SELECT ` + targetColumns + partnerName + targetRows + `WHERE t.id = $1 AND t.deleted_at = 0 AND t.kind <> 'sociomile' AND (t.partner_id = $2 OR $2 = '' AND ` + ofRealTickets + `)`
	if lock := tx.store.engine.Dialect().ForUpdate; forUpdate && lock != "" {
		query += lock + ` OF t`
	}
	err := tx.sql.One(query, []any{id, partner}, dest...)
	done()
	return t, err
}

// Targets reads the targets of a partner, or with an empty partner of all, but no tests, by their ids, after one.
func (tx *Tx) Targets(partner, after string, limit int) ([]desk.Target, error) {
	where, args := `WHERE t.id > $1 AND t.deleted_at = 0 AND t.kind <> 'sociomile' AND `+ofRealTickets+` ORDER BY t.id LIMIT $2`, []any{after, limit}
	if partner != "" {
		where, args = `WHERE t.partner_id = $1 AND t.id > $2 AND t.deleted_at = 0 ORDER BY t.id LIMIT $3`, []any{partner, after, limit}
	}
	var found []desk.Target
	err := tx.sql.Each(`SELECT `+targetColumns+partnerName+targetRows+where, args, func(scan func(dest ...any) error) error {
		var t desk.Target
		dest, done := scanTarget(&t, &t.PartnerName)
		err := scan(dest...)
		done()
		found = append(found, t)
		return err
	})
	return found, err
}

// TargetPartners reads, by their names, the partners that have a target, but those of tests; or with a partner that one alone.
func (tx *Tx) TargetPartners(partner string) (found []desk.Partner, err error) {
	err = tx.sql.Each(`SELECT p.id, p.name FROM partner p WHERE p.test_of = '' AND ($1 = '' OR p.id = $1)
 AND EXISTS (SELECT 1 FROM target t WHERE t.partner_id = p.id AND t.deleted_at = 0) ORDER BY p.name, p.id`, []any{partner}, func(scan func(dest ...any) error) error {
		var p desk.Partner
		err := scan(&p.ID, &p.Name)
		found = append(found, p)
		return err
	})
	return found, err
}

// TicketTargets reads the ids of the targets that are told of a ticket, or were: neither deleted ones nor the connector's.
func (tx *Tx) TicketTargets(ticketID string) (ids []string, err error) {
	err = tx.sql.Each(`SELECT t.id FROM target t WHERE t.deleted_at = 0 AND t.kind <> 'sociomile' AND t.id IN (SELECT target_id FROM lane WHERE ticket_id = $1) ORDER BY t.kind DESC, t.id`,
		[]any{ticketID}, func(scan func(dest ...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// CountRegistered counts the endpoints that a partner registered. Until the transaction ends nobody else does: two at once
// would not see each other's.
func (tx *Tx) CountRegistered(partner string) (n int, err error) {
	tx.sql.Exec(`SELECT 1 FROM partner WHERE id = $1`+tx.store.engine.Dialect().ForUpdate, partner)
	err = tx.sql.One(`SELECT COUNT(*) FROM target WHERE partner_id = $1 AND kind = 'registered' AND deleted_at = 0`, []any{partner}, &n)
	return n, err
}

// Backlog says what is owed to a target, and how its last attempts went.
type Backlog struct {
	Waiting int       // tickets with an event that is not delivered yet; counted up to CountMost
	Dead    int       // tickets whose next event was given up and waits for a person; likewise
	Oldest  time.Time // when the oldest event was recorded that is first of its ticket, as far as was looked; zero: none
	Lately  Lately
}

// Lately is what became of the last attempts of a target, as far as was looked for it: at scannedAtOnce attempts.
type Lately struct {
	Delivered time.Time // when the last one was made that the target took; zero: none
	Failed    Attempt   // the last one that it did not take; zero: none
}

// CountMost is where counting ends: what is larger is told as more.
const CountMost = 1000

// Backlog reads what is owed to a target, and how its last attempts went.
func (tx *Tx) Backlog(t desk.Target) (b Backlog, err error) {
	count := func(where string) (n int, err error) {
		err = tx.sql.One(`SELECT COUNT(*) FROM (SELECT 1 FROM lane WHERE target_id = $1 AND `+where+` LIMIT $2) AS counted`, []any{t.ID, CountMost + 1}, &n)
		return n, err
	}
	if b.Waiting, err = count(`due > 0`); err != nil {
		return b, err
	}
	if b.Dead, err = count(`dead_at > 0`); err != nil {
		return b, err
	}
	var oldest int64
	err = tx.sql.One(`SELECT COALESCE(MIN(e.at), 0) FROM (SELECT ticket_id, head FROM lane WHERE target_id = $1 AND due > 0 ORDER BY due LIMIT 100) AS l
 JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.head`, []any{t.ID}, &oldest)
	if b.Oldest = sql.At(oldest); err == nil {
		b.Lately, err = tx.lately(t)
	}
	return b, err
}

// lately reads how the last attempts of a target went. While its circuit is open, the success is looked for before it opened:
// since then there are only failures, however many.
func (tx *Tx) lately(t desk.Target) (l Lately, err error) {
	const newest = `FROM (SELECT at, class, status FROM attempt WHERE target_id = $1 AND at <= $2 ORDER BY at DESC LIMIT $3) AS newest `
	until := int64(1<<63 - 1)
	err = tx.sql.Each(`SELECT at, class, status `+newest+`WHERE status NOT BETWEEN 200 AND 299 AND class <> $4 ORDER BY at DESC LIMIT 1`, []any{t.ID, until, scannedAtOnce, ClassSkipped},
		func(scan func(dest ...any) error) error {
			var when int64
			err := scan(&when, &l.Failed.Class, &l.Failed.Status)
			l.Failed.At = sql.At(when)
			return err
		})
	if err != nil {
		return l, err
	}
	if !t.OpenedAt.IsZero() {
		until = sql.Micros(t.OpenedAt)
	}
	var delivered int64
	err = tx.sql.One(`SELECT COALESCE(MAX(at), 0) `+newest+`WHERE status BETWEEN 200 AND 299`, []any{t.ID, until, scannedAtOnce}, &delivered)
	l.Delivered = sql.At(delivered)
	return l, err
}
