package app_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// byWord lists the numbers of the tickets that have a word.
func byWord(t *testing.T, d *desktest.Desk, word string) (numbers []int64) {
	t.Helper()
	must(t, d.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
		numbers, _, err = tx.FindWords(desk.Sight{All: true}, []string{word}, desk.FirstTestNumber, 2000)
		return err
	}))
	return numbers
}

// forgetWords leaves a desk as it is after an upgrade from a program that kept no words, or after a restore.
func forgetWords(t *testing.T, d *desktest.Desk) {
	t.Helper()
	d.Exec(t, `DELETE FROM ticket_words`)
	d.Exec(t, `UPDATE ticket_words_made SET low = 0, next = -1, top = 0, event_number = 0`)
	d.Exec(t, `DELETE FROM ticket_lookup WHERE kind = 'atm'`)
}

// indexAll makes all tickets findable and returns the percents that were told on the way.
func indexAll(t *testing.T, nodes ...*desktest.Desk) (told []int) {
	t.Helper()
	for i := 0; ; i++ {
		done, err := nodes[i%len(nodes)].App.IndexSome(t.Context())
		must(t, err)
		if done.Worked {
			told = append(told, done.Percent)
		}
		switch {
		case !done.More && done.Percent == 100:
			return told
		case !done.More || done.Elsewhere || i > 100:
			t.Fatalf("after %v nothing is done: %+v", told, done)
		}
	}
}

func TestOlderTicketsBecomeFindable(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		partner, tester := allOf(t, d, "p"), d.Actor(d.NewTestKey(t, "p", "omnichannel:*"))
		var want []int64
		for range 1030 { // three portions
			opened, err := d.App.OpenClaim(t.Context(), partner, claimDraft(), app.Once[app.Opened]{})
			must(t, err)
			want = append(want, opened.Ticket.Number)
		}
		slices.Reverse(want)
		machine := claimDraft()
		machine.ATMID = "atm-0126"
		opened, err := d.App.OpenClaim(t.Context(), partner, machine, app.Once[app.Opened]{})
		must(t, err)
		_, err = d.App.AddComment(t.Context(), bank(t, d), of(opened.Ticket), app.NewComment{Content: "Rekaman kamera", Internal: true})
		must(t, err)
		_, err = d.App.OpenClaim(t.Context(), tester, claimDraft(), app.Once[app.Opened]{})
		must(t, err)
		want = append([]int64{opened.Ticket.Number}, want...)
		d.Index(t)
		if diff := cmp.Diff(want, byWord(t, d, "ahmad")); diff != "" {
			t.Errorf("before (-want +found):\n%s", diff)
		}
		forgetWords(t, d)
		if found := byWord(t, d, "ahmad"); len(found) > 0 {
			t.Fatalf("the words are not forgotten: %v", found)
		}
		_, err = d.App.AddComment(t.Context(), bank(t, d), of(opened.Ticket), app.NewComment{Content: "Teknisi datang"})
		must(t, err)
		d.Sequence(t)
		if told := indexAll(t, d, d.Node(t)); !slices.IsSorted(told) || len(told) != 3 {
			t.Errorf("told on the way: %v", told)
		}
		if diff := cmp.Diff(want, byWord(t, d, "ahmad")); diff != "" {
			t.Errorf("after (-want +found):\n%s", diff)
		}
		for _, word := range []string{"kamera", "teknisi"} {
			if diff := cmp.Diff(want[:1], byWord(t, d, word)); diff != "" {
				t.Errorf("%s (-want +found):\n%s", word, diff)
			}
		}
		must(t, d.Store.Read(t.Context(), func(tx *store.Tx) error {
			numbers, err := tx.Below(d.App.Lookup(desk.ByATM, "ATM-0126"), desk.FirstTestNumber, 5)
			if diff := cmp.Diff(want[:1], numbers); diff != "" {
				t.Errorf("by its machine (-want +found):\n%s", diff)
			}
			return err
		}))
		if again := indexAll(t, d); len(again) > 0 {
			t.Errorf("then: %v", again)
		}
	})
}

// What fails on the way to the words of a ticket leaves no half of it.
func TestAChangeThatFailsChangesNoWords(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ticket := openedTicket(t, d, allOf(t, d, "p"))
		c := of(ticket)
		c.Version = ticket.Version + 7
		_, err := d.App.AddComment(t.Context(), bank(t, d), c, app.NewComment{Content: "Teknisi datang"})
		if stale := (*desk.Error)(nil); !errors.As(err, &stale) || stale.Code != desk.Stale {
			t.Errorf("got %v", err)
		}
		d.Index(t)
		if found := byWord(t, d, "teknisi"); len(found) > 0 || len(byWord(t, d, "crashes")) != 1 {
			t.Errorf("found %v", found)
		}
	})
}

func TestPersonalValuesAreNoWords(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		openedTicket(t, d, allOf(t, d, "p"))
		d.Index(t)
		for _, word := range []string{"cif789123", "628123456789", "8123456789", "email"} {
			if found := byWord(t, d, word); len(found) > 0 {
				t.Errorf("%s is found as a word", word)
			}
		}
		if len(byWord(t, d, "sarah")) != 1 {
			t.Error("the name is not found")
		}
	})
}

