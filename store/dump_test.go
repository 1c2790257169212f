package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// everything is everything that a database holds, by table, as texts in order.
func everything(t *testing.T, s *store.Store) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	check(t, s.Snapshot(t.Context(), func(sn *store.Snapshot) error {
		for _, table := range sn.Tables {
			all[table.Name] = nil
			if err := sn.Rows(table, func(values []any) error {
				all[table.Name] = append(all[table.Name], word(values))
				return nil
			}); err != nil {
				return err
			}
			slices.Sort(all[table.Name])
		}
		return nil
	}))
	return all
}

// word writes the values of a row.
func word(values []any) string {
	text := ""
	for _, value := range values {
		switch v := value.(type) {
		case *string:
			text += fmt.Sprintf("%q ", *v)
		case *int64:
			text += fmt.Sprintf("%d ", *v)
		case *bool:
			text += fmt.Sprintf("%v ", *v)
		}
	}
	return text
}

// copyOf copies every row of a database into a loader.
func copyOf(t *testing.T, s *store.Store) func(*store.Loader) error {
	return func(l *store.Loader) error {
		return s.Snapshot(t.Context(), func(sn *store.Snapshot) error {
			for _, table := range l.Tables() {
				if err := sn.Rows(table, func(values []any) error {
					var plain []any
					for _, value := range values {
						switch v := value.(type) {
						case *string:
							plain = append(plain, *v)
						case *int64:
							plain = append(plain, *v)
						case *bool:
							plain = append(plain, *v)
						}
					}
					return l.Insert(table, plain...)
				}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// newest is the schema version of this program.
func newest(t *testing.T) int64 {
	t.Helper()
	version, err := store.NewestVersion()
	check(t, err)
	return version
}

// filled is a store with something in every kind of table.
func filled(t *testing.T, e desktest.Engine) *store.Store {
	t.Helper()
	s := open(t, e)
	check(t, s.Write(t.Context(), (*store.Tx).SeedReference))
	write(t, s, func(tx *store.Tx) {
		tx.StartNumbers(10001)
		tx.InsertPartner(desk.Partner{ID: "p", Name: "Bäckerei ünïcode '\"\\", Sociomile: true})
		for i := range 250 { // more than one statement stores
			tx.InsertTicket(plain(int64(i), "p", desk.Open, desktest.Start))
		}
	})
	return s
}

// A table that somebody adds is in every backup without anybody's thinking of it.
func TestASnapshotHasEveryTableAndColumnOfTheDatabase(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		query := `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1`
		if e == desktest.PostgreSQL {
			query = `SELECT CAST(table_name || '.' || column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1`
		}
		want := read(t, s, func(tx *store.Tx) ([]string, error) { return store.Rows[string](tx, query) })
		got := []string{"schema_version.version", "schema_version.name"} // a restore makes it
		tables, err := store.Tables(t.Context(), newest(t))
		check(t, err)
		for _, table := range tables {
			for _, c := range table.Columns {
				got = append(got, table.Name+"."+c.Name)
				if !slices.Contains([]string{"text", "bigint", "boolean"}, c.Type) {
					t.Errorf("%s.%s is of type %q, which a backup does not know", table.Name, c.Name, c.Type)
				}
			}
		}
		want = slices.DeleteFunc(want, func(column string) bool { return strings.HasPrefix(column, "ticket_words") }) // can be made again
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("columns (-database +backup):\n%s", diff)
		}
	})
}

func TestNoColumnTakesNull(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	got := read(t, s, func(tx *store.Tx) ([]string, error) {
		return store.Rows[string](tx, `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'ticket_words%' AND c."notnull" = 0 AND c.pk = 0`)
	})
	if len(got) > 0 {
		t.Errorf("these columns may hold NULL, which no backup can: %v", got)
	}
}

func TestASnapshotStaysAsItWasWhileOthersWrite(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := filled(t, e)
		before := everything(t, s)
		check(t, s.Snapshot(t.Context(), func(sn *store.Snapshot) error {
			for i, table := range sn.Tables {
				write(t, s, func(tx *store.Tx) { tx.InsertTicket(plain(int64(1000+i), "p", desk.Open, desktest.Start)) })
				var rows []string
				if err := sn.Rows(table, func(values []any) error { rows = append(rows, word(values)); return nil }); err != nil {
					return err
				}
				slices.Sort(rows)
				if diff := cmp.Diff(before[table.Name], rows); diff != "" {
					t.Errorf("%s (-before +snapshot):\n%s", table.Name, diff)
				}
			}
			return nil
		}))
	})
}

func TestADatabaseIsLoadedWholeOnTheOtherEngineToo(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, from desktest.Engine) {
		source := filled(t, from)
		want := everything(t, source)
		for _, to := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
			p := newPlace(t, to)
			check(t, store.Load(t.Context(), store.Options{Database: p.database, Folder: p.folder}, newest(t), copyOf(t, source), nil))
			loaded := p.open(t, store.Options{})
			if diff := cmp.Diff(want, everything(t, loaded)); diff != "" {
				t.Errorf("to %s (-source +loaded):\n%s", to, diff)
			}
			write(t, loaded, func(tx *store.Tx) { tx.InsertTicket(plain(5000, "p", desk.Open, desktest.Start)) })
			if got := indexes(t, loaded, to); len(got) < 8 {
				t.Errorf("%s has only the indexes %v", to, got)
			}
		}
	})
}

