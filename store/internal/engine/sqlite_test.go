package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

func pragma(t *testing.T, e engine.Engine, name string) string {
	t.Helper()
	answer, err := engine.Pragma(e, name)
	check(t, err)
	return answer
}

func TestEveryConnectionOfSQLiteHasTheSettingsThatKeepWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	e := open(t, newPlace(t, desktest.SQLite))
	for _, c := range []struct{ pragma, writer, readers string }{
		{"journal_mode", "wal", "wal"},
		{"foreign_keys", "1", "1"},
		{"busy_timeout", "10000", "10000"},
		{"synchronous", "2", ""}, // FULL; it means nothing to those who only read
		{"query_only", "0", "1"},
	} {
		if answer := pragma(t, e, c.pragma); answer != c.writer {
			t.Errorf("%s of the writer is %q, want %q", c.pragma, answer, c.writer)
		}
		answers, err := engine.ReaderPragmas(e, c.pragma)
		check(t, err)
		for _, answer := range answers {
			if c.readers != "" && answer != c.readers {
				t.Errorf("%s of a reader is %q, want %q", c.pragma, answer, c.readers)
			}
		}
	}
}

func TestAfterAFailureOfTheDiskASoundFileIsOpenedAnew(t *testing.T) {
	t.Parallel()
	e := open(t, newPlace(t, desktest.SQLite))
	write(t, e, storeWord, "before")
	pragma(t, e, "synchronous(OFF)") // tells the connections apart
	engine.Suspect(e)
	write(t, e, storeWord, "in the new one")
	want(t, words(t, e), "before", "in the new one")
	if mode := pragma(t, e, "synchronous"); mode != "2" {
		t.Errorf("the new connection has synchronous=%s, want FULL (2)", mode)
	}
}

func TestAfterAFailureOfTheDiskADamagedFileIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.SQLite)
	e := open(t, o)
	for i := range 50 {
		write(t, e, storeWord, fmt.Sprintf("%d-%s", i, strings.Repeat("x", 2000)))
	}
	check(t, e.Close())
	file, err := os.ReadFile(o.File)
	check(t, err)
	copy(file[len(file)/2:], slices.Repeat([]byte{0xa5}, len(file)))
	check(t, os.WriteFile(o.File, file, 0o600))
	e, err = engine.Open(t.Context(), o)
	check(t, err)
	defer e.Close()
	engine.Suspect(e)
	for range 2 {
		if _, err := e.Begin(t.Context()); err == nil || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("a transaction on a damaged file began with %v, want the advice for the operator", err)
		}
	}
}

func TestCloseLeavesOneFileThatHoldsEverything(t *testing.T) {
	t.Parallel()
	o := newPlace(t, desktest.SQLite)
	e := open(t, o)
	write(t, e, storeWord, "kept")
	check(t, e.Close())
	files, err := filepath.Glob(filepath.Join(filepath.Dir(o.File), "*"))
	check(t, err)
	if !slices.Equal(files, []string{o.File}) {
		t.Errorf("the folder holds %q, want %q alone", files, o.File)
	}
	want(t, words(t, open(t, o)), "kept")
}

func TestTheStatementsThatAConnectionKeepsAreBounded(t *testing.T) {
	t.Parallel()
	e := open(t, newPlace(t, desktest.SQLite))
	s := begin(t, e)
	for i := range engine.PreparedMost + 50 {
		check(t, s.Exec(nil, fmt.Sprintf(`UPDATE word SET text = '%d'`, i), nil))
	}
	check(t, s.Commit())
	if n := engine.Prepared(e); n > engine.PreparedMost || n == 0 {
		t.Errorf("the connection keeps %d statements, want at most %d", n, engine.PreparedMost)
	}
}
