package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// takeOf takes what is due of a target of the connector, and names the events.
func takeOf(t *testing.T, s *store.Store, target string) (taken []store.Taken) {
	t.Helper()
	for _, of := range desk.ConnectorTargets(desktest.Start) {
		if of.ID == target {
			var err error
			taken, err = s.Turn(t.Context(), store.Turn{Wants: []store.Want{{Target: of, Most: 10, Lease: time.Minute}}})
			check(t, err)
		}
	}
	return taken
}

func TestAStatusWaitsUntilTheProviderHasTheTicket(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		check(t, s.MakeConnector(t.Context()))
		write(t, s, func(tx *store.Tx) {
			tx.OpenForward("x", 1, desktest.Start)
			tx.Record(event("x", "p", 1, desk.TicketCreated, desktest.Start), event("x", "p", 2, desk.CommentAdded, desktest.Start), event("x", "p", 3, desk.StatusChanged, desktest.Start))
		})
		sequence(t, s)
		if taken := takeOf(t, s, desk.ConnectorStatuses); len(taken) > 0 {
			t.Errorf("%d changes of status go before their ticket", len(taken))
		}
		creates := takeOf(t, s, desk.ConnectorCreates)
		if len(creates) != 1 || creates[0].Event.Seq != 1 || creates[0].Tail != 1 {
			t.Fatalf("to be created is %+v, want the first event alone", creates)
		}
		check(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.Sent("x", "id", 7, false, desktest.Start) }))
		statuses := takeOf(t, s, desk.ConnectorStatuses)
		if len(statuses) != 1 || statuses[0].Event.Seq != 3 {
			t.Errorf("behind the ticket comes %+v, want its change of status alone", statuses)
		}
	})
}

func TestAStatusBehindItsTicketGoesAtOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		check(t, s.MakeConnector(t.Context()))
		write(t, s, func(tx *store.Tx) {
			tx.OpenForward("x", 1, desktest.Start)
			tx.Record(event("x", "p", 1, desk.TicketCreated, desktest.Start))
		})
		sequence(t, s)
		check(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.Sent("x", "id", 7, false, desktest.Start) }))
		write(t, s, func(tx *store.Tx) { tx.Record(event("x", "p", 2, desk.StatusChanged, desktest.Start)) })
		sequence(t, s)
		if taken := takeOf(t, s, desk.ConnectorStatuses); len(taken) != 1 {
			t.Errorf("%d changes of status go, want one", len(taken))
		}
	})
}

func TestWhatTheProviderCallsATicketIsKeptAndASecondOneIsDoubtful(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		write(t, s, func(tx *store.Tx) { tx.OpenForward("x", 1, desktest.Start) })
		sent := func(id string, number int64, doubtful bool) (f store.Forward) {
			check(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
				if err = tx.Sent("x", id, number, doubtful, desktest.Start); err == nil {
					f, err = tx.Forward("x", true)
				}
				return err
			}))
			return f
		}
		want := store.Forward{TicketID: "x", Number: 1, ProviderID: "a", ProviderNumber: 7, QueuedAt: desktest.Start, SentAt: desktest.Start}
		for _, step := range []struct {
			id       string
			doubtful bool
		}{{"a", false}, {"a", false}, {"b", true}} {
			want.Doubtful = step.doubtful
			if diff := cmp.Diff(want, sent(step.id, 7, false)); diff != "" {
				t.Errorf("after %s (-want +got):\n%s", step.id, diff)
			}
		}
		check(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.Sent("unknown", "a", 7, false, desktest.Start) }))
		err := s.Read(t.Context(), func(tx *store.Tx) error { return second(tx.Forward("unknown", false)) })
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a ticket that is not forwarded: %v", err)
		}
	})
}
