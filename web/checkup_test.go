package web

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// checkup is one that finds nothing but whether there was an error, by the clock of its bubble.
func checkup(look func(context.Context) error) *Checkup[struct{}] {
	return NewCheckup(time.Now, time.Second, 3*time.Second, func(ctx context.Context) (struct{}, error) { return struct{}{}, look(ctx) })
}

func TestAHundredWhoAskAtOnceCostOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		c := checkup(func(context.Context) error {
			checks.Add(1)
			<-time.After(100 * time.Millisecond)
			return nil
		})
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() {
				if _, err := c.Look(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if n := checks.Load(); n != 1 {
			t.Errorf("%d checks", n)
		}
		<-time.After(time.Second)
		if _, err := c.Look(t.Context()); err != nil || checks.Load() != 2 {
			t.Errorf("a second later: %v, %d checks", err, checks.Load())
		}
	})
}

func TestALookThatHangsIsSlowAndIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		mended := make(chan struct{})
		c := checkup(func(context.Context) error {
			checks.Add(1)
			<-mended
			return nil
		})
		for range 3 {
			asked := time.Now()
			if _, err := c.Look(t.Context()); !errors.Is(err, ErrSlow) || time.Since(asked) > 3*time.Second {
				t.Errorf("after %v: %v", time.Since(asked), err)
			}
			<-time.After(time.Second)
		}
		if n := checks.Load(); n != 1 {
			t.Errorf("%d checks hang", n)
		}
		close(mended)
		synctest.Wait()
		if _, err := c.Look(t.Context()); err != nil || checks.Load() != 2 {
			t.Errorf("when it is mended: %v, %d checks", err, checks.Load())
		}
	})
}

func TestAFailedLookIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("disk full")
		c := checkup(func(context.Context) error { return failure })
		if _, err := c.Look(t.Context()); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
		failure = nil
		<-time.After(time.Second)
		if _, err := c.Look(t.Context()); err != nil {
			t.Errorf("when it is mended: %v", err)
		}
	})
}

func TestWhoGoesAwayDoesNotWaitForTheLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		c := checkup(func(context.Context) error { <-forever; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Look(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatALateLookFoundHoldsForThoseWhoAskBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCheckup(time.Now, 10*time.Second, time.Second, func(context.Context) (string, error) { <-time.After(2 * time.Second); return "found", nil })
		if _, err := c.Look(t.Context()); !errors.Is(err, ErrSlow) {
			t.Errorf("while it lasts: %v", err)
		}
		<-time.After(2 * time.Second)
		for range 20 { // which of two things is ready first is chance
			if found, err := c.Look(t.Context()); found != "found" || err != nil {
				t.Fatalf("afterwards: %q, %v", found, err)
			}
		}
	})
}

func TestAClockThatGoesBackMakesNoLookHold(t *testing.T) {
	now, looks := time.Now(), 0
	c := NewCheckup(func() time.Time { return now }, time.Second, time.Second, func(context.Context) (int, error) { looks++; return looks, nil })
	for i, step := range []time.Duration{0, 0, -time.Minute, time.Second} {
		now = now.Add(step)
		if found, err := c.Look(t.Context()); err != nil || found != max(1, i) {
			t.Errorf("after step %d: look %d, %v", i, found, err)
		}
	}
}
