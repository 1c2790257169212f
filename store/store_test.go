package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestAWriteThatFailsTakesNothingFromThoseItIsJoinedWith(t *testing.T) {
	t.Parallel()
	taken := store.Request{PartnerID: "p", ID: "r"}
	cases := []struct {
		name string
		fn   func(*store.Tx) error
		told string
	}{
		{"by its own error", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			return errOwn
		}, "own"},
		{"by its own error after a look", func(tx *store.Tx) error {
			if _, err := tx.Configuration(); err != nil {
				return err
			}
			return errOwn
		}, "own"},
		{"by its own error after a look at what it wrote", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			if _, err := tx.Setting("bad"); err != nil {
				return err
			}
			return errOwn
		}, "own"},
		{"by a panic", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			panic("oh")
		}, "store: panic in a tr"},
		{"by a statement that the engine refuses", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			store.Do(tx, `INSERT INTO nowhere (name) VALUES ($1)`, "x")
			return nil
		}, "unavailable"},
		{"by a query that the engine refuses, whose error it swallows", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			_, _ = store.Rows[string](tx, `SELECT name FROM nowhere`)
			return nil
		}, "unavailable"},
		{"by an answer that it cannot read", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			return store.Ask(tx, `SELECT value FROM counter WHERE name = 'configuration'`, nil, new(struct{ x int }))
		}, "unavailable"},
		{"by a request that was answered before", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			tx.KeepRequest(taken)
			return nil
		}, "taken"},
		{"by a setting that exists, found out at its own query", func(tx *store.Tx) error {
			tx.ClaimSetting("there", "x")
			_, err := tx.Configuration()
			return err
		}, "exists"},
		{"by a look that it waits for in vain", func(tx *store.Tx) error {
			tx.ClaimSetting("bad", "x")
			_, err := tx.Setting("nothing")
			return errors.Join(errOwn, err)
		}, "own"},
	}
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) {
			tx.ClaimSetting("there", "x")
			tx.KeepRequest(taken)
		})
		for i, c := range cases {
			for _, at := range []int{0, 1, 2} {
				t.Run(fmt.Sprintf("%s, as number %d", c.name, at), func(t *testing.T) {
					name := func(n int) string { return fmt.Sprintf("good-%d-%d-%d", i, at, n) }
					writes := []func(*store.Tx) error{claim(name(0)), claimAndLook(name(1))}
					want := []string{"ok", "ok"}
					told := joined(t, s, slices.Insert(writes, at, c.fn)...)
					if diff := cmp.Diff(slices.Insert(want, at, c.told), outcomes(told)); diff != "" {
						t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
					}
					have := settings(t, s)
					if !slices.Contains(have, name(0)) || !slices.Contains(have, name(1)) || slices.Contains(have, "bad") {
						t.Errorf("stored are %q, want both good writes and not the bad one", have)
					}
				})
			}
		}
	})
}

func TestATicketThatCannotBeStoredTakesNothingFromThoseItIsStoredWith(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		tickets(t, s, plain(1, "p", desk.Open, desktest.Start))
		opening := func(number int64) func(*store.Tx) error {
			return func(tx *store.Tx) error {
				one := plain(number, "p", desk.Open, desktest.Start)
				one.Lookups = []desk.Lookup{{Kind: desk.ByATM, Hash: "the same of all"}}
				tx.InsertTicket(one)
				return nil
			}
		}
		told := joined(t, s, opening(2), opening(3), opening(1), opening(4), opening(3), opening(5))
		if diff := cmp.Diff([]string{"ok", "ok", "unavailable", "ok", "unavailable", "ok"}, outcomes(told)); diff != "" {
			t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
		}
		stored := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) {
			return tx.ListTickets(store.TicketFilter{PartnerID: "p", Limit: 100})
		})
		found := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) {
			return tx.FindTickets("p", []desk.Lookup{{Kind: desk.ByATM, Hash: "the same of all"}}, "", 100)
		})
		if diff := cmp.Diff([][]int64{{1, 2, 3, 4, 5}, {5, 4, 3, 2}}, [][]int64{numbersOf(stored), numbersOf(found)}); diff != "" {
			t.Errorf("stored and found are (-want +got):\n%s", diff)
		}
	})
}

func TestTheFaultOfAWriteIsNotTakenForThatOfOneThatOnlyLooks(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) { tx.ClaimSetting("there", "x") })
		told := joined(t, s, claim("there"), func(tx *store.Tx) error {
			_, err := tx.Configuration()
			return err
		})
		if diff := cmp.Diff([]string{"exists", "ok"}, outcomes(told)); diff != "" {
			t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
		}
	})
}

func TestAWriteAfterCloseIsUnavailable(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		check(t, s.Close())
		if err := s.Write(t.Context(), claim("late")); !unavailable(err) {
			t.Errorf("a write after Close ended with %v, want Unavailable", err)
		}
		if err := s.Read(t.Context(), func(*store.Tx) error { return nil }); !unavailable(err) {
			t.Errorf("a read after Close ended with %v, want Unavailable", err)
		}
		if _, err := s.TakeNumber(t.Context()); !unavailable(err) {
			t.Errorf("taking a number after Close ended with %v, want Unavailable", err)
		}
	})
}

func TestAReadWhoseCallerGoesAwayMeanwhileEndsWell(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		check(t, s.Read(ctx, func(tx *store.Tx) error {
			cancel()
			_, err := tx.Configuration()
			return err
		}))
	})
}

// Whoever waits for events would look for new ones in vain, twice for every delivery.
func TestTurnsOfDeliveriesAndHousekeepingTellNobody(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		var told atomic.Int64
		s.OnCommit(func() { told.Add(1) })
		lane := store.LaneID{TicketID: "t", TargetID: "w"}
		for range 5 {
			check(t, second(s.Turn(t.Context(), store.Turn{Wants: []store.Want{{Target: desk.Target{ID: "w"}, Most: 1, Lease: time.Minute}}})))
			check(t, second(s.Turn(t.Context(), store.Turn{Attempts: []store.Attempt{{LaneID: lane}}, Settled: []store.Settled{{LaneID: lane}}})))
			check(t, store.WriteAlone(s, func(*store.Tx) error { return nil }))
		}
		check(t, s.Write(t.Context(), claim("one")))
		check(t, s.Close()) // who is told of a commit may be told behind it
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times, want once: of the write", n)
		}
	})
}
