package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/backup"
	"banksulutgo.co.id/servicedesk/store"
)

// progressEvery is how often a long command says how far it is.
const progressEvery = 2 * time.Second

// backupOut is what the commands about backups print with --json.
type backupOut struct {
	OK              bool    `json:"ok"`
	Why             string  `json:"why,omitempty"` // what is wrong
	File            string  `json:"file"`
	Time            string  `json:"time,omitempty"`
	Tickets         int64   `json:"tickets"`
	Rows            int64   `json:"rows"`
	Attachments     int64   `json:"attachments"` // files; several tickets may share one
	AttachmentBytes int64   `json:"attachmentBytes"`
	Bytes           int64   `json:"bytes"`
	WithKey         bool    `json:"withKey"`
	KeyFingerprint  string  `json:"keyFingerprint,omitempty"`
	Seconds         float64 `json:"seconds"`
}

func outOf(file string, d backup.Description, s backup.Sums, bytes int64, began time.Time) backupOut {
	return backupOut{OK: true, File: file, Time: d.Time.Format(time.RFC3339), Tickets: s.Rows("ticket"), Rows: s.AllRows(), Attachments: s.Blobs.Count,
		AttachmentBytes: s.Blobs.Bytes, Bytes: bytes, WithKey: d.WithKey, KeyFingerprint: d.Fingerprint, Seconds: time.Since(began).Seconds()}
}

// String sums a backup up for people.
func (o backupOut) String() string {
	return fmt.Sprintf("%d tickets, %d rows, %d files of attachments, %s", o.Tickets, o.Rows, o.Attachments, inBytes(o.Bytes))
}

// inBytes words a size.
func inBytes(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d MB", n/1_000_000)
}

func backupCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	verify := flags.Bool("verify", false, "check a backup: restore it aside and compare everything")
	without := flags.Bool("without-key", false, "leave the master key out of the backup")
	asJSON := flags.Bool("json", false, "print JSON")
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	if *verify {
		return p.verifyBackup(ctx, c, rest[0], *asJSON)
	}
	began := time.Now()
	return p.withFiles(ctx, c, func(o *opened) error {
		source := o.backupSource(p.progress("written", began))
		if *without || !c.keyInside() {
			source.KeyFile = ""
		}
		made, err := p.writeBackup(ctx, rest[0], source)
		if err != nil {
			return err
		}
		return p.printBackup(c, outOf(rest[0], made.Description, made.Sums, made.Bytes, began), *without, *asJSON)
	})
}

// backupSource is what a backup of the installation is made of.
func (o *opened) backupSource(progress func(backup.Progress)) backup.Source {
	return backup.Source{Store: o.store, Blobs: o.blobs, Program: version, Engine: o.config.databaseName(), KeyFile: o.config.keyFile, HeadsFile: headsFile(o.config), Progress: progress}
}

// keyInside reports whether the master key lies in the data folder, as what belongs into a backup of it.
func (c *config) keyInside() bool {
	data, dataErr := filepath.Abs(c.data)
	key, keyErr := filepath.Abs(c.keyFile)
	if dataErr != nil || keyErr != nil {
		return false
	}
	inside, err := filepath.Rel(data, key)
	return err == nil && filepath.IsLocal(inside)
}

// writeBackup writes a backup into a new file, or to standard output.
func (p *program) writeBackup(ctx context.Context, file string, s backup.Source) (backup.Made, error) {
	if file == "-" {
		return backup.Write(ctx, p.stdout, s)
	}
	return backup.Create(ctx, file, s)
}

// printBackup says what was written. What a script reads from standard output is not mixed with the backup itself.
func (p *program) printBackup(c *config, out backupOut, without, asJSON bool) error {
	to := p
	if out.File == "-" {
		to = &program{stdout: p.stderr}
	}
	if asJSON {
		return to.printJSON(out)
	}
	fmt.Fprintf(to.stdout, "Backup written to %s: %s, as of %s; it took %.1f s.\n", out.File, out, out.Time, out.Seconds)
	switch {
	case out.WithKey:
		fmt.Fprintf(to.stdout, "The master key is in it: whoever has this file can read everything. Keep it as you keep the key.\n")
	case without:
		fmt.Fprintf(to.stdout, "The master key is not in it. Without the key file (fingerprint %s) nobody can restore it: keep a copy of %s elsewhere.\n", out.KeyFingerprint, c.keyFile)
	default:
		fmt.Fprintf(to.stdout, "The master key is not in it: %s lies outside of the data folder. A restore needs that file (fingerprint %s).\n", c.keyFile, out.KeyFingerprint)
	}
	return nil
}

// progress says on standard error how far something is, now and then.
func (p *program) progress(doing string, began time.Time) func(backup.Progress) {
	last := began
	return func(at backup.Progress) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			fmt.Fprintf(p.stderr, "%s: %d rows, %d files, %s\n", doing, at.Rows, at.Blobs, inBytes(at.Bytes))
		}
	}
}

