package staff

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// What a ticket's page shows of others.
const (
	earlierShown = 6                // tickets of the same customer
	watchedFor   = 45 * time.Second // since somebody last looked
	sameCustomer = 50               // tickets of a customer's page
)

// Work is a ticket as those see it who work it. The customer's identifiers are masked.
type Work struct {
	Ticket      *desk.Ticket
	Events      []desk.Event
	Comments    []desk.Comment // internal ones too
	Attachments []desk.Attachment
	Drafts      []store.Draft   // of the reader
	Watchers    []store.Watcher // who else looks at it
	Earlier     []*desk.Ticket  // of the same customer, in the reader's sight, the newest first
	Next        []desk.Status   // that the reader may give it
	Calendar    desk.Calendar   // of its clocks
	SLA         desk.SLA
	At          time.Time // when it was read
}

// Work reads a ticket by its number or channel reference with all that belongs to it. It returns an Error of code NotFound
// for a ticket that is not in the actor's sight. The read is audited.
func (s *Staff) Work(ctx context.Context, actor desk.Actor, reference string) (Work, error) {
	if err := app.Authorize(actor, desk.MayRead); err != nil {
		return Work{}, err
	}
	w := Work{At: s.store.Now()}
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if w.Ticket, err = app.Pick(tx, actor, reference, false); err != nil {
			return err
		}
		return w.read(tx, actor)
	})
	if err == nil {
		err = s.app.Unseal(w.Ticket)
	}
	if err == nil {
		w.Earlier, err = s.earlier(ctx, actor, w.Ticket, earlierShown)
	}
	if err == nil {
		err = s.app.NoteRead(actor, "ticket.read", strconv.FormatInt(w.Ticket.Number, 10), "")
	}
	if err != nil {
		return Work{}, err
	}
	w.Ticket.Customer = w.Ticket.Customer.Masked()
	w.Calendar = s.app.CalendarOf(w.Ticket)
	w.SLA = w.Ticket.SLAIn(w.Calendar, w.At)
	if actor.Permissions.Allow(desk.MayWork) {
		w.Next = desk.NextStatuses(w.Ticket.Status, w.Ticket.CameFrom, desk.ByAgent)
	}
	return w, nil
}

// read reads what belongs to the ticket.
func (w *Work) read(tx *store.Tx, actor desk.Actor) (err error) {
	id := w.Ticket.ID
	if w.Events, err = tx.TicketEvents(id); err != nil {
		return err
	}
	if w.Comments, err = tx.Comments(id); err != nil {
		return err
	}
	if w.Attachments, err = tx.Attachments(id); err != nil {
		return err
	}
	if w.Drafts, err = tx.Drafts(actor.ID, id); err != nil {
		return err
	}
	watchers, err := tx.Watchers(id, w.At.Add(-watchedFor))
	w.Watchers = slices.DeleteFunc(watchers, func(o store.Watcher) bool { return o.AgentID == actor.ID })
	return err
}

// earlier are the other tickets of a ticket's customer in the actor's sight: those that share an e-mail, a phone, an
// identifier or an account. The ticket must be unsealed.
func (s *Staff) earlier(ctx context.Context, actor desk.Actor, t *desk.Ticket, most int) ([]*desk.Ticket, error) {
	sight, found := actor.Sight(), map[string]*desk.Ticket{}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		for _, lookup := range s.app.Lookups(t) {
			if lookup.Kind == desk.ByATM {
				continue // many customers use a machine
			}
			same, err := tx.FindListed(lookup, most+1)
			if err != nil {
				return err
			}
			for _, one := range same {
				if one.ID != t.ID && sight.Sees(one) {
					found[one.ID] = one
				}
			}
		}
		return nil
	})
	tickets := slices.SortedFunc(maps.Values(found), newestFirst)
	return tickets[:min(most, len(tickets))], err
}

// Customer is a customer as one of the tickets names it, with the tickets that share an identifier with that one.
type Customer struct {
	Ticket  *desk.Ticket   // the one that was asked for; the identifiers masked
	Tickets []*desk.Ticket // in the reader's sight, that one too, the newest first
	At      time.Time
}

// Customer reads the history of a ticket's customer. Errors are those of Work.
func (s *Staff) Customer(ctx context.Context, actor desk.Actor, reference string) (Customer, error) {
	t, err := s.unsealed(ctx, actor, reference)
	if err != nil {
		return Customer{}, err
	}
	c := Customer{Ticket: t, At: s.store.Now()}
	if c.Tickets, err = s.earlier(ctx, actor, t, sameCustomer); err != nil {
		return Customer{}, err
	}
	c.Tickets = append(c.Tickets, t)
	slices.SortFunc(c.Tickets, newestFirst)
	t.Customer = t.Customer.Masked()
	return c, s.app.NoteRead(actor, "customer.read", strconv.FormatInt(t.Number, 10), "")
}

// unsealed reads a ticket in the actor's sight with its personal identifiers in clear.
func (s *Staff) unsealed(ctx context.Context, actor desk.Actor, reference string) (t *desk.Ticket, err error) {
	if err := app.Authorize(actor, desk.MayRead); err != nil {
		return nil, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		t, err = app.Pick(tx, actor, reference, false)
		return err
	})
	if err == nil {
		err = s.app.Unseal(t)
	}
	return t, err
}

// Fields that Unmask shows; an account is AccountField and its path in the metadata.
const (
	EmailField      = "email"
	PhoneField      = "phone"
	IdentifierField = "identifier"
	AccountField    = "account:"
)

// Unmask shows a personal identifier of a ticket in clear. It needs a reason, and is in the audit trail before it is
// shown. It returns an Error of code Invalid that names what is missing, or NotFound when the ticket has no such field.
func (s *Staff) Unmask(ctx context.Context, actor desk.Actor, reference, field, reason string) (string, error) {
	if err := app.Authorize(actor, desk.MayUnmask); err != nil {
		return "", err
	}
	reason, _ = mask.Cards(strings.TrimSpace(reason))
	var faults desk.Faults
	switch n := len([]rune(reason)); {
	case n == 0:
		faults.Add("reason", desk.Required)
	case n > desk.MaxReason:
		faults.Add("reason", desk.TooLong, strconv.Itoa(desk.MaxReason))
	}
	if err := faults.Err(); err != nil {
		return "", err
	}
	t, err := s.unsealed(ctx, actor, reference)
	if err != nil {
		return "", err
	}
	value := clear(t, field)
	if value == "" {
		return "", desk.Fail(desk.NotFound, desk.PageNotFound)
	}
	entry := desk.NewAudit(s.store.Now(), actor, "personal.unmask", strconv.FormatInt(t.Number, 10), desk.OutcomeOK)
	entry.Detail = field + ": " + reason
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		tx.Audit(entry)
		return nil
	})
	if err != nil {
		return "", err
	}
	return value, nil
}

// clear is a personal identifier of an unsealed ticket; empty when it has none.
func clear(t *desk.Ticket, field string) string {
	switch field {
	case EmailField:
		return t.Private.Email
	case PhoneField:
		return t.Private.Phone
	case IdentifierField:
		return t.Private.Identifier
	}
	if path, ok := strings.CutPrefix(field, AccountField); ok {
		return t.Private.Accounts[path]
	}
	return ""
}
