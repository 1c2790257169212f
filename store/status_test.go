package store_test

import (
	"errors"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// waits is what waits at each route of the connector.
func waits(t *testing.T, s *store.Store) (creates, statuses store.ConnectorRoute) {
	t.Helper()
	routes, err := s.ConnectorRoutes(t.Context())
	if err != nil || len(routes) != 2 || routes[0].ID != desk.ConnectorCreates || routes[1].ID != desk.ConnectorStatuses {
		t.Fatalf("%+v, %v", routes, err)
	}
	return routes[0], routes[1]
}

func TestWhatWaitsIsOldSinceItCouldBeSent(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		p.clock.Advance(4 * time.Hour)
		s := p.open(t, store.Options{})
		if routes, err := s.ConnectorRoutes(t.Context()); err != nil || len(routes) > 0 {
			t.Errorf("before there is a connector: %+v, %v", routes, err)
		}
		check(t, s.MakeConnector(t.Context()))
		queued, sent, changed := desktest.Start.Add(time.Hour), desktest.Start.Add(2*time.Hour), desktest.Start.Add(3*time.Hour)
		write(t, s, func(tx *store.Tx) {
			tx.OpenForward("x", 1, queued) // later than it happened
			tx.Record(event("x", "p", 1, desk.TicketCreated, desktest.Start), event("x", "p", 2, desk.StatusChanged, desktest.Start))
		})
		sequence(t, s)
		creates, statuses := waits(t, s)
		if creates.Waiting != 1 || !creates.Oldest.Equal(queued) || statuses.Waiting != 0 || !statuses.Oldest.IsZero() {
			t.Errorf("queued: %+v, and before it is sent %+v", creates, statuses)
		}
		for _, l := range takeOf(t, s, desk.ConnectorCreates) {
			check(t, second(s.Turn(t.Context(), store.Turn{Settled: []store.Settled{{LaneID: l.LaneID, Fence: l.Fence, Head: 2}}})))
		}
		check(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.Sent("x", "id", 7, false, sent) }))
		if creates, statuses = waits(t, s); creates.Waiting != 0 || statuses.Waiting != 1 || !statuses.Oldest.Equal(sent) {
			t.Errorf("sent: %+v, %+v", creates, statuses)
		}
		for _, l := range takeOf(t, s, desk.ConnectorStatuses) {
			check(t, second(s.Turn(t.Context(), store.Turn{Settled: []store.Settled{{LaneID: l.LaneID, Fence: l.Fence, Head: 3}}})))
		}
		write(t, s, func(tx *store.Tx) { tx.Record(event("x", "p", 3, desk.StatusChanged, changed)) })
		sequence(t, s)
		if _, statuses = waits(t, s); statuses.Waiting != 1 || !statuses.Oldest.Equal(changed) {
			t.Errorf("changed: %+v", statuses)
		}
		for _, l := range takeOf(t, s, desk.ConnectorStatuses) {
			check(t, second(s.Turn(t.Context(), store.Turn{Settled: []store.Settled{{LaneID: l.LaneID, Fence: l.Fence, Head: 3, Dead: changed}}})))
		}
		if _, statuses = waits(t, s); statuses.Waiting != 0 || statuses.Parked != 1 {
			t.Errorf("parked: %+v", statuses)
		}
	})
}

func TestASettingChangesOnlyFromWhatItIs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		for _, step := range []struct {
			old, value string
			want       error
		}{{"a", "b", store.ErrChanged}, {"", "a", nil}, {"", "b", store.ErrChanged}, {"a", "b", nil}, {"a", "c", store.ErrChanged}} {
			if err := s.ChangeSetting(t.Context(), "name", step.old, step.value); !errors.Is(err, step.want) {
				t.Errorf("from %q to %q: %v, want %v", step.old, step.value, err, step.want)
			}
		}
	})
}
