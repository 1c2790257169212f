package staff

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// countedAtOnce is up to how many active tickets of a group the load is counted, so that it is told at once.
const countedAtOnce = 20_000

// Tally is how many active tickets somebody has.
type Tally struct {
	New, Working, Waiting int // by status: desk.Open; desk.InProgress; desk.Pending and desk.OnHold
	Overdue, Soon         int // of them: a deadline has passed, or a quarter of the time is left, or less
}

// Active is how many active tickets there are.
func (t Tally) Active() int { return t.New + t.Working + t.Waiting }

func (t Tally) plus(h store.Held) Tally {
	return Tally{t.New + h.New, t.Working + h.Working, t.Waiting + h.Waiting, t.Overdue + h.Overdue, t.Soon + h.Soon}
}

// MemberLoad is what somebody has of a support group's active tickets.
type MemberLoad struct {
	ID, Name     string
	Away, Active bool
	Member       bool // still belongs to the group
	Tally
}

// GroupLoad is the load of a support group.
type GroupLoad struct {
	Group      desk.Group
	Own        bool  // the actor belongs to it; else it is what the actor sees of it, as who oversees an office
	All        Tally // with what nobody has
	Unassigned Tally
	Members    []MemberLoad // active members, and whoever else has tickets of the group, by name
	Cut        bool         // there are more tickets than were counted: those of the nearest deadlines
}

// Load is how much the actor's support groups have to do, and what of other groups is in the actor's sight, by the names of
// the groups. It returns an Error of code Forbidden for who does not lead.
func (s *Staff) Load(ctx context.Context, actor desk.Actor) ([]GroupLoad, error) {
	if err := app.Authorize(actor, desk.MayLead); err != nil {
		return nil, err
	}
	sight, reference := actor.Sight(), s.app.Reference()
	var held []store.Held
	var people []store.Person
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if held, err = tx.Workload(walksAlong(sight.Groups), s.now(), countedAtOnce); err != nil {
			return err
		}
		overseen, err := tx.Workload(overseen(sight, reference), s.now(), countedAtOnce)
		if err != nil {
			return err
		}
		held = append(held, slices.DeleteFunc(overseen, func(h store.Held) bool { return slices.Contains(sight.Groups, h.Group) })...)
		if len(held) == 0 && len(sight.Groups) == 0 {
			return nil
		}
		people, err = tx.People()
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(people, byName)
	var loads []GroupLoad
	for code, group := range reference.Groups {
		load := loadOf(group, slices.Contains(sight.Groups, code), people, held)
		if load.Own || load.All.Active() > 0 {
			loads = append(loads, load)
		}
	}
	slices.SortFunc(loads, func(a, b GroupLoad) int { return strings.Compare(a.Group.Name, b.Group.Name) })
	return loads, nil
}

// walksAlong are the walks along groups.
func walksAlong(groups []string) (walks []store.Walk) {
	for _, code := range groups {
		walks = append(walks, store.Walk{Group: code})
	}
	return walks
}

// overseen are the walks along what the branch of a sight oversees. Most tickets name no office: those are walked along by
// their groups, but not the groups of the sight itself.
func overseen(sight desk.Sight, r *desk.Reference) (walks []store.Walk) {
	switch sight.Branch {
	case "":
		return nil
	case desk.OmniBranch:
		for code := range r.Groups {
			if !slices.Contains(sight.Groups, code) {
				walks = append(walks, store.Walk{Group: code, Branch: sight.Branch})
			}
		}
		return walks
	}
	return []store.Walk{{Branch: sight.Branch}}
}

// loadOf is the load of a group, of what all groups hold.
func loadOf(group desk.Group, own bool, people []store.Person, held []store.Held) GroupLoad {
	load := GroupLoad{Group: group, Own: own}
	has := map[string]Tally{}
	for _, h := range held {
		if h.Group == group.Code {
			has[h.AssigneeID] = has[h.AssigneeID].plus(h)
			load.All = load.All.plus(h)
		}
	}
	load.Unassigned = has[""]
	load.Cut = load.All.Active() >= countedAtOnce
	for _, p := range people {
		if tally, holds := has[p.ID]; holds || own && p.Active && p.In(group.Code) {
			load.Members = append(load.Members, MemberLoad{ID: p.ID, Name: p.Name, Away: p.Away, Active: p.Active, Member: p.In(group.Code), Tally: tally})
		}
	}
	return load
}

