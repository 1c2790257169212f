package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func changeStatus(t testing.TB, d *desktest.Desk, actor desk.Actor, ticket *desk.Ticket, to desk.Status) *desk.Ticket {
	t.Helper()
	changed, err := d.App.ChangeStatus(t.Context(), actor, of(ticket), to, "because")
	must(t, err)
	return changed.Ticket
}

func TestAPartnersCommentIsTheCustomersWord(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		d.Clock.Advance(time.Minute)
		for _, c := range []struct {
			author, want string
		}{{"", "Sarah Johnson"}, {"  ", "Sarah Johnson"}, {"Her husband", "Her husband"}} {
			changed, err := d.App.AddComment(t.Context(), actor, of(ticket), app.NewComment{Content: "My card is 4111-1111-1111-1111", Author: c.author})
			must(t, err)
			want := desk.Comment{ID: changed.Comment.ID, TicketID: ticket.ID, Seq: changed.Comment.Seq, Author: c.want,
				Content: "[Via Omnichannel] My card is ****1111", Public: true, At: desktest.Start.Add(time.Minute)}
			if diff := cmp.Diff(want, *changed.Comment); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(desk.Faults{{Path: "comment", Text: desk.CardMasked}}, changed.Warnings); diff != "" {
				t.Error(diff)
			}
		}
		wantTypes := []desk.EventType{desk.TicketCreated, desk.CommentAdded, desk.CommentAdded, desk.CommentAdded}
		if diff := cmp.Diff(wantTypes, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		want := slices.Repeat([]string{entry(actor, of(ticket).Ticket)}, 3)
		if diff := cmp.Diff(want, behind(t, d).audited(t, "comment.add")); diff != "" {
			t.Error(diff)
		}
	})
}

// Customers are not users: neither names nor e-mails nor identifiers of employees make a partner one.
func TestACustomerIsNeverAnEmployee(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		agent, err := d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: "tech@bank.co.id", Name: "John Tech", Role: desk.RoleAdmin}, false)
		must(t, err)
		for _, name := range []string{agent.Name, desk.SystemName} {
			draft := ticketDraft()
			draft.Customer = desk.Customer{Name: name, Email: agent.Email, Identifier: agent.ID}
			opened, err := d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
			must(t, err)
			for _, author := range []string{"", name, agent.Email, agent.ID, "system"} {
				_, err := d.App.AddComment(t.Context(), actor, of(opened.Ticket), app.NewComment{Content: "I am the bank", Author: author})
				must(t, err)
			}
			got, err := d.App.ReadTicket(t.Context(), actor, of(opened.Ticket).Ticket)
			must(t, err)
			for _, c := range got.Comments {
				if c.FromSupport || c.Content != "[Via Omnichannel] I am the bank" {
					t.Errorf("a comment of author %q is from support: %v, %q", c.Author, c.FromSupport, c.Content)
				}
			}
			if !got.Ticket.Clocks.RespondedAt.IsZero() {
				t.Error("the customer's own comment met the response clock")
			}
			for _, event := range ticketEvents(t, d, opened.Ticket.ID) {
				if event.Actor.Kind != desk.ByPartner || event.Actor.ID != actor.ID || event.Type == desk.CommentAdded && data(t, event, "comment").(map[string]any)["isFromSupport"] != false {
					t.Errorf("event %s is by %+v: %s", event.Type, event.Actor, event.Body)
				}
			}
			_, err = d.App.AddComment(t.Context(), actor, of(opened.Ticket), app.NewComment{Content: "a note", Internal: true, Author: name})
			if !slices.Equal(faultPaths(err), []string{"internal"}) {
				t.Errorf("an internal comment of a partner: %v", err)
			}
			_, err = d.App.ChangeStatus(t.Context(), actor, of(opened.Ticket), desk.Resolved, "")
			if !slices.Equal(faultPaths(err), []string{"status"}) {
				t.Errorf("a partner resolves: %v", err)
			}
		}
	})
}

