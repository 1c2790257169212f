package staff

import (
	"cmp"
	"context"
	"slices"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// StaffedGroups lists the codes of the support groups that have an active member who works tickets, for who may hand
// tickets on.
func (s *Staff) StaffedGroups(ctx context.Context, actor desk.Actor) (codes []string, err error) {
	if err := app.Authorize(actor, desk.MayWork); err != nil {
		return nil, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		codes, err = tx.StaffedGroups()
		return err
	})
	return codes, err
}

// Unstaffed is a support group that has active tickets and nobody who works them.
type Unstaffed struct {
	Group desk.Group
	Tally
}

// Unstaffed lists the support groups of the whole bank that have active tickets and no active member who works them, by
// name. It counts only, for who leads: what lies where nobody looks is nobody's to read, and somebody's to mend. It returns
// an Error of code Forbidden for others.
func (s *Staff) Unstaffed(ctx context.Context, actor desk.Actor) ([]Unstaffed, error) {
	if err := app.Authorize(actor, desk.MayLead); err != nil {
		return nil, err
	}
	var held []store.Held
	groups := s.app.Reference().Groups
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		staffed, err := tx.StaffedGroups()
		if err != nil {
			return err
		}
		var alone []string
		for code := range groups {
			if !slices.Contains(staffed, code) {
				alone = append(alone, code)
			}
		}
		held, err = tx.Workload(walksAlong(alone), s.now(), countedAtOnce)
		return err
	})
	var found []Unstaffed
	for _, h := range held { // those of a group are beside each other
		if n := len(found); n == 0 || found[n-1].Group.Code != h.Group {
			found = append(found, Unstaffed{Group: groups[h.Group]})
		}
		last := &found[len(found)-1]
		last.Tally = last.plus(h)
	}
	slices.SortFunc(found, func(a, b Unstaffed) int { return cmp.Compare(a.Group.Name, b.Group.Name) })
	return found, err
}
