package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// condemn runs CondemnBlobs for blobs that nobody wanted for a day, or that another run left an hour ago.
func condemn(t *testing.T, s *store.Store, run string) []string {
	t.Helper()
	names, err := s.CondemnBlobs(t.Context(), run, s.Now().Add(-24*time.Hour), s.Now().Add(-time.Hour), 100)
	check(t, err)
	slices.Sort(names)
	return names
}

func register(t *testing.T, s *store.Store, names ...string) {
	t.Helper()
	now := s.Now()
	write(t, s, func(tx *store.Tx) {
		for _, name := range names {
			tx.RegisterBlob(name, now)
		}
	})
}

// naming is a write that names a blob in an attachment.
func naming(name, id string) func(tx *store.Tx) {
	return func(tx *store.Tx) { tx.InsertAttachments([]desk.Attachment{{TicketID: "t", ID: id, SHA256: name}}) }
}

func TestOnlyBlobsThatNobodyWantsAreCondemned(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{Rehearse: true})
		register(t, s, "named", "left", "wanted again")
		write(t, s, naming("named", "a"))
		p.clock.Advance(25 * time.Hour)
		register(t, s, "new", "wanted again")
		idle := read(t, s, func(tx *store.Tx) (int, error) { return tx.IdleBlobs(s.Now().Add(-24*time.Hour), s.Now()) })
		if got := condemn(t, s, "run"); !slices.Equal(got, []string{"left"}) || idle != 1 {
			t.Errorf("condemned %v, and %d were counted; want the one that is left", got, idle)
		}
	})
}

func TestACondemnedBlobCanBeWantedAgainOnlyWhenItIsGone(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{Rehearse: true})
		register(t, s, "x")
		p.clock.Advance(25 * time.Hour)
		condemn(t, s, "run")
		failsWith(t, s, store.ErrCondemned, func(tx *store.Tx) { tx.RegisterBlob("x", s.Now()) })
		failsWith(t, s, store.ErrCondemned, naming("x", "a"))
		check(t, s.ForgetBlob(t.Context(), "x", "another run"))
		failsWith(t, s, store.ErrCondemned, func(tx *store.Tx) { tx.RegisterBlob("x", s.Now()) })
		check(t, s.ForgetBlob(t.Context(), "x", "run"))
		failsWith(t, s, store.ErrCondemned, naming("x", "a")) // nobody stored it since
		register(t, s, "x")
		write(t, s, naming("x", "a"))
		if !read(t, s, func(tx *store.Tx) (bool, error) { return tx.BlobNamed("x") }) {
			t.Error("the blob is not known as named")
		}
	})
}

func TestWhatARunLeftIsAnotherOnesAfterAnHour(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{Rehearse: true})
		register(t, s, "x")
		p.clock.Advance(25 * time.Hour)
		condemn(t, s, "first")
		p.clock.Advance(59 * time.Minute)
		if got := condemn(t, s, "second"); len(got) > 0 {
			t.Errorf("another run took %v at once", got)
		}
		p.clock.Advance(2 * time.Minute)
		if got := condemn(t, s, "second"); !slices.Equal(got, []string{"x"}) {
			t.Errorf("an hour later another run took %v", got)
		}
	})
}

// Whoever is first wins, and the other one hears of it: the purge never takes what an attachment names.
func TestNamingAndCondemningAtOnceHaveOneWinner(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{p.open(t, store.Options{}), p.open(t, store.Options{})}
		for round := range 40 {
			name := fmt.Sprint("blob ", round)
			register(t, nodes[0], name)
			p.clock.Advance(25 * time.Hour)
			failed := make(chan error, 1)
			go func() {
				failed <- nodes[0].Write(t.Context(), func(tx *store.Tx) error { naming(name, name)(tx); return nil })
			}()
			condemned := slices.Contains(condemn(t, nodes[1], "run"), name)
			if err := <-failed; (err == nil) == condemned {
				t.Fatalf("round %d: condemned %v, and naming it came to %v", round, condemned, err)
			}
		}
	})
}

func TestOldRequestsAreForgottenInPortions(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) {
			for i := range 5 {
				tx.KeepRequest(store.Request{PartnerID: "p", ID: fmt.Sprint(i), CreatedAt: desktest.Start.Add(time.Duration(i) * time.Hour)})
			}
		})
		before := desktest.Start.Add(3 * time.Hour)
		var gone []int
		for range 3 {
			n, err := s.ForgetRequests(t.Context(), before, 2)
			check(t, err)
			gone = append(gone, n)
		}
		if diff := cmp.Diff([]int{2, 1, 0}, gone); diff != "" {
			t.Errorf("forgotten (-want +got):\n%s", diff)
		}
		left := read(t, s, func(tx *store.Tx) ([]string, error) {
			return store.Rows[string](tx, `SELECT id FROM request ORDER BY id`)
		})
		if diff := cmp.Diff([]string{"3", "4"}, left); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}

func TestTheRegisterBeginsWithTheAttachmentsThatAreThere(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		check(t, store.Load(t.Context(), store.Options{Database: p.database, Folder: p.folder}, 1, func(l *store.Loader) error {
			var err error
			for _, table := range l.Tables() {
				switch table.Name {
				case "counter":
					err = errors.Join(err, l.Insert(table, "ready:node", int64(1)))
				case "attachment":
					for i, at := range []int64{5, 7} {
						err = errors.Join(err, l.Insert(table, "t", strconv.Itoa(i), "a.txt", "text/plain", int64(1), "x", "", "", at))
					}
				}
			}
			return err
		}, nil))
		again := p.open(t, store.Options{})
		type row struct {
			Name  string
			Used  int64
			Named bool
		}
		var rows []row
		check(t, again.Read(t.Context(), func(tx *store.Tx) error {
			var r row
			err := store.Ask(tx, `SELECT name, used_at, named FROM blob`, nil, &r.Name, &r.Used, &r.Named)
			rows = append(rows, r)
			return err
		}))
		if diff := cmp.Diff([]row{{"x", 7, true}}, rows); diff != "" {
			t.Errorf("register (-want +got):\n%s", diff)
		}
		isMissing(t, again, "the row of a node", func(tx *store.Tx) (int, error) {
			var n int
			return n, store.Ask(tx, `SELECT value FROM counter WHERE name LIKE 'ready:%'`, nil, &n)
		})
	})
}
