package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// pragma asks the connection of SQLite that writes for a setting, or sets it.
func pragma(t *testing.T, s *store.Store, name string) (answer string) {
	t.Helper()
	check(t, s.Write(t.Context(), func(tx *store.Tx) error { return store.Ask(tx, "PRAGMA "+name, nil, &answer) }))
	return answer
}

func TestForeignKeysHold(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			store.Do(tx, `INSERT INTO holiday (calendar, date, kind, name) VALUES ('nowhere', '2024-01-01', 'L', 'x')`)
			return nil
		})
		if !unavailable(err) {
			t.Errorf("a holiday of a calendar that does not exist ended with %v, want a failure", err)
		}
	})
}

// another opens the file of a store as another program does, which is not this package's business in production.
func another(t *testing.T, p place) *sql.DB {
	t.Helper()
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.Join(p.folder, store.SQLiteFile), RawQuery: "_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", address.String())
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

func TestWritesWaitForAnotherProcessThatWrites(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.SQLite)
	s, other := p.open(t, store.Options{}), another(t, p)
	tx, err := other.Conn(t.Context())
	check(t, err)
	_, err = tx.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	check(t, err)
	_, err = tx.ExecContext(t.Context(), `INSERT INTO setting (name, value) VALUES ('theirs', 'x')`)
	check(t, err)
	told := make(chan error)
	go func() { told <- s.Write(t.Context(), claim("ours")) }()
	for store.Queued(s) > 0 {
	}
	if have := settings(t, s); len(have) > 0 {
		t.Errorf("read %q, want nothing of what is not committed, without waiting", have)
	}
	_, err = tx.ExecContext(t.Context(), `COMMIT`)
	check(t, err)
	check(t, tx.Close())
	check(t, <-told)
	if diff := cmp.Diff([]string{"ours", "theirs"}, settings(t, s)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestWritesThatCannotBeginAreToldSoTogether(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.SQLite)
	metrics := prometheus.NewRegistry()
	s, other := p.open(t, store.Options{Metrics: metrics}), another(t, p)
	pragma(t, s, "busy_timeout(300)") // instead of ten seconds
	conn, err := other.Conn(t.Context())
	check(t, err)
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	check(t, err)
	told := make(chan error)
	for range 9 { // the first to come wait for the lock, the others then together
		go func() { told <- s.Write(t.Context(), claim("x")) }()
	}
	for range 9 {
		if err := <-told; !unavailable(err) {
			t.Errorf("told %v, want Unavailable", err)
		}
	}
	if n := counter(t, metrics, "servicedesk_store_replays_total"); n != 0 {
		t.Errorf("writes that could not begin were run again %v times", n)
	}
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	check(t, errors.Join(err, conn.Close()))
	check(t, s.Write(t.Context(), claim("x")))
}

func TestTwoStoresWriteOneFileAtTheSameTime(t *testing.T) {
	t.Parallel()
	const each = 50
	p := newPlace(t, desktest.SQLite)
	stores := []*store.Store{p.open(t, store.Options{}), p.open(t, store.Options{})}
	told := make(chan error)
	for i, s := range stores {
		for n := range each {
			go func() { told <- s.Write(t.Context(), claim(fmt.Sprintf("%d-%d", i, n))) }()
		}
	}
	for range 2 * each {
		check(t, <-told)
	}
	if n := len(settings(t, stores[0])); n != 2*each {
		t.Errorf("stored are %d, want %d", n, 2*each)
	}
}

func TestAFullDiskRefusesWritesOnceAndStoresNothingOfThem(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.SQLite)
	s := p.open(t, store.Options{})
	pragma(t, s, "max_page_count("+pragma(t, s, "page_count")+")")
	big := func(name string) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			tx.ClaimSetting(name, strings.Repeat("x", 1<<16))
			return nil
		}
	}
	told := joined(t, s, claim("small"), big("big"), claim("small too"))
	if diff := cmp.Diff([]string{"unavailable", "unavailable", "unavailable"}, outcomes(told)); diff != "" {
		t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
	}
	if have := settings(t, s); len(have) > 0 {
		t.Errorf("stored are %q, want nothing", have)
	}
	pragma(t, s, "max_page_count(1000000)")
	check(t, s.Write(t.Context(), big("big")))
}

func TestCloseWaitsForTheReadsUnderWay(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		reading, closed, told := make(chan struct{}), make(chan error), make(chan error)
		go func() {
			told <- s.Read(t.Context(), func(tx *store.Tx) error {
				close(reading)
				go func() { closed <- s.Close() }()
				for s.Write(t.Context(), claim("x")) == nil { // until Close has begun
				}
				_, err := tx.Configuration()
				return err
			})
		}()
		<-reading
		check(t, <-told)
		check(t, <-closed)
	})
}
