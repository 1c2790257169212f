package store_test

import (
	"fmt"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// BenchmarkSharedCommits says what it is worth that writes share a commit, and that statements are sent together.
func BenchmarkSharedCommits(b *testing.B) {
	ways := []struct {
		name   string
		engine desktest.Engine
		batch  int
		tuning store.Tuning
	}{
		{"batch-128", desktest.SQLite, 128, store.Tuning{}},
		{"batch-8", desktest.PostgreSQL, 8, store.Tuning{}},
		{"batch-32", desktest.PostgreSQL, 32, store.Tuning{}},
		{"batch-1-immediate", desktest.PostgreSQL, 1, store.Tuning{Immediate: true}},
		{"batch-32-immediate", desktest.PostgreSQL, 32, store.Tuning{Immediate: true}},
		{"batch-32-committers-1", desktest.PostgreSQL, 32, store.Tuning{Committers: 1}},
		{"batch-32-committers-2", desktest.PostgreSQL, 32, store.Tuning{Committers: 2}},
		{"batch-32-committers-8", desktest.PostgreSQL, 32, store.Tuning{Committers: 8}},
	}
	for _, w := range ways {
		b.Run(string(w.engine)+"/"+w.name, func(b *testing.B) {
			base := newPlace(b, w.engine).tuned(b, 1, store.Tuning{})
			way := newPlace(b, w.engine).tuned(b, w.batch, w.tuning)
			compare(b, "claims", claiming(b, nil, base), claiming(b, nil, way))
		})
	}
}

// BenchmarkChangesOfFewTickets says what joined writes cost that want the same rows.
func BenchmarkChangesOfFewTickets(b *testing.B) {
	for _, few := range []int64{1, 8, 256} {
		b.Run(fmt.Sprintf("postgresql/tickets-%d", few), func(b *testing.B) {
			var ways [2]round
			for i, batch := range []int{1, 32} {
				s := newPlace(b, desktest.PostgreSQL).tuned(b, batch, store.Tuning{})
				for n := range few {
					tickets(b, s, plain(n+1, "p", desk.Open, desktest.Start))
				}
				ways[i] = writing(b, []*store.Store{s}, func() func(*store.Tx) error {
					number := serial.Add(1)%few + 1
					return func(tx *store.Tx) error { return comment(tx, number) }
				})
			}
			compare(b, "changes", ways[0], ways[1])
		})
	}
}

// comment changes a ticket as a comment does.
func comment(tx *store.Tx, number int64) error {
	t, err := tx.TicketByNumber(number, true)
	if err != nil {
		return err
	}
	t.Version++
	t.Events++
	tx.UpdateTicket(t)
	tx.InsertComment(desk.Comment{TicketID: t.ID, Seq: t.Events, ID: desk.NewID(t.UpdatedAt), Content: "sudah dihubungi"})
	tx.Record(event(t.ID, "p", t.Events, desk.CommentAdded, t.UpdatedAt))
	tx.Audit(desk.NewAudit(t.UpdatedAt, desk.System(), "comment.add", fmt.Sprint(number), desk.OutcomeOK))
	return nil
}
