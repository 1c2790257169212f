package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Opened is a ticket that was just made.
type Opened struct {
	Ticket       *desk.Ticket
	TrackingCode string
	Warnings     desk.Faults // what the caller should know; never a refusal
}

// OpenClaim makes the ticket of a transaction claim (API document, Create Simplified Claim). It returns an Error of
// code Invalid that names every fault, or a Replay.
func (a *App) OpenClaim(ctx context.Context, actor desk.Actor, claim desk.ClaimDraft, once Once[Opened]) (Opened, error) {
	if err := Authorize(actor, desk.MayCreate); err != nil {
		return Opened{}, err
	}
	var warnings desk.Faults
	if err := claim.Check(); err != nil {
		return Opened{}, err
	}
	claim.MaskCards(warn(&warnings, desk.CardMasked))
	a.warnIntegration(&warnings, actor, claim.Integration)
	return a.open(ctx, actor, once, warnings, nil, func(plan desk.TicketPlan) (*desk.Ticket, desk.Event, error) {
		return desk.NewClaim(claim, plan)
	})
}

// open makes a ticket: everything that takes time happens before the transaction, which then only stores.
func (a *App) open(ctx context.Context, actor desk.Actor, once Once[Opened], warnings desk.Faults, files []desk.Attachment,
	make func(desk.TicketPlan) (*desk.Ticket, desk.Event, error)) (Opened, error) {
	now := a.now()
	k := keep(a, actor, once, now)
	if len(files) > 0 && once.ID != "" { // what is refused shall leave no file behind
		if err := k.outcome(ctx, a.store.Read(ctx, k.check)); err != nil {
			return Opened{}, err
		}
	}
	takeNumber := a.store.TakeNumber
	if actor.Test {
		takeNumber = a.store.TakeTestNumber
	}
	number, err := takeNumber(ctx)
	if err != nil {
		return Opened{}, err
	}
	plan := desk.TicketPlan{ID: desk.NewID(now), Number: number, Actor: actor, Reference: a.reference.Load(), TrackingCode: auth.NewTrackingCode(), At: now}
	ticket, created, err := make(plan)
	if err != nil {
		return Opened{}, err
	}
	files = identify(files, ticket.ID, actor.Name, now)
	if err := a.keepFiles(ctx, files); err != nil {
		return Opened{}, err
	}
	if err := a.sealTicket(ticket); err != nil {
		return Opened{}, err
	}
	var target *desk.Target
	if url := ticket.Private.WebhookURL; url != "" {
		t := a.ticketTarget(actor, url, now)
		target = &t
	}
	forwarded := a.forwards.Takes(ticket, actor)
	opened := Opened{Ticket: ticket, TrackingCode: plan.TrackingCode, Warnings: warnings}
	if err := k.seal(opened, number); err != nil {
		return Opened{}, err
	}
	entry := desk.NewAudit(now, actor, "ticket.create", strconv.FormatInt(number, 10), desk.OutcomeOK)
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		k.store(tx)
		tx.InsertTicket(ticket)
		tx.InsertAttachments(files)
		follow(tx, ticket, target)
		if forwarded {
			tx.OpenForward(ticket.ID, ticket.Number, now)
		}
		tx.Record(created)
		tx.Audit(entry)
		return nil
	})
	return opened, k.outcome(ctx, err)
}

// warn returns what notes a warning at a path.
func warn(warnings *desk.Faults, text desk.Text) func(path string) {
	return func(path string) { warnings.Add(path, text) }
}

// warnIntegration notes what of the integration object contradicts what the desk knows (the spec, section 4).
func (a *App) warnIntegration(warnings *desk.Faults, actor desk.Actor, in desk.Integration) {
	if in.PartnerID != "" && in.PartnerID != actor.PartnerName && in.PartnerID != actor.PartnerID {
		warnings.Add("integration.partnerId", desk.PartnerIDDiffers, actor.PartnerName)
	}
	if in.APIVersion != "" && in.APIVersion != "1.0" {
		warnings.Add("integration.apiVersion", desk.APIVersionUnknown)
	}
	a.warnURL(warnings, "integration.webhookUrl", in.WebhookURL)
}

// sealTicket encrypts what is stored encrypted only, and makes the hashes that the ticket is found by.
func (a *App) sealTicket(t *desk.Ticket) error {
	private, err := json.Marshal(t.Private)
	if err != nil {
		return fmt.Errorf("seal ticket %d: %w", t.Number, err)
	}
	t.Sealed = a.keyring.Seal(private, "ticket", "sealed", t.ID)
	t.Lookups = a.Lookups(t)
	return nil
}

// Lookup makes the hash of an identifier that is normalised.
func (a *App) Lookup(kind desk.LookupKind, value string) desk.Lookup {
	return desk.Lookup{Kind: kind, Hash: a.keyring.Hash(string(kind), value)}
}

// Lookups makes the hashes that a ticket, which is not sealed, is found by.
func (a *App) Lookups(t *desk.Ticket) (lookups []desk.Lookup) {
	for kind, values := range t.FindBy() {
		for _, value := range values {
			lookup := a.Lookup(kind, value)
			if !slices.Contains(lookups, lookup) {
				lookups = append(lookups, lookup)
			}
		}
	}
	return lookups
}

// Unseal decrypts the personal identifiers of a ticket that was read from the store.
func (a *App) Unseal(t *desk.Ticket) error {
	private, err := a.keyring.Open(t.Sealed, "ticket", "sealed", t.ID)
	if err == nil {
		err = json.Unmarshal(private, &t.Private)
	}
	if err != nil {
		return fmt.Errorf("the encrypted part of ticket %d cannot be read: %w", t.Number, err)
	}
	t.Customer.Email, t.Customer.Phone, t.Customer.Identifier = t.Private.Email, t.Private.Phone, t.Private.Identifier
	return nil
}

// identify gives files their identity before they are stored.
func identify(files []desk.Attachment, ticketID, by string, at time.Time) []desk.Attachment {
	ids := make([]string, len(files))
	for i := range ids {
		ids[i] = desk.NewID(at)
	}
	slices.Sort(ids) // files of one moment are listed in the order of their ids
	for i := range files {
		files[i].ID, files[i].TicketID, files[i].UploadedBy, files[i].UploadedAt = ids[i], ticketID, by, at
	}
	return files
}
