package app_test

import (
	"errors"
	"slices"
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
		numbers, _, err = tx.FindWords(desk.Sight{All: true}, []string{word}, desk.FirstTestNumber, 1000)
		return err
	}))
	return numbers
}

// forgetWords leaves a desk as it is after an upgrade from a program that kept no words, or after a restore.
func forgetWords(t *testing.T, d *desktest.Desk) {
	t.Helper()
	d.Exec(t, `DELETE FROM ticket_words`)
	d.Exec(t, `UPDATE ticket_words_made SET low = 0, next = -1, top = 0`)
	d.Exec(t, `DELETE FROM ticket_lookup WHERE kind = 'atm'`)
}

// indexAll makes all older tickets findable and returns the percents that were told on the way.
func indexAll(t *testing.T, nodes ...*desktest.Desk) (told []int) {
	t.Helper()
	for i := 0; ; i++ {
		done, err := nodes[i%len(nodes)].App.IndexSome(t.Context())
		must(t, err)
		if told = append(told, done.Percent); done.Percent == 100 {
			return told
		}
		if !done.Worked || i > 100 {
			t.Fatalf("after %v nothing is done", told)
		}
	}
}

func TestOlderTicketsBecomeFindable(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		partner, tester := allOf(t, d, "p"), d.Actor(d.NewTestKey(t, "p", "omnichannel:*"))
		var want []int64
		for range 230 { // three portions
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
		if diff := cmp.Diff(want, byWord(t, d, "ahmad")); diff != "" {
			t.Errorf("before (-want +found):\n%s", diff)
		}
		forgetWords(t, d)
		if found := byWord(t, d, "ahmad"); len(found) > 0 {
			t.Fatalf("the words are not forgotten: %v", found)
		}
		_, err = d.App.AddComment(t.Context(), bank(t, d), of(opened.Ticket), app.NewComment{Content: "Teknisi datang"})
		must(t, err)
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
		if again := indexAll(t, d); !cmp.Equal(again, []int{100}) {
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
