package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// seal is a chain that a test can check.
func seal(previous string, e desk.AuditEntry) string {
	sum := sha256.Sum256(append([]byte(previous), e.Sealed()...))
	return hex.EncodeToString(sum[:])
}

// event is the n-th event of a ticket.
func event(ticket, partner string, n int64, kind desk.EventType, at time.Time) desk.Event {
	return desk.Event{TicketID: ticket, Seq: n, Type: kind, PartnerID: partner, At: at,
		Actor: desk.Actor{Kind: desk.ByPartner, ID: "k", Name: "key"}, Body: fmt.Appendf(nil, `{"event":%q,"ticket":%q,"n":%d}`, kind, ticket, n)}
}

// partners stores partners whose ids are their names.
func partners(t testing.TB, s *store.Store, names ...string) {
	t.Helper()
	write(t, s, func(tx *store.Tx) {
		for _, name := range names {
			tx.InsertPartner(desk.Partner{ID: name, Name: name, CreatedAt: s.Now()})
		}
	})
}

// sequence numbers and seals until there is nothing left.
func sequence(t testing.TB, s *store.Store) {
	t.Helper()
	for {
		n, err := s.Sequence(t.Context(), seal)
		check(t, err)
		if n == 0 {
			return
		}
	}
}

// numbered is an event as the sequencer left it.
type numbered struct {
	Number, Feed int64
	Partner      string
	Ticket       string
	Seq          int64
	Public       bool
}

// order returns all events in the installation's order.
func order(t *testing.T, s *store.Store) []numbered {
	t.Helper()
	return read(t, s, func(tx *store.Tx) ([]numbered, error) {
		tickets, err := store.Rows[string](tx, `SELECT DISTINCT ticket_id FROM event`)
		var all []numbered
		for _, ticket := range tickets {
			events, failed := tx.TicketEvents(ticket)
			if failed != nil {
				return nil, failed
			}
			for _, e := range events {
				all = append(all, numbered{e.Number, e.FeedNumber, e.PartnerID, ticket, e.Seq, e.Type.Public()})
			}
		}
		slices.SortFunc(all, func(a, b numbered) int { return int(a.Number - b.Number) })
		return all, err
	})
}

// checkOrder checks that numbers have no gaps, neither over all nor in a partner's feed, and follow each ticket's own.
func checkOrder(t *testing.T, all []numbered) {
	t.Helper()
	feeds, seqs := map[string]int64{}, map[string]int64{}
	for i, e := range all {
		if e.Number != int64(i+1) {
			t.Fatalf("the event after number %d has number %d", i, e.Number)
		}
		if e.Seq != seqs[e.Ticket]+1 {
			t.Fatalf("event %d of ticket %s comes after its event %d", e.Seq, e.Ticket, seqs[e.Ticket])
		}
		seqs[e.Ticket] = e.Seq
		if e.Public {
			feeds[e.Partner]++
			if e.Feed != feeds[e.Partner] {
				t.Fatalf("the event after number %d in the feed of %s has number %d", feeds[e.Partner]-1, e.Partner, e.Feed)
			}
		} else if e.Feed != 0 {
			t.Fatalf("an event that stays in the bank has number %d in a feed", e.Feed)
		}
	}
}

// kinds are types of events, one of which stays in the bank.
var kinds = []desk.EventType{desk.TicketCreated, desk.CommentAdded, desk.NoteAdded, desk.StatusChanged}

func TestWhatReadersOfAFeedSawIsTheWholeFeedWhileManyWrite(t *testing.T) {
	t.Parallel()
	const writers, each = 16, 12
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{p.open(t, store.Options{})}
		nodes = append(nodes, nodes[0])
		if e == desktest.PostgreSQL {
			nodes[1] = p.open(t, store.Options{})
		}
		names := []string{"p0", "p1", "p2"}
		partners(t, nodes[0], names...)
		ctx, stop := context.WithCancel(t.Context())
		var writing, sequencing, reading sync.WaitGroup
		for _, s := range nodes {
			sequencing.Go(func() { s.RunSequencer(ctx, seal, time.Millisecond, func() {}) })
		}
		written := make(chan struct{})
		seen := make([][]store.FeedEvent, 4)
		for i, partner := range append(names, "") {
			reading.Go(func() { seen[i] = follow(t, nodes[i%2], partner, written) })
		}
		for w := range writers {
			writing.Go(func() { record(t, nodes[w%2], names[w%3], fmt.Sprintf("ticket-%02d", w), each) })
		}
		writing.Wait()
		stop()
		sequencing.Wait()
		sequence(t, nodes[0])
		close(written)
		reading.Wait()
		all := order(t, nodes[0])
		if len(all) != writers*each {
			t.Errorf("there are %d events, want %d", len(all), writers*each)
		}
		checkOrder(t, all)
		for i, partner := range append(names, "") {
			whole := read(t, nodes[1], func(tx *store.Tx) ([]store.FeedEvent, error) { return tx.Feed(partner, 0, 10000) })
			for at := range max(len(whole), len(seen[i])) {
				if at >= len(whole) || at >= len(seen[i]) || whole[at] != seen[i][at] {
					t.Fatalf("the feed of %q has %d events; its reader saw %d and something else at place %d", partner, len(whole), len(seen[i]), at)
				}
			}
		}
	})
}

