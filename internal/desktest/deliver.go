package desktest

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/webhook"
)

// opener decrypts what a delivery needs of a target.
type opener func(t desk.Target, at time.Time) (url string, secrets []string, err error)

// webhooks makes what calls partners; receivers of tests are on this machine.
func (d *Desk) webhooks(open opener) *webhook.Deliverer {
	return webhook.NewDeliverer(webhook.NewClient(partners()), open, d.Clock.Now)
}

// partners guards the addresses that partners give.
func partners() *guard.Guard {
	return guard.ForPartners(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

func (d *Desk) ping(ctx context.Context, t desk.Target, e desk.Event, open func(desk.Target, time.Time) (string, []string, error)) app.Ping {
	got := d.webhooks(open).Send(ctx, t, webhook.Message{ID: e.ID(), Body: e.Body})
	return app.Ping{Delivered: got.Done, Class: got.Class, Status: got.Status, Said: got.Said}
}

// Deliver delivers what is owed to targets for as long as a function waits for what shall come of it; what came of every
// attempt is stored when Deliver returns. waits are the pauses between attempts, by the desk's clock; without any the
// first attempt is the last one.
func (d *Desk) Deliver(t testing.TB, waits outbox.Waits, until func()) {
	t.Helper()
	handler := d.webhooks(d.App.OpenTarget).Handler(waits, time.Minute)
	runner := outbox.New(outbox.Options{Store: d.Store, Log: slog.New(slog.DiscardHandler),
		Handlers: map[desk.TargetKind]outbox.Handler{desk.RegisteredTarget: handler, desk.TicketTarget: handler}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); runner.Run(ctx) }()
	defer func() { stop(); <-ended }()
	until()
}
