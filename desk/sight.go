package desk

import "slices"

// Sight is which tickets somebody may see: the one rule behind pages, API and search (the spec, Roles). The zero Sight
// sees none. Whoever sees all, or by groups, sees no tests.
type Sight struct {
	All     bool     // every real ticket, confidential ones too
	Partner string   // the tickets of this partner; empty: of none
	Groups  []string // the tickets of these support groups, confidential ones too
	Branch  string   // the tickets of this office that are not confidential; empty: of none
}

// Sight returns which tickets the actor may see. Agents see those of their own groups, supervisors those of their
// branch too, auditors all; partners their own; keys that manage, and the program itself, all.
func (a Actor) Sight() Sight {
	switch {
	case a.Role == RoleAuditor:
		return Sight{All: true}
	case a.Role == RoleSupervisor:
		return Sight{Groups: a.Groups, Branch: a.Branch}
	case a.Role != "" && a.Role != RoleSystem:
		return Sight{Groups: a.Groups}
	case a.Manages():
		return Sight{All: true}
	}
	return Sight{Partner: a.PartnerID}
}

// Sees reports whether a ticket is in sight.
func (s Sight) Sees(t *Ticket) bool {
	switch {
	case s.Partner != "":
		return t.PartnerID == s.Partner
	case t.Test():
		return false
	case s.All, slices.Contains(s.Groups, t.Group.Code):
		return true
	}
	return s.Branch != "" && !t.Confidential && t.Branch.Code == s.Branch
}

// None reports whether nothing can be in sight.
func (s Sight) None() bool {
	return !s.All && s.Partner == "" && len(s.Groups) == 0 && s.Branch == ""
}
