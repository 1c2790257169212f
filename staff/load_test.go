package staff_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// given assigns a ticket to somebody, by the bank's own system.
func (d searchDesk) given(t *testing.T, ticket *desk.Ticket, agentID string) {
	t.Helper()
	_, err := d.App.Assign(t.Context(), d.core(t), app.Change{Ticket: numberOf(ticket)}, app.Assignment{GivenAgent: true, AssigneeID: agentID, Unassign: agentID == ""})
	succeed(t, err)
}

func (d searchDesk) core(t *testing.T) desk.Actor {
	t.Helper()
	return desk.Actor{Kind: desk.ByPartner, ID: "core", Name: "Core", PartnerID: d.partner.PartnerID, Permissions: desk.Permissions{desk.MayManage}}
}

func numberOf(t *desk.Ticket) string { return strconv.FormatInt(t.Number, 10) }

func (d searchDesk) became(t *testing.T, ticket *desk.Ticket, to desk.Status) {
	t.Helper()
	_, err := d.App.ChangeStatus(t.Context(), d.core(t), app.Change{Ticket: numberOf(ticket)}, to, "")
	succeed(t, err)
}

// leads is a supervisor of support groups.
func leads(groups ...string) desk.Actor {
	return desk.Agent{ID: "lead", Name: "Lead", Role: desk.RoleSupervisor, Groups: groups}.Actor()
}

func TestTheLoadOfAGroupIsCountedByWhoHasTheTickets(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER")
		gone := hired(t, d.Desk, "gone@bank.example", desk.RoleAgent, "CARD_SERVICES")
		hired(t, d.Desk, "zoe@bank.example", desk.RoleAgent, "CALL_CENTER")
		first, second, third := d.described(t, "a"), d.described(t, "b"), d.described(t, "c")
		d.described(t, "d")
		d.open(t, "ATM_ISSUE", func(*desk.TicketDraft) {}) // of a group that is not asked for
		d.given(t, first, ani.ID)
		d.given(t, second, ani.ID)
		d.given(t, third, gone.ID)
		d.became(t, first, desk.InProgress)
		d.became(t, third, desk.Pending)
		d.became(t, d.described(t, "e"), desk.Resolved)

		got, err := d.Load(t.Context(), leads("CALL_CENTER"))
		succeed(t, err)
		if len(got) != 1 || got[0].Group.Code != "CALL_CENTER" {
			t.Fatalf("the load is of %+v", got)
		}
		load := got[0]
		if want := (staff.Tally{New: 2, Working: 1, Waiting: 1}); load.All != want {
			t.Errorf("all: %+v, want %+v", load.All, want)
		}
		if want := (staff.Tally{New: 1}); load.Unassigned != want {
			t.Errorf("unassigned: %+v, want %+v", load.Unassigned, want)
		}
		type row struct {
			Name   string
			Member bool
			Tally  staff.Tally
		}
		var rows []row
		for _, m := range load.Members {
			rows = append(rows, row{m.Name, m.Member, m.Tally})
		}
		name := func(p staff.Person) string { return p.Name }
		want := []row{{name(ani), true, staff.Tally{New: 1, Working: 1}}, {name(gone), false, staff.Tally{Waiting: 1}}}
		if len(rows) != 3 {
			t.Fatalf("the rows are %+v, want those of two members and of one who holds a ticket", rows)
		}
		for _, w := range want {
			if !slices.Contains(rows, w) {
				t.Errorf("%+v is missing in %+v", w, rows)
			}
		}
	})
}

// fieldValue is a condition with one value.
type fieldValue struct {
	Field desk.ViewField
	Value string
}

// The counts are those of the lists that they lead to, whatever became of the tickets.
func TestTheLoadCountsWhatTheListsShow(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		random := rand.New(rand.NewPCG(7, 7))
		for range 60 {
			service := []desk.ServiceType{"INQUIRY", "ATM_ISSUE", "MOBILE_BANKING", "DISPUTE"}[random.IntN(4)] // the last is confidential
			branch := []string{"", "", "001", "002"}[random.IntN(4)]
			ticket := d.open(t, service, func(draft *desk.TicketDraft) { draft.Customer.BranchCode = branch })
			if to := []desk.Status{"", desk.InProgress, desk.Pending, desk.Resolved}[random.IntN(4)]; to != "" {
				d.became(t, ticket, to)
			}
			d.Clock.Advance(time.Duration(random.IntN(8)) * time.Hour)
		}
		for range 4 {
			for _, branch := range []string{"", "001", desk.OmniBranch} {
				lead := desk.Agent{ID: "lead", Name: "Lead", Role: desk.RoleSupervisor, Groups: []string{"ATM_SERVICES", "CALL_CENTER"}, Branch: branch}.Actor()
				checkLoad(t, d, lead)
			}
			d.Clock.Advance(23 * time.Hour)
		}
	})
}

