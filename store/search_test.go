package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// exerciseSearch does what a store can do to find tickets.
func exerciseSearch(t *testing.T, s *store.Store, one *desk.Ticket) {
	t.Helper()
	check(t, second(s.KeepWords(t.Context(), made(t, s), store.WordsMade{Low: 1, Next: 5, Top: 9, Event: 1},
		[]store.Worded{{Ticket: one, Words: []string{"kartu"}, Lookups: []desk.Lookup{{Kind: desk.ByATM, Hash: "atm"}}}})))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		var faults []error
		for _, sight := range []desk.Sight{{All: true}, {Groups: []string{"G"}, Branch: "001"}} {
			_, _, err := tx.FindWords(sight, []string{"kartu", "tertelan"}, desk.FirstTestNumber, 20)
			faults = append(faults, err)
		}
		for count := 1; count <= 64; count *= 2 {
			tickets, err := tx.TicketsByNumbers(slices.Repeat([]int64{one.Number}, count))
			faults = append(faults, err, second(tx.CommentsOf(tickets)), second(tx.SearchedTickets(slices.Repeat([]string{one.ID}, count))))
		}
		return errors.Join(append(faults, second(tx.WordsMade()), second(tx.WordsSince(store.WordsMade{Event: 1})), second(tx.SearchedUpTo(5, 50)),
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

// keepWords keeps words of tickets, and nothing else changes.
func keepWords(t *testing.T, s *store.Store, tickets ...sought) {
	t.Helper()
	var all []store.Worded
	for _, one := range tickets {
		all = append(all, store.Worded{Ticket: one.ticket(), Words: one.words})
	}
	made := made(t, s)
	if kept, err := s.KeepWords(t.Context(), made, made, all); !kept || err != nil {
		t.Fatalf("kept: %v, %v", kept, err)
	}
}

// made says for which tickets words are kept.
func made(t *testing.T, s *store.Store) store.WordsMade {
	t.Helper()
	return read(t, s, func(tx *store.Tx) (store.WordsMade, error) { return tx.WordsMade() })
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
		}
	})
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for some := range slices.Chunk(all, 40) {
		keepWords(t, s, some...)
	}
	slices.SortFunc(all, func(a, b sought) int { return cmp.Compare(a.number, b.number) })
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
				t.Errorf("%+v %q below %d: %v (-want +found):\n%s", sight, beginnings, below, err, gocmp.Diff(want, got))
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
		if diff := gocmp.Diff(quick, late); diff != "" || once != 1 || pages < 3 || len(quick) == 0 {
			t.Errorf("%d tickets in %d pages, late in %d (-quick +late):\n%s", len(quick), once, pages, diff)
		}
	})
}

func TestWordsAreKeptAnewAndNeverOfTests(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		one, test := sought{number: 5, group: "A", words: []string{"lama"}}, sought{number: desk.FirstTestNumber + 5, group: "A", words: []string{"lama"}}
		expect := func(what string, want ...int64) {
			t.Helper()
			got, _, err := seekPages(s, desk.Sight{Groups: []string{"A", "B"}}, []string{what}, 1<<60, 5)
			if diff := gocmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +found):\n%s", what, err, diff)
			}
		}
		write(t, s, func(tx *store.Tx) {
			tx.InsertTicket(one.ticket())
			tx.InsertTicket(test.ticket())
		})
		keepWords(t, s, test, one)
		expect("lama", 5)
		newer := one
		newer.words = []string{"baru"}
		keepWords(t, s, newer, one, newer) // one after the other
		expect("lama")
		expect("baru", 5)
		newer.group, newer.words = "B", nil
		keepWords(t, s, newer)
		expect("baru")
	})
}

