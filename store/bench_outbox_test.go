package store_test

import (
	"context"
	"fmt"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// The outbox of these benchmarks: one target is held and has all the waiting rows but a few, which are due before all
// others; twenty others have some.
const (
	liveTargets = 20
	liveLanes   = 50
	claimAtOnce = 16
	dueBy       = 10_000_000
)

// outboxTables are made without indexes, so that they fill quickly.
const (
	outboxTables = `CREATE TABLE target (id bigint PRIMARY KEY, held boolean NOT NULL);
CREATE TABLE lane (target bigint NOT NULL, ticket bigint NOT NULL, head bigint NOT NULL, due bigint NOT NULL, lease bigint NOT NULL, fence bigint NOT NULL);
CREATE TABLE job (id bigint NOT NULL, target bigint NOT NULL, ticket bigint NOT NULL, due bigint NOT NULL, lease bigint NOT NULL, done boolean NOT NULL)`
	outboxIndexes = `CREATE UNIQUE INDEX lane_key ON lane (target, ticket);
CREATE INDEX lane_due ON lane (target, due);
CREATE UNIQUE INDEX job_key ON job (id);
CREATE INDEX job_due ON job (due) WHERE NOT done;
ANALYZE`
)

// outbox opens a store with an outbox of which so many rows are held.
func outbox(b *testing.B, e desktest.Engine, held int) *store.Store {
	b.Helper()
	const series = `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < $2) `
	s := newPlace(b, e).tuned(b, 0, store.Tuning{})
	execute(b, s, outboxTables)
	write(b, s, func(tx *store.Tx) {
		store.Do(tx, series+`INSERT INTO target SELECT i, i = 0 FROM n`, 0, liveTargets)
		store.Do(tx, series+`INSERT INTO lane SELECT i % 20 + 1, i, 1, 5000000 + i, 0, 0 FROM n`, 1, liveTargets*liveLanes)
		store.Do(tx, series+`INSERT INTO job SELECT i, i % 20 + 1, i, 5000000 + i, 0, i < 0 FROM n`, 1, liveTargets*liveLanes)
	})
	for from := 0; from < held; from += 100_000 {
		to := min(held, from+100_000)
		write(b, s, func(tx *store.Tx) {
			store.Do(tx, series+`INSERT INTO lane SELECT 0, i + 100000, 1, i, 0, 0 FROM n`, from+1, to)
			store.Do(tx, series+`INSERT INTO job SELECT i + 100000, 0, i, i, 0, i < 0 FROM n`, from+1, to)
		})
	}
	execute(b, s, outboxIndexes)
	return s
}

// execute runs statements that end their lines with semicolons, each at once.
func execute(b *testing.B, s *store.Store, statements string) {
	b.Helper()
	for _, one := range store.SplitStatements(statements) {
		check(b, s.Write(context.Background(), func(tx *store.Tx) error { return second(store.Rows[string](tx, one)) }))
	}
}

// BenchmarkClaimingDueLanes says what it costs to find the next deliveries while a target is held: with a row for each
// lane and an index on target and due (the way), or in a table of jobs, by due (the base).
func BenchmarkClaimingDueLanes(b *testing.B) {
	for _, e := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
		for _, held := range []int{100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/held-%d", e, held), func(b *testing.B) {
				s := outbox(b, e, held)
				compare(b, "claims", claimJobs(b, s), claimLanes(b, s))
			})
		}
	}
}

// claimDue finds what is due, leases it, and gives it back, so that the next one finds it again.
func claimDue(b *testing.B, s *store.Store, find, lease string, args ...any) int {
	var keys []int64
	check(b, s.Write(context.Background(), func(tx *store.Tx) (err error) {
		if keys, err = store.Rows[int64](tx, find, args...); err != nil {
			return err
		}
		for _, until := range []int64{9, 0} {
			for _, key := range keys {
				store.Do(tx, lease, until, key)
			}
		}
		return nil
	}))
	if len(keys) != claimAtOnce {
		b.Fatalf("%d rows were claimed, want %d", len(keys), claimAtOnce)
	}
	return len(keys)
}

// claimJobs takes what is due from the table of jobs, past all that is held.
func claimJobs(b *testing.B, s *store.Store) round {
	return func() int {
		return claimDue(b, s, `SELECT j.id FROM job j JOIN target t ON t.id = j.target WHERE NOT j.done AND j.due <= $1 AND j.lease = 0 AND NOT t.held ORDER BY j.due LIMIT $2`,
			`UPDATE job SET lease = $1 WHERE id = $2`, dueBy, claimAtOnce)
	}
}

// claimLanes takes the lanes that are due of a target that is not held, of each target in turn.
func claimLanes(b *testing.B, s *store.Store) round {
	var turn int64
	return func() int {
		turn = turn%liveTargets + 1
		return claimDue(b, s, `SELECT l.ticket FROM lane l JOIN target t ON t.id = l.target WHERE NOT t.held AND l.target = $1 AND l.due <= $2 AND l.lease = 0 ORDER BY l.due LIMIT $3`,
			fmt.Sprintf(`UPDATE lane SET lease = $1 WHERE target = %d AND ticket = $2`, turn), turn, dueBy, claimAtOnce)
	}
}

// BenchmarkHoldingATarget says what it costs to hold a target and let it go again: a mark on the target (the way), or
// one on each of its rows (the base).
func BenchmarkHoldingATarget(b *testing.B) {
	const rows = 20_000
	for _, e := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
		b.Run(fmt.Sprintf("%s/rows-%d", e, rows), func(b *testing.B) {
			s := outbox(b, e, rows)
			mark := func(statement string) round {
				return func() int {
					for _, held := range []int64{1, 0} {
						write(b, s, func(tx *store.Tx) { store.Do(tx, statement, held) })
					}
					return 2
				}
			}
			compare(b, "marks", mark(`UPDATE job SET lease = $1 WHERE target = 0`), mark(`UPDATE target SET held = $1 > 0 WHERE id = 0`))
		})
	}
}
