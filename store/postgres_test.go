package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
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

func TestEntriesWhoseCommitIsUnknownMayBeKeptAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	var between *proxy
	between, p.database = spoiled(t, p.database)
	s := p.open(t, store.Options{})
	store.SealInside(s, seal)
	entries := make([]desk.AuditEntry, 70) // more than one statement takes
	for i := range entries {
		entries[i].ID = fmt.Sprintf("e%02d", i)
	}
	between.next(func(net.Conn, net.Conn, []byte) bool { return true })
	if err := s.KeepAudit(t.Context(), entries); !unavailable(err) {
		t.Errorf("told %v, want Unavailable: nobody knows whether they were stored", err)
	}
	check(t, s.KeepAudit(t.Context(), entries))
	check(t, s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "later"}}))
	previous, names := "", 0
	for _, entry := range read(t, s, func(tx *store.Tx) ([]desk.AuditEntry, error) { return tx.Sealed(1, 100) }) {
		if entry.MAC != seal(previous, entry) {
			t.Errorf("the seal of %s does not follow from the one before", entry.ID)
		}
		previous = entry.MAC
		names++
	}
	if names != len(entries)+1 {
		t.Errorf("%d entries are sealed, want each of %d once", names, len(entries)+1)
	}
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

// lockTicket keeps a ticket locked from outside the store until the test lets it go.
func lockTicket(t *testing.T, p place, number int64) (free func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.database)
	check(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	tx, err := conn.Begin(t.Context())
	check(t, err)
	_, err = tx.Exec(t.Context(), `SELECT id FROM ticket WHERE number = $1 FOR UPDATE`, number)
	check(t, err)
	return func() { check(t, tx.Commit(t.Context())) }
}

// touch changes the ticket that a look finds, and says that a caller did.
func touch(by string, find func(tx *store.Tx) (*desk.Ticket, error)) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		tx.ClaimSetting(by, "x")
		t, err := find(tx)
		if err != nil {
			return err
		}
		t.Version++
		t.AssigneeName = by
		tx.UpdateTicket(t)
		return nil
	}
}

func byNumber(number int64) func(tx *store.Tx) (*desk.Ticket, error) {
	return func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(number, true) }
}

func TestAJoinedWriteThatHasToWaitForATicketHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	for _, look := range []struct {
		name string
		find func(tx *store.Tx) (*desk.Ticket, error)
	}{
		{"by number", byNumber(2)},
		{"by id", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID("t-000002", true) }},
		{"by reference, the newest", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("ref", "p", true) }},
	} {
		t.Run(look.name, func(t *testing.T) {
			p := newPlace(t, desktest.PostgreSQL)
			s := p.open(t, store.Options{Rehearse: true})
			for n := range int64(3) {
				one := plain(n+1, "p", desk.Open, desktest.Start)
				if n < 2 {
					one.ChannelReference = "ref"
				}
				tickets(t, s, one)
			}
			free, h := lockTicket(t, p, 2), hold(t, s)
			quick, slow := make(chan error), make(chan error)
			for i, w := range []struct {
				fn   func(*store.Tx) error
				told chan error
			}{{claim("first"), quick}, {touch("waits", look.find), slow}, {touch("third", byNumber(3)), quick}, {touch("missing", byNumber(99)), quick}} {
				go func() { w.told <- s.Write(t.Context(), w.fn) }()
				for store.Queued(s) != i+1 {
					runtime.Gosched()
				}
			}
			close(h.free[0])
			missing := 0
			for range 3 {
				if err := <-quick; errors.Is(err, store.ErrNotFound) { // hangs when the locked ticket holds them up
					missing++
				} else {
					check(t, err)
				}
			}
			if missing != 1 {
				t.Errorf("%d writes were told that there is no such ticket, want the one that has none", missing)
			}
			free()
			check(t, <-slow)
			h.release(t)
			if got := ticket(t, s, 2); got.AssigneeName != "waits" || got.Version != 2 {
				t.Errorf("ticket 2 is at version %d, changed by %q", got.Version, got.AssigneeName)
			}
			if diff := cmp.Diff([]string{"first", "third", "waits"}, settings(t, s)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyWhoChangeFewTicketsDoNotWaitForEachOtherInACircle(t *testing.T) {
	t.Parallel()
	const callers, each, few = 32, 8, 5
	p := newPlace(t, desktest.PostgreSQL)
	metrics := prometheus.NewRegistry()
	nodes := []*store.Store{p.open(t, store.Options{Metrics: metrics}), p.open(t, store.Options{})}
	for n := range int64(few) {
		tickets(t, nodes[0], plain(n+1, "p", desk.Open, desktest.Start))
	}
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range each {
				err := nodes[c%2].Write(t.Context(), func(tx *store.Tx) error {
					return comment(tx, int64((c*3+i*2)%few+1))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	changes := int64(0)
	for n := range int64(few) {
		changes += ticket(t, nodes[0], n+1).Version - 1
	}
	if changes != callers*each {
		t.Errorf("%d changes were stored, want %d", changes, callers*each)
	}
	if n := counter(t, metrics, "servicedesk_store_replays_total"); n != 0 {
		t.Errorf("%v transactions were run again, want that none lost against another", n)
	}
}

// counter reads a counter of a registry.
func counter(t *testing.T, metrics *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	check(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
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

// An index over texts in the order of a language is wrong after an update of the system that changes that order, and keyset
// pages of both engines would differ.
func TestPostgreSQLOrdersEveryTextByItsBytes(t *testing.T) {
	t.Parallel()
	s := newPlace(t, desktest.PostgreSQL).open(t, store.Options{})
	others := read(t, s, func(tx *store.Tx) ([]string, error) {
		return store.Column(tx, `SELECT table_name || '.' || column_name, '', '', '' FROM information_schema.columns
 WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`, nil, 0)
	})
	if len(others) > 0 {
		t.Errorf("in another order: %v", others)
	}
}
