package store

import (
	"context"
	"sync"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// What the tests of this package may do with the inside of a store.

// Queued returns how many writes wait for a committer.
func Queued(s *Store) int { return s.writes.Len() }

// Committers returns how many transactions for writing may be open at once.
func Committers(s *Store) int { return s.engine.Committers() }

// Wanted is a ticket that is asked for: by its number, else by its reference.
type Wanted struct {
	Number             int64
	Reference, Partner string
}

// Answered asks where tickets stand as if all had asked at the same moment.
func Answered(s *Store, asked []Wanted) (found []Standing, errs []error) {
	var numbers, references, all []*question
	for _, w := range asked {
		q := &question{ctx: context.Background(), number: w.Number, reference: w.Reference, partner: w.Partner, done: make(chan struct{})}
		if all = append(all, q); w.Reference == "" {
			numbers = append(numbers, q)
		} else {
			references = append(references, q)
		}
	}
	s.answer(standingsByNumber, numbers, func(q *question) []any { return []any{q.number} })
	s.answer(standingsByReference, references, func(q *question) []any { return []any{q.reference, q.partner} })
	for _, q := range all {
		<-q.done
		found, errs = append(found, q.found), append(errs, q.err)
	}
	return found, errs
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

// held is an engine whose first read waits.
type held struct {
	engine.Engine
	once  *sync.Once
	begun chan<- struct{}
	goOn  <-chan struct{}
}

func (e held) Read(ctx context.Context, single bool, fn func(engine.Session) error) error {
	e.once.Do(func() {
		close(e.begun)
		<-e.goOn
	})
	return e.Engine.Read(ctx, single, fn)
}

// HoldReads lets the first read from now on wait: begun is closed when it does, and it goes on when goOn is closed. The
// store must be idle.
func HoldReads(s *Store, begun chan<- struct{}, goOn <-chan struct{}) {
	s.engine = held{s.engine, new(sync.Once), begun, goOn}
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
func Tap(s *Store, seen func(text string, args []any)) { s.engine = tap{s.engine, seen} }
