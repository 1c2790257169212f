package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestACommentIsReadWhereItMayBeSeen(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var all, public []desk.Comment
		for i, seen := range []bool{true, false, true, false} {
			c := desk.Comment{ID: fmt.Sprint("c", i), TicketID: "t", Seq: int64(i + 2), Author: "Budi 'Bud' \"B\"", Content: "isi\nbaris dua 😀",
				Public: seen, FromSupport: i > 1, At: desktest.Start.Add(time.Duration(i) * time.Microsecond)}
			all = append(all, c)
			if seen {
				public = append(public, c)
			}
		}
		write(t, s, func(tx *store.Tx) {
			for i := range all {
				tx.InsertComment(all[len(all)-1-i])
			}
			tx.InsertComment(desk.Comment{ID: "other", TicketID: "u", Seq: 1, Public: false, At: desktest.Start})
		})
		got := read(t, s, func(tx *store.Tx) ([]desk.Comment, error) { return tx.Comments("t") })
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("all comments (-want +got):\n%s", diff)
		}
		got = read(t, s, func(tx *store.Tx) ([]desk.Comment, error) { return tx.PublicComments("t") })
		if diff := cmp.Diff(public, got); diff != "" {
			t.Errorf("public comments (-want +got):\n%s", diff)
		}
	})
}

func TestAttachmentsAreReadInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var want []desk.Attachment
		for i := range 3 {
			want = append(want, desk.Attachment{ID: fmt.Sprint("a", i), TicketID: "t", Filename: "bukti é.pdf", MIME: "application/pdf", Size: 10<<20 + int64(i),
				SHA256: "same", Description: "struk", UploadedBy: "key", UploadedAt: desktest.Start.Add(time.Duration(i/2) * time.Second)})
		}
		write(t, s, func(tx *store.Tx) {
			tx.RegisterBlob("same", desktest.Start)
			tx.InsertAttachments([]desk.Attachment{want[2], want[1], want[0], {ID: "a0", TicketID: "u", SHA256: "same"}})
		})
		got := read(t, s, func(tx *store.Tx) ([]desk.Attachment, error) { return tx.Attachments("t") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("attachments (-want +got):\n%s", diff)
		}
	})
}

func TestWhatHappenedToATicketIsReadAsItWasRecorded(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		partners(t, s, "p")
		want := []desk.Event{event("t", "p", 1, desk.TicketCreated, desktest.Start), event("t", "p", 2, desk.NoteAdded, desktest.Start)}
		want[1].Reason = "kata orang"
		write(t, s, func(tx *store.Tx) {
			tx.Record(want[1], want[0], event("u", "p", 1, desk.TicketCreated, desktest.Start))
		})
		feed := func(partner string, after int64) []store.FeedEvent {
			return read(t, s, func(tx *store.Tx) ([]store.FeedEvent, error) { return tx.Feed(partner, after, 10) })
		}
		if got := feed("p", 0); len(got) != 0 {
			t.Errorf("the feed shows %v before it has numbers", got)
		}
		sequence(t, s)
		want[0].Number, want[0].FeedNumber, want[1].Number = 1, 1, 2
		got := read(t, s, func(tx *store.Tx) ([]desk.Event, error) { return tx.TicketEvents("t") })
		if diff := cmp.Diff(want, got, visible); diff != "" {
			t.Errorf("events of the ticket (-want +got):\n%s", diff)
		}
		first := store.FeedEvent{Cursor: 1, ID: want[0].ID(), Type: want[0].Type, At: desktest.Start, Body: string(want[0].Body)}
		other := event("u", "p", 1, desk.TicketCreated, desktest.Start)
		second := store.FeedEvent{Cursor: 2, ID: other.ID(), Type: other.Type, At: desktest.Start, Body: string(other.Body)}
		if diff := cmp.Diff([]store.FeedEvent{first, second}, feed("p", 0)); diff != "" {
			t.Errorf("the partner's feed (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]store.FeedEvent{second}, feed("p", 1)); diff != "" {
			t.Errorf("the partner's feed after 1 (-want +got):\n%s", diff)
		}
		second.Cursor = 3
		if diff := cmp.Diff([]store.FeedEvent{first, second}, feed("", 0)); diff != "" {
			t.Errorf("everybody's feed, without what stays in the bank (-want +got):\n%s", diff)
		}
		if got := feed("q", 0); len(got) != 0 {
			t.Errorf("another partner's feed shows %v", got)
		}
	})
}
