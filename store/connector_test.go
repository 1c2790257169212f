package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// owed lets tickets of these ids be forwarded, and makes them due.
func owed(t *testing.T, s *store.Store, ids ...string) {
	t.Helper()
	check(t, s.MakeConnector(t.Context()))
	write(t, s, func(tx *store.Tx) {
		for i, id := range ids {
			tx.OpenForward(id, int64(i+1), desktest.Start)
			tx.Record(event(id, "p", 1, desk.TicketCreated, desktest.Start.Add(time.Duration(i)*time.Minute)))
		}
	})
	sequence(t, s)
}

// createLane locks the lane of a ticket on the route of creates.
func createLane(tx *store.Tx, id string) (store.Lane, error) {
	return tx.LaneOf(desk.Target{ID: desk.ConnectorCreates}, id, 0)
}

// listed walks the pages of a list.
func listed(t *testing.T, s *store.Store, list store.ForwardList) (ids []string) {
	t.Helper()
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		ids = nil
		for at := (store.LanePlace{}); ; {
			page, last, err := tx.Forwards(desk.ConnectorCreates, list, at, 2)
			for _, f := range page {
				ids = append(ids, f.TicketID)
			}
			if at = last; err != nil || len(page) < 2 {
				return err
			}
		}
	}))
	return ids
}

func TestTicketsOfOneTimeAreListedByTheirIDs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		ids := []string{"a", "b", "c", "d", "e"}
		owed(t, s, ids...)
		expect := func(list store.ForwardList, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, listed(t, s, list)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", list, diff)
			}
		}
		expect(store.ForwardsWaiting, ids...)
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			for _, id := range ids {
				lane, err := createLane(tx, id)
				if err != nil {
					return err
				}
				tx.Park(lane, "x", desktest.Start)
				tx.Doubted(id)
			}
			return nil
		}))
		expect(store.ForwardsWaiting)
		expect(store.ForwardsParked, ids...)
		expect(store.ForwardsDoubtful, ids...)
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Sent("b", "1", 1, false, desktest.Start), tx.Sent("d", "2", 2, false, desktest.Start))
		}))
		expect(store.ForwardsSent, "d", "b")
	})
}

func TestALaneThatIsParkedKeepsItsDoubtAndFencesOffWhoHadIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{})
		owed(t, s, "x")
		before := takeOf(t, s, desk.ConnectorCreates)
		write(t, s, func(tx *store.Tx) {
			store.Do(tx, `UPDATE lane SET lease = 1 WHERE ticket_id = 'x' AND target_id = $1`, desk.ConnectorCreates) // it ran out
		})
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			lane, err := createLane(tx, "x")
			tx.Park(lane, "x", desktest.Start)
			return err
		}))
		late := store.Settled{LaneID: before[0].LaneID, Fence: before[0].Fence, Head: 2}
		check(t, second(s.Turn(t.Context(), store.Turn{Settled: []store.Settled{late}})))
		if taken := takeOf(t, s, desk.ConnectorCreates); len(taken) > 0 {
			t.Errorf("a parked ticket is taken: %+v", taken)
		}
		if n, _, err := s.ReviveParked(t.Context(), desk.ConnectorCreates, desk.ClassParked, store.LanePlace{}, 10); n != 1 || err != nil {
			t.Errorf("%d go again, %v", n, err)
		}
		if after := takeOf(t, s, desk.ConnectorCreates); len(after) != 1 || !after[0].Doubtful || after[0].Tries != 0 || after[0].Event.Seq != 1 {
			t.Errorf("asked for again it is %+v, want the first event, in doubt", after)
		}
	})
}

func TestParkedTicketsGoAgainByWhatTheyFailedWith(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		ids := []string{"a", "b", "c", "d"}
		owed(t, s, ids...)
		var settled store.Turn
		for i, l := range takeOf(t, s, desk.ConnectorCreates) {
			settled.Settled = append(settled.Settled, store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: 1, Tries: 1, Dead: desktest.Start.Add(time.Duration(i) * time.Second)})
			settled.Attempts = append(settled.Attempts, store.Attempt{LaneID: l.LaneID, Seq: 1, Fence: l.Fence, At: desktest.Start, Class: []string{"VALIDATION", "REFUSED"}[i%2]})
		}
		check(t, second(s.Turn(t.Context(), settled)))
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			lane, err := createLane(tx, "d")
			tx.Park(lane, "x", desktest.Start.Add(time.Hour))
			return err
		}))
		revive := func(class string) (revived int) {
			t.Helper()
			for at, more := (store.LanePlace{}), true; more; more = at.TicketID != "" {
				n, last, err := s.ReviveParked(t.Context(), desk.ConnectorCreates, class, at, 1)
				check(t, err)
				revived, at = revived+n, last
			}
			return revived
		}
		for _, step := range []struct {
			class string
			want  int
			left  []string
		}{{"SERVER", 0, ids}, {"VALIDATION", 2, []string{"b", "d"}}, {"", 1, []string{"d"}}, {desk.ClassParked, 1, nil}} {
			if got := revive(step.class); got != step.want {
				t.Errorf("%d that failed with %q go again, want %d", got, step.class, step.want)
			}
			if left := listed(t, s, store.ForwardsParked); !slices.Equal(left, step.left) {
				t.Errorf("after %q parked are %v, want %v", step.class, left, step.left)
			}
		}
	})
}

