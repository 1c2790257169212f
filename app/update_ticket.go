package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// Change is what every change of a ticket begins with.
type Change struct {
	Ticket  string // number, or channel reference
	Version int64  // the version that the caller read; 0: any
	Note    string // that somebody at the bank keeps with the change, internally; empty: none
	Once    Once[Changed]
	Faults  desk.Faults // what the door found wrong with the request
}

// Changed is a ticket after a change, and what the change made.
type Changed struct {
	Ticket       *desk.Ticket
	Comment      *desk.Comment
	Attachments  []desk.Attachment
	TrackingCode string // the one that was made
	Warnings     desk.Faults
}

// decision is what a verb does with the ticket that it found: it changes the ticket, as of one time, and stores what
// belongs to it. It may run more than once.
type decision func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error)

// change runs one change of a ticket: find it, let decide work on it, store what came of it.
func (a *App) change(ctx context.Context, actor desk.Actor, action string, c Change, warnings desk.Faults, decide decision) (Changed, error) {
	return a.changeOnce(ctx, actor, action, c, keep(a, actor, c.Once, a.now()), warnings, decide)
}

// changeOnce is change for a request that was made ready to be known again.
func (a *App) changeOnce(ctx context.Context, actor desk.Actor, action string, c Change, k *keeper[Changed], warnings desk.Faults, decide decision) (Changed, error) {
	now := a.now()
	var changed Changed
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		t, err := toChange(tx, actor, c, k, true)
		if err != nil {
			return err
		}
		before := *t
		made, events, err := decide(tx, t, role(actor), now)
		if err != nil {
			return err
		}
		noted, err := a.keepNote(tx, t, actor, c.Note, now)
		if err != nil {
			return err
		}
		events = append(events, noted...)
		for _, n := range desk.NoticesOf(&before, t, events, func() string { return desk.NewID(now) }) {
			tx.Notify(n)
		}
		made.Ticket, made.Warnings = t, warnings
		t.Version = before.Version + 1 // of however many steps the change was
		tx.UpdateTicket(t)
		tx.Record(events...)
		tx.Audit(desk.NewAudit(now, actor, action, strconv.FormatInt(t.Number, 10), desk.OutcomeOK))
		if err := k.seal(made, t.Number); err != nil {
			return err
		}
		k.store(tx)
		changed = made
		return nil
	})
	return changed, k.outcome(ctx, err)
}

// toChange reads the ticket of a change, unless the same request changed it before, or the caller read another version.
func toChange(tx *store.Tx, actor desk.Actor, c Change, k *keeper[Changed], forUpdate bool) (*desk.Ticket, error) {
	t, err := Pick(tx, actor, c.Ticket, forUpdate)
	if err != nil {
		return nil, err
	}
	if err := k.check(tx); err != nil {
		return nil, err
	}
	if c.Version != 0 && c.Version != t.Version {
		return nil, desk.Fail(desk.Stale, desk.ChangedElsewhere)
	}
	return t, nil
}

// NewComment is a word that somebody adds to a ticket.
type NewComment struct {
	Content  string
	Author   string // whom a partner names as the author; empty: the customer
	Internal bool   // not seen outside the bank
	Customer bool   // what the customer said to somebody at the bank, who takes it down
}

// AddComment adds a comment (API document, Update Ticket). What a partner adds is the customer's word; a key that
// manages speaks for the bank, in public or internally, or takes down what the customer said.
func (a *App) AddComment(ctx context.Context, actor desk.Actor, c Change, n NewComment) (Changed, error) {
	return a.Respond(ctx, actor, c, Response{Comment: &n})
}

// part is one thing of several that a request does to a ticket.
type part struct {
	action string // in the audit trail
	decide decision
}

// comment is the part that adds a comment, when nothing is wrong with it.
func (a *App) comment(actor desk.Actor, n NewComment, faults, warnings *desk.Faults) part {
	if strings.TrimSpace(n.Content) == "" {
		faults.Add("comment", desk.Required)
	}
	if n.Customer && (n.Internal || !actor.Works()) {
		faults.Add("customer", desk.NotAllowedForKey)
	}
	if n.Internal && !actor.Works() {
		faults.Add("internal", desk.NotAllowedForKey)
	}
	n.mask(warnings)
	id := desk.NewID(a.now())
	action := "comment.add"
	if n.Customer {
		action = "comment.record"
	}
	return part{action, func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		comment := desk.PartnerComment(id, n.Content, n.Author, t.Customer.Name)
		switch {
		case n.Customer:
			comment = desk.CustomerComment(id, n.Content, t.Customer.Name)
		case actor.Works():
			comment = desk.SupportComment(id, n.Content, actor.Name, n.Internal)
		}
		events, err := t.AddComment(&comment, by, a.CalendarOf(t), at)
		if err == nil {
			tx.InsertComment(comment)
		}
		return Changed{Comment: &comment}, events, err
	}}
}

// mask masks card numbers in the comment.
func (n *NewComment) mask(warnings *desk.Faults) {
	var inContent, inAuthor bool
	if n.Content, inContent = mask.Cards(n.Content); inContent {
		warnings.Add("comment", desk.CardMasked)
	}
	if n.Author, inAuthor = mask.Cards(n.Author); inAuthor {
		warnings.Add("author", desk.CardMasked)
	}
}

// ChangeStatus takes a step of the lifecycle (API document, Update Ticket; the spec, section 4). reason is needed to
// reopen a resolved ticket.
func (a *App) ChangeStatus(ctx context.Context, actor desk.Actor, c Change, to desk.Status, reason string) (Changed, error) {
	if err := Authorize(actor, desk.MayUpdate); err != nil {
		return Changed{}, err
	}
	if err := c.Faults.Err(); err != nil {
		return Changed{}, err
	}
	var warnings desk.Faults
	p := a.step(to, reason, &warnings)
	return a.change(ctx, actor, p.action, c, warnings, p.decide)
}

// step is the part that takes a step of the lifecycle.
func (a *App) step(to desk.Status, reason string, warnings *desk.Faults) part {
	clean, found := mask.Cards(reason)
	if found {
		warnings.Add("reason", desk.CardMasked)
	}
	return part{"ticket.status", func(_ *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		events, err := t.ChangeStatus(to, clean, by, a.CalendarOf(t), at)
		return Changed{}, events, err
	}}
}

// Attach adds files to a ticket, all of them or none (API document, Update Ticket).
func (a *App) Attach(ctx context.Context, actor desk.Actor, c Change, files []desk.Attachment) (Changed, error) {
	return a.Respond(ctx, actor, c, Response{Files: files})
}

// mayAttach finds out whether a ticket takes files before they are stored: what is refused shall leave none behind.
func (a *App) mayAttach(ctx context.Context, actor desk.Actor, c Change, k *keeper[Changed]) error {
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		t, err := toChange(tx, actor, c, k, false)
		if err == nil {
			_, err = t.AddAttachments(nil, role(actor), a.now())
		}
		return err
	})
	return k.outcome(ctx, err)
}
