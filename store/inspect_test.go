package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// inspect looks at the database of a place.
func (p place) inspect(t *testing.T, look func(*store.Tx) error) store.Inspection {
	t.Helper()
	i, err := store.Inspect(t.Context(), store.Options{Database: p.database, Folder: p.folder}, true, look)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestADatabaseIsInspectedWhileADeskUsesItAndAfter(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{})
		if err := s.Write(t.Context(), func(tx *store.Tx) error { tx.ClaimSetting("color", "blue"); return nil }); err != nil {
			t.Fatal(err)
		}
		look := func() {
			t.Helper()
			var color string
			i := p.inspect(t, func(tx *store.Tx) (err error) {
				color, err = tx.Setting("color")
				return err
			})
			if i.Schema < 1 || i.Schema != i.Known || len(i.Doubts) != 0 || color != "blue" {
				t.Errorf("%+v, the color is %q", i, color)
			}
			if name, _, _ := strings.Cut(i.Engine, " "); name != map[desktest.Engine]string{desktest.SQLite: "SQLite", desktest.PostgreSQL: "PostgreSQL"}[e] {
				t.Errorf("the engine is %q", i.Engine)
			}
			if (e == desktest.PostgreSQL) != strings.Contains(i.Room, "connections in use") {
				t.Errorf("room: %q", i.Room)
			}
			if i.Ahead.Abs() > time.Minute {
				t.Errorf("the server is on this machine, and its clock ahead by %v", i.Ahead)
			}
		}
		look()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		look()
	})
}

func TestWhatIsInspectedStaysAsItIs(t *testing.T) {
	p := newPlace(t, desktest.SQLite)
	if _, err := store.Inspect(t.Context(), store.Options{Folder: p.folder}, false, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if left, err := os.ReadDir(p.folder); err != nil || len(left) != 0 {
		t.Errorf("a file was made: %v (%v)", left, err)
	}
	if err := p.open(t, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.folder, store.SQLiteFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p.inspect(t, func(tx *store.Tx) error {
		tx.ClaimSetting("color", "red")
		_, err := tx.Setting("color")
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("a write came to %v", err)
		}
		return nil
	})
	if left, err := os.ReadDir(p.folder); err != nil || len(left) != 1 {
		t.Errorf("files were left: %v (%v)", left, err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestAnEmptyPostgreSQLDatabaseHasNothingInstalledAndGetsNothing(t *testing.T) {
	p := newPlace(t, desktest.PostgreSQL)
	never := func(*store.Tx) error { t.Error("there is nothing to look at"); return nil }
	for range 2 { // the second time shows that the first made nothing
		if i := p.inspect(t, never); i.Schema != 0 || len(i.Doubts) != 0 {
			t.Errorf("%+v", i)
		}
	}
}

func TestASchemaOfAnotherVersionIsToldAndNotLookedInto(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{})
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			store.Do(tx, `INSERT INTO schema_version (version, name) VALUES (999, 'of the future')`)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		i := p.inspect(t, func(*store.Tx) error { t.Error("a newer schema was looked into"); return nil })
		if i.Schema != 999 || i.Known >= 999 {
			t.Errorf("%+v", i)
		}
	})
}
