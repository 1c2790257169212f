package share_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/share"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// The tests write words: what is recorded is stored when its transaction is concluded.
type (
	recorded = []string
	part     = share.Part[recorded]
)

const storeWord = `INSERT INTO word (text) VALUES ($1)`

// open opens an engine on a database with one table: word, whose texts are unique.
func open(t *testing.T, e desktest.Engine) engine.Engine {
	t.Helper()
	o := engine.Options{File: filepath.Join(t.TempDir(), "desk.db"), Log: slog.New(slog.DiscardHandler)}
	if e == desktest.PostgreSQL {
		o.Database = desktest.Postgres(t)
	}
	opened, err := engine.Open(t.Context(), o)
	check(t, err)
	t.Cleanup(func() { check(t, opened.Close()) })
	s, err := opened.Begin(t.Context())
	check(t, err)
	defer s.Rollback()
	check(t, s.Exec(nil, `CREATE TABLE word (text text PRIMARY KEY)`, nil))
	check(t, s.Commit())
	return opened
}

// onEachEngine runs a test over writes that stop with it.
func onEachEngine(t *testing.T, test func(t *testing.T, e engine.Engine, w *share.Writes[recorded])) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		e := open(t, kind)
		w := share.NewWrites(options(e))
		t.Cleanup(w.Stop)
		test(t, e, w)
	})
}

func options(e engine.Engine) share.WriteOptions[recorded] {
	return share.WriteOptions[recorded]{Engine: e, Most: 32, Rehearse: true, Committed: func(*recorded) {}, Conclude: func(tx *sql.Tx, words *recorded, _ bool) error {
		for _, word := range *words {
			tx.Exec(storeWord, word)
		}
		return tx.Err
	}}
}

// say stores a word at once.
func say(word string) part { return part{Do: saying(word)} }

func saying(word string) share.Write[recorded] {
	return func(tx *sql.Tx, _ bool, _ *recorded) error {
		tx.Exec(storeWord, word)
		return nil
	}
}

// record leaves a word to the end of the transaction.
func record(word string) part {
	return part{Do: func(_ *sql.Tx, _ bool, words *recorded) error {
		*words = append(*words, word)
		return nil
	}}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want compares the words that are stored with those that should be.
func want(t *testing.T, e engine.Engine, words ...string) {
	t.Helper()
	var found []string
	check(t, e.Read(t.Context(), true, func(s engine.Session) error {
		return s.Query(`SELECT text FROM word`, nil, func(scan func(dest ...any) error) error {
			var word string
			err := scan(&word)
			found = append(found, word)
			return err
		})
	}))
	slices.Sort(found)
	slices.Sort(words)
	if !slices.Equal(words, found) {
		t.Errorf("stored are %q, want %q", found, words)
	}
}

var errOwn = errors.New("the write's own error")

func TestWritesOfABatchAreStoredThoughOthersOfItFail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		own := part{Do: func(tx *sql.Tx, _ bool, _ *recorded) error {
			tx.Exec(storeWord, "own")
			return errOwn
		}}
		panics := part{Do: func(tx *sql.Tx, _ bool, _ *recorded) error {
			tx.Exec(storeWord, "panics")
			panic("oh dear")
		}}
		told := share.Together(w, say("a"), own, record("b"), panics, say("a"), say("c"), part{Do: saying("d"), Manner: share.Manner{Alone: true}})
		for _, good := range []int{0, 2, 5, 6} {
			if told[good] != nil {
				t.Errorf("write %d was told %v", good, told[good])
			}
		}
		if !errors.Is(told[1], errOwn) || sql.IsFault(told[1]) {
			t.Errorf("a write that failed by itself was told %v", told[1])
		}
		if told[3] == nil || !strings.Contains(told[3].Error(), "oh dear") || !strings.Contains(told[3].Error(), "writes_test.go") {
			t.Errorf("a write that panicked was told %v, want the panic and where it was", told[3])
		}
		if !sql.IsFault(told[4]) {
			t.Errorf("a write of a word that is there already was told %v, want that the database refused it", told[4])
		}
		want(t, e, "a", "b", "c", "d")
	})
}

