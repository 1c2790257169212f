package staff_test

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
)

// worker is an employee of the call centre.
func worker(id string, role desk.Role) desk.Actor {
	return desk.Agent{ID: id, Name: strings.ToUpper(id), Role: role, Groups: []string{"CALL_CENTER"}}.Actor()
}

func TestATicketShowsWhatIsInSightAndIsAudited(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		same := func(draft *desk.TicketDraft) {
			draft.Customer = desk.Customer{Name: "Sarah", Email: "sarah@email.com", Phone: "+628123456789", Identifier: "CIF-12345678"}
		}
		first, hidden := d.open(t, "INQUIRY", same), d.open(t, "DISPUTE", same)
		d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Customer.Email = "other@email.com" })
		ticket := d.open(t, "INQUIRY", same)
		number := strconv.FormatInt(ticket.Number, 10)
		ani := worker("ani", desk.RoleAgent)
		work, err := d.Staff.Work(t.Context(), ani, number)
		succeed(t, err)
		if c := work.Ticket.Customer; c.Name != "Sarah" || strings.Contains(c.Email+c.Phone+c.Identifier, "sarah@") || strings.Contains(c.Phone, "812345") || strings.Contains(c.Identifier, "1234") {
			t.Errorf("the customer is shown as %+v", c)
		}
		if len(work.Earlier) != 1 || work.Earlier[0].Number != first.Number || len(work.Events) != 1 || len(work.Next) == 0 {
			t.Errorf("earlier %v (not %d), %d events, next %v", work.Earlier, hidden.Number, len(work.Events), work.Next)
		}
		c, err := d.Staff.Customer(t.Context(), auditor(), number)
		if err != nil || len(c.Tickets) != 3 || c.Tickets[0].Number != ticket.Number || c.Tickets[1].Number != hidden.Number || strings.Contains(c.Ticket.Customer.Email, "sarah@") {
			t.Errorf("the auditor sees %d tickets of the customer, %v", len(c.Tickets), err)
		}
		readers, err := d.Staff.Work(t.Context(), auditor(), number)
		if err != nil || len(readers.Next) != 0 {
			t.Errorf("an auditor may take the steps %v, %v", readers.Next, err)
		}
		for what, see := range map[string]func(desk.Actor) error{
			"work": func(a desk.Actor) error {
				return second(d.Staff.Work(t.Context(), a, strconv.FormatInt(hidden.Number, 10)))
			},
			"customer": func(a desk.Actor) error {
				return second(d.Staff.Customer(t.Context(), a, strconv.FormatInt(hidden.Number, 10)))
			},
			"unmask": func(a desk.Actor) error {
				return second(d.Staff.Unmask(t.Context(), a, strconv.FormatInt(hidden.Number, 10), "email", "x"))
			},
			"draft": func(a desk.Actor) error {
				return d.Staff.KeepDraft(t.Context(), a, strconv.FormatInt(hidden.Number, 10), false, "x")
			},
			"locate": func(a desk.Actor) error {
				return second(d.Staff.Locate(t.Context(), a, strconv.FormatInt(hidden.Number, 10)))
			},
		} {
			refusedWith(t, see(ani), desk.NotFound, desk.TicketNotFound, what)
		}
		refusedWith(t, second(d.Staff.Work(t.Context(), desk.Actor{}, number)), desk.Forbidden, desk.CannotRead, "nobody")
	})
}

