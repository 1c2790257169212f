package store

import (
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// News is something that happened to a ticket, as live pages hear of it.
type News struct {
	Number   int64 // place in the installation's order of events
	TicketID string
	Seq      int64
	Type     desk.EventType
}

// NewsAfter reads what happened to real tickets after a place in the installation's order of events, internal events too.
// Nothing that commits later appears before a place that was given out.
func (tx *Tx) NewsAfter(after int64, limit int) ([]News, error) {
	var found []News
	err := tx.sql.Each(`SELECT number, ticket_id, seq, type FROM event WHERE number > $1 AND number > 0 ORDER BY number LIMIT $2`, []any{after, limit}, func(scan func(dest ...any) error) error {
		var n News
		err := scan(&n.Number, &n.TicketID, &n.Seq, &n.Type)
		found = append(found, n)
		return err
	})
	return found, err
}

// NewsEnd is the newest place in the installation's order of events; 0 when nothing happened yet.
func (tx *Tx) NewsEnd() (number int64, err error) {
	err = tx.sql.One(`SELECT event_number FROM sequencer WHERE id = 1`, nil, &number)
	return number, err
}

// Draft is what an employee has begun to write about a ticket.
type Draft struct {
	AgentID, TicketID string
	Internal          bool // a note, else a reply
	Content           string
	At                time.Time
}

// draftKind is how a draft's kind is stored.
func draftKind(internal bool) string {
	if internal {
		return "note"
	}
	return "reply"
}

// KeepDraft stores a draft in the place of the one before; an empty one is removed.
func (tx *Tx) KeepDraft(d Draft) {
	if d.Content == "" {
		tx.sql.Exec(`DELETE FROM draft WHERE agent_id = $1 AND ticket_id = $2 AND kind = $3`, d.AgentID, d.TicketID, draftKind(d.Internal))
		return
	}
	tx.sql.Exec(`INSERT INTO draft (agent_id, ticket_id, kind, content, updated_at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (agent_id, ticket_id, kind) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at`,
		d.AgentID, d.TicketID, draftKind(d.Internal), d.Content, sql.Micros(d.At))
}

// Drafts reads what an employee has begun to write about a ticket.
func (tx *Tx) Drafts(agentID, ticketID string) ([]Draft, error) {
	var found []Draft
	err := tx.sql.Each(`SELECT kind, content, updated_at FROM draft WHERE agent_id = $1 AND ticket_id = $2 ORDER BY kind`, []any{agentID, ticketID}, func(scan func(dest ...any) error) error {
		d := Draft{AgentID: agentID, TicketID: ticketID}
		var kind string
		var when int64
		err := scan(&kind, &d.Content, &when)
		d.Internal, d.At = kind == draftKind(true), sql.At(when)
		found = append(found, d)
		return err
	})
	return found, err
}

// Watcher is an employee who looks at a ticket.
type Watcher struct {
	AgentID, Name string
	At            time.Time
}

// Watch notes that an employee looks at a ticket.
func (tx *Tx) Watch(ticketID string, w Watcher) {
	tx.sql.Exec(`INSERT INTO presence (ticket_id, agent_id, agent_name, at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (ticket_id, agent_id) DO UPDATE SET agent_name = excluded.agent_name, at = excluded.at`, ticketID, w.AgentID, w.Name, sql.Micros(w.At))
}

// Leave notes that an employee looks at a ticket no more.
func (tx *Tx) Leave(ticketID, agentID string) {
	tx.sql.Exec(`DELETE FROM presence WHERE ticket_id = $1 AND agent_id = $2`, ticketID, agentID)
}

// Watchers reads who looked at a ticket since a time, in the order of their names.
func (tx *Tx) Watchers(ticketID string, since time.Time) ([]Watcher, error) {
	var found []Watcher
	err := tx.sql.Each(`SELECT agent_id, agent_name, at FROM presence WHERE ticket_id = $1 AND at >= $2 ORDER BY agent_name, agent_id`, []any{ticketID, sql.Micros(since)}, func(scan func(dest ...any) error) error {
		var w Watcher
		var when int64
		err := scan(&w.AgentID, &w.Name, &when)
		w.At = sql.At(when)
		found = append(found, w)
		return err
	})
	return found, err
}

// ForgetWatchers removes who looked at tickets before a time.
func (tx *Tx) ForgetWatchers(before time.Time) {
	tx.sql.Exec(`DELETE FROM presence WHERE at < $1`, sql.Micros(before))
}

// SavedView is a list of tickets that somebody gave a name.
type SavedView struct {
	ID      string
	OwnerID string
	Group   string // who else has it: this support group, with Everybody all; empty: nobody
	Name    string
	Query   string // the view as desk.ParseView reads it
	At      time.Time
}

// Everybody stands for all groups in SavedView.Group.
const Everybody = "*"

// InsertView stores a view.
func (tx *Tx) InsertView(v SavedView) {
	tx.sql.Exec(`INSERT INTO saved_view (id, owner_id, group_code, name, conditions, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		v.ID, v.OwnerID, v.Group, v.Name, v.Query, sql.Micros(v.At))
}

// DeleteView removes a view.
func (tx *Tx) DeleteView(id string) {
	tx.sql.Exec(`DELETE FROM saved_view WHERE id = $1`, id)
}

const viewColumns = `id, owner_id, group_code, name, conditions, created_at`

// View reads a view, or ErrNotFound.
func (tx *Tx) View(id string) (SavedView, error) {
	found, err := tx.views(`SELECT `+viewColumns+` FROM saved_view WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return SavedView{}, err
	}
	return found[0], nil
}

// Views reads all views, in the order of their names.
func (tx *Tx) Views() ([]SavedView, error) {
	return tx.views(`SELECT ` + viewColumns + ` FROM saved_view ORDER BY name, id`)
}

func (tx *Tx) views(query string, args ...any) (found []SavedView, err error) {
	err = tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		var v SavedView
		var when int64
		err := scan(&v.ID, &v.OwnerID, &v.Group, &v.Name, &v.Query, &when)
		v.At = sql.At(when)
		found = append(found, v)
		return err
	})
	return found, err
}

