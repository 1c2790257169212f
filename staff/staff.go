// Package staff holds the verbs of employees: how they sign in and who they are, what they see of tickets, and what the
// console keeps for them. What is done to a ticket they do by the verbs of app, as everybody.
package staff

import (
	"log/slog"

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
}

// Staff does what employees ask of the desk. It is safe for concurrent use.
type Staff struct {
	app     *app.App
	store   *store.Store
	keyring *auth.Keyring
	log     *slog.Logger
}

// New makes the verbs of employees.
func New(o Options) *Staff {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Staff{app: o.App, store: o.Store, keyring: o.Keyring, log: o.Log}
}