func TestTheStateOfARouteIsThatOfItsAttempts(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		owed(t, s, "a", "b")
		now := desktest.Start.Add(30 * 24 * time.Hour)
		attempt := func(ticket, class string, before time.Duration, fence int64) store.Attempt {
			return store.Attempt{LaneID: store.LaneID{TicketID: ticket, TargetID: desk.ConnectorCreates}, Seq: 1, Fence: fence, At: now.Add(-before), Class: class, Status: 500, Said: fmt.Sprint(class, " ", before)}
		}
		turn := store.Turn{Attempts: []store.Attempt{attempt("b", "SENT", 29*24*time.Hour, 1), attempt("a", "SERVER", 25*time.Hour, 1), attempt("a", "SERVER", 2*time.Hour, 2), attempt("b", "SERVER", 30*time.Minute, 2), attempt("b", "NETWORK", 40*time.Minute, 3)}}
		for i := range 600 { // more than is looked at, since the circuit opened
			turn.Attempts = append(turn.Attempts, attempt("a", "GATEWAY", time.Duration(i+1)*time.Second, int64(10+i)))
		}
		check(t, second(s.Turn(t.Context(), turn)))
		target := desk.ConnectorTargets(desktest.Start)[0]
		target.OpenedAt = now.Add(-26 * time.Hour)
		state := read(t, s, func(tx *store.Tx) (desk.RouteState, error) { return tx.RouteState(target, now) })
		if state.Waiting != 2 || state.Parked != 0 || !state.Oldest.Equal(desktest.Start) || state.OldestNumber != 1 {
			t.Errorf("%d wait, %d are parked, the oldest %s of %d", state.Waiting, state.Parked, state.Oldest, state.OldestNumber)
		}
		if !state.LastSent.Equal(now.Add(-29*24*time.Hour)) || state.LastFailed.Class != "GATEWAY" || state.LastFailed.Number != 1 || state.Day.Failed != 603 || state.Hour.Failed != 602 {
			t.Errorf("sent last at %s, failed last %+v; of the day %+v, of the hour %+v", state.LastSent, state.LastFailed, state.Day, state.Hour)
		}
		var failures []desk.ForwardFailure
		for _, f := range state.Failures {
			failures = append(failures, desk.ForwardFailure{Class: f.Class, Count: f.Count, Said: f.Said, Number: f.Number})
		}
		want := []desk.ForwardFailure{{Class: "GATEWAY", Count: 600, Said: "GATEWAY 1s", Number: 1}, {Class: "SERVER", Count: 2, Said: "SERVER 30m0s", Number: 2}, {Class: "NETWORK", Count: 1, Said: "NETWORK 40m0s", Number: 2}}
		if diff := cmp.Diff(want, failures); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
	})
}

func TestAConnectorThatNeverRanHasItsTargetsAllTheSame(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		targets := func() []desk.Target {
			t.Helper()
			return read(t, s, func(tx *store.Tx) ([]desk.Target, error) { return tx.ConnectorTargets(desktest.Start, false) })
		}
		if diff := cmp.Diff(desk.ConnectorTargets(desktest.Start), targets()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		check(t, s.MakeConnector(t.Context()))
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			found, err := tx.ConnectorTargets(desktest.Start, true)
			found[1].Pause("Budi", "x", desktest.Start)
			found[1].Version++
			tx.UpdateTarget(found[1])
			return err
		}))
		if got := targets(); got[0].State != desk.TargetActive || got[1].Description != "Budi" || got[1].Version != 2 {
			t.Errorf("stored are %+v", got)
		}
		err := s.Read(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Target(desk.ConnectorCreates, "", false); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the connector is found among the webhooks: %v", err)
			}
			return second(tx.Forwarded(desk.ConnectorCreates, "none"))
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a ticket that is not forwarded: %v", err)
		}
	})
}
