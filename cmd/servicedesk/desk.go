package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// opened is an installation that a command works on.
type opened struct {
	store   *store.Store
	app     *app.App
	config  *config
	log     *slog.Logger
	metrics *prometheus.Registry
}

// open opens the installation that the configuration names, and makes it when it does not exist.
func (p *program) open(ctx context.Context, c *config, clock func() time.Time) (*opened, error) {
	o := &opened{config: c, log: p.logger(c), metrics: prometheus.NewRegistry()}
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	var err error
	o.store, err = store.Open(ctx, store.Options{Database: c.database, Folder: c.data, Clock: clock, Log: o.log, Metrics: o.metrics})
	if err != nil {
		return nil, err
	}
	if err := o.start(ctx, p); err != nil {
		return nil, errors.Join(err, o.store.Close())
	}
	return o, nil
}

// start opens keys and attachments and makes the verbs.
func (o *opened) start(ctx context.Context, p *program) error {
	keyring, err := app.Install(ctx, o.store, o.config.keyFile, o.config.firstTicket)
	if err != nil {
		return err
	}
	blobs, err := blob.Open(ctx, o.config.blobs, p.blobOptions(keyring))
	if err != nil {
		return fmt.Errorf("the place of the attachments (SERVICEDESK_BLOBS) cannot be used: %w", err)
	}
	o.app, err = app.New(ctx, app.Options{Store: o.store, Keyring: keyring, Blobs: blobs, Log: o.log, AutoClose: o.config.autoClose})
	return err
}

func (p *program) blobOptions(keyring *auth.Keyring) blob.Options {
	return blob.Options{Seal: keyring.SealBytes, Open: keyring.OpenBytes, S3: blob.S3Options{
		AccessKeyID: p.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: p.getenv("AWS_SECRET_ACCESS_KEY"),
	}}
}

func (p *program) getenv(name string) string {
	for _, pair := range p.env {
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

// lock takes the data folder for one serving program; the error names the one that has it.
func lock(c *config) (*os.File, error) {
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	path := c.data + "/serve.lock"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(path)
		f.Close()
		return nil, fmt.Errorf("another servicedesk (pid %s) serves the data folder %s already: stop it, or name another folder with --data", strings.TrimSpace(string(pid)), c.data)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := fmt.Fprintf(f, "%d\n", os.Getpid()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