// record stores the events of a ticket one after the other, each with an entry of the audit trail.
func record(t *testing.T, s *store.Store, partner, ticket string, n int) {
	for i := range n {
		at := s.Now().Add(time.Duration(i/3) * time.Millisecond)
		entry := desk.NewAudit(at, desk.System(), "test", ticket, desk.OutcomeOK)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			tx.Record(event(ticket, partner, int64(i+1), kinds[i%len(kinds)], at))
			tx.Audit(entry)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// follow reads a feed in small pages until everything was written and nothing is left.
func follow(t *testing.T, s *store.Store, partner string, written <-chan struct{}) []store.FeedEvent {
	var seen []store.FeedEvent
	var cursor int64
	for last := false; ; {
		var page []store.FeedEvent
		err := s.Read(t.Context(), func(tx *store.Tx) (err error) {
			page, err = tx.Feed(partner, cursor, 5)
			return err
		})
		if err != nil {
			t.Error(err)
			return seen
		}
		seen = append(seen, page...)
		if len(page) > 0 {
			cursor = page[len(page)-1].Cursor
			continue
		}
		if last {
			return seen
		}
		select {
		case <-written:
			last = true
		default:
		}
	}
}

func TestTheAuditChainHoldsEveryEntryOnceInOrder(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{p.open(t, store.Options{}), p.open(t, store.Options{})}
		var all sync.WaitGroup
		for i, s := range nodes {
			all.Go(func() { record(t, s, "", fmt.Sprint(i), 40) })
			all.Go(func() {
				for range 20 {
					if _, err := s.Sequence(t.Context(), seal); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		sequence(t, nodes[0])
		entries := read(t, nodes[1], func(tx *store.Tx) ([]desk.AuditEntry, error) { return tx.Sealed(1, 1000) })
		previous := ""
		for i, entry := range entries {
			if want := seal(previous, entry); entry.Number != int64(i+1) || entry.MAC != want {
				t.Fatalf("entry %d has number %d and a seal that does not follow from the one before", i+1, entry.Number)
			}
			previous = entry.MAC
		}
		head := read(t, nodes[0], (*store.Tx).ChainHead)
		if diff := cmp.Diff(desk.ChainHead{Number: 80, MAC: previous}, head); diff != "" {
			t.Errorf("the head of the chain (-want +got):\n%s", diff)
		}
		if n := read(t, nodes[0], (*store.Tx).Unsealed); n != 0 {
			t.Errorf("%d entries are not sealed", n)
		}
	})
}

func TestSeveralRunsNumberWhatIsTooMuchForOne(t *testing.T) {
	t.Parallel()
	const events = 600
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		partners(t, s, "p")
		write(t, s, func(tx *store.Tx) {
			for i := range events {
				tx.Record(event(fmt.Sprintf("t%d", i%7), "p", int64(i/7+1), desk.CommentAdded, s.Now()))
			}
		})
		first, err := s.Sequence(t.Context(), seal)
		check(t, err)
		if first == 0 || first == events {
			t.Errorf("one run numbered %d of %d events, want a bound", first, events)
		}
		sequence(t, s)
		all := order(t, s)
		checkOrder(t, all)
		if len(all) != events {
			t.Errorf("there are %d events", len(all))
		}
	})
}

func TestAnEventWhosePartnerIsNotKnownKeepsNobodyFromTheirs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		partners(t, s, "p")
		write(t, s, func(tx *store.Tx) {
			tx.Record(event("a", "", 1, desk.TicketCreated, s.Now()), event("b", "p", 1, desk.TicketCreated, s.Now()))
		})
		sequence(t, s)
		want := []numbered{{1, 0, "", "a", 1, true}, {2, 1, "p", "b", 1, true}}
		if diff := cmp.Diff(want, order(t, s)); diff != "" {
			t.Errorf("numbered (-want +got):\n%s", diff)
		}
	})
}

func TestASequencerDoesNotWaitForAnotherOne(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	first, second := p.open(t, store.Options{}), p.open(t, store.Options{})
	record(t, first, "", "t", 1)
	check(t, store.WriteAlone(first, func(tx *store.Tx) error {
		var id int
		if err := store.Ask(tx, `SELECT id FROM sequencer FOR UPDATE`, nil, &id); err != nil {
			return err
		}
		if n, err := second.Sequence(t.Context(), seal); n != 0 || err != nil { // hangs when it waits
			t.Errorf("the second sequencer did %d (%v), want nothing", n, err)
		}
		return nil
	}))
	if n, err := second.Sequence(t.Context(), seal); n != 2 || err != nil {
		t.Errorf("afterwards it did %d (%v), want an event and an entry", n, err)
	}
}

