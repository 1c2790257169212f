package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/durable"
	"banksulutgo.co.id/servicedesk/store"
)

// Source is what a backup is made of.
type Source struct {
	Store     *store.Store
	Blobs     blob.Store
	Program   string         // version of the program
	Engine    string         // name of the engine
	KeyFile   string         // master key to put into the backup; empty: the backup is without
	HeadsFile string         // exported audit heads; a file that does not exist is none
	Progress  func(Progress) // told now and then how far the backup is; default: nobody is
}

// Made is a backup that was written.
type Made struct {
	Description
	Sums  Sums
	Bytes int64 // of the file
}

// Create writes a backup into a new file (mode 0600), which is there whole and durable or not at all. The error wraps
// fs.ErrExist when the file is there already.
func Create(ctx context.Context, file string, s Source) (Made, error) {
	if _, err := os.Lstat(file); err == nil {
		return Made{}, fmt.Errorf("%s is there already (%w): name a new file, a backup replaces nothing", file, fs.ErrExist)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.partial")
	if err != nil {
		return Made{}, fmt.Errorf("make the backup's file: %w", err)
	}
	defer os.Remove(temp.Name())
	made, err := Write(ctx, temp, s)
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return Made{}, err
	}
	if err := durable.Publish(temp.Name(), file); err != nil {
		return Made{}, fmt.Errorf("give the backup its name: %w", err)
	}
	return made, nil
}

// Write writes a backup. The snapshot of the database lasts until all rows are written; the blobs follow.
func Write(ctx context.Context, to io.Writer, s Source) (Made, error) {
	w := &writer{source: s, to: bufio.NewWriterSize(to, 1<<20), sum: sha256.New()}
	heads, err := os.ReadFile(s.HeadsFile) // before the snapshot: a head of a later entry would look like a trail that was cut
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Made{}, fmt.Errorf("read the exported audit heads: %w", err)
	}
	var blobs []string
	at := s.Store.Now()
	if err := s.Store.Snapshot(ctx, func(sn *store.Snapshot) (err error) {
		blobs, err = w.database(sn, at, heads)
		return err
	}); err != nil {
		return Made{}, err
	}
	for _, name := range blobs {
		if err := w.blob(ctx, name); err != nil {
			return Made{}, err
		}
	}
	return w.finish()
}

// writer writes entries and sums them up.
type writer struct {
	source Source
	to     *bufio.Writer
	sum    hash.Hash // of all that was written
	made   Made
	done   Progress
}

// entry writes a whole entry.
func (w *writer) entry(name string, content []byte) error {
	head, err := header(name, int64(len(content)))
	if err != nil {
		return err
	}
	for _, part := range [][]byte{head, content, padding(int64(len(content)))} {
		w.sum.Write(part)
		if _, err := w.to.Write(part); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
		w.done.Bytes += int64(len(part))
	}
	if w.source.Progress != nil {
		w.source.Progress(w.done)
	}
	return nil
}

// database writes what a snapshot holds, and returns the names of the blobs that belong to it.
func (w *writer) database(sn *store.Snapshot, at time.Time, heads []byte) (blobs []string, err error) {
	fingerprint, err := sn.Setting(store.FingerprintSetting)
	if err != nil {
		return nil, fmt.Errorf("read the fingerprint of the master key: %w", err)
	}
	key, err := w.key(fingerprint)
	if err != nil {
		return nil, err
	}
	w.made.Description = Description{Format: Format, Program: w.source.Program, Schema: sn.Version, Engine: w.source.Engine, Time: at,
		Fingerprint: fingerprint, WithKey: key != nil, Tables: sn.Tables}
	text, err := words(w.made.Description)
	if err != nil {
		return nil, err
	}
	for _, e := range []struct {
		name    string
		content []byte
	}{{descriptionName, text}, {keyName, key}, {headsName, heads}} {
		if e.content == nil {
			continue
		}
		if err := w.entry(e.name, e.content); err != nil {
			return nil, err
		}
	}
	for i, t := range sn.Tables {
		if err := w.table(sn, i, t); err != nil {
			return nil, err
		}
	}
	err = sn.Blobs(func(name string) error {
		blobs = append(blobs, name)
		return nil
	})
	return blobs, err
}

