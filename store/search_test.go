package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// exerciseSearch does what a store can do to find tickets.
func exerciseSearch(t *testing.T, s *store.Store, one *desk.Ticket) {
	t.Helper()
	write(t, s, func(tx *store.Tx) {
		tx.KeepWords(one, []string{"kartu"})
		tx.KeepNewWords(one, []string{"kartu"})
		tx.AddLookup(one.ID, desk.Lookup{Kind: desk.ByATM, Hash: "atm"})
		check(t, second(tx.WordsMade(true)))
		tx.KeepWordsMade(store.WordsMade{Low: 1, Next: 5, Top: 9})
	})
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		var faults []error
		for _, sight := range []desk.Sight{{All: true}, {Groups: []string{"G"}, Branch: "001"}} {
			_, _, err := tx.FindWords(sight, []string{"kartu", "tertelan"}, desk.FirstTestNumber, 20)
			faults = append(faults, err)
		}
		for count := 1; count <= 64; count *= 2 {
			tickets, err := tx.TicketsByNumbers(slices.Repeat([]int64{one.Number}, count))
			faults = append(faults, err, second(tx.CommentsOf(tickets)))
		}
		return errors.Join(append(faults, second(tx.WordsMade(false)), second(tx.TicketsUpTo(5, 50)),
			second(tx.Below(desk.Lookup{Kind: desk.ByATM, Hash: "atm"}, 5, 50)), second(tx.Below(desk.Lookup{Hash: one.ChannelReference}, 5, 50)))...)
	}))
}

// sought is a ticket that words are kept of.
type sought struct {
	number       int64
	group        string
	branch       string
	confidential bool
	words        []string
}

func (s sought) ticket() *desk.Ticket {
	t := plain(s.number, "p", desk.Open, desktest.Start)
	t.Group.Code, t.Branch.Code, t.Confidential = s.group, s.branch, s.confidential
	return t
}

// has reports whether for each beginning there is a word.
func (s sought) has(beginnings []string) bool {
	return !slices.ContainsFunc(beginnings, func(b string) bool {
		return !slices.ContainsFunc(s.words, func(w string) bool { return strings.HasPrefix(w, b) })
	})
}

// vocabulary has words that begin alike.
var vocabulary = []string{"kartu", "kartunya", "kar", "karet", "tertelan", "teller", "transfer", "transaksi", "cafe", "01", "0126", "銀行"}

// seek fills a store with tickets whose numbers lie in several blocks.
func seek(t *testing.T, s *store.Store) (all []sought) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	write(t, s, func(tx *store.Tx) { tx.InsertPartner(desk.Partner{ID: "p", Name: "p"}) })
	for n := int64(1); n < 150_000; n += 1 + r.Int64N(1500) {
		one := sought{number: n, group: []string{"A", "B", "C"}[r.IntN(3)], branch: []string{desk.OmniBranch, "001", "002"}[r.IntN(3)], confidential: r.IntN(3) == 0}
		for range 1 + r.IntN(4) {
			one.words = append(one.words, vocabulary[r.IntN(len(vocabulary))])
		}
		all = append(all, one)
	}
	write(t, s, func(tx *store.Tx) {
		for _, one := range all {
			tx.InsertTicket(one.ticket())
			tx.KeepWords(one.ticket(), one.words)
		}
	})
	slices.Reverse(all)
	return all
}

// seekPages finds numbers page by page.
func seekPages(s *store.Store, sight desk.Sight, beginnings []string, below int64, limit int) (numbers []int64, pages int, err error) {
	for next := below; next > 0; pages++ {
		below = next
		err = s.Read(context.Background(), func(tx *store.Tx) error {
			var found []int64
			found, next, err = tx.FindWords(sight, beginnings, below, limit)
			if next >= below || len(found) > limit {
				return fmt.Errorf("%d tickets below %d, and then below %d", len(found), below, next)
			}
			numbers = append(numbers, found...)
			return err
		})
		if err != nil {
			return nil, pages, err
		}
	}
	return numbers, pages, nil
}

// Whatever is searched for, by whomever: the pages together are exactly those tickets in sight that have the words.
func TestSearchesFindWhatIsInSightAndNothingElse(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		all := seek(t, s)
		letters := rapid.SampledFrom([]string{"ka", "kar", "kart", "kartu", "kartux", "te", "ter", "tra", "trans", "transaksi", "cafe", "caf", "01", "012", "銀", "zz"})
		rapid.Check(t, func(t *rapid.T) {
			sight := desk.Sight{All: rapid.Bool().Draw(t, "all"), Groups: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"A", "B", "Z"}), rapid.ID).Draw(t, "groups"),
				Branch: rapid.SampledFrom([]string{"", "001", desk.OmniBranch}).Draw(t, "branch")}
			beginnings := rapid.SliceOfN(letters, 1, 3).Draw(t, "words")
			below := rapid.Int64Range(1, 200_000).Draw(t, "below")
			var want []int64
			for _, one := range all {
				if one.number < below && sight.Sees(one.ticket()) && one.has(beginnings) {
					want = append(want, one.number)
				}
			}
			got, _, err := seekPages(s, sight, beginnings, below, rapid.IntRange(1, 30).Draw(t, "limit"))
			if sight.Branch == desk.OmniBranch { // of which the index keeps nothing apart
				got = slices.DeleteFunc(got, func(n int64) bool {
					return !slices.ContainsFunc(all, func(one sought) bool { return one.number == n && sight.Sees(one.ticket()) })
				})
			}
			if err != nil || !slices.Equal(want, got) {
				t.Errorf("%+v %q below %d: %v (-want +found):\n%s", sight, beginnings, below, err, cmp.Diff(want, got))
			}
		})
	})
}

