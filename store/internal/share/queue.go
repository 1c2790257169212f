// Package share lets what comes together be done together: writes share a commit, and questions a statement.
package share

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// ErrClosed says that nothing is taken any more.
var ErrClosed = errors.New("store: closed")

// errPanicked says that what a caller handed over panicked.
var errPanicked = errors.New("store: panic in a transaction")

// length is how many jobs wait at most before those who bring more have to wait too.
const length = 1024

// queue is where jobs wait for those who do them. It is safe for concurrent use.
type queue[J any] struct {
	jobs    chan J
	mu      sync.RWMutex // held for reading while a job is put in
	closed  bool
	working sync.WaitGroup
}

// newQueue makes a queue at which nobody works yet.
func newQueue[J any]() *queue[J] { return &queue[J]{jobs: make(chan J, length)} }

// put hands a job over. It returns the error of ctx when that ends before there is room, and ErrClosed.
func (q *queue[J]) put(ctx context.Context, j J) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return ErrClosed
	}
	select {
	case q.jobs <- j:
		return nil
	default:
	}
	select {
	case q.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Waiting is how many jobs wait for somebody to begin with them.
func (q *queue[J]) Waiting() int { return len(q.jobs) }

// work starts somebody who does what waits, at most so many jobs together. When a first job is there, pause is called
// before others are gathered.
func (q *queue[J]) work(most int, pause func(), do func(batch []J)) {
	q.working.Go(func() {
		for first := range q.jobs {
			pause()
			do(q.gather(first, most))
		}
	})
}

// gather takes what waits at this moment, never waiting for more: an idle desk waits for nobody.
func (q *queue[J]) gather(first J, most int) []J {
	batch := []J{first}
	for len(batch) < most {
		select {
		case j, ok := <-q.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// Stop lets the jobs that were accepted finish, and waits for that. What comes after it is answered with ErrClosed.
func (q *queue[J]) Stop() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.jobs)
	}
	q.mu.Unlock()
	q.working.Wait()
}

// recovered makes an error of a panic; it is deferred.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v\n%s", errPanicked, r, debug.Stack())
	}
}
