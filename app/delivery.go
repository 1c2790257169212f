package app

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// MostSentAgain is how many events, or tickets, can be sent again with one request.
const MostSentAgain = 10_000

// Ping is what came of an attempt to deliver an event that did not happen.
type Ping struct {
	Delivered bool
	Class     string
	Status    int // HTTP; 0: none
	Said      string
	Took      time.Duration
}

// Pinger makes one attempt to deliver an event to a target, of which open decrypts what it needs.
type Pinger func(ctx context.Context, t desk.Target, e desk.Event, open func(desk.Target, time.Time) (string, []string, error)) Ping

// TestTarget delivers an event that did not happen to a target, once and at once, with the function that was given to New
// for it. What it answers is told, and counts for nothing. It returns an Error of code NotFound, or a Replay.
func (a *App) TestTarget(ctx context.Context, actor desk.Actor, id string, once Once[Ping]) (Ping, error) {
	if err := authorizeIntegration(actor, desk.MayUpdate); err != nil {
		return Ping{}, err
	}
	now := a.now()
	k := keep(a, actor, once, now)
	var t desk.Target
	err := a.store.Write(ctx, func(tx *store.Tx) (err error) {
		if err := k.check(tx); err != nil {
			return err
		}
		if t, err = a.findTarget(tx, actor, id, false); err != nil {
			return err
		}
		tx.Audit(desk.NewAudit(now, actor, "webhook.test", id, desk.OutcomeOK))
		return nil
	})
	if err != nil {
		return Ping{}, k.outcome(ctx, err)
	}
	result := a.ping(ctx, t, desk.TestEvent(now), a.OpenTarget)
	if once.ID == "" {
		return result, nil
	}
	if err := k.seal(result, 0); err != nil {
		return Ping{}, err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		k.store(tx)
		return nil
	})
	return result, k.outcome(ctx, err)
}

// What the store tells of deliveries, as doors know it.
type (
	Delivery      = store.Delivery      // an event that is owed to a target, or was
	DeliveryState = store.DeliveryState // where it stands
	LanePlace     = store.LanePlace     // a place among the tickets of which something is owed
)

// The states of deliveries that can be listed by themselves.
const (
	DeliveryPending = store.DeliveryPending
	DeliveryFailed  = store.DeliveryFailed
)

// DeliveryList says which deliveries of a target somebody wants to see.
type DeliveryList struct {
	Ticket string        // of this ticket only, by number or channel reference; empty: of all
	State  DeliveryState // PENDING or FAILED only; empty: all
	Before int64         // all, newest first: what comes before a place in the feed; 0: from the newest
	After  LanePlace     // of a state, in the order of what comes next: what comes after a place
	Seq    int64         // of a ticket, the oldest first: what comes after the event of that number
	Limit  int           // deliveries; of a state tickets
}

// DeliveryPage is a page of deliveries, and from where to go on.
type DeliveryPage struct {
	Deliveries []Delivery
	More       bool
	Before     int64
	After      LanePlace
	Seq        int64
}

// Deliveries lists what a target was told or is owed, with every attempt. It returns an Error of code NotFound for a
// target or a ticket that is not the actor's.
func (a *App) Deliveries(ctx context.Context, actor desk.Actor, id string, l DeliveryList) (page DeliveryPage, err error) {
	if err := authorizeLook(actor, desk.MayRead); err != nil {
		return page, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		page = DeliveryPage{}
		t, err := a.findTarget(tx, actor, id, false)
		if err != nil {
			return err
		}
		switch {
		case l.Ticket != "":
			ticket, err := pick(tx, outward(actor), l.Ticket, false)
			if err != nil {
				return err
			}
			err = page.ofTicket(tx, t, ticket.ID, l)
			return a.tell(&page, t, err)
		case l.State != "":
			page.Deliveries, page.After, page.More, err = tx.Undelivered(t, l.State, l.After, l.Limit)
		default:
			page.Deliveries, page.Before, err = tx.Deliveries(t, l.Before, l.Limit)
			page.More = page.Before > 0
		}
		return a.tell(&page, t, err)
	})
	return page, err
}

// TicketDeliveries is what a target was told of a ticket, or is owed.
type TicketDeliveries struct {
	Target desk.Target
	DeliveryPage
}

// TicketDeliveries lists, target by target, what became of a ticket's events: of each target the first ones, up to a limit. It
// returns the ticket's number too, and an Error of code NotFound for a ticket that is not the actor's.
func (a *App) TicketDeliveries(ctx context.Context, actor desk.Actor, reference string, limit int) (number int64, told []TicketDeliveries, err error) {
	if err := authorizeLook(actor, desk.MayRead); err != nil {
		return 0, nil, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		ticket, err := pick(tx, outward(actor), reference, false)
		if err != nil {
			return err
		}
		number, told = ticket.Number, nil
		ids, err := tx.TicketTargets(ticket.ID)
		for _, id := range ids {
			d := TicketDeliveries{}
			if d.Target, err = a.findTarget(tx, actor, id, false); err != nil {
				return err
			}
			if err := a.tell(&d.DeliveryPage, d.Target, d.ofTicket(tx, d.Target, ticket.ID, DeliveryList{Limit: limit})); err != nil {
				return err
			}
			told = append(told, d)
		}
		return err
	})
	return number, told, err
}

