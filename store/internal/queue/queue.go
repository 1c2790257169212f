// Package queue lets jobs that come together be done together.
package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed says that a queue takes nothing any more.
var ErrClosed = errors.New("store: closed")

// length is how many jobs wait at most before those who bring more have to wait too.
const length = 1024

// Queue is where jobs wait for those who do them. It is safe for concurrent use.
type Queue[J any] struct {
	jobs    chan J
	mu      sync.RWMutex // held for reading while a job is put in
	closed  bool
	working sync.WaitGroup
}

// New makes a queue at which nobody works yet.
func New[J any]() *Queue[J] { return &Queue[J]{jobs: make(chan J, length)} }

// Put hands a job over. It returns the error of ctx when that ends before there is room, and ErrClosed.
func (q *Queue[J]) Put(ctx context.Context, j J) error {
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

// Len is how many jobs wait.
func (q *Queue[J]) Len() int { return len(q.jobs) }

// Work starts somebody who does what waits, at most so many jobs together. When a first job is there, pause is called
// before others are gathered.
func (q *Queue[J]) Work(most int, pause func(), do func(batch []J)) {
	q.working.Go(func() {
		for first := range q.jobs {
			pause()
			do(q.gather(first, most))
		}
	})
}

// gather takes what waits at this moment, never waiting for more: an idle desk waits for nobody.
func (q *Queue[J]) gather(first J, most int) []J {
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

// Stop lets the jobs that were accepted finish, and waits for that.
func (q *Queue[J]) Stop() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.jobs)
	}
	q.mu.Unlock()
	q.working.Wait()
}
