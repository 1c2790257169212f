package app

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How much of the tickets is read at once, and how much is changed in one transaction, so that nobody waits long for it.
const (
	walkedAtOnce    = 1000
	forwardedAtOnce = 200
)

// ForwardEntry is a ticket that goes to Sociomile, and when it was made.
type ForwardEntry = store.ForwardEntry

// Unforwarded walks the tickets that were made from a time on and before another (zero: no end) and that the rule takes, but
// that do not go to Sociomile: they were made while nothing was forwarded. It tells them in the order of time, with how many
// tickets it looked at so far; also where there was none, with an empty list.
func (a *App) Unforwarded(ctx context.Context, rule desk.Forwarding, since, until time.Time, tell func(tickets []desk.Ticket, looked int) error) error {
	after, before, looked := desk.FirstID(since), "", 0
	if !until.IsZero() {
		before = desk.FirstID(until.Add(time.Millisecond)) // ids have milliseconds
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var page []store.Candidate
		err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Candidates(after, before, walkedAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		var tickets []desk.Ticket
		for _, c := range page {
			within := !c.CreatedAt.Before(since) && (until.IsZero() || c.CreatedAt.Before(until))
			if within && !c.ForwardEntry && rule.Takes(&c.Ticket, desk.Actor{Provider: c.Provider}) {
				tickets = append(tickets, c.Ticket)
			}
			after = c.ID
		}
		looked += len(page)
		if err := tell(tickets, looked); err != nil || len(page) < walkedAtOnce {
			return err
		}
	}
}

// QueueForwards lets tickets go to Sociomile that were made before, and the statuses that they went through behind them. It
// returns how many; those that went already are left as they are. What was queued before an error stays so.
func (a *App) QueueForwards(ctx context.Context, actor desk.Actor, tickets []desk.Ticket) (queued int, err error) {
	if len(tickets) == 0 {
		return 0, nil
	}
	if err := a.store.MakeConnector(ctx); err != nil {
		return 0, err
	}
	for part := range slices.Chunk(tickets, forwardedAtOnce) {
		numbers := map[string]int64{}
		for _, t := range part {
			numbers[t.ID] = t.Number
		}
		n, now := 0, a.now()
		err := a.store.Write(ctx, func(tx *store.Tx) error {
			opened, err := tx.OpenForwards(part, now)
			for _, id := range opened {
				tx.Audit(desk.NewAudit(now, actor, "sociomile.queue", strconv.FormatInt(numbers[id], 10), desk.OutcomeOK))
			}
			n = len(opened)
			return err
		})
		if err != nil {
			return queued, err
		}
		queued += n
	}
	return queued, nil
}

// ForwardsByNumber walks all tickets that go to Sociomile, in the order of their numbers. An error ends the walk.
func (a *App) ForwardsByNumber(ctx context.Context) iter.Seq2[ForwardEntry, error] {
	return func(yield func(ForwardEntry, error) bool) {
		for after := int64(0); ; {
			var page []ForwardEntry
			err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
				page, err = tx.ForwardsByNumber(after, walkedAtOnce)
				return err
			})
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(ForwardEntry{}, err)
				return
			}
			for _, f := range page {
				if !yield(f, nil) {
					return
				}
				after = f.Number
			}
			if len(page) < walkedAtOnce {
				return
			}
		}
	}
}

// ForwardAgain lets tickets go to Sociomile once more, of which it says that it has them not: each ticket, then its statuses
// from the first on. They may exist twice then, and are marked so. It returns how many; one that waits to be sent anyway, or of
// which a node sends something at this moment, is left as it is. What was queued before an error stays so.
func (a *App) ForwardAgain(ctx context.Context, actor desk.Actor, ticketIDs []string) (queued int, err error) {
	for part := range slices.Chunk(slices.Sorted(slices.Values(ticketIDs)), forwardedAtOnce) {
		n, now := 0, a.now()
		err := a.store.Write(ctx, func(tx *store.Tx) error {
			n = 0
			for _, id := range part {
				number, err := forwardAgain(tx, id, now)
				if err != nil {
					return err
				}
				if number > 0 {
					tx.Audit(desk.NewAudit(now, actor, "sociomile.again", strconv.FormatInt(number, 10), desk.OutcomeOK))
					n++
				}
			}
			return nil
		})
		if err != nil {
			return queued, err
		}
		queued += n
	}
	return queued, nil
}

// forwardAgain lets a ticket go once more and returns its number; 0 when it is left as it is. The lanes are locked before the
// row of the ticket, as by those who deliver.
func forwardAgain(tx *store.Tx, id string, now time.Time) (number int64, err error) {
	for _, target := range desk.ConnectorTargets(now) {
		if lane, err := tx.LaneOf(target, id, 0); err != nil || lane.Taken {
			return 0, err
		}
	}
	f, err := tx.Forward(id, true)
	if err != nil || f.SentAt.IsZero() {
		return 0, err
	}
	f.ProviderID, f.ProviderNumber, f.SentStatus, f.ByHand, f.SentAt, f.Doubtful = "", 0, "", "", time.Time{}, true
	tx.UpdateForward(f)
	tx.RewindForward(id, now)
	return f.Number, nil
}