func TestPersonalDataIsShownForAReasonAlone(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ticket := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) {
			draft.Customer = desk.Customer{Name: "Sarah", Email: "sarah@email.com", Phone: "+628123456789"}
			draft.Metadata = desk.PlainMetadata(map[string]string{"nomorRekening": "1234567890"}, &draft.Faults)
		})
		number := strconv.FormatInt(ticket.Number, 10)
		ani := worker("ani", desk.RoleAgent)
		for reason, text := range map[string]desk.Text{"": desk.Required, " \n ": desk.Required, strings.Repeat("é", desk.MaxReason+1): desk.TooLong} {
			_, err := d.Staff.Unmask(t.Context(), ani, number, staff.EmailField, reason)
			if e, ok := err.(*desk.Error); !ok || e.Code != desk.Invalid || len(e.Fields) != 1 || e.Fields[0].Path != "reason" || e.Fields[0].Text != text {
				t.Errorf("the reason %.10q: %v", reason, err)
			}
		}
		for _, field := range []string{"identifier", "name", "", "account:other", "account:"} {
			refusedWith(t, second(d.Staff.Unmask(t.Context(), ani, number, field, "x")), desk.NotFound, desk.PageNotFound, field)
		}
		for _, actor := range []desk.Actor{d.Actor(d.NewKey(t, "internal", desk.MayManage)), d.Actor(d.NewKey(t, "all", "*")), {Kind: desk.ByAgent, ID: "half"}} {
			refusedWith(t, second(d.Staff.Unmask(t.Context(), actor, number, "email", "x")), desk.Forbidden, desk.RoleCannot, actor.Name)
		}
		if got := audited(t, d.Desk, "personal.unmask"); len(got) != 0 {
			t.Errorf("what was refused is in the trail: %q", got)
		}
		for field, want := range map[string]string{"email": "sarah@email.com", "phone": "+628123456789", "account:nomorRekening": "1234567890"} {
			got, err := d.Staff.Unmask(t.Context(), ani, number, field, " calls back, card 4111 1111 1111 1111 ")
			if err != nil || got != want {
				t.Errorf("%s: %q, %v", field, got, err)
			}
		}
		var want []string
		for _, field := range []string{"email", "phone", "account:nomorRekening"} {
			want = append(want, "agent ani   "+number+" ok "+field+": calls back, card ****1111")
		}
		wantAudited(t, d.Desk, "personal.unmask", want...)
		d.Exec(t, `DROP TABLE audit`)
		if got, err := d.Staff.Unmask(t.Context(), ani, number, "email", "x"); err == nil || got != "" {
			t.Errorf("without a trail it is shown: %q, %v", got, err)
		}
	})
}

func TestDraftsAreTheWritersOwn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		number := strconv.FormatInt(d.open(t, "INQUIRY", func(*desk.TicketDraft) {}).Number, 10)
		ani, budi := worker("ani", desk.RoleAgent), worker("budi", desk.RoleAgent)
		drafts := func(a desk.Actor) (all []string) {
			t.Helper()
			work, err := d.Staff.Work(t.Context(), a, number)
			succeed(t, err)
			for _, one := range work.Drafts {
				all = append(all, strconv.FormatBool(one.Internal)+" "+one.Content)
			}
			slices.Sort(all)
			return all
		}
		succeed(t, d.Staff.KeepDraft(t.Context(), ani, number, false, "first"))
		succeed(t, d.Staff.KeepDraft(t.Context(), ani, number, false, "Halo, 4111111111111111"))
		succeed(t, d.Staff.KeepDraft(t.Context(), ani, number, true, "note"))
		if got := drafts(ani); !slices.Equal(got, []string{"false Halo, ****1111", "true note"}) || len(drafts(budi)) != 0 {
			t.Errorf("drafts: %q; of a colleague: %q", got, drafts(budi))
		}
		succeed(t, d.Staff.KeepDraft(t.Context(), ani, number, true, " \n"))
		if got := drafts(ani); len(got) != 1 {
			t.Errorf("after one was emptied: %q", got)
		}
		refusedWith(t, d.Staff.KeepDraft(t.Context(), auditor(), number, false, "x"), desk.Forbidden, desk.RoleCannot, "an auditor")
		if err := d.Staff.KeepDraft(t.Context(), ani, number, false, strings.Repeat("é", desk.MaxComment+1)); !desk.Is(err, desk.Invalid) {
			t.Errorf("a draft that is too long: %v", err)
		}
		succeed(t, d.Staff.KeepDraft(t.Context(), ani, number, false, strings.Repeat("é", desk.MaxComment)))
	})
}

