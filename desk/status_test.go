package desk

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// steps is the lifecycle as the spec words it (section 4), one line for each place that a ticket can be in: what an
// agent, a partner and the program may make of it, in the order in which a refusal names them.
var steps = []struct {
	from, cameFrom         Status
	agent, partner, system string
}{
	{Open, "", "IN_PROGRESS, PENDING, ON_HOLD, RESOLVED, CANCELLED", "PENDING, CANCELLED", ""},
	{InProgress, "", "PENDING, ON_HOLD, RESOLVED, CANCELLED", "PENDING, CANCELLED", ""},
	{Pending, Open, "OPEN, IN_PROGRESS, RESOLVED, CANCELLED", "OPEN, IN_PROGRESS, CANCELLED", ""},
	{Pending, InProgress, "IN_PROGRESS, RESOLVED, CANCELLED", "IN_PROGRESS, CANCELLED", ""},
	{OnHold, Open, "OPEN, IN_PROGRESS, RESOLVED, CANCELLED", "CANCELLED", ""},
	{OnHold, InProgress, "IN_PROGRESS, RESOLVED, CANCELLED", "CANCELLED", ""},
	{Resolved, "", "CLOSED, IN_PROGRESS", "", "CLOSED"},
	{Closed, "", "", "", ""},
	{Cancelled, "", "", "", ""},
}

// allowed is what an actor may make of a ticket in a place of the lifecycle.
func allowed(t rapid.TB, from, cameFrom Status, by ActorKind) []string {
	for _, s := range steps {
		if s.from == from && s.cameFrom == cameFrom {
			list := map[ActorKind]string{ByAgent: s.agent, ByPartner: s.partner, BySystem: s.system}[by]
			return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	t.Fatalf("no ticket can be %s, coming from %q", from, cameFrom)
	return nil
}

// reach takes a new ticket to a place of the lifecycle, as agents do.
func reach(t *testing.T, status, cameFrom Status) *Ticket {
	t.Helper()
	ticket := openTicket(t)
	way := map[Status][]Status{
		Open: nil, InProgress: {InProgress}, Resolved: {Resolved}, Closed: {Resolved, Closed}, Cancelled: {Cancelled},
		Pending: {cameFrom, Pending}, OnHold: {cameFrom, OnHold},
	}[status]
	for _, to := range way {
		if to == ticket.Status {
			continue
		}
		if _, err := ticket.ChangeStatus(to, "", agentActor(), Calendar{}, hours(1)); err != nil {
			t.Fatal(err)
		}
	}
	if ticket.Status != status || ticket.CameFrom != cameFrom {
		t.Fatalf("reached %s from %q, want %s from %q", ticket.Status, ticket.CameFrom, status, cameFrom)
	}
	return ticket
}

func TestTheLifecycleHasTheseStepsAndNoOthers(t *testing.T) {
	for _, place := range steps {
		for _, by := range []ActorKind{ByAgent, ByPartner, BySystem, ByCommand} {
			next := allowed(t, place.from, place.cameFrom, by)
			for _, to := range Statuses {
				ticket := reach(t, place.from, place.cameFrom)
				_, err := ticket.ChangeStatus(to, "Nasabah keberatan", Actor{Kind: by}, Calendar{}, hours(2))
				if want := slices.Contains(next, string(to)); (err == nil) != want {
					t.Errorf("%s, coming from %q, to %s by %s: allowed %v, want %v (%v)", place.from, place.cameFrom, to, by, err == nil, want, err)
				}
				if err == nil && ticket.Status != to {
					t.Errorf("a step from %s to %s by %s led to %s", place.from, to, by, ticket.Status)
				}
			}
		}
	}
}

func TestARefusedStepNamesTheAllowedOnes(t *testing.T) {
	for _, place := range steps {
		for _, by := range []ActorKind{ByAgent, ByPartner} {
			next := allowed(t, place.from, place.cameFrom, by)
			for _, to := range append([]Status{"back", "", "open"}, Statuses...) {
				if slices.Contains(next, string(to)) {
					continue
				}
				want := "Status cannot change from " + string(place.from) + " to " + string(to) + ". Allowed: " + strings.Join(next, ", ")
				if len(next) == 0 {
					want = "Status cannot change from " + string(place.from) + " to " + string(to) + ". " + string(place.from) + " is final"
				}
				err := checkStep(place.from, place.cameFrom, to, by)
				if diff := cmp.Diff(map[string]string{"status": want}, faultTexts(t, err)); diff != "" {
					t.Errorf("%s to %q by %s:\n%s", place.from, to, by, diff)
				}
			}
		}
	}
}

func TestARefusedStepIsWordedInIndonesian(t *testing.T) {
	err := checkStep(Open, "", Closed, ByPartner).(*Error)
	const want = "Status tidak dapat diubah dari OPEN ke CLOSED. Pilihan: PENDING, CANCELLED."
	if got := err.Fields[0].In(Indonesian); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatusesAreTheDocumentsSeven(t *testing.T) {
	if got, want := join(Statuses), "OPEN, IN_PROGRESS, RESOLVED, CLOSED, ON_HOLD, CANCELLED, PENDING"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, c := range []struct {
		statuses []Status
		is       func(Status) bool
	}{
		{[]Status{Resolved, Closed, Cancelled}, Status.Finalized},
		{[]Status{OnHold, Pending}, Status.Waiting},
	} {
		var got []Status
		for _, s := range Statuses {
			if c.is(s) {
				got = append(got, s)
			}
		}
		if diff := cmp.Diff(c.statuses, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAFinalStatusIsOneThatNoStepLeadsAwayFrom(t *testing.T) {
	for _, place := range steps {
		if got, want := place.from.Final(), place.agent+place.partner+place.system == ""; got != want {
			t.Errorf("%s is final: %t, want %t", place.from, got, want)
		}
	}
	if Status("").Final() {
		t.Error("no status is final")
	}
}
