package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestWhoTakesANewTicketBeginsToWorkOnIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "p"), bank(t, d)
		ani := colleague(t, d, "Ani", openedTicket(t, d, actor).Group.Code)
		for _, c := range []struct {
			way    []desk.Status
			want   desk.Status
			events []desk.EventType
		}{
			{nil, desk.InProgress, []desk.EventType{desk.TicketCreated, desk.TicketAssigned, desk.StatusChanged}},
			{[]desk.Status{desk.OnHold}, desk.OnHold, []desk.EventType{desk.TicketCreated, desk.StatusChanged, desk.TicketAssigned}},
		} {
			ticket := openedTicket(t, d, actor)
			for _, status := range c.way {
				_, err := d.App.ChangeStatus(t.Context(), core, of(ticket), status, "")
				must(t, err)
			}
			taken, err := d.App.Take(t.Context(), ani.Actor(), of(ticket))
			must(t, err)
			if got := taken.Ticket; got.Status != c.want || got.AssigneeID != ani.ID {
				t.Errorf("the ticket is %s and %q has it, want %s", got.Status, got.AssigneeName, c.want)
			}
			if diff := cmp.Diff(c.events, eventTypes(t, d, ticket.ID)); diff != "" {
				t.Errorf("events: %s", diff)
			}
		}
		if got := behind(t, d).audited(t, "ticket.take"); len(got) != 2 {
			t.Errorf("the audit trail has %q", got)
		}
	})
}

// colleague is an employee who belongs to support groups.
func colleague(t testing.TB, d *desktest.Desk, name string, groups ...string) desk.Agent {
	t.Helper()
	agent, err := d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: name + "@bank.example", Name: name, Role: desk.RoleAgent, Groups: groups}, false)
	must(t, err)
	return agent
}

func TestANoteIsKeptWithTheChangeThatItIsAbout(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "p")
		ticket := openedTicket(t, d, actor)
		ani := colleague(t, d, "Ani", ticket.Group.Code).Actor()
		change := of(ticket)
		change.Note = "kartu 4111-1111-1111-1111 hilang"
		_, err := d.App.SetPriority(t.Context(), ani, change, desk.Critical)
		must(t, err)
		want := []desk.EventType{desk.TicketCreated, desk.PriorityChanged, desk.NoteAdded}
		if diff := cmp.Diff(want, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Errorf("events: %s", diff)
		}
		work, err := d.Staff.Work(t.Context(), ani, change.Ticket)
		must(t, err)
		if len(work.Comments) != 1 || work.Comments[0].Public || strings.Contains(work.Comments[0].Content, "4111-1111") || !strings.Contains(work.Comments[0].Content, "hilang") {
			t.Errorf("the note is %+v", work.Comments)
		}
		if got := work.Ticket.Version; got != ticket.Version+1 {
			t.Errorf("the version is %d, want one more than %d", got, ticket.Version)
		}
		_, err = d.App.ChangeStatus(t.Context(), actor, change, desk.Pending, "")
		if diff := cmp.Diff([]string{"note"}, faultPaths(err)); diff != "" {
			t.Errorf("a partner keeps a note: %v", err)
		}
		change.Version = ticket.Version
		_, err = d.App.Assign(t.Context(), ani, change, app.Assignment{GroupCode: "NETWORK_ADMIN"})
		mustFail(t, err, desk.Stale, "a change of what was read before")
		if after, err := d.Staff.Work(t.Context(), ani, change.Ticket); err != nil || len(after.Comments) != 1 {
			t.Errorf("a refused change left a note: %+v (%v)", after.Comments, err)
		}
	})
}

func TestATicketThatIsOverIsNotHandedOn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "p"), bank(t, d)
		ticket := openedTicket(t, d, actor)
		ani := colleague(t, d, "Ani", ticket.Group.Code)
		_, err := d.App.ChangeStatus(t.Context(), core, of(ticket), desk.Cancelled, "")
		must(t, err)
		events := eventTypes(t, d, ticket.ID)
		for name, change := range map[string]func() (app.Changed, error){
			"assign": func() (app.Changed, error) {
				return d.App.Assign(t.Context(), ani.Actor(), of(ticket), app.Assignment{GivenAgent: true, AssigneeID: ani.ID})
			},
			"move": func() (app.Changed, error) {
				return d.App.Assign(t.Context(), ani.Actor(), of(ticket), app.Assignment{GroupCode: "NETWORK_ADMIN"})
			},
			"take": func() (app.Changed, error) { return d.App.Take(t.Context(), ani.Actor(), of(ticket)) },
			"priority": func() (app.Changed, error) {
				return d.App.SetPriority(t.Context(), ani.Actor(), of(ticket), desk.Critical)
			},
		} {
			_, err := change()
			mustFail(t, err, desk.Invalid, name)
		}
		if diff := cmp.Diff(events, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
	})
}

// Somebody on the telephone has no partner that sends the words: they do the same when an employee takes them down.
func TestWhatTheCustomerSaidIsTakenDownAsTheCustomersWord(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "p")
		ticket := openedTicket(t, d, actor)
		ani, budi := colleague(t, d, "Ani", ticket.Group.Code), colleague(t, d, "Budi", ticket.Group.Code)
		_, err := d.App.Assign(t.Context(), ani.Actor(), of(ticket), app.Assignment{GivenAgent: true, AssigneeID: budi.ID})
		must(t, err)
		_, err = d.App.ChangeStatus(t.Context(), ani.Actor(), of(ticket), desk.Pending, "")
		must(t, err)
		said := app.NewComment{Content: "Kartunya ketemu", Customer: true}
		changed, err := d.App.AddComment(t.Context(), ani.Actor(), of(ticket), said)
		must(t, err)
		if c := changed.Comment; c.Author != ticket.Customer.Name || c.FromSupport || !c.Public || c.Content != "Kartunya ketemu" {
			t.Errorf("the comment is %+v", c)
		}
		if got := changed.Ticket; got.Status != desk.Open || !got.Clocks.RespondedAt.IsZero() {
			t.Errorf("the ticket is %s, answered at %v; want it back where it waited from, unanswered", got.Status, got.Clocks.RespondedAt)
		}
		want := []desk.EventType{desk.TicketCreated, desk.TicketAssigned, desk.StatusChanged, desk.CommentAdded, desk.StatusChanged}
		if diff := cmp.Diff(want, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Errorf("events: %s", diff)
		}
		if got := behind(t, d).audited(t, "comment.record"); len(got) != 1 {
			t.Errorf("the audit trail has %q", got)
		}
		if unread, err := d.Staff.Unread(t.Context(), budi.Actor()); err != nil || unread != 2 {
			t.Errorf("who has the ticket is told %d things (%v), want the assignment and the word", unread, err)
		}
		_, err = d.App.AddComment(t.Context(), actor, of(ticket), said)
		if diff := cmp.Diff([]string{"customer"}, faultPaths(err)); diff != "" {
			t.Errorf("a partner takes something down: %v", err)
		}
	})
}
