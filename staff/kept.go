package staff

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// How much the console keeps for an employee.
const (
	noticesShown = 50
	unreadMost   = 100
	viewsMost    = 100 // of one owner
	viewName     = 60  // characters
	noticesKept  = 30 * 24 * time.Hour
	forgetAtOnce = 300
)

// KeepDraft keeps what the actor has begun to write about a ticket, in the place of what was kept before; an empty text
// removes it. Card numbers are masked, as in what is sent.
func (s *Staff) KeepDraft(ctx context.Context, actor desk.Actor, reference string, internal bool, content string) error {
	if err := app.Authorize(actor, desk.MayWork); err != nil {
		return err
	}
	if utf8.RuneCountInString(content) > desk.MaxComment {
		return desk.Faults{{Path: "comment", Text: desk.TooLong, Args: []string{strconv.Itoa(desk.MaxComment)}}}.Err()
	}
	content, _ = mask.Cards(content)
	if strings.TrimSpace(content) == "" {
		content = ""
	}
	now := s.store.Now()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		t, err := app.Pick(tx, actor, reference, false)
		if err == nil {
			tx.KeepDraft(store.Draft{AgentID: actor.ID, TicketID: t.ID, Internal: internal, Content: content, At: now})
		}
		return err
	})
}

// Watch notes that the actor looks at a ticket, and returns who else does. Those who only read are not told of.
func (s *Staff) Watch(ctx context.Context, actor desk.Actor, ticketID string) (others []store.Watcher, err error) {
	now := s.store.Now()
	if actor.Permissions.Allow(desk.MayWork) {
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			tx.Watch(ticketID, store.Watcher{AgentID: actor.ID, Name: actor.Name, At: now})
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		others, err = tx.Watchers(ticketID, now.Add(-watchedFor))
		return err
	})
	return slices.DeleteFunc(others, func(w store.Watcher) bool { return w.AgentID == actor.ID }), err
}

// Leave notes that the actor looks at a ticket no more.
func (s *Staff) Leave(ctx context.Context, actor desk.Actor, ticketID string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		tx.Leave(ticketID, actor.ID)
		return nil
	})
}

// Notice is something about a ticket that an employee should know of.
type Notice struct {
	desk.Notice
	Title string // of the ticket; empty: it is not in sight, or no more
}

// Notices reads the actor's newest notices, the newest first, so many at most. Which tickets were named is audited.
func (s *Staff) Notices(ctx context.Context, actor desk.Actor, most int) ([]Notice, error) {
	var found []desk.Notice
	var tickets []*desk.Ticket
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if found, err = tx.Notices(actor.ID, min(most, noticesShown)); err != nil {
			return err
		}
		var ids []string
		for _, n := range found {
			ids = append(ids, n.TicketID)
		}
		slices.Sort(ids)
		tickets, err = tx.ListedTickets(slices.Compact(ids))
		return err
	})
	if err != nil {
		return nil, err
	}
	tickets = slices.DeleteFunc(tickets, func(t *desk.Ticket) bool { return !actor.Sight().Sees(t) })
	titles := map[string]string{}
	for _, t := range tickets {
		titles[t.ID] = t.Title
	}
	notices := make([]Notice, len(found))
	for i, n := range found {
		notices[i] = Notice{n, titles[n.TicketID]}
	}
	if len(tickets) > 0 {
		err = s.app.NoteShown(actor, "notice.list", "", tickets)
	}
	return notices, err
}

// Unread counts the actor's unread notices, up to a hundred.
func (s *Staff) Unread(ctx context.Context, actor desk.Actor) (n int, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Unread(actor.ID, unreadMost)
		return err
	})
	return n, err
}

// ReadNotices marks the actor's notices as read: those of a ticket, or with an empty id all.
func (s *Staff) ReadNotices(ctx context.Context, actor desk.Actor, ticketID string) error {
	now := s.store.Now()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		tx.ReadNotices(actor.ID, ticketID, now)
		return nil
	})
}