// checkLoad fails the test unless the load of a supervisor is that of the lists in sight, of every group.
func checkLoad(t *testing.T, d searchDesk, lead desk.Actor) {
	t.Helper()
	loads, err := d.Load(t.Context(), lead)
	succeed(t, err)
	count := func(conditions ...desk.Condition) int {
		t.Helper()
		n, exact, err := d.Count(t.Context(), lead, desk.View{Order: desk.ByDeadline, All: conditions}, 1000)
		succeed(t, err)
		if !exact {
			t.Fatal("the list was not counted to its end")
		}
		return n
	}
	active := 0
	for _, load := range loads {
		got, want := load.All, staff.Tally{}
		for condition, to := range map[fieldValue]*int{
			{Field: desk.ViewStatus, Value: string(desk.Open)}:       &want.New,
			{Field: desk.ViewStatus, Value: string(desk.InProgress)}: &want.Working,
			{Field: desk.ViewStatus, Value: string(desk.Pending)}:    &want.Waiting,
			{Field: desk.ViewSLA, Value: desk.SLABreached}:           &want.Overdue,
			{Field: desk.ViewSLA, Value: desk.SLASoon}:               &want.Soon,
		} {
			*to = count(desk.Condition{Field: desk.ViewGroup, Values: []string{load.Group.Code}}, desk.Condition{Field: condition.Field, Values: []string{condition.Value}})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s for %q at %v (-lists +load):\n%s", load.Group.Code, lead.Branch, d.Clock.Now(), diff)
		}
		if load.Own != slices.Contains(lead.Groups, load.Group.Code) {
			t.Errorf("%s is one of her own: %v", load.Group.Code, load.Own)
		}
		active += got.Active()
	}
	if all := count(); active != all {
		t.Errorf("for %q the groups have %d tickets, in sight are %d", lead.Branch, active, all)
	}
}

func TestASupervisorMarksMembersOfHerGroupsAbsent(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER", "TECH_SUPPORT")
		other := hired(t, d.Desk, "other@bank.example", desk.RoleAgent, "CARD_SERVICES")
		lead := leads("CALL_CENTER")
		away := func() bool {
			t.Helper()
			p, err := d.Person(t.Context(), operator, ani.ID)
			succeed(t, err)
			return p.Away
		}
		for _, want := range []bool{true, false} {
			if succeed(t, d.SetAbsent(t.Context(), lead, ani.ID, want)); away() != want {
				t.Errorf("she is away: %v, want %v", away(), want)
			}
		}
		wantAudited(t, d.Desk, "agent.away", "agent lead   "+ani.ID+" ok away: false -> true", "agent lead   "+ani.ID+" ok away: true -> false")
		refusedWith(t, d.SetAbsent(t.Context(), lead, other.ID, true), desk.Forbidden, desk.RoleCannot, "somebody of another group")
		refusedWith(t, d.SetAbsent(t.Context(), leads(), ani.ID, true), desk.Forbidden, desk.RoleCannot, "a supervisor without groups")
		refusedWith(t, d.SetAbsent(t.Context(), agentOf("CALL_CENTER"), ani.ID, true), desk.Forbidden, desk.RoleCannot, "a colleague")
		refusedWith(t, d.SetAbsent(t.Context(), lead, "nobody", true), desk.NotFound, desk.PersonNotFound, "nobody")
	})
}

func TestOnlyWhoLeadsSeesTheLoadAndOfTheOwnGroups(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		for _, role := range []desk.Role{desk.RoleAgent, desk.RoleAuditor} {
			actor := desk.Agent{ID: "a", Role: role, Groups: []string{"CALL_CENTER"}}.Actor()
			_, err := d.Load(t.Context(), actor)
			if !desk.Is(err, desk.Forbidden) {
				t.Errorf("%s sees the load: %v", role, err)
			}
		}
		loads, err := d.Load(t.Context(), leads())
		if err != nil || len(loads) != 0 {
			t.Errorf("without a group: %v, %v", loads, err)
		}
		loads, err = d.Load(t.Context(), leads("CALL_CENTER", "NOT_A_GROUP"))
		if err != nil || len(loads) != 1 {
			t.Errorf("%d loads (%v), want the one of the known group", len(loads), err)
		}
	})
}

