package desk

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhoHasATicketIsToldWhatOthersDoToIt(t *testing.T) {
	ani, budi := Agent{ID: "ani", Name: "Ani"}, Agent{ID: "budi", Name: "Budi"}
	boss := Agent{ID: "boss", Name: "Boss", Role: RoleSupervisor}.Actor()
	partner := partnerActor()
	cal, at := Calendar{}, hours(3)
	status := func(by Actor, to Status, reason string) func(*Ticket) ([]Event, error) {
		return func(t *Ticket) ([]Event, error) { return t.ChangeStatus(to, reason, by, cal, at) }
	}
	comment := func(by Actor, c Comment) func(*Ticket) ([]Event, error) {
		return func(t *Ticket) ([]Event, error) { return t.AddComment(&c, by, cal, at) }
	}
	assign := func(by Actor, to Agent, group string) func(*Ticket) ([]Event, error) {
		return func(t *Ticket) ([]Event, error) { return t.Assign(to, Group{Code: group}, by, at), nil }
	}
	for name, c := range map[string]struct {
		has    Agent
		status Status
		change func(*Ticket) ([]Event, error)
		want   []string
	}{
		"given to somebody":             {Agent{}, Open, assign(boss, ani, ""), []string{"ani assigned Boss"}},
		"taken by oneself":              {Agent{}, Open, assign(ani.Actor(), ani, ""), nil},
		"given from one to another":     {ani, Open, assign(boss, budi, ""), []string{"budi assigned Boss", "ani taken Boss"}},
		"taken from a colleague":        {ani, Open, assign(budi.Actor(), budi, ""), []string{"ani taken Budi"}},
		"given away":                    {ani, Open, assign(ani.Actor(), budi, ""), []string{"budi assigned Ani"}},
		"back to the queue":             {ani, Open, assign(boss, Agent{}, ""), []string{"ani taken Boss"}},
		"to another group":              {ani, Open, assign(boss, Agent{}, "CALL_CENTER"), []string{"ani taken Boss"}},
		"given to the one who has it":   {ani, Open, assign(boss, ani, "CALL_CENTER"), nil},
		"the customer writes":           {ani, Open, comment(partner, PartnerComment("1", "Hello", "", "Sarah")), []string{"ani answered " + partner.Name}},
		"the customer answers":          {ani, Pending, comment(partner, PartnerComment("1", "Hello", "", "Sarah")), []string{"ani answered " + partner.Name}},
		"nobody has it":                 {Agent{}, Open, comment(partner, PartnerComment("1", "Hello", "", "Sarah")), nil},
		"a colleague answers":           {ani, Open, comment(boss, SupportComment("1", "Hello", "Boss", false)), nil},
		"a colleague leaves a note":     {ani, Open, comment(boss, SupportComment("1", "Look", "Boss", true)), []string{"ani noted Boss"}},
		"an own note":                   {ani, Open, comment(ani.Actor(), SupportComment("1", "Look", "Ani", true)), nil},
		"reopened":                      {ani, Resolved, status(boss, InProgress, "not paid"), []string{"ani reopened Boss"}},
		"reopened by oneself":           {ani, Resolved, status(ani.Actor(), InProgress, "not paid"), nil},
		"begun, with a reason":          {ani, Open, status(boss, InProgress, "urgent"), nil},
		"worked on again after a pause": {ani, Pending, status(boss, InProgress, "he telephoned"), nil},
		"resolved":                      {ani, Open, status(boss, Resolved, "paid"), nil},
		"cancelled by the partner":      {ani, Open, status(partner, Cancelled, ""), nil},
	} {
		ticket := &Ticket{ID: "t1", Number: 10001, Version: 1, Status: c.status, Clocks: started(), AssigneeID: c.has.ID, AssigneeName: c.has.Name, UpdatedAt: hours(1)}
		if c.status == Pending {
			ticket.CameFrom = InProgress
		}
		before := *ticket
		events, err := c.change(ticket)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		made := 0
		var got []string
		for _, n := range NoticesOf(&before, ticket, events, func() string { made++; return strconv.Itoa(made) }) {
			got = append(got, n.AgentID+" "+string(n.Kind)+" "+n.Actor)
			if n.ID != strconv.Itoa(len(got)) || n.TicketID != "t1" || n.Number != 10001 || !n.At.Equal(at) || !n.ReadAt.IsZero() {
				t.Errorf("%s: the notice is %+v", name, n)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got): %s", name, diff)
		}
	}
}
