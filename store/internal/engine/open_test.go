package engine_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// newPlace is a database of one test that does not exist yet (SQLite) or is empty.
func newPlace(t *testing.T, e desktest.Engine) engine.Options {
	t.Helper()
	o := engine.Options{File: filepath.Join(t.TempDir(), "desk.db"), Log: slog.New(slog.DiscardHandler)}
	if e == desktest.PostgreSQL {
		o.Database = desktest.Postgres(t)
	}
	return o
}

// open opens an engine that closes with the test, on a database with one table: word, whose texts are unique.
func open(t *testing.T, o engine.Options) engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), o)
	check(t, err)
	t.Cleanup(func() { check(t, e.Close()) })
	write(t, e, `CREATE TABLE IF NOT EXISTS word (text text PRIMARY KEY)`)
	return e
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin opens a transaction that is over when the test is.
func begin(t *testing.T, e engine.Engine) engine.Session {
	t.Helper()
	s, err := e.Begin(t.Context())
	check(t, err)
	t.Cleanup(s.Rollback)
	return s
}

// write runs a statement in a transaction of its own.
func write(t *testing.T, e engine.Engine, text string, args ...any) {
	t.Helper()
	s := begin(t, e)
	check(t, s.Exec(nil, text, args))
	check(t, s.Commit())
}

const storeWord = `INSERT INTO word (text) VALUES ($1)`

// wordsOf returns the words that a query of sessions and snapshots finds.
func wordsOf(query engine.Query) (found []string, err error) {
	err = query(`SELECT text FROM word ORDER BY text`, nil, func(scan func(dest ...any) error) error {
		var word string
		err := scan(&word)
		found = append(found, word)
		return err
	})
	return found, err
}

// words returns the words that are stored.
func words(t *testing.T, e engine.Engine) (found []string) {
	t.Helper()
	check(t, e.Read(t.Context(), true, func(s engine.Session) (err error) {
		found, err = wordsOf(s.Query)
		return err
	}))
	return found
}

func TestAnAddressThatIsNoDatabaseIsRefusedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"mysql://u:hidden@h/d", "postgres://u:hidden@[bad", "postgres://u:hidden@127.0.0.1:1/d?connect_timeout=2"} {
		_, err := engine.Open(t.Context(), engine.Options{Database: address, Log: slog.New(slog.DiscardHandler)})
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("opening %s ended with %v, want an error that does not show the password", address, err)
		}
	}
}

func TestASchemaThatDoesNotExistIsNamedAsTheFault(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.PostgreSQL)
	o.Database = strings.Replace(o.Database, "search_path=", "search_path=no_such_", 1)
	_, err := engine.Open(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "search_path") {
		t.Errorf("opening ended with %v, want an error that names search_path", err)
	}
}

func TestAFolderThatDoesNotExistIsAnErrorThatNamesTheFile(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.SQLite)
	o.File = filepath.Join(t.TempDir(), "nowhere", "desk.db")
	_, err := engine.Open(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), o.File) {
		t.Errorf("opening in a folder that does not exist ended with %v", err)
	}
}

func TestAFileIsBuiltWholeAndLeftWithoutALog(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.SQLite)
	e, err := engine.OpenToBuild(t.Context(), o.File, o.Log)
	check(t, err)
	s, err := e.Begin(t.Context())
	check(t, err)
	check(t, s.Exec(nil, `CREATE TABLE word (text text PRIMARY KEY)`, nil))
	check(t, s.Exec(nil, storeWord, []any{"built"}))
	check(t, s.Commit())
	check(t, e.Close())
	if files, _ := os.ReadDir(filepath.Dir(o.File)); len(files) != 1 {
		t.Errorf("there are %v, want the file alone", files)
	}
	want(t, words(t, open(t, o)), "built")
}

func TestADamagedFileIsAGraveDoubt(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.SQLite)
	e := open(t, o)
	write(t, e, storeWord, strings.Repeat("x", 1<<16))
	check(t, e.Close())
	f, err := os.OpenFile(o.File, os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("not a page ", 1000)), 4096*3)
	check(t, errors.Join(err, f.Close()))
	e, err = engine.OpenToInspect(t.Context(), o)
	check(t, err)
	i, _, err := e.Inspect(t.Context(), true, func() time.Time { return desktest.Start })
	check(t, errors.Join(err, e.Close()))
	if len(i.Doubts) != 1 || !i.Doubts[0].Grave || !strings.Contains(i.Doubts[0].Fact, "damaged") || !strings.Contains(i.Doubts[0].Remedy, "backup") {
		t.Errorf("%+v", i)
	}
}
