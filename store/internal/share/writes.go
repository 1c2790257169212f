package share

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// ErrLater is what an impatient write fails its transaction with when it would have to wait for a lock. It is run again, in
// a transaction that holds none.
var ErrLater = errors.New("store: the row is locked")

// errNotBegun says that no transaction could be opened: no write's fault, and running each again would only wait again.
var errNotBegun = errors.New("store: no transaction could be opened")

// Write is what one caller does in a transaction. It may run more than once and must touch nothing but tx, its own results
// and recorded: what the writes of the transaction recorded, to which it adds only when it and tx did not fail. When it is
// not patient it must not wait for a lock.
type Write[R any] func(tx *sql.Tx, patient bool, recorded *R) error

// Manner is how a write is to be done. The zero Manner is that of most.
type Manner struct {
	Alone bool // not to be joined with others
	Quiet bool // nobody waits for what it writes, so that nobody is told of it
}

// WriteOptions are what NewWrites needs.
type WriteOptions[R any] struct {
	Engine    engine.Engine
	Most      int                                             // the most writes that share one commit
	Rehearse  bool                                            // runs every write twice and rolls the first run back
	Metrics   prometheus.Registerer                           // nil: none
	Conclude  func(tx *sql.Tx, recorded *R, alone bool) error // ends a transaction with what was recorded; alone: by a write of that manner
	Committed func(recorded *R)                               // is called after its commit
}

// Writes are those that wait for their commit. It is safe for concurrent use.
type Writes[R any] struct {
	*queue[*job[R]]
	o       WriteOptions[R]
	metrics metrics
	told    atomic.Pointer[func()]
	begun   atomic.Int64 // writes for which somebody waits
}

// job is a write that waits for its commit.
type job[R any] struct {
	Manner
	do    Write[R]
	err   error
	done  chan struct{}
	later bool // it did not get a lock without waiting, and is to be run again
}

// NewWrites starts the goroutines that own the transactions for writing, one at a time each.
func NewWrites[R any](o WriteOptions[R]) *Writes[R] {
	w := &Writes[R]{queue: newQueue[*job[R]](), o: o, metrics: newMetrics(o.Metrics)}
	for range o.Engine.Committers() {
		w.work(o.Most, func() {}, w.commit)
	}
	return w
}

// OnCommit sets what is called after each commit, but for quiet writes. It must not block.
func (w *Writes[R]) OnCommit(fn func()) { w.told.Store(&fn) }

// Do returns after the commit of a write is durable. Writes that arrive while another commit is under way share the next
// one; one that fails takes nothing from the others. The error is the write's, one of ctx before it was begun, ErrClosed,
// or the database's. A caller that goes away does not stop its write: what was begun is committed or fails as a whole.
func (w *Writes[R]) Do(ctx context.Context, do Write[R], how Manner) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.begun.Add(1)
	defer w.begun.Add(-1)
	j := &job[R]{Manner: how, do: do, done: make(chan struct{})}
	if err := w.put(ctx, j); err != nil {
		return err
	}
	<-j.done
	return j.err
}

// Begun is how many writes wait for their commit, those that share the one under way too.
func (w *Writes[R]) Begun() int { return int(w.begun.Load()) }

// commit runs a batch: together what may be joined, then the rest alone.
func (w *Writes[R]) commit(batch []*job[R]) {
	var joined, alone []*job[R]
	for _, j := range batch {
		if j.Alone {
			alone = append(alone, j)
		} else {
			joined = append(joined, j)
		}
	}
	w.together(joined)
	for _, j := range alone {
		w.alone(j)
	}
}

