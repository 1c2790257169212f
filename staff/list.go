package staff

import (
	"cmp"
	"context"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How much a list reads at most: a filter that few tickets pass is told to go on rather than waited for.
const (
	roundGrows = 4    // times more in each round that found too few
	readAtMost = 1000 // tickets, in all rounds
)

// Place is where a list goes on.
type Place = store.Place

// Listed is a page of a list.
type Listed struct {
	Tickets []*desk.Ticket // what lists show of them
	More    bool           // there are more, or there may be: so many were read that the rest waits for the next page
	Next    Place          // where the next page begins
	Thin    bool           // few of those that were read belong to the list: there may be more of them
	At      time.Time      // when it was read
}

// List lists the tickets in the actor's sight that belong to a view, behind a place. Which were shown is audited. It
// returns an Error of code Forbidden for those who may not read.
func (s *Staff) List(ctx context.Context, actor desk.Actor, v desk.View, after Place, limit int) (Listed, error) {
	page, err := s.list(ctx, actor, v, after, limit)
	if err == nil && len(page.Tickets) > 0 {
		err = s.app.NoteShown(actor, "ticket.list", "", page.Tickets)
	}
	return page, err
}

// list is List for what shows no tickets.
func (s *Staff) list(ctx context.Context, actor desk.Actor, v desk.View, after Place, limit int) (Listed, error) {
	if err := app.Authorize(actor, desk.MayRead); err != nil {
		return Listed{}, err
	}
	page := Listed{At: s.store.Now(), Next: after}
	walks := s.walksOf(actor, v)
	if len(walks) == 0 {
		return page, nil
	}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		return page.fill(tx, actor, v, walks, limit)
	})
	return page, err
}

// fill reads in growing rounds until the page is full, nothing is left, or enough was read.
func (p *Listed) fill(tx *store.Tx, actor desk.Actor, v desk.View, walks []store.Walk, limit int) error {
	sight, seen := actor.Sight(), map[string]bool{}
	for round, read := limit+1, 0; ; round *= roundGrows {
		round = min(round, readAtMost-read)
		rows, err := tx.List(walks, v.Order, p.Next, round)
		if err != nil {
			return err
		}
		for _, t := range rows {
			if !seen[t.ID] && sight.Sees(t) && v.Matches(t, actor.ID, p.At) {
				if len(p.Tickets) == limit {
					p.More = true
					return nil
				}
				p.Tickets = append(p.Tickets, t)
			}
			seen[t.ID] = true
			p.Next = PlaceOf(t, v.Order)
		}
		if read += len(rows); len(rows) < round {
			return nil
		}
		if read >= readAtMost {
			p.More, p.Thin = true, true
			return nil
		}
	}
}

// PlaceOf is the place of a ticket in an order.
func PlaceOf(t *desk.Ticket, order desk.ViewOrder) Place {
	at := t.UpdatedAt
	if order == desk.ByDeadline {
		at = t.NextDeadline()
	}
	return Place{At: at.UnixMicro(), ID: t.ID}
}

// walksOf are the walks along which the tickets of a view are found that an actor may see. What they leave open, the sight
// and the view themselves decide for each ticket.
func (s *Staff) walksOf(actor desk.Actor, v desk.View) []store.Walk {
	sight := actor.Sight()
	if sight.None() {
		return nil
	}
	var walks []store.Walk
	groups := v.Only(desk.ViewGroup)
	wide := sight.All || sight.Branch == desk.OmniBranch // most tickets name no office
	switch assignee := assignees(actor, v); {
	case assignee != nil:
		for _, id := range assignee {
			walks = append(walks, store.Walk{Assignee: id})
		}
	case wide && groups == nil && v.Order == desk.ByChange:
		walks = []store.Walk{{}}
	case wide && groups == nil:
		for code := range s.app.Reference().Groups {
			walks = append(walks, store.Walk{Group: code})
		}
	default:
		for _, group := range within(sight, groups, wide) {
			walks = append(walks, store.Walk{Group: group})
		}
		if sight.Branch != "" && !wide {
			walks = append(walks, store.Walk{Branch: sight.Branch})
		}
	}
	return inStatuses(walks, v)
}

// inStatuses are walks in the order of a view: by change they are along the statuses that it can have.
func inStatuses(walks []store.Walk, v desk.View) []store.Walk {
	if v.Order == desk.ByDeadline {
		return walks
	}
	var all []store.Walk
	for _, w := range walks {
		for _, w.Status = range v.Statuses() {
			all = append(all, w)
		}
	}
	return all
}

// assignees are the agents whose tickets a view lists; nil when it lists others' too.
func assignees(actor desk.Actor, v desk.View) []string {
	only := slices.Clone(v.Only(desk.ViewAssignee))
	if only == nil || slices.Contains(only, desk.Nobodys) {
		return nil
	}
	for i, id := range only {
		if id == desk.Mine {
			only[i] = actor.ID
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(only)))
}

// within are the groups of a sight, those of a view when it names some: all of them when the sight is a wide one.
func within(sight desk.Sight, only []string, wide bool) []string {
	if only == nil {
		return sight.Groups
	}
	return slices.DeleteFunc(slices.Clone(only), func(group string) bool { return !wide && !slices.Contains(sight.Groups, group) })
}

// Count counts the tickets of a view in the actor's sight, up to a number; exact is false when there are, or may be, more.
func (s *Staff) Count(ctx context.Context, actor desk.Actor, v desk.View, most int) (n int, exact bool, err error) {
	page, err := s.list(ctx, actor, v, Place{}, most)
	return len(page.Tickets), !page.More, err
}

// Neighbours are the tickets beside a place in a list; nil: there is none, or it is not known.
type Neighbours struct{ Before, After *desk.Ticket }

// Neighbours are the tickets before and after a ticket in a view, whether it still belongs there or was just taken out of
// it: at is where it stood, as PlaceOf said it then. What is before one that is not among the first so many is not known.
func (s *Staff) Neighbours(ctx context.Context, actor desk.Actor, v desk.View, t *desk.Ticket, at int64, among int) (n Neighbours, err error) {
	stood := Place{At: at, ID: t.ID}
	page, err := s.list(ctx, actor, v, Place{}, among)
	for _, other := range page.Tickets {
		switch {
		case other.ID == t.ID:
		case follows(stood, PlaceOf(other, v.Order), v.Order):
			n.Before = other
		default:
			n.After = other
			return n, err
		}
	}
	if err != nil || !page.More {
		return n, err
	}
	further, err := s.list(ctx, actor, v, stood, 2)
	for _, other := range further.Tickets {
		if other.ID != t.ID {
			return Neighbours{After: other}, err
		}
	}
	return Neighbours{}, err
}

// follows reports whether a place is behind another one in an order.
func follows(p, other Place, order desk.ViewOrder) bool {
	compared := cmp.Or(cmp.Compare(p.At, other.At), cmp.Compare(p.ID, other.ID))
	if order == desk.ByChange {
		return compared < 0
	}
	return compared > 0
}

// newestFirst orders tickets by their numbers, the newest first.
func newestFirst(a, b *desk.Ticket) int { return cmp.Compare(b.Number, a.Number) }
