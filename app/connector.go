package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// What the store tells of what is forwarded to Sociomile, as doors know it.
type (
	Attempt     = store.Attempt     // to tell somebody of an event
	Forwarded   = store.Forwarded   // a ticket, and where it stands on one of the provider's routes
	ForwardList = store.ForwardList // which of them are listed

	ForwardState = store.ForwardState // where one stands, in a word
)

// What can be listed.
const (
	ForwardsWaiting  = store.ForwardsWaiting
	ForwardsParked   = store.ForwardsParked
	ForwardsDoubtful = store.ForwardsDoubtful
	ForwardsSent     = store.ForwardsSent
)

// ForwardLists are all of what can be listed.
var ForwardLists = []ForwardList{ForwardsWaiting, ForwardsParked, ForwardsDoubtful, ForwardsSent}

// ConnectorState is how the connector to Sociomile is.
type ConnectorState struct {
	Enabled  bool              // what is owed is sent
	Doubtful int               // tickets that may exist twice; counted up to store.ForwardsCounted
	Routes   []desk.RouteState // of create and of status
}

// Connector tells how the connector is. It returns an Error of code Forbidden.
func (a *App) Connector(ctx context.Context, actor desk.Actor) (s ConnectorState, err error) {
	if err := authorizeLook(actor, desk.MayIntegrate); err != nil {
		return s, err
	}
	now := a.now()
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		s = ConnectorState{Enabled: a.connectorOn, Routes: make([]desk.RouteState, len(desk.ConnectorRoutes))}
		if s.Doubtful, err = tx.DoubtfulForwards(); err != nil {
			return err
		}
		targets, err := tx.ConnectorTargets(now, false)
		for i := range targets {
			if err == nil {
				s.Routes[i], err = tx.RouteState(targets[i], now)
			}
		}
		return err
	})
	return s, err
}

// ForwardPage is a page of tickets that are forwarded.
type ForwardPage struct {
	Tickets []Forwarded
	Last    LanePlace // of the last one
	More    bool      // there may be more
}

// Forwards lists tickets that are forwarded, as they stand on a route, behind a place.
func (a *App) Forwards(ctx context.Context, actor desk.Actor, list ForwardList, route string, after LanePlace, limit int) (page ForwardPage, err error) {
	if err := authorizeLook(actor, desk.MayIntegrate); err != nil {
		return page, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		page = ForwardPage{}
		if page.Tickets, page.Last, err = tx.Forwards(desk.ConnectorTarget(route), list, after, limit); err != nil {
			return err
		}
		page.More = len(page.Tickets) == limit
		targets, err := tx.ConnectorTargets(a.now(), false)
		for i := range page.Tickets {
			a.tellForward(&page.Tickets[i], desk.ConnectorTarget(route), targets)
		}
		return err
	})
	return page, err
}

// tellForward takes the time of the next attempt away while nothing is tried in its time: the ticket is told at this moment,
// the connector or its route is off, or the circuit is open.
func (a *App) tellForward(f *Forwarded, target string, targets []desk.Target) {
	i := slices.IndexFunc(targets, func(t desk.Target) bool { return t.ID == target })
	if t := targets[i]; f.Taken || !a.connectorOn || t.State == desk.TargetDisabled || !t.OpenedAt.IsZero() {
		f.Next = time.Time{}
	}
}

// ForwardedTicket is all that is known of a ticket that is forwarded.
type ForwardedTicket struct {
	Create, Status Forwarded         // where it stands on each route
	Edits          desk.ForwardEdits // masked
	Fields         []string          // the provider's names of what can be edited
	Enabled        bool              // what is owed is sent
	Attempts       []Attempt         // on both routes, the oldest first; the newest 500
	Warnings       desk.Faults       // of a write: what the caller should know
}

// ForwardedTicket reads what is known of a ticket that is forwarded. It returns an Error of code NotFound.
func (a *App) ForwardedTicket(ctx context.Context, actor desk.Actor, reference string) (f ForwardedTicket, err error) {
	if err := authorizeLook(actor, desk.MayIntegrate); err != nil {
		return f, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		t, err := pick(tx, outward(actor), reference, false)
		if err == nil {
			f, err = a.forwardedTicket(tx, t.ID)
		}
		return err
	})
	if err != nil {
		return f, err
	}
	return f, a.NoteRead(actor, "connector.read", strconv.FormatInt(f.Create.Number, 10), "")
}

func (a *App) forwardedTicket(tx *store.Tx, ticketID string) (f ForwardedTicket, err error) {
	targets, err := tx.ConnectorTargets(a.now(), false)
	if err != nil {
		return f, err
	}
	for target, into := range map[string]*Forwarded{desk.ConnectorCreates: &f.Create, desk.ConnectorStatuses: &f.Status} {
		if *into, err = tx.Forwarded(target, ticketID); err != nil {
			return f, notForwarded(err)
		}
		a.tellForward(into, target, targets)
	}
	edits, err := a.openEdits(f.Create.Forward)
	if err != nil {
		return f, err
	}
	f.Edits, f.Fields, f.Enabled = desk.ForwardEdits(edits).Masked(), a.forwardFields(), a.connectorOn
	f.Attempts, err = tx.ForwardAttempts(ticketID)
	return f, err
}

