package desk

import (
	"maps"
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

// ConnectorRoutes are the provider's routes, as people call them.
var ConnectorRoutes = []string{"create", "status"}

// ConnectorTarget is the id of the target that stands for a route of the provider.
func ConnectorTarget(route string) string { return "sociomile-" + route }

// ConnectorRoute is the route of the provider that a target of the connector stands for.
func ConnectorRoute(target string) string { return strings.TrimPrefix(target, "sociomile-") }

// ClassParked is the class of the entry in the log of attempts by which a person took a ticket out of the connector's queue.
const ClassParked = "PARKED"

// connectorMeanings says to an operator what a class of the connector's attempts means, what happens, and whom to call.
var connectorMeanings = map[string]Text{
	"SENT": SociomileSent, "DUPLICATE": SociomileExists, "ROUTE_MISSING": SociomileNoRoute, "AUTH": SociomileSecret, "VALIDATION": SociomileField,
	"REFUSED": SociomileRefused, "RATE_LIMIT": SociomileLimit, "SERVER": SociomileFault, "GATEWAY": SociomileProxy, "NETWORK": SociomileNetwork,
	"UNKNOWN_OUTCOME": SociomileUnknown, "BAD_BODY": SociomileBadBody, "FAULT": SociomileUnread, "KNOWN": SociomileExists,
	"UNCHANGED": SociomileUnchanged, "SKIPPED": SociomileSkipped, ClassParked: SociomileParked,
}

// ConnectorClasses lists the classes of the connector's attempts.
func ConnectorClasses() []string { return slices.Sorted(maps.Keys(connectorMeanings)) }

// ConnectorMeaning says to an operator what a class of the connector's attempts means. One that is not known is taken for a
// call of which nobody knows how it ended.
func ConnectorMeaning(class string) Text {
	if meaning, known := connectorMeanings[class]; known {
		return meaning
	}
	return SociomileUnknown
}

// ConnectorCounts reports whether an attempt of a class counts as a success, or as a failure; it is neither when no call was
// made.
func ConnectorCounts(class string) (sent, failed bool) {
	switch class {
	case "SENT", "DUPLICATE":
		return true, false
	case "KNOWN", "UNCHANGED", "SKIPPED", ClassParked:
		return false, false
	}
	return false, true
}

// ConnectorParks reports whether a ticket may wait for a person because an attempt of a class failed.
func ConnectorParks(class string) bool {
	switch class {
	case "VALIDATION", "REFUSED", "BAD_BODY", "FAULT":
		return true
	}
	return false
}

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
