package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrSlow is what a look that takes too long comes to.
var ErrSlow = errors.New("the look takes too long")

// Checkup looks at something for everybody who wants to know about the same time, so that a hundred cost no more than one.
type Checkup[T any] struct {
	clock  func() time.Time
	holds  time.Duration
	within time.Duration
	look   func(ctx context.Context) (T, error)
	mu     sync.Mutex
	last   *looked[T]
}

// looked is one look.
type looked[T any] struct {
	done  chan struct{} // closed when found and err are set
	late  chan struct{} // closed when it takes too long
	at    time.Time     // when it began
	found T
	err   error
}

// NewCheckup makes a checkup: what look finds holds for a time since it began, and nobody waits longer for it than within.
func NewCheckup[T any](clock func() time.Time, holds, within time.Duration, look func(ctx context.Context) (T, error)) *Checkup[T] {
	return &Checkup[T]{clock: clock, holds: holds, within: within, look: look}
}

// Look waits for the newest look, which everybody who asks shares. The error is the look's, ErrSlow, or that of ctx.
func (c *Checkup[T]) Look(ctx context.Context) (found T, err error) {
	l := c.newest()
	select {
	case <-l.done:
		return l.found, l.err
	case <-l.late:
		select {
		case <-l.done: // it took too long for others
			return l.found, l.err
		default:
			return found, ErrSlow
		}
	case <-ctx.Done():
		return found, ctx.Err()
	}
}

// newest begins a look unless one is under way, however long, or what the last one found still holds.
func (c *Checkup[T]) newest() *looked[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	if l := c.last; l != nil {
		select {
		case <-l.done:
			if age := now.Sub(l.at); age >= 0 && age < c.holds {
				return l
			}
		default:
			return l
		}
	}
	l := &looked[T]{done: make(chan struct{}), late: make(chan struct{}), at: now}
	c.last = l
	timer := time.AfterFunc(c.within, func() { close(l.late) })
	go func() {
		defer close(l.done)
		defer timer.Stop()
		l.found, l.err = c.look(context.Background())
	}()
	return l
}
