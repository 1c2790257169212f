package desk

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestWhoSeesWhichTickets(t *testing.T) {
	ticket := func(change func(*Ticket)) *Ticket {
		t := &Ticket{Number: 1, PartnerID: "p", Group: Group{Code: "CARDS"}, Branch: Branch{Code: "001"}}
		change(t)
		return t
	}
	tickets := map[string]*Ticket{
		"of the group":           ticket(func(*Ticket) {}),
		"confidential":           ticket(func(t *Ticket) { t.Confidential = true }),
		"of the branch":          ticket(func(t *Ticket) { t.Group.Code = "ATM" }),
		"confidential elsewhere": ticket(func(t *Ticket) { t.Group.Code, t.Confidential = "ATM", true }),
		"elsewhere":              ticket(func(t *Ticket) { t.Group.Code, t.Branch.Code = "ATM", "002" }),
		"a test of the group":    ticket(func(t *Ticket) { t.Number = FirstTestNumber }),
		"of the console":         ticket(func(t *Ticket) { t.PartnerID, t.Group.Code, t.Branch.Code = "console", "ATM", "002" }),
	}
	employee := func(r Role) Actor { return Agent{ID: "a", Role: r, Groups: []string{"CARDS"}, Branch: "001"}.Actor() }
	for who, c := range map[string]struct {
		actor Actor
		sees  []string
	}{
		"an agent":                  {employee(RoleAgent), []string{"confidential", "of the group"}},
		"an admin":                  {employee(RoleAdmin), []string{"confidential", "of the group"}},
		"a supervisor":              {employee(RoleSupervisor), []string{"confidential", "of the branch", "of the group"}},
		"an auditor":                {employee(RoleAuditor), []string{"confidential", "confidential elsewhere", "elsewhere", "of the branch", "of the console", "of the group"}},
		"an agent without a group":  {Agent{Role: RoleAgent, Branch: "001"}.Actor(), nil},
		"an internal system":        {Actor{Kind: ByPartner, PartnerID: "q", Permissions: Permissions{MayManage}}, []string{"confidential", "confidential elsewhere", "elsewhere", "of the branch", "of the console", "of the group"}},
		"the partner":               {Actor{Kind: ByPartner, PartnerID: "p"}, []string{"a test of the group", "confidential", "confidential elsewhere", "elsewhere", "of the branch", "of the group"}},
		"another partner":           {Actor{Kind: ByPartner, PartnerID: "q"}, nil},
		"somebody of no partner":    {Actor{Kind: ByCommand}, nil},
		"a partner with group code": {Actor{Kind: ByPartner, PartnerID: "q", Groups: []string{"CARDS"}}, nil},
	} {
		var sees []string
		for name, one := range tickets {
			if c.actor.Sight().Sees(one) {
				sees = append(sees, name)
			}
		}
		slices.Sort(sees)
		if !slices.Equal(sees, c.sees) {
			t.Errorf("%s sees %q, want %q", who, sees, c.sees)
		}
	}
}

func TestASightOfNothingSeesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.SampledFrom([]string{"CARDS", "ATM", ""}), 0, 2).Draw(t, "groups")
		role := rapid.SampledFrom(append(Roles, RoleSystem, "")).Draw(t, "role")
		s := Actor{Role: role, Groups: groups, Branch: rapid.SampledFrom([]string{"", "001"}).Draw(t, "branch")}.Sight()
		ticket := &Ticket{Number: 1, PartnerID: "p", Group: Group{Code: "CARDS"}, Branch: Branch{Code: "001"}}
		if s.None() && s.Sees(ticket) {
			t.Fatalf("%+v sees a ticket", s)
		}
	})
}

func TestRolesMayWhatTheSpecSays(t *testing.T) {
	all := []Permission{MayRead, MayCreate, MayUpdate, MayWork, MayUnmask, MayLead, MayIntegrate, MayConfigure, MayAudit, MayManage}
	for role, want := range map[Role][]Permission{
		RoleAgent:      {MayRead, MayCreate, MayUpdate, MayWork, MayUnmask},
		RoleSupervisor: {MayRead, MayCreate, MayUpdate, MayWork, MayUnmask, MayLead, MayIntegrate},
		RoleAdmin:      {MayRead, MayCreate, MayUpdate, MayWork, MayUnmask, MayLead, MayIntegrate, MayConfigure},
		RoleAuditor:    {MayRead, MayUnmask, MayAudit},
		RoleSystem:     nil,
	} {
		var may []Permission
		for _, p := range all {
			if role.Permissions().Allow(p) {
				may = append(may, p)
			}
		}
		if !slices.Equal(may, want) {
			t.Errorf("%s may %q, want %q", role, may, want)
		}
	}
}
