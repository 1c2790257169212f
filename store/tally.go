package store

import (
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Where counting ends on the connector's page: of tickets, and of the attempts of a day.
const (
	ForwardsCounted = 10_000
	AttemptsCounted = 50_000
)

// ForwardBacklog is what waits on a route of the provider.
type ForwardBacklog struct {
	Waiting      int       // tickets; counted up to ForwardsCounted
	Parked       int       // tickets that wait for a person; likewise
	Oldest       time.Time // when the oldest event was recorded that waits, as far as was looked; zero: none does
	OldestNumber int64     // of its ticket
}

// ForwardBacklog reads what waits on the route of a target. What is held until the provider has its ticket does not count.
func (tx *Tx) ForwardBacklog(target string) (b ForwardBacklog, err error) {
	if b.Waiting, err = tx.countForwards(`lane WHERE target_id = $1 AND due > 0 AND due < $2`, target, sql.Micros(untilSent)); err != nil {
		return b, err
	}
	if b.Parked, err = tx.countForwards(`lane WHERE target_id = $1 AND dead_at > $2`, target, 0); err != nil {
		return b, err
	}
	var oldest int64
	err = tx.sql.One(`SELECT e.at, f.number FROM (SELECT ticket_id, head FROM lane WHERE target_id = $1 AND due > 0 AND due < $2 ORDER BY due LIMIT $3) AS l
 JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.head JOIN forward f ON f.ticket_id = l.ticket_id ORDER BY e.at, f.number LIMIT 1`,
		[]any{target, sql.Micros(untilSent), scannedAtOnce}, &oldest, &b.OldestNumber)
	b.Oldest = sql.At(oldest)
	return b, ignoreNotFound(err)
}

// DoubtfulForwards counts the tickets that may exist twice, up to ForwardsCounted.
func (tx *Tx) DoubtfulForwards() (n int, err error) {
	return tx.countForwards(`forward WHERE doubtful AND ticket_id <> $1 AND queued_at < $2`, "", sql.Micros(untilSent))
}

func (tx *Tx) countForwards(of string, first string, second int64) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM (SELECT 1 FROM `+of+` LIMIT $3) AS counted`, []any{first, second, ForwardsCounted}, &n)
	return n, err
}

// Tally counts the attempts of a target that were of one class in one hour.
type Tally struct {
	Class  string
	Hour   time.Time // it begins, in UTC
	Recent bool      // they were made since a time that was asked about
	Count  int
	Last   time.Time // when the last of them was made
}

// Tallies counts the attempts of a target since a time, apart from those since a later one: the newest AttemptsCounted.
func (tx *Tx) Tallies(target string, since, recent time.Time) (found []Tally, err error) {
	err = tx.sql.Each(`SELECT class, hour, recent, COUNT(*), MAX(at) FROM (SELECT class, at, at - at % 3600000000 AS hour, at >= $1 AS recent FROM attempt
 WHERE target_id = $2 AND at >= $3 ORDER BY at DESC LIMIT $4) AS counted GROUP BY class, hour, recent ORDER BY hour, class, recent`,
		[]any{sql.Micros(recent), target, sql.Micros(since), AttemptsCounted}, func(scan func(dest ...any) error) error {
			var t Tally
			var hour, last int64
			err := scan(&t.Class, &hour, &t.Recent, &t.Count, &last)
			t.Hour, t.Last = sql.At(hour), sql.At(last)
			found = append(found, t)
			return err
		})
	return found, err
}

// NewestAttempts reads the newest attempt of each class that a target saw, up to a time, as far as was looked.
func (tx *Tx) NewestAttempts(target string, until time.Time) (found []Attempt, err error) {
	err = tx.sql.Each(`SELECT class, MAX(at) FROM (SELECT class, at FROM attempt WHERE target_id = $1 AND at <= $2 ORDER BY at DESC LIMIT $3) AS newest GROUP BY class`,
		[]any{target, sql.Micros(until), scannedAtOnce}, func(scan func(dest ...any) error) error {
			var a Attempt
			var at int64
			err := scan(&a.Class, &at)
			a.At = sql.At(at)
			found = append(found, a)
			return err
		})
	return found, err
}

// AttemptAt completes what is known of an attempt of a target by its class and time, and finds the number of its ticket.
func (tx *Tx) AttemptAt(target string, a *Attempt) (number int64, err error) {
	err = tx.sql.One(`SELECT a.ticket_id, a.status, a.said, a.doubtful, COALESCE(f.number, 0) FROM attempt a LEFT JOIN forward f ON f.ticket_id = a.ticket_id WHERE a.target_id = $1 AND a.at = $2 AND a.class = $3
 ORDER BY a.ticket_id LIMIT 1`, []any{target, sql.Micros(a.At), a.Class}, &a.TicketID, &a.Status, &a.Said, &a.Doubtful, &number)
	if errors.Is(err, ErrNotFound) { // it was purged meanwhile
		err = nil
	}
	a.TargetID = target
	return number, err
}
