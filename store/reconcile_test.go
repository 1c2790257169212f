package store_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// queue lets tickets go to the provider that were made before.
func queue(t testing.TB, s *store.Store, ids ...string) (opened []string) {
	t.Helper()
	var all []desk.Ticket
	for i, id := range ids {
		all = append(all, desk.Ticket{ID: id, Number: int64(i + 1)})
	}
	check(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		opened, err = tx.OpenForwards(all, desktest.Start)
		return err
	}))
	return opened
}

// told delivers to the provider what is due, until nothing is, and names the events in their order.
func told(t *testing.T, s *store.Store) (events []string) {
	t.Helper()
	for again := true; again; {
		again = false
		for _, target := range []string{desk.ConnectorCreates, desk.ConnectorStatuses} {
			for _, l := range takeOf(t, s, target) {
				again = true
				events = append(events, l.Event.ID()+" "+string(l.Event.Type))
				settled := store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: l.Event.Seq + 1}
				if target == desk.ConnectorCreates {
					settled.Then = func(tx *store.Tx, now time.Time) error { return tx.Sent(l.TicketID, "id", 7, false, now) }
				}
				_, err := s.Turn(t.Context(), store.Turn{Settled: []store.Settled{settled}})
				check(t, err)
			}
		}
	}
	return events
}

func TestATicketThatIsQueuedLaterIsToldWithAllThatItWentThroughAndOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		check(t, s.MakeConnector(t.Context()))
		write(t, s, func(tx *store.Tx) {
			tx.Record(event("x", "p", 1, desk.TicketCreated, desktest.Start), event("x", "p", 2, desk.StatusChanged, desktest.Start), event("x", "p", 3, desk.CommentAdded, desktest.Start),
				event("x", "p", 4, desk.StatusChanged, desktest.Start), event("x", "p", 5, desk.TicketResolved, desktest.Start), event("y", "p", 1, desk.TicketCreated, desktest.Start))
		})
		sequence(t, s)
		write(t, s, func(tx *store.Tx) {
			tx.Record(event("x", "p", 6, desk.StatusChanged, desktest.Start), event("z", "p", 1, desk.TicketCreated, desktest.Start)) // have no number yet
		})
		opened := [][]string{queue(t, s, "x", "y", "z"), queue(t, s, "x", "y", "z")}
		if diff := cmp.Diff([][]string{{"x", "y", "z"}, nil}, opened); diff != "" {
			t.Errorf("queued the first and the second time (-want +got):\n%s", diff)
		}
		all := told(t, s)
		sequence(t, s)
		if diff := cmp.Diff([]string{"x-1 TICKET_CREATED", "y-1 TICKET_CREATED", "x-2 STATUS_CHANGED", "x-4 STATUS_CHANGED", "z-1 TICKET_CREATED", "x-6 STATUS_CHANGED"}, append(all, told(t, s)...)); diff != "" {
			t.Errorf("the provider is told (-want +got):\n%s", diff)
		}
	})
}

// waiting returns what waits until so many transactions of a database wait for a lock, or for what done reports.
func waiting(t *testing.T, s *store.Store, transactions int64) func(done <-chan struct{}) {
	return func(done <-chan struct{}) {
		for {
			select {
			case <-done:
				return
			default:
			}
			found := read(t, s, func(tx *store.Tx) ([]int64, error) {
				return store.Rows[int64](tx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			})
			if found[0] >= transactions {
				return
			}
			runtime.Gosched()
		}
	}
}

// begin does something beside the test, and returns what is closed at its end.
func begin(do func()) <-chan struct{} {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	return done
}

// queueInTheMiddle queues a ticket while the sequencer has owed its changes and not committed that yet.
func queueInTheMiddle(t *testing.T, e desktest.Engine, p place, s *store.Store) {
	write(t, s, func(tx *store.Tx) { tx.Audit(desk.AuditEntry{ID: "held"}) })
	sequencing, queueing, holding := p.open(t, store.Options{}), p.open(t, store.Options{}), p.open(t, store.Options{})
	held, free := make(chan struct{}), make(chan struct{})
	holder := begin(func() {
		write(t, holding, func(tx *store.Tx) {
			if e == desktest.PostgreSQL { // elsewhere one transaction keeps out all others
				_, err := store.Rows[string](tx, `SELECT id FROM audit WHERE id = 'held' FOR UPDATE`) // which the sequencer seals last
				check(t, err)
				close(held)
				<-free
			}
		})
	})
	var sequenced, queued <-chan struct{}
	if e == desktest.PostgreSQL {
		<-held
		sequenced = begin(func() { sequence(t, sequencing) })
		waiting(t, s, 1)(sequenced)
		queued = begin(func() { queue(t, queueing, "x") })
		waiting(t, s, 2)(queued)
	} else {
		sequenced, queued = begin(func() { sequence(t, sequencing) }), begin(func() { queue(t, queueing, "x") })
	}
	close(free)
	<-holder
	<-sequenced
	<-queued
}

// sequenceInTheMiddle lets the sequencer run while a ticket is queued and that is not committed yet.
func sequenceInTheMiddle(t *testing.T, e desktest.Engine, p place, s *store.Store) {
	sequencing := p.open(t, store.Options{})
	var sequenced <-chan struct{}
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.OpenForwards([]desk.Ticket{{ID: "x", Number: 1}}, desktest.Start)
		if err == nil {
			_, err = store.Rows[int64](tx, `SELECT 1`) // what was asked for so far is done
		}
		sequenced = begin(func() { sequence(t, sequencing) })
		if e == desktest.PostgreSQL { // elsewhere it waits for this transaction
			<-sequenced
		}
		return err
	}))
	<-sequenced
}

