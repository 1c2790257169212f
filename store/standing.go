package store

import (
	"context"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/share"
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
	return s.standing(s.byNumber.Ask(ctx, number))
}

// StandingByReference reads where the newest ticket with a channel reference stands, or ErrNotFound; of one partner, or
// with an empty partner of all, but no test. The reference must be a text that the database can hold: another one fails those that are
// asked for with it. Errors are those of StandingByNumber.
func (s *Store) StandingByReference(ctx context.Context, reference, partner string) (Standing, error) {
	if reference == "" { // which those have that have none
		return Standing{}, ErrNotFound
	}
	return s.standing(s.byReference.Ask(ctx, channelReference{reference, partner}))
}

// standing is the answer to a question for one.
func (s *Store) standing(found Standing, err error) (Standing, error) { return found, s.refusal(err) }

// channelReference is what a ticket is asked for by: a reference, and of one partner when that is not empty.
type channelReference struct{ text, partner string }

// askers is how many statements of a kind answer questions at once: while one runs, the next is filled.
const askers = 2

// startQuestions starts those who answer questions. Each kind has its own: a reference may take long to find.
func (s *Store) startQuestions() {
	s.byNumber = share.NewQuestions(numberQuestions(s.engine, askers))
	s.byReference = share.NewQuestions(referenceQuestions(s.engine, askers))
}

func numberQuestions(e engine.Engine, askers int) share.QuestionOptions[int64, Standing] {
	return share.QuestionOptions[int64, Standing]{Engine: e, Askers: askers, Statement: standingsByNumber, Scan: scanStanding,
		Values: func(number int64) []any { return []any{number} }}
}

func referenceQuestions(e engine.Engine, askers int) share.QuestionOptions[channelReference, Standing] {
	return share.QuestionOptions[channelReference, Standing]{Engine: e, Askers: askers, Statement: standingsByReference, Scan: scanStanding,
		Values: func(r channelReference) []any { return []any{r.text, r.partner} }}
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
