package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// ConnectorTargets reads the targets of the connector, in the order of desk.ConnectorTargets; those as they are made at a time
// when the connector never ran.
func (tx *Tx) ConnectorTargets(at time.Time, forUpdate bool) ([]desk.Target, error) {
	query := `SELECT ` + targetColumns + ` FROM target t LEFT JOIN api_key k ON k.id = t.key_id WHERE t.id IN ($1, $2)`
	if lock := tx.store.engine.Dialect().ForUpdate; forUpdate && lock != "" {
		query += lock + ` OF t`
	}
	targets := desk.ConnectorTargets(at)
	err := tx.sql.Each(query, []any{desk.ConnectorCreates, desk.ConnectorStatuses}, func(scan func(dest ...any) error) error {
		var t desk.Target
		dest, done := scanTarget(&t)
		err := scan(dest...)
		done()
		if i := slices.IndexFunc(targets, func(made desk.Target) bool { return made.ID == t.ID }); i >= 0 {
			targets[i] = t
		}
		return err
	})
	return targets, err
}

// Forwarded is a ticket that is forwarded, and where it stands on one of the provider's routes.
type Forwarded struct {
	Forward
	Tries   int
	OwedAt  time.Time // when the event was recorded that is told next, or would be; zero: it is not known
	Waits   bool      // it is tried, now or later
	Next    time.Time // when it is tried next; zero: nothing waits, or a person has to ask for it
	Held    bool      // it waits until the provider has the ticket
	Taken   bool      // a node tells it at this moment
	Parked  time.Time // since when it waits for a person; zero: it does not
	Last    Attempt   // the last one; without a class: there was none, or the log has it no more
	ordered int64
}

// ForwardState says in a word where a ticket stands on one of the provider's routes.
type ForwardState string

// Where a ticket can stand.
const (
	ForwardSent    ForwardState = "sent"
	ForwardParked  ForwardState = "parked"  // for a person
	ForwardSending ForwardState = "sending" // at this moment
	ForwardHeld    ForwardState = "held"    // until the provider has the ticket
	ForwardWaits   ForwardState = "waiting" // for its turn
)

// Stands says where the ticket stands on a route, and since when. What is sent on the route of statuses may be nothing yet.
func (f Forwarded) Stands(route string) (ForwardState, time.Time) {
	switch creates := route == desk.ConnectorRoutes[0]; {
	case creates && !f.SentAt.IsZero():
		return ForwardSent, f.SentAt
	case !f.Parked.IsZero():
		return ForwardParked, f.Parked
	case f.Taken:
		return ForwardSending, f.OwedAt
	case f.Held:
		return ForwardHeld, f.QueuedAt
	case f.Waits && !creates:
		return ForwardWaits, f.OwedAt
	case creates:
		return ForwardWaits, f.QueuedAt
	}
	return ForwardSent, f.Last.At
}

// ForwardList says which tickets that are forwarded are listed.
type ForwardList string

// What can be listed.
const (
	ForwardsWaiting  ForwardList = "waiting"  // for their turn, in its order
	ForwardsParked   ForwardList = "parked"   // for a person, the first one first
	ForwardsDoubtful ForwardList = "doubtful" // may exist twice at the provider, the oldest first
	ForwardsSent     ForwardList = "sent"     // the provider has them, the newest first
)

// page is the text that names the tickets of a page, and how they are ordered.
func (l ForwardList) page() (page, order string) {
	const of, behind = `(SELECT ticket_id, CAST($1 AS text) AS target_id, `, `($3, $4) ORDER BY `
	switch l {
	case ForwardsParked:
		return of + `dead_at AS place FROM lane WHERE target_id = $1 AND dead_at > 0 AND dead_at < $2 AND (dead_at, ticket_id) > ` + behind + `dead_at, ticket_id LIMIT $5) AS p`, ""
	case ForwardsDoubtful:
		return of + `queued_at AS place FROM forward WHERE doubtful AND queued_at < $2 AND (queued_at, ticket_id) > ` + behind + `queued_at, ticket_id LIMIT $5) AS p`, ""
	case ForwardsSent:
		return of + `sent_at AS place FROM forward WHERE sent_at > 0 AND sent_at < $2 AND (sent_at, ticket_id) < ` + behind + `sent_at DESC, ticket_id DESC LIMIT $5) AS p`, " DESC"
	}
	return of + `due AS place FROM lane WHERE target_id = $1 AND due > 0 AND due < $2 AND (due, ticket_id) > ` + behind + `due, ticket_id LIMIT $5) AS p`, ""
}

// whole is a page of one ticket.
const whole = `(SELECT CAST($1 AS text) AS target_id, CAST($2 AS text) AS ticket_id, CAST(0 AS bigint) AS place) AS p`

// forwarded is the query of a page p. A CROSS JOIN keeps SQLite from beginning with a whole table.
func forwarded(page, order string) string {
	return `SELECT ` + forwardColumns + `, p.place, l.tries, COALESCE(e.at, 0), l.due, l.lease, l.dead_at, COALESCE(a.at, 0), COALESCE(a.class, ''), COALESCE(a.status, 0), COALESCE(a.said, ''), COALESCE(a.doubtful, FALSE) FROM ` + page +
		` CROSS JOIN forward f CROSS JOIN lane l LEFT JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.head
 LEFT JOIN attempt a ON a.ticket_id = l.ticket_id AND a.target_id = l.target_id AND (a.seq, a.again, a.fence) =
 (SELECT n.seq, n.again, n.fence FROM attempt n WHERE n.ticket_id = l.ticket_id AND n.target_id = l.target_id ORDER BY n.seq DESC, n.again DESC, n.fence DESC LIMIT 1)
 WHERE f.ticket_id = p.ticket_id AND l.ticket_id = p.ticket_id AND l.target_id = p.target_id AND l.again = '' ORDER BY p.place` + order + `, p.ticket_id` + order
}