func TestNoChangeIsLostOrToldTwiceThatHappensWhileATicketIsQueued(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		for name, interleave := range map[string]func(*testing.T, desktest.Engine, place, *store.Store){"queued while numbers are given": queueInTheMiddle, "numbers given while it is queued": sequenceInTheMiddle} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, e)
				s := p.open(t, store.Options{})
				check(t, s.MakeConnector(t.Context()))
				write(t, s, func(tx *store.Tx) {
					tx.Record(event("x", "p", 1, desk.TicketCreated, desktest.Start), event("x", "p", 2, desk.StatusChanged, desktest.Start))
				})
				sequence(t, s)
				write(t, s, func(tx *store.Tx) { tx.Record(event("x", "p", 3, desk.StatusChanged, desktest.Start)) })
				interleave(t, e, p, s)
				sequence(t, s)
				if diff := cmp.Diff([]string{"x-1 TICKET_CREATED", "x-2 STATUS_CHANGED", "x-3 STATUS_CHANGED"}, told(t, s)); diff != "" {
					t.Errorf("the provider is told (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestCandidatesAreAllTicketsButTestsInTheOrderOfTheirIds(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		partners(t, s, "p")
		write(t, s, func(tx *store.Tx) { tx.InsertPartner(desk.Partner{ID: "provider", Name: "provider", Sociomile: true}) })
		test := plain(3, "p", desk.Open, desktest.Start)
		test.Number += desk.FirstTestNumber
		theirs := plain(4, "provider", desk.Open, desktest.Start)
		first := plain(1, "p", desk.Closed, desktest.Start)
		first.ServiceType, first.ServiceName = "CLAIM", "Klaim"
		tickets(t, s, plain(5, "nobody", desk.Open, desktest.Start), theirs, test, plain(2, "p", desk.Open, desktest.Start), first)
		write(t, s, func(tx *store.Tx) { tx.OpenForward("t-000002", 2, desktest.Start) })
		list := func(after, before string, limit int) (words []string) {
			for _, c := range read(t, s, func(tx *store.Tx) ([]store.Candidate, error) { return tx.Candidates(after, before, limit) }) {
				words = append(words, fmt.Sprintf("%s %d %s/%s %s %s %t %t", c.ID, c.Number, c.ServiceType, c.ServiceName, c.Status, desk.FormatTime(c.CreatedAt), c.ForwardEntry, c.Provider))
			}
			return words
		}
		at := desk.FormatTime(desktest.Start)
		want := []string{"t-000001 1 CLAIM/Klaim CLOSED " + at + " false false", "t-000002 2 / OPEN " + at + " true false",
			"t-000004 4 / OPEN " + at + " false true", "t-000005 5 / OPEN " + at + " false false"}
		for _, c := range []struct {
			after, before string
			limit         int
			want          []string
		}{{"", "", 9, want}, {"", "", 2, want[:2]}, {"t-000002", "", 9, want[2:]}, {"t-000001", "t-000005", 9, want[1:3]}, {"z", "", 9, nil}} {
			if diff := cmp.Diff(c.want, list(c.after, c.before, c.limit)); diff != "" {
				t.Errorf("behind %q and before %q, %d at most (-want +got):\n%s", c.after, c.before, c.limit, diff)
			}
		}
	})
}

func TestATicketThatGoesOnceMoreBeginsAnew(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		check(t, s.MakeConnector(t.Context()))
		tickets(t, s, plain(1, "p", desk.Open, desktest.Start), plain(2, "p", desk.Open, desktest.Start))
		id := "t-000001"
		write(t, s, func(tx *store.Tx) {
			tx.OpenForward(id, 1, desktest.Start)
			tx.OpenForward("t-000002", 2, desktest.Start)
			tx.Record(event(id, "p", 1, desk.TicketCreated, desktest.Start), event(id, "p", 2, desk.StatusChanged, desktest.Start))
		})
		sequence(t, s)
		all := []string{id + "-1 TICKET_CREATED", id + "-2 STATUS_CHANGED"}
		for range 2 {
			if diff := cmp.Diff(all, told(t, s)); diff != "" {
				t.Errorf("the provider is told (-want +got):\n%s", diff)
			}
			write(t, s, func(tx *store.Tx) { tx.RewindForward(id, desktest.Start) })
		}
		list := func(after int64, limit int) (words []string) {
			for _, f := range read(t, s, func(tx *store.Tx) ([]store.ForwardEntry, error) { return tx.ForwardsByNumber(after, limit) }) {
				words = append(words, fmt.Sprint(f.Number, " ", f.ProviderID, " ", f.CreatedAt.Equal(desktest.Start)))
			}
			return words
		}
		for _, c := range []struct {
			after int64
			limit int
			want  []string
		}{{0, 9, []string{"1 id true", "2  true"}}, {1, 9, []string{"2  true"}}, {0, 1, []string{"1 id true"}}, {2, 9, nil}} {
			if diff := cmp.Diff(c.want, list(c.after, c.limit)); diff != "" {
				t.Errorf("behind %d, %d at most (-want +got):\n%s", c.after, c.limit, diff)
			}
		}
	})
}
