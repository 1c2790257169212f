package staff

import (
	"cmp"
	"context"
	"strconv"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

// Open makes a ticket for a customer who telephoned or came to the counter, by the rules of the API. It is the bank's own:
// no partner hears of it. from is the number of a ticket of the same customer; the name and contact that the draft leaves
// empty are copied from there, unseen, which is audited; empty: no ticket. Errors are those of app.OpenTicket, and of Work for from.
func (s *Staff) Open(ctx context.Context, actor desk.Actor, draft desk.TicketDraft, from string, once app.Once[app.Opened]) (app.Opened, error) {
	if err := app.Authorize(actor, desk.MayCreate); err != nil {
		return app.Opened{}, err
	}
	if from != "" {
		known, err := s.unsealed(ctx, actor, from)
		if err == nil {
			err = s.app.NoteRead(actor, "customer.copy", strconv.FormatInt(known.Number, 10), "")
		}
		if err != nil {
			return app.Opened{}, err
		}
		copyContact(&draft.Customer, known.Customer)
	}
	actor.PartnerID, actor.PartnerName = desk.ConsolePartner, "ServiceDesk Console"
	return s.app.OpenTicket(ctx, actor, draft, once)
}

// copyContact fills in what of a customer's name and contact is empty.
func copyContact(to *desk.Customer, from desk.Customer) {
	to.Name, to.Phone = cmp.Or(to.Name, from.Name), cmp.Or(to.Phone, from.Phone)
	to.Email, to.Identifier = cmp.Or(to.Email, from.Email), cmp.Or(to.Identifier, from.Identifier)
}