// indexedDesk opens a desk that has its older tickets in the index.
func indexedDesk(t *testing.T, e desktest.Engine) (*desktest.Desk, desk.Actor) {
	t.Helper()
	d := desktest.NewDesk(t, e)
	d.Index(t)
	return d, allOf(t, d, "p")
}

// expectByWord fails the test unless a word finds these tickets.
func expectByWord(t *testing.T, d *desktest.Desk, word string, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, byWord(t, d, word)); diff != "" {
		t.Errorf("%s (-want +found):\n%s", word, diff)
	}
}

// Every change after which other words find a ticket is known by its event, also by a node that was not there when it was made.
func TestWhatWasWrittenIsFindableAfterTheNextLook(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		word string
		do   func(t *testing.T, d *desktest.Desk, one *desk.Ticket) error
	}{
		"a ticket": {"crashes", func(*testing.T, *desktest.Desk, *desk.Ticket) error { return nil }},
		"a comment of the partner": {"teknisi", func(t *testing.T, d *desktest.Desk, one *desk.Ticket) error {
			_, err := d.App.AddComment(t.Context(), allOf(t, d, "p"), of(one), app.NewComment{Content: "Teknisi datang"})
			return err
		}},
		"a note": {"kamera", func(t *testing.T, d *desktest.Desk, one *desk.Ticket) error {
			_, err := d.App.AddComment(t.Context(), bank(t, d), of(one), app.NewComment{Content: "Rekaman kamera", Internal: true})
			return err
		}},
		"a note of the connector": {"terpotong", func(t *testing.T, d *desktest.Desk, one *desk.Ticket) error {
			must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error {
				tx.OpenForward(one.ID, one.Number, one.CreatedAt)
				return nil
			}))
			return d.App.NoteForwarded(t.Context(), one.ID, "Lampiran terpotong")
		}},
	}
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, partner := indexedDesk(t, e)
		for name, change := range changes {
			one := openedTicket(t, d, partner)
			must(t, change.do(t, d, one))
			if found := byWord(t, d, change.word); slices.Contains(found, one.Number) {
				t.Errorf("%s is in the index before anybody looked", name)
			}
			d.Node(t).Index(t) // the node that wrote died
			if found := byWord(t, d, change.word); !slices.Contains(found, one.Number) {
				t.Errorf("%s is not found: %v", name, found)
			}
		}
		before := byWord(t, d, "crashes")
		if told := indexAll(t, d); len(told) > 0 || !cmp.Equal(before, byWord(t, d, "crashes")) {
			t.Errorf("what was done is done again: %v", told)
		}
	})
}

// A ticket that changes while it is made findable is made findable again.
func TestTwoNodesThatIndexWhileOthersWriteLeaveNothingOut(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, partner := indexedDesk(t, e)
		other, worker := d.Node(t), bank(t, d)
		var writing, indexing sync.WaitGroup
		written := make(chan struct{})
		var mu sync.Mutex
		numbers := map[string][]int64{}
		for range 3 {
			writing.Go(func() {
				for i := range 12 {
					opened, err := d.App.OpenTicket(t.Context(), partner, ticketDraft(), app.Once[app.Opened]{})
					if err == nil {
						_, err = d.App.AddComment(t.Context(), worker, of(opened.Ticket), app.NewComment{Content: "kata" + strconv.Itoa(i), Internal: true})
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					numbers["kata"+strconv.Itoa(i)] = append(numbers["kata"+strconv.Itoa(i)], opened.Ticket.Number)
					mu.Unlock()
				}
			})
		}
		for _, node := range []*desktest.Desk{d, other} {
			indexing.Go(func() {
				for done := false; !done; {
					select {
					case <-written:
						done = true
					default:
					}
					if _, err := node.Store.Sequence(context.Background(), node.App.Seal); err != nil {
						t.Error(err)
					}
					if _, err := node.App.IndexSome(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		close(written)
		indexing.Wait()
		other.Index(t)
		for word, want := range numbers {
			if word == "kata1" { // begins like kata10 and kata11
				want = slices.Concat(want, numbers["kata10"], numbers["kata11"])
			}
			slices.Sort(want)
			slices.Reverse(want)
			expectByWord(t, d, word, want...)
		}
	})
}

func TestTestsAndSmallChangesAreNotMadeFindable(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, partner := indexedDesk(t, e)
		openedTicket(t, d, d.Actor(d.NewTestKey(t, "p", "omnichannel:*")))
		one := openedTicket(t, d, partner)
		d.Index(t)
		expectByWord(t, d, "crashes", one.Number)
		d.Exec(t, `DELETE FROM ticket_words`)
		_, err := d.App.ChangeStatus(t.Context(), bank(t, d), of(one), desk.InProgress, "")
		must(t, err)
		d.Index(t)
		expectByWord(t, d, "crashes")
		_, err = d.App.Assign(t.Context(), bank(t, d), of(one), app.Assignment{GroupCode: "CARD_SERVICES"})
		must(t, err)
		d.Index(t)
		expectByWord(t, d, "crashes", one.Number)
	})
}
