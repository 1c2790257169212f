package app

import (
	"context"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// toldAtOnce bounds of how many tickets one transaction tells, so that it is short.
const toldAtOnce = 50

// TellDeadlines tells assignees and supervisors of the deadlines that have passed since they were told last, and returns of
// how many tickets. However many nodes do it, each is told once.
func (a *App) TellDeadlines(ctx context.Context) (int, error) {
	told := 0
	for {
		n, err := a.tellSome(ctx)
		told += n
		if err != nil || n == 0 {
			return told, err
		}
	}
}

func (a *App) tellSome(ctx context.Context) (int, error) {
	now := a.now()
	var told int
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		told = 0
		ids, err := tx.ToTell(now, toldAtOnce)
		if err != nil {
			return err
		}
		supervisors := map[string][]string{}
		for _, id := range ids {
			t, err := tx.TicketByID(id, true)
			if err != nil {
				return err
			}
			if due := t.TellDue(); due.IsZero() || !now.After(due) { // another node was first, or the ticket changed
				continue
			}
			if _, known := supervisors[t.Group.Code]; !known {
				if supervisors[t.Group.Code], err = supervisorsOf(tx, t.Group.Code); err != nil {
					return err
				}
			}
			for _, n := range t.TellDeadlines(now, supervisors[t.Group.Code], func() string { return desk.NewID(now) }) {
				tx.Notify(n)
			}
			tx.Told(t)
			told++
		}
		return nil
	})
	return told, err
}

// supervisorsOf are the ids of the active supervisors of a support group.
func supervisorsOf(tx *store.Tx, group string) ([]string, error) {
	members, err := tx.Members(group)
	ids := []string{}
	for _, p := range members {
		if p.Role == desk.RoleSupervisor {
			ids = append(ids, p.ID)
		}
	}
	return ids, err
}
