package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// WordsMade says for which tickets words are kept: for those that the installation's order of events tells of up to a place,
// and for older ones from the highest number downwards.
type WordsMade struct {
	Low   int64 // the lowest number of an older ticket
	Next  int64 // the words of older tickets above it are kept; 0: of all
	Top   int64 // the highest number of an older ticket
	Event int64 // the place in the order of events
	Begun bool  // false: nothing is kept yet, and what there is now are the older tickets
}

// Whole reports whether the words of all older tickets are kept.
func (m WordsMade) Whole() bool { return m.Next == 0 }

// Percent is how many of a hundred of those tickets have their words kept.
func (m WordsMade) Percent() int {
	if m.Whole() {
		return 100
	}
	return int(max(0, min(99, 100*(m.Top-m.Next)/max(1, m.Top-m.Low+1))))
}

// WordsMade reads for which tickets words are kept, over a snapshot.
func (tx *Tx) WordsMade() (m WordsMade, err error) {
	err = tx.sql.One(`SELECT low, next, top, event_number FROM ticket_words_made WHERE id = 1`, nil, &m.Low, &m.Next, &m.Top, &m.Event)
	if m.Begun = m.Next >= 0; m.Begun || err != nil {
		return m, err
	}
	if m.Event, err = tx.NewsEnd(); err != nil {
		return m, err
	}
	err = tx.sql.One(`SELECT COALESCE((SELECT MIN(number) FROM ticket WHERE`+isReal+`), 0), COALESCE((SELECT MAX(number) FROM ticket WHERE`+isReal+`), 0)`, nil, &m.Low, &m.Top)
	m.Next = m.Top
	return m, err
}

// WordsSince is when the first of what happened happened that words are not kept of yet; the zero time when they are of all.
func (tx *Tx) WordsSince(m WordsMade) (time.Time, error) {
	var when int64
	err := tx.sql.One(`SELECT at FROM event WHERE number > $1 AND number > 0 ORDER BY number LIMIT 1`, []any{m.Event}, &when)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return sql.At(when), err
}

// Worded is a ticket, the words that it is found by, and what else it is to be found by.
type Worded struct {
	Ticket  *desk.Ticket
	Words   []string
	Lookups []desk.Lookup
}

// KeepWords keeps the words of tickets in the place of those that were kept, and notes for which words are kept then. from is
// what WordsMade read in the transaction that read the tickets: when another node went on from there meanwhile, which may have
// read newer words, nothing is kept and it returns false. Tests are not found by words.
func (s *Store) KeepWords(ctx context.Context, from, to WordsMade, tickets []Worded) (bool, error) {
	// FTS5 gathers what it will write for as long as numbers rise.
	tickets = slices.SortedFunc(slices.Values(tickets), func(a, b Worded) int { return cmp.Compare(a.Ticket.Number, b.Ticket.Number) })
	texts := make([]string, len(tickets))
	for i, w := range tickets {
		texts[i] = keyed(w.Ticket.Number/blockOf, scopesOf(w.Ticket), w.Words)
	}
	if !from.Begun {
		from.Next, from.Event = -1, 0
	}
	err := s.writeAlone(ctx, func(tx *Tx) error {
		tx.sql.Expect(ErrChanged, `UPDATE ticket_words_made SET low = $1, next = $2, top = $3, event_number = $4 WHERE id = 1 AND next = $5 AND event_number = $6`,
			to.Low, to.Next, to.Top, to.Event, from.Next, from.Event)
		for i, w := range tickets {
			if !w.Ticket.Test() {
				tx.sql.Exec(s.engine.Dialect().Words.Keep, w.Ticket.Number, texts[i])
			}
			tx.sql.ExecRows(insertLookups, len(w.Lookups), func(n int) []any { return []any{string(w.Lookups[n].Kind), w.Lookups[n].Hash, w.Ticket.ID} })
		}
		return nil
	})
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// keyed are words under the keys of the tickets of a block that a scope sees, in each of the scopes.
func keyed(block int64, scopes, words []string) string {
	var b strings.Builder
	for _, s := range scopes {
		under := key(uint64(block)) + s
		for _, w := range words {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(under)
			b.WriteString(w)
		}
	}
	return b.String()
}

// searchedColumns are what tickets are searched by, and who sees them.
const searchedColumns = `id, number, events, group_code, branch_code, confidential, title, description, customer_name, metadata`

func scanSearched(scan func(dest ...any) error) (*desk.Ticket, error) {
	t := &desk.Ticket{}
	return t, scan(&t.ID, &t.Number, &t.Events, &t.Group.Code, &t.Branch.Code, &t.Confidential, &t.Title, &t.Description, &t.Customer.Name, &t.Metadata)
}

// SearchedTickets reads what tickets are searched by, by their ids, in no order.
func (tx *Tx) SearchedTickets(ids []string) (found []*desk.Ticket, err error) {
	tx.sql.LookAtRows(searchedByID, len(ids), func(n int) []any { return []any{ids[n]} }, func(scan func(dest ...any) error) error {
		t, err := scanSearched(scan)
		found = append(found, t)
		return err
	})
	err = tx.sql.Send()
	return found, err
}

var searchedByID = sql.Over(`WITH asked(asked_id) AS (VALUES `, 1, []string{"text"}, `) SELECT `+searchedColumns+` FROM asked CROSS JOIN ticket WHERE id = asked_id`)

// SearchedUpTo reads what tickets are searched by, from a number downwards, no tests.
func (tx *Tx) SearchedUpTo(number int64, limit int) (found []*desk.Ticket, err error) {
	err = tx.sql.Each(`SELECT `+searchedColumns+` FROM ticket WHERE`+isReal+`AND number <= $1 ORDER BY number DESC LIMIT $2`, []any{number, limit}, func(scan func(dest ...any) error) error {
		t, err := scanSearched(scan)
		found = append(found, t)
		return err
	})
	return found, err
}
