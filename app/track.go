package app

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How often tracking codes may be tried: for one number, from one address, and in all. A code has 39 bits: whoever could use
// all tries of a year would find one with a chance of 1 in 20,000.
const (
	triesOfNumber, numberTriedEvery   = 5, 5 * time.Minute
	triesOfAddress, addressTriedEvery = 20, time.Minute
	triesOfAll, allTriedEvery         = 300, time.Second
)

// linkHolds is how long the link holds that a right code leads to: somebody may reload the page meanwhile, and the code
// is not sent again.
const linkHolds = 30 * time.Minute

// Tracked is what a customer may know of a ticket. Nothing in it identifies a person but the names of who wrote comments.
type Tracked struct {
	Number     int64
	Status     desk.Status
	Service    map[desk.Language]string // its name
	CreatedAt  time.Time
	ResolvedAt time.Time // zero: it is not
	Promise    desk.Promise
	Steps      []desk.Step
	Comments   []desk.Comment // public ones, as they were written; Author is empty where it is the customer
	Files      []string       // their names
}

// Track looks whether a tracking code (kode pantau) is that of a ticket, and returns a signed link to it. For a number
// that there is not, for a test's and for a wrong code it does the same work and returns the same Error of code
// Forbidden; when it was tried too often one of code TooMany, whatever is right.
func (a *App) Track(ctx context.Context, visitor desk.Actor, number, code string) (link string, err error) {
	tried := a.triesOf(number)
	if err := a.tryToTrack(ctx, visitor.Address, tried); err != nil {
		return "", err
	}
	t, err := a.trackable(ctx, number)
	if err != nil {
		return "", err
	}
	given, ok := auth.NormalizeTrackingCode(code)
	right := auth.SameHash(a.keyring.Hash("tracking code", given), a.keyring.Hash("tracking code", t.Private.TrackingCode))
	target := ""
	if t.Number != 0 {
		target = strconv.FormatInt(t.Number, 10)
	}
	if !ok || !right || t.Number == 0 {
		a.NoteRefusal(visitor, "ticket.track", target, desk.Forbidden)
		return "", desk.Fail(desk.Forbidden, desk.TrackingRefused)
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		tx.Untry(tried)
		return nil
	})
	return a.TrackingLink(t, a.now().Add(linkHolds)), err
}

// triesOf is the name under which tries of a ticket's number are counted.
func (a *App) triesOf(number string) string { return a.keyring.Hash("tries of a number", number) }

// RenewTrackingCode gives a ticket another tracking code, which is told this once; the old one, and links that it led to, stop. Tries of
// its number are forgotten: the customer did not know better. It needs the permission to work tickets; the errors are those of every change.
func (a *App) RenewTrackingCode(ctx context.Context, actor desk.Actor, c Change) (Changed, error) {
	if err := Authorize(actor, desk.MayWork); err != nil {
		return Changed{}, err
	}
	code := auth.NewTrackingCode()
	return a.change(ctx, actor, "tracking.renew", c, nil, func(tx *store.Tx, t *desk.Ticket, by desk.Actor, at time.Time) (Changed, []desk.Event, error) {
		customer := t.Customer
		if err := a.Unseal(t); err != nil {
			return Changed{}, nil, err
		}
		events := t.RenewTrackingCode(code, by, at)
		if err := a.sealTicket(t); err != nil {
			return Changed{}, nil, err
		}
		t.Customer, t.Private = customer, desk.Private{} // what was unsealed goes no further
		tx.Reseal(t)
		tx.Untry(a.triesOf(strconv.FormatInt(t.Number, 10)))
		return Changed{TrackingCode: code}, events, nil
	})
}

// tryToTrack counts a try before anything is looked at. One address is stopped first, so that it cannot use up what
// others may try.
func (a *App) tryToTrack(ctx context.Context, from netip.Addr, number string) error {
	address := a.keyring.Hash("tracking from", network(from))
	now := a.now()
	var wait time.Duration
	err := a.store.Write(ctx, func(tx *store.Tx) (err error) {
		for _, limit := range []struct {
			name string
			store.Throttle
		}{
			{address, store.Throttle{Burst: triesOfAddress, Every: addressTriedEvery}},
			{number, store.Throttle{Burst: triesOfNumber, Every: numberTriedEvery}},
			{"tracking", store.Throttle{Burst: triesOfAll, Every: allTriedEvery}},
		} {
			if wait, err = tx.Try(limit.name, limit.Throttle, now); wait > 0 || err != nil {
				return err
			}
		}
		return nil
	})
	if wait > 0 && err == nil {
		minutes := (wait + time.Minute - 1) / time.Minute
		return &desk.Error{Code: desk.TooMany, Text: desk.TriedTooOften, Args: []string{strconv.Itoa(int(minutes))}, RetryAfter: wait}
	}
	return err
}

