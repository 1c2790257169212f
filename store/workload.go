package store

import (
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Held is what somebody has of a support group's active tickets.
type Held struct {
	Group, AssigneeID     string // nobody with an empty one
	New, Working, Waiting int    // by status: desk.Open; desk.InProgress; the others
	Overdue, Soon         int    // of them, in the states desk.SLAOver and desk.SLANear of calendar time
}

// Workload counts the active tickets of support groups by who has them: so many tickets of each at most, of the nearest
// deadlines. A walk is along a group; with a branch along what a branch oversees, which is not confidential: of that group,
// or of all. The states are those of desk.Ticket.SLA, without the reading of every ticket.
func (tx *Tx) Workload(walks []Walk, at time.Time, most int) ([]Held, error) {
	if len(walks) == 0 {
		return nil, tx.sql.Err
	}
	args := []any{sql.Micros(at)}
	bind := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	parts := make([]string, len(walks))
	for i, w := range walks {
		where := ``
		if w.Group != "" {
			where += ` group_code = ` + bind(w.Group) + ` AND`
		}
		if w.Branch != "" {
			where += ` branch_code = ` + bind(w.Branch) + ` AND NOT confidential AND`
		}
		if w.Group == "" { // to the letter, so that PostgreSQL knows the index
			where += ` branch_code <> 'OMNI' AND`
		}
		parts[i] = `SELECT group_code, assignee_id, status, overdue, soon FROM (` + workRow + ` WHERE` + where + ` next_due > 0 AND` + isReal + `ORDER BY next_due, id LIMIT ` + bind(most) + `) AS g` + strconv.Itoa(i)
	}
	var found []Held
	err := tx.sql.Each(`SELECT group_code, assignee_id, SUM(CASE WHEN status = 'OPEN' THEN 1 ELSE 0 END), SUM(CASE WHEN status = 'IN_PROGRESS' THEN 1 ELSE 0 END),
 SUM(CASE WHEN status IN ('OPEN', 'IN_PROGRESS') THEN 0 ELSE 1 END), SUM(overdue), SUM(CASE WHEN overdue = 0 THEN soon ELSE 0 END)
 FROM (`+strings.Join(parts, ` UNION ALL `)+`) AS held GROUP BY group_code, assignee_id ORDER BY group_code, assignee_id`, args, func(scan func(dest ...any) error) error {
		var h Held
		err := scan(&h.Group, &h.AssigneeID, &h.New, &h.Working, &h.Waiting, &h.Overdue, &h.Soon)
		found = append(found, h)
		return err
	})
	return found, err
}

// workRow is what is counted of a ticket, at the time $1. Clocks that stand still show when they were paused.
const workRow = `SELECT group_code, assignee_id, status,
 CASE WHEN response_breached OR resolution_breached OR next_due < CASE WHEN paused_at > 0 AND paused_at < $1 THEN paused_at ELSE $1 END THEN 1 ELSE 0 END AS overdue,
 CASE WHEN paused_at = 0 AND 4 * (next_due - $1) <= next_due - started_at THEN 1 ELSE 0 END AS soon FROM ticket`
