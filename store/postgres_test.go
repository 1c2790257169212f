package store_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// add moves a counter of the test, so that a write that was done twice shows.
func add(tx *store.Tx) error {
	store.Do(tx, `UPDATE counter SET value = value + 1 WHERE name = 'test'`)
	return nil
}

// counted opens a store with a counter for the test at zero.
func counted(t *testing.T, p place, o store.Options) *store.Store {
	t.Helper()
	s := p.open(t, o)
	write(t, s, func(tx *store.Tx) { store.Do(tx, `INSERT INTO counter (name, value) VALUES ('test', 0)`) })
	return s
}

func count(t *testing.T, s *store.Store) int64 {
	t.Helper()
	return read(t, s, func(tx *store.Tx) (n int64, err error) {
		err = store.Ask(tx, `SELECT value FROM counter WHERE name = 'test'`, nil, &n)
		return n, err
	})
}

func TestAWriteWhoseCommitWasAcknowledgedIsNotDoneAgainWhenItsConnectionEnds(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	var between *proxy
	between, p.database = spoiled(t, p.database)
	s := counted(t, p, store.Options{})
	var armed sync.Once
	arm := func(tx *store.Tx) error { // the next COMMIT is that of this write
		armed.Do(func() {
			between.next(func(client, _ net.Conn, answer []byte) bool {
				_, _ = client.Write(append(answer, fatal()...))
				return true
			})
		})
		return add(tx)
	}
	told := joined(t, s, add, arm, add)
	if diff := cmp.Diff([]string{"ok", "ok", "ok"}, outcomes(told)); diff != "" {
		t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
	}
	if got := count(t, s); got != 3 {
		t.Errorf("3 writes moved the counter by %d", got)
	}
}

func TestACommitWhoseAnswerIsLostIsNeitherRepeatedNorHalfDone(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	var between *proxy
	between, p.database = spoiled(t, p.database)
	s := counted(t, p, store.Options{})
	between.next(func(net.Conn, net.Conn, []byte) bool { return true })
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		tx.ClaimSetting("with it", "x")
		return add(tx)
	})
	if !unavailable(err) {
		t.Errorf("told %v, want Unavailable: nobody knows whether it was stored", err)
	}
	if n, have := count(t, s), settings(t, s); n != 1 || len(have) != 1 {
		t.Errorf("the counter is at %d and stored are %q, want the write once and whole", n, have)
	}
	check(t, s.Write(t.Context(), add))
}

func TestAConnectionThatIsKilledCostsItsWritesAndNothingElse(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	s := counted(t, p, store.Options{})
	kill := func(tx *store.Tx) error {
		store.Do(tx, `UPDATE counter SET value = value + 100 WHERE name = 'test'`)
		terminate(t, p.database, backend(t, tx))
		return nil
	}
	told := joined(t, s, add, kill, add)
	if diff := cmp.Diff([]string{"unavailable", "unavailable", "unavailable"}, outcomes(told)); diff != "" {
		t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
	}
	if n := count(t, s); n != 0 {
		t.Errorf("the counter is at %d, want nothing half-written", n)
	}
	for range 8 {
		check(t, s.Write(t.Context(), add))
	}
	if n := count(t, s); n != 8 {
		t.Errorf("the counter is at %d after 8 later writes", n)
	}
}

func TestAReadWhoseConnectionIsKilledIsUnavailableAndLaterOnesWork(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	s := p.open(t, store.Options{})
	err := s.Read(t.Context(), func(tx *store.Tx) error {
		terminate(t, p.database, backend(t, tx))
		_, err := tx.Configuration()
		return err
	})
	if !unavailable(err) {
		t.Errorf("told %v, want Unavailable", err)
	}
	for range 16 {
		read(t, s, (*store.Tx).Configuration)
	}
}

// backend returns the server process that a transaction runs in.
func backend(t *testing.T, tx *store.Tx) (pid int) {
	t.Helper()
	if err := store.Ask(tx, `SELECT pg_backend_pid()`, nil, &pid); err != nil {
		t.Error(err)
	}
	return pid
}

// terminate ends a server process and waits until it is gone.
func terminate(t *testing.T, database string, pid int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SELECT pg_terminate_backend($1)`, pid); err != nil {
		t.Error(err)
	}
	for alive := 1; alive > 0 && err == nil; {
		err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&alive)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestWritesThatWaitForEachOtherInACircleAreBothStored(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	s := p.open(t, store.Options{})
	write(t, s, func(tx *store.Tx) {
		store.Do(tx, `INSERT INTO counter (name, value) VALUES ('left', 0), ('right', 0)`)
	})
	var both sync.WaitGroup // both have locked their first row
	both.Add(2)
	cross := func(first, second string) func(*store.Tx) error {
		var met sync.Once
		return func(tx *store.Tx) error {
			for i, name := range []string{first, second} {
				var n int64
				if err := store.Ask(tx, `UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value`, []any{name}, &n); err != nil {
					return err
				}
				if i == 0 {
					met.Do(func() {
						both.Done()
						both.Wait()
					})
				}
			}
			return nil
		}
	}
	told := make(chan error)
	go func() { told <- s.Write(t.Context(), cross("left", "right")) }()
	go func() { told <- s.Write(t.Context(), cross("right", "left")) }()
	check(t, errors.Join(<-told, <-told))
	got := read(t, s, func(tx *store.Tx) ([]int64, error) {
		return store.Rows[int64](tx, `SELECT value FROM counter WHERE name IN ('left', 'right')`)
	})
	if diff := cmp.Diff([]int64{2, 2}, got); diff != "" {
		t.Errorf("the counters stand otherwise (-want +got):\n%s", diff)
	}
}

func TestAnExpectationThatFailsIsFoundOutBeforeTheCommit(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := counted(t, newPlace(t, e), store.Options{})
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			tx.RevokeKey("nobody's", s.Now())
			return add(tx)
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("told %v, want ErrNotFound", err)
		}
		if n := count(t, s); n != 0 {
			t.Errorf("the counter is at %d, want nothing of the write stored", n)
		}
	})
}
