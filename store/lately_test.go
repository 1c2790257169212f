package store_test

import (
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// attempted stores so many attempts of a target, a second apart, and returns when the last one was.
func attempted(t *testing.T, s *store.Store, target, class string, status int, from time.Time, n int) time.Time {
	t.Helper()
	var turn store.Turn
	at := from
	for range n {
		at = at.Add(time.Second)
		turn.Attempts = append(turn.Attempts, store.Attempt{LaneID: store.LaneID{TicketID: "t", TargetID: target}, Seq: 1, Fence: at.Unix(), At: at, Class: class, Status: status})
	}
	check(t, second(s.Turn(t.Context(), turn)))
	return at
}

func TestTheLastSuccessIsKnownHoweverLongATargetIsOutOfReach(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s, target := open(t, e), desk.Target{ID: "one"}
		lately := func() store.Lately {
			t.Helper()
			return read(t, s, func(tx *store.Tx) (store.Backlog, error) { return tx.Backlog(target) }).Lately
		}
		if got := lately(); got != (store.Lately{}) {
			t.Errorf("of no attempts: %+v", got)
		}
		good := attempted(t, s, "one", "DELIVERED", 204, desktest.Start, 3)
		attempted(t, s, "another", "DELIVERED", 204, good, 9)
		if got := lately(); got != (store.Lately{Delivered: good}) {
			t.Errorf("of successes: %+v", got)
		}
		opened := attempted(t, s, "one", "TIMED_OUT", 0, good, 10)
		bad := attempted(t, s, "one", "SERVER_ERROR", 502, opened, 600)
		attempted(t, s, "one", store.ClassSkipped, 0, bad, 1)
		want := store.Lately{Failed: store.Attempt{At: bad, Class: "SERVER_ERROR", Status: 502}}
		if got := lately(); got != want {
			t.Errorf("behind many failures: %+v", got)
		}
		target.OpenedAt, want.Delivered = opened, good
		if got := lately(); got != want {
			t.Errorf("while it is out of reach: %+v", got)
		}
	})
}
