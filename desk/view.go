package desk

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// View is a list of tickets that somebody asks for: what must hold of a ticket, and the order. The zero View lists every
// ticket in sight, the newest change first.
type View struct {
	All   []Condition // each must hold
	Any   []Condition // one of them must hold, unless there is none
	Order ViewOrder
}

// Condition is about one field of a ticket: it has one of the values, or with Not none of them.
type Condition struct {
	Field  ViewField
	Not    bool
	Values []string
}

// ViewField is a field of a ticket that lists can be filtered by. The names are those in addresses of the console.
type ViewField string

// The fields of views.
const (
	ViewStatus   ViewField = "status"   // Status, or `active` for those that are not settled
	ViewPriority ViewField = "priority" // Priority
	ViewGroup    ViewField = "group"    // code of a support group
	ViewService  ViewField = "service"  // ServiceType
	ViewChannel  ViewField = "channel"  // Channel; `none` for tickets without
	ViewBranch   ViewField = "branch"   // code of a branch
	ViewAssignee ViewField = "assignee" // id of an agent, `me`, `none`
	ViewSLA      ViewField = "sla"      // `breached`, `soon` (a quarter of the time is left, or less), `paused`
	ViewCreated  ViewField = "created"  // `1d`, `7d`, `30d`, `90d`: made within so many days
)

// ViewFields lists the fields of views in the order in which they are offered.
var ViewFields = []ViewField{ViewStatus, ViewPriority, ViewGroup, ViewService, ViewChannel, ViewBranch, ViewAssignee, ViewSLA, ViewCreated}

// Values of conditions that stand for more than themselves.
const (
	ActiveStatus = "active"
	Mine         = "me"
	Nobodys      = "none"
	SLABreached  = "breached"
	SLASoon      = "soon"
	SLAPaused    = "paused"
)

// ViewOrder is the order of a view.
type ViewOrder string

// The orders of views.
const (
	ByChange   ViewOrder = ""    // the newest change first
	ByDeadline ViewOrder = "due" // the nearest deadline first; only tickets that are not settled have one
)

// ActiveStatuses are those of tickets that are not settled.
var ActiveStatuses = []Status{Open, InProgress, Pending, OnHold}

// Active reports whether the ticket is not settled.
func (s Status) Active() bool { return !s.Finalized() }

// How much of an address is a view: a list is read along a walk for each value.
const (
	valuesMost   = 20 // of a condition
	valueLongest = 64 // bytes
)

// ParseView reads a view from an address: `status=OPEN,PENDING&not.priority=LOW&any.assignee=me&order=due`. What it does
// not know it leaves out: an address that somebody kept shows a list whatever became of its fields. So it does with what no
// field can have, and with more than twenty values of a condition.
func ParseView(q url.Values) View {
	var v View
	for _, field := range ViewFields {
		for _, place := range []struct {
			prefix string
			not    bool
			to     *[]Condition
		}{{"", false, &v.All}, {"not.", true, &v.All}, {"any.", false, &v.Any}, {"any.not.", true, &v.Any}} {
			if values := parseValues(q[place.prefix+string(field)]); len(values) > 0 {
				*place.to = append(*place.to, Condition{Field: field, Not: place.not, Values: values})
			}
		}
	}
	if q.Get("order") == string(ByDeadline) {
		v.Order = ByDeadline
	}
	return v
}

// parseValues reads the values of a condition.
func parseValues(lists []string) (values []string) {
	for _, list := range lists {
		for value := range strings.SplitSeq(list, ",") {
			value = strings.TrimSpace(value)
			if len(values) < valuesMost && canBeValue(value) && !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
	}
	return values
}

// canBeValue reports whether a ticket's field can have a value: no database holds every text.
func canBeValue(value string) bool {
	return value != "" && len(value) <= valueLongest && utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl)
}

// Query is the view as ParseView reads it.
func (v View) Query() url.Values {
	q := url.Values{}
	for i, conditions := range [][]Condition{v.All, v.Any} {
		for _, c := range conditions {
			name := string(c.Field)
			if c.Not {
				name = "not." + name
			}
			if i == 1 {
				name = "any." + name
			}
			q.Set(name, strings.Join(c.Values, ","))
		}
	}
	if v.Order != ByChange {
		q.Set("order", string(v.Order))
	}
	return q
}

// Matches reports whether a ticket belongs to the list of somebody, at a time.
func (v View) Matches(t *Ticket, me string, at time.Time) bool {
	if v.Order == ByDeadline && !t.Status.Active() {
		return false
	}
	holds := func(c Condition) bool { return c.holds(t, me, at) }
	for _, c := range v.All {
		if !holds(c) {
			return false
		}
	}
	return len(v.Any) == 0 || slices.ContainsFunc(v.Any, holds)
}

func (c Condition) holds(t *Ticket, me string, at time.Time) bool {
	has := func(value string) bool { return fieldHas(t, c.Field, value, me, at) }
	return slices.ContainsFunc(c.Values, has) != c.Not
}

// fieldHas reports whether a ticket's field has a value.
func fieldHas(t *Ticket, field ViewField, value, me string, at time.Time) bool {
	switch field {
	case ViewStatus:
		return value == string(t.Status) || value == ActiveStatus && t.Status.Active()
	case ViewPriority:
		return value == string(t.Priority)
	case ViewGroup:
		return value == t.Group.Code
	case ViewService:
		return value == string(t.ServiceType)
	case ViewChannel:
		return value == string(t.Channel) || value == Nobodys && t.Channel == ""
	case ViewBranch:
		return value == t.Branch.Code
	case ViewAssignee:
		return value == Mine && t.AssigneeID == me || value == Nobodys && t.AssigneeID == "" || value == t.AssigneeID
	case ViewSLA:
		return string(t.SLA(at).State) == value
	case ViewCreated:
		within, ok := createdWithin[value]
		return ok && !t.CreatedAt.Before(at.Add(-within))
	}
	return false
}

// createdWithin are the values of ViewCreated.
var createdWithin = map[string]time.Duration{"1d": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour, "90d": 90 * 24 * time.Hour}

// Only returns the values that a field must have one of, when the view says so; nil when it leaves the field open.
func (v View) Only(field ViewField) []string {
	for _, c := range v.All {
		if c.Field == field && !c.Not {
			return c.Values
		}
	}
	return nil
}

// Statuses are the statuses that tickets of the view can have.
func (v View) Statuses() []Status {
	can := Statuses
	if v.Order == ByDeadline {
		can = ActiveStatuses
	}
	only := v.Only(ViewStatus)
	if only == nil {
		return can
	}
	var statuses []Status
	for _, s := range can {
		if slices.Contains(only, string(s)) || s.Active() && slices.Contains(only, ActiveStatus) {
			statuses = append(statuses, s)
		}
	}
	return statuses
}