func TestOnlyOneOfTheJoinedWritesOfTheSameWins(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		told := share.Together(w, say("same"), say("other"), say("same"), say("same"))
		if told[0] != nil || told[1] != nil || told[2] == nil || told[3] == nil {
			t.Errorf("told %v, want that the first two were stored", told)
		}
		want(t, e, "same", "other")
	})
}

func TestAWriteIsRehearsedAndTheRehearsalLeavesNothing(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		e := open(t, kind)
		var heard []recorded
		o := options(e)
		o.Committed = func(words *recorded) { heard = append(heard, *words) }
		w := share.NewWrites(o)
		t.Cleanup(w.Stop)
		var before []int
		check(t, w.Do(t.Context(), func(tx *sql.Tx, _ bool, words *recorded) error {
			n := 0
			if err := tx.One(`SELECT COUNT(*) FROM word`, nil, &n); err != nil {
				return err
			}
			before = append(before, n)
			tx.Exec(storeWord, "said")
			*words = append(*words, "recorded")
			return nil
		}, share.Manner{}))
		if !slices.Equal(before, []int{0, 0}) {
			t.Errorf("the runs found %v words before they wrote, want two that found none", before)
		}
		if diff := cmp.Diff([]recorded{{"recorded"}}, heard); diff != "" {
			t.Errorf("told after the commit (-want +got):\n%s", diff)
		}
		want(t, e, "said", "recorded")
	})
}

// A write that would have to wait for a lock is run again, when it holds up nobody; where one transaction comes after the
// other, there is nobody.
func TestAWriteThatMustWaitComesAfterTheOthers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		impatient := 0
		waits := part{Do: func(tx *sql.Tx, patient bool, _ *recorded) error {
			if !patient {
				impatient++
				tx.Fail(share.ErrLater)
				return tx.Err
			}
			tx.Exec(storeWord, "waited")
			return nil
		}}
		for _, err := range share.Together(w, say("first"), waits, say("third")) {
			check(t, err)
		}
		if serial := e.Dialect().Serial; serial != (impatient == 0) {
			t.Errorf("it was to be impatient %d times, and transactions one after the other: %v", impatient, serial)
		}
		want(t, e, "first", "third", "waited")
	})
}

func TestManyWritersAreAllStoredAndEachHearsItsOwnOutcome(t *testing.T) {
	const writers, each = 64, 8
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		var all sync.WaitGroup
		var words []string
		for n := range writers {
			for i := range each {
				if i%4 != 3 {
					words = append(words, fmt.Sprintf("%02d-%d", n, i))
				}
			}
			all.Go(func() {
				for i := range each {
					err := w.Do(t.Context(), func(tx *sql.Tx, _ bool, _ *recorded) error {
						tx.Exec(storeWord, fmt.Sprintf("%02d-%d", n, i))
						if i%4 == 3 {
							return errOwn
						}
						return nil
					}, share.Manner{Alone: i%4 == 2})
					if (i%4 == 3) != errors.Is(err, errOwn) || (i%4 != 3) != (err == nil) {
						t.Errorf("writer %d was told %v of its write %d", n, err, i)
					}
				}
			})
		}
		all.Wait()
		want(t, e, words...)
	})
}

// busy keeps those who commit busy until it is called.
func busy(t *testing.T, e engine.Engine, w *share.Writes[recorded]) (free func()) {
	t.Helper()
	var begun, ended sync.WaitGroup
	goOn := make(chan struct{})
	for range e.Committers() {
		begun.Add(1)
		var once sync.Once // it is rehearsed
		ended.Go(func() {
			check(t, w.Do(t.Context(), func(*sql.Tx, bool, *recorded) error {
				once.Do(begun.Done)
				<-goOn
				return nil
			}, share.Manner{Alone: true}))
		})
		begun.Wait()
	}
	return func() {
		close(goOn)
		ended.Wait()
	}
}

