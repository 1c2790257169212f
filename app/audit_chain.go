package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/durable"
	"banksulutgo.co.id/servicedesk/store"
)

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

// verifiedAtOnce is how many entries are read in one transaction.
const verifiedAtOnce = 500

// VerifyAudit goes through the audit chain from its start to its end, and compares it with what the desk remembers of
// that end and with heads that were exported earlier, so that a cut tail is found too. progress is told now and then
// how far it is.
func (a *App) VerifyAudit(ctx context.Context, heads []desk.ChainHead, progress func(done int64)) (Verified, error) {
	v := Verified{}
	exported := newExportedHeads(heads)
	previous := ""
	for {
		entries, head, unsealed, err := a.chainFrom(ctx, v.Entries+1)
		if err != nil {
			return v, err
		}
		v.Unsealed = unsealed
		if len(entries) == 0 {
			v.Broken = checkEnd(v, previous, head, exported)
			return v, nil
		}
		for _, e := range entries {
			if v.Broken = a.checkLink(v.Entries+1, previous, e, exported); v.Broken != nil {
				return v, nil
			}
			v.Entries, previous = e.Number, e.MAC
		}
		progress(v.Entries)
	}
}

// chainFrom reads entries of the chain from a number on and, in the same snapshot, what the desk remembers of its end.
func (a *App) chainFrom(ctx context.Context, number int64) (entries []desk.AuditEntry, head desk.ChainHead, unsealed int, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if entries, err = tx.Sealed(number, verifiedAtOnce); err != nil {
			return err
		}
		if head, err = tx.ChainHead(); ignoreNotFound(err) != nil { // a memory that was taken away is none
			return err
		}
		unsealed, err = tx.Unsealed()
		return err
	})
	return entries, head, unsealed, err
}

// checkLink checks one entry of the chain; the entry before it has been found true.
func (a *App) checkLink(number int64, previous string, e desk.AuditEntry, exported exportedHeads) *Broken {
	switch {
	case e.Number < number:
		return &Broken{e.Number, "there are two entries of this number"}
	case e.Number > number:
		return &Broken{number, "the entry is missing"}
	case a.Seal(previous, e) != e.MAC:
		return &Broken{number, "the entry does not match its seal: it was changed, or is not in its place"}
	case exported.differ(number, e.MAC):
		return &Broken{number, "the entry differs from the exported head"}
	}
	return nil
}

// checkEnd checks that the last entry that was found true is the last one that there should be.
func checkEnd(v Verified, previous string, head desk.ChainHead, exported exportedHeads) *Broken {
	switch {
	case max(head.Number, exported.last) > v.Entries:
		return &Broken{v.Entries + 1, "the entry is missing: the end of the trail was cut off"}
	case head.Number < v.Entries:
		return &Broken{head.Number + 1, "the desk does not remember the entry: it was put in, or the desk's memory was set back"}
	case head.MAC != previous:
		return &Broken{max(v.Entries, 1), "the seal is not the one that the desk remembers"}
	case v.Entries == 0 && v.Unsealed == 0:
		return &Broken{1, "the entry is missing: the trail is empty, but every installation begins with an entry"}
	}
	return nil
}

// exportedHeads are heads of the chain as they were exported earlier.
type exportedHeads struct {
	macs map[int64][]string // by number; two that differ cannot both be true
	last int64
}

func newExportedHeads(heads []desk.ChainHead) exportedHeads {
	x := exportedHeads{macs: map[int64][]string{}}
	for _, h := range heads {
		x.macs[h.Number] = append(x.macs[h.Number], h.MAC)
		x.last = max(x.last, h.Number)
	}
	return x
}

// differ reports whether a head of that number was exported with another seal.
func (x exportedHeads) differ(number int64, mac string) bool {
	for _, known := range x.macs[number] {
		if known != mac {
			return true
		}
	}
	return false
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

// appendDurably adds a whole line to a file, or nothing.
func appendDurably(file string, line []byte) error {
	folder := filepath.Dir(file)
	if err := durable.MakeFolder(folder); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if _, err := f.Write(line); err != nil { // half a line would make the next one unreadable
		return errors.Join(err, f.Truncate(info.Size()), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil || info.Size() > 0 {
		return err
	}
	return durable.Sync(folder) // the file may be new
}

// sealForm is how a seal is written.
var sealForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ReadHeads reads a file of exported heads. A file that does not exist holds none. Any line that ExportHead did not write
// is an error: whoever cut the trail may have been at the file too.
func ReadHeads(file string) ([]desk.ChainHead, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var heads []desk.ChainHead
	number := 0
	for line := range bytes.Lines(text) {
		number++
		var h exportedHead
		err := json.Unmarshal(line, &h)
		if again, _ := json.Marshal(h); err != nil || h.Number < 1 || !sealForm.MatchString(h.MAC) || string(again)+"\n" != string(line) {
			return nil, fmt.Errorf("%s is damaged: line %d is no exported head", file, number)
		}
		heads = append(heads, desk.ChainHead{At: h.At, Number: h.Number, MAC: h.MAC})
	}
	return heads, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