// key reads the master key that goes into the backup, which must be the snapshot's.
func (w *writer) key(fingerprint string) ([]byte, error) {
	if w.source.KeyFile == "" {
		return nil, nil
	}
	master, err := auth.LoadMasterKey(w.source.KeyFile)
	if err != nil {
		return nil, err
	}
	if master.Fingerprint() != fingerprint {
		return nil, errors.New("the master key was rotated at this moment: make the backup again")
	}
	return os.ReadFile(w.source.KeyFile)
}

// table writes the rows of a table in chunks, each compressed by itself.
func (w *writer) table(sn *store.Snapshot, number int, t store.Table) error {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	defer pack.Close()
	sums := tally{hash: sha256.New()}
	chunk := 0
	var raw, packed []byte
	flush := func() error {
		chunk++
		packed = pack.EncodeAll(raw, packed[:0])
		sums.hash.Write(raw)
		raw = raw[:0]
		return w.entry(chunkName(number, t.Name, chunk), packed)
	}
	err = sn.Rows(t, func(values []any) error {
		raw = appendRow(raw, values)
		sums.rows++
		w.done.Rows++
		w.made.Sums.Audit.see(t, values)
		if len(raw) < chunkRaw {
			return nil
		}
		return flush()
	})
	if err == nil && len(raw) > 0 {
		err = flush()
	}
	w.made.Sums.Tables = append(w.made.Sums.Tables, sums.sum(t.Name))
	return err
}

// blob writes a blob as it is stored, after it was found whole.
func (w *writer) blob(ctx context.Context, name string) error {
	sealed, err := w.source.Blobs.Sealed(ctx, name)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrDamaged) {
		return w.blame(ctx, name, err)
	}
	if err != nil {
		return err
	}
	w.made.Sums.Blobs.Count++
	w.made.Sums.Blobs.Bytes += int64(len(sealed))
	w.done.Blobs++
	return w.entry(blobName(name), sealed)
}

// blame says which attachments a blob is missing for.
func (w *writer) blame(ctx context.Context, name string, cause error) error {
	var files []store.NamedFile
	if err := w.source.Store.Read(ctx, func(tx *store.Tx) (err error) {
		files, err = tx.FilesOf(name)
		return err
	}); err != nil {
		return errors.Join(cause, err)
	}
	var named []string
	for _, f := range files {
		named = append(named, fmt.Sprintf("%q of ticket %d", f.Filename, f.Ticket))
	}
	return fmt.Errorf("the attachment %s cannot be backed up: %w. Restore its file from an older backup, or let the partner send it again",
		strings.Join(named, ", "), cause)
}

// finish writes the sums and the end of the archive.
func (w *writer) finish() (Made, error) {
	w.made.Sums.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	text, err := words(w.made.Sums)
	if err == nil {
		err = w.entry(sumsName, text)
	}
	if err == nil {
		_, err = w.to.Write(end())
	}
	if err == nil {
		err = w.to.Flush()
	}
	w.made.Bytes = w.done.Bytes + int64(len(end()))
	return w.made, err
}

func (t tally) sum(name string) TableSum {
	return TableSum{Name: name, Rows: t.rows, SHA256: hex.EncodeToString(t.hash.Sum(nil))}
}

// see takes the head of the audit trail from the row that holds it.
func (h *ChainHead) see(t store.Table, values []any) {
	if t.Name != "sequencer" {
		return
	}
	for i, c := range t.Columns {
		switch v := values[i].(type) {
		case *int64:
			if c.Name == "audit_number" {
				h.Number = *v
			}
		case *string:
			if c.Name == "audit_mac" {
				h.MAC = *v
			}
		}
	}
}