func TestAnInternalSystemSpeaksForTheBank(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		ticket := openedTicket(t, d, actor)
		d.Clock.Advance(time.Minute)
		note, err := d.App.AddComment(t.Context(), core, of(ticket), app.NewComment{Content: "Only for us", Internal: true, Author: "ignored"})
		must(t, err)
		if note.Comment.Public || !note.Ticket.Clocks.RespondedAt.IsZero() {
			t.Error("an internal note is public, or met the response clock")
		}
		word, err := d.App.AddComment(t.Context(), core, of(ticket), app.NewComment{Content: "We look into it", Author: "ignored"})
		must(t, err)
		c := word.Comment
		if !c.FromSupport || !c.Public || c.Content != "We look into it" || c.Author != core.Name || !word.Ticket.Clocks.RespondedAt.Equal(c.At) {
			t.Errorf("comment %+v, answered at %v", c, word.Ticket.Clocks.RespondedAt)
		}
		got, err := d.App.ReadTicket(t.Context(), actor, of(ticket).Ticket)
		must(t, err)
		if len(got.Comments) != 1 || got.Comments[0].ID != c.ID {
			t.Errorf("the partner sees %+v, want the public comment alone", got.Comments)
		}
		standing, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
		if err != nil || standing.LastComment == nil || standing.LastComment.ID != c.ID {
			t.Errorf("last comment %+v (%v), want the public one", standing.LastComment, err)
		}
		d.Sequence(t)
		events, _, err := d.App.Feed(t.Context(), actor, 0, 10)
		if err != nil || len(events) != 2 {
			t.Errorf("the feed tells %d events (%v), want the creation and the public comment", len(events), err)
		}
	})
}

func TestAStepOfTheLifecycleIsTakenTogetherWithWhatItMeans(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		ticket := openedTicket(t, d, actor)
		changeStatus(t, d, actor, ticket, desk.Pending)
		after, err := d.App.AddComment(t.Context(), actor, of(ticket), app.NewComment{Content: "Here is what you asked for"})
		if err != nil || after.Ticket.Status != desk.Open {
			t.Errorf("a customer's comment leaves a waiting ticket %s (%v), want OPEN", after.Ticket.Status, err)
		}
		changeStatus(t, d, core, ticket, desk.InProgress)
		resolved := changeStatus(t, d, core, ticket, desk.Resolved)
		if resolved.ResolvedAt.IsZero() {
			t.Error("a resolved ticket has no time of it")
		}
		for name, change := range map[string]func() error{
			"comment": func() error {
				_, err := d.App.AddComment(t.Context(), actor, of(ticket), app.NewComment{Content: "late"})
				return err
			},
			"status": func() error {
				_, err := d.App.ChangeStatus(t.Context(), actor, of(ticket), desk.InProgress, "again")
				return err
			},
			"file": func() error {
				_, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile("late")})
				return err
			},
		} {
			if err := change(); !desk.Is(err, desk.Invalid) || err.Error() != string(desk.TicketFinalized) {
				t.Errorf("%s on a resolved ticket: %v", name, err)
			}
		}
		if left := blobs(t, d); len(left) > 0 {
			t.Errorf("a refused file was stored: %v", left)
		}
		_, err = d.App.ChangeStatus(t.Context(), core, of(ticket), desk.InProgress, " ")
		if !slices.Equal(faultPaths(err), []string{"reason"}) {
			t.Errorf("a reopen without a reason: %v", err)
		}
		changeStatus(t, d, core, ticket, desk.InProgress)
		changeStatus(t, d, core, ticket, desk.Resolved)
		changeStatus(t, d, core, ticket, desk.Closed)
		want := []desk.EventType{desk.TicketCreated, desk.StatusChanged, desk.CommentAdded, desk.StatusChanged, desk.StatusChanged,
			desk.StatusChanged, desk.TicketResolved, desk.StatusChanged, desk.StatusChanged, desk.TicketResolved, desk.StatusChanged, desk.TicketClosed}
		if diff := cmp.Diff(want, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if got := len(behind(t, d).audited(t, "ticket.status")); got != 6 {
			t.Errorf("%d changes of status are in the audit trail, want 6", got)
		}
	})
}

