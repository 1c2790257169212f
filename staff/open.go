package staff

import (
	"context"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

// Open makes a ticket for a customer who telephoned or came to the counter, by the rules of the API. It is the bank's own:
// no partner hears of it. Errors are those of app.OpenTicket.
func (s *Staff) Open(ctx context.Context, actor desk.Actor, draft desk.TicketDraft, once app.Once[app.Opened]) (app.Opened, error) {
	actor.PartnerID, actor.PartnerName = desk.ConsolePartner, "ServiceDesk Console"
	return s.app.OpenTicket(ctx, actor, draft, once)
}
