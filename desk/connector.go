package desk

import (
	"slices"
	"strings"
	"time"
)

// SociomileTarget is the kind of the connector's targets (the spec, Sociomile connector).
const SociomileTarget TargetKind = "sociomile"

// The connector's targets, one for each route of the provider, so that each has a circuit of its own.
const (
	ConnectorCreates  = "sociomile-create" // tickets
	ConnectorStatuses = "sociomile-status" // their changes of status, behind the ticket itself
)

// ConnectorTargets are the connector's targets as they are made at a time.
func ConnectorTargets(at time.Time) []Target {
	make := func(id string, e EventType) Target {
		return Target{ID: id, Kind: SociomileTarget, Events: []EventType{e}, Echo: true, State: TargetActive, StateAt: at, Version: 1, CreatedAt: at}
	}
	return []Target{make(ConnectorCreates, TicketCreated), make(ConnectorStatuses, StatusChanged)}
}

// Forwarding says which tickets go to the provider.
type Forwarding struct {
	Services []string // service types, or names of services in the catalogue; none: no ticket is forwarded
}

// Takes reports whether a new ticket goes to the provider: one of the services, unless it is a test or came from the
// provider itself (the spec, Sociomile connector, Which tickets).
func (f Forwarding) Takes(t *Ticket, by Actor) bool {
	return !by.Test && !by.Provider && f.serves(t)
}

func (f Forwarding) serves(t *Ticket) bool {
	return slices.ContainsFunc(f.Services, func(s string) bool {
		return strings.EqualFold(s, string(t.ServiceType)) || strings.EqualFold(s, t.ServiceName)
	})
}