func TestAChangeOfWhatTheCallerDidNotReadIsStale(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		change := of(ticket)
		change.Version = ticket.Version
		_, err := d.App.AddComment(t.Context(), actor, change, app.NewComment{Content: "first"})
		must(t, err)
		before := db.stored(t)
		for _, version := range []int64{ticket.Version, -1, 99} {
			change.Version = version
			_, err = d.App.AddComment(t.Context(), actor, change, app.NewComment{Content: "second"})
			mustFail(t, err, desk.Stale, "AddComment")
			_, err = d.App.Attach(t.Context(), actor, change, []desk.Attachment{textFile("second")})
			mustFail(t, err, desk.Stale, "Attach")
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || len(blobs(t, d)) > 0 {
			t.Errorf("a stale change stored something: %s %v", diff, blobs(t, d))
		}
	})
}

func TestATicketIsAssignedToActiveAgentsAndKnownGroups(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		core := bank(t, d)
		ticket := openedTicket(t, d, allOf(t, d, "Partner"))
		_, err := d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: "Tech@bank.co.id", Name: "John Tech", Role: desk.RoleAgent}, false)
		must(t, err)
		_, err = d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: "gone@bank.co.id", Name: "Gone", Role: desk.RoleAgent}, false)
		must(t, err)
		behind(t, d).do(t, `UPDATE agent SET active = FALSE WHERE email = 'gone@bank.co.id'`)
		for _, c := range []struct {
			to             app.Assignment
			fault          string
			assignee, team string
		}{
			{to: app.Assignment{GivenAgent: true, Assignee: " TECH@bank.co.id "}, assignee: "John Tech", team: "John Tech"},
			{to: app.Assignment{GroupCode: "CALL_CENTER"}, assignee: "John Tech", team: "John Tech"},
			{to: app.Assignment{GivenAgent: true, Unassign: true}, team: "Call Center"},
			{to: app.Assignment{GivenAgent: true, Assignee: "tech@bank.co.id", GroupCode: "TECH_SUPPORT"}, assignee: "John Tech", team: "John Tech"},
			{to: app.Assignment{GivenAgent: true, Unassign: true, GroupCode: "TECH_SUPPORT"}, team: "IT Support Team"},
			{to: app.Assignment{GivenAgent: true, Assignee: "nobody@bank.co.id"}, fault: "assignee"},
			{to: app.Assignment{GivenAgent: true, Assignee: "gone@bank.co.id"}, fault: "assignee"},
			{to: app.Assignment{GivenAgent: true, Assignee: "system"}, fault: "assignee"},
			{to: app.Assignment{GivenAgent: true, Assignee: ""}, fault: "assignee"},
			{to: app.Assignment{GroupCode: "NOBODY"}, fault: "supportGroup"},
			{to: app.Assignment{}, fault: "assignee"},
		} {
			changed, err := d.App.Assign(t.Context(), core, of(ticket), c.to)
			switch {
			case c.fault != "":
				if !slices.Equal(faultPaths(err), []string{c.fault}) {
					t.Errorf("%+v: %v, want a fault of %s", c.to, err, c.fault)
				}
			case err != nil || changed.Ticket.AssigneeName != c.assignee || changed.Ticket.AssignedTo() != c.team:
				t.Errorf("%+v: assigned to %q (%v)", c.to, changed.Ticket.AssignedTo(), err)
			}
		}
		if got := behind(t, d).audited(t, "ticket.assign"); !slices.Equal(got, slices.Repeat([]string{entry(core, of(ticket).Ticket)}, 5)) {
			t.Errorf("audit entries %q, want five by the bank", got)
		}
	})
}

