// Package staff holds the verbs of employees: how they sign in and who they are, what they see of tickets, and what the
// console keeps for them. What is done to a ticket they do by the verbs of app, as everybody.
package staff

import (
	"cmp"
	"log/slog"
	"runtime"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/store"
)

// Options are what New needs.
type Options struct {
	App     *app.App
	Store   *store.Store
	Keyring *auth.Keyring
	Log     *slog.Logger // default slog.Default()

	Hasher      *auth.Hasher  // of passwords; default: on half of the processors, with 64 that may wait
	HashApart   []string      // command by which the default Hasher works (auth.HasherOptions.Apart)
	SessionLife time.Duration // how long somebody is signed in at most; default 12 hours
	SessionIdle time.Duration // how long somebody who does nothing stays signed in; default 30 minutes
	Issuer      string        // by which an authenticator app names the desk; default "ServiceDesk"
}

// waitingPasswords is how many passwords may wait to be hashed.
const waitingPasswords = 64

// Staff does what employees ask of the desk. It is safe for concurrent use.
type Staff struct {
	app     *app.App
	store   *store.Store
	keyring *auth.Keyring
	log     *slog.Logger

	hasher     *auth.Hasher
	noPassword string // hash that is verified against when there is nobody to sign in
	life, idle time.Duration
	issuer     string
}

// New makes the verbs of employees.
func New(o Options) *Staff {
	if o.Hasher == nil {
		o.Hasher = auth.NewHasher(auth.HasherOptions{Parallel: runtime.GOMAXPROCS(0) / 2, Waiting: waitingPasswords, Apart: o.HashApart, Log: o.Log})
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Staff{app: o.App, store: o.Store, keyring: o.Keyring, log: o.Log, hasher: o.Hasher, noPassword: auth.NoPassword(),
		life: cmp.Or(o.SessionLife, 12*time.Hour), idle: cmp.Or(o.SessionIdle, 30*time.Minute), issuer: cmp.Or(o.Issuer, "ServiceDesk")}
}

// now is the desk's time, UTC.
func (s *Staff) now() time.Time { return s.store.Now() }