// SetAbsent notes whether a member of one of the actor's support groups is absent. Errors are of code Forbidden, for who does not
// lead or does not lead that person, and NotFound: nobody of that id.
func (s *Staff) SetAbsent(ctx context.Context, actor desk.Actor, agentID string, absent bool) error {
	if err := app.Authorize(actor, desk.MayLead); err != nil {
		return err
	}
	now := s.now()
	return s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		p, err := person(tx, agentID, true)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(p.Groups, func(group string) bool { return slices.Contains(actor.Groups, group) }) {
			return desk.Fail(desk.Forbidden, desk.RoleCannot)
		}
		tx.SetAway(agentID, absent)
		entry := desk.NewAudit(now, actor, "agent.away", agentID, desk.OutcomeOK)
		entry.Detail = difference(p.Agent, withAway(p.Agent, absent))
		tx.Audit(entry)
		return nil
	})
}

// withAway is an agent who is absent, or is not.
func withAway(a desk.Agent, away bool) desk.Agent {
	a.Away = away
	return a
}

// How tickets are given back.
const (
	returnedAtOnce = 200
	returnRounds   = 3 // for tickets that somebody changes at the same moment
)

// Returned says what came of giving somebody's tickets back to their queues.
type Returned struct {
	Done   []*desk.Ticket // that nobody has any more, as lists show them
	Failed []ReturnFailed
	More   bool // there are more than are given back at once
}

// ReturnFailed is a ticket that could not be given back, and why.
type ReturnFailed struct {
	Ticket *desk.Ticket
	Err    *desk.Error
}

// ReturnTickets takes the active tickets of an employee that are in the actor's sight back to the queues of their groups,
// each by a change of its own. One that somebody else was given meanwhile is left alone. Who leads does it for others;
// everybody who works tickets for oneself. Errors are of code Forbidden and NotFound: nobody of that id; what was done until
// another error came is returned with it.
func (s *Staff) ReturnTickets(ctx context.Context, actor desk.Actor, agentID string) (r Returned, err error) {
	may := desk.MayLead
	if agentID == actor.ID {
		may = desk.MayWork
	}
	if err := app.Authorize(actor, may); err != nil {
		return r, err
	}
	if err := s.store.Read(ctx, func(tx *store.Tx) error {
		_, err := person(tx, agentID, false)
		return err
	}); err != nil {
		return r, err
	}
	view := desk.View{Order: desk.ByDeadline, All: []desk.Condition{{Field: desk.ViewAssignee, Values: []string{agentID}}}}
	for round := 1; ; round++ {
		held, err := s.List(ctx, actor, view, Place{}, returnedAtOnce)
		if err != nil {
			return r, err
		}
		r.Failed = nil
		for _, t := range held.Tickets {
			if err := s.giveBack(ctx, actor, t, &r); err != nil {
				return r, err
			}
		}
		r.More = held.More
		if round == returnRounds || !slices.ContainsFunc(r.Failed, func(f ReturnFailed) bool { return f.Err.Code == desk.Stale }) {
			return r, nil
		}
	}
}

// giveBack takes a ticket from whoever has it, as it was read, and notes what came of it. The error is one that the next
// ticket would meet too.
func (s *Staff) giveBack(ctx context.Context, actor desk.Actor, t *desk.Ticket, r *Returned) error {
	_, err := s.app.Assign(ctx, actor, app.Change{Ticket: strconv.FormatInt(t.Number, 10), Version: t.Version}, app.Assignment{GivenAgent: true, Unassign: true})
	refused, ours := errors.AsType[*desk.Error](err)
	switch {
	case err == nil:
		r.Done = append(r.Done, t)
	case ours && slices.Contains([]desk.Code{desk.Stale, desk.Invalid, desk.Conflict, desk.NotFound}, refused.Code):
		r.Failed = append(r.Failed, ReturnFailed{t, refused})
	default:
		return err
	}
	return nil
}
