package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Entries about reads are written in batches, at the latest after readsFlushed. While they cannot be written, this
// many wait in memory; then reads are refused.
const (
	readsInMemory = 4096
	readsAtOnce   = 256
	readsFlushed  = 500 * time.Millisecond
)

// noteRead puts a read of personal data into the audit trail, a moment later. It returns an Error of code Unavailable
// when too many entries wait: what cannot be recorded is not shown.
func (a *App) noteRead(actor desk.Actor, action, target, detail string) error {
	entry := desk.NewAudit(a.now(), actor, action, target, desk.OutcomeOK)
	entry.Detail = detail
	return a.note(entry)
}

// NoteRefusal puts a refused request of somebody known into the audit trail, a moment later.
func (a *App) NoteRefusal(actor desk.Actor, action, target string, why desk.Code) {
	if err := a.note(desk.NewAudit(a.now(), actor, action, target, string(why))); err != nil {
		a.log.Warn("a refusal could not be noted in the audit trail", "action", action, "request", actor.RequestID)
	}
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
	for {
		var batch []desk.AuditEntry
		select {
		case <-ctx.Done():
			a.writeAudit(a.waiting(nil))
			return
		case first := <-a.reads:
			batch = a.gather(ctx, first)
		}
		for !a.writeAudit(batch) && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// gather waits a moment for more entries to write with the first.
func (a *App) gather(ctx context.Context, first desk.AuditEntry) []desk.AuditEntry {
	batch := []desk.AuditEntry{first}
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

// writeAudit reports whether the entries were stored.
func (a *App) writeAudit(batch []desk.AuditEntry) bool {
	if len(batch) == 0 {
		return true
	}
	err := a.store.Write(context.Background(), func(tx *store.Tx) error {
		tx.Audit(batch...)
		return nil
	})
	if err != nil {
		a.log.Error("writing the audit trail failed, trying again", "entries", len(batch), "error", err)
	}
	return err == nil
}

// Seal links an audit entry to the one before it. The sequencer calls it.
func (a *App) Seal(previous string, e desk.AuditEntry) string {
	return a.keyring.ChainMAC(previous, e.Sealed())
}

// Broken is the first entry at which the audit chain does not hold.
type Broken struct {
	Number int64
	Why    string
}

// Verified is the result of going through the audit chain.
type Verified struct {
	Entries  int64
	Unsealed int     // the newest entries, not chained yet
	Broken   *Broken // nil when the whole chain holds
}

// VerifyAudit goes through the audit chain from its start and compares it with heads that were exported earlier, so
// that a cut tail is found too. progress is told now and then how far it is.
func (a *App) VerifyAudit(ctx context.Context, heads []desk.ChainHead, progress func(done int64)) (Verified, error) {
	const page = 1000
	v := Verified{}
	exported := map[int64]string{}
	var last desk.ChainHead
	for _, h := range heads {
		exported[h.Number] = h.MAC
		if h.Number > last.Number {
			last = h
		}
	}
	previous := ""
	for v.Broken == nil {
		var entries []desk.AuditEntry
		err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
			entries, err = tx.Sealed(v.Entries+1, page)
			return err
		})
		if err != nil {
			return v, err
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if v.Broken = a.checkLink(v.Entries+1, previous, e, exported); v.Broken != nil {
				break
			}
			v.Entries, previous = e.Number, e.MAC
		}
		progress(v.Entries)
	}
	return a.verifyTail(ctx, v, last)
}

// checkLink checks one entry of the chain; the entry before it has been found true.
func (a *App) checkLink(number int64, previous string, e desk.AuditEntry, exported map[int64]string) *Broken {
	mac, known := exported[number]
	switch {
	case e.Number != number:
		return &Broken{number, "the entry is missing"}
	case a.Seal(previous, e) != e.MAC:
		return &Broken{number, "the entry does not match its seal: it was changed, or is not in its place"}
	case known && mac != e.MAC:
		return &Broken{number, "the entry differs from the exported head"}
	}
	return nil
}

// verifyTail looks for entries that should follow the last one that was found, and counts what is not sealed yet.
func (a *App) verifyTail(ctx context.Context, v Verified, last desk.ChainHead) (Verified, error) {
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		head, err := tx.ChainHead()
		if err != nil {
			return err
		}
		if v.Broken == nil && max(head.Number, last.Number) > v.Entries {
			more, err := tx.Sealed(v.Entries+1, 1) // one that was sealed while we read is not missing
			if err != nil {
				return err
			}
			if len(more) == 0 {
				v.Broken = &Broken{v.Entries + 1, "the entry is missing: the end of the trail was cut off"}
			}
		}
		v.Unsealed, err = tx.Unsealed()
		return err
	})
	return v, err
}

// ExportHead appends the head of the audit chain to a file outside the database, durably. The file is what shows later
// that the end of the trail was cut off.
func (a *App) ExportHead(ctx context.Context, file string) (desk.ChainHead, error) {
	var head desk.ChainHead
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		head, err = tx.ChainHead()
		return err
	})
	head.At = a.now()
	if err != nil || head.Number == 0 {
		return head, err
	}
	line, err := json.Marshal(exportedHead{At: head.At, Number: head.Number, MAC: head.MAC})
	if err != nil {
		return head, err
	}
	return head, appendDurably(file, append(line, '\n'))
}

// exportedHead is a line of the file of heads.
type exportedHead struct {
	At     time.Time `json:"at"`
	Number int64     `json:"number"`
	MAC    string    `json:"mac"`
}

func appendDurably(file string, line []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Sync(), f.Close())
}

// ReadHeads reads a file of exported heads. A file that does not exist holds none.
func ReadHeads(file string) ([]desk.ChainHead, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var heads []desk.ChainHead
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if line == "" {
			continue
		}
		var h exportedHead
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			return nil, fmt.Errorf("%s, line %d is not an exported head: %w", file, i+1, err)
		}
		heads = append(heads, desk.ChainHead{At: h.At, Number: h.Number, MAC: h.MAC})
	}
	return heads, nil
}