func TestTicketsOfSomebodyAbsentGoBackToTheQueue(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani, ben := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER"), hired(t, d.Desk, "ben@bank.example", desk.RoleAgent, "CALL_CENTER")
		mine, waiting, settled, bens := d.described(t, "a"), d.described(t, "b"), d.described(t, "c"), d.described(t, "d")
		hidden := d.open(t, "ATM_ISSUE", func(*desk.TicketDraft) {})
		for _, ticket := range []*desk.Ticket{mine, waiting, settled, hidden} {
			d.given(t, ticket, ani.ID)
		}
		d.given(t, bens, ben.ID)
		d.became(t, waiting, desk.Pending)
		d.became(t, settled, desk.Resolved)

		lead := leads("CALL_CENTER")
		done, err := d.ReturnTickets(t.Context(), lead, ani.ID)
		succeed(t, err)
		var numbers []int64
		for _, ticket := range done.Done {
			numbers = append(numbers, ticket.Number)
		}
		slices.Sort(numbers)
		if want := []int64{mine.Number, waiting.Number}; !slices.Equal(numbers, want) || len(done.Failed) != 0 || done.More {
			t.Errorf("returned are %v, %+v", numbers, done)
		}
		for ticket, want := range map[*desk.Ticket]string{mine: "", waiting: "", settled: ani.ID, hidden: ani.ID, bens: ben.ID} {
			got, err := d.App.ReadTicket(t.Context(), d.core(t), numberOf(ticket))
			if err != nil || got.Ticket.AssigneeID != want {
				t.Errorf("ticket %d is %q's (%v), want %q", ticket.Number, got.Ticket.AssigneeID, err, want)
			}
		}
		news, err := d.Notices(t.Context(), ani.Actor(), 50)
		succeed(t, err)
		taken := slices.DeleteFunc(news, func(n staff.Notice) bool { return n.Kind != desk.NoticeTaken || n.Actor != lead.Name })
		if len(taken) != 2 {
			t.Errorf("the absent colleague is told %+v", news)
		}
		if entries := audited(t, d.Desk, "ticket.assign"); len(entries) != 7 {
			t.Errorf("the trail has %v", entries)
		}
		again, err := d.ReturnTickets(t.Context(), lead, ani.ID)
		if err != nil || len(again.Done) != 0 || len(again.Failed) != 0 {
			t.Errorf("a second time: %+v, %v", again, err)
		}
	})
}

func TestSomebodyWhoLeavesGivesBackTheOwnTicketsOnly(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani, ben := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER"), hired(t, d.Desk, "ben@bank.example", desk.RoleAgent, "CALL_CENTER")
		d.given(t, d.described(t, "a"), ani.ID)
		_, err := d.ReturnTickets(t.Context(), ben.Actor(), ani.ID)
		if !desk.Is(err, desk.Forbidden) {
			t.Errorf("an agent takes a colleague's tickets: %v", err)
		}
		done, err := d.ReturnTickets(t.Context(), ani.Actor(), ani.ID)
		if err != nil || len(done.Done) != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		_, err = d.ReturnTickets(t.Context(), leads("CALL_CENTER"), "nobody")
		refusedWith(t, err, desk.NotFound, desk.PersonNotFound, "nobody")
	})
}

// Two supervisors who return the same tickets, and somebody who is given one of them meanwhile, do not disturb each other.
func TestTicketsAreReturnedOnceByTwoWhoDoItAtTheSameTime(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CALL_CENTER")
		const tickets = 12
		for range tickets {
			d.given(t, d.described(t, "a"), ani.ID)
		}
		var all sync.WaitGroup
		var done [3]staff.Returned
		for i := range done {
			all.Go(func() {
				var err error
				if done[i], err = d.ReturnTickets(t.Context(), leads("CALL_CENTER"), ani.ID); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		sum := 0
		for _, one := range done {
			sum += len(one.Done)
			if len(one.Failed) > 0 {
				t.Errorf("%+v", one.Failed)
			}
		}
		if sum != tickets {
			t.Errorf("%d tickets were returned, want %d", sum, tickets)
		}
	})
}

func TestAnAdministratorSeesAndEndsTheSessionsOfOthers(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ani := hired(t, d.Desk, "ani@bank.example", desk.RoleAgent)
		first, second := signedIn(t, d.Desk, "ani@bank.example"), signedIn(t, d.Desk, "ani@bank.example")
		admin := desk.Agent{ID: "admin", Name: "Admin", Role: desk.RoleAdmin}.Actor()
		sessions, err := d.SessionsOf(t.Context(), admin, ani.ID)
		succeed(t, err)
		if len(sessions) != 2 || sessions[0].Address != office.Address.String() || sessions[0].Browser != office.Browser || sessions[0].Agent.Password != "" {
			t.Errorf("the sessions are %+v", sessions)
		}
		succeed(t, d.EndSessionOf(t.Context(), admin, ani.ID, first.Session.ID))
		if _, err := d.Session(t.Context(), first.Token); !desk.Is(err, desk.Unauthorized) {
			t.Errorf("the session goes on: %v", err)
		}
		if _, err := d.Session(t.Context(), second.Token); err != nil {
			t.Errorf("the other session ended too: %v", err)
		}
		for name, id := range map[string]string{"ended before": first.Session.ID, "no id": "x"} {
			refusedWith(t, d.EndSessionOf(t.Context(), admin, ani.ID, id), desk.NotFound, desk.SessionNotFound, name)
		}
		refusedWith(t, d.EndSessionOf(t.Context(), admin, "nobody", second.Session.ID), desk.NotFound, desk.PersonNotFound, "nobody")
		for _, actor := range []desk.Actor{ani.Actor(), leads("CALL_CENTER"), auditor()} {
			_, listed := d.SessionsOf(t.Context(), actor, ani.ID)
			if ended := d.EndSessionOf(t.Context(), actor, ani.ID, second.Session.ID); !desk.Is(listed, desk.Forbidden) || !desk.Is(ended, desk.Forbidden) {
				t.Errorf("%s: %v, %v", actor.Role, listed, ended)
			}
		}
	})
}
