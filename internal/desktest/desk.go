package desktest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/web"
)

// Engine is a database that tests run on.
type Engine string

// The two engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// OnEachEngine runs a test on SQLite and on PostgreSQL, side by side.
func OnEachEngine(t *testing.T, test func(t *testing.T, e Engine)) {
	t.Helper()
	for _, e := range []Engine{SQLite, PostgreSQL} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// Desk is a whole desk for one test, on a database of its own: everything that `serve` wires but the command line.
type Desk struct {
	Engine   Engine
	Folder   string // data folder
	Database string // postgres:// URL; empty with SQLite
	Clock    *Clock
	Store    *store.Store
	Keyring  *auth.Keyring
	App      *app.App
	Staff    *staff.Staff
	API      *api.Server
	URL      string // of the running HTTP server, without a path
	Log      *Log
	Numbered *live.Hub
	tune     []func(*app.Options)
}

// NewDesk makes a desk that stops with the test. Its clock stands still, every transaction is rehearsed, and nothing
// is numbered or sealed in the background: call Sequence. tune changes the options of its verbs.
func NewDesk(t testing.TB, e Engine, tune ...func(*app.Options)) *Desk {
	t.Helper()
	d := &Desk{Engine: e, Folder: t.TempDir(), Clock: NewClock(), Log: &Log{}, Numbered: &live.Hub{}, tune: tune}
	if e == PostgreSQL {
		d.Database = Postgres(t)
	}
	d.open(t)
	return d
}

// Node opens another desk on the same installation, as a second node of it; on SQLite in the same process.
func (d *Desk) Node(t testing.TB) *Desk {
	t.Helper()
	other := &Desk{Engine: d.Engine, Folder: d.Folder, Database: d.Database, Clock: d.Clock, Log: d.Log, Numbered: &live.Hub{}, tune: d.tune}
	other.open(t)
	return other
}

func (d *Desk) open(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	log := slog.New(slog.NewJSONHandler(d.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	d.Store, err = store.Open(ctx, store.Options{Database: d.Database, Folder: d.Folder, Clock: d.Clock.Now, Log: log, Rehearse: true})
	must(t, err)
	t.Cleanup(func() { must(t, d.Store.Close()) })
	d.Keyring, err = app.Install(ctx, d.Store, filepath.Join(d.Folder, "key"), 10001)
	must(t, err)
	blobs, err := blob.Open(ctx, filepath.Join(d.Folder, "blobs"), blob.Options{Seal: d.Keyring.SealBytes, Open: d.Keyring.OpenBytes})
	must(t, err)
	options := app.Options{Store: d.Store, Keyring: d.Keyring, Blobs: blobs, Log: log, AutoClose: 7 * 24 * hour, TestKeep: 30 * 24 * hour, KeepAttempts: 90 * 24 * hour, Ping: d.ping, CheckURL: partners().CheckURL}
	for _, tune := range d.tune {
		tune(&options)
	}
	d.App, err = app.New(ctx, options)
	must(t, err)
	d.Staff = staff.New(staff.Options{App: d.App, Store: d.Store, Keyring: d.Keyring, Log: log})
	d.serve(t, log)
}

func (d *Desk) serve(t testing.TB, log *slog.Logger) {
	t.Helper()
	document, err := documentJSON()
	must(t, err)
	stopping := make(chan struct{})
	door := web.New(web.Options{Log: log, Metrics: prometheus.NewRegistry(), Clock: d.Clock.Now})
	d.API = api.New(api.Options{App: d.App, Door: door, Limiter: web.NewLimiter(d.Clock.Now), Numbered: d.Numbered, Stopping: stopping, DocumentJSON: document, Clock: d.Clock.Now})
	server := httptest.NewServer(http.Handler(d.API))
	d.URL = server.URL
	ctx, stop := context.WithCancel(context.Background())
	kept := make(chan struct{})
	go func() { defer close(kept); d.App.KeepAudit(ctx) }()
	t.Cleanup(func() {
		close(stopping)
		server.Close()
		stop()
		<-kept
	})
}

// Sequence numbers and seals all that was committed, as the running program does a moment behind every commit.
func (d *Desk) Sequence(t testing.TB) {
	t.Helper()
	for {
		n, err := d.Store.Sequence(context.Background(), d.App.Seal)
		must(t, err)
		if n == 0 {
			return
		}
		d.Numbered.Publish()
	}
}

// Index numbers what was committed and makes all tickets findable by their words, as the running program does a second behind
// every commit.
func (d *Desk) Index(t testing.TB) {
	t.Helper()
	d.Sequence(t)
	for more := true; more; {
		done, err := d.App.IndexSome(context.Background())
		must(t, err)
		more = done.More
	}
}

// NewKey makes an API key without a rate limit, of a partner of its name.
func (d *Desk) NewKey(t testing.TB, name string, permissions ...desk.Permission) app.CreatedKey {
	t.Helper()
	created, err := d.App.CreateKey(context.Background(), desk.Actor{Kind: desk.ByCommand, ID: "test", Name: "test"},
		app.NewKey{Name: name, Permissions: permissions})
	must(t, err)
	return created
}

// NewTestKey makes a test key without a rate limit, for a partner.
func (d *Desk) NewTestKey(t testing.TB, partner string, permissions ...desk.Permission) app.CreatedKey {
	t.Helper()
	created, err := d.App.CreateKey(context.Background(), desk.Actor{Kind: desk.ByCommand, ID: "test", Name: "test"},
		app.NewKey{Name: partner + " tests", Partner: partner, Test: true, Permissions: permissions})
	must(t, err)
	return created
}

// Actor is who an API key acts as.
func (d *Desk) Actor(k app.CreatedKey) desk.Actor {
	return desk.Actor{Kind: desk.ByPartner, ID: k.Key.ID, Name: k.Key.Name, PartnerID: k.Key.PartnerID, PartnerName: k.Key.PartnerName, Test: k.Key.Test, Provider: k.Key.Provider, Permissions: k.Key.Permissions}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
