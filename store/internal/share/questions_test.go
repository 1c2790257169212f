package share_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/share"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// findWords finds the words that are asked for.
var findWords = sql.Over(`WITH asked(place, word) AS (VALUES `, 2, []string{"bigint", "text"}, `) SELECT asked.place, w.text FROM asked JOIN word w ON w.text = asked.word`)

// questions are those for words, of which there are w0 to w9; values is called with each that is about to be answered.
func questions(t *testing.T, e engine.Engine, values func(string) []any) *share.Questions[string, string] {
	t.Helper()
	w := share.NewWrites(options(e))
	for n := range 10 {
		check(t, w.Do(t.Context(), saying(fmt.Sprint("w", n)), share.Manner{}))
	}
	w.Stop()
	q := share.NewQuestions(share.QuestionOptions[string, string]{Engine: e, Askers: 2, Statement: findWords, Values: values,
		Scan: func(scan func(dest ...any) error) (place int, answer string, err error) {
			err = scan(&place, &answer)
			return place, answer, err
		}})
	t.Cleanup(q.Stop)
	return q
}

func word(asked string) []any { return []any{asked} }

func TestQuestionsThatAreAnsweredTogetherGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		q := questions(t, open(t, kind), word)
		rapid.Check(t, func(t *rapid.T) {
			asked := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 12), func(n int) string { return fmt.Sprint("w", n) }), 1, 64).Draw(t, "asked")
			answers, errs := share.Answer(q, asked)
			for i, one := range asked {
				if len(one) > 2 { // w10 and more
					if !errors.Is(errs[i], sql.ErrNotFound) {
						t.Fatalf("question %d of %d, %s: %v, want ErrNotFound", i, len(asked), one, errs[i])
					}
				} else if errs[i] != nil || answers[i] != one {
					t.Fatalf("question %d of %d, %s: %q, %v", i, len(asked), one, answers[i], errs[i])
				}
			}
		})
	})
}

func TestManyMayAskAtOnceAndEachIsAnswered(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		q := questions(t, open(t, kind), word)
		var callers sync.WaitGroup
		for n := range 50 {
			asked := fmt.Sprint("w", n%10)
			callers.Go(func() {
				for range 20 {
					if got, err := q.Ask(t.Context(), asked); err != nil || got != asked {
						t.Errorf("%s: %q, %v", asked, got, err)
					}
				}
			})
		}
		callers.Wait()
	})
}

func TestACallerWhoLeavesIsNotKeptWaiting(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		begun, goOn := make(chan struct{}), make(chan struct{})
		q := questions(t, open(t, kind), func(asked string) []any {
			if asked == "held" {
				close(begun)
				<-goOn
			}
			return word(asked)
		})
		gone, leave := context.WithCancel(t.Context())
		told := make(chan error)
		go func() {
			_, err := q.Ask(gone, "held")
			told <- err
		}()
		<-begun
		leave()
		if err := <-told; !errors.Is(err, context.Canceled) { // hangs when it waits for the answer
			t.Errorf("got %v, want that the caller left", err)
		}
		close(goOn)
		if _, err := q.Ask(t.Context(), "w10"); !errors.Is(err, sql.ErrNotFound) {
			t.Errorf("the next caller: %v", err)
		}
		if _, err := q.Ask(gone, "w1"); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who is gone: %v", err)
		}
	})
}

func TestAPanicWhileQuestionsAreAnsweredIsTheirErrorAndNotThatOfTheNext(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		q := questions(t, open(t, kind), func(asked string) []any {
			if asked == "panic" {
				panic("somebody's fault")
			}
			return word(asked)
		})
		if _, errs := share.Answer(q, []string{"w1", "panic"}); !sql.IsFault(errs[0]) || !sql.IsFault(errs[1]) {
			t.Errorf("told %v, want that both failed", errs)
		}
		if got, err := q.Ask(t.Context(), "w1"); err != nil || got != "w1" {
			t.Errorf("the next question: %q, %v", got, err)
		}
	})
}

func TestWhatIsAskedAfterTheEndFails(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, kind desktest.Engine) {
		q := questions(t, open(t, kind), word)
		q.Stop()
		if _, err := q.Ask(t.Context(), "w1"); !sql.IsFault(err) || !errors.Is(err, share.ErrClosed) {
			t.Errorf("answered %v, want ErrClosed as a fault", err)
		}
	})
}
