package store

import (
	"context"
	"runtime"
	"slices"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/queue"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Standing is where a ticket stands: what a partner asks for most. Of the ticket only what tells that is read.
type Standing struct {
	Ticket      *desk.Ticket
	LastComment *desk.Comment // the newest public one; nil when there is none
}

// StandingByNumber reads where the ticket of a number stands, or ErrNotFound. The error is one of ctx, or an Error of code
// Unavailable, when the database does not answer.
func (s *Store) StandingByNumber(ctx context.Context, number int64) (Standing, error) {
	return s.ask(ctx, s.byNumber, &question{number: number})
}

// StandingByReference reads where the newest ticket with a channel reference stands, or ErrNotFound; of one partner, or
// with an empty partner of all, but no test. The reference must be a text that the database can hold: another one fails those that are
// asked for with it. Errors are those of StandingByNumber.
func (s *Store) StandingByReference(ctx context.Context, reference, partner string) (Standing, error) {
	if reference == "" { // which those have that have none
		return Standing{}, ErrNotFound
	}
	return s.ask(ctx, s.byReference, &question{reference: reference, partner: partner})
}

// question asks where one ticket stands, by its number or else by its reference.
type question struct {
	ctx                context.Context // of who asks
	number             int64
	reference, partner string

	found Standing
	err   error
	done  chan struct{}
}

// ask waits for the answer to a question. Questions that come while others are answered share the next statement: many
// callers cost hardly more round trips, and transactions, than one.
func (s *Store) ask(ctx context.Context, to *queue.Queue[*question], q *question) (Standing, error) {
	limited, cancel := context.WithTimeout(ctx, engine.TransactionLimit)
	defer cancel()
	q.ctx, q.done = limited, make(chan struct{})
	if err := to.Put(limited, q); err != nil {
		return Standing{}, s.gaveUp(ctx, err)
	}
	select {
	case <-q.done:
		return q.found, s.refusal(q.err)
	case <-limited.Done():
		return Standing{}, s.gaveUp(ctx, limited.Err())
	}
}

// gaveUp is the error of a question that was not answered: the caller's own, or that the database cannot be used.
func (s *Store) gaveUp(ctx context.Context, why error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.refusal(sql.Blame(why))
}

// askers is how many statements of a kind answer questions at once: while one runs, the next is filled.
const askers = 2

// startAskers starts the goroutines that answer questions. Each kind has its own: a reference may take long to find.
func (s *Store) startAskers() {
	for _, kind := range []struct {
		questions *queue.Queue[*question]
		statement sql.Many
		words     func(*question) []any
	}{
		{s.byNumber, standingsByNumber, func(q *question) []any { return []any{q.number} }},
		{s.byReference, standingsByReference, func(q *question) []any { return []any{q.reference, q.partner} }},
	} {
		for range askers {
			// Before it gathers it lets those ask who are about to; with nobody else to run that returns at once.
			kind.questions.Work(sql.Most, runtime.Gosched, func(batch []*question) { s.answer(kind.statement, batch, kind.words) })
		}
	}
}

// answer answers those questions whose callers still wait, with one statement, whose rows say in their first column which
// question they answer. Places of it that no question needs ask for nothing.
func (s *Store) answer(m sql.Many, batch []*question, words func(*question) []any) {
	batch = slices.DeleteFunc(batch, func(q *question) bool { return q.ctx.Err() != nil })
	if len(batch) == 0 {
		return
	}
	err := s.look(m, batch, words)
	for _, q := range batch {
		if err != nil {
			q.err = sql.Blame(err)
		}
		close(q.done)
	}
}

func (s *Store) look(m sql.Many, batch []*question, words func(*question) []any) (err error) {
	defer recovered(&err) // nobody's request is here to fail alone
	text, rows := m.Covering(len(batch))
	args := make([]any, 0, rows*m.Columns())
	for n := range rows {
		q := &question{}
		if n < len(batch) {
			q = batch[n]
			q.err = ErrNotFound
		}
		args = append(append(args, n), words(q)...)
	}
	return s.engine.Read(context.Background(), true, func(open engine.Session) error {
		return open.Query(text, args, func(scan func(dest ...any) error) error {
			n, found, err := scanStanding(scan)
			if err == nil {
				batch[n].found, batch[n].err = found, nil
			}
			return err
		})
	})
}

// standings makes the statement that reads where tickets stand: those that a condition finds for each place of a list. A
// ticket of a single event, its creation, has no comment that need be looked for.
func standings(columns string, types []string, condition string) sql.Many {
	return sql.Over(`WITH asked(place, `+columns+`) AS (VALUES `, len(types)+1, append([]string{"bigint"}, types...), `)
 SELECT asked.place, t.id, t.number, t.partner_id, t.version, t.channel_reference, t.service_type, t.title, t.status, t.priority, t.assignee_name,
 t.started_at, t.response_due, t.escalation_due, t.resolution_due, t.responded_at, t.paused_at, t.stopped_at, t.response_breached, t.resolution_breached,
 t.created_at, t.updated_at, t.resolved_at, t.closed_at, COALESCE(c.seq, 0), COALESCE(c.id, ''), COALESCE(c.from_support, FALSE), COALESCE(c.author, ''), COALESCE(c.content, ''), COALESCE(c.at, 0)
 FROM asked CROSS JOIN ticket t LEFT JOIN comment c ON t.events > 1 AND c.ticket_id = t.id AND c.seq = (SELECT MAX(seq) FROM comment WHERE ticket_id = t.id AND public)
 WHERE `+condition)
}

var standingsByNumber = standings(`number`, []string{"bigint"}, `t.number = asked.number`)

var standingsByReference = standings(`reference, partner`, []string{"text", "text"}, `t.id = (SELECT id FROM ticket
 WHERE channel_reference = asked.reference AND channel_reference <> '' AND (partner_id = asked.partner OR asked.partner = '' AND`+isReal+`) ORDER BY number DESC LIMIT 1)`)

// scanStanding reads a row of standings: the place, and what was found for it.
func scanStanding(scan func(dest ...any) error) (place int, found Standing, err error) {
	t := &desk.Ticket{}
	k := &t.Clocks
	var last desk.Comment
	var times ticketTimes
	var said int64
	err = scan(&place, &t.ID, &t.Number, &t.PartnerID, &t.Version, &t.ChannelReference, &t.ServiceType, &t.Title, &t.Status, &t.Priority, &t.AssigneeName,
		&times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &k.ResponseBreached, &k.ResolutionBreached,
		&times[7], &times[8], &times[9], &times[10], &last.Seq, &last.ID, &last.FromSupport, &last.Author, &last.Content, &said)
	if err != nil {
		return 0, Standing{}, err
	}
	times.give(t)
	if last.Seq == 0 {
		return place, Standing{Ticket: t}, nil
	}
	last.TicketID, last.At, last.Public = t.ID, sql.At(said), true
	return place, Standing{Ticket: t, LastComment: &last}, nil
}
