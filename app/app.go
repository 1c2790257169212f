// Package app holds the verbs of the desk: one file and one function for each thing that somebody can do. A verb
// authorises, lets the nouns decide, and writes one transaction. It knows no SQL and no HTTP.
package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Options are what New needs.
type Options struct {
	Store         *store.Store
	Keyring       *auth.Keyring
	Blobs         blob.Store
	Log           *slog.Logger    // default slog.Default()
	AutoClose     time.Duration   // how long a resolved ticket stays open for a word; 0: for ever
	Ping          Pinger          // tries a target; nil: TestTarget cannot be used
	KeepAttempts  time.Duration   // how long the log of deliveries is kept; 0: for ever
	TestKeep      time.Duration   // how long tickets for tests are kept; 0: for ever
	Forwarding    desk.Forwarding // which new tickets go to Sociomile; default: none
	ReadsInMemory int             // how many noted reads may wait while they cannot be written; default 4096

	ConnectorOn   bool            // what is owed to Sociomile is sent; default: it is not
	ForwardFields func() []string // the provider's fields that a person may edit, by their names; nil: none

	CheckURL func(url string) error // an error for a URL of a partner that is never called; nil: nobody is warned of one
}

// App does what people and systems ask of the desk. It is safe for concurrent use.
type App struct {
	store     *store.Store
	keyring   *auth.Keyring
	blobs     blob.Store
	log       *slog.Logger
	autoClose time.Duration
	testKeep  time.Duration
	reference atomic.Pointer[desk.Reference]
	keys      keyCache
	reads     chan desk.AuditEntry
	ping      Pinger
	forwards  desk.Forwarding
	checkURL  func(url string) error
	decoy     *desk.Ticket // what tracking looks at when there is no ticket; sealed

	connectorOn   bool
	forwardFields func() []string

	keepAttempts time.Duration

	referenceVersion atomic.Int64 // of the configuration that reference was read from; 0: none yet
}

// New makes the verbs over an open store and reads its reference data.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.ReadsInMemory == 0 {
		o.ReadsInMemory = 4096
	}
	a := &App{store: o.Store, keyring: o.Keyring, blobs: o.Blobs, log: o.Log, autoClose: o.AutoClose, testKeep: o.TestKeep, ping: o.Ping, forwards: o.Forwarding, checkURL: o.CheckURL, keepAttempts: o.KeepAttempts, connectorOn: o.ConnectorOn, forwardFields: o.ForwardFields,
		keys: newKeyCache(), reads: make(chan desk.AuditEntry, o.ReadsInMemory)}
	if a.forwardFields == nil {
		a.forwardFields = func() []string { return nil }
	}
	if err := errors.Join(a.makeDecoy(), a.refresh(ctx)); err != nil {
		return nil, err
	}
	return a, nil
}

// Reference is the reference data as of now, which nobody may change.
func (a *App) Reference() *desk.Reference { return a.reference.Load() }

// now is the desk's time, UTC.
func (a *App) now() time.Time { return a.store.Now() }

// CalendarOf returns the calendar of a ticket's clocks; the zero Calendar counts every second.
func (a *App) CalendarOf(t *desk.Ticket) desk.Calendar {
	return a.reference.Load().Calendars[t.Calendar]
}
