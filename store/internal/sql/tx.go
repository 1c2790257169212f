// Package sql runs the statements of store in a transaction, and keeps values in the forms that both engines have.
package sql

import (
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// Tx runs statements in one transaction. The first error stops everything after it, and is Err.
type Tx struct {
	Session engine.Session
	Err     error
}

// Exec runs a statement whose result nobody needs.
func (tx *Tx) Exec(text string, args ...any) {
	if tx.Err == nil {
		tx.Err = Blame(tx.Session.Exec(nil, text, args))
	}
}

// Expect runs a statement that must change at least one row; else the transaction fails with otherwise.
func (tx *Tx) Expect(otherwise error, text string, args ...any) {
	if tx.Err == nil {
		tx.Err = Blame(tx.Session.Exec(otherwise, text, args))
	}
}

// Each calls row for every row that a statement returns.
func (tx *Tx) Each(text string, args []any, row func(scan func(dest ...any) error) error) error {
	if tx.Err != nil {
		return tx.Err
	}
	if err := tx.Session.Query(text, args, row); err != nil {
		tx.Err = Blame(err)
	}
	return tx.Err
}

// Look is Each for a SELECT whose rows are needed only after the next Each or Send: all of them may be one round trip.
func (tx *Tx) Look(text string, args []any, row func(scan func(dest ...any) error) error) {
	if tx.Err == nil {
		tx.Err = Blame(tx.Session.Look(text, args, row))
	}
}

// Send lets the rows come of what was looked at.
func (tx *Tx) Send() error {
	if tx.Err == nil {
		tx.Err = Blame(tx.Session.Send())
	}
	return tx.Err
}

// One scans the only row that a statement returns. It returns ErrNotFound when there is none, which does not stop
// the transaction.
func (tx *Tx) One(text string, args []any, dest ...any) error {
	found := false
	err := tx.Each(text, args, func(scan func(dest ...any) error) error {
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// Fail makes the transaction end with an error.
func (tx *Tx) Fail(err error) {
	if tx.Err == nil {
		tx.Err = err
	}
}

// ExecRows runs a statement over rows, of which row gives the n-th.
func (tx *Tx) ExecRows(m Many, count int, row func(n int) []any) {
	done := 0
	for i, size := range rowCounts {
		for ; count-done >= size; done += size {
			args := make([]any, 0, size*m.columns)
			for n := range size {
				args = append(args, row(done+n)...)
			}
			tx.Exec(m.texts[i], args...)
		}
	}
}

// LookAtRows is Look for a query over rows, of which give gives the n-th.
func (tx *Tx) LookAtRows(m Many, count int, give func(n int) []any, row func(scan func(dest ...any) error) error) {
	done := 0
	for i, size := range rowCounts {
		for ; count-done >= size; done += size {
			args := make([]any, 0, size*m.columns)
			for n := range size {
				args = append(args, give(done+n)...)
			}
			tx.Look(m.texts[i], args, row)
		}
	}
}

// Micros is a time as it is stored: microseconds since 1970, 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// At is a stored time in UTC, the zero time for 0.
func At(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Join keeps a short list of words in one text.
func Join(words []string) string { return strings.Join(words, ";") }

// Split reads what Join kept.
func Split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ";")
}