// ofTicket reads the deliveries of one ticket. Of those of one state a page may hold few.
func (p *DeliveryPage) ofTicket(tx *store.Tx, t desk.Target, ticketID string, l DeliveryList) error {
	found, next, err := tx.TicketDeliveries(t, ticketID, l.Seq, l.Limit)
	p.More, p.Seq = next > 0, next
	p.Deliveries = slices.DeleteFunc(found, func(d store.Delivery) bool { return l.State != "" && d.State != l.State })
	return err
}

// tell makes a page ready to be shown. It leaves out what lies behind its lane and was never sent, because the target did
// not want it then: the log, which has every attempt for its time, knows none. It takes the times of the next attempts
// away while nothing is tried in its time: the target is disabled, or its circuit is open.
func (a *App) tell(p *DeliveryPage, t desk.Target, err error) error {
	p.Deliveries = slices.DeleteFunc(p.Deliveries, func(d store.Delivery) bool {
		logged := a.keepAttempts == 0 || d.Event.At.After(a.now().Add(-a.keepAttempts))
		return logged && d.State == store.DeliveryDelivered && len(d.Attempts) == 0
	})
	if t.State == desk.TargetDisabled || !t.OpenedAt.IsZero() {
		for i := range p.Deliveries {
			p.Deliveries[i].Next = time.Time{}
		}
	}
	return err
}

// Again says which events somebody wants to be sent again to a target: exactly one of the three.
type Again struct {
	Event       string // by its id
	From, Until int64  // from one place of the feed to another, both included
	Undelivered bool   // all that failed or waits for its next attempt
	Faults      desk.Faults
}

// SentAgain is what will be sent again.
type SentAgain struct {
	Tickets  int  // of how many tickets, beside those whose turn it was anyway
	More     bool // there is more than one request sends again: ask once more
	Held     bool // the target is disabled: nothing is sent before it is enabled
	UnderWay bool // the one event is being sent at this moment, and not once more
}

// SendAgain sends events to a target once more: one, a range of the feed, or all that is undelivered. One that failed, or
// waits for its next attempt, is tried at once with all its attempts; one that was delivered is sent besides what comes
// now. A target that could not be reached is tried at once. It returns an Error of code Invalid, also for a range that begins
// beyond the end of the feed, or NotFound, or a Replay.
func (a *App) SendAgain(ctx context.Context, actor desk.Actor, id string, again Again, once Once[SentAgain]) (SentAgain, error) {
	if err := authorizeIntegration(actor, desk.MayUpdate); err != nil {
		return SentAgain{}, err
	}
	if err := again.Faults.Err(); err != nil {
		return SentAgain{}, err
	}
	now := a.now()
	k := keep(a, actor, once, now)
	var revived SentAgain
	if again.Undelivered {
		var err error
		if revived, err = a.reviveAll(ctx, actor, id, k); err != nil {
			return SentAgain{}, err
		}
	}
	return k.write(ctx, func(tx *store.Tx) (SentAgain, error) {
		did := revived
		t, err := a.findTarget(tx, actor, id, true)
		switch {
		case err != nil:
		case again.Event != "":
			did, err = sendAgain(tx, t, again.Event, now)
		case !again.Undelivered:
			did.Tickets, err = sendRangeAgain(tx, t, again, now)
		}
		if err != nil {
			return SentAgain{}, err
		}
		did.Held = t.State == desk.TargetDisabled
		tx.ProbeAt(id, now) // whoever asks has mended something
		tx.Audit(desk.NewAudit(now, actor, "webhook.resend", id, desk.OutcomeOK))
		return did, nil
	})
}

// reviveAll lets everything go at once that waits, some at a time so that nobody else waits for it.
func (a *App) reviveAll(ctx context.Context, actor desk.Actor, id string, k *keeper[SentAgain]) (did SentAgain, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		if err := k.check(tx); err != nil {
			return err
		}
		_, err := a.findTarget(tx, actor, id, false)
		return err
	})
	if err != nil {
		return did, k.outcome(ctx, err)
	}
	return a.revive(ctx, id)
}

// revive lets at most MostSentAgain lanes of a target go at once that wait.
func (a *App) revive(ctx context.Context, id string) (did SentAgain, err error) {
	for did.Tickets < MostSentAgain {
		n, err := a.store.ReviveAll(ctx, id, purgedAtOnce)
		did.Tickets += n
		if err != nil || n < purgedAtOnce {
			return did, err
		}
	}
	did.More = true
	return did, nil
}