// Notify stores what an employee should know of.
func (tx *Tx) Notify(n desk.Notice) {
	tx.sql.Exec(`INSERT INTO notice (agent_id, id, ticket_id, number, kind, actor, at, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		n.AgentID, n.ID, n.TicketID, n.Number, string(n.Kind), n.Actor, sql.Micros(n.At))
}

// Notices reads the newest notices of an employee.
func (tx *Tx) Notices(agentID string, limit int) ([]desk.Notice, error) {
	var found []desk.Notice
	err := tx.sql.Each(`SELECT id, ticket_id, number, kind, actor, at, read_at FROM notice WHERE agent_id = $1 ORDER BY at DESC, id DESC LIMIT $2`, []any{agentID, limit}, func(scan func(dest ...any) error) error {
		n := desk.Notice{AgentID: agentID}
		var at, read int64
		err := scan(&n.ID, &n.TicketID, &n.Number, &n.Kind, &n.Actor, &at, &read)
		n.At, n.ReadAt = sql.At(at), sql.At(read)
		found = append(found, n)
		return err
	})
	return found, err
}

// Unread counts the notices that an employee has not read, up to a number.
func (tx *Tx) Unread(agentID string, most int) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM (SELECT 1 FROM notice WHERE agent_id = $1 AND read_at = 0 LIMIT $2) AS unread`, []any{agentID, most}, &n)
	return n, err
}

// ReadNotices marks an employee's notices as read: those of one ticket, or with an empty one all.
func (tx *Tx) ReadNotices(agentID, ticketID string, at time.Time) {
	if ticketID == "" {
		tx.sql.Exec(`UPDATE notice SET read_at = $1 WHERE agent_id = $2 AND read_at = 0`, sql.Micros(at), agentID)
		return
	}
	tx.sql.Exec(`UPDATE notice SET read_at = $1 WHERE agent_id = $2 AND ticket_id = $3 AND read_at = 0`, sql.Micros(at), agentID, ticketID)
}

// ForgetNotices removes notices that were made before a time, some rows at a time, and returns how many.
func (tx *Tx) ForgetNotices(before time.Time, limit int) (int, error) {
	ids, err := tx.texts(`SELECT id FROM notice WHERE id < $1 LIMIT $2`, desk.FirstID(before), limit)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	for _, id := range ids {
		tx.sql.Exec(`DELETE FROM notice WHERE id = $1`, id)
	}
	return len(ids), nil
}