func TestViewsAreHadByWhomTheyAreSharedWith(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani, budi, boss := worker("ani", desk.RoleAgent), worker("budi", desk.RoleAgent), worker("boss", desk.RoleSupervisor)
		stranger := agentOf("CARD_SERVICES")
		view := desk.ParseView(url.Values{"status": {"OPEN,PENDING"}, "order": {"due"}})
		save := func(a desk.Actor, name, group string) staff.SavedView {
			t.Helper()
			v, err := d.Staff.SaveView(t.Context(), a, name, group, view)
			succeed(t, err)
			return v
		}
		own, ours := save(ani, " card 4111111111111111 ", ""), save(boss, "ours", "CALL_CENTER")
		save(boss, "all", "*")
		if own.Name != "card ****1111" || own.Query != "order=due&status=OPEN%2CPENDING" {
			t.Errorf("saved: %+v", own)
		}
		for name, c := range map[string]struct {
			actor desk.Actor
			want  []string
		}{"the owner": {ani, []string{"all", "card ****1111", "ours"}}, "a colleague": {budi, []string{"all", "ours"}}, "another group": {stranger, []string{"all"}}, "the one who shared": {boss, []string{"all", "ours"}}} {
			views, err := d.Staff.Views(t.Context(), c.actor)
			var names []string
			for _, v := range views {
				names = append(names, v.Name)
			}
			if err != nil || !slices.Equal(names, c.want) {
				t.Errorf("%s has %q, %v", name, names, err)
			}
		}
		for name, c := range map[string]struct {
			actor       desk.Actor
			view, group string
			path        string
		}{"no name": {ani, " ", "", "name"}, "a long name": {ani, strings.Repeat("é", 61), "", "name"}, "an agent who shares": {ani, "x", "CALL_CENTER", "group"}, "an agent who shares with all": {ani, "x", "*", "group"},
			"another's group": {boss, "x", "CARD_SERVICES", "group"}, "no group": {boss, "x", "\x00", "group"}} {
			_, err := d.Staff.SaveView(t.Context(), c.actor, c.view, c.group, view)
			if got := paths(err); !slices.Equal(got, []string{c.path}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		refusedWith(t, d.Staff.DeleteView(t.Context(), budi, own.ID), desk.NotFound, desk.PageNotFound, "another's view")
		refusedWith(t, d.Staff.DeleteView(t.Context(), boss, own.ID), desk.NotFound, desk.PageNotFound, "an agent's view, by the supervisor")
		refusedWith(t, d.Staff.DeleteView(t.Context(), stranger, ours.ID), desk.NotFound, desk.PageNotFound, "a view of another group")
		refusedWith(t, d.Staff.DeleteView(t.Context(), budi, ours.ID), desk.Forbidden, desk.RoleCannot, "a shared view, by an agent")
		refusedWith(t, d.Staff.DeleteView(t.Context(), budi, "\x00\xff"), desk.NotFound, desk.PageNotFound, "what no column holds")
		succeed(t, d.Staff.DeleteView(t.Context(), worker("chief", desk.RoleSupervisor), ours.ID))
		succeed(t, d.Staff.DeleteView(t.Context(), ani, own.ID))
		refusedWith(t, d.Staff.DeleteView(t.Context(), ani, own.ID), desk.NotFound, desk.PageNotFound, "a view that is gone")
		wantAudited(t, d.Desk, "view.delete", "agent chief   "+ours.ID+" ok ", "agent ani   "+own.ID+" ok ")
		for range 99 {
			save(boss, "x", "")
		}
		refusedWith(t, second(d.Staff.SaveView(t.Context(), boss, "x", "", view)), desk.Conflict, desk.TooManyViews, "one more than a hundred")
	})
}

func TestNoticesAreReadAndForgotten(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER").Actor()
		boss := worker("boss", desk.RoleSupervisor)
		first, other := d.open(t, "INQUIRY", func(*desk.TicketDraft) {}), d.open(t, "INQUIRY", func(*desk.TicketDraft) {})
		for _, one := range []*desk.Ticket{first, other} {
			_, err := d.App.Assign(t.Context(), boss, app.Change{Ticket: strconv.FormatInt(one.Number, 10)}, app.Assignment{GivenAgent: true, AssigneeID: ani.ID})
			succeed(t, err)
			d.Clock.Advance(time.Second)
		}
		change := app.Change{Ticket: strconv.FormatInt(first.Number, 10)}
		_, err := d.App.AddComment(t.Context(), d.partner, change, app.NewComment{Content: "Halo"})
		succeed(t, err)
		_, err = d.App.AddComment(t.Context(), ani, change, app.NewComment{Content: "Halo juga"})
		succeed(t, err)
		unread := func(a desk.Actor) int {
			t.Helper()
			n, err := d.Staff.Unread(t.Context(), a)
			succeed(t, err)
			return n
		}
		notices, err := d.Staff.Notices(t.Context(), ani, 50)
		succeed(t, err)
		if len(notices) != 3 || notices[0].Kind != desk.NoticeAnswered || notices[2].Kind != desk.NoticeAssigned || notices[2].Actor != "BOSS" || unread(ani) != 3 || unread(boss) != 0 {
			t.Fatalf("notices: %+v, unread %d", notices, unread(ani))
		}
		succeed(t, d.Staff.ReadNotices(t.Context(), boss, first.ID))
		succeed(t, d.Staff.ReadNotices(t.Context(), ani, first.ID))
		if unread(ani) != 1 {
			t.Errorf("unread after the ticket was read: %d", unread(ani))
		}
		succeed(t, d.Staff.ReadNotices(t.Context(), ani, ""))
		if unread(ani) != 0 {
			t.Errorf("unread after all were: %d", unread(ani))
		}
		d.Clock.Advance(29 * 24 * time.Hour)
		succeed(t, d.Staff.Forget(t.Context()))
		if left, _ := d.Staff.Notices(t.Context(), ani, 50); len(left) != 3 {
			t.Errorf("%d notices are left after 29 days", len(left))
		}
		d.Clock.Advance(2 * 24 * time.Hour)
		succeed(t, d.Staff.Forget(t.Context()))
		if left, _ := d.Staff.Notices(t.Context(), ani, 50); len(left) != 0 {
			t.Errorf("%d notices are left after 31 days", len(left))
		}
	})
}

