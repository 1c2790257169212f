package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How long the desk keeps what nobody needs any more.
const (
	keepRequests = 30 * 24 * time.Hour // the spec, section 3: at least
	keepOrphans  = 24 * time.Hour      // a file that no attachment names; no upload takes so long
	purgedAtOnce = 300                 // rows of one transaction, so that nobody waits long for it
	testsAtOnce  = 20                  // tickets likewise, of some rows each
	placesAtOnce = 500                 // places of a feed likewise
	keepDeleted  = time.Hour           // a target: by then nobody is left who began before and owes it something
)

// A run of the purge removes what it condemned within removeWithin; what it left is another run's after abandonedAfter.
// So two runs never remove the same file, however long one of them stood still.
const (
	removeWithin   = 30 * time.Minute
	abandonedAfter = time.Hour
)

// Purged is what a run of the purge removed, or would remove.
type Purged struct {
	Tests     int // tickets for tests, with all that belongs to them
	Requests  int // request ids with their answers
	Files     int // blobs that no attachment names
	Leftovers int // temporary files of writes that a crash ended
	Attempts  int // entries of the log of deliveries, and what was owed to deleted targets
}

// Purge removes what is kept for a time only: tickets for tests and their request ids after the time that is set, other
// request ids after 30 days, files that no attachment names after a day, temporary files, entries of the log of deliveries
// when their time is over. Any number of nodes may do it at once. It returns what was removed also when it fails.
func (a *App) Purge(ctx context.Context) (Purged, error) {
	tests, ofTests, testing := a.purgeTests(ctx)
	requests, failed := inPortions(func() (int, error) {
		return a.store.ForgetRequests(ctx, a.now().Add(-keepRequests), purgedAtOnce)
	})
	files, err := a.purgeFiles(ctx)
	leftovers, swept := a.blobs.Sweep(ctx)
	attempts, unlogged := a.purgeDeliveries(ctx)
	return Purged{Tests: tests, Requests: requests + ofTests, Files: files, Leftovers: leftovers, Attempts: attempts},
		errors.Join(testing, failed, err, swept, unlogged)
}

// PurgeDue counts what Purge would remove from the database and the place of the attachments. It does not look for
// temporary files.
func (a *App) PurgeDue(ctx context.Context) (Purged, error) {
	var due Purged
	now := a.now()
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if due.Requests, err = tx.OldRequests(now.Add(-keepRequests)); err != nil {
			return err
		}
		if due.Files, err = tx.IdleBlobs(now.Add(-keepOrphans), now.Add(-abandonedAfter)); err != nil || a.testKeep <= 0 {
			return err
		}
		requests, err := tx.OldTestRequests(now.Add(-a.testKeep), now.Add(-keepRequests))
		if err != nil {
			return err
		}
		due.Requests += requests
		due.Tests, err = tx.OldTests(now.Add(-a.testKeep))
		return err
	})
	if err != nil || a.keepAttempts == 0 {
		return due, err
	}
	return due, a.eachLogged(ctx, func(target string) error {
		return a.store.Read(ctx, func(tx *store.Tx) error {
			n, err := tx.OldAttempts(target, now.Add(-a.keepAttempts))
			due.Attempts += n
			return err
		})
	})
}

// purgeDeliveries removes old entries of the log of deliveries, and what deleted targets left.
func (a *App) purgeDeliveries(ctx context.Context) (gone int, err error) {
	gone, err = a.purgeTargets(ctx)
	if err != nil || a.keepAttempts == 0 {
		return gone, err
	}
	before := a.now().Add(-a.keepAttempts)
	err = a.eachLogged(ctx, func(target string) error {
		n, err := inPortions(func() (int, error) { return a.store.ForgetAttempts(ctx, target, before, purgedAtOnce) })
		gone += n
		return err
	})
	return gone, err
}

// purgeTargets removes deleted targets and what was owed to them, one after the other. A run that is cut off is begun anew by
// a later one.
func (a *App) purgeTargets(ctx context.Context) (gone int, err error) {
	before := a.now().Add(-keepDeleted)
	for {
		var t desk.Target
		err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
			t, err = tx.DeletedTarget(before)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return gone, nil
		}
		for place, n, end := int64(0), 0, false; err == nil && !end; place += placesAtOnce {
			n, end, err = a.store.ForgetTarget(ctx, t, place, placesAtOnce)
			gone += n
		}
		if err != nil {
			return gone, err
		}
	}
}

// eachLogged does something for each target of which the log of deliveries tells.
func (a *App) eachLogged(ctx context.Context, do func(target string) error) error {
	targets, err := a.store.AttemptTargets(ctx)
	for _, target := range targets {
		if err == nil {
			err = do(target)
		}
	}
	return err
}

// purgeTests removes tickets for tests, and the ids of requests of test keys. The tickets' files are left to the register
// of files, which keeps them for another day.
func (a *App) purgeTests(ctx context.Context) (tickets, requests int, err error) {
	if a.testKeep <= 0 {
		return 0, 0, nil
	}
	before := a.now().Add(-a.testKeep)
	tickets, err = inPortions(func() (int, error) {
		return a.store.ForgetTests(ctx, before, testsAtOnce, func(t *desk.Ticket) ([]desk.Lookup, error) {
			err := a.Unseal(t)
			return a.Lookups(t), err
		})
	})
	requests, failed := inPortions(func() (int, error) { return a.store.ForgetTestRequests(ctx, before, purgedAtOnce) })
	return tickets, requests, errors.Join(err, failed)
}

// inPortions does something until there is nothing left to do, and counts.
func inPortions(do func() (int, error)) (done int, err error) {
	for {
		n, err := do()
		done += n
		if err != nil || n == 0 {
			return done, err
		}
	}
}

// purgeFiles removes blobs in three steps: condemn them, so that nobody can name them any more; remove them; forget
// that they were condemned. A run that was cut off is taken up by a later one.
func (a *App) purgeFiles(ctx context.Context) (gone int, err error) {
	run := rand.Text()
	for {
		now := a.now()
		names, err := a.store.CondemnBlobs(ctx, run, now.Add(-keepOrphans), now.Add(-abandonedAfter), purgedAtOnce)
		if err != nil || len(names) == 0 {
			return gone, err
		}
		for _, name := range names {
			if err := a.purgeFile(ctx, name, run, now); err != nil {
				return gone, err
			}
			gone++
		}
	}
}

// purgeFile removes a blob that the run condemned at some time.
func (a *App) purgeFile(ctx context.Context, name, run string, condemned time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	if late := a.now().Sub(condemned); late > removeWithin {
		return fmt.Errorf("the purge stood still for %v; a later run goes on", late)
	}
	if err := a.blobs.Remove(ctx, name); err != nil {
		return err
	}
	return a.store.ForgetBlob(ctx, name, run)
}
