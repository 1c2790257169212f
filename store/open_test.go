package store_test

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// TestMain makes properties over a database shorter, unless the long run is asked for.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("SERVICEDESK_SOAK") != "full" {
		if err := flag.Set("rapid.checks", "25"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// visible lets differences look at addresses and networks, which have no visible fields.
var visible = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

// place is a database of one test. Several stores may be opened on it, as several nodes.
type place struct {
	engine   desktest.Engine
	database string
	folder   string
	clock    *desktest.Clock
}

func newPlace(t testing.TB, e desktest.Engine) place {
	t.Helper()
	p := place{engine: e, folder: t.TempDir(), clock: desktest.NewClock()}
	if e == desktest.PostgreSQL {
		p.database = desktest.Postgres(t)
	}
	return p
}

// open opens a store that closes with the test. Only what differs from the place's own is given in o.
func (p place) open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	if o.Database == "" {
		o.Database = p.database
	}
	o.Folder, o.Clock, o.Log = p.folder, p.clock.Now, slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

// open opens a store on a database of its own, whose closures all run twice.
func open(t testing.TB, e desktest.Engine) *store.Store {
	t.Helper()
	return newPlace(t, e).open(t, store.Options{Rehearse: true})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write stores what fn says, and fails the test when that fails.
func write(t testing.TB, s *store.Store, fn func(tx *store.Tx)) {
	t.Helper()
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		fn(tx)
		return nil
	}))
}

// read reads what fn asks for, and fails the test when that fails.
func read[T any](t testing.TB, s *store.Store, fn func(tx *store.Tx) (T, error)) T {
	t.Helper()
	var got T
	check(t, s.Read(t.Context(), func(tx *store.Tx) (err error) {
		got, err = fn(tx)
		return err
	}))
	return got
}

// settings returns the names of the settings that a store holds, but for those that it made itself.
func settings(t testing.TB, s *store.Store) []string {
	t.Helper()
	return read(t, s, func(tx *store.Tx) ([]string, error) {
		names, err := store.Rows[string](tx, `SELECT name FROM setting ORDER BY name`)
		slices.Sort(names)
		return names, err
	})
}

// claim is the write that the tests of transactions use: a setting that must be new.
func claim(name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		tx.ClaimSetting(name, "x")
		return nil
	}
}

// claimAndLook is a claim whose write has to wait for an answer.
func claimAndLook(name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		tx.ClaimSetting(name, "x")
		_, err := tx.Configuration()
		return err
	}
}

// held is a store whose committers are all busy until the test lets them go.
type held struct {
	store *store.Store
	free  []chan struct{}
	ended chan error
}

// hold keeps every committer busy, so that the writes that come now wait.
func hold(t testing.TB, s *store.Store) *held {
	t.Helper()
	h := &held{store: s, ended: make(chan error, store.Committers(s))}
	for range store.Committers(s) {
		free, busy := make(chan struct{}), make(chan struct{}, 2)
		go func() {
			h.ended <- store.WriteAlone(s, func(*store.Tx) error {
				busy <- struct{}{}
				<-free
				return nil
			})
		}()
		<-busy
		h.free = append(h.free, free)
	}
	return h
}

// joined runs writes in one shared transaction, in their order, and returns what each was told.
func (h *held) joined(t testing.TB, writes ...func(*store.Tx) error) []error {
	t.Helper()
	told := make([]error, len(writes))
	done := make(chan struct{})
	for i, fn := range writes {
		go func() {
			told[i] = h.store.Write(t.Context(), fn)
			done <- struct{}{}
		}()
		for store.Queued(h.store) != i+1 {
			runtime.Gosched()
		}
	}
	close(h.free[0])
	for range writes {
		<-done
	}
	h.release(t)
	return told
}

// release lets the committers go on that are still busy.
func (h *held) release(t testing.TB) {
	t.Helper()
	for _, free := range h.free[1:] {
		close(free)
	}
	for range h.free {
		check(t, <-h.ended)
	}
}

// joined runs writes in one shared transaction, in their order, and returns what each was told.
func joined(t testing.TB, s *store.Store, writes ...func(*store.Tx) error) []error {
	t.Helper()
	return hold(t, s).joined(t, writes...)
}

// unavailable reports whether a caller was told to try later.
func unavailable(err error) bool { return desk.Is(err, desk.Unavailable) }

// outcomes words what callers were told, to be compared.
func outcomes(errs []error) []string {
	words := make([]string, len(errs))
	for i, err := range errs {
		switch {
		case err == nil:
			words[i] = "ok"
		case unavailable(err):
			words[i] = "unavailable"
		case errors.Is(err, errOwn):
			words[i] = "own"
		case errors.Is(err, store.ErrExists):
			words[i] = "exists"
		case errors.Is(err, store.ErrRequestTaken):
			words[i] = "taken"
		default:
			words[i] = fmt.Sprintf("%.20s", err)
		}
	}
	return words
}

// errOwn is what a closure of a test decides.
var errOwn = errors.New("the closure's own error")
