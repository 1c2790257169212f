package staff

import (
	"context"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// News is something that happened to a ticket, for pages that follow it. Who may hear of it the reader must ask of the
// ticket: desk.Sight.
type News struct {
	Number int64 // place in the installation's order of events
	Type   desk.EventType
	Ticket *desk.Ticket // what lists show of it, as it is now
}

// News reads what happened after a place in the installation's order of events, and the place up to which it was read. It
// is for the program itself, which tells employees what they may know.
func (s *Staff) News(ctx context.Context, after int64, limit int) (found []News, end int64, err error) {
	end = after
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		events, err := tx.NewsAfter(after, limit)
		if err != nil {
			return err
		}
		ids := make([]string, 0, len(events))
		seen := map[string]bool{}
		for _, e := range events {
			end = e.Number
			if !seen[e.TicketID] {
				seen[e.TicketID] = true
				ids = append(ids, e.TicketID)
			}
		}
		tickets, err := tx.ListedTickets(ids)
		if err != nil {
			return err
		}
		byID := map[string]*desk.Ticket{}
		for _, t := range tickets {
			byID[t.ID] = t
		}
		for _, e := range events {
			if t := byID[e.TicketID]; t != nil { // one for tests may be gone
				found = append(found, News{Number: e.Number, Type: e.Type, Ticket: t})
			}
		}
		return nil
	})
	return found, end, err
}

// NewsEnd is the newest place in the installation's order of events.
func (s *Staff) NewsEnd(ctx context.Context) (end int64, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		end, err = tx.NewsEnd()
		return err
	})
	return end, err
}

// Locate returns the id of a ticket in the actor's sight. It returns an Error of code NotFound for others.
func (s *Staff) Locate(ctx context.Context, actor desk.Actor, reference string) (id string, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		t, err := app.Pick(tx, actor, reference, false)
		if err == nil {
			id = t.ID
		}
		return err
	})
	return id, err
}
