package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// ForwardOrder is what the connector needs to tell the provider of a ticket.
type ForwardOrder struct {
	Ticket  *desk.Ticket // decrypted; never an employee's data but the assignee's name
	Forward store.Forward
	Edits   map[string]string // what a person put in the place of the provider's fields
}

// ForwardOrder reads a ticket that is forwarded to Sociomile. It returns store.ErrNotFound when it is not.
func (a *App) ForwardOrder(ctx context.Context, ticketID string) (o ForwardOrder, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if o.Forward, err = tx.Forward(ticketID, false); err == nil {
			o.Ticket, err = tx.TicketByID(ticketID, false)
		}
		return err
	})
	if err != nil {
		return o, err
	}
	if err := a.Unseal(o.Ticket); err != nil {
		return o, err
	}
	o.Edits, err = a.openEdits(o.Forward)
	return o, err
}

// sealEdits encrypts what a person put in the place of fields: it may be personal.
func (a *App) sealEdits(ticketID string, edits map[string]string) (string, error) {
	if len(edits) == 0 {
		return "", nil
	}
	text, err := json.Marshal(edits)
	if err != nil {
		return "", fmt.Errorf("seal the edits of ticket %s: %w", ticketID, err)
	}
	return a.keyring.Seal(text, "forward", "edits", ticketID), nil
}

func (a *App) openEdits(f store.Forward) (edits map[string]string, err error) {
	edits = map[string]string{}
	if f.Edits == "" {
		return edits, nil
	}
	text, err := a.keyring.Open(f.Edits, "forward", "edits", f.TicketID)
	if err == nil {
		err = json.Unmarshal(text, &edits)
	}
	if err != nil {
		return nil, fmt.Errorf("the edits of ticket %s cannot be read: %w", f.TicketID, err)
	}
	return edits, nil
}

// NoteForwarded notes on a ticket, once and for those in the bank alone, what was not sent to Sociomile. A ticket that nobody
// may change any more is left as it is.
func (a *App) NoteForwarded(ctx context.Context, ticketID, text string) error {
	now := a.now()
	return a.store.Write(ctx, func(tx *store.Tx) error {
		t, err := tx.TicketByID(ticketID, true)
		if err != nil {
			return err
		}
		f, err := tx.Forward(ticketID, true)
		if err != nil || f.Noted {
			return err
		}
		f.Noted = true
		tx.UpdateForward(f)
		comment := desk.SupportComment(desk.NewID(now), text, desk.SystemName, true)
		events, err := t.AddComment(&comment, desk.System(), a.CalendarOf(t), now)
		if final := (*desk.Error)(nil); errors.As(err, &final) {
			return nil
		}
		if err != nil {
			return err
		}
		tx.UpdateTicket(t)
		tx.InsertComment(comment)
		tx.Record(events...)
		tx.Audit(desk.NewAudit(now, desk.System(), "ticket.note", strconv.FormatInt(t.Number, 10), desk.OutcomeOK))
		return nil
	})
}
