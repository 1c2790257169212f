package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestAResponseIsKeptWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ticket := openedTicket(t, d, allOf(t, d, "p"))
		ani := colleague(t, d, "Ani", ticket.Group.Code).Actor()
		_, err := d.App.ChangeStatus(t.Context(), ani, of(ticket), desk.Resolved, "")
		must(t, err)
		before := eventTypes(t, d, ticket.ID)
		respond := func(reason string) (app.Changed, error) {
			return d.App.Respond(t.Context(), ani, of(ticket), app.Response{Comment: &app.NewComment{Content: "Kami buka kembali."}, Status: desk.InProgress, Reason: reason,
				Files: []desk.Attachment{{Filename: "bukti.txt", MIME: "text/plain", Content: []byte("evidence"), DeclaredSize: -1}}})
		}
		_, err = respond("")
		if diff := cmp.Diff([]string{"reason"}, faultPaths(err)); diff != "" {
			t.Errorf("without a reason: %v", err)
		}
		if diff := cmp.Diff(before, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Errorf("a part of it was kept: %s", diff)
		}
		changed, err := respond("nasabah keberatan")
		must(t, err)
		want := append(before, desk.FilesAttached, desk.CommentAdded, desk.StatusChanged)
		if diff := cmp.Diff(want, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if changed.Ticket.Status != desk.InProgress || changed.Comment == nil || len(changed.Attachments) != 1 || changed.Ticket.Version != ticket.Version+2 {
			t.Errorf("it made %+v, version %d after %d", changed, changed.Ticket.Version, ticket.Version)
		}
		for action, entries := range map[string]int{"attachment.add": 1, "comment.add": 1, "ticket.status": 2} {
			if got := behind(t, d).audited(t, action); len(got) != entries {
				t.Errorf("%s: the audit trail has %q", action, got)
			}
		}
	})
}

func TestAWordOfTheCustomersThatBringsATicketBackMayAskForThat(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ticket := openedTicket(t, d, allOf(t, d, "p"))
		ani := colleague(t, d, "Ani", ticket.Group.Code).Actor()
		_, err := d.App.ChangeStatus(t.Context(), ani, of(ticket), desk.Pending, "")
		must(t, err)
		changed, err := d.App.Respond(t.Context(), ani, of(ticket), app.Response{Comment: &app.NewComment{Content: "Ini fotonya.", Customer: true}, Status: desk.Open})
		must(t, err)
		if changed.Ticket.Status != desk.Open {
			t.Errorf("the ticket is %s", changed.Ticket.Status)
		}
		want := []desk.EventType{desk.TicketCreated, desk.StatusChanged, desk.CommentAdded, desk.StatusChanged}
		if diff := cmp.Diff(want, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
	})
}
