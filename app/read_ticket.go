package app

import (
	"context"
	"errors"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Standing is where a ticket stands (API document, Get Ticket Status).
type Standing struct {
	store.Standing
	Breached bool // at the time of reading
}

// Detail is all that a partner may know of a ticket (API document, Get Detailed Ticket Information).
type Detail struct {
	Ticket      *desk.Ticket // the customer's identifiers masked
	Comments    []desk.Comment
	Attachments []desk.Attachment
	Breached    bool
}

// ReadStatus reads where a ticket stands, by number or channel reference; when both are given both must match. It
// returns an Error of code NotFound for a ticket that is not the actor's.
func (a *App) ReadStatus(ctx context.Context, actor desk.Actor, number, reference string) (Standing, error) {
	return a.readStanding(actor, func() (store.Standing, error) {
		if number == "" {
			return a.standingReferred(ctx, actor, reference)
		}
		n, ok := ticketNumber(number)
		if !ok {
			n = 0 // what is no number is looked for like one, and not found
		}
		s, err := a.store.StandingByNumber(ctx, n)
		if err == nil && reference != "" && s.Ticket.ChannelReference != reference {
			err = store.ErrNotFound
		}
		return s, err
	})
}

// ReadClaim reads where a ticket stands by what a path names it: an own number, else an own channel reference.
func (a *App) ReadClaim(ctx context.Context, actor desk.Actor, reference string) (Standing, error) {
	return a.readStanding(actor, func() (store.Standing, error) {
		if number, ok := ticketNumber(reference); ok {
			s, err := a.store.StandingByNumber(ctx, number)
			if err == nil && mine(actor, s.Ticket) || err != nil && !errors.Is(err, store.ErrNotFound) {
				return s, err
			}
		}
		return a.standingReferred(ctx, actor, reference)
	})
}

func (a *App) standingReferred(ctx context.Context, actor desk.Actor, reference string) (store.Standing, error) {
	if !storable(reference) {
		return store.Standing{}, store.ErrNotFound
	}
	return a.store.StandingByReference(ctx, reference, sees(actor))
}

func (a *App) readStanding(actor desk.Actor, read func() (store.Standing, error)) (Standing, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return Standing{}, err
	}
	found, err := read()
	if errors.Is(err, store.ErrNotFound) || err == nil && !mine(actor, found.Ticket) {
		err = desk.Fail(desk.NotFound, desk.TicketNotFound)
	}
	if err == nil {
		err = a.NoteRead(actor, "ticket.status", strconv.FormatInt(found.Ticket.Number, 10), "")
	}
	if err != nil {
		return Standing{}, err
	}
	return Standing{Standing: found, Breached: found.Ticket.Breached(a.now())}, nil
}

// ReadTicket reads all that the actor may know of a ticket. It returns an Error of code NotFound for a ticket that is
// not the actor's.
func (a *App) ReadTicket(ctx context.Context, actor desk.Actor, reference string) (Detail, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return Detail{}, err
	}
	var d Detail
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if d.Ticket, err = Pick(tx, actor, reference, false); err != nil {
			return err
		}
		if d.Ticket.Events > 1 { // no comment comes with the ticket
			if d.Comments, err = tx.PublicComments(d.Ticket.ID); err != nil {
				return err
			}
		}
		d.Attachments, err = tx.Attachments(d.Ticket.ID)
		return err
	})
	if err != nil {
		return Detail{}, err
	}
	if err := a.Unseal(d.Ticket); err != nil {
		return Detail{}, err
	}
	d.Ticket.Customer = d.Ticket.Customer.Masked()
	d.Breached = d.Ticket.Breached(a.now())
	if err := a.NoteRead(actor, "ticket.read", strconv.FormatInt(d.Ticket.Number, 10), ""); err != nil {
		return Detail{}, err
	}
	return d, nil
}

// List says which tickets somebody wants to see.
type List struct {
	Statuses []desk.Status // empty: every status
	Since    time.Time     // changed at or after; zero: ever
	AfterAt  time.Time     // with AfterID: the last ticket of the page before; zero: the first page
	AfterID  string
	Limit    int
}

// Page is a page of tickets.
type Page struct {
	Tickets []*desk.Ticket
	More    bool
	At      time.Time // when it was read, for deadlines
}

// ListTickets lists the tickets that the actor sees in the order of their last change, oldest first.
func (a *App) ListTickets(ctx context.Context, actor desk.Actor, l List) (Page, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return Page{}, err
	}
	if err := checkPlace(l.AfterID); err != nil {
		return Page{}, err
	}
	page := Page{At: a.now()}
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		page.Tickets, err = tx.ListTickets(store.TicketFilter{PartnerID: sees(actor), Statuses: l.Statuses, Since: l.Since,
			AfterAt: l.AfterAt, AfterID: l.AfterID, Limit: l.Limit + 1})
		return err
	})
	return a.turn(actor, "ticket.list", "", page, l.Limit, err)
}

