package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

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

func TestOnlyOneOfTheJoinedWritesThatClaimTheSameWins(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		told := joined(t, s, claim("same"), claim("other"), claim("same"), claim("same"))
		if diff := cmp.Diff([]string{"ok", "ok", "exists", "exists"}, outcomes(told)); diff != "" {
			t.Errorf("the callers were told otherwise (-want +got):\n%s", diff)
		}
	})
}

func TestAWriteIsRehearsedAndTheRehearsalLeavesNothing(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var before []int
		write(t, s, func(tx *store.Tx) {
			n, err := store.Rows[int](tx, `SELECT COUNT(*) FROM setting`)
			if err != nil {
				t.Error(err)
			}
			before = append(before, n...)
			tx.ClaimSetting("once", "x")
		})
		if diff := cmp.Diff([]int{0, 0}, before); diff != "" {
			t.Errorf("rows that each run found before it wrote (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"once"}, settings(t, s)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

func TestManyWritersAreAllStoredAndEachHearsItsOwnOutcome(t *testing.T) {
	t.Parallel()
	const writers, each = 64, 8
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		var all sync.WaitGroup
		told := make([][]error, writers)
		for w := range writers {
			all.Go(func() {
				for i := range each {
					told[w] = append(told[w], s.Write(t.Context(), func(tx *store.Tx) error {
						tx.ClaimSetting(fmt.Sprintf("%02d-%d", w, i), "x")
						if i%4 == 3 {
							return errOwn
						}
						return nil
					}))
				}
			})
		}
		all.Wait()
		var want []string
		for w := range writers {
			for i, err := range told[w] {
				if i%4 != 3 {
					want = append(want, fmt.Sprintf("%02d-%d", w, i))
				}
				if (i%4 == 3) != errors.Is(err, errOwn) || (i%4 != 3) != (err == nil) {
					t.Errorf("writer %d was told %v of its write %d", w, err, i)
				}
			}
		}
		if diff := cmp.Diff(want, settings(t, s)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
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

func TestCloseWaitsForTheWritesThatWereAccepted(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{})
		h := hold(t, s)
		told := make(chan error)
		go func() { told <- s.Write(t.Context(), claim("accepted")) }()
		for store.Queued(s) != 1 {
		}
		closed := make(chan error)
		go func() { closed <- s.Close() }()
		close(h.free[0])
		h.release(t)
		check(t, <-told)
		check(t, <-closed)
		if diff := cmp.Diff([]string{"accepted"}, settings(t, p.open(t, store.Options{}))); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

func TestAWriteWhoseCallerIsGoneBeforeIsNotBegun(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Write(ctx, claim("gone")); !errors.Is(err, context.Canceled) {
			t.Errorf("told %v, want that the context was cancelled", err)
		}
		if have := settings(t, s); len(have) > 0 {
			t.Errorf("stored %q, want nothing", have)
		}
	})
}

func TestAWriteWhoseCallerGoesAwayMeanwhileIsStoredAsAWhole(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Write(ctx, func(tx *store.Tx) error {
			tx.ClaimSetting("first", "x")
			cancel()
			if _, err := tx.Setting("first"); err != nil {
				return err
			}
			tx.ClaimSetting("second", "x")
			return nil
		})
		check(t, err)
		if diff := cmp.Diff([]string{"first", "second"}, settings(t, s)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
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

func TestAPanicInAClosureIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		err := open(t, e).Write(t.Context(), func(*store.Tx) error { panic("oh dear") })
		if err == nil || !strings.Contains(err.Error(), "oh dear") || !strings.Contains(err.Error(), "commit_test.go") {
			t.Errorf("told %v, want the panic and where it was", err)
		}
	})
}

func TestAfterEveryCommitOfCallersTheListenerIsCalled(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		called := make(chan struct{}, 16)
		s.OnCommit(func() { called <- struct{}{} })
		check(t, store.WriteAlone(s, claim("housekeeping")))
		check(t, s.Write(t.Context(), claim("one")))
		<-called
		joined(t, s, claim("two"), claim("three"))
		<-called
		if n := len(called); n != 0 {
			t.Errorf("called %d times more, want once for each commit and not for housekeeping", n)
		}
	})
}

func TestJoinedCallersDoNotWaitForAWriteThatStandsAlone(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		h := hold(t, s)
		told, alone, free := make(chan error), make(chan error), make(chan struct{})
		go func() {
			alone <- store.WriteAlone(s, func(*store.Tx) error {
				<-free
				return nil
			})
		}()
		go func() { told <- s.Write(t.Context(), claim("joined")) }()
		for store.Queued(s) != 2 {
		}
		close(h.free[0])
		check(t, <-told) // hangs when the caller has to wait for the other write
		close(free)
		check(t, <-alone)
		h.release(t)
	})
}