func TestAPriorityIsSetByHandAndTheOneAskedForStays(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		core := bank(t, d)
		draft := ticketDraft()
		draft.Priority = desk.High
		opened, err := d.App.OpenTicket(t.Context(), allOf(t, d, "Partner"), draft, app.Once[app.Opened]{})
		must(t, err)
		changed, err := d.App.SetPriority(t.Context(), core, of(opened.Ticket), desk.Low)
		if err != nil || changed.Ticket.Priority != desk.Low || changed.Ticket.AskedPriority != desk.High {
			t.Errorf("priority %s, asked %s (%v)", changed.Ticket.Priority, changed.Ticket.AskedPriority, err)
		}
		for _, unknown := range []desk.Priority{"", "URGENT", "low"} {
			_, err := d.App.SetPriority(t.Context(), core, of(opened.Ticket), unknown)
			if !slices.Equal(faultPaths(err), []string{"priority"}) {
				t.Errorf("priority %q: %v", unknown, err)
			}
		}
		want := []desk.EventType{desk.TicketCreated, desk.PriorityChanged}
		if diff := cmp.Diff(want, eventTypes(t, d, opened.Ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{entry(core, of(opened.Ticket).Ticket)}, behind(t, d).audited(t, "ticket.priority")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestChangesOfOneTicketOnTwoNodesLoseNothing(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		nodes := []*desktest.Desk{d, d.Node(t)}
		const writers, each = 8, 5
		inParallel(writers, func(i int) {
			for range each {
				if _, err := nodes[i%2].App.AddComment(t.Context(), actor, of(ticket), app.NewComment{Content: "a word"}); err != nil {
					t.Error(err)
				}
			}
		})
		events := ticketEvents(t, d, ticket.ID)
		for i, event := range events {
			if event.Seq != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, event.Seq)
			}
		}
		var kept *desk.Ticket
		must(t, d.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
			kept, err = tx.TicketByNumber(ticket.Number, false)
			return err
		}))
		if len(events) != 1+writers*each || kept.Version != 1+writers*each || kept.Events != int64(len(events)) {
			t.Errorf("%d events, version %d, counter %d; want %d of each", len(events), kept.Version, kept.Events, 1+writers*each)
		}
	})
}

func TestAConfidentialTicketIsNotMovedToWhereNobodyWorks(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		partner := allOf(t, d, "Partner")
		hire := func(name string, role desk.Role, active bool, groups ...string) desk.Actor {
			a, err := d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: name + "@bank.co.id", Name: name, Role: role, Groups: groups}, false)
			must(t, err)
			if a.Active = active; !active {
				must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error { tx.UpdateAgent(a); return nil }))
			}
			return a.Actor()
		}
		ani := hire("ani", desk.RoleAgent, true, "DUKUNGAN_LAYANAN", "TECH_SUPPORT")
		hire("budi", desk.RoleAgent, true, "ATM_SERVICES")
		hire("gone", desk.RoleAgent, false, "BRANCH_OPS")
		hire("audit", desk.RoleAuditor, true, "CARD_SERVICES")
		for _, c := range []struct {
			service desk.ServiceType
			by      desk.Actor
			group   string
			refused bool
		}{
			{"COMPLAINT", ani, "BRANCH_OPS", true}, // who left does not work there
			{"COMPLAINT", ani, "CARD_SERVICES", true},
			{"COMPLAINT", ani, "NETWORK_ADMIN", true},
			{"COMPLAINT", ani, "ATM_SERVICES", false},
			{"COMPLAINT", bank(t, d), "BRANCH_OPS", false}, // the API stays as it is
			{"MOBILE_BANKING", ani, "BRANCH_OPS", false},   // its office's supervisor sees it
		} {
			draft := ticketDraft()
			draft.ServiceType = c.service
			opened, err := d.App.OpenTicket(t.Context(), partner, draft, app.Once[app.Opened]{})
			must(t, err)
			changed, err := d.App.Assign(t.Context(), c.by, of(opened.Ticket), app.Assignment{GroupCode: c.group, GivenAgent: true, Unassign: true})
			if c.refused != slices.Equal(faultPaths(err), []string{"supportGroup"}) || !c.refused && err != nil {
				t.Errorf("%s by %s to %s: %v", c.service, c.by.Name, c.group, err)
			}
			if err == nil && changed.Ticket.Group.Code != c.group {
				t.Errorf("%s by %s to %s: it is in %s", c.service, c.by.Name, c.group, changed.Ticket.Group.Code)
			}
		}
	})
}
