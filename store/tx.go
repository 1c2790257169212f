package store

import (
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// Tx is one transaction. Statements whose result nobody needs return nothing: the first error stops everything after
// it and is what the transaction ends with, so that a write reads as a story.
type Tx struct {
	session engine.Session
	store   *Store
	patient bool // may wait for a lock
	records records
	err     error
}

// exec runs a statement whose result nobody needs.
func (tx *Tx) exec(text string, args ...any) {
	if tx.err == nil {
		tx.err = blame(tx.session.Exec(nil, text, args))
	}
}

// expect runs a statement that must change at least one row; else the transaction fails with otherwise.
func (tx *Tx) expect(otherwise error, text string, args ...any) {
	if tx.err == nil {
		tx.err = blame(tx.session.Exec(otherwise, text, args))
	}
}

// each calls row for every row that a statement returns.
func (tx *Tx) each(text string, args []any, row func(scan func(dest ...any) error) error) error {
	if tx.err != nil {
		return tx.err
	}
	if err := tx.session.Query(text, args, row); err != nil {
		tx.err = blame(err)
	}
	return tx.err
}

// look is each for a SELECT whose rows are needed only after the next each: the two may be one round trip.
func (tx *Tx) look(text string, args []any, row func(scan func(dest ...any) error) error) {
	if tx.err == nil {
		tx.err = blame(tx.session.Look(text, args, row))
	}
}

// one scans the only row that a statement returns. It returns ErrNotFound when there is none, which does not stop
// the transaction.
func (tx *Tx) one(text string, args []any, dest ...any) error {
	found := false
	err := tx.each(text, args, func(scan func(dest ...any) error) error {
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// fail makes the transaction end with an error.
func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// micros is a time as it is stored: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// at is a stored time in UTC, the zero time for 0.
func at(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// list and unlist keep short lists of words in one text.
func list(words []string) string { return strings.Join(words, ";") }

func unlist(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ";")
}