// network is whom an address counts as: itself, or with IPv6 the network of 64 bits that one subscriber gets.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// TrackingLink makes the path under which a ticket, which is unsealed, can be followed without its tracking code until a time, or
// until it gets another code.
func (a *App) TrackingLink(t *desk.Ticket, until time.Time) string {
	expiry := strconv.FormatInt(until.Unix(), 36)
	return "/tickets/" + strconv.FormatInt(t.Number, 10) + "?t=" + expiry + "." + a.linkMAC(t, expiry)
}

// linkMAC signs a link. The ticket's id is in it: after a restore a number may be given out again. So is its code: a link ends
// with the code that it stands for. The ticket must be unsealed.
func (a *App) linkMAC(t *desk.Ticket, expiry string) string {
	return a.keyring.Hash("tracking link", t.ID+" "+t.Private.TrackingCode+" "+expiry)
}

// ReadTracked reads what the holder of a signed link may know of a ticket; signature is the `t` of the link. It returns an
// Error of code Forbidden when the link is not, or no longer, good for that number.
func (a *App) ReadTracked(ctx context.Context, visitor desk.Actor, number, signature string) (Tracked, error) {
	t, err := a.trackable(ctx, number)
	if err != nil {
		return Tracked{}, err
	}
	expiry, mac, _ := strings.Cut(signature, ".")
	good := auth.SameHash(a.linkMAC(t, expiry), mac)
	until, err := strconv.ParseInt(expiry, 36, 64)
	now := a.now()
	if !good || err != nil || t.Number == 0 || !now.Before(time.Unix(until, 0)) {
		return Tracked{}, desk.Fail(desk.Forbidden, desk.LinkEnded)
	}
	tracked, err := a.tracked(ctx, t.Number, now)
	if err == nil {
		err = a.NoteRead(visitor, "ticket.track", strconv.FormatInt(t.Number, 10), "")
	}
	if err != nil {
		return Tracked{}, err
	}
	return tracked, nil
}

// tracked reads what a customer may know of a ticket, as of one moment.
func (a *App) tracked(ctx context.Context, number int64, now time.Time) (Tracked, error) {
	var t *desk.Ticket
	var comments []desk.Comment
	var files []desk.Attachment
	var events []desk.Event
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if t, err = tx.TicketByNumber(number, false); err != nil {
			return err
		}
		if comments, err = tx.PublicComments(t.ID); err != nil {
			return err
		}
		if files, err = tx.Attachments(t.ID); err != nil {
			return err
		}
		events, err = tx.TicketEvents(t.ID)
		return err
	})
	if err != nil {
		return Tracked{}, err
	}
	steps, err := desk.Steps(events)
	service := map[desk.Language]string{desk.English: t.ServiceName, desk.Indonesian: t.ServiceName}
	if known := a.reference.Load().Services[t.ServiceType]; known.NameID != "" {
		service[desk.Indonesian] = known.NameID
	}
	tracked := Tracked{Number: t.Number, Status: t.Status, Service: service,
		CreatedAt: t.CreatedAt, ResolvedAt: t.ResolvedAt, Promise: t.Promise(steps, a.CalendarOf(t), now), Steps: steps, Comments: comments}
	for i, c := range comments {
		comments[i].Content = strings.TrimPrefix(c.Content, desk.ViaOmnichannel)
		if !c.FromSupport && c.Author == t.Customer.Name {
			comments[i].Author = ""
		}
	}
	for _, f := range files {
		tracked.Files = append(tracked.Files, f.Filename)
	}
	return tracked, err
}

// makeDecoy makes the ticket that is looked at in place of one that there is not, so that both take the same time.
func (a *App) makeDecoy() error {
	a.decoy = &desk.Ticket{ID: "decoy", Private: desk.Private{TrackingCode: auth.NewTrackingCode()}}
	return a.sealTicket(a.decoy)
}

// trackable reads the ticket of a number with what is sealed of it. For what is no number of a customer's ticket it does
// the same work and returns a ticket with the number 0, which neither code nor link fits.
func (a *App) trackable(ctx context.Context, number string) (*desk.Ticket, error) {
	n, ok := ticketNumber(number)
	if !ok {
		n = 0
	}
	var t *desk.Ticket
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		t, err = tx.TicketByNumber(n, false)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && t.Test() {
		decoy := *a.decoy
		t, err = &decoy, nil
	}
	if err == nil {
		err = a.Unseal(t)
	}
	return t, err
}
