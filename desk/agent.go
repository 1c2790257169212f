package desk

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Agent is a bank employee.
type Agent struct {
	ID       string
	Email    string
	Name     string
	Role     Role
	Password string // hash; empty: cannot sign in
	Active   bool

	Groups   []string  // codes of the support groups that the agent belongs to, in alphabetical order
	Branch   string    // code of the office; what a supervisor oversees beside the groups; empty: none
	Language Language  // of the pages
	Away     bool      // is absent: the queue takes back what waits
	Since    time.Time // when the account was made; zero: before accounts had a date
}

// Role is what an agent may do in the console (the spec, Roles).
type Role string

// The roles of agents.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleAdmin      Role = "admin"
	RoleAuditor    Role = "auditor"
	RoleSystem     Role = "system"
)

// Roles lists the roles that a person can have.
var Roles = []Role{RoleAgent, RoleSupervisor, RoleAdmin, RoleAuditor}

// What employees may do, beside reading. No API key is given these: manage and `*` include MayWork and MayIntegrate, as
// internal systems may do what an agent may (the spec, section 3).
const (
	MayWork      Permission = "desk:work"      // answer, change and hand on tickets
	MayLead      Permission = "desk:lead"      // see the load of a group, share views, give back what an absent colleague has
	MayUnmask    Permission = "desk:unmask"    // see personal data in clear, with a reason
	MayIntegrate Permission = "desk:integrate" // steer the connector, send webhooks again
	MayConfigure Permission = "desk:configure" // people, groups, sessions of others
	MayAudit     Permission = "desk:audit"     // read every ticket and the audit trail
)

// Permissions are what the role allows (the spec, Roles).
func (r Role) Permissions() Permissions {
	switch r {
	case RoleAgent:
		return Permissions{MayRead, MayCreate, MayUpdate, MayWork, MayUnmask}
	case RoleSupervisor:
		return Permissions{MayRead, MayCreate, MayUpdate, MayWork, MayUnmask, MayLead, MayIntegrate}
	case RoleAdmin:
		return Permissions{MayRead, MayCreate, MayUpdate, MayWork, MayUnmask, MayLead, MayIntegrate, MayConfigure}
	case RoleAuditor:
		return Permissions{MayRead, MayUnmask, MayAudit}
	}
	return nil
}

// Actor is the agent as somebody who does something.
func (a Agent) Actor() Actor {
	return Actor{Kind: ByAgent, ID: a.ID, Name: a.Name, Role: a.Role, Groups: a.Groups, Branch: a.Branch, Permissions: a.Role.Permissions()}
}

// In reports whether the agent belongs to a support group.
func (a Agent) In(group string) bool { return slices.Contains(a.Groups, group) }

// Check returns an Error of code Invalid that names every fault of a new agent.
func (a Agent) Check() error {
	var faults Faults
	if !validEmail(a.Email) {
		faults.Add("email", MustBeEmail)
	}
	CheckLength(&faults, "email", a.Email, MaxName)
	switch {
	case blank(a.Name):
		faults.Add("name", Required)
	case !utf8.ValidString(a.Name) || strings.ContainsFunc(a.Name, unicode.IsControl):
		faults.Add("name", MustBeText)
	}
	CheckLength(&faults, "name", a.Name, MaxName)
	oneOf(&faults, "role", a.Role, Roles, true)
	return faults.Err()
}

// CheckPlaces returns an Error of code Invalid that names the first group, and the branch, that the bank does not have.
func (a Agent) CheckPlaces(r *Reference) error {
	var faults Faults
	for _, code := range a.Groups {
		if _, known := r.Groups[code]; !known {
			faults.Add("groups", GroupUnknown)
		}
	}
	if _, known := r.Branches[a.Branch]; !known && a.Branch != "" {
		faults.Add("branch", BranchRefused)
	}
	return faults.Err()
}
