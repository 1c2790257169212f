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

// stands is what a standing tells of a ticket.
func stands(t *desk.Ticket) desk.Ticket {
	return desk.Ticket{ID: t.ID, Number: t.Number, PartnerID: t.PartnerID, Version: t.Version, ChannelReference: t.ChannelReference, ServiceType: t.ServiceType, Title: t.Title,
		Status: t.Status, Priority: t.Priority, AssigneeName: t.AssigneeName, Clocks: t.Clocks,
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, ResolvedAt: t.ResolvedAt, ClosedAt: t.ClosedAt}
}

func TestWhereATicketStandsIsItsOwnRowAndItsNewestPublicComment(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		older, newer, quiet := plain(1, "p", desk.Open, desktest.Start), plain(2, "p", desk.Resolved, desktest.Start), plain(3, "q", desk.Open, desktest.Start)
		older.ChannelReference, newer.ChannelReference, quiet.ChannelReference = "ref", "ref", "ref"
		newer.AssigneeName, newer.Clocks.PausedAt, newer.Clocks.ResponseBreached = "Agen", desktest.Start.Add(time.Hour), true
		said := desk.Comment{TicketID: newer.ID, Seq: 3, ID: "c3", Author: "Budi", Content: "sudah", Public: true, FromSupport: true, At: desktest.Start.Add(time.Minute)}
		write(t, s, func(tx *store.Tx) {
			for _, one := range []*desk.Ticket{older, newer, quiet} {
				tx.InsertTicket(one)
			}
			tx.InsertComment(desk.Comment{TicketID: newer.ID, Seq: 2, ID: "c2", Content: "lama", Public: true, At: desktest.Start})
			tx.InsertComment(said)
			tx.InsertComment(desk.Comment{TicketID: newer.ID, Seq: 4, ID: "c4", Content: "internal", At: desktest.Start})
			tx.InsertComment(desk.Comment{TicketID: quiet.ID, Seq: 2, ID: "c5", Content: "internal", At: desktest.Start})
		})
		for name, c := range map[string]struct {
			find func(*store.Tx) (store.Standing, error)
			want *desk.Ticket
			said *desk.Comment
		}{
			"by number":                        {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByNumber(older.Number) }, older, nil},
			"by a reference of two":            {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByReference("ref", "p") }, newer, &said},
			"by a reference of every partner":  {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByReference("ref", "") }, quiet, nil},
			"by a number that nobody has":      {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByNumber(99) }, nil, nil},
			"by a reference of somebody else":  {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByReference("ref", "r") }, nil, nil},
			"by the empty reference, of which": {func(tx *store.Tx) (store.Standing, error) { return tx.StandingByReference("", "p") }, nil, nil},
		} {
			var got store.Standing
			err := s.ReadSingle(t.Context(), func(tx *store.Tx) (err error) {
				got, err = c.find(tx)
				return err
			})
			if c.want == nil {
				if !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v, want ErrNotFound", name, err)
				}
				continue
			}
			check(t, err)
			want := stands(c.want)
			if diff := cmp.Diff(store.Standing{Ticket: &want, LastComment: c.said}, got, visible); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestASingleStatementIsAllThatReadSingleRuns(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		err := s.ReadSingle(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Configuration(); err != nil {
				t.Errorf("the first statement: %v", err)
			}
			_, err := tx.Configuration()
			return err
		})
		if err == nil {
			t.Error("a second statement was run")
		}
		check(t, s.ReadSingle(t.Context(), func(tx *store.Tx) error { // and the connection is as good as before
			_, err := tx.Configuration()
			return err
		}))
	})
}