// checkPlace refuses a place in a list that this desk cannot have given out.
func checkPlace(id string) error {
	if storable(id) {
		return nil
	}
	return desk.Faults{{Path: "cursor", Text: desk.CursorInvalid}}.Err()
}

// turn makes a page of what was read, drops the ticket that was read only to know whether there is more, and notes
// which tickets were shown.
func (a *App) turn(actor desk.Actor, action, how string, page Page, limit int, err error) (Page, error) {
	if err != nil {
		return Page{}, err
	}
	if len(page.Tickets) > limit {
		page.Tickets, page.More = page.Tickets[:limit], true
	}
	if err := a.NoteShown(actor, action, how, page.Tickets); err != nil {
		return Page{}, err
	}
	return page, nil
}

// NoteShown puts into the audit trail which tickets a list showed, and how they were found. The error is that of NoteRead.
func (a *App) NoteShown(actor desk.Actor, action, how string, tickets []*desk.Ticket) error {
	shown := []byte(how + "shown:")
	for _, t := range tickets {
		shown = strconv.AppendInt(append(shown, ' '), t.Number, 10)
	}
	return a.NoteRead(actor, action, "", string(shown))
}

// Find says by which personal identifiers tickets are looked for; all that are given must match.
type Find struct {
	By     map[desk.LookupKind]string
	Before string // the last ticket's id of the page before; empty: the first page
	Limit  int
}

// Empty reports whether nothing was given to find by.
func (f Find) Empty() bool {
	for kind, value := range f.By {
		if kind.Normalize(value) != "" {
			return false
		}
	}
	return true
}

// FindTickets finds the tickets of a customer that the actor sees, newest first, by keyed hashes: the identifiers
// themselves are nowhere stored in clear.
func (a *App) FindTickets(ctx context.Context, actor desk.Actor, f Find) (Page, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return Page{}, err
	}
	if err := checkPlace(f.Before); err != nil {
		return Page{}, err
	}
	page := Page{At: a.now()}
	var lookups []desk.Lookup
	var kinds string
	for _, kind := range []desk.LookupKind{desk.ByEmail, desk.ByPhone, desk.ByIdentifier, desk.ByAccount} {
		if value := kind.Normalize(f.By[kind]); value != "" {
			lookups = append(lookups, a.Lookup(kind, value))
			kinds += " " + string(kind)
		}
	}
	if len(lookups) == 0 {
		return page, nil
	}
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		page.Tickets, err = tx.FindTickets(sees(actor), lookups, f.Before, f.Limit+1)
		return err
	})
	return a.turn(actor, "ticket.search", "by"+kinds+", ", page, f.Limit, err)
}

// ReadRequest reads what became of a request that the partner gave an id to, with the answer that was given. It returns
// an Error of code NotFound for an unknown id and for another partner's.
func (a *App) ReadRequest(ctx context.Context, actor desk.Actor, id string) (store.Request, []byte, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return store.Request{}, nil, err
	}
	if !storable(id) {
		return store.Request{}, nil, desk.Fail(desk.NotFound, desk.RequestNotFound)
	}
	kept, err := a.request(ctx, actor.PartnerID, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Request{}, nil, desk.Fail(desk.NotFound, desk.RequestNotFound)
	}
	if err != nil {
		return store.Request{}, nil, err
	}
	body, err := a.answer(kept)
	if err == nil {
		err = a.NoteRead(actor, "request.read", strconv.FormatInt(kept.TicketNumber, 10), id)
	}
	if err != nil {
		return store.Request{}, nil, err
	}
	return kept, body, nil
}

// FeedEvent is an event as a reader of the feed gets it. Doors name it here: they do not know the store.
type FeedEvent = store.FeedEvent

// Feed reads what happened after a cursor, as partners are told, and whether there is more. It returns an Error of code
// Invalid when the cursor is beyond the end of the feed.
func (a *App) Feed(ctx context.Context, actor desk.Actor, after int64, limit int) ([]FeedEvent, bool, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return nil, false, err
	}
	var events []FeedEvent
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		events, err = tx.Feed(sees(actor), after, limit+1)
		if err != nil || len(events) > 0 || after == 0 {
			return err
		}
		last, err := tx.Feed(sees(actor), after-1, 1)
		if err != nil || len(last) > 0 {
			return err
		}
		if purged, err := tx.TestsUpTo(sees(actor), after); purged || err != nil {
			return err
		}
		return desk.Faults{{Path: "after", Text: desk.CursorInvalid}}.Err() // nobody was given a place that far
	})
	if len(events) > limit {
		return events[:limit], true, err
	}
	return events, false, err
}
