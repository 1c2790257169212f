package app

import (
	"context"
	"errors"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// simulatedAtOnce bounds how many tickets one transaction of the simulated agent changes, so that it is short.
const simulatedAtOnce = 20

// Simulate lets the simulated agent take the steps that are due, one with each ticket for tests whose customer's name asks
// for it, and returns how many it took. Any number of nodes may do it at once.
func (a *App) Simulate(ctx context.Context) (int, error) {
	return inPortions(func() (int, error) { return a.simulateSome(ctx) })
}

func (a *App) simulateSome(ctx context.Context) (taken int, err error) {
	now := a.now()
	var ids []string
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.Simulated(now.Add(-desk.SimulatedPause), simulatedAtOnce)
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		taken = 0
		for _, id := range ids {
			did, err := a.simulateOne(tx, id, now)
			if err != nil {
				return err
			}
			if did {
				taken++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return taken, nil
}

// simulateOne takes the next step with a ticket and reports whether there was one: another node may have been first, or
// the partner changed the ticket.
func (a *App) simulateOne(tx *store.Tx, id string, now time.Time) (bool, error) {
	t, err := tx.TicketByID(id, true)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	conversation, err := tx.PublicComments(id)
	if err != nil {
		return false, err
	}
	step, due := t.NextSimulatedStep(conversation, now)
	if !due {
		return false, nil
	}
	tx.Audit(desk.NewAudit(now, desk.SimulatedAgent(), "ticket.simulate", strconv.FormatInt(t.Number, 10), desk.OutcomeOK))
	return true, a.simulateStep(tx, t, step, now)
}

// simulateStep takes a step, which may be several changes of the ticket.
func (a *App) simulateStep(tx *store.Tx, t *desk.Ticket, step desk.SimulatedStep, now time.Time) error {
	agent, cal := desk.SimulatedAgent(), a.CalendarOf(t)
	keep := func(events []desk.Event) {
		tx.UpdateTicket(t)
		tx.Record(events...)
	}
	if step.Take {
		keep(t.Assign(desk.Agent{ID: agent.ID, Name: agent.Name}, desk.Group{}, agent, now))
	}
	if step.Say != "" {
		comment := desk.SupportComment(desk.NewID(now), step.Say, agent.Name, false)
		events, err := t.AddComment(&comment, agent, cal, now)
		if err != nil {
			return err
		}
		keep(events)
		tx.InsertComment(comment)
	}
	if step.To != "" {
		events, err := t.ChangeStatus(step.To, step.Reason, agent, cal, now)
		if err != nil {
			return err
		}
		keep(events)
	}
	return nil
}
