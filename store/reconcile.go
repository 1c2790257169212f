package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Candidate is a ticket as far as it depends on that whether it goes to the provider.
type Candidate struct {
	desk.Ticket       // its id, number, service, status and time
	ForwardEntry bool // it does already
	Provider     bool // it came from the provider itself
}

// Candidates reads the tickets, but no tests, behind an id and before another (empty: to the end), in the order of their ids,
// which is that of time.
func (tx *Tx) Candidates(after, before string, limit int) (found []Candidate, err error) {
	const last = "z" // behind every id, in every collation
	if before == "" {
		before = last
	}
	err = tx.sql.Each(`SELECT t.id, t.number, t.service_type, t.service_name, t.status, t.created_at, f.ticket_id IS NOT NULL, COALESCE(p.sociomile, FALSE)
 FROM (SELECT id, number, partner_id, service_type, service_name, status, created_at FROM ticket WHERE id > $1 AND id < $2 AND`+isReal+`ORDER BY id LIMIT $3) AS t
 LEFT JOIN forward f ON f.ticket_id = t.id LEFT JOIN partner p ON p.id = t.partner_id ORDER BY t.id`, []any{after, before, limit}, func(scan func(dest ...any) error) error {
		var c Candidate
		var created int64
		err := scan(&c.ID, &c.Number, &c.ServiceType, &c.ServiceName, &c.Status, &created, &c.ForwardEntry, &c.Provider)
		c.CreatedAt = sql.At(created)
		found = append(found, c)
		return err
	})
	return found, err
}

// openForwards and openForwardLanes do for many tickets, some of which may be forwarded already, what OpenForward does for a
// new one. A lane begins with what its ticket went through so far.
var (
	openForwards = sql.Inserting("forward", `ticket_id, number, provider_id, provider_number, sent_status, doubtful, noted, edits, by_hand, queued_at, sent_at`,
		` ON CONFLICT (ticket_id) DO NOTHING RETURNING ticket_id`)
	openForwardLanes = sql.Over(`WITH v (ticket_id, target_id, type, due, held) AS (VALUES `, 5, []string{"text", "text", "text", "bigint", "boolean"}, `)
 INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at)
 SELECT v.ticket_id, v.target_id, '', 1, 1, COALESCE(MAX(e.seq), 0), 0, CASE WHEN v.held OR MAX(e.seq) > 0 THEN v.due ELSE 0 END, 0, 0, 0
 FROM v LEFT JOIN event e ON e.ticket_id = v.ticket_id AND e.type = v.type AND e.number <> 0 GROUP BY v.ticket_id, v.target_id, v.due, v.held
 ON CONFLICT (ticket_id, target_id, again) DO NOTHING`)
)

// OpenForwards lets tickets go to the provider that were made before, with all their changes of status, and returns the ids of
// those that did not go before.
//
// What is owed is noted by the sequencer (owe), once for each event, for the lanes that it sees; and it does not see a lane of
// a transaction that is under way, nor would that one see the event. So the transaction keeps the sequencer out, and waits for
// the run that is under way: what has a number by then was owed to nobody else, and is owed here; what has none yet is left to
// the next run, which sees the lanes. Where transactions are one after the other that is so anyway.
func (tx *Tx) OpenForwards(tickets []desk.Ticket, when time.Time) (opened []string, err error) {
	tx.sql.Exec(`SELECT 1 FROM sequencer WHERE id = 1` + tx.store.engine.Dialect().ForUpdate)
	tx.sql.LookAtRows(openForwards, len(tickets), func(n int) []any {
		return []any{tickets[n].ID, tickets[n].Number, "", 0, "", false, false, "", "", sql.Micros(when), 0}
	}, func(scan func(dest ...any) error) error {
		var id string
		err := scan(&id)
		opened = append(opened, id)
		return err
	})
	if err := tx.sql.Send(); err != nil {
		return nil, err
	}
	tx.sql.ExecRows(openForwardLanes, len(opened), func(n int) []any {
		return []any{opened[n], desk.ConnectorCreates, string(desk.TicketCreated), sql.Micros(when), false}
	})
	tx.sql.ExecRows(openForwardLanes, len(opened), func(n int) []any {
		return []any{opened[n], desk.ConnectorStatuses, string(desk.StatusChanged), sql.Micros(untilSent), true}
	})
	return opened, tx.sql.Err
}

// ForwardEntry is a ticket that goes to the provider, and when it was made.
type ForwardEntry struct {
	Forward
	CreatedAt time.Time
}

// ForwardsByNumber reads the tickets that go to the provider, in the order of their numbers, behind a number.
func (tx *Tx) ForwardsByNumber(after int64, limit int) (found []ForwardEntry, err error) {
	err = tx.sql.Each(`SELECT `+forwardColumns+`, t.created_at FROM (SELECT ticket_id, number, provider_id, provider_number, sent_status, doubtful, noted, edits, by_hand, queued_at, sent_at
 FROM forward WHERE number > $1 ORDER BY number LIMIT $2) AS f JOIN ticket t ON t.id = f.ticket_id ORDER BY f.number`, []any{after, limit}, func(scan func(dest ...any) error) error {
		var f ForwardEntry
		var created int64
		dest, done := scanForward(&f.Forward, &created)
		err := scan(dest...)
		done()
		f.CreatedAt = sql.At(created)
		found = append(found, f)
		return err
	})
	return found, err
}

// RewindForward lets a ticket go to the provider once more, from its beginning. Its statuses wait again for the ticket.
func (tx *Tx) RewindForward(ticketID string, when time.Time) {
	tx.sql.Exec(`UPDATE lane SET head = 1, tries = 0, dead_at = 0, due = CASE WHEN target_id = $1 THEN CAST($2 AS bigint) ELSE $3 END WHERE ticket_id = $4 AND target_id IN ($1, $5) AND again = ''`,
		desk.ConnectorCreates, sql.Micros(when), sql.Micros(untilSent), ticketID, desk.ConnectorStatuses)
}
