package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestOfManyRequestsWithOneIDExactlyOneIsKept(t *testing.T) {
	t.Parallel()
	const callers, ids = 32, 4
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{p.open(t, store.Options{})}
		if e == desktest.PostgreSQL {
			nodes = append(nodes, p.open(t, store.Options{}))
		}
		var all sync.WaitGroup
		var kept [ids]atomic.Int64
		for c := range callers {
			all.Go(func() {
				id := c % ids
				ticket := plain(int64(c+1), "p", desk.Open, desktest.Start)
				err := nodes[c%len(nodes)].Write(t.Context(), func(tx *store.Tx) error {
					tx.KeepRequest(store.Request{PartnerID: "p", ID: fmt.Sprint(id), TicketNumber: ticket.Number, Answer: fmt.Sprint(c), CreatedAt: desktest.Start})
					tx.InsertTicket(ticket)
					return nil
				})
				switch {
				case err == nil:
					kept[id].Add(1)
				case !errors.Is(err, store.ErrRequestTaken):
					t.Errorf("a caller was told %v, want nothing or ErrRequestTaken", err)
				}
			})
		}
		all.Wait()
		for id := range ids {
			if n := kept[id].Load(); n != 1 {
				t.Errorf("%d callers were told that their request %d was done, want 1", n, id)
			}
			r := read(t, nodes[0], func(tx *store.Tx) (store.Request, error) { return tx.Request("p", fmt.Sprint(id)) })
			ticket(t, nodes[0], r.TicketNumber) // of the one that won
		}
		stored := read(t, nodes[0], func(tx *store.Tx) ([]int64, error) { return store.Rows[int64](tx, `SELECT number FROM ticket`) })
		if len(stored) != ids {
			t.Errorf("%d tickets were stored for %d requests", len(stored), ids)
		}
	})
}

func TestARequestIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		want := store.Request{PartnerID: "p", ID: "r", Operation: "POST /claims", Content: "digest\na=1", Status: 201, Answer: "sealed",
			TicketNumber: 10001, CreatedAt: desktest.Start}
		write(t, s, func(tx *store.Tx) { tx.KeepRequest(want) })
		got := read(t, s, func(tx *store.Tx) (store.Request, error) { return tx.Request("p", "r") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the request (-want +got):\n%s", diff)
		}
		for _, other := range [][2]string{{"p", "other"}, {"q", "r"}} {
			err := s.Read(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Request(other[0], other[1])
				return err
			})
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("reading the request %q ended with %v, want ErrNotFound", other, err)
			}
		}
		write(t, s, func(tx *store.Tx) { tx.KeepRequest(store.Request{PartnerID: "q", ID: "r"}) }) // ids are each partner's own
	})
}
