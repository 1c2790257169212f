package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		newer.Events, quiet.Events = 4, 2
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
			find func(*store.Store) (store.Standing, error)
			want *desk.Ticket
			said *desk.Comment
		}{
			"by number":                        {func(s *store.Store) (store.Standing, error) { return s.StandingByNumber(t.Context(), older.Number) }, older, nil},
			"by a reference of two":            {func(s *store.Store) (store.Standing, error) { return s.StandingByReference(t.Context(), "ref", "p") }, newer, &said},
			"by a reference of every partner":  {func(s *store.Store) (store.Standing, error) { return s.StandingByReference(t.Context(), "ref", "") }, quiet, nil},
			"by a number that nobody has":      {func(s *store.Store) (store.Standing, error) { return s.StandingByNumber(t.Context(), 99) }, nil, nil},
			"by a reference of somebody else":  {func(s *store.Store) (store.Standing, error) { return s.StandingByReference(t.Context(), "ref", "r") }, nil, nil},
			"by the empty reference, of which": {func(s *store.Store) (store.Standing, error) { return s.StandingByReference(t.Context(), "", "p") }, nil, nil},
		} {
			got, err := c.find(s)
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

func TestQuestionsThatAreAnsweredTogetherGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		const tickets = 9
		write(t, s, func(tx *store.Tx) {
			for n := range int64(tickets) {
				one := plain(n+1, []string{"p", "q"}[n%2], desk.Open, desktest.Start)
				one.ChannelReference = fmt.Sprint("ref", n%3)
				one.Events = 2
				tx.InsertTicket(one)
				if n%4 == 0 {
					tx.InsertComment(desk.Comment{TicketID: one.ID, Seq: 2, ID: fmt.Sprint("c", n+1), Content: "isi", Public: true, At: desktest.Start})
				}
			}
		})
		newest := func(reference, partner string) (number int64) {
			for n := range int64(tickets) {
				if fmt.Sprint("ref", n%3) == reference && (partner == "" || partner == []string{"p", "q"}[n%2]) {
					number = n + 1
				}
			}
			return number
		}
		rapid.Check(t, func(t *rapid.T) {
			byNumber := rapid.Map(rapid.Int64Range(0, tickets+2), func(n int64) store.Wanted { return store.Wanted{Number: n} })
			byReference := rapid.Custom(func(t *rapid.T) store.Wanted {
				return store.Wanted{Reference: rapid.SampledFrom([]string{"ref0", "ref1", "ref2", "ref3"}).Draw(t, "reference"),
					Partner: rapid.SampledFrom([]string{"", "p", "q", "r"}).Draw(t, "partner")}
			})
			asked := rapid.SliceOfN(rapid.OneOf(byNumber, byReference), 1, 64).Draw(t, "asked")
			found, errs := store.Answered(s, asked)
			for i, w := range asked {
				want := w.Number
				if w.Reference != "" {
					want = newest(w.Reference, w.Partner)
				}
				if want < 1 || want > tickets {
					if !errors.Is(errs[i], store.ErrNotFound) || found[i].Ticket != nil {
						t.Fatalf("question %d of %d, %v: %v, want ErrNotFound", i, len(asked), w, errs[i])
					}
					continue
				}
				if errs[i] != nil || found[i].Ticket.Number != want {
					t.Fatalf("question %d of %d, %v: %v, %v; want ticket %d", i, len(asked), w, found[i].Ticket, errs[i], want)
				}
				if said := found[i].LastComment; (said != nil) != ((want-1)%4 == 0) || said != nil && said.ID != fmt.Sprint("c", want) {
					t.Fatalf("ticket %d: the last comment is %v", want, said)
				}
			}
		})
	})
}

func TestWhoeverAsksAClosedStoreIsToldToComeBack(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		check(t, s.Close())
		if _, err := s.StandingByNumber(t.Context(), 1); !desk.Is(err, desk.Unavailable) {
			t.Errorf("a closed store answered %v", err)
		}
	})
}

func TestAQuestionThatTheDatabaseFailsIsAnsweredWithThat(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) { store.Do(tx, `ALTER TABLE comment RENAME TO said`) })
		for name, ask := range map[string]func() (store.Standing, error){
			"number":    func() (store.Standing, error) { return s.StandingByNumber(t.Context(), 1) },
			"reference": func() (store.Standing, error) { return s.StandingByReference(t.Context(), "ref", "p") },
		} {
			if _, err := ask(); !desk.Is(err, desk.Unavailable) {
				t.Errorf("by %s: %v", name, err)
			}
		}
	})
}
