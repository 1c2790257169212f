package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/durable"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/webhook"
)

// opened is an installation that a command works on.
type opened struct {
	store   *store.Store
	app     *app.App
	staff   *staff.Staff
	blobs   blob.Store // nil without attachments
	config  *config
	log     *slog.Logger
	metrics *prometheus.Registry
	guard   *guard.Guard    // of addresses that partners give
	caller  *webhook.Client // of webhooks, through guard
}

// attachments says whether an installation is opened with the place of its attachments. Commands other than serve do
// without: a key must be revocable while that place is out of reach.
type attachments bool

const (
	withAttachments    attachments = true
	withoutAttachments attachments = false
)

// open opens the installation that the configuration names, and makes it when it does not exist.
func (p *program) open(ctx context.Context, c *config, files attachments, clock func() time.Time) (*opened, error) {
	o := &opened{config: c, log: p.logger(c), metrics: prometheus.NewRegistry(), guard: guard.ForPartners(guard.Options{Allow: c.allowNets})}
	o.caller = webhook.NewClient(o.guard)
	if err := durable.MakeFolder(c.data); err != nil {
		return nil, fmt.Errorf("the data folder (SERVICEDESK_DATA) cannot be made: %w", err)
	}
	var err error
	o.store, err = store.Open(ctx, store.Options{Database: c.database, Folder: c.data, Clock: clock, Log: o.log, Metrics: o.metrics})
	if err != nil {
		return nil, err
	}
	if err := o.start(ctx, p, files); err != nil {
		return nil, errors.Join(err, o.store.Close())
	}
	return o, nil
}

// start opens keys and attachments and makes the verbs.
func (o *opened) start(ctx context.Context, p *program, files attachments) error {
	keyring, err := app.Install(ctx, o.store, o.config.keyFile, o.config.firstTicket)
	if err != nil {
		return err
	}
	options := app.Options{Store: o.store, Keyring: keyring, Log: o.log, AutoClose: o.config.autoClose, TestKeep: o.config.testKeep, KeepAttempts: o.config.keepAttempts, Ping: o.ping,
		Forwarding: o.config.forwarding(), ConnectorOn: o.config.connector.enabled, ForwardFields: o.config.forwardFields, CheckURL: o.guard.CheckURL}
	if files {
		if o.blobs, err = blob.Open(ctx, o.config.blobs, p.blobOptions(keyring)); err != nil {
			return fmt.Errorf("the place of the attachments (SERVICEDESK_BLOBS) cannot be used: %w", err)
		}
		options.Blobs = o.blobs
	}
	if o.app, err = app.New(ctx, options); err != nil {
		return err
	}
	employees := staff.Options{App: o.app, Store: o.store, Keyring: keyring, Log: o.log}
	if p.self != "" {
		employees.HashApart = []string{p.self, "hash"}
	}
	o.staff = staff.New(employees)
	return nil
}

// with opens the installation, which is made when it does not exist, does something, and closes it.
func (p *program) with(ctx context.Context, c *config, do func(*opened) error) error {
	fresh := !c.installed()
	o, err := p.open(ctx, c, withoutAttachments, time.Now)
	if err != nil {
		return err
	}
	if fresh {
		fmt.Fprintf(p.stderr, "A new installation was made in %s.\n", c.data)
	}
	return errors.Join(do(o), o.store.Close())
}

// installed reports whether there is an embedded database in the data folder; of PostgreSQL that is taken for granted.
func (c *config) installed() bool {
	if c.database != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(c.data, store.SQLiteFile))
	return err == nil
}

// withExisting is with, but for commands whose answer would be misleading about a new installation: a mistyped folder
// is an error. A PostgreSQL database without tables is not a typing error, and is made ready.
func (p *program) withExisting(ctx context.Context, c *config, do func(*opened) error) error {
	if err := c.mustBeInstalled(); err != nil {
		return err
	}
	return p.with(ctx, c, do)
}

// mustBeInstalled is an error about a data folder without an embedded database.
func (c *config) mustBeInstalled() error {
	if c.installed() {
		return nil
	}
	return fmt.Errorf("there is no installation in %s: name its folder with --data, or its database with --database", c.data)
}

// withFiles is withExisting, but for commands that work on the attachments too.
func (p *program) withFiles(ctx context.Context, c *config, do func(*opened) error) error {
	if err := c.mustBeInstalled(); err != nil {
		return err
	}
	o, err := p.open(ctx, c, withAttachments, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(do(o), o.store.Close())
}

func (p *program) blobOptions(keyring *auth.Keyring) blob.Options {
	return blob.Options{Seal: keyring.SealBytes, Open: keyring.OpenBytes, S3: p.s3()}
}

// s3 is who we are to an S3 server.
func (p *program) s3() blob.S3Options {
	return blob.S3Options{AccessKeyID: p.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: p.getenv("AWS_SECRET_ACCESS_KEY")}
}

func (p *program) getenv(name string) string {
	for _, pair := range slices.Backward(p.env) { // the environment stands behind the file
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// logger logs to standard error in the configured form.
func (p *program) logger(c *config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logJSON {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

// operator is who works at the command line.
func operator() desk.Actor {
	return desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}
}

// lockFile is locked in the data folder by the program that serves it, whose number it holds.
const lockFile = "serve.lock"

// lock takes the data folder for one serving program; the error names the one that has it.
func lock(c *config) (*os.File, error) {
	if err := durable.MakeFolder(c.data); err != nil {
		return nil, fmt.Errorf("the data folder (SERVICEDESK_DATA) cannot be made: %w", err)
	}
	path := filepath.Join(c.data, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(path)
		f.Close()
		return nil, fmt.Errorf("another servicedesk (pid %s) serves the data folder %s already: stop it, or name another folder with --data",
			cmp.Or(strings.TrimSpace(string(pid)), "unknown"), c.data)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := fmt.Fprintf(f, "%d\n", os.Getpid()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