func TestNoticesAreInTheOrderOfTimeAndNameWhatIsInSight(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER").Actor()
		seen := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Title = "Terlihat" })
		hidden := d.open(t, "DISPUTE", func(draft *desk.TicketDraft) { draft.Title = "Tersembunyi" })
		now := d.Clock.Now()
		succeed(t, d.Store.Write(t.Context(), func(tx *store.Tx) error {
			for i, minutes := range []int{3, 1, 4, 2} { // ids come in the order in which notices were stored
				about := []*desk.Ticket{seen, hidden}[i%2]
				at := now.Add(time.Duration(minutes) * time.Minute)
				tx.Notify(desk.Notice{ID: desk.NewID(now.Add(time.Duration(i) * time.Second)), AgentID: ani.ID, TicketID: about.ID, Number: about.Number, Kind: desk.NoticeAnswered, At: at})
			}
			return nil
		}))
		notices, err := d.Staff.Notices(t.Context(), ani, 3)
		succeed(t, err)
		var got []string
		for _, n := range notices {
			got = append(got, n.At.Sub(now).String()+" "+n.Title)
		}
		if diff := cmp.Diff([]string{"4m0s Terlihat", "3m0s Terlihat", "2m0s "}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhoLooksAtATicketIsKnownForAWhile(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ticket := d.open(t, "INQUIRY", func(*desk.TicketDraft) {})
		ani, budi := worker("ani", desk.RoleAgent), worker("budi", desk.RoleAgent)
		watch := func(a desk.Actor) (names []string) {
			t.Helper()
			others, err := d.Staff.Watch(t.Context(), a, ticket.ID)
			succeed(t, err)
			for _, o := range others {
				names = append(names, o.Name)
			}
			return names
		}
		if got := watch(ani); len(got) != 0 {
			t.Errorf("the first one sees %q", got)
		}
		if got := watch(auditor()); !slices.Equal(got, []string{"ANI"}) {
			t.Errorf("an auditor sees %q", got)
		}
		if got := watch(budi); !slices.Equal(got, []string{"ANI"}) {
			t.Errorf("the second one sees %q", got)
		}
		d.Clock.Advance(46 * time.Second)
		if got := watch(ani); len(got) != 0 {
			t.Errorf("after a while %q look", got)
		}
		if got := watch(budi); !slices.Equal(got, []string{"ANI"}) {
			t.Errorf("the one who is there is not seen: %q", got)
		}
		succeed(t, d.Staff.Leave(t.Context(), ani, ticket.ID))
		if got := watch(budi); len(got) != 0 {
			t.Errorf("after leaving: %q", got)
		}
	})
}

func TestNewsComeInOrderAndOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		if end, err := d.Staff.NewsEnd(t.Context()); err != nil || end != 0 {
			t.Errorf("before anything happened: %d, %v", end, err)
		}
		tests := d.Actor(d.NewTestKey(t, "partner", "omnichannel:*"))
		_, err := d.App.OpenTicket(t.Context(), tests, desk.TicketDraft{Channel: "EMAIL", ServiceType: "INQUIRY", Description: "x", Customer: desk.Customer{Name: "x"}, Metadata: desk.Metadata{JSON: "{}"}}, app.Once[app.Opened]{})
		succeed(t, err)
		var want []int64
		for range 5 {
			want = append(want, d.open(t, "INQUIRY", func(*desk.TicketDraft) {}).Number)
		}
		if found, end, err := d.Staff.News(t.Context(), 0, 10); err != nil || end != 0 || len(found) != 0 {
			t.Errorf("before they were numbered: %v, %d, %v", found, end, err)
		}
		d.Sequence(t)
		var got []int64
		for after := int64(0); ; {
			found, end, err := d.Staff.News(t.Context(), after, 2)
			succeed(t, err)
			if end == after {
				break
			}
			for _, n := range found {
				if n.Number <= after || n.Type != desk.TicketCreated {
					t.Errorf("after %d comes %d, %s", after, n.Number, n.Type)
				}
				got, after = append(got, n.Ticket.Number), n.Number
			}
			after = end
		}
		slices.Sort(got)
		end, err := d.Staff.NewsEnd(t.Context())
		if err != nil || end == 0 || !slices.Equal(got, want) {
			t.Errorf("news of %v, want %v; the end is %d, %v", got, want, end, err)
		}
	})
}

func TestTicketsOfTheCounterAreTheBanksOwn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		draft := desk.TicketDraft{Channel: desk.Counter, ServiceType: "INQUIRY", Description: "x", ByEmployee: true, Customer: desk.Customer{Name: "x"}, Metadata: desk.Metadata{JSON: "{}"}}
		opened, err := d.Staff.Open(t.Context(), worker("ani", desk.RoleAgent), draft, "", app.Once[app.Opened]{})
		succeed(t, err)
		if opened.Ticket.PartnerID != desk.ConsolePartner || opened.TrackingCode == "" {
			t.Errorf("the ticket is of %q", opened.Ticket.PartnerID)
		}
		list, err := d.App.ListTickets(t.Context(), d.partner, app.List{Limit: 10})
		if err != nil || len(list.Tickets) != 0 {
			t.Errorf("a partner sees %d tickets, %v", len(list.Tickets), err)
		}
		refusedWith(t, second(d.Staff.Open(t.Context(), auditor(), draft, "", app.Once[app.Opened]{})), desk.Forbidden, desk.RoleCannot, "an auditor")
	})
}

func TestANewTicketOfAKnownCustomerGetsTheContactUnseen(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		whole := desk.Customer{Name: "Sarah", Email: "sarah@email.com", Phone: "+628123456789", Identifier: "CIF-12345678"}
		known := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Customer = whole })
		hidden := d.open(t, "DISPUTE", func(draft *desk.TicketDraft) { draft.Customer = whole })
		verbs, err := app.New(t.Context(), app.Options{Store: d.Store, Keyring: d.Keyring})
		succeed(t, err)
		d.Staff = staff.New(staff.Options{App: verbs, Store: d.Store, Keyring: d.Keyring})
		ani, from := worker("ani", desk.RoleAgent), strconv.FormatInt(known.Number, 10)
		draft := desk.TicketDraft{Channel: "PHONE", ServiceType: "INQUIRY", ByEmployee: true, Description: "x", Metadata: desk.Metadata{JSON: "{}"}}
		for _, given := range []desk.Customer{{}, {Name: "Sarah J", Phone: "+628999999999"}} {
			draft.Customer = given
			opened, err := d.Staff.Open(t.Context(), ani, draft, from, app.Once[app.Opened]{})
			succeed(t, err)
			want := whole
			if given.Name != "" {
				want.Name, want.Phone = given.Name, given.Phone
			}
			got := opened.Ticket.Private
			if opened.Ticket.Customer.Name != want.Name || got.Email != want.Email || got.Phone != want.Phone || got.Identifier != want.Identifier {
				t.Errorf("given %+v the customer is %q, %+v", given, opened.Ticket.Customer.Name, got)
			}
		}
		draft.Customer = desk.Customer{}
		refusedWith(t, second(d.Staff.Open(t.Context(), ani, draft, strconv.FormatInt(hidden.Number, 10), app.Once[app.Opened]{})), desk.NotFound, desk.TicketNotFound, "a customer of others")
		refusedWith(t, second(d.Staff.Open(t.Context(), auditor(), draft, from, app.Once[app.Opened]{})), desk.Forbidden, desk.RoleCannot, "an auditor")
		ended, end := context.WithCancel(t.Context())
		end()
		verbs.KeepAudit(ended) // writes what waits
		wantAudited(t, d.Desk, "customer.copy", "agent ani   "+from+" ok ", "agent ani   "+from+" ok ")
	})
}
