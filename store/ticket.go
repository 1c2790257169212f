package store

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/share"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// ticketColumns are the columns of a ticket in the order of ticketValues and scanTicket.
const ticketColumns = `id, number, partner_id, key_id, version, events, channel, channel_reference, service_type, service_name,
 group_code, group_name, group_team, branch_code, branch_name, title, description, category, status, came_from,
 priority, asked_priority, priority_rule, assignee_id, assignee_name, customer_name, customer_branch, customer_department,
 customer_language, metadata, missing, confidential, api_version, partner_ref, sealed, policy_hours, calendar,
 started_at, response_due, escalation_due, resolution_due, responded_at, paused_at, stopped_at, response_breached,
 resolution_breached, created_at, updated_at, resolved_at, closed_at, told_until`

// writtenColumns are those, and what is made of them for the order of lists and for what is to be told.
const writtenColumns = ticketColumns + `, next_due, tell_due`

// InsertTicket stores a new ticket and what it is found by, with those of other writes when the transaction is concluded: one
// statement for many costs half. No closure of the same transaction can read it.
func (tx *Tx) InsertTicket(t *desk.Ticket) { tx.records.tickets = append(tx.records.tickets, t) }

var (
	insertTickets = sql.Inserting("ticket", writtenColumns, ``)
	insertLookups = sql.Inserting("ticket_lookup", "kind, hash, ticket_id", ` ON CONFLICT (kind, hash, ticket_id) DO NOTHING`)
)

func (tx *Tx) insertTickets(tickets []*desk.Ticket) {
	tx.sql.ExecRows(insertTickets, len(tickets), func(n int) []any {
		t := tickets[n]
		c := t.Clocks
		return []any{
			t.ID, t.Number, t.PartnerID, t.KeyID, t.Version, t.Events, string(t.Channel), t.ChannelReference, string(t.ServiceType), t.ServiceName,
			t.Group.Code, t.Group.Name, t.Group.Team, t.Branch.Code, t.Branch.Name, t.Title, t.Description, string(t.Category), string(t.Status), string(t.CameFrom),
			string(t.Priority), string(t.AskedPriority), t.PriorityRule, t.AssigneeID, t.AssigneeName, t.Customer.Name, t.Customer.BranchCode, t.Customer.Department,
			t.Customer.Language, t.Metadata, sql.Join(t.Missing), t.Confidential, t.APIVersion, t.PartnerRef, t.Sealed, t.PolicyHours, t.Calendar,
			sql.Micros(c.StartedAt), sql.Micros(c.ResponseDue), sql.Micros(c.EscalationDue), sql.Micros(c.ResolutionDue), sql.Micros(c.RespondedAt), sql.Micros(c.PausedAt), sql.Micros(c.StoppedAt), c.ResponseBreached,
			c.ResolutionBreached, sql.Micros(t.CreatedAt), sql.Micros(t.UpdatedAt), sql.Micros(t.ResolvedAt), sql.Micros(t.ClosedAt), sql.Micros(t.ToldUntil), sql.Micros(t.NextDeadline()), sql.Micros(t.TellDue()),
		}
	})
	var lookups [][]any
	for _, t := range tickets {
		for _, l := range t.Lookups {
			lookups = append(lookups, []any{string(l.Kind), l.Hash, t.ID})
		}
	}
	tx.sql.ExecRows(insertLookups, len(lookups), func(n int) []any { return lookups[n] })
}

// UpdateTicket stores what can change of a ticket. The transaction fails with ErrChanged when somebody else changed
// the ticket since it was read.
func (tx *Tx) UpdateTicket(t *desk.Ticket) {
	c := t.Clocks
	tx.sql.Expect(ErrChanged, `UPDATE ticket SET version = $1, events = $2, group_code = $3, group_name = $4, group_team = $5,
 status = $6, came_from = $7, priority = $8, priority_rule = $9, assignee_id = $10, assignee_name = $11,
 response_due = $12, escalation_due = $13, resolution_due = $14, responded_at = $15, paused_at = $16, stopped_at = $17,
 response_breached = $18, resolution_breached = $19, updated_at = $20, resolved_at = $21, closed_at = $22, next_due = $23, tell_due = $24
 WHERE id = $25 AND version = $26`,
		t.Version, t.Events, t.Group.Code, t.Group.Name, t.Group.Team,
		string(t.Status), string(t.CameFrom), string(t.Priority), t.PriorityRule, t.AssigneeID, t.AssigneeName,
		sql.Micros(c.ResponseDue), sql.Micros(c.EscalationDue), sql.Micros(c.ResolutionDue), sql.Micros(c.RespondedAt), sql.Micros(c.PausedAt), sql.Micros(c.StoppedAt),
		c.ResponseBreached, c.ResolutionBreached, sql.Micros(t.UpdatedAt), sql.Micros(t.ResolvedAt), sql.Micros(t.ClosedAt), sql.Micros(t.NextDeadline()), sql.Micros(t.TellDue()),
		t.ID, t.Version-1)
}