func TestEntriesThatBelongToNoChangeAreSealedAsTheyAreStored(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		metrics := prometheus.NewRegistry()
		s := newPlace(t, e).open(t, store.Options{Metrics: metrics})
		check(t, s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "a"}})) // before the sequencer runs
		if n := read(t, s, (*store.Tx).Unsealed); n != 1 {
			t.Errorf("%d entries are unsealed, want the one", n)
		}
		store.SealInside(s, seal)
		check(t, s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "b"}, {ID: "c"}}))
		check(t, s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "d"}}))
		if n := read(t, s, (*store.Tx).Unsealed); n != 1 {
			t.Errorf("%d entries are unsealed, want the first only", n)
		}
		if n := counter(t, metrics, "servicedesk_audit_sealed_total"); n != 3 {
			t.Errorf("%v entries are counted as sealed, want 3", n)
		}
		sequence(t, s)
		var names []string
		previous := ""
		for _, entry := range read(t, s, func(tx *store.Tx) ([]desk.AuditEntry, error) { return tx.Sealed(1, 10) }) {
			names = append(names, entry.ID)
			if entry.MAC != seal(previous, entry) {
				t.Errorf("the seal of %s does not follow from the one before", entry.ID)
			}
			previous = entry.MAC
		}
		if diff := cmp.Diff([]string{"b", "c", "d", "a"}, names); diff != "" {
			t.Errorf("the chain (-want +got):\n%s", diff)
		}
	})
}

func TestEntriesDoNotWaitForAnotherNodesSequencer(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	first, second := p.open(t, store.Options{}), p.open(t, store.Options{})
	store.SealInside(second, seal)
	check(t, store.WriteAlone(first, func(tx *store.Tx) error {
		var id int
		if err := store.Ask(tx, `SELECT id FROM sequencer FOR UPDATE`, nil, &id); err != nil {
			return err
		}
		return second.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "a"}}) // hangs when it waits
	}))
	if n := read(t, second, (*store.Tx).Unsealed); n != 1 {
		t.Errorf("%d entries are unsealed, want one that was stored without its seal", n)
	}
	sequence(t, second)
	if n := read(t, second, (*store.Tx).Unsealed); n != 0 {
		t.Errorf("%d entries are unsealed afterwards", n)
	}
}

func TestASequencerThatMeetsAnotherComesBackByItself(t *testing.T) {
	t.Parallel()
	p := newPlace(t, desktest.PostgreSQL)
	first, second := p.open(t, store.Options{}), p.open(t, store.Options{})
	runs := make(chan struct{}, 100)
	store.Tap(second, func(text string, _ []any) {
		if strings.Contains(text, "FROM sequencer") {
			select {
			case runs <- struct{}{}:
			default:
			}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		second.RunSequencer(ctx, seal, time.Hour, stop) // ends when something was numbered
	}()
	check(t, store.WriteAlone(first, func(tx *store.Tx) error {
		var id int
		if err := store.Ask(tx, `SELECT id FROM sequencer FOR UPDATE`, nil, &id); err != nil {
			return err
		}
		for n, woken := 1, false; !woken; n++ {
			record(t, second, "", fmt.Sprint("t", n), 1)
			select {
			case <-runs:
				woken = true
			case <-time.After(10 * time.Millisecond): // it was not listening yet
			}
		}
		for range 5 { // nobody wakes it any more
			select {
			case <-runs:
			case <-time.After(10 * time.Second):
				t.Error("it gave up")
				stop()
				return nil
			}
		}
		return nil
	}))
	<-ended
	for _, e := range order(t, second) {
		if e.Number == 0 {
			t.Errorf("%v was not numbered", e)
		}
	}
}

func TestASequencerWithoutItsRowSaysSo(t *testing.T) {
	t.Parallel()
	s := newPlace(t, desktest.SQLite).open(t, store.Options{})
	write(t, s, func(tx *store.Tx) { store.Do(tx, `DELETE FROM sequencer`) })
	if _, err := s.Sequence(t.Context(), seal); err == nil || !strings.Contains(err.Error(), "has lost its row") {
		t.Errorf("a run returned %v", err)
	}
	store.SealInside(s, seal)
	if err := s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: "a"}}); !unavailable(err) {
		t.Errorf("a write returned %v", err)
	}
}

func TestARunThatFailsNumbersNothingAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		partners(t, s, "p")
		record(t, s, "p", "t", 2)
		failures := 2
		failing := func(previous string, entry desk.AuditEntry) string {
			if failures > 0 {
				failures--
				panic("no seal")
			}
			return seal(previous, entry)
		}
		if n, err := s.Sequence(t.Context(), failing); n != 0 || err == nil {
			t.Errorf("a run that failed returned %d and %v", n, err)
		}
		for _, event := range order(t, s) {
			if event.Number != 0 || event.Feed != 0 {
				t.Errorf("a run that failed numbered %v", event)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		s.RunSequencer(ctx, failing, time.Millisecond, stop)
		if failures != 0 {
			t.Errorf("told of a run that did nothing")
		}
		checkOrder(t, order(t, s))
	})
}
