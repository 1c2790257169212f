package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/queue"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// job is a write that waits for its commit.
type job struct {
	fn    func(*Tx) error
	err   error
	done  chan struct{}
	alone bool // not to be joined with others
	later bool // it did not get a lock without waiting, and is to be run again
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
	switch err := s.writes.Put(ctx, j); {
	case errors.Is(err, queue.ErrClosed):
		return unavailable(err)
	case err != nil:
		return err
	}
	<-j.done
	return s.refusal(j.err)
}

// startCommitters starts the goroutines that own the transactions for writing.
func (s *Store) startCommitters(most int, rehearse bool) {
	for range s.engine.Committers() {
		c := committer{store: s, rehearse: rehearse}
		s.writes.Work(most, func() {}, c.commit)
	}
}

// committer runs batches of writes, one transaction at a time.
type committer struct {
	store    *Store
	rehearse bool
}

// commit runs a batch: together what may be joined, then the rest alone.
func (c *committer) commit(batch []*job) {
	var joined, alone []*job
	for _, j := range batch {
		if j.alone {
			alone = append(alone, j)
		} else {
			joined = append(joined, j)
		}
	}
	c.together(joined)
	for _, j := range alone {
		c.alone(j)
	}
}

// together runs several writes in one transaction. When the fault may be one write's, they are divided and each part is
// run again by itself, so that the others lose little by it. Writes that lost against another transaction go one by
// one: together they would hold as many locks as before.
func (c *committer) together(batch []*job) {
	switch len(batch) {
	case 0:
		return
	case 1:
		c.alone(batch[0])
		return
	}
	err := c.transact(batch)
	switch e := c.store.engine; {
	case err == nil:
		c.together(c.tell(batch))
	case errors.Is(err, errNotBegun) || sql.IsFault(err) && !e.RolledBack(err):
		for _, j := range batch {
			j.err, j.later = err, false
		}
		c.tell(batch)
	case e.Lost(err):
		c.store.metrics.replays.Inc()
		for _, j := range batch {
			c.alone(j)
		}
	default:
		c.store.metrics.replays.Inc()
		first, second := divide(batch)
		c.together(first)
		c.together(second)
	}
}

// divide puts the writes that would have to wait after the others; when there are none, it halves.
func divide(batch []*job) (first, second []*job) {
	for _, j := range batch {
		if j.later {
			second = append(second, j)
		} else {
			first = append(first, j)
		}
	}
	if len(first) == 0 || len(second) == 0 {
		return batch[:len(batch)/2], batch[len(batch)/2:]
	}
	return first, second
}

// alone runs one write in its own transaction, again when it lost against another transaction (deadlock,
// serialization).
func (c *committer) alone(j *job) {
	const tries = 5
	for range tries {
		err := c.transact([]*job{j})
		if err == nil {
			break
		}
		j.err = err
		if !c.store.engine.Lost(err) {
			break
		}
	}
	c.tell([]*job{j})
}

// tell tells the callers of writes that are done, and returns the writes that are to be run again.
func (c *committer) tell(batch []*job) (again []*job) {
	housekeeping := true // nobody waits for what is written alone
	for _, j := range batch {
		if j.later {
			again = append(again, j)
			continue
		}
		housekeeping = housekeeping && j.alone
		close(j.done)
	}
	if notify := c.store.committed.Load(); notify != nil && !housekeeping {
		(*notify)()
	}
	return again
}

// transact runs writes in one transaction. What a closure decided is noted on its job. The error returned says that
// nothing was committed, or that nobody knows.
func (c *committer) transact(batch []*job) error {
	ctx, cancel := context.WithTimeout(context.Background(), engine.TransactionLimit)
	defer cancel()
	start := time.Now()
	for _, j := range batch {
		j.later = false
	}
	if c.rehearse {
		if err := c.rehearsal(ctx, batch); err != nil {
			return err
		}
	}
	open, err := c.store.engine.Begin(ctx)
	if err != nil {
		return sql.Blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.Rollback()
	var all records
	for _, j := range batch {
		if err := c.run(open, j, len(batch) > 1, &all); err != nil {
			return err
		}
	}
	if len(batch) == 1 && batch[0].err != nil {
		return nil
	}
	if err := c.store.over(open, true).conclude(all, len(batch) == 1 && batch[0].alone); err != nil {
		return err
	}
	if err := open.Commit(); err != nil {
		return sql.Blame(err)
	}
	c.store.metrics.batch(len(batch), time.Since(start))
	c.store.metrics.sequencedAtOnce(all)
	return nil
}

// run runs one closure and collects what it recorded; among others at a mark, so that its failure takes nothing from
// them, and without waiting for locks, so that no two transactions wait for each other's.
func (c *committer) run(open engine.Session, j *job, joined bool, all *records) error {
	if joined {
		if err := open.Mark(); err != nil {
			return sql.Blame(err)
		}
	}
	tx := c.store.over(open, !joined || open.Fresh())
	j.err = call(j.fn, tx)
	j.later = errors.Is(tx.sql.Err, errLater)
	switch {
	case sql.IsFault(tx.sql.Err):
		return tx.sql.Err
	case j.err != nil && joined:
		return sql.Blame(open.Undo())
	}
	all.add(tx.records)
	return nil
}

// rehearsal runs the closures and takes everything back: one that minds was not written as Write asks.
func (c *committer) rehearsal(ctx context.Context, batch []*job) error {
	open, err := c.store.engine.Begin(ctx)
	if err != nil {
		return sql.Blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.Rollback()
	for _, j := range batch {
		if err := c.run(open, j, true, &records{}); err != nil {
			return nil // the performance will meet it too
		}
	}
	return nil
}

// call runs a closure; a panic becomes an error that undoes its writes.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer recovered(&err)
	if err := fn(tx); err != nil {
		return err
	}
	return tx.sql.Err
}

// recovered makes an error of a panic; it is deferred.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v\n%s", errPanicked, r, debug.Stack())
	}
}