// indexes are the names of a database's indexes that have one.
func indexes(t *testing.T, s *store.Store, e desktest.Engine) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`
	if e == desktest.PostgreSQL {
		query = `SELECT CAST(indexname AS text) FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%key'`
	}
	return read(t, s, func(tx *store.Tx) ([]string, error) { return store.Rows[string](tx, query) })
}

func TestALoadThatFailsLeavesNothingAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		source, p := filled(t, desktest.SQLite), newPlace(t, e)
		o := store.Options{Database: p.database, Folder: p.folder}
		cut := errors.New("the power went")
		fill := copyOf(t, source)
		for what, err := range map[string]error{
			"filling": store.Load(t.Context(), o, newest(t), func(l *store.Loader) error { return errors.Join(fill(l), cut) }, nil),
			"the end": store.Load(t.Context(), o, newest(t), fill, func(*store.Tx) error { return cut }),
		} {
			if !errors.Is(err, cut) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		check(t, store.Empty(t.Context(), o))
		if files, _ := filepath.Glob(filepath.Join(p.folder, "*")); len(files) > 0 {
			t.Errorf("%v is left", files)
		}
		if e == desktest.SQLite { // what a program that was killed leaves
			check(t, os.WriteFile(filepath.Join(p.folder, store.SQLiteFile+".restoring"), []byte("half"), 0o600))
		}
		var next int64
		check(t, store.Load(t.Context(), o, newest(t), fill, func(tx *store.Tx) (err error) { next, err = tx.SkipNumbers(500); return err }))
		loaded := p.open(t, store.Options{})
		if got := take(t, loaded, 1); got[0] != 10501 || next != 10501 {
			t.Errorf("the next number is said to be %d and is %v, want 10501", next, got)
		}
		if got := takeTests(t, loaded, 1)[0]; got != desk.FirstTestNumber+500 {
			t.Errorf("the next number of a test is %d", got)
		}
		for what, err := range map[string]error{"Empty": store.Empty(t.Context(), o), "Load": store.Load(t.Context(), o, newest(t), fill, nil)} {
			if !errors.Is(err, store.ErrOccupied) {
				t.Errorf("%s of a database that is there: %v, want ErrOccupied", what, err)
			}
		}
	})
}

// What a database left in its log would become a part of the next one.
func TestALogWithoutADatabaseIsNoEmptyPlace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, store.SQLiteFile+"-wal"), nil, 0o600))
	if err := store.Empty(t.Context(), store.Options{Folder: folder}); !errors.Is(err, store.ErrOccupied) {
		t.Errorf("got %v, want ErrOccupied", err)
	}
}

func TestAnOlderSchemaIsLoadedAndBroughtUpToDate(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		check(t, store.Load(t.Context(), store.Options{Database: p.database, Folder: p.folder}, 1, func(l *store.Loader) error {
			i := slices.IndexFunc(l.Tables(), func(table store.Table) bool { return table.Name == "attachment" })
			return l.Insert(l.Tables()[i], "t", "a", "f", "text/plain", int64(1), "sum", "", "", int64(9))
		}, func(*store.Tx) error { return nil }))
		s := p.open(t, store.Options{})
		if !read(t, s, func(tx *store.Tx) (bool, error) { return tx.BlobNamed("sum") }) {
			t.Error("what the newer schema keeps about a row is missing")
		}
		if err := store.Load(t.Context(), store.Options{Folder: t.TempDir()}, newest(t)+1, nil, nil); err == nil {
			t.Error("a schema that the program does not know was loaded")
		}
	})
}
