package store_test

import (
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestWhatIsTriedTooOftenWaits(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		limit := store.Throttle{Burst: 3, Every: time.Minute}
		try := func(name string) (wait time.Duration) {
			write(t, d.Store, func(tx *store.Tx) {
				var err error
				wait, err = tx.Try(name, limit, d.Store.Now())
				check(t, err)
			})
			return wait
		}
		want := func(when string, got, want time.Duration) {
			t.Helper()
			if got != want {
				t.Errorf("%s: has to wait %v, want %v", when, got, want)
			}
		}
		for range 3 {
			want("within the burst", try("a"), 0)
		}
		want("after the burst", try("a"), time.Minute)
		want("of another", try("b"), 0)
		d.Clock.Advance(30 * time.Second)
		want("half a minute later", try("a"), 30*time.Second)
		d.Clock.Advance(30 * time.Second)
		want("a minute later", try("a"), 0)
		want("right after it", try("a"), time.Minute)
		write(t, d.Store, func(tx *store.Tx) { tx.Untry("a") })
		want("when it was forgotten", try("a"), 0)
		write(t, d.Store, func(tx *store.Tx) { tx.GiveBack("b", limit) })
		for range 3 {
			want("when one try was given back", try("b"), 0)
		}
		want("when one try was given back, and three were made", try("b"), time.Minute)
		d.Clock.Advance(time.Hour)
		write(t, d.Store, func(tx *store.Tx) {
			n, err := tx.PurgeThrottles(d.Store.Now(), 10)
			check(t, err)
			if n != 2 {
				t.Errorf("%d were removed, want 2", n)
			}
		})
	})
}