// Whoever read before another node went on may have read older words: they are not kept.
func TestOneOfTheNodesThatBeganAtAPlaceKeepsItsWords(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s, other := p.open(t, store.Options{}), p.open(t, store.Options{})
		write(t, s, func(tx *store.Tx) {
			for n := range int64(10) {
				tx.InsertTicket(plain(100+n, "p", desk.Open, desktest.Start))
			}
			tx.Record(event("t1", "p", 1, desk.TicketCreated, desktest.Start), event("t2", "p", 1, desk.TicketCreated, desktest.Start))
		})
		sequence(t, s)
		from := made(t, s)
		if want := (store.WordsMade{Low: 100, Next: 109, Top: 109, Event: 2}); from != want || from.Percent() != 0 || from.Whole() {
			t.Errorf("at first: %+v", from)
		}
		keep := func(s *store.Store, from store.WordsMade, change func(*store.WordsMade)) (kept int) {
			to := from
			change(&to)
			ok, err := s.KeepWords(t.Context(), from, to, []store.Worded{{Ticket: sought{number: 107, group: "A"}.ticket(), Words: []string{fmt.Sprint("next", to.Next)}}})
			if err != nil {
				t.Error(err)
			}
			return map[bool]int{true: 1}[ok]
		}
		var all [2]int
		var both sync.WaitGroup
		for i, node := range []*store.Store{s, other} {
			both.Go(func() { all[i] = keep(node, from, func(m *store.WordsMade) { m.Next = 104 + int64(i) }) })
		}
		both.Wait()
		then := made(t, other)
		if all[0]+all[1] != 1 || then.Next != 104+int64(all[1]) || !then.Begun || then.Whole() {
			t.Errorf("kept %v, then %+v", all, then)
		}
		for _, change := range []func(*store.WordsMade){func(m *store.WordsMade) { m.Event = 3 }, func(m *store.WordsMade) { m.Next = 0 }} {
			if early, now, late := keep(s, from, change), keep(other, then, change), keep(s, then, change); early+late != 0 || now != 1 {
				t.Errorf("kept from where they are: %d, before: %d, after: %d", now, early, late)
			}
			then = made(t, s)
		}
		if want := (store.WordsMade{Low: 100, Top: 109, Event: 3, Begun: true}); then != want || then.Percent() != 100 || !then.Whole() {
			t.Errorf("at last: %+v", then)
		}
		for word, want := range map[string][]int64{"next0": {107}, "next104": nil, "next105": nil} {
			if got, _, err := seekPages(s, desk.Sight{Groups: []string{"A"}}, []string{word}, 1<<40, 5); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s finds %v, %v", word, got, err)
			}
		}
		found := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) { return tx.SearchedUpTo(104, 3) })
		if len(found) != 3 || found[0].Number != 104 || found[2].Number != 102 {
			t.Errorf("%d tickets", len(found))
		}
	})
}

func TestWhatHasNoWordsYetIsKnownByItsTime(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		write(t, s, func(tx *store.Tx) {
			tx.Record(event("t", "p", 1, desk.TicketCreated, desktest.Start), event("t", "p", 2, desk.NoteAdded, desktest.Start.Add(time.Hour)))
		})
		sequence(t, s)
		for at, want := range map[int64]time.Time{0: desktest.Start, 1: desktest.Start.Add(time.Hour), 2: {}} {
			got := read(t, s, func(tx *store.Tx) (time.Time, error) { return tx.WordsSince(store.WordsMade{Event: at}) })
			if !got.Equal(want) {
				t.Errorf("after %d: %s", at, got)
			}
		}
	})
}

func TestADatabaseThatWasLoadedHasItsWordsKeptAgain(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		source := newPlace(t, e).open(t, store.Options{})
		seek(t, source)
		if m := made(t, source); m.Percent() != 0 {
			t.Errorf("at first: %+v", m)
		}
		write(t, source, func(tx *store.Tx) { tx.Record(event("t", "p", 1, desk.TicketCreated, desktest.Start)) })
		sequence(t, source)
		p := newPlace(t, e)
		check(t, store.Load(t.Context(), store.Options{Database: p.database, Folder: p.folder}, newest(t), copyOf(t, source), nil))
		loaded := p.open(t, store.Options{})
		if m := made(t, loaded); m.Begun || m.Whole() || m.Percent() != 0 || m.Event != 1 {
			t.Errorf("the words are taken for kept: %+v", m)
		}
		if found, _, err := seekPages(loaded, desk.Sight{All: true}, []string{"ka"}, 1<<40, 100); err != nil || len(found) > 0 {
			t.Errorf("%d tickets are found, %v", len(found), err)
		}
	})
}
