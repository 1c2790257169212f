package store

import (
	"context"
	"runtime"
	"sync"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/share"
)

// What the tests of this package may do with the inside of a store.

// Queued returns how many writes wait for a committer.
func Queued(s *Store) int { return s.writes.Waiting() }

// Committers returns how many transactions for writing may be open at once.
func Committers(s *Store) int { return s.engine.Committers() }

// Wanted is a ticket that is asked for: by its number, else by its reference.
type Wanted struct {
	Number             int64
	Reference, Partner string
}

// Answered asks where tickets stand, with one statement for those that are asked for by number and one for the others: 64
// of each at most.
func Answered(s *Store, asked []Wanted) ([]Standing, []error) {
	found, errs := make([]Standing, len(asked)), make([]error, len(asked))
	numbers, references := map[int]int64{}, map[int]channelReference{}
	for i, w := range asked {
		if w.Reference == "" {
			numbers[i] = w.Number
		} else {
			references[i] = channelReference{w.Reference, w.Partner}
		}
	}
	hear := func(i int, got Standing, err error) { found[i], errs[i] = got, err }
	together(s, numberQuestions, numbers, hear)
	together(s, referenceQuestions, references, hear)
	return found, errs
}

// together asks while the only one who answers is busy with another question.
func together[Q any](s *Store, options func(engine.Engine, int) share.QuestionOptions[Q, Standing], asked map[int]Q, hear func(int, Standing, error)) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	questions := share.NewQuestions(options(held{s.engine, begun, goOn}, 1))
	defer questions.Stop()
	var callers sync.WaitGroup
	callers.Go(func() {
		var another Q
		_, _ = questions.Ask(context.Background(), another)
	})
	<-begun
	for i, q := range asked {
		callers.Go(func() {
			got, err := questions.Ask(context.Background(), q)
			hear(i, got, err)
		})
	}
	for questions.Waiting() < len(asked) {
		runtime.Gosched()
	}
	close(goOn)
	callers.Wait()
}

// SealInside lets transactions seal what they store, as they do while the sequencer runs.
func SealInside(s *Store, seal Sealer) { s.sealer.Store(&seal) }

// Feeds reads the feed of each partner among the events, and returns of how many there is one.
func Feeds(tx *Tx, events []desk.Event) (int, error) {
	feeds, err := tx.feeds(events)
	return len(feeds), err
}

// WriteAlone is a write that is never joined with others.
func WriteAlone(s *Store, fn func(*Tx) error) error { return s.writeAlone(context.Background(), fn) }

// Do runs a statement whose result nobody needs.
func Do(tx *Tx, text string, args ...any) { tx.sql.Exec(text, args...) }

// Ask scans the only row that a statement returns.
func Ask(tx *Tx, text string, args []any, dest ...any) error { return tx.sql.One(text, args, dest...) }

// Rows scans the first column of every row that a statement returns.
func Rows[T any](tx *Tx, text string, args ...any) ([]T, error) {
	var found []T
	err := tx.sql.Each(text, args, func(scan func(dest ...any) error) error {
		var v T
		err := scan(&v)
		found = append(found, v)
		return err
	})
	return found, err
}

// Column returns one column, as text, of every row that a statement of four columns returns.
func Column(tx *Tx, text string, args []any, column int) ([]string, error) {
	var found []string
	err := tx.sql.Each(text, args, func(scan func(dest ...any) error) error {
		var row [4]string
		err := scan(&row[0], &row[1], &row[2], &row[3])
		found = append(found, row[column])
		return err
	})
	return found, err
}

// tap is an engine that tells what runs on it.
type tap struct {
	engine.Engine
	seen func(text string, args []any)
}

func (e tap) Begin(ctx context.Context) (engine.Session, error) {
	open, err := e.Engine.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return tapped{open, e.seen}, nil
}

func (e tap) Read(ctx context.Context, single bool, fn func(engine.Session) error) error {
	return e.Engine.Read(ctx, single, func(open engine.Session) error { return fn(tapped{open, e.seen}) })
}

// held is an engine whose reads tell begun, and wait until goOn is closed.
type held struct {
	engine.Engine
	begun chan<- struct{}
	goOn  <-chan struct{}
}

func (e held) Read(ctx context.Context, single bool, fn func(engine.Session) error) error {
	select {
	case e.begun <- struct{}{}:
		<-e.goOn
	case <-e.goOn:
	}
	return e.Engine.Read(ctx, single, fn)
}

// retune gives an idle store another engine.
func retune(s *Store, e engine.Engine) {
	s.stop()
	s.engine = e
	s.startWrites(share.WriteOptions[records]{Most: e.Batch()})
	s.startQuestions()
}

type tapped struct {
	engine.Session
	seen func(text string, args []any)
}

func (s tapped) Exec(expect error, text string, args []any) error {
	s.seen(text, args)
	return s.Session.Exec(expect, text, args)
}

func (s tapped) Query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s.seen(text, args)
	return s.Session.Query(text, args, row)
}

func (s tapped) Look(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s.seen(text, args)
	return s.Session.Look(text, args, row)
}

// Tap tells of every statement that a store runs from now on. The store must be idle.
func Tap(s *Store, seen func(text string, args []any)) { retune(s, tap{s.engine, seen}) }