func TestASearchThatTakesLongGoesOnWithTheNextPage(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		seek(t, p.open(t, store.Options{}))
		slow, err := store.Open(t.Context(), store.Options{Database: p.database, Folder: p.folder, Log: slog.New(slog.DiscardHandler),
			Clock: func() time.Time { p.clock.Advance(10 * time.Millisecond); return p.clock.Now() }})
		check(t, err)
		defer func() { check(t, slow.Close()) }()
		quick, once, err := seekPages(p.open(t, store.Options{}), desk.Sight{All: true}, []string{"kar", "tra"}, 1<<40, 1000)
		check(t, err)
		late, pages, err := seekPages(slow, desk.Sight{All: true}, []string{"kar", "tra"}, 1<<40, 1000)
		check(t, err)
		if diff := cmp.Diff(quick, late); diff != "" || once != 1 || pages < 3 || len(quick) == 0 {
			t.Errorf("%d tickets in %d pages, late in %d (-quick +late):\n%s", len(quick), once, pages, diff)
		}
	})
}

func TestWordsAreKeptAnewAndNeverOfTests(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		one, test := sought{number: 5, group: "A"}.ticket(), sought{number: desk.FirstTestNumber + 5, group: "A"}.ticket()
		expect := func(what string, want ...int64) {
			t.Helper()
			got, _, err := seekPages(s, desk.Sight{Groups: []string{"A", "B"}}, []string{what}, 1<<60, 5)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +found):\n%s", what, err, diff)
			}
		}
		write(t, s, func(tx *store.Tx) {
			for _, t := range []*desk.Ticket{one, test} {
				tx.InsertTicket(t)
				tx.KeepNewWords(t, []string{"lama"})
				tx.KeepWords(t, []string{"baru"})
				tx.KeepNewWords(t, []string{"lama"})
			}
		})
		expect("lama")
		expect("baru", 5)
		one.Group.Code = "B"
		write(t, s, func(tx *store.Tx) { tx.KeepWords(one, nil) })
		expect("baru")
	})
}

func TestOneNodeAtATimeKeepsTheWordsOfOlderTickets(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s, other := p.open(t, store.Options{}), p.open(t, store.Options{})
		write(t, s, func(tx *store.Tx) {
			for n := range int64(10) {
				tx.InsertTicket(plain(100+n, "p", desk.Open, desktest.Start))
			}
		})
		made := func(s *store.Store, toChange bool) (store.WordsMade, error) {
			return read(t, s, func(tx *store.Tx) (store.WordsMade, error) { return tx.WordsMade(toChange) }), nil
		}
		if got, _ := made(s, false); got != (store.WordsMade{Low: 100, Next: 109, Top: 109}) || got.Percent() != 0 {
			t.Errorf("at first: %+v", got)
		}
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			m, err := tx.WordsMade(true)
			if e == desktest.PostgreSQL {
				if err := other.Write(context.Background(), func(tx *store.Tx) error { return second(tx.WordsMade(true)) }); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("the other node: %v", err)
				}
			}
			m.Next = 104
			tx.KeepWordsMade(m)
			return err
		}))
		if got, _ := made(other, false); got.Percent() != 50 || got.Whole() {
			t.Errorf("later: %+v, %d %%", got, got.Percent())
		}
		found := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) { return tx.TicketsUpTo(104, 3) })
		if len(found) != 3 || found[0].Number != 104 || found[2].Number != 102 {
			t.Errorf("%d tickets", len(found))
		}
	})
}

func TestADatabaseThatWasLoadedHasItsWordsKeptAgain(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		source := newPlace(t, e).open(t, store.Options{})
		seek(t, source)
		write(t, source, func(tx *store.Tx) { tx.KeepWordsMade(store.WordsMade{}) })
		p := newPlace(t, e)
		check(t, store.Load(t.Context(), store.Options{Database: p.database, Folder: p.folder}, newest(t), copyOf(t, source), nil))
		loaded := p.open(t, store.Options{})
		if made := read(t, loaded, func(tx *store.Tx) (store.WordsMade, error) { return tx.WordsMade(false) }); made.Whole() || made.Percent() != 0 {
			t.Errorf("the words are taken for kept: %+v", made)
		}
		if found, _, err := seekPages(loaded, desk.Sight{All: true}, []string{"ka"}, 1<<40, 100); err != nil || len(found) > 0 {
			t.Errorf("%d tickets are found, %v", len(found), err)
		}
	})
}
