package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// take takes ticket numbers, and fails the test when it cannot.
func take(t *testing.T, s *store.Store, n int) []int64 {
	t.Helper()
	taken := make([]int64, n)
	for i := range taken {
		var err error
		if taken[i], err = s.TakeNumber(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return taken
}

// from returns the n numbers that begin with first.
func from(first int64, n int) []int64 {
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = first + int64(i)
	}
	return numbers
}

// numbering opens a store whose first ticket is number 10001.
func numbering(t *testing.T, p place) *store.Store {
	t.Helper()
	s := p.open(t, store.Options{Rehearse: true})
	write(t, s, func(tx *store.Tx) { tx.StartNumbers(10001) })
	return s
}

func TestNumbersAreUniqueAndIncreaseOnEachNode(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 70
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{numbering(t, p), p.open(t, store.Options{})}
		taken := make([][]int64, callers)
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() { taken[i] = take(t, nodes[i%len(nodes)], each) })
		}
		all.Wait()
		for i, numbers := range taken {
			if !slices.IsSorted(numbers) {
				t.Errorf("caller %d got %v, want increasing numbers", i, numbers)
			}
		}
		together := slices.Concat(taken...)
		slices.Sort(together)
		if n := len(slices.Compact(together)); n != callers*each || together[0] != 10001 {
			t.Errorf("%d callers got %d different numbers from %d on, want %d from 10001 on", callers, n, together[0], callers*each)
		}
	})
}

func TestNumbersThatWereNotUsedAreGivenBackByACleanStop(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		next := int64(10001)
		for _, n := range []int{3, 0, 60, 100, 150, 1} { // 60 and more: the next block was taken ahead
			s := numbering(t, p)
			if diff := cmp.Diff(from(next, n), take(t, s, n)); diff != "" {
				t.Fatalf("numbers after a clean stop (-want +got):\n%s", diff)
			}
			check(t, s.Close())
			next += int64(n)
		}
	})
}

func TestNumbersOfANodeThatVanishedAreNeverUsedAgain(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		vanished := numbering(t, p)
		before := take(t, vanished, 5)
		after := take(t, p.open(t, store.Options{}), 5)
		if after[0] <= before[4] {
			t.Errorf("after %v another node got %v", before, after)
		}
	})
}

func TestANodeGivesNothingBackThatAnotherOneCameAfter(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		first := numbering(t, p)
		take(t, first, 5)
		second := p.open(t, store.Options{})
		taken := take(t, second, 5)
		check(t, first.Close())
		if third := take(t, p.open(t, store.Options{}), 1); third[0] <= taken[4] {
			t.Errorf("a node got %v although another one has %v", third, taken)
		}
	})
}

func TestTheFirstNumberIsSetOnce(t *testing.T) {
	t.Parallel()
	s := numbering(t, newPlace(t, desktest.SQLite))
	write(t, s, func(tx *store.Tx) { tx.StartNumbers(5) })
	if diff := cmp.Diff(from(10001, 2), take(t, s, 2)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

func TestAFailureToTakeNumbersIsToldToThoseWhoWaitForItAndForgotten(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e) // without a first number there is nothing to take
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if _, err := s.TakeNumber(t.Context()); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("taking a number ended with %v, want ErrNotFound", err)
				}
			})
		}
		all.Wait()
		write(t, s, func(tx *store.Tx) { tx.StartNumbers(1) })
		take(t, s, 50)
		write(t, s, func(tx *store.Tx) { store.Do(tx, `UPDATE counter SET name = 'hidden' WHERE name = 'ticket'`) })
		take(t, s, 1) // begins to take the next block, in vain
		store.AwaitSpare(s)
		write(t, s, func(tx *store.Tx) { store.Do(tx, `UPDATE counter SET name = 'ticket' WHERE name = 'hidden'`) })
		if diff := cmp.Diff(from(52, 100), take(t, s, 100)); diff != "" {
			t.Errorf("numbers after a failure that has passed (-want +got):\n%s", diff)
		}
	})
}

func TestACallerThatGoesAwayDoesNotWaitForNumbers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := numbering(t, newPlace(t, e))
		h := hold(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan error)
		go func() {
			_, err := s.TakeNumber(ctx)
			told <- err
		}()
		for store.Queued(s) == 0 {
		}
		cancel()
		if err := <-told; !errors.Is(err, context.Canceled) {
			t.Errorf("told %v, want that the context was cancelled", err)
		}
		close(h.free[0])
		h.release(t)
	})
}