// lockedForward is a ticket that is forwarded, while it is changed.
type lockedForward struct {
	store.Forward
	create, status store.Lane
}

// lockForward reads and locks a ticket that is forwarded. The lanes come first, as they do when an attempt ends.
func lockForward(tx *store.Tx, actor desk.Actor, reference string) (f lockedForward, err error) {
	t, err := pick(tx, outward(actor), reference, false)
	if err != nil {
		return f, err
	}
	if f.create, err = tx.LaneOf(desk.Target{ID: desk.ConnectorCreates}, t.ID, 0); err != nil {
		return f, notForwarded(err)
	}
	if f.status, err = tx.LaneOf(desk.Target{ID: desk.ConnectorStatuses}, t.ID, 0); err != nil {
		return f, notForwarded(err)
	}
	f.Forward, err = tx.Forward(t.ID, true)
	return f, notForwarded(err)
}

func notForwarded(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.NotForwarded)
	}
	return err
}

// sent is what somebody is told of a ticket that the provider has.
func (f lockedForward) sent() error {
	if f.ProviderID == "" {
		return desk.Fail(desk.Conflict, desk.ForwardSent)
	}
	return desk.Fail(desk.Conflict, desk.ForwardSentAs, f.ProviderID)
}

// forwardChange is a write about a ticket that is forwarded.
type forwardChange struct {
	reference string
	action    string // for the audit trail
	detail    string // likewise
	warnings  desk.Faults
	do        func(tx *store.Tx, f *lockedForward, now time.Time) error // may run twice
}

// changeForward does a change in one transaction.
func (a *App) changeForward(ctx context.Context, actor desk.Actor, once Once[ForwardedTicket], c forwardChange) (ForwardedTicket, error) {
	if err := Authorize(actor, desk.MayIntegrate); err != nil {
		return ForwardedTicket{}, err
	}
	now := a.now()
	return keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (made ForwardedTicket, err error) {
		f, err := lockForward(tx, actor, c.reference)
		if err != nil {
			return made, err
		}
		if err := c.do(tx, &f, now); err != nil {
			return made, err
		}
		entry := desk.NewAudit(now, actor, c.action, strconv.FormatInt(f.Number, 10), desk.OutcomeOK)
		entry.Detail = c.detail
		tx.Audit(entry)
		made, err = a.forwardedTicket(tx, f.TicketID)
		made.Warnings = c.warnings
		return made, err
	})
}

// RetryForward lets a ticket that waits, or that a person has to ask for, go at once with all its attempts; of one that the
// provider has, its changes of status. edits, unless nil, are added to those before; one that is empty ends, and none ends all.
// It returns an Error of code Invalid, NotFound, or Conflict, which says why, or a Replay.
func (a *App) RetryForward(ctx context.Context, actor desk.Actor, reference string, edits desk.ForwardEdits, once Once[ForwardedTicket]) (ForwardedTicket, error) {
	c := forwardChange{reference: reference, action: "connector.retry"}
	edited := maps.Clone(edits)
	if err := edited.Check(a.forwardFields(), &c.warnings); err != nil {
		return ForwardedTicket{}, err
	}
	if edits != nil {
		c.detail = "edited: " + strings.Join(slices.Sorted(maps.Keys(edits)), " ")
	}
	c.do = func(tx *store.Tx, f *lockedForward, now time.Time) error {
		lane := f.create
		if !f.SentAt.IsZero() {
			lane = f.status
		}
		switch {
		case lane.Taken:
			return desk.Fail(desk.Conflict, desk.ForwardUnderWay)
		case !f.SentAt.IsZero() && lane.Next == 0:
			return f.sent()
		case edits != nil:
			if err := a.addEdits(tx, &f.Forward, edited); err != nil {
				return err
			}
		}
		tx.Revive(lane.LaneID, now)
		tx.ProbeAt(lane.TargetID, now) // whoever asks has mended something
		return nil
	}
	return a.changeForward(ctx, actor, once, c)
}

func (a *App) addEdits(tx *store.Tx, f *store.Forward, edits desk.ForwardEdits) error {
	all, err := a.openEdits(*f)
	if err != nil {
		return err
	}
	if f.Edits, err = a.sealEdits(f.TicketID, desk.ForwardEdits(all).With(edits)); err == nil {
		tx.UpdateForward(*f)
	}
	return err
}

// ParkForward takes a ticket out of the queue until a person asks for it. It returns an Error of code NotFound, or of code
// Conflict when the provider has the ticket or is told of it at this moment, or a Replay.
func (a *App) ParkForward(ctx context.Context, actor desk.Actor, reference, reason string, once Once[ForwardedTicket]) (ForwardedTicket, error) {
	c := forwardChange{reference: reference, action: "connector.park"}
	reason = maskReason(reason, &c.warnings)
	c.do = func(tx *store.Tx, f *lockedForward, now time.Time) error {
		switch {
		case !f.SentAt.IsZero():
			return f.sent()
		case f.create.Taken:
			return desk.Fail(desk.Conflict, desk.ForwardUnderWay)
		}
		tx.Park(f.create, actor.Name+": "+reason, now)
		return nil
	}
	return a.changeForward(ctx, actor, once, c)
}

