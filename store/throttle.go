package store

import (
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Throttle says how often something may be tried: burst times at once, and then once in every.
type Throttle struct {
	Burst int
	Every time.Duration
}

// Try counts one more try of what name stands for, on all nodes. It returns how long to wait instead when it was tried
// too often; then the try does not count, so that whoever goes on trying does not wait the longer for it.
func (tx *Tx) Try(name string, t Throttle, now time.Time) (wait time.Duration, err error) {
	full := now.Add(time.Duration(t.Burst-1) * t.Every)
	var until int64
	err = tx.sql.One(`INSERT INTO throttle (name, until) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
 SET until = CASE WHEN throttle.until > $3 THEN throttle.until ELSE $3 END + $4 WHERE throttle.until <= $5 RETURNING until`,
		[]any{name, sql.Micros(now.Add(t.Every)), sql.Micros(now), t.Every.Microseconds(), sql.Micros(full)}, &until)
	if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	err = tx.sql.One(`SELECT until FROM throttle WHERE name = $1`, []any{name}, &until)
	return sql.At(until).Sub(full), err
}

// GiveBack takes back one try of what name stands for, which was not somebody's who guesses; the others still count.
func (tx *Tx) GiveBack(name string, t Throttle) {
	tx.sql.Exec(`UPDATE throttle SET until = until - $1 WHERE name = $2`, t.Every.Microseconds(), name)
}

// Untry forgets the tries of what name stands for: they were not somebody's who guesses.
func (tx *Tx) Untry(name string) {
	tx.sql.Exec(`DELETE FROM throttle WHERE name = $1`, name)
}

// PurgeThrottles removes what counts tries that are forgotten, some rows at a time, and returns how many.
func (tx *Tx) PurgeThrottles(now time.Time, limit int) (int, error) {
	names, err := tx.texts(`SELECT name FROM throttle WHERE until < $1 ORDER BY until LIMIT $2`, sql.Micros(now), limit)
	for _, name := range names {
		tx.sql.Exec(`DELETE FROM throttle WHERE name = $1 AND until < $2`, name, sql.Micros(now))
	}
	return len(names), err
}
