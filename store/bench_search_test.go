package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// searchWords is how many words a ticket's text has in these benchmarks.
const searchWords = 32

// keeping is a way to keep the words of a ticket so that they can be searched.
type keeping struct {
	name   string
	tables string
	keep   func(tx *store.Tx, number int64, words []string)
	find   string // the newest tickets with two words, $1 and $2
}

// keepings are the ways on an engine: a text of plain words to go through, a table of words, the engine's own index.
func keepings(e desktest.Engine) []keeping {
	text := func(statement string) func(*store.Tx, int64, []string) {
		return func(tx *store.Tx, number int64, words []string) {
			store.Do(tx, statement, number, strings.Join(words, " "))
		}
	}
	ways := []keeping{
		{"text", `CREATE TABLE words (number bigint PRIMARY KEY, text text NOT NULL)`, text(`INSERT INTO words (number, text) VALUES ($1, $2)`),
			`SELECT number FROM words WHERE ' ' || text || ' ' LIKE '% ' || $1 || ' %' AND ' ' || text || ' ' LIKE '% ' || $2 || ' %' ORDER BY number DESC LIMIT 20`},
		{"word-table", `CREATE TABLE word (word text NOT NULL, number bigint NOT NULL, PRIMARY KEY (word, number))`, func(tx *store.Tx, number int64, words []string) {
			args := []any{number}
			for _, w := range words {
				args = append(args, w)
			}
			store.Do(tx, wordTable, args...)
		}, `SELECT a.number FROM word a JOIN word b ON b.number = a.number WHERE a.word = $1 AND b.word = $2 ORDER BY a.number DESC LIMIT 20`},
	}
	own := keeping{"fts5", `CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none)`, text(`INSERT INTO words (rowid, text) VALUES ($1, $2)`),
		`SELECT rowid FROM words WHERE words MATCH $1 || ' AND ' || $2 ORDER BY rowid DESC LIMIT 20`}
	if e == desktest.PostgreSQL {
		own = keeping{"tsvector-gin", "CREATE TABLE words (number bigint PRIMARY KEY, text tsvector NOT NULL);\nCREATE INDEX words_text ON words USING gin (text)",
			text(`INSERT INTO words (number, text) VALUES ($1, to_tsvector('simple', $2))`),
			`SELECT number FROM words WHERE text @@ to_tsquery('simple', $1 || ' & ' || $2) ORDER BY number DESC LIMIT 20`}
	}
	return append(ways, own)
}

// wordTable inserts the words of a ticket in one statement.
var wordTable = func() string {
	rows := make([]string, searchWords)
	for i := range rows {
		rows[i] = fmt.Sprintf("($1, $%d)", i+2)
	}
	return `INSERT INTO word (number, word) VALUES ` + strings.Join(rows, ", ")
}()

// BenchmarkSearchText says what each way of keeping the words of a ticket costs the writes of claims, compared with
// keeping none, and how long it takes then to find the newest twenty tickets with two usual words.
func BenchmarkSearchText(b *testing.B) {
	for _, e := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
		for _, k := range keepings(e) {
			b.Run(string(e)+"/"+k.name, func(b *testing.B) {
				none, way := newPlace(b, e).tuned(b, 0, store.Tuning{}), newPlace(b, e).tuned(b, 0, store.Tuning{})
				execute(b, way, k.tables)
				compare(b, "claims", claiming(b, nil, none), claiming(b, func(tx *store.Tx, t *desk.Ticket) error {
					k.keep(tx, t.Number, words(t.Number))
					return nil
				}, way))
				b.ReportMetric(search(b, way, k.find).Seconds()*1e6, "µs/search")
			})
		}
	}
}

// words are the words of a ticket's text, each once: a few of them are everywhere, most are rare.
func words(number int64) []string {
	r := rand.New(rand.NewPCG(uint64(number), 1))
	common := rand.NewZipf(r, 1.2, 4, 20_000)
	var found []string
	for len(found) < searchWords {
		if w := fmt.Sprint("kata", common.Uint64()); !slices.Contains(found, w) {
			found = append(found, w)
		}
	}
	return found
}

// search measures how long a search takes, over pairs of words that are usual.
func search(b *testing.B, s *store.Store, find string) time.Duration {
	b.Helper()
	const pairs = 40
	write(b, s, func(tx *store.Tx) { store.Do(tx, `ANALYZE`) })
	start := time.Now()
	for i := range pairs {
		found := read(b, s, func(tx *store.Tx) ([]int64, error) {
			return store.Rows[int64](tx, find, fmt.Sprint("kata", i%5), fmt.Sprint("kata", 5+i%7))
		})
		if len(found) == 0 {
			b.Errorf("nothing was found")
		}
	}
	return time.Since(start) / pairs
}

// execute runs statements that end their lines with semicolons, each at once.
func execute(b *testing.B, s *store.Store, statements string) {
	b.Helper()
	for _, one := range store.SplitStatements(statements) {
		check(b, s.Write(context.Background(), func(tx *store.Tx) error { return second(store.Rows[string](tx, one)) }))
	}
}