// Reseal stores the sealed part of a ticket, which was read to be changed.
func (tx *Tx) Reseal(t *desk.Ticket) {
	tx.sql.Exec(`UPDATE ticket SET sealed = $1 WHERE id = $2`, t.Sealed, t.ID)
}

// Told stores up to when employees were told of the deadlines of a ticket, which was read to be changed.
func (tx *Tx) Told(t *desk.Ticket) {
	tx.sql.Exec(`UPDATE ticket SET told_until = $1, tell_due = $2 WHERE id = $3`, sql.Micros(t.ToldUntil), sql.Micros(t.TellDue()), t.ID)
}

// ToTell lists the ids of tickets of which employees are to be told that a deadline has passed before a time, the oldest
// first.
func (tx *Tx) ToTell(before time.Time, limit int) ([]string, error) {
	return tx.texts(`SELECT id FROM ticket WHERE tell_due > 0 AND tell_due < $1 AND`+isReal+`ORDER BY tell_due, id LIMIT $2`, sql.Micros(before), limit)
}

// ticketTimes are a ticket's times as they are stored.
type ticketTimes [11]int64

// give gives a ticket its times.
func (times ticketTimes) give(t *desk.Ticket) {
	c := &t.Clocks
	for i, to := range []*time.Time{&c.StartedAt, &c.ResponseDue, &c.EscalationDue, &c.ResolutionDue, &c.RespondedAt, &c.PausedAt, &c.StoppedAt,
		&t.CreatedAt, &t.UpdatedAt, &t.ResolvedAt, &t.ClosedAt} {
		*to = sql.At(times[i])
	}
}

// scanTicket reads a row of ticketColumns.
func scanTicket(scan func(dest ...any) error) (*desk.Ticket, error) {
	t := &desk.Ticket{}
	c := &t.Clocks
	var missing string
	var times ticketTimes
	var told int64
	err := scan(&t.ID, &t.Number, &t.PartnerID, &t.KeyID, &t.Version, &t.Events, &t.Channel, &t.ChannelReference, &t.ServiceType, &t.ServiceName,
		&t.Group.Code, &t.Group.Name, &t.Group.Team, &t.Branch.Code, &t.Branch.Name, &t.Title, &t.Description, &t.Category, &t.Status, &t.CameFrom,
		&t.Priority, &t.AskedPriority, &t.PriorityRule, &t.AssigneeID, &t.AssigneeName, &t.Customer.Name, &t.Customer.BranchCode, &t.Customer.Department,
		&t.Customer.Language, &t.Metadata, &missing, &t.Confidential, &t.APIVersion, &t.PartnerRef, &t.Sealed, &t.PolicyHours, &t.Calendar,
		&times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &c.ResponseBreached,
		&c.ResolutionBreached, &times[7], &times[8], &times[9], &times[10], &told)
	if err != nil {
		return nil, err
	}
	t.ToldUntil = sql.At(told)
	times.give(t)
	t.Missing = sql.Split(missing)
	return t, nil
}

// ticket reads the ticket that a condition picks, or ErrNotFound.
func (tx *Tx) ticket(where string, args ...any) (*desk.Ticket, error) {
	var found *desk.Ticket
	err := tx.sql.Each(`SELECT `+ticketColumns+` FROM ticket WHERE `+where, args, func(scan func(dest ...any) error) (err error) {
		found, err = scanTicket(scan)
		return err
	})
	if err == nil && found == nil {
		err = ErrNotFound
	}
	return found, err
}

// lockedTicket reads the ticket that a condition picks, and keeps others from changing it until the transaction ends. A
// write that is joined with others is run again later when somebody else has it: two transactions that hold several
// tickets each could wait for each other until the server ends one of them, a second later.
func (tx *Tx) lockedTicket(where string, args ...any) (*desk.Ticket, error) {
	d := tx.store.engine.Dialect()
	if tx.patient || d.SkipLocked == "" {
		return tx.ticket(where+d.ForUpdate, args...)
	}
	t, err := tx.ticket(where+d.SkipLocked, args...)
	if !errors.Is(err, ErrNotFound) {
		return t, err
	}
	if _, err := tx.ticket(where, args...); err != nil {
		return nil, err
	}
	tx.sql.Fail(share.ErrLater)
	return nil, tx.sql.Err
}

// pick reads a ticket, to be changed when forUpdate is true.
func (tx *Tx) pick(forUpdate bool, where string, args ...any) (*desk.Ticket, error) {
	if forUpdate {
		return tx.lockedTicket(where, args...)
	}
	return tx.ticket(where, args...)
}

// TicketByNumber reads the ticket of a number, or ErrNotFound. Nothing of it is changed by others until the
// transaction ends when forUpdate is true.
func (tx *Tx) TicketByNumber(number int64, forUpdate bool) (*desk.Ticket, error) {
	return tx.pick(forUpdate, `number = $1`, number)
}

// TicketByReference reads the newest ticket with a channel reference, or ErrNotFound; of one partner, or with an empty
// partner of all, but no test.
func (tx *Tx) TicketByReference(reference, partner string, forUpdate bool) (*desk.Ticket, error) {
	where, args := referred(reference, partner)
	return tx.pick(forUpdate, where, args...)
}

