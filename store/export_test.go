package store

import (
	"context"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// What the tests of this package may do with the inside of a store.

// Queued returns how many writes wait for a committer.
func Queued(s *Store) int { return len(s.writes.jobs) }

// Committers returns how many transactions for writing may be open at once.
func Committers(s *Store) int { return s.engine.Committers() }

// Wanted is a ticket that is asked for: by its number, else by its reference.
type Wanted struct {
	Number             int64
	Reference, Partner string
}

// Answered asks where tickets stand as if all had asked at the same moment.
func Answered(s *Store, asked []Wanted) (found []Standing, errs []error) {
	var batch []*question
	for _, w := range asked {
		batch = append(batch, &question{number: w.Number, reference: w.Reference, partner: w.Partner, done: make(chan struct{})})
	}
	s.answer(batch)
	for _, q := range batch {
		<-q.done
		found, errs = append(found, q.found), append(errs, q.err)
	}
	return found, errs
}

// SealInside lets transactions seal what they store, as they do while the sequencer runs.
func SealInside(s *Store, seal Sealer) { s.sealer.Store(&seal) }

// FeedHeads reads the newest feed number of each partner among the events.
func FeedHeads(tx *Tx, events []desk.Event) (map[string]int64, error) { return tx.feedHeads(events) }

// WriteAlone is a write that is never joined with others.
func WriteAlone(s *Store, fn func(*Tx) error) error { return s.writeAlone(context.Background(), fn) }

// Do runs a statement whose result nobody needs.
func Do(tx *Tx, text string, args ...any) { tx.exec(text, args...) }

// Ask scans the only row that a statement returns.
func Ask(tx *Tx, text string, args []any, dest ...any) error { return tx.one(text, args, dest...) }

// Rows scans the first column of every row that a statement returns.
func Rows[T any](tx *Tx, text string, args ...any) ([]T, error) {
	var found []T
	err := tx.each(text, args, func(scan func(dest ...any) error) error {
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
	err := tx.each(text, args, func(scan func(dest ...any) error) error {
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