// Forwards lists tickets that are forwarded, as they stand on the route of a target, behind a place, and returns the place of
// the last one.
func (tx *Tx) Forwards(target string, list ForwardList, after LanePlace, limit int) (found []Forwarded, last LanePlace, err error) {
	if after.TicketID == "" && list == ForwardsSent {
		after.At = untilSent
	}
	found, err = tx.forwards(forwarded(list.page()), target, sql.Micros(untilSent), sql.Micros(after.At), after.TicketID, limit)
	if last = after; len(found) > 0 {
		end := found[len(found)-1]
		last = LanePlace{At: sql.At(end.ordered), TicketID: end.TicketID}
	}
	return found, last, err
}

// Forwarded reads where a ticket stands on the route of a target. It returns ErrNotFound when it is not forwarded.
func (tx *Tx) Forwarded(target, ticketID string) (Forwarded, error) {
	found, err := tx.forwards(forwarded(whole, ""), target, ticketID)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Forwarded{}, err
	}
	return found[0], nil
}

func (tx *Tx) forwards(query string, args ...any) (found []Forwarded, err error) {
	now := sql.Micros(tx.store.Now())
	err = tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		var f Forwarded
		var owed, due, lease, dead, at int64
		dest, done := scanForward(&f.Forward, &f.ordered, &f.Tries, &owed, &due, &lease, &dead, &at, &f.Last.Class, &f.Last.Status, &f.Last.Said, &f.Last.Doubtful)
		err := scan(dest...)
		done()
		f.OwedAt, f.Parked, f.Last.At, f.Held, f.Taken = sql.At(owed), sql.At(dead), sql.At(at), due == sql.Micros(untilSent), lease > now
		if f.Waits = due > 0 && !f.Held; f.Waits {
			f.Next = sql.At(due)
		}
		found = append(found, f)
		return err
	})
	return found, err
}

// ForwardAttempts reads the newest attempts to tell the provider of a ticket, on both routes, the oldest first.
func (tx *Tx) ForwardAttempts(ticketID string) (found []Attempt, err error) {
	err = tx.sql.Each(`SELECT target_id, seq, fence, at, took, class, status, said, doubtful FROM attempt WHERE ticket_id = $1 AND target_id IN ($2, $3) ORDER BY at DESC, target_id DESC, seq DESC, fence DESC LIMIT $4`,
		[]any{ticketID, desk.ConnectorCreates, desk.ConnectorStatuses, scannedAtOnce}, func(scan func(dest ...any) error) error {
			a := Attempt{LaneID: LaneID{TicketID: ticketID}}
			var at, took int64
			err := scan(&a.TargetID, &a.Seq, &a.Fence, &at, &took, &a.Class, &a.Status, &a.Said, &a.Doubtful)
			a.At, a.Took = sql.At(at), time.Duration(took)*time.Microsecond
			found = append(found, a)
			return err
		})
	slices.Reverse(found)
	return found, err
}

// Park takes a lane out of the queue until a person asks for it, and notes why among its attempts. Nobody may have the lane;
// who had it and comes back later settles nothing.
func (tx *Tx) Park(l Lane, why string, when time.Time) {
	l.Fence++
	tx.sql.Exec(`UPDATE lane SET fence = $1, due = 0, dead_at = $2 WHERE ticket_id = $3 AND target_id = $4 AND again = ''`, l.Fence, sql.Micros(when), l.TicketID, l.TargetID)
	tx.insertAttempts([]Attempt{{LaneID: l.LaneID, Seq: l.Head, Fence: l.Fence, At: when, Class: desk.ClassParked, Said: why}})
}

var reviveRows = sql.Over(`UPDATE lane SET tries = 0, dead_at = 0, due = v.column3 FROM (VALUES `, 3, []string{"text", "text", "bigint"},
	`) AS v WHERE lane.ticket_id = v.column1 AND lane.target_id = v.column2 AND lane.again = '' AND lane.dead_at > 0`)

// ReviveParked lets tickets go at once that wait for a person on the route of a target: those whose last attempt was of a
// class, or without one all that nobody parked on purpose. It looks at a number of them behind a place, and returns how many
// go and the place of the last one; at the end that has no ticket.
func (s *Store) ReviveParked(ctx context.Context, target, class string, after LanePlace, limit int) (revived int, last LanePlace, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		var lanes []string
		looked, when := 0, int64(0)
		last = LanePlace{}
		err := tx.sql.Each(`SELECT l.ticket_id, l.dead_at, COALESCE((SELECT a.class FROM attempt a WHERE a.ticket_id = l.ticket_id AND a.target_id = l.target_id ORDER BY a.seq DESC, a.again DESC, a.fence DESC LIMIT 1), '')
 FROM lane l WHERE l.target_id = $1 AND l.dead_at > 0 AND (l.dead_at, l.ticket_id) > ($2, $3) ORDER BY l.dead_at, l.ticket_id LIMIT $4`+tx.store.engine.Dialect().ForUpdate,
			[]any{target, sql.Micros(after.At), after.TicketID, limit}, func(scan func(dest ...any) error) error {
				var was string
				err := scan(&last.TicketID, &when, &was)
				if looked++; was == class || class == "" && was != desk.ClassParked {
					lanes = append(lanes, last.TicketID)
				}
				return err
			})
		if last.At = sql.At(when); looked < limit {
			last = LanePlace{}
		}
		now := sql.Micros(s.Now())
		tx.sql.ExecRows(reviveRows, len(lanes), func(n int) []any { return []any{lanes[n], target, now} })
		revived = len(lanes)
		return errors.Join(err, tx.sql.Err)
	})
	return revived, last, err
}