func TestStopWaitsForTheWritesThatWereAccepted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		free := busy(t, e, w)
		told, stopped := make(chan error), make(chan struct{})
		go func() { told <- w.Do(t.Context(), saying("accepted"), share.Manner{}) }()
		for w.Waiting() != 1 {
		}
		go func() {
			w.Stop()
			close(stopped)
		}()
		free()
		check(t, <-told)
		<-stopped
		want(t, e, "accepted")
		if err := w.Do(t.Context(), saying("late"), share.Manner{}); !errors.Is(err, share.ErrClosed) {
			t.Errorf("a write after that was told %v, want ErrClosed", err)
		}
	})
}

func TestAWriteWhoseCallerIsGoneBeforeIsNotBegun(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Do(ctx, saying("gone"), share.Manner{}); !errors.Is(err, context.Canceled) {
			t.Errorf("told %v, want that the context was cancelled", err)
		}
		want(t, e)
	})
}

func TestAWriteWhoseCallerGoesAwayMeanwhileIsStoredAsAWhole(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine.Engine, w *share.Writes[recorded]) {
		ctx, cancel := context.WithCancel(t.Context())
		check(t, w.Do(ctx, func(tx *sql.Tx, _ bool, words *recorded) error {
			tx.Exec(storeWord, "first")
			cancel()
			n := 0
			if err := tx.One(`SELECT COUNT(*) FROM word`, nil, &n); err != nil {
				return err
			}
			tx.Exec(storeWord, "second")
			*words = append(*words, "third")
			return nil
		}, share.Manner{}))
		want(t, e, "first", "second", "third")
	})
}

func TestTheListenerIsToldOfEveryCommitButQuietOnes(t *testing.T) {
	quiet := func(alone bool) part {
		return part{Do: func(*sql.Tx, bool, *recorded) error { return nil }, Manner: share.Manner{Alone: alone, Quiet: true}}
	}
	loud := part{Do: quiet(false).Do}
	onEachEngine(t, func(t *testing.T, _ engine.Engine, w *share.Writes[recorded]) {
		told := 0
		w.OnCommit(func() { told++ })
		for _, c := range []struct {
			name  string
			batch []part
			want  int
		}{
			{"one", []part{loud}, 1},
			{"several", []part{loud, loud, loud}, 1},
			{"a quiet one", []part{quiet(false)}, 0},
			{"quiet ones", []part{quiet(false), quiet(false), quiet(true)}, 0},
			{"one among quiet ones", []part{quiet(false), loud, quiet(false), quiet(true)}, 1},
			{"one that stands alone", []part{{Do: loud.Do, Manner: share.Manner{Alone: true}}}, 1},
		} {
			told = 0
			share.Together(w, c.batch...)
			if told != c.want {
				t.Errorf("%s: the listener was told %d times, want %d", c.name, told, c.want)
			}
		}
	})
}

func TestAWriteThatStandsAloneComesAfterTheOthersInATransactionOfItsOwn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		o := options(open(t, kind))
		o.Rehearse = false
		var order []string
		o.Conclude = func(_ *sql.Tx, words *recorded, alone bool) error {
			order = append(order, fmt.Sprint(*words, alone))
			return nil
		}
		w := share.NewWrites(o)
		t.Cleanup(w.Stop)
		alone := record("alone")
		alone.Alone = true
		check(t, errors.Join(share.Together(w, alone, record("a"), record("b"), alone)...))
		if diff := cmp.Diff([]string{"[a b] false", "[alone] true", "[alone] true"}, order); diff != "" {
			t.Errorf("transactions (-want +got):\n%s", diff)
		}
	})
}