// verifyBackup checks a backup and says what holds. The exit status is 0 only when everything does.
func (p *program) verifyBackup(ctx context.Context, c *config, file string, asJSON bool) error {
	began := time.Now()
	v := verification{program: p, config: c, file: file, began: began, say: p.stdout}
	if asJSON {
		v.say = io.Discard
	}
	contents, err := v.run(ctx)
	out := backupOut{File: file, Seconds: time.Since(began).Seconds()}
	if contents != nil {
		out = outOf(file, contents.Description, contents.Sums, contents.Bytes, began)
	}
	if err != nil {
		out.OK, out.Why = false, plain(err)
	}
	switch {
	case asJSON:
		if err := p.printJSON(out); err != nil {
			return err
		}
	case out.OK:
		fmt.Fprintf(p.stdout, "Everything holds; it took %.1f s.\n", out.Seconds)
	default:
		fmt.Fprintf(p.stdout, "DOES NOT HOLD: %s\n", out.Why)
	}
	if !out.OK {
		return exit(1)
	}
	return nil
}

// verification checks one backup.
type verification struct {
	*program
	config *config
	file   string
	began  time.Time
	say    io.Writer
}

// run checks everything in a folder of its own. It returns the contents as soon as they are known.
func (v verification) run(ctx context.Context) (c *backup.Contents, err error) {
	c, err = backup.Read(ctx, v.file, v.progress("read", v.began))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(v.say, "The file is whole: each of its %d bytes is as it was written.\n", c.Bytes)
	fmt.Fprintf(v.say, "It was made at %s from %s by servicedesk %s, schema version %d: %s.\n", c.Time.Format(time.RFC3339), c.Engine, c.Program, c.Schema,
		outOf(v.file, c.Description, c.Sums, c.Bytes, v.began))
	folder, err := os.MkdirTemp("", "servicedesk-verify-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := backup.VerifyRows(ctx, v.file, c, folder, v.progress("restored aside", v.began)); err != nil {
		return c, err
	}
	fmt.Fprintf(v.say, "The rows can be restored: %d tables are read back as they were stored.\n", len(c.Tables))
	key, err := v.key(c, folder)
	if err != nil {
		return c, err
	}
	return c, v.sealed(ctx, c, folder, key)
}

// key returns the master key's file: a copy of the one in the backup, or the configuration's.
func (v verification) key(c *backup.Contents, folder string) (string, error) {
	path := filepath.Join(folder, "key")
	if c.Key == nil {
		path = v.config.keyFile
	} else if err := os.WriteFile(path, c.Key, 0o600); err != nil {
		return "", err
	}
	_, err := loadKeyOf(c, path)
	return path, err
}

// loadKeyOf reads a master key, which must be that of the backup.
func loadKeyOf(c *backup.Contents, path string) (auth.MasterKey, error) {
	master, err := auth.LoadMasterKey(path)
	if errors.Is(err, os.ErrNotExist) {
		return master, fmt.Errorf("the master key is not in the backup and not in %s: name its file (fingerprint %s) with SERVICEDESK_KEY_FILE", path, c.Fingerprint)
	}
	if err == nil && master.Fingerprint() != c.Fingerprint {
		err = fmt.Errorf("the key file %s has fingerprint %s, the backup needs the one with %s: name that file with SERVICEDESK_KEY_FILE", path, master.Fingerprint(), c.Fingerprint)
	}
	return master, err
}

// sealed checks what only the key tells: the attachments and the audit trail.
func (v verification) sealed(ctx context.Context, c *backup.Contents, folder, key string) (err error) {
	s, err := store.Open(ctx, store.Options{Folder: folder, Log: v.logger(v.config)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ring, err := app.Install(ctx, s, key, v.config.firstTicket)
	if err != nil {
		return err
	}
	if err := backup.VerifyBlobs(ctx, v.file, v.blobOptions(ring), v.progress("attachments checked", v.began)); err != nil {
		return err
	}
	fmt.Fprintf(v.say, "The attachments can be read: %d files open, and each has the SHA-256 that its tickets name.\n", c.Sums.Blobs.Count)
	verbs, err := app.New(ctx, app.Options{Store: s, Keyring: ring, Log: v.logger(v.config)})
	if err != nil {
		return err
	}
	heads := filepath.Join(folder, "heads")
	if err := os.WriteFile(heads, c.Heads, 0o600); err != nil {
		return err
	}
	exported, err := app.ReadHeads(heads)
	if err != nil {
		return fmt.Errorf("the exported audit heads in the backup: %s", strings.ReplaceAll(err.Error(), heads, filepath.Base(headsFile(v.config))))
	}
	verified, err := verbs.VerifyAudit(ctx, exported, func(int64) {})
	if err == nil && verified.Broken != nil {
		err = fmt.Errorf("the audit trail is broken at entry %d: %s", verified.Broken.Number, verified.Broken.Why)
	}
	if err == nil {
		fmt.Fprintf(v.say, "The audit trail holds: %d entries, compared with %d exported heads%s.\n", verified.Entries, len(exported), unsealed(verified.Unsealed))
	}
	return err
}

// unsealed words how many entries at the end of the trail have no seal.
func unsealed(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d more were not sealed yet", n)
}
