package store

import (
	"context"
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// ConnectorCountMost is where counting what waits for Sociomile ends.
const ConnectorCountMost = 100_000

// ConnectorRoute is a target of the connector, and what waits there.
type ConnectorRoute struct {
	desk.Target
	Waiting int       // tickets with something to send that can be sent by now; counted up to ConnectorCountMost
	Parked  int       // tickets that wait for a person; likewise
	Oldest  time.Time // since when the oldest of those that wait could be sent, as far as was looked: at a hundred; zero: none waits
}

// ConnectorRoutes reads the targets of the connector by their ids, and what waits there; none before there is a connector. A
// change of status waits since its ticket was sent at the earliest, and a ticket that was queued later since then.
func (s *Store) ConnectorRoutes(ctx context.Context) ([]ConnectorRoute, error) {
	var found []ConnectorRoute
	err := s.Read(ctx, func(tx *Tx) error {
		found = nil
		return tx.sql.Each(`SELECT `+targetColumns+`, (SELECT COUNT(*) FROM (SELECT 1 FROM lane l WHERE l.target_id = t.id AND l.due > 0 AND l.due < $1 LIMIT $2) AS waiting),
 (SELECT COUNT(*) FROM (SELECT 1 FROM lane l WHERE l.target_id = t.id AND l.dead_at > 0 LIMIT $2) AS parked),
 (SELECT COALESCE(MIN(CASE WHEN f.sent_at > e.at THEN f.sent_at WHEN f.queued_at > e.at THEN f.queued_at ELSE e.at END), 0)
 FROM (SELECT l.ticket_id, l.head FROM lane l WHERE l.target_id = t.id AND l.due > 0 AND l.due < $1 ORDER BY l.due LIMIT 100) AS first
 JOIN event e ON e.ticket_id = first.ticket_id AND e.seq = first.head JOIN forward f ON f.ticket_id = first.ticket_id)
 FROM target t LEFT JOIN api_key k ON k.id = t.key_id WHERE t.id IN ($3, $4) ORDER BY t.id`,
			[]any{sql.Micros(untilSent), ConnectorCountMost, desk.ConnectorCreates, desk.ConnectorStatuses}, func(scan func(dest ...any) error) error {
				var r ConnectorRoute
				var oldest int64
				dest, done := scanTarget(&r.Target, &r.Waiting, &r.Parked, &oldest)
				err := scan(dest...)
				done()
				r.Oldest = sql.At(oldest)
				found = append(found, r)
				return err
			})
	})
	return found, err
}

// NewestAttempts reads when the last attempts of a target were made and what came of them, newest first: five hundred at most.
func (s *Store) NewestAttempts(ctx context.Context, targetID string) ([]Attempt, error) {
	var found []Attempt
	err := s.Read(ctx, func(tx *Tx) error {
		found = nil
		return tx.sql.Each(`SELECT at, class FROM attempt WHERE target_id = $1 ORDER BY at DESC LIMIT $2`, []any{targetID, scannedAtOnce}, func(scan func(dest ...any) error) error {
			var a Attempt
			var at int64
			err := scan(&at, &a.Class)
			a.At = sql.At(at)
			found = append(found, a)
			return err
		})
	})
	return found, err
}

// ChangeSetting changes a value of the installation from old, which is empty when there is none. It returns ErrChanged when
// somebody else changed it first.
func (s *Store) ChangeSetting(ctx context.Context, name, old, value string) error {
	err := s.Write(ctx, func(tx *Tx) error {
		if old == "" {
			tx.ClaimSetting(name, value)
		} else {
			tx.ReplaceSetting(name, old, value)
		}
		return nil
	})
	if errors.Is(err, ErrExists) {
		return ErrChanged
	}
	return err
}