// together runs several writes in one transaction. When the fault may be one write's, they are divided and each part is
// run again by itself, so that the others lose little by it. Writes that lost against another transaction go one by
// one: together they would hold as many locks as before.
func (w *Writes[R]) together(batch []*job[R]) {
	switch len(batch) {
	case 0:
		return
	case 1:
		w.alone(batch[0])
		return
	}
	err := w.transact(batch)
	switch e := w.o.Engine; {
	case err == nil:
		w.together(w.tell(batch))
	case errors.Is(err, errNotBegun) || sql.IsFault(err) && !e.RolledBack(err):
		for _, j := range batch {
			j.err, j.later = err, false
		}
		w.tell(batch)
	case e.Lost(err):
		w.metrics.replays.Inc()
		for _, j := range batch {
			w.alone(j)
		}
	default:
		w.metrics.replays.Inc()
		first, second := divide(batch)
		w.together(first)
		w.together(second)
	}
}

// divide puts the writes that would have to wait after the others; when there are none, it halves.
func divide[R any](batch []*job[R]) (first, second []*job[R]) {
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
func (w *Writes[R]) alone(j *job[R]) {
	const tries = 5
	for range tries {
		err := w.transact([]*job[R]{j})
		if err == nil {
			break
		}
		j.err = err
		if !w.o.Engine.Lost(err) {
			break
		}
	}
	w.tell([]*job[R]{j})
}

// tell tells the callers of writes that are done, and returns the writes that are to be run again.
func (w *Writes[R]) tell(batch []*job[R]) (again []*job[R]) {
	quiet := true
	for _, j := range batch {
		if j.later {
			again = append(again, j)
			continue
		}
		quiet = quiet && j.Quiet
		close(j.done)
	}
	if told := w.told.Load(); told != nil && !quiet {
		(*told)()
	}
	return again
}

// transact runs writes in one transaction. What a write decided is noted on its job. The error returned says that
// nothing was committed, or that nobody knows.
func (w *Writes[R]) transact(batch []*job[R]) error {
	ctx, cancel := context.WithTimeout(context.Background(), engine.TransactionLimit)
	defer cancel()
	start := time.Now()
	for _, j := range batch {
		j.later = false
	}
	if w.o.Rehearse {
		if err := w.rehearsal(ctx, batch); err != nil {
			return err
		}
	}
	open, err := w.o.Engine.Begin(ctx)
	if err != nil {
		return sql.Blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.Rollback()
	var recorded R
	for _, j := range batch {
		if err := run(open, j, len(batch) > 1, &recorded); err != nil {
			return err
		}
	}
	if len(batch) == 1 && batch[0].err != nil {
		return nil
	}
	if err := w.o.Conclude(&sql.Tx{Session: open}, &recorded, len(batch) == 1 && batch[0].Alone); err != nil {
		return err
	}
	if err := open.Commit(); err != nil {
		return sql.Blame(err)
	}
	w.metrics.batch(len(batch), time.Since(start))
	w.o.Committed(&recorded)
	return nil
}

// rehearsal runs the writes and takes everything back: one that minds was not written as Write asks.
func (w *Writes[R]) rehearsal(ctx context.Context, batch []*job[R]) error {
	open, err := w.o.Engine.Begin(ctx)
	if err != nil {
		return sql.Blame(fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer open.Rollback()
	for _, j := range batch {
		if err := run(open, j, true, new(R)); err != nil {
			return nil // the performance will meet it too
		}
	}
	return nil
}

// run runs one write; among others at a mark, so that its failure takes nothing from them, and without waiting for locks,
// so that no two transactions wait for each other's.
func run[R any](open engine.Session, j *job[R], joined bool, recorded *R) error {
	if joined {
		if err := open.Mark(); err != nil {
			return sql.Blame(err)
		}
	}
	tx := &sql.Tx{Session: open}
	j.err = call(j.do, tx, !joined || open.Fresh(), recorded)
	j.later = errors.Is(tx.Err, ErrLater)
	switch {
	case sql.IsFault(tx.Err):
		return tx.Err
	case j.err != nil && joined:
		return sql.Blame(open.Undo())
	}
	return nil
}

// call does a write; a panic becomes an error that undoes what it wrote.
func call[R any](do Write[R], tx *sql.Tx, patient bool, recorded *R) (err error) {
	defer recovered(&err)
	if err := do(tx, patient, recorded); err != nil {
		return err
	}
	return tx.Err
}
