package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// keepNote keeps what an actor says of a change of a ticket, beside it.
func (a *App) keepNote(tx *store.Tx, t *desk.Ticket, actor desk.Actor, note string, at time.Time) ([]desk.Event, error) {
	if strings.TrimSpace(note) == "" {
		return nil, nil
	}
	if !actor.Works() {
		return nil, desk.Faults{{Path: "note", Text: desk.NotAllowedForKey}}.Err()
	}
	clean, _ := mask.Cards(note)
	comment := desk.SupportComment(desk.NewID(at), clean, actor.Name, true)
	events, err := t.AddComment(&comment, role(actor), a.CalendarOf(t), at)
	if err == nil {
		tx.InsertComment(comment)
	}
	return events, err
}

// Assignment says who shall work a ticket.
type Assignment struct {
	Assignee   string // e-mail of an agent; empty with Unassign: nobody
	AssigneeID string // instead of the e-mail: the agent's id
	Unassign   bool
	GroupCode  string // empty: the group stays
	GivenAgent bool   // Assignee or Unassign was asked for
}

// Assign gives a ticket to an agent, to nobody, or to another group. It needs the permission to work
// tickets. An employee is refused to move a confidential ticket to a group in which nobody works (desk.GroupUnstaffed).
func (a *App) Assign(ctx context.Context, actor desk.Actor, c Change, to Assignment) (Changed, error) {
	if err := Authorize(actor, desk.MayWork); err != nil {
		return Changed{}, err
	}
	faults := c.Faults
	if to.GroupCode == "" && !to.GivenAgent {
		faults.Add("assignee", desk.Required)
	}
	if len(faults) > 0 {
		return Changed{}, faults.Err()
	}
	return a.change(ctx, actor, "ticket.assign", c, nil, func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		group, known := a.reference.Load().Groups[to.GroupCode]
		if to.GroupCode != "" && !known { // not before: a repetition is answered as the first time, whatever changed since
			return Changed{}, nil, desk.Faults{{Path: "supportGroup", Text: desk.GroupUnknown}}.Err()
		}
		if err := cmp.Or(t.MayHandOn(by), mayMove(tx, by, t, group)); err != nil {
			return Changed{}, nil, err
		}
		agent := desk.Agent{ID: t.AssigneeID, Name: t.AssigneeName}
		if to.GivenAgent {
			var err error
			if agent, err = assignee(tx, to); err != nil {
				return Changed{}, nil, err
			}
		}
		return Changed{}, t.Assign(agent, group, by, at), nil
	})
}

// Take gives a ticket to the actor, an employee. One that nobody works on yet (OPEN) becomes IN_PROGRESS with it, in the same
// transaction. Errors are those of Assign and ChangeStatus.
func (a *App) Take(ctx context.Context, actor desk.Actor, c Change) (Changed, error) {
	if err := Authorize(actor, desk.MayWork); err != nil {
		return Changed{}, err
	}
	if err := c.Faults.Err(); err != nil {
		return Changed{}, err
	}
	return a.change(ctx, actor, "ticket.take", c, nil, func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		if err := t.MayHandOn(by); err != nil {
			return Changed{}, nil, err
		}
		agent, err := assignee(tx, Assignment{AssigneeID: actor.ID})
		if err != nil {
			return Changed{}, nil, err
		}
		events := t.Assign(agent, desk.Group{}, by, at)
		if t.Status != desk.Open {
			return Changed{}, events, nil
		}
		begun, err := t.ChangeStatus(desk.InProgress, "", by, a.CalendarOf(t), at)
		return Changed{}, append(events, begun...), err
	})
}

// mayMove refuses to let an employee move a confidential ticket to where nobody sees it: only members of its group do. What
// internal systems decide stays as it was.
func mayMove(tx *store.Tx, by desk.Actor, t *desk.Ticket, group desk.Group) error {
	if by.Role == "" || !t.Confidential || group.Code == "" || group.Code == t.Group.Code {
		return nil
	}
	staffed, err := tx.StaffedGroups()
	if err == nil && !slices.Contains(staffed, group.Code) {
		err = desk.Faults{{Path: "supportGroup", Text: desk.GroupUnstaffed}}.Err()
	}
	return err
}

// assignee reads the agent who shall have a ticket; the zero Agent is nobody.
func assignee(tx *store.Tx, to Assignment) (desk.Agent, error) {
	if to.Unassign {
		return desk.Agent{}, nil
	}
	agent, err := namedAgent(tx, to)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!agent.Active || agent.Role == desk.RoleSystem) {
		return desk.Agent{}, desk.Faults{{Path: "assignee", Text: desk.AgentUnknown}}.Err()
	}
	return agent, err
}

// namedAgent reads the agent whom an assignment names.
func namedAgent(tx *store.Tx, to Assignment) (desk.Agent, error) {
	if to.AssigneeID == "" {
		return tx.AgentByEmail(desk.ByEmail.Normalize(to.Assignee))
	}
	if !storable(to.AssigneeID) {
		return desk.Agent{}, store.ErrNotFound
	}
	p, err := tx.Person(to.AssigneeID, false)
	return p.Agent, err
}

// SetPriority changes the effective priority by hand. It needs the permission to work tickets.
func (a *App) SetPriority(ctx context.Context, actor desk.Actor, c Change, p desk.Priority) (Changed, error) {
	if err := Authorize(actor, desk.MayWork); err != nil {
		return Changed{}, err
	}
	faults := c.Faults
	desk.CheckOneOf(&faults, "priority", p, desk.Priorities)
	if err := faults.Err(); err != nil {
		return Changed{}, err
	}
	return a.change(ctx, actor, "ticket.priority", c, nil, func(_ *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		if err := t.MayHandOn(by); err != nil {
			return Changed{}, nil, err
		}
		return Changed{}, t.SetPriority(p, by, at), nil
	})
}