// Forget removes notices that are older than 30 days, who looked at tickets a day ago, and sessions that ended.
func (s *Staff) Forget(ctx context.Context) error {
	now := s.store.Now()
	for gone := forgetAtOnce; gone == forgetAtOnce; {
		err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
			tx.ForgetWatchers(now.Add(-24 * time.Hour))
			gone, err = tx.ForgetNotices(now.Add(-noticesKept), forgetAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.forgetSessions(ctx)
}

// SavedView is a list of tickets with a name.
type SavedView = store.SavedView

// Views lists the actor's own views, and those that others share with a group of the actor or with everybody.
func (s *Staff) Views(ctx context.Context, actor desk.Actor) (mine []SavedView, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Views()
		mine = slices.DeleteFunc(all, func(v SavedView) bool { return !has(actor, v) })
		return err
	})
	return mine, err
}

// has reports whether an actor has a view.
func has(actor desk.Actor, v SavedView) bool {
	return v.OwnerID == actor.ID || v.Group == store.Everybody || v.Group != "" && slices.Contains(actor.Groups, v.Group)
}

// SaveView gives a view a name: for the actor alone, or with MayLead for a group of the actor or everybody. It returns an
// Error of code Invalid that names what is wrong.
func (s *Staff) SaveView(ctx context.Context, actor desk.Actor, name, group string, v desk.View) (SavedView, error) {
	if err := app.Authorize(actor, desk.MayRead); err != nil {
		return SavedView{}, err
	}
	now := s.store.Now()
	name, _ = mask.Cards(strings.TrimSpace(name))
	var faults desk.Faults
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		faults.Add("name", desk.Required)
	case n > viewName:
		faults.Add("name", desk.TooLong, strconv.Itoa(viewName))
	}
	shared := SavedView{ID: desk.NewID(now), OwnerID: actor.ID, Group: group, Name: name, Query: v.Query().Encode(), At: now}
	if group != "" && (!actor.Permissions.Allow(desk.MayLead) || group != store.Everybody && !slices.Contains(actor.Groups, group)) {
		faults.Add("group", desk.GroupUnknown)
	}
	if err := faults.Err(); err != nil {
		return SavedView{}, err
	}
	return shared, s.store.Write(ctx, func(tx *store.Tx) error {
		all, err := tx.Views()
		if err != nil {
			return err
		}
		if own := slices.DeleteFunc(all, func(v SavedView) bool { return v.OwnerID != actor.ID }); len(own) >= viewsMost {
			return desk.Fail(desk.Conflict, desk.TooManyViews, strconv.Itoa(viewsMost))
		}
		tx.InsertView(shared)
		tx.Audit(desk.NewAudit(now, actor, "view.create", shared.ID, desk.OutcomeOK))
		return nil
	})
}

// DeleteView removes a view of the actor; with MayLead also one that others share with the actor's groups or everybody. It
// returns an Error of code NotFound for a view that the actor does not have, Forbidden for one that others share.
func (s *Staff) DeleteView(ctx context.Context, actor desk.Actor, id string) error {
	if !desk.IsID(id) { // it may be what no column can hold
		return desk.Fail(desk.NotFound, desk.PageNotFound)
	}
	now := s.store.Now()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		v, err := tx.View(id)
		if errors.Is(err, store.ErrNotFound) || err == nil && !has(actor, v) {
			return desk.Fail(desk.NotFound, desk.PageNotFound)
		}
		if err != nil {
			return err
		}
		if v.OwnerID != actor.ID && !actor.Permissions.Allow(desk.MayLead) {
			return desk.Fail(desk.Forbidden, desk.RoleCannot)
		}
		tx.DeleteView(id)
		tx.Audit(desk.NewAudit(now, actor, "view.delete", id, desk.OutcomeOK))
		return nil
	})
}
