package engine_test

import (
	"errors"
	"slices"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// want compares words with those that should be there.
func want(t *testing.T, got []string, words ...string) {
	t.Helper()
	if !slices.Equal(got, words) {
		t.Errorf("%d words are there, want %d: %.100q", len(got), len(words), got)
	}
}

func onEachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) { test(t, open(t, newPlace(t, e))) })
}

var errExpected = errors.New("no row was changed")

const renameWord = `UPDATE word SET text = $1 WHERE text = $2`

func TestATransactionThatMissesWhatAStatementExpectsStoresNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := begin(t, e)
		check(t, s.Exec(nil, storeWord, []any{"before"}))
		err := s.Exec(errExpected, renameWord, []any{"new", "missing"})
		if err == nil { // it was kept
			err = s.Commit()
		}
		if err != errExpected {
			t.Errorf("got %v, want the expected error and nothing around it", err)
		}
		s.Rollback()
		want(t, words(t, e))
	})
}

func TestARollbackForgetsEverythingAndNothingAfterTheCommit(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, word := range []string{"kept", "forgotten"} {
			s := begin(t, e)
			check(t, s.Exec(nil, storeWord, []any{word}))
			want(t, words(t, e), map[string][]string{"forgotten": {"kept"}}[word]...) // others do not see it
			if word == "kept" {
				check(t, s.Commit())
			}
			s.Rollback()
			s.Rollback()
		}
		want(t, words(t, e), "kept")
	})
}

// What undo cannot take back must not be stored as a part: the transaction is to be run again.
func TestUndoTakesBackAWriteOrTellsToRunTheOthersAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, look := range []bool{false, true} {
			write(t, e, `DELETE FROM word`)
			s := begin(t, e)
			check(t, s.Mark())
			check(t, s.Exec(nil, storeWord, []any{"first"}))
			check(t, s.Mark())
			if look {
				_, err := wordsOf(s.Query)
				check(t, err)
			}
			check(t, s.Undo()) // nothing was changed
			check(t, s.Mark())
			check(t, s.Exec(nil, storeWord, []any{"second"}))
			if look {
				_, err := wordsOf(s.Query)
				check(t, err)
			}
			switch err := s.Undo(); {
			case err == nil:
				check(t, s.Commit())
				want(t, words(t, e), "first")
			case e.RolledBack(err):
				s.Rollback()
				want(t, words(t, e))
			default:
				t.Errorf("undo failed with %v, after which nothing may be run again", err)
			}
		}
	})
}

func TestAStatementThatTheDatabaseRefusesLeavesNothingAndIsKnownToBeRolledBack(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := begin(t, e)
		check(t, s.Exec(nil, storeWord, []any{"twice"}))
		err := s.Exec(nil, storeWord, []any{"twice"})
		if err == nil {
			err = s.Commit()
		}
		if err == nil || !e.RolledBack(err) || e.Lost(err) {
			t.Errorf("a word that is there already ended with %v; rolled back: %v, lost: %v", err, e.RolledBack(err), e.Lost(err))
		}
		s.Rollback()
		want(t, words(t, e))
	})
}

func TestATransactionIsFreshUntilItChangedSomething(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := begin(t, e)
		if !s.Fresh() {
			t.Error("a transaction is not fresh at its begin")
		}
		check(t, s.Exec(nil, storeWord, []any{"x"}))
		if serial := e.Dialect().Serial; s.Fresh() != serial { // where there is one writer, nobody waits for a row
			t.Errorf("after a change: fresh is %v, and transactions one after the other %v", s.Fresh(), serial)
		}
	})
}

func TestReadsAndSnapshotsSeeOneMomentAndTellTheirOwnErrors(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		write(t, e, storeWord, "before")
		looks := func(query engine.Query) error {
			for _, later := range []string{"a", "b"} {
				found, err := wordsOf(query)
				if err != nil {
					return err
				}
				want(t, found, "before")
				write(t, e, storeWord, later)
			}
			return errExpected
		}
		if err := e.Read(t.Context(), false, func(s engine.Session) error { return looks(s.Query) }); err != errExpected {
			t.Errorf("the read ended with %v", err)
		}
		write(t, e, `DELETE FROM word WHERE text <> 'before'`)
		if err := e.Snapshot(t.Context(), looks); !errors.Is(err, errExpected) {
			t.Errorf("the snapshot ended with %v", err)
		}
		want(t, words(t, e), "a", "b", "before")
	})
}

func TestAClosedDatabaseIsNotRead(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		check(t, e.Close())
		err := e.Read(t.Context(), false, func(engine.Session) error {
			t.Error("a closed database was read")
			return nil
		})
		if err == nil || e.Dialect().Serial && !errors.Is(err, engine.ErrClosed) {
			t.Errorf("the read ended with %v", err)
		}
	})
}

// gathered gives rows of one text to a list.
func gathered(list *[]string) func(scan func(dest ...any) error) error {
	return func(scan func(dest ...any) error) error {
		var text string
		err := scan(&text)
		*list = append(*list, text)
		return err
	}
}

func TestALookSeesWhatWasDoneBeforeItAndIsThereByTheNextQuery(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := begin(t, e)
		var before, between, after []string
		check(t, s.Exec(nil, storeWord, []any{"a"}))
		check(t, s.Look(`SELECT text FROM word ORDER BY text`, nil, gathered(&before)))
		check(t, s.Exec(nil, storeWord, []any{"b"}))
		check(t, s.Look(`SELECT text FROM word WHERE text > $1 ORDER BY text`, []any{"a"}, gathered(&between)))
		check(t, s.Query(`SELECT text FROM word ORDER BY text`, nil, gathered(&after)))
		want(t, before, "a")
		want(t, between, "b")
		want(t, after, "a", "b")
		var last []string
		check(t, s.Look(`SELECT text FROM word WHERE text = $1`, []any{"b"}, gathered(&last)))
		check(t, s.Commit())
		want(t, last, "b")
		want(t, words(t, e), "a", "b")
	})
}

func TestALookThatFailsLetsNothingBeStored(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine) {
		refused := errors.New("this row is not wanted")
		s := begin(t, e)
		check(t, s.Exec(nil, storeWord, []any{"a"}))
		err := s.Look(`SELECT text FROM word`, nil, func(func(dest ...any) error) error { return refused })
		if err == nil {
			err = s.Commit()
		}
		if !errors.Is(err, refused) {
			t.Errorf("got %v, want the error of the row", err)
		}
		s.Rollback()
		want(t, words(t, e))
	})
}

func TestWhatServesARequestWalksIndexesAndADumpReadsAsItLikes(t *testing.T) {
	t.Parallel()
	e := open(t, newPlace(t, desktest.PostgreSQL))
	for _, setting := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		var serving, dumping []string
		check(t, e.Read(t.Context(), true, func(s engine.Session) error { return s.Query("SHOW "+setting, nil, gathered(&serving)) }))
		check(t, e.Snapshot(t.Context(), func(q engine.Query) error { return q("SHOW "+setting, nil, gathered(&dumping)) }))
		if !slices.Equal(serving, []string{"off"}) || !slices.Equal(dumping, []string{"on"}) {
			t.Errorf("%s is %v for requests and %v for dumps, want off and on", setting, serving, dumping)
		}
	}
}
