package demo_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/demo"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

var (
	operator = desk.Actor{Kind: desk.ByCommand, ID: "test", Name: "test"}
	reader   = desk.Actor{Kind: desk.ByAgent, ID: "reader", Name: "reader", Permissions: desk.Permissions{desk.MayManage}}
)

// told is a desk by the demo's clock, and the demo on it.
type told struct {
	*demo.Demo
	options demo.Options
	store   *store.Store
}

func newDemo(t *testing.T, e desktest.Engine) told {
	t.Helper()
	folder, clock, log := t.TempDir(), &demo.Clock{}, slog.New(slog.DiscardHandler)
	options := store.Options{Folder: folder, Clock: clock.Now, Log: log, Rehearse: true}
	if e == desktest.PostgreSQL {
		options.Database = desktest.Postgres(t)
	}
	s, err := store.Open(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	keyring, err := app.Install(t.Context(), s, filepath.Join(folder, "key"), 10001)
	must(t, err)
	blobs, err := blob.Open(t.Context(), filepath.Join(folder, "blobs"), blob.Options{Seal: keyring.SealBytes, Open: keyring.OpenBytes})
	must(t, err)
	a, err := app.New(t.Context(), app.Options{Store: s, Keyring: keyring, Blobs: blobs, Log: log})
	must(t, err)
	number := func(ctx context.Context) error {
		for {
			if n, err := s.Sequence(ctx, a.Seal); n == 0 || err != nil {
				return err
			}
		}
	}
	o := demo.Options{App: a, Operator: operator, Clock: clock, Number: number}
	d, err := demo.New(o)
	must(t, err)
	return told{d, o, s}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d told) tickets(t *testing.T) int {
	t.Helper()
	page, err := d.options.App.ListTickets(t.Context(), reader, app.List{Limit: 200})
	must(t, err)
	return len(page.Tickets)
}

func TestTheStoryIsToldOnceAndThenTheClockGoesOn(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newDemo(t, e)
		n, err := d.Fill(t.Context())
		must(t, err)
		if got := d.tickets(t); got != n || n == 0 {
			t.Errorf("%d tickets were told of, there are %d", n, got)
		}
		if left, err := d.store.Sequence(t.Context(), d.options.App.Seal); left != 0 || err != nil {
			t.Errorf("%d events and entries are left without a number (%v)", left, err)
		}
		if before, now := time.Now(), d.options.Clock.Now(); now.Before(before) {
			t.Errorf("at %v the clock still stands at %v", before, now)
		}
		if again, err := d.Fill(t.Context()); again != 0 || err != nil || d.tickets(t) != n {
			t.Errorf("told again: %d tickets (%v), there are %d", again, err, d.tickets(t))
		}
	})
}

func TestTheClockGoesOnAfterAStoryThatFailed(t *testing.T) {
	t.Parallel()
	options := newDemo(t, desktest.SQLite).options
	broken := errors.New("the disk is gone")
	var stood time.Time
	options.Number = func(context.Context) error { stood = options.Clock.Now(); return broken }
	d, err := demo.New(options)
	must(t, err)
	before := time.Now()
	if _, err := d.Fill(t.Context()); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if now := options.Clock.Now(); !stood.Before(before.Add(-24*time.Hour)) || now.Before(before) {
		t.Errorf("it was %v when the story began to be told, and %v after that", stood, now)
	}
}

func TestAKeyIsKeptWhileItMayDoTheSame(t *testing.T) {
	t.Parallel()
	d := newDemo(t, desktest.SQLite)
	first, err := d.Key(t.Context(), "")
	must(t, err)
	if again, err := d.Key(t.Context(), first); again != first || err != nil {
		t.Errorf("the key %s became %s (%v)", first, again, err)
	}
	weak, err := d.options.App.CreateKey(t.Context(), operator, app.NewKey{Name: "weak", Permissions: desk.Permissions{desk.MayRead}, Rate: 20})
	must(t, err)
	known, _, err := d.options.App.Authenticate(t.Context(), first, reader.Address)
	must(t, err)
	must(t, d.options.App.RevokeKey(t.Context(), operator, known.ID))
	for _, kept := range []string{"", "nonsense", weak.Text, first} {
		fresh, err := d.Key(t.Context(), kept)
		must(t, err)
		if key, _, err := d.options.App.Authenticate(t.Context(), fresh, reader.Address); fresh == kept || err != nil || key.PartnerName != "Gerbang WhatsApp" {
			t.Errorf("instead of %q there is %q of %q (%v)", kept, fresh, key.PartnerName, err)
		}
	}
}
