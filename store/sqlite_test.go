package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestEveryConnectionOfSQLiteHasTheSettingsThatKeepWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	for _, c := range []struct{ pragma, writer, readers string }{
		{"journal_mode", "wal", "wal"},
		{"foreign_keys", "1", "1"},
		{"busy_timeout", "10000", "10000"},
		{"synchronous", "2", ""}, // FULL; it means nothing to those who only read
		{"query_only", "0", "1"},
	} {
		if answer := pragma(t, s, c.pragma); answer != c.writer {
			t.Errorf("%s of the writer is %q, want %q", c.pragma, answer, c.writer)
		}
		answers, err := store.ReaderPragmas(s, c.pragma)
		check(t, err)
		for _, answer := range answers {
			if c.readers != "" && answer != c.readers {
				t.Errorf("%s of a reader is %q, want %q", c.pragma, answer, c.readers)
			}
		}
	}
}

func pragma(t *testing.T, s *store.Store, name string) string {
	t.Helper()
	answer, err := store.Pragma(s, name)
	check(t, err)
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

func TestAfterAFailureOfTheDiskASoundFileIsOpenedAnew(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	check(t, s.Write(t.Context(), claim("before")))
	store.Suspect(s)
	check(t, s.Write(t.Context(), claim("after")))
	if diff := cmp.Diff([]string{"after", "before"}, settings(t, s)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if mode := pragma(t, s, "synchronous"); mode != "2" {
		t.Errorf("the new connection has synchronous=%s, want FULL (2)", mode)
	}
}

func TestAfterAFailureOfTheDiskADamagedFileIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.SQLite)
	s := p.open(t, store.Options{})
	for i := range 50 {
		check(t, s.Write(t.Context(), claim(fmt.Sprintf("%d-%s", i, strings.Repeat("x", 2000)))))
	}
	_, err := another(t, p).ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	check(t, err)
	path := filepath.Join(p.folder, store.SQLiteFile)
	file, err := os.ReadFile(path)
	check(t, err)
	copy(file[len(file)/2:], slices.Repeat([]byte{0xa5}, len(file)))
	check(t, os.WriteFile(path, file, 0o600))
	store.Suspect(s)
	for range 2 {
		if err := s.Write(t.Context(), claim("after")); !unavailable(err) || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("a write to a damaged file ended with %v, want Unavailable and the advice for the operator", err)
		}
	}
}

func TestCloseLeavesOneFileThatHoldsEverything(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.SQLite)
	s := p.open(t, store.Options{})
	check(t, s.Write(t.Context(), claim("kept")))
	check(t, s.Close())
	files, err := filepath.Glob(filepath.Join(p.folder, "*"))
	check(t, err)
	if diff := cmp.Diff([]string{filepath.Join(p.folder, store.SQLiteFile)}, files); diff != "" {
		t.Errorf("the folder holds (-want +got):\n%s", diff)
	}
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

func TestTheStatementsThatAConnectionKeepsAreBounded(t *testing.T) {
	t.Parallel()
	s := newPlace(t, desktest.SQLite).open(t, store.Options{})
	for i := range store.PreparedMost + 50 {
		write(t, s, func(tx *store.Tx) {
			store.Do(tx, fmt.Sprintf(`UPDATE counter SET value = value + %d WHERE name = 'configuration'`, i))
		})
	}
	if n := store.Prepared(s); n > store.PreparedMost || n == 0 {
		t.Errorf("the connection keeps %d statements, want at most %d", n, store.PreparedMost)
	}
}

func TestAFolderThatDoesNotExistIsAnErrorThatNamesTheFile(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "nowhere")
	_, err := store.Open(t.Context(), store.Options{Folder: folder})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(folder, store.SQLiteFile)) {
		t.Errorf("opening in a folder that does not exist ended with %v", err)
	}
}
