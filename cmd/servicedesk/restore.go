package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/backup"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/durable"
	"banksulutgo.co.id/servicedesk/store"
)

// beingRestored is what the names of files end with until they are whole.
const beingRestored = ".restoring"

// restoreOut is what `restore --json` prints.
type restoreOut struct {
	backupOut
	NextTicket int64 `json:"nextTicketNumber"`
}

func restoreCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	skip := flags.Int64("skip-numbers", 1000, "how many ticket `numbers` to leave out, for tickets that were opened after the backup")
	asJSON := flags.Bool("json", false, "print JSON")
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	if *skip < 0 || *skip > 1_000_000_000 {
		return usageError{"restore", "--skip-numbers must be between 0 and 1000000000"}
	}
	began := time.Now()
	held, err := lock(c)
	if err != nil {
		return err
	}
	defer held.Close()
	r := restoration{program: p, config: c, file: rest[0], skip: *skip, began: began}
	next, err := r.run(ctx)
	if err != nil {
		return err
	}
	out := restoreOut{outOf(r.file, r.contents.Description, r.contents.Sums, r.contents.Bytes, began), next}
	if *asJSON {
		return p.printJSON(out)
	}
	fmt.Fprintf(p.stdout, `Restored from %s: %s, as of %s; it took %.1f s.
Ticket numbers go on at %d: %d were left out for tickets that may have been opened after the backup.
Start it with:  %s
`, r.file, out.backupOut, out.Time, out.Seconds, next, *skip, c.startLine())
	return nil
}

// startLine is how a restored installation is served; the address of a database may hold a password and is not repeated.
func (c *config) startLine() string {
	if c.database != "" {
		return "servicedesk serve --data " + c.data + " --database …"
	}
	return "servicedesk serve --data " + c.data
}

// restoration brings one backup into an empty place. The database comes last and as a whole: until then there is no
// installation, and the same command begins again.
type restoration struct {
	*program
	config   *config
	file     string
	skip     int64
	began    time.Time
	contents *backup.Contents
}

func (r *restoration) run(ctx context.Context) (nextTicket int64, err error) {
	if err := r.occupied(store.Empty(ctx, r.database())); err != nil {
		return 0, err
	}
	if r.contents, err = backup.Read(ctx, r.file, r.progress("read", r.began)); err != nil {
		return 0, err
	}
	master, settle, err := r.key()
	if err != nil {
		return 0, err
	}
	defer os.Remove(r.config.keyFile + beingRestored)
	if err := r.blobs(ctx, master); err != nil {
		return 0, err
	}
	if r.contents.Heads != nil {
		if err := writeNew(headsFile(r.config), r.contents.Heads); err != nil {
			return 0, err
		}
	}
	if err := settle(); err != nil {
		return 0, err
	}
	err = backup.RestoreRows(ctx, r.file, r.contents, r.database(), func(tx *store.Tx) (err error) {
		tx.Audit(desk.NewAudit(time.Now(), operator(), "installation.restore", r.contents.Time.Format(time.RFC3339), desk.OutcomeOK))
		nextTicket, err = tx.SkipNumbers(r.skip)
		return err
	}, r.progress("restored", r.began))
	return nextTicket, r.occupied(err)
}

func (r *restoration) database() store.Options {
	return store.Options{Database: r.config.database, Folder: r.config.data, Log: r.logger(r.config)}
}

// occupied says what to do about a place that is not empty.
func (r *restoration) occupied(err error) error {
	switch {
	case !errors.Is(err, store.ErrOccupied):
		return err
	case r.config.database != "":
		return errors.New("the PostgreSQL database has an installation in it already; a restore replaces nothing. Make an empty database (createdb) and name it with --database")
	}
	return fmt.Errorf("the data folder %s has an installation in it already (%w); a restore replaces nothing. Name an empty folder with --data, or move the old one away", r.config.data, err)
}

// key finds the master key of the backup and returns what puts it in its place, if it is not there.
func (r *restoration) key() (master auth.MasterKey, settle func() error, err error) {
	path := r.config.keyFile
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) || r.contents.Key == nil {
		master, err = loadKeyOf(r.contents, path)
		return master, func() error { return nil }, err
	}
	temp := path + beingRestored
	if err := durable.MakeFolder(filepath.Dir(path)); err != nil {
		return master, nil, err
	}
	if err := errors.Join(removeIfThere(temp), os.WriteFile(temp, r.contents.Key, 0o600)); err != nil {
		return master, nil, err
	}
	master, err = loadKeyOf(r.contents, temp)
	return master, func() error { return writeNew(path, r.contents.Key) }, err
}

// blobs restores the attachments.
func (r *restoration) blobs(ctx context.Context, master auth.MasterKey) error {
	ring, err := auth.OpenKeyring(master, r.contents.DataKeys)
	if err != nil {
		return err
	}
	to, err := blob.Open(ctx, r.config.blobs, r.blobOptions(ring))
	if err != nil {
		return fmt.Errorf("the place of the attachments (SERVICEDESK_BLOBS) cannot be used: %w", err)
	}
	return backup.RestoreBlobs(ctx, r.file, to, r.progress("attachments restored", r.began))
}

// writeNew writes a file durably. One that is there with the same content stays; one with another is an error.
func writeNew(path string, content []byte) error {
	if there, err := os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil && !bytes.Equal(there, content) {
			err = fmt.Errorf("%s is there already, with another content: move it away", path)
		}
		return err
	}
	temp, err := durable.WriteTemp(filepath.Dir(path), filepath.Base(path)+".*"+beingRestored, content)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	return durable.Publish(temp, path)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
