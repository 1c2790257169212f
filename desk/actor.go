package desk

import (
	"net/netip"
	"slices"
	"strings"
)

// ActorKind says what somebody is to the desk.
type ActorKind string

// The kinds of actors.
const (
	ByPartner ActorKind = "partner" // an external system, with an API key
	ByAgent   ActorKind = "agent"   // an employee, or an internal system whose key may manage
	BySystem  ActorKind = "system"  // the program itself
	ByCommand ActorKind = "command" // an operator at the command line

	ByCustomer ActorKind = "customer" // somebody who follows a ticket on the tracking page
)

// Permission is what an API key may do (API document, API Key Permissions; the spec for manage).
type Permission string

// The permissions; `omnichannel:*` stands for create, read and update, `*` for all of them, and for what manage includes. What
// else only employees may is in neither (see MayWork).
const (
	MayCreate Permission = "omnichannel:create"
	MayRead   Permission = "omnichannel:read"
	MayUpdate Permission = "omnichannel:update"
	MayManage Permission = "omnichannel:manage"
)

// Permissions are what a key was given, wildcards kept as they are.
type Permissions []Permission

// ParsePermissions reads a comma-separated list. It returns an Error naming the first unknown permission.
func ParsePermissions(list string) (Permissions, error) {
	known := []Permission{MayCreate, MayRead, MayUpdate, MayManage, "omnichannel:*", "*"}
	var out Permissions
	for part := range strings.SplitSeq(list, ",") {
		p := Permission(strings.TrimSpace(part))
		if p == "" || slices.Contains(out, p) {
			continue
		}
		if !slices.Contains(known, p) {
			return nil, Fail(Invalid, PermissionUnknown, string(p), join(known))
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, Fail(Invalid, PermissionUnknown, list, join(known))
	}
	return out, nil
}

// String returns the comma-separated list.
func (ps Permissions) String() string { return strings.ReplaceAll(join(ps), ", ", ",") }

// Allow reports whether the permissions include p. Manage includes read, update and what agents do, not create.
func (ps Permissions) Allow(p Permission) bool {
	for _, have := range ps {
		switch {
		case have == p:
			return true
		case (have == "*" || have == "omnichannel:*") && (p == MayCreate || p == MayRead || p == MayUpdate):
			return true
		case (have == "*" || have == MayManage) && (p == MayManage || p == MayRead || p == MayUpdate || p == MayWork || p == MayIntegrate):
			return true
		}
	}
	return false
}

// Actor is who does something, from where and under which request id. Every verb takes one.
type Actor struct {
	Kind        ActorKind
	ID          string // of the API key, or of the agent
	Name        string // the key's name, or the agent's
	PartnerID   string // the partner that the key belongs to; empty for others
	PartnerName string
	Test        bool // the key is for tests
	Provider    bool // the partner is Sociomile itself
	Permissions Permissions
	Role        Role       // of an employee; empty for others
	Groups      []string   // codes of an employee's support groups
	Branch      string     // code of an employee's office
	Address     netip.Addr // where the request came from; the zero Addr at the command line
	RequestID   string     // of this HTTP request, for log and audit
}

// Manages reports whether the actor is an internal system, or the program itself.
func (a Actor) Manages() bool { return a.Permissions.Allow(MayManage) || a.Kind == BySystem }

// Works reports whether the actor speaks for the bank: an employee who may, a key that manages, the program itself.
func (a Actor) Works() bool { return a.Permissions.Allow(MayWork) || a.Kind == BySystem }

// System is the program itself, named in comments and events as the spec names it.
func System() Actor { return Actor{Kind: BySystem, ID: "system", Name: SystemName} }

// SystemName is the name of the system user (the spec, Roles).
const SystemName = "Omnichannel System"

// join lists values of a text type for a sentence.
func join[T ~string](values []T) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = string(v)
	}
	return strings.Join(parts, ", ")
}
