package app

import (
	"context"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// closedAtOnce bounds how many tickets one transaction closes, so that it is short.
const closedAtOnce = 50

// CloseResolved closes the tickets that have been resolved for as long as the installation waits, and returns how many.
func (a *App) CloseResolved(ctx context.Context) (int, error) {
	if a.autoClose <= 0 {
		return 0, nil
	}
	closed := 0
	for {
		n, err := a.closeSome(ctx, a.now().Add(-a.autoClose))
		closed += n
		if err != nil || n == 0 {
			return closed, err
		}
	}
}

func (a *App) closeSome(ctx context.Context, before time.Time) (int, error) {
	now := a.now()
	var closed int
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		closed = 0
		ids, err := tx.ResolvedBefore(before, closedAtOnce)
		if err != nil {
			return err
		}
		for _, id := range ids {
			done, err := a.closeOne(tx, id, now)
			if err != nil {
				return err
			}
			if done {
				closed++
			}
		}
		return nil
	})
	return closed, err
}

// closeOne closes a ticket and reports whether it did: another node may have been first, or somebody reopened it.
func (a *App) closeOne(tx *store.Tx, id string, now time.Time) (bool, error) {
	t, err := tx.TicketByID(id, true)
	if err != nil || t.Status != desk.Resolved {
		return false, err
	}
	events, err := t.ChangeStatus(desk.Closed, "", desk.System(), a.CalendarOf(t), now)
	if err != nil {
		return false, err
	}
	tx.UpdateTicket(t)
	tx.Record(events...)
	tx.Audit(desk.NewAudit(now, desk.System(), "ticket.close", strconv.FormatInt(t.Number, 10), desk.OutcomeOK))
	return true, nil
}
