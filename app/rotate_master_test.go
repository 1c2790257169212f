package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func keyFile(d *desktest.Desk) string { return filepath.Join(d.Folder, "key") }

func rotated(t *testing.T, d *desktest.Desk) app.RotatedMaster {
	t.Helper()
	r, err := app.RotateMasterKey(t.Context(), d.Store, desk.System(), keyFile(d))
	if err != nil {
		t.Fatal(err)
	}
	if r.Old == r.New || r.Old == "" {
		t.Fatalf("rotated from %s to %s", r.Old, r.New)
	}
	return r
}

// mustRead reads a ticket, for which its encrypted part has to open.
func mustRead(t *testing.T, d *desktest.Desk, actor desk.Actor, number string) {
	t.Helper()
	if _, err := d.App.ReadTicket(t.Context(), actor, number); err != nil {
		t.Error(err)
	}
}

func TestWhatWasSealedOpensAfterTheMasterKeyWasRotated(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "partner")
		opened, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), app.Once[app.Opened]{})
		if err != nil {
			t.Fatal(err)
		}
		number := strconv.FormatInt(opened.Ticket.Number, 10)
		first := rotated(t, d)
		second := rotated(t, d)
		if second.Old != first.New {
			t.Errorf("the second rotation began with %s, want %s", second.Old, first.New)
		}
		mustRead(t, d, actor, number) // a node that runs goes on
		mustRead(t, d.Node(t), actor, number)
		for _, fingerprint := range []string{first.Old, second.Old} {
			if _, err := os.Stat(keyFile(d) + "." + fingerprint); err != nil {
				t.Errorf("an old key is not kept: %v", err)
			}
		}
		if _, err := os.Stat(keyFile(d) + ".new"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the new key's file is left behind (%v)", err)
		}
	})
}

func TestARotationThatWasCutOffIsFinishedOrForgotten(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "partner")
		key := keyFile(d)

		// Cut off before the database knew the new key.
		next := filepath.Join(t.TempDir(), "data")
		other := copyOfKey(t, next)
		move(t, other, key+".new")
		d.Node(t)
		forgotten := readFile(t, key+".new")
		r := rotated(t, d)
		if readFile(t, key) != forgotten {
			t.Error("the next rotation did not take the key that was left")
		}

		// Cut off after the database knew it: the old file is still in its place.
		move(t, key, key+".new")
		move(t, key+"."+r.Old, key)
		d.Node(t)
		if readFile(t, key) != forgotten {
			t.Error("the start did not put the new key in its place")
		}
		opened, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
		if err != nil {
			t.Fatal(err)
		}
		mustRead(t, d.Node(t), actor, strconv.FormatInt(opened.Ticket.Number, 10))
	})
}

func TestAMasterKeyThatIsNotTheInstallationsIsNotRotated(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		stranger := copyOfKey(t, filepath.Join(t.TempDir(), "other"))
		if _, err := app.RotateMasterKey(t.Context(), d.Store, desk.System(), stranger); err == nil || !strings.Contains(err.Error(), "is not the one of this installation") {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(stranger + ".new"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a new key was made all the same (%v)", err)
		}
		d.Node(t)
	})
}

// copyOfKey makes a key file of another installation.
func copyOfKey(t *testing.T, folder string) string {
	t.Helper()
	d := desktest.NewDesk(t, desktest.SQLite)
	path := filepath.Join(folder, "key")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	move(t, keyFile(d), path)
	return path
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
