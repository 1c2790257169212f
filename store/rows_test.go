package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestRowsThatTravelTogetherAreStoredOnceEach(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		partners(t, s, "p")
		var want []string
		for _, count := range []int{1, 3, 4, 5, 16, 21, 64, 85, 150} {
			ids := make([]string, count)
			for i := range ids {
				ids[i] = fmt.Sprintf("%03d-%03d", count, i)
			}
			want = append(want, ids...)
			write(t, s, func(tx *store.Tx) {
				for _, id := range ids {
					tx.Audit(desk.AuditEntry{ID: id, Action: "a", At: desktest.Start})
					tx.Record(event(id, "p", 1, desk.TicketCreated, desktest.Start))
				}
			})
		}
		sequence(t, s)
		stored := read(t, s, func(tx *store.Tx) ([]string, error) {
			return store.Rows[string](tx, `SELECT id FROM audit WHERE number > 0 ORDER BY id`)
		})
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("entries of the trail (-want +got):\n%s", diff)
		}
		checkOrder(t, order(t, s))
		numbered := read(t, s, func(tx *store.Tx) ([]string, error) {
			return store.Rows[string](tx, `SELECT ticket_id FROM event WHERE feed_number > 0 ORDER BY ticket_id`)
		})
		if diff := cmp.Diff(want, numbered); diff != "" {
			t.Errorf("events of the feed (-want +got):\n%s", diff)
		}
	})
}
