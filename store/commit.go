package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// transactionLimit bounds one transaction, so that a database that hangs does not hold its callers for ever.
const transactionLimit = 30 * time.Second

// job is a write that waits for its commit.
type job struct {
	fn    func(*Tx) error
	err   error
	done  chan struct{}
	alone bool // not to be joined with others
}

// Write runs fn in a transaction and returns after the commit is durable. Writes that arrive while another commit is
// under way share the next one; one that fails takes nothing from the others. fn may run more than once and must touch
// nothing but tx and its own results. The error is fn's, or an Error of code Unavailable when the database failed.
//
// A caller that goes away does not stop its write: what was begun is committed or fails as a whole.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.enqueue(ctx, &job{fn: fn, done: make(chan struct{})})
}

// writeAlone is Write in a transaction of its own, for what takes locks that others wait for.
func (s *Store) writeAlone(ctx context.Context, fn func(*Tx) error) error {
	return s.enqueue(ctx, &job{fn: fn, done: make(chan struct{}), alone: true})
}

func (s *Store) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.queue.put(j) {
		return unavailable(errClosed)
	}
	<-j.done
	return s.refusal(j.err)
}

// queue is where writes wait for a committer.
type queue struct {
	jobs    chan *job
	mu      *sync.RWMutex // held for reading while a job is put in
	closed  *bool
	running *sync.WaitGroup
}

func newQueue() queue {
	return queue{jobs: make(chan *job, 1024), mu: new(sync.RWMutex), closed: new(bool), running: new(sync.WaitGroup)}
}

// put hands a job to the committers; false when the queue is closed.
func (q queue) put(j *job) bool {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if *q.closed {
		return false
	}
	q.jobs <- j
	return true
}

// stop lets the writes that were accepted finish, and waits for that.
func (q queue) stop() {
	q.mu.Lock()
	if !*q.closed {
		*q.closed = true
		close(q.jobs)
	}
	q.mu.Unlock()
	q.running.Wait()
}

// startCommitters starts the goroutines that own the transactions for writing.
func (s *Store) startCommitters(most int, rehearse bool) {
	for range s.engine.committers() {
		s.queue.running.Go(func() {
			c := committer{store: s, rehearse: rehearse}
			for first := range s.queue.jobs {
				c.commit(s.queue.gather(first, most))
			}
		})
	}
}

// gather takes what waits at this moment, never waiting for more: an idle desk waits for nobody.
func (q queue) gather(first *job, most int) []*job {
	batch := []*job{first}
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

// committer runs batches of writes, one transaction at a time.
type committer struct {
	store    *Store
	rehearse bool
}

// commit runs a batch: together what may be joined, the rest alone. Every caller is told as soon as its own
// transaction has ended.
func (c *committer) commit(batch []*job) {
	var joined []*job
	for _, j := range batch {
		if !j.alone {
			joined = append(joined, j)
		}
	}
	c.timed(joined, func() { c.together(joined) })
	if notify := c.store.committed.Load(); notify != nil && len(joined) > 0 {
		(*notify)() // what is written alone is housekeeping that nobody waits for
	}
	for _, j := range batch {
		if j.alone {
			c.timed([]*job{j}, func() { c.alone(j) })
		}
	}
}

// timed runs writes, notes how long that took, and tells their callers.
func (c *committer) timed(writes []*job, run func()) {
	if len(writes) == 0 {
		return
	}
	start := time.Now()
	run()
	c.store.metrics.batch(len(writes), time.Since(start))
	for _, j := range writes {
		close(j.done)
	}
}

// together runs several writes in one transaction. When the fault may be one write's, each half is run again by
// itself, so that the others lose little by it. Writes that lost against another transaction go one by one: together
// they would hold as many locks as before.
func (c *committer) together(batch []*job) {
	if len(batch) == 1 {
		c.alone(batch[0])
		return
	}
	err := c.transact(batch)
	switch e := c.store.engine; {
	case err == nil:
	case errors.Is(err, errNotBegun) || !e.rolledBack(err):
		for _, j := range batch {
			j.err = err
		}
	case e.lost(err):
		c.store.metrics.replays.Inc()
		for _, j := range batch {
			c.alone(j)
		}
	default:
		c.store.metrics.replays.Inc()
		c.together(batch[:len(batch)/2])
		c.together(batch[len(batch)/2:])
	}
}

// alone runs one write in its own transaction, again when it lost against another transaction (deadlock,
// serialization).
func (c *committer) alone(j *job) {
	const tries = 5
	for range tries {
		err := c.transact([]*job{j})
		if err == nil {
			return
		}
		j.err = err
		if !c.store.engine.lost(err) {
			return
		}
	}
}

// transact runs writes in one transaction. What a closure decided is noted on its job. The error returned says that
// nothing was committed, or (errUnknownOutcome) that nobody knows.
func (c *committer) transact(batch []*job) error {
	ctx, cancel := context.WithTimeout(context.Background(), transactionLimit)
	defer cancel()
	if c.rehearse {
		if err := c.rehearsal(ctx, batch); err != nil {
			return err
		}
	}
	open, err := c.store.engine.begin(ctx)
	if err != nil {
		return blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.rollback()
	for _, j := range batch {
		if err := c.run(open, j, len(batch) > 1); err != nil {
			return err
		}
	}
	if len(batch) == 1 && batch[0].err != nil {
		return nil
	}
	return blame(open.commit())
}

// run runs one closure; among others at a mark, so that its failure takes nothing from them.
func (c *committer) run(open session, j *job, joined bool) error {
	if joined {
		if err := open.mark(); err != nil {
			return blame(err)
		}
	}
	tx := &Tx{session: open, store: c.store}
	j.err = call(j.fn, tx)
	switch {
	case isFault(tx.err):
		return tx.err
	case j.err != nil && joined:
		return blame(open.undo())
	}
	return nil
}

// rehearsal runs the closures and takes everything back: one that minds was not written as Write asks.
func (c *committer) rehearsal(ctx context.Context, batch []*job) error {
	open, err := c.store.engine.begin(ctx)
	if err != nil {
		return blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.rollback()
	for _, j := range batch {
		if err := c.run(open, j, true); err != nil {
			return nil // the performance will meet it too
		}
	}
	return nil
}

// call runs a closure; a panic becomes an error that undoes its writes.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanicked, r, debug.Stack())
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.err
}
