package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Where counting ends on the connector's page: of tickets, and of the attempts of a day.
const (
	ForwardsCounted = 10_000
	AttemptsCounted = 50_000
)

// RouteState reads how it is on the route of a target of the connector. What is held until the provider has its ticket does
// not count as waiting. While the circuit is open, the last success is looked for before it opened: since then there are only
// failures, however many.
func (tx *Tx) RouteState(t desk.Target, now time.Time) (s desk.RouteState, err error) {
	s.Target = t
	steps := []func() error{
		func() error { return tx.routeBacklog(&s) },
		func() error { return tx.tally(&s, now) },
		func() error { return tx.noteNewest(&s, now) },
		func() error {
			if s.OpenedAt.IsZero() {
				return nil
			}
			return tx.noteNewest(&s, s.OpenedAt)
		},
		func() error { return tx.completeFailure(s.ID, &s.LastFailed) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return s, err
		}
	}
	for i := range s.Failures {
		if err := tx.completeFailure(s.ID, &s.Failures[i]); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (tx *Tx) routeBacklog(s *desk.RouteState) (err error) {
	if s.Waiting, err = tx.countLanes(`due > 0 AND due < $2`, s.ID); err != nil {
		return err
	}
	if s.Parked, err = tx.countLanes(`dead_at > 0 AND dead_at < $2`, s.ID); err != nil {
		return err
	}
	var oldest int64
	err = tx.sql.One(`SELECT e.at, f.number FROM (SELECT ticket_id, head FROM lane WHERE target_id = $1 AND due > 0 AND due < $2 ORDER BY due LIMIT $3) AS l
 JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.head JOIN forward f ON f.ticket_id = l.ticket_id ORDER BY e.at, f.number LIMIT 1`,
		[]any{s.ID, sql.Micros(untilSent), scannedAtOnce}, &oldest, &s.OldestNumber)
	s.Oldest = sql.At(oldest)
	return ignoreNotFound(err)
}

// DoubtfulForwards counts the tickets that may exist twice, up to ForwardsCounted.
func (tx *Tx) DoubtfulForwards() (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM (SELECT 1 FROM forward WHERE doubtful LIMIT $1) AS counted`, []any{ForwardsCounted}, &n)
	return n, err
}

// countLanes counts lanes whose time is before untilSent.
func (tx *Tx) countLanes(which, target string) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM (SELECT 1 FROM lane WHERE target_id = $1 AND `+which+` LIMIT $3) AS counted`, []any{target, sql.Micros(untilSent), ForwardsCounted}, &n)
	return n, err
}

// tally counts the attempts of the hours: the newest AttemptsCounted.
func (tx *Tx) tally(s *desk.RouteState, now time.Time) error {
	var found []desk.Tally
	err := tx.sql.Each(`SELECT class, hour, recent, COUNT(*), MAX(at) FROM (SELECT class, at, at - at % 3600000000 AS hour, at >= $1 AS recent FROM attempt
 WHERE target_id = $2 AND at >= $3 ORDER BY at DESC LIMIT $4) AS counted GROUP BY class, hour, recent`,
		[]any{sql.Micros(now.Add(-time.Hour)), s.ID, sql.Micros(desk.HoursBegin(now)), AttemptsCounted}, func(scan func(dest ...any) error) error {
			var t desk.Tally
			var hour, last int64
			err := scan(&t.Class, &hour, &t.Recent, &t.Count, &last)
			t.Hour, t.Last = sql.At(hour), sql.At(last)
			found = append(found, t)
			return err
		})
	s.Count(found, now)
	return err
}

// noteNewest notes the newest attempt of each class up to a time, as far as is looked.
func (tx *Tx) noteNewest(s *desk.RouteState, until time.Time) error {
	return tx.sql.Each(`SELECT class, MAX(at) FROM (SELECT class, at FROM attempt WHERE target_id = $1 AND at <= $2 ORDER BY at DESC LIMIT $3) AS newest GROUP BY class`,
		[]any{s.ID, sql.Micros(until), scannedAtOnce}, func(scan func(dest ...any) error) error {
			var class string
			var at int64
			err := scan(&class, &at)
			s.Note(class, sql.At(at))
			return err
		})
}

// completeFailure adds to what is known by class and time what was said, and of which ticket. It may be purged meanwhile.
func (tx *Tx) completeFailure(target string, f *desk.ForwardFailure) error {
	if f.Class == "" {
		return nil
	}
	return ignoreNotFound(tx.sql.One(`SELECT a.status, a.said, COALESCE(f.number, 0) FROM attempt a LEFT JOIN forward f ON f.ticket_id = a.ticket_id WHERE a.target_id = $1 AND a.at = $2 AND a.class = $3
 ORDER BY a.ticket_id LIMIT 1`, []any{target, sql.Micros(f.At), f.Class}, &f.Status, &f.Said, &f.Number))
}
