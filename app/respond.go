package app

import (
	"context"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Response is what somebody adds to a ticket in one go. Without a comment it has files.
type Response struct {
	Comment *NewComment       // nil: none
	Files   []desk.Attachment // none or more
	Status  desk.Status       // that the ticket has then; empty: as it comes
	Reason  string            // for Status
}

// Respond adds files and a comment to a ticket and gives it a status: all of it or nothing, so that what is sent once more
// after a refusal is not there twice. Errors are those of AddComment, Attach and ChangeStatus.
func (a *App) Respond(ctx context.Context, actor desk.Actor, c Change, r Response) (Changed, error) {
	if err := Authorize(actor, desk.MayUpdate); err != nil {
		return Changed{}, err
	}
	faults, warnings := c.Faults, desk.Faults(nil)
	var parts []part
	attaches := r.Comment == nil || len(r.Files) > 0
	if attaches {
		desk.CheckAttachments(&faults, r.Files)
		inspectFiles(r.Files, &faults, &warnings)
	}
	if r.Comment != nil {
		parts = append(parts, a.comment(actor, *r.Comment, &faults, &warnings))
	}
	if len(faults) > 0 {
		return Changed{}, faults.Err()
	}
	if r.Status != "" {
		parts = append(parts, unlessThere(r.Status, a.step(r.Status, r.Reason, &warnings)))
	}
	k := keep(a, actor, c.Once, a.now())
	if attaches {
		desk.MaskFileNames(warn(&warnings, desk.CardMasked), r.Files)
		added, err := a.storeFiles(ctx, actor, c, k, r.Files)
		if err != nil {
			return Changed{}, err
		}
		parts = append([]part{added}, parts...)
	}
	return a.changeOnce(ctx, actor, parts[0].action, c, k, warnings, together(actor, parts))
}

// storeFiles keeps files, and returns the part that adds them to the ticket.
func (a *App) storeFiles(ctx context.Context, actor desk.Actor, c Change, k *keeper[Changed], files []desk.Attachment) (part, error) {
	if err := a.mayAttach(ctx, actor, c, k); err != nil {
		return part{}, err
	}
	if err := a.keepFiles(ctx, files); err != nil {
		return part{}, err
	}
	files = identify(files, "", actor.Name, a.now())
	return part{"attachment.add", func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		added := append([]desk.Attachment(nil), files...)
		events, err := t.AddAttachments(added, by, at)
		if err == nil {
			tx.InsertAttachments(added)
		}
		return Changed{Attachments: added}, events, err
	}}, nil
}

// unlessThere leaves out a step to where the ticket is by then: a word of the customer's brings back one that waited for it.
func unlessThere(status desk.Status, p part) part {
	decide := p.decide
	p.decide = func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		if t.Status == status {
			return Changed{}, nil, nil
		}
		return decide(tx, t, by, at)
	}
	return p
}

// together does several things at once. The first of them is audited by who runs the decision.
func together(actor desk.Actor, parts []part) decision {
	return func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (all Changed, events []desk.Event, err error) {
		for i, p := range parts {
			made, more, err := p.decide(tx, t, by, at)
			if err != nil {
				return Changed{}, nil, err
			}
			if made.Comment != nil {
				all.Comment = made.Comment
			}
			all.Attachments = append(all.Attachments, made.Attachments...)
			events = append(events, more...)
			if i > 0 && len(more) > 0 {
				tx.Audit(desk.NewAudit(at, actor, p.action, strconv.FormatInt(t.Number, 10), desk.OutcomeOK))
			}
		}
		return all, events, nil
	}
}
