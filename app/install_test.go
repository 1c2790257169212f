package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// emptyStore opens a database with nothing in it but its schema.
func emptyStore(t *testing.T, e desktest.Engine) (open func() *store.Store, folder, address string) {
	t.Helper()
	folder = t.TempDir()
	if e == desktest.PostgreSQL {
		address = desktest.Postgres(t)
	}
	clock := desktest.NewClock()
	return func() *store.Store {
		s, err := store.Open(t.Context(), store.Options{Database: address, Folder: folder, Clock: clock.Now, Rehearse: true})
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		return s
	}, folder, address
}

// worksWith shows that what one keyring sealed the other opens.
func worksWith(t *testing.T, a, b *auth.Keyring) {
	t.Helper()
	opened, err := b.Open(a.Seal([]byte("content"), "table", "column", "row"), "table", "column", "row")
	if err != nil || string(opened) != "content" {
		t.Errorf("two nodes have different keys: %v", err)
	}
}

func TestTwoNodesInstallAtOnceAndShareOneInstallation(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		open, folder, address := emptyStore(t, e)
		key := filepath.Join(folder, "keys", "master")
		stores := []*store.Store{open(), open(), open(), open()}
		rings := make([]*auth.Keyring, len(stores))
		inParallel(len(stores), func(i int) {
			var err error
			if rings[i], err = app.Install(t.Context(), stores[i], key, 500); err != nil {
				t.Error(err)
			}
		})
		for _, ring := range rings {
			worksWith(t, rings[0], ring)
		}
		info, err := os.Stat(key)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key file has mode %v (%v), want 0600", info.Mode(), err)
		}
		again, err := app.Install(t.Context(), open(), key, 900)
		must(t, err)
		worksWith(t, rings[0], again)
		if number, err := stores[0].TakeNumber(t.Context()); number != 500 || err != nil {
			t.Errorf("the first ticket has number %d (%v), want 500", number, err)
		}
		db := behind(t, &desktest.Desk{Engine: e, Folder: folder, Database: address})
		if diff := cmp.Diff([]string{entry(desk.System(), "")}, db.audited(t, "installation.create")); diff != "" {
			t.Error(diff)
		}
		counted := db.one(t, `SELECT (SELECT COUNT(*) FROM service), (SELECT COUNT(*) FROM branch), (SELECT COUNT(*) FROM agent), (SELECT COUNT(*) FROM data_key), (SELECT COUNT(*) FROM support_group)`)
		if counted != "14|53|1|5|11" {
			t.Errorf("services, branches, agents, data keys and groups: %s, want 14|53|1|5|11", counted)
		}
	})
}

func TestNodesWithKeyFilesOfTheirOwnDoNotBothInstall(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		open, folder, _ := emptyStore(t, e)
		stores := []*store.Store{open(), open()}
		var mu sync.Mutex
		var installed, failed []string
		inParallel(2, func(i int) {
			key := filepath.Join(folder, "node", string(rune('a'+i)), "key")
			_, err := app.Install(t.Context(), stores[i], key, 1)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				installed = append(installed, key)
				return
			}
			failed = append(failed, key)
			// One that came later finds no file of its own; both are told where to get it.
			first, later := "Copy the key file of the first node here", "copy it from another node"
			if text := err.Error(); !strings.Contains(text, first) && !strings.Contains(text, later) || !strings.Contains(text, key) {
				t.Errorf("the error does not say what to do: %v", err)
			}
		})
		if len(installed) != 1 || len(failed) != 1 {
			t.Fatalf("%d nodes installed, %d failed", len(installed), len(failed))
		}
		text, err := os.ReadFile(installed[0])
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(failed[0]), 0o700))
		must(t, os.WriteFile(failed[0], text, 0o600)) // as the error says
		_, err = app.Install(t.Context(), open(), failed[0], 1)
		must(t, err)
	})
}

func TestOnlyTheInstallationsOwnKeyFileIsTaken(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		open, folder, _ := emptyStore(t, e)
		own, other, missing := filepath.Join(folder, "key"), filepath.Join(folder, "other"), filepath.Join(folder, "missing")
		s := open()
		_, err := app.Install(t.Context(), s, own, 1)
		must(t, err)
		_, err = auth.CreateMasterKey(other)
		must(t, err)
		_, err = app.Install(t.Context(), s, other, 1)
		if err == nil || !strings.Contains(err.Error(), "is not the one of this installation") || !strings.Contains(err.Error(), "SERVICEDESK_KEY_FILE") {
			t.Errorf("another installation's key: %v", err)
		}
		_, err = app.Install(t.Context(), s, missing, 1)
		if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "restore it") || !strings.Contains(err.Error(), missing) {
			t.Errorf("no key: %v", err)
		}
		if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a new key was made for an old database: %v", err)
		}
		must(t, os.Chmod(own, 0o644))
		_, err = app.Install(t.Context(), s, own, 1)
		if err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that others may read: %v", err)
		}
		must(t, os.WriteFile(other, []byte("not a key"), 0o600))
		if _, err = app.Install(t.Context(), s, other, 1); err == nil || strings.Contains(err.Error(), "not a key\n") {
			t.Errorf("a damaged key: %v", err)
		}
		must(t, os.Chmod(own, 0o600))
		_, err = app.Install(t.Context(), s, own, 1)
		must(t, err)
	})
}

func TestReadinessTestsDatabaseFilesAndKeys(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		must(t, d.App.Ready(t.Context()))
		must(t, d.App.Ready(t.Context()))
		db := behind(t, d)
		db.do(t, `ALTER TABLE counter RENAME TO hidden`)
		if err := d.App.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "database") {
			t.Errorf("without a table: %v", err)
		}
		db.do(t, `ALTER TABLE hidden RENAME TO counter`)
		must(t, d.App.Ready(t.Context()))
	})
}
