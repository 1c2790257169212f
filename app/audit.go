package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

// Entries about reads are written in batches, at the latest after readsFlushed. While they cannot be written, a bounded
// number waits in memory; then reads are refused. When the program stops, they are tried lastTries times more.
const (
	readsAtOnce   = 512
	readsFlushed  = 500 * time.Millisecond
	tryAgainAfter = time.Second
	lastTries     = 3
)

// longestTarget is how many characters of what a refused request was about are kept.
const longestTarget = 128

// NoteRead puts a read of personal data into the audit trail, a moment later. It returns an Error of code Unavailable
// when too many entries wait: what cannot be recorded is not shown.
func (a *App) NoteRead(actor desk.Actor, action, target, detail string) error {
	entry := desk.NewAudit(a.now(), actor, action, target, desk.OutcomeOK)
	entry.Detail = detail
	return a.note(entry)
}

// NoteRefusal puts a refused request of somebody known into the audit trail, a moment later. target is what the caller
// named, which may be anything: what a row could not hold, and full card numbers, are left out.
func (a *App) NoteRefusal(actor desk.Actor, action, target string, why desk.Code) {
	if err := a.note(desk.NewAudit(a.now(), actor, action, auditable(target), string(why))); err != nil {
		a.log.Warn("a refusal could not be noted in the audit trail", "action", action, "request", actor.RequestID)
	}
}

// auditable makes a text fit for the audit trail. One entry that the database does not take would hold up all others.
func auditable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	text, _ = mask.Cards(text)
	if r := []rune(text); len(r) > longestTarget {
		return string(r[:longestTarget]) + "…"
	}
	return text
}

func (a *App) note(entry desk.AuditEntry) error {
	select {
	case a.reads <- entry:
		return nil
	default:
		return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second,
			Err: errors.New("the audit trail cannot be written")}
	}
}

// KeepAudit writes noted reads until ctx ends, and then what is left.
func (a *App) KeepAudit(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case first := <-a.reads:
			a.writeSurely(ctx, a.gather(ctx, first))
		}
	}
	a.writeSurely(ctx, a.waiting(nil))
}

// writeSurely tries until the entries are stored. Once ctx has ended it gives up after a few tries, and says so.
func (a *App) writeSurely(ctx context.Context, batch []desk.AuditEntry) {
	for last := 0; ; {
		err := a.writeAudit(batch)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			last++
		}
		if last == lastTries {
			a.log.Error("entries of the audit trail are lost: they could not be written before the program stopped", "entries", len(batch), "error", err)
			return
		}
		a.log.Error("writing the audit trail failed, trying again", "entries", len(batch), "error", err)
		again, stopping := time.After(tryAgainAfter), ctx.Done()
		if last > 0 {
			stopping = nil // it has stopped; what is left is worth the wait
		}
		select {
		case <-again:
		case <-stopping:
		}
	}
}

// gather waits a moment for more entries to write with the first.
func (a *App) gather(ctx context.Context, first desk.AuditEntry) []desk.AuditEntry {
	batch := append(make([]desk.AuditEntry, 0, readsAtOnce), first)
	late := time.NewTimer(readsFlushed)
	defer late.Stop()
	for len(batch) < readsAtOnce {
		select {
		case e := <-a.reads:
			batch = append(batch, e)
		case <-late.C:
			return batch
		case <-ctx.Done():
			return a.waiting(batch)
		}
	}
	return batch
}

// waiting adds everything that waits at this moment.
func (a *App) waiting(batch []desk.AuditEntry) []desk.AuditEntry {
	for {
		select {
		case e := <-a.reads:
			batch = append(batch, e)
		default:
			return batch
		}
	}
}

func (a *App) writeAudit(batch []desk.AuditEntry) error {
	if len(batch) == 0 {
		return nil
	}
	return a.store.KeepAudit(context.Background(), batch)
}