// sendRangeAgain sends again what happened from one place of the feed to another.
func sendRangeAgain(tx *store.Tx, t desk.Target, again Again, now time.Time) (tickets int, err error) {
	end, err := tx.FeedEnd(t.PartnerID)
	if err == nil && again.From > end {
		err = desk.Faults{{Path: "from", Text: desk.BeyondFeed, Args: []string{strconv.FormatInt(end, 10)}}}.Err()
	}
	if err != nil {
		return 0, err
	}
	return tx.SendRangeAgain(t, again.From, again.Until, now)
}

// sendAgain sends one event again.
func sendAgain(tx *store.Tx, t desk.Target, event string, now time.Time) (did SentAgain, err error) {
	ticketID, seq, err := ownEvent(tx, t, event)
	if err != nil {
		return did, err
	}
	lane, err := tx.LaneOf(t, ticketID, seq)
	switch {
	case err != nil && (!errors.Is(err, store.ErrNotFound) || t.Kind == desk.TicketTarget):
		return did, noDelivery(err)
	case err == nil && lane.Next == seq:
	default:
		if lane, err = tx.LaneAgain(t, ticketID, seq); errors.Is(err, store.ErrNotFound) {
			tx.SendAgain(ticketID, t.ID, seq, now)
			return SentAgain{Tickets: 1}, nil
		}
	}
	if err != nil || lane.Taken {
		return SentAgain{UnderWay: true}, err
	}
	tx.Revive(lane.LaneID, now)
	return SentAgain{Tickets: 1}, nil
}

// SkipDelivery does without an event that was not delivered, so that the later ones of its ticket can go. It returns an Error of
// code NotFound when the target neither was told of the event nor is owed it; of code Conflict, which says why, when it is not
// the next one of its ticket, is on its way or not tried any more; or a Replay.
func (a *App) SkipDelivery(ctx context.Context, actor desk.Actor, id, event string, once Once[struct{}]) error {
	if err := authorizeIntegration(actor, desk.MayUpdate); err != nil {
		return err
	}
	now := a.now()
	_, err := keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (none struct{}, err error) {
		t, err := a.findTarget(tx, actor, id, true)
		if err != nil {
			return none, err
		}
		ticketID, seq, err := ownEvent(tx, t, event)
		if err != nil {
			return none, err
		}
		lane, err := a.laneThatTries(tx, t, ticketID, seq)
		switch {
		case err != nil:
			return none, err
		case lane.Taken:
			return none, desk.Fail(desk.Conflict, desk.DeliveryUnderWay)
		}
		tx.SkipNext(lane, now)
		tx.Audit(desk.NewAudit(now, actor, "webhook.skip", id, desk.OutcomeOK))
		return none, nil
	})
	return err
}

// laneThatTries locks the lane of which an event is the next one: that of its ticket, or its own when it is sent once more. Of
// an event that is not tried it returns the Error that says why.
func (a *App) laneThatTries(tx *store.Tx, t desk.Target, ticketID string, seq int64) (store.Lane, error) {
	lane, err := tx.LaneOf(t, ticketID, 0)
	if errors.Is(err, store.ErrNotFound) || err == nil && lane.Next != seq {
		var again store.Lane
		if again, err = tx.LaneAgain(t, ticketID, seq); errors.Is(err, store.ErrNotFound) {
			return lane, a.whyNotTried(tx, t, ticketID, seq, lane.Next)
		}
		lane = again
	}
	return lane, err
}

// whyNotTried says why an event is not the next one of the lane of its ticket: by what the list of deliveries shows of it.
func (a *App) whyNotTried(tx *store.Tx, t desk.Target, ticketID string, seq, next int64) error {
	var page DeliveryPage
	err := a.tell(&page, t, page.ofTicket(tx, t, ticketID, DeliveryList{Seq: seq - 1, Limit: 1}))
	if err != nil || len(page.Deliveries) == 0 || page.Deliveries[0].Event.Seq != seq {
		return noDelivery(err)
	}
	owed, err := tx.LaneOf(t, ticketID, seq)
	switch state := page.Deliveries[0].State; {
	case state == store.DeliveryDelivered:
		return desk.Fail(desk.Conflict, desk.DeliveryDone)
	case state == store.DeliverySkipped:
		return desk.Fail(desk.Conflict, desk.DeliverySkipped)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case err != nil || owed.Next != seq:
		return desk.Fail(desk.Conflict, desk.DeliveryGivenUp)
	}
	return desk.Fail(desk.Conflict, desk.DeliveryNotNext, desk.Event{TicketID: ticketID, Seq: next}.ID())
}

// ownEvent finds a public event of a ticket of the target's partner by its id.
func ownEvent(tx *store.Tx, t desk.Target, event string) (ticketID string, seq int64, err error) {
	ticketID, seq, ok := desk.ParseEventID(event)
	if !ok {
		return "", 0, noDelivery(nil)
	}
	e, err := tx.Event(ticketID, seq)
	if err != nil || e.PartnerID != t.PartnerID || !e.Type.Public() {
		return "", 0, noDelivery(err)
	}
	return ticketID, seq, nil
}

// noDelivery is what somebody is told about a delivery that is not there.
func noDelivery(err error) error {
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.DeliveryNotFound)
	}
	return err
}
