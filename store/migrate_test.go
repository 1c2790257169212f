package store_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestSeveralProgramsStartOnOneEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	const programs = 4
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		told := make(chan error)
		for range programs {
			go func() {
				s, err := store.Open(context.Background(), store.Options{Database: p.database, Folder: p.folder})
				if err == nil {
					err = s.Write(context.Background(), func(tx *store.Tx) error {
						tx.ConfigurationChanged()
						return nil
					})
				}
				if err == nil {
					err = s.Close()
				}
				told <- err
			}()
		}
		for range programs {
			if err := <-told; err != nil {
				t.Errorf("a program failed: %v", err)
			}
		}
		s := p.open(t, store.Options{})
		if got := read(t, s, (*store.Tx).Configuration); got != 1+programs {
			t.Errorf("the configuration is at %d, want %d: the schema was made once and every program wrote", got, 1+programs)
		}
	})
}

func TestADatabaseThatIsUpToDateIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		write(t, p.open(t, store.Options{}), func(tx *store.Tx) { tx.ClaimSetting("kept", "x") })
		again := p.open(t, store.Options{})
		if diff := cmp.Diff([]string{"kept"}, settings(t, again)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		versions := read(t, again, func(tx *store.Tx) ([]int64, error) {
			return store.Rows[int64](tx, `SELECT version FROM schema_version ORDER BY version`)
		})
		for i, v := range versions {
			if v != int64(i+1) {
				t.Fatalf("the schema's versions are %v, want 1, 2, … each once", versions)
			}
		}
	})
}

func TestASchemaThatIsNewerThanTheProgramIsRefused(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		write(t, p.open(t, store.Options{}), func(tx *store.Tx) {
			store.Do(tx, `INSERT INTO schema_version (version, name) VALUES (9000, 'from the future')`)
		})
		s, err := store.Open(t.Context(), store.Options{Database: p.database, Folder: p.folder})
		if err == nil {
			check(t, s.Close())
		}
		if err == nil || !strings.Contains(err.Error(), "version 9000") || !strings.Contains(err.Error(), "newer servicedesk") {
			t.Errorf("opening ended with %v, want a refusal that names the version and what to do", err)
		}
	})
}

// neighbours are two installations in two schemas of one database, the first with two nodes.
func neighbours(t *testing.T) (ours, second, theirs *store.Store, p place) {
	t.Helper()
	p = newPlace(t, desktest.PostgreSQL)
	return p.open(t, store.Options{}), p.open(t, store.Options{}), newPlace(t, desktest.PostgreSQL).open(t, store.Options{}), p
}

func TestANeighbourInTheSameDatabaseIsNotDisturbed(t *testing.T) {
	t.Parallel()
	ours, second, theirs, p := neighbours(t)
	if lock, channel := store.SchemaLock(ours) == store.SchemaLock(theirs), store.Channel(ours) == store.Channel(theirs); lock || channel {
		t.Errorf("two schemas share a lock (%v) or a channel (%v)", lock, channel)
	}
	if store.SchemaLock(ours) != store.SchemaLock(second) || store.Channel(ours) != store.Channel(second) {
		t.Error("two nodes of one installation have different locks or channels")
	}
	conn, err := pgx.Connect(t.Context(), p.database)
	check(t, err)
	defer conn.Close(context.Background())
	for _, statement := range []string{"BEGIN", store.SchemaLock(theirs)} {
		_, err := conn.Exec(t.Context(), statement)
		check(t, err)
	}
	p.open(t, store.Options{}) // hangs when it waits for the neighbour's lock
}

func TestListenHearsTheOtherNodesAndNobodyElse(t *testing.T) {
	t.Parallel()
	ours, second, theirs, p := neighbours(t)
	ctx, stop := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}, 16), make(chan struct{})
	go func() {
		defer close(ended)
		ours.Listen(ctx, func() { heard <- struct{}{} })
	}()
	<-heard // it listens
	change := func(s *store.Store) { write(t, s, (*store.Tx).ConfigurationChanged) }
	change(theirs)
	change(second)
	<-heard
	if n := len(heard); n != 0 {
		t.Errorf("heard %d times more, of a neighbour", n)
	}
	terminate(t, p.database, listener(t, p, store.Channel(ours)))
	<-heard // connected again: something may have been missed
	<-heard
	change(second)
	<-heard
	stop()
	<-ended
}

// listener returns the server process that listens to a channel.
func listener(t *testing.T, p place, channel string) (pid int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.database)
	check(t, err)
	defer conn.Close(context.Background())
	check(t, conn.QueryRow(t.Context(), `SELECT pid FROM pg_stat_activity WHERE query = $1`, "LISTEN "+channel).Scan(&pid))
	return pid
}

func TestEveryStatementOfTheMigrationsIsWhole(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`^(--[^\n]*\n\s*)*(CREATE TABLE|CREATE INDEX|CREATE UNIQUE INDEX|INSERT INTO|ALTER TABLE|UPDATE|DELETE FROM|DROP INDEX|DROP TABLE) ?`)
	statements, err := store.MigrationStatements()
	check(t, err)
	for _, s := range statements {
		if !verb.MatchString(s) || strings.Count(s, "(") != strings.Count(s, ")") {
			t.Errorf("not a whole statement, a semicolon at the end of a line cut it:\n%s", s)
		}
	}
	if len(statements) < 20 {
		t.Errorf("there are %d statements", len(statements))
	}
}

func TestAReadSeesOneMoment(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		check(t, s.Read(t.Context(), func(tx *store.Tx) error {
			for i := range 3 {
				names, err := store.Rows[string](tx, `SELECT name FROM setting`)
				if err != nil || len(names) > 0 {
					t.Errorf("look %d found %q (%v), want what was there at the first look", i, names, err)
				}
				check(t, s.Write(t.Context(), claim(fmt.Sprint(i))))
			}
			return nil
		}))
		if have := settings(t, s); len(have) != 3 {
			t.Errorf("a new read found %q, want 3 settings", have)
		}
	})
}

func TestAReadCannotWrite(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		err := s.Read(t.Context(), func(tx *store.Tx) error {
			tx.ClaimSetting("slipped in", "x")
			_, err := tx.Configuration()
			return err
		})
		if !unavailable(err) {
			t.Errorf("a read that writes ended with %v, want that the engine refuses it", err)
		}
		if have := settings(t, s); len(have) > 0 {
			t.Errorf("stored %q, want nothing", have)
		}
	})
}

func TestManyReadsLeaveRoomForWrites(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		free, ended := make(chan struct{}), make(chan error)
		for range 32 {
			go func() {
				ended <- s.Read(t.Context(), func(tx *store.Tx) error {
					_, err := tx.Configuration()
					<-free
					return err
				})
			}()
		}
		for i := range 8 {
			check(t, s.Write(t.Context(), claim(fmt.Sprint(i)))) // hangs when reads have every connection
		}
		close(free)
		for range 32 {
			check(t, <-ended)
		}
	})
}
