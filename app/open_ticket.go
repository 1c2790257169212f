package app

import (
	"context"

	"banksulutgo.co.id/servicedesk/desk"
)

// OpenTicket makes a ticket (API document, Create Full Ticket). Fields that a service only recommends never refuse it.
// It returns an Error of code Invalid that names every fault, or a Replay.
func (a *App) OpenTicket(ctx context.Context, actor desk.Actor, draft desk.TicketDraft, once Once[Opened]) (Opened, error) {
	if err := Authorize(actor, desk.MayCreate); err != nil {
		return Opened{}, err
	}
	var warnings desk.Faults
	inspectFiles(draft.Attachments, &draft.Faults, &warnings)
	if err := draft.Check(); err != nil {
		return Opened{}, err
	}
	draft.MaskCards(warn(&warnings, desk.CardMasked))
	a.warnIntegration(&warnings, actor, draft.Integration)
	a.warnReference(&warnings, draft)
	return a.open(ctx, actor, once, warnings, draft.Attachments, func(plan desk.TicketPlan) (*desk.Ticket, desk.Event, error) {
		return desk.NewTicket(draft, plan)
	})
}

// warnReference notes an unknown branch and the fields that the service recommends.
func (a *App) warnReference(warnings *desk.Faults, draft desk.TicketDraft) {
	reference := a.reference.Load()
	if code := draft.Customer.BranchCode; code != "" {
		if _, known := reference.Branches[code]; !known {
			warnings.Add("customer.branchCode", desk.BranchUnknown)
		}
	}
	for _, path := range draft.Missing(reference) {
		warnings.Add(path, desk.RecommendedMissing, string(draft.ServiceType))
	}
}