// referred is the condition that picks the newest ticket with a channel reference. It is picked first and locked then,
// so that one that is locked is not passed over for an older one.
func referred(reference, partner string) (where string, args []any) {
	where, args = `channel_reference = $1 AND channel_reference <> ''`, []any{reference}
	if partner != "" {
		where, args = where+` AND partner_id = $2`, append(args, partner)
	} else {
		where += ` AND` + isReal
	}
	return `id = (SELECT id FROM ticket WHERE ` + where + ` ORDER BY number DESC LIMIT 1)`, args
}

// TicketByID reads a ticket, or ErrNotFound; to be changed when forUpdate is true.
func (tx *Tx) TicketByID(id string, forUpdate bool) (*desk.Ticket, error) {
	return tx.pick(forUpdate, `id = $1`, id)
}

// TicketFilter says which tickets ListTickets lists.
type TicketFilter struct {
	PartnerID string        // empty: of all partners, but no tests
	Statuses  []desk.Status // empty: of every status
	Since     time.Time     // changed at or after this time
	AfterAt   time.Time     // with AfterID: behind this place in the order of change; zero: from the start
	AfterID   string
	Limit     int
}

// ListTickets lists tickets in the order of their last change, oldest first. Each status is a walk along an index.
func (tx *Tx) ListTickets(f TicketFilter) ([]*desk.Ticket, error) {
	from, id := f.AfterAt, f.AfterID
	if f.Since.After(from) {
		from, id = f.Since, ""
	}
	var args []any
	bind := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	var parts []string
	for _, status := range desk.Statuses {
		if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, status) {
			continue
		}
		where := isReal + `AND `
		if f.PartnerID != "" {
			where = `partner_id = ` + bind(f.PartnerID) + ` AND `
		}
		where += `status = ` + bind(string(status)) + ` AND (updated_at, id) > (` + bind(sql.Micros(from)) + `, ` + bind(id) + `)`
		parts = append(parts, `SELECT * FROM (SELECT `+ticketColumns+` FROM ticket WHERE `+where+` ORDER BY updated_at, id LIMIT `+bind(f.Limit)+`) AS s`+strconv.Itoa(len(parts)))
	}
	if len(parts) == 0 {
		return nil, tx.sql.Err
	}
	query := strings.Join(parts, ` UNION ALL `) + ` ORDER BY updated_at, id LIMIT ` + bind(f.Limit)
	return tx.tickets(query, args)
}

// FindTickets lists the tickets that match all of the lookups, newest first, before a place in that order (empty:
// from the newest); of one partner, or with an empty one of all, but no tests. Without a lookup it finds none. The joins are CROSS so that SQLite walks the hashes first: it would
// rather walk all tickets of the partner.
func (tx *Tx) FindTickets(partner string, lookups []desk.Lookup, before string, limit int) ([]*desk.Ticket, error) {
	if len(lookups) == 0 {
		return nil, tx.sql.Err
	}
	var args []any
	bind := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	var from, where []string
	for i, l := range lookups {
		name := `l` + strconv.Itoa(i)
		from = append(from, `ticket_lookup `+name)
		where = append(where, name+`.kind = `+bind(string(l.Kind)), name+`.hash = `+bind(l.Hash))
		if i > 0 {
			where = append(where, name+`.ticket_id = l0.ticket_id`)
		}
	}
	if before != "" {
		where = append(where, `l0.ticket_id < `+bind(before))
	}
	where = append(where, `id = l0.ticket_id`)
	if partner != "" {
		where = append(where, `partner_id = `+bind(partner))
	} else {
		where = append(where, isReal)
	}
	return tx.tickets(`SELECT `+ticketColumns+` FROM `+strings.Join(from, ` CROSS JOIN `)+` CROSS JOIN ticket WHERE `+strings.Join(where, ` AND `)+
		` ORDER BY l0.ticket_id DESC LIMIT `+bind(limit), args)
}

func (tx *Tx) tickets(query string, args []any) ([]*desk.Ticket, error) {
	var found []*desk.Ticket
	err := tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		t, err := scanTicket(scan)
		found = append(found, t)
		return err
	})
	return found, err
}

// ResolvedBefore lists the ids of tickets that are resolved since before a time, oldest first.
func (tx *Tx) ResolvedBefore(before time.Time, limit int) ([]string, error) {
	return tx.texts(resolvedBefore, sql.Micros(before), limit)
}

// resolvedBefore walks along an index of real tickets and one of tests.
var resolvedBefore = func() string {
	walk := func(which string) string {
		return `SELECT id, updated_at FROM (SELECT id, updated_at FROM ticket WHERE status = 'RESOLVED' AND` + which +
			`AND updated_at < $1 AND resolved_at < $1 ORDER BY updated_at, id LIMIT $2) AS part`
	}
	return `SELECT id FROM (` + walk(isReal) + ` UNION ALL ` + walk(isTest) + `) AS resolved ORDER BY updated_at, id LIMIT $2`
}()
