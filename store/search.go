package store

import (
	"cmp"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// The words of a ticket are kept under keys: the block of numbers that the ticket is in, who sees it, and then the word.
// So the tickets that a search walks are those of one block that somebody sees, however many others have the word, and
// all words that begin alike lie side by side.

// Bounds of one search.
const (
	partsAtOnce = 48                    // blocks of those who see them, in one statement
	manyHave    = 500                   // tickets that have a word: it is no use to know which
	patience    = 25 * time.Millisecond // what is not found by then waits for the next page
)

// blockOf is how many numbers a block has: less would be more look-ups for rare words, more longer lists to join for usual
// ones. It cannot change without an index that is made anew.
const blockOf = 1 << 14

// digits are those of blocks and scopes, in order.
const digits = "0123456789abcdefghijklmnopqrstuv"

// key writes the last 20 bits of a number in letters that sort as it does.
func key(n uint64) string {
	return string([]byte{digits[n>>15&31], digits[n>>10&31], digits[n>>5&31], digits[n&31]})
}

// scope is the key of those who see the tickets of a group, or those of a branch that are not confidential. Scopes that
// share a key find each other's tickets, of which desk.Sight leaves none.
func scope(kind, code string) string {
	return key(uint64(crc32.ChecksumIEEE([]byte(kind + code))))
}

// scopesOf are the scopes in which a ticket is found. Tickets of no branch have no scope of one: they are most.
func scopesOf(t *desk.Ticket) []string {
	scopes := []string{scope("g", t.Group.Code)}
	if t.Branch.Code != desk.OmniBranch && !t.Confidential {
		scopes = append(scopes, scope("b", t.Branch.Code))
	}
	return scopes
}

// scopesIn are the scopes in sight.
func (tx *Tx) scopesIn(sight desk.Sight) (scopes []string, err error) {
	groups := sight.Groups
	if sight.All || sight.Branch == desk.OmniBranch {
		if groups, err = tx.groups(); err != nil {
			return nil, err
		}
	}
	for _, code := range groups {
		scopes = append(scopes, scope("g", code))
	}
	if sight.Branch != "" && !sight.All {
		scopes = append(scopes, scope("b", sight.Branch))
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// groups are the codes of the groups that have tickets, found by leaps along an index.
func (tx *Tx) groups() ([]string, error) {
	return tx.texts(`WITH RECURSIVE g(code) AS (SELECT (SELECT MIN(group_code) FROM ticket WHERE group_code > '' AND` + isReal + `) UNION ALL
 SELECT (SELECT MIN(group_code) FROM ticket WHERE group_code > g.code AND` + isReal + `) FROM g WHERE g.code IS NOT NULL)
 SELECT code FROM g WHERE code IS NOT NULL`)
}

// FindWords finds the numbers of the newest tickets in sight below a number that have words which begin with all of these,
// and says below which number it did not look, because it found enough or took long; 0: nothing is left. What words were
// kept of may have changed since: whoever reads the tickets asks desk.Sight again.
func (tx *Tx) FindWords(sight desk.Sight, words []string, below int64, limit int) (numbers []int64, next int64, err error) {
	scopes, err := tx.scopesIn(sight)
	if err != nil || len(scopes) == 0 || len(words) == 0 {
		return nil, 0, err
	}
	var newest int64
	if err := tx.sql.One(`SELECT COALESCE(MAX(number), 0) FROM ticket WHERE`+isReal, nil, &newest); err != nil {
		return nil, 0, err
	}
	h := hunt{tx: tx, scopes: scopes, words: words, below: min(below, newest+1), limit: limit, atOnce: 1, began: tx.store.Now()}
	for h.below > 1 && len(h.found) < limit {
		if err := h.wave(); err != nil {
			return nil, 0, err
		}
		if h.late() || h.atOnce == 0 {
			break
		}
	}
	switch {
	case len(h.found) == limit:
		return h.found, h.found[limit-1], nil
	case h.below > 1:
		return h.found, h.below, nil
	}
	return h.found, 0, nil
}

// hunt is a search for words on its way down through the blocks.
type hunt struct {
	tx     *Tx
	scopes []string
	words  []string
	pivot  string // the word that the fewest tickets have; empty: many have each
	waves  int
	below  int64 // where it goes on
	limit  int
	found  []int64
	atOnce int64 // blocks of the next wave
	began  time.Time
}

// late reports whether the search took so long that the rest waits for the next page.
func (h *hunt) late() bool { return h.tx.store.Now().Sub(h.began) >= patience }

// wave looks through the next blocks: twice as many as before, unless that would take longer than there is time.
func (h *hunt) wave() error {
	began := h.tx.store.Now()
	top := (h.below - 1) / blockOf
	n := max(1, min(h.atOnce, int64(partsAtOnce/len(h.scopes)), top+1))
	blocks := make([]int64, n)
	for i := range blocks {
		blocks[i] = top - int64(i)
	}
	if err := h.through(blocks); err != nil {
		return err
	}
	h.below, h.waves = (top-n+1)*blockOf, h.waves+1
	now := h.tx.store.Now()
	h.atOnce = 2 * n
	if each := now.Sub(began) / time.Duration(n); each > 0 {
		h.atOnce = min(h.atOnce, int64((patience-now.Sub(h.began))/each))
	}
	return nil
}

// through looks through blocks; after the first wave for the rarest of several words alone at first, so that blocks
// without that are passed over: to join long lists with nothing would take longest of all.
func (h *hunt) through(blocks []int64) (err error) {
	if len(h.words) > 1 && h.waves == 1 {
		if err := h.choosePivot(blocks[0]); err != nil {
			return err
		}
	}
	if h.pivot != "" {
		if blocks, err = h.withPivot(blocks); err != nil || len(blocks) == 0 {
			return err
		}
	}
	found, err := h.tx.findIn(blocks, h.scopes, h.words, h.below, h.limit-len(h.found))
	h.found = append(h.found, found...)
	return err
}

// choosePivot finds out which word the fewest tickets of a block have.
func (h *hunt) choosePivot(block int64) error {
	fewest := manyHave
	for _, w := range h.words {
		have, err := h.tx.findIn([]int64{block}, h.scopes, []string{w}, h.below, fewest)
		if err != nil {
			return err
		}
		if len(have) < fewest {
			h.pivot, fewest = w, len(have)
		}
		if fewest == 0 {
			return nil
		}
	}
	return nil
}

// withPivot returns those of blocks in which tickets have the rarest word; all, when many have.
func (h *hunt) withPivot(blocks []int64) ([]int64, error) {
	have, err := h.tx.findIn(blocks, h.scopes, []string{h.pivot}, h.below, manyHave)
	if err != nil || len(have) == manyHave {
		return blocks, err
	}
	var some []int64
	for _, n := range have {
		if block := n / blockOf; len(some) == 0 || some[len(some)-1] != block {
			some = append(some, block)
		}
	}
	return some, nil
}

// findIn finds the highest numbers in blocks.
func (tx *Tx) findIn(blocks []int64, scopes, words []string, below int64, limit int) ([]int64, error) {
	how := tx.store.engine.Dialect().Words
	var parts []string
	for _, block := range blocks {
		for _, s := range scopes {
			all := make([]string, len(words))
			for i, w := range words {
				all[i] = how.Word[0] + key(uint64(block)) + s + w + how.Word[1]
			}
			parts = append(parts, "("+strings.Join(all, how.And)+")")
		}
	}
	return tx.numbers(how.Find, []any{strings.Join(parts, how.Or), below, limit})
}

// TicketsByNumbers reads tickets, in no order.
func (tx *Tx) TicketsByNumbers(numbers []int64) ([]*desk.Ticket, error) {
	var found []*desk.Ticket
	tx.sql.LookAtRows(ticketsByNumber, len(numbers), func(n int) []any { return []any{numbers[n]} }, func(scan func(dest ...any) error) error {
		t, err := scanTicket(scan)
		found = append(found, t)
		return err
	})
	return found, tx.sql.Send()
}

var ticketsByNumber = sql.Over(`WITH asked(asked_number) AS (VALUES `, 1, []string{"bigint"}, `) SELECT `+ticketColumns+` FROM asked CROSS JOIN ticket WHERE number = asked_number`)

// Below lists the numbers of the tickets that a personal identifier finds, or with an empty Kind a channel reference in the
// place of the hash, below a number, the highest first. CROSS lets SQLite walk the hashes first.
func (tx *Tx) Below(l desk.Lookup, below int64, limit int) ([]int64, error) {
	query := `SELECT number FROM ticket_lookup CROSS JOIN ticket WHERE kind = $1 AND hash = $2 AND id = ticket_id AND number < $3 ORDER BY number DESC LIMIT $4`
	args := []any{string(l.Kind), l.Hash, below, limit}
	if l.Kind == "" {
		query, args = `SELECT number FROM ticket WHERE channel_reference = $1 AND channel_reference <> '' AND number < $2 ORDER BY number DESC LIMIT $3`, args[1:]
	}
	return tx.numbers(query, args)
}

func (tx *Tx) numbers(query string, args []any) (numbers []int64, err error) {
	err = tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		var n int64
		err := scan(&n)
		numbers = append(numbers, n)
		return err
	})
	return numbers, err
}

// CommentsOf reads all comments of tickets, by the ids of those.
func (tx *Tx) CommentsOf(tickets []*desk.Ticket) (map[string][]desk.Comment, error) {
	found := map[string][]desk.Comment{}
	tx.sql.LookAtRows(commentsByTicket, len(tickets), func(n int) []any { return []any{tickets[n].ID} }, func(scan func(dest ...any) error) error {
		c, err := scanComment(scan)
		found[c.TicketID] = append(found[c.TicketID], c)
		return err
	})
	err := tx.sql.Send()
	for _, comments := range found {
		slices.SortFunc(comments, func(a, b desk.Comment) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return found, err
}

var commentsByTicket = sql.Over(`WITH asked(asked_id) AS (VALUES `, 1, []string{"text"}, `) SELECT `+commentColumns+` FROM asked CROSS JOIN comment WHERE ticket_id = asked_id`)