func maskReason(reason string, warnings *desk.Faults) string {
	clean, found := mask.Cards(reason)
	if found {
		warnings.Add("reason", desk.CardMasked)
	}
	return clean
}

// FinishForward notes that a person made a ticket at the provider by hand, with the provider's id and number of it; 0: none
// is known. Its changes of status go from now on. It returns an Error as ParkForward does.
func (a *App) FinishForward(ctx context.Context, actor desk.Actor, reference, id string, number int64, once Once[ForwardedTicket]) (ForwardedTicket, error) {
	return a.changeForward(ctx, actor, once, forwardChange{reference: reference, action: "connector.done", do: func(tx *store.Tx, f *lockedForward, now time.Time) error {
		switch {
		case f.ProviderID != "":
			return f.sent()
		case f.create.Taken:
			return desk.Fail(desk.Conflict, desk.ForwardUnderWay)
		}
		f.ProviderID, f.ProviderNumber, f.ByHand = id, number, actor.Name
		if f.SentAt.IsZero() {
			f.SentAt = now
		}
		tx.UpdateForward(f.Forward)
		if f.create.Next > 0 {
			tx.SkipNext(f.create, now)
		}
		tx.ReleaseStatuses(f.TicketID, now)
		if f.status.Dead { // perhaps because the id was not known
			tx.Revive(f.status.LaneID, now)
		}
		return nil
	}})
}

// RetryForwards lets everything go at once that waits for a person: what failed last with a class, or without one all that
// nobody parked on purpose. At most MostSentAgain are done with one request.
func (a *App) RetryForwards(ctx context.Context, actor desk.Actor, class string, once Once[SentAgain]) (did SentAgain, err error) {
	if err := Authorize(actor, desk.MayIntegrate); err != nil {
		return did, err
	}
	now := a.now()
	k := keep(a, actor, once, now)
	if err := a.store.Read(ctx, k.check); err != nil {
		return did, k.outcome(ctx, err)
	}
	for _, t := range desk.ConnectorTargets(now) {
		for at, more := (LanePlace{}), true; more && !did.More; more = at.TicketID != "" {
			n := 0
			if n, at, err = a.store.ReviveParked(ctx, t.ID, class, at, purgedAtOnce); err != nil {
				return did, err
			}
			did.Tickets += n
			did.More = did.Tickets >= MostSentAgain
		}
	}
	return k.write(ctx, func(tx *store.Tx) (SentAgain, error) {
		targets, err := tx.ConnectorTargets(now, false)
		for _, t := range targets {
			tx.ProbeAt(t.ID, now)
			did.Held = did.Held || !a.connectorOn || t.State == desk.TargetDisabled
		}
		tx.Audit(desk.NewAudit(now, actor, "connector.retry", class, desk.OutcomeOK))
		return did, err
	})
}

// SteeredConnector is the connector after somebody steered it.
type SteeredConnector struct {
	Enabled  bool // what is owed is sent
	Targets  []desk.Target
	Warnings desk.Faults
}

// ConnectorStep is what somebody wants of the connector.
type ConnectorStep string

// The steps.
const (
	PauseConnector  ConnectorStep = "pause"  // what happens is held; what is paused stays as it is
	ResumeConnector ConnectorStep = "resume" // with closed circuits; what is not paused stays as it is
	ProbeConnector  ConnectorStep = "probe"  // one call goes at once where the circuit is open
)

// SteerConnector does a step, for a reason, on a route of the provider; without a route on both. It works also when the
// connector is not enabled.
func (a *App) SteerConnector(ctx context.Context, actor desk.Actor, step ConnectorStep, route, reason string, once Once[SteeredConnector]) (SteeredConnector, error) {
	if err := Authorize(actor, desk.MayIntegrate); err != nil {
		return SteeredConnector{}, err
	}
	now := a.now()
	var warnings desk.Faults
	reason = maskReason(reason, &warnings)
	return keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (made SteeredConnector, err error) {
		for _, t := range desk.ConnectorTargets(now) {
			tx.InsertTarget(t) // it is there, unless the connector never ran
		}
		made.Enabled, made.Warnings = a.connectorOn, warnings
		made.Targets, err = tx.ConnectorTargets(now, true)
		for i := range made.Targets {
			t, changed := &made.Targets[i], false
			switch {
			case route != "" && t.ID != desk.ConnectorTarget(route):
			case step == PauseConnector:
				changed = t.Pause(actor.Name, reason, now)
			case step == ResumeConnector:
				changed = t.Resume(now)
			case !t.OpenedAt.IsZero() && now.Before(t.ProbeAt):
				t.ProbeAt = now
				tx.ProbeAt(t.ID, now)
			}
			if changed {
				t.Version++
				tx.UpdateTarget(*t)
			}
		}
		entry := desk.NewAudit(now, actor, "connector."+string(step), route, desk.OutcomeOK)
		entry.Detail = reason
		tx.Audit(entry)
		return made, err
	})
}
