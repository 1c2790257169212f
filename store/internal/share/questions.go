package share

import (
	"context"
	"runtime"
	"slices"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// QuestionOptions are what NewQuestions needs: all of them.
type QuestionOptions[Q, A any] struct {
	Engine    engine.Engine
	Askers    int           // how many statements answer questions at once
	Statement sql.Many      // its rows say in their first column which question they answer
	Values    func(Q) []any // what the statement is given of a question; of the zero Q something that finds nothing
	Scan      func(scan func(dest ...any) error) (place int, answer A, err error)
}

// Questions are those of one kind, of which one statement answers many. It is safe for concurrent use.
type Questions[Q, A any] struct {
	*queue[*question[Q, A]]
	o QuestionOptions[Q, A]
}

// question is one that waits for its answer.
type question[Q, A any] struct {
	ctx    context.Context // of who asks
	asked  Q
	answer A
	err    error
	done   chan struct{}
}

// NewQuestions starts the goroutines that answer questions of a kind. Each kind has its own: one may take longer to answer.
func NewQuestions[Q, A any](o QuestionOptions[Q, A]) *Questions[Q, A] {
	q := &Questions[Q, A]{newQueue[*question[Q, A]](), o}
	for range o.Askers {
		// Before it gathers it lets those ask who are about to; with nobody else to run that returns at once.
		q.work(sql.Most, runtime.Gosched, q.answer)
	}
	return q
}

// Ask waits for the answer to a question. Questions that come while others are answered share the next statement: many
// callers cost hardly more round trips, and transactions, than one. The error is one of ctx, sql.ErrNotFound, or the
// database's.
func (q *Questions[Q, A]) Ask(ctx context.Context, asked Q) (none A, err error) {
	limited, cancel := context.WithTimeout(ctx, engine.TransactionLimit)
	defer cancel()
	one := &question[Q, A]{ctx: limited, asked: asked, done: make(chan struct{})}
	if err := q.put(limited, one); err != nil {
		return none, gaveUp(ctx, err)
	}
	select {
	case <-one.done:
		return one.answer, one.err
	case <-limited.Done():
		return none, gaveUp(ctx, limited.Err())
	}
}

// gaveUp is the error of a question that was not answered: the caller's own, or that the database cannot be used.
func gaveUp(ctx context.Context, why error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return sql.Blame(why)
}

// answer answers those questions whose callers still wait, with one statement.
func (q *Questions[Q, A]) answer(batch []*question[Q, A]) {
	batch = slices.DeleteFunc(batch, func(one *question[Q, A]) bool { return one.ctx.Err() != nil })
	if len(batch) == 0 {
		return
	}
	err := q.look(batch)
	for _, one := range batch {
		if err != nil {
			one.err = sql.Blame(err)
		}
		close(one.done)
	}
}

// look runs the statement. Places of it that no question needs ask for nothing.
func (q *Questions[Q, A]) look(batch []*question[Q, A]) (err error) {
	defer recovered(&err) // nobody's request is here to fail alone
	text, rows := q.o.Statement.Covering(len(batch))
	args := make([]any, 0, rows*q.o.Statement.Columns())
	for n := range rows {
		var asked Q
		if n < len(batch) {
			asked, batch[n].err = batch[n].asked, sql.ErrNotFound
		}
		args = append(append(args, n), q.o.Values(asked)...)
	}
	return q.o.Engine.Read(context.Background(), true, func(open engine.Session) error {
		return open.Query(text, args, func(scan func(dest ...any) error) error {
			n, answer, err := q.o.Scan(scan)
			if err == nil {
				batch[n].answer, batch[n].err = answer, nil
			}
			return err
		})
	})
}
