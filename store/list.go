package store

import (
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// listedColumns are what a list shows of a ticket, and what views and desk.Sight ask of it.
const listedColumns = `id, number, partner_id, version, events, channel, channel_reference, service_type, service_name, group_code, group_name, group_team,
 branch_code, branch_name, title, status, came_from, priority, assignee_id, assignee_name, customer_name, confidential, calendar,
 started_at, response_due, escalation_due, resolution_due, responded_at, paused_at, stopped_at, response_breached, resolution_breached,
 created_at, updated_at, resolved_at, closed_at`

// scanListed reads a row of listedColumns.
func scanListed(scan func(dest ...any) error) (*desk.Ticket, error) {
	t := &desk.Ticket{}
	var times ticketTimes
	err := scan(&t.ID, &t.Number, &t.PartnerID, &t.Version, &t.Events, &t.Channel, &t.ChannelReference, &t.ServiceType, &t.ServiceName, &t.Group.Code, &t.Group.Name, &t.Group.Team,
		&t.Branch.Code, &t.Branch.Name, &t.Title, &t.Status, &t.CameFrom, &t.Priority, &t.AssigneeID, &t.AssigneeName, &t.Customer.Name, &t.Confidential, &t.Calendar,
		&times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &t.Clocks.ResponseBreached, &t.Clocks.ResolutionBreached,
		&times[7], &times[8], &times[9], &times[10])
	times.give(t)
	return t, err
}

// Place is where a list goes on: behind the ticket of an id, which stood at a time in the order of the list. The zero
// Place is before the first.
type Place struct {
	At int64 // microseconds, as stored
	ID string
}

// Walk is a part of a list that is read along an index: the tickets of a group, a branch or an assignee. In the order of
// change it is in a status too, and may then be of everybody.
type Walk struct {
	Group, Branch, Assignee string
	Status                  desk.Status
}

// walkOrder is how tickets of a list are ordered.
type walkOrder struct {
	column, direction, beyond, only string
}

var walkOrders = map[desk.ViewOrder]walkOrder{
	desk.ByChange:   {"updated_at", " DESC", "<", ""},
	desk.ByDeadline: {"next_due", "", ">", " next_due > 0 AND"},
}

// List reads tickets along walks, behind a place: so many at most, in an order. A ticket that lies on two walks comes twice.
// The columns are those that a list shows.
func (tx *Tx) List(walks []Walk, order desk.ViewOrder, after Place, limit int) ([]*desk.Ticket, error) {
	if len(walks) == 0 {
		return nil, tx.sql.Err
	}
	o := walkOrders[order]
	var args []any
	bind := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	ordered := ` ORDER BY ` + o.column + o.direction + `, id` + o.direction + ` LIMIT `
	parts := make([]string, len(walks))
	for i, w := range walks {
		where := o.only
		for _, c := range []struct{ column, value string }{{"group_code", w.Group}, {"branch_code", w.Branch}, {"assignee_id", w.Assignee}, {"status", string(w.Status)}} {
			if c.value != "" {
				where += ` ` + c.column + ` = ` + bind(c.value) + ` AND`
			}
		}
		switch { // to the letter, so that PostgreSQL knows the index
		case w.Branch != "":
			where += ` branch_code <> 'OMNI' AND`
		case w.Assignee != "":
			where += ` assignee_id <> '' AND`
		}
		if after.ID != "" {
			where += ` (` + o.column + `, id) ` + o.beyond + ` (` + bind(after.At) + `, ` + bind(after.ID) + `) AND`
		}
		parts[i] = `SELECT id, ` + o.column + ` FROM (SELECT id, ` + o.column + ` FROM ticket WHERE` + where + isReal + ordered + bind(limit) + `) AS w` + strconv.Itoa(i)
	}
	// The walks read indexes only; of what is first among all of them the tickets are read.
	walked := `SELECT id AS walked_id, ` + o.column + ` AS place FROM (` + strings.Join(parts, ` UNION ALL `) + `) AS walks` + ordered + bind(limit)
	return tx.listed(`SELECT `+listedColumns+` FROM (`+walked+`) AS walked CROSS JOIN ticket WHERE id = walked_id ORDER BY place`+o.direction+`, walked_id`+o.direction, args)
}

// listed reads the tickets of a query of listedColumns.
func (tx *Tx) listed(query string, args []any) ([]*desk.Ticket, error) {
	var found []*desk.Ticket
	err := tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		t, err := scanListed(scan)
		found = append(found, t)
		return err
	})
	return found, err
}

// FindListed reads the newest tickets that a personal identifier finds, no tests. CROSS lets SQLite walk the hashes first.
func (tx *Tx) FindListed(l desk.Lookup, limit int) ([]*desk.Ticket, error) {
	return tx.listed(`SELECT `+listedColumns+` FROM ticket_lookup CROSS JOIN ticket WHERE kind = $1 AND hash = $2 AND id = ticket_id AND`+isReal+
		`ORDER BY ticket_id DESC LIMIT $3`, []any{string(l.Kind), l.Hash, limit})
}

// ListedTickets reads what lists show of tickets, by their ids, in no order.
func (tx *Tx) ListedTickets(ids []string) ([]*desk.Ticket, error) {
	var found []*desk.Ticket
	tx.sql.LookAtRows(listedByID, len(ids), func(n int) []any { return []any{ids[n]} }, func(scan func(dest ...any) error) error {
		t, err := scanListed(scan)
		found = append(found, t)
		return err
	})
	return found, tx.sql.Send()
}

var listedByID = sql.Over(`WITH asked(asked_id) AS (VALUES `, 1, []string{"text"}, `) SELECT `+listedColumns+` FROM asked CROSS JOIN ticket WHERE id = asked_id`)
