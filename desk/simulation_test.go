package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// simulated is a ticket for tests of a customer.
func simulated(name string, status desk.Status) *desk.Ticket {
	at := time.Date(2024, 12, 19, 10, 30, 0, 0, time.UTC)
	return &desk.Ticket{ID: "t", Number: desk.FirstTestNumber, Status: status, UpdatedAt: at, Customer: desk.Customer{Name: name}}
}

func TestTheSimulatedAgentLeavesAlone(t *testing.T) {
	due := simulated(desk.SimulateResolved, desk.Open).UpdatedAt.Add(desk.SimulatedPause)
	for what, c := range map[string]struct {
		ticket *desk.Ticket
		at     time.Time
	}{
		"a ticket that was changed a moment ago": {simulated(desk.SimulateResolved, desk.Open), due.Add(-time.Microsecond)},
		"another name":                           {simulated("Ahmad Suryanto", desk.Open), due},
		"a name that only begins like it":        {simulated(desk.SimulateResolved+" 2", desk.Open), due},
		"a ticket that waits for an answer":      {simulated(desk.SimulateQuestion, desk.Pending), due},
		"a closed ticket":                        {simulated(desk.SimulateResolved, desk.Closed), due},
		"a cancelled ticket":                     {simulated(desk.SimulateRefused, desk.Cancelled), due},
	} {
		if step, some := c.ticket.NextSimulatedStep(nil, c.at); some {
			t.Errorf("%s gets the step %+v", what, step)
		}
	}
	live := simulated(desk.SimulateResolved, desk.Open)
	live.Number = desk.FirstTestNumber - 1
	if step, some := live.NextSimulatedStep(nil, due); some {
		t.Errorf("a real ticket gets the step %+v", step)
	}
}

// Whatever a partner does between the steps, every step is one that the lifecycle allows, and every ticket that does not
// wait for its partner comes to an end.
func TestEverySimulationComesToAnEndInStepsThatTheLifecycleAllows(t *testing.T) {
	partner := desk.Actor{Kind: desk.ByPartner, ID: "k", Name: "Partner"}
	rapid.Check(t, func(rt *rapid.T) {
		ticket := simulated(rapid.SampledFrom([]string{desk.SimulateResolved, desk.SimulateQuestion, desk.SimulateRefused}).Draw(rt, "name"), desk.Open)
		at := ticket.UpdatedAt
		var conversation []desk.Comment
		say := func(c desk.Comment, by desk.Actor) {
			if _, err := ticket.AddComment(&c, by, desk.Calendar{}, at); err != nil {
				rt.Fatal(err)
			}
			conversation = append(conversation, c)
		}
		left := rapid.IntRange(0, 6).Draw(rt, "interruptions")
		for range 40 {
			at = at.Add(desk.SimulatedPause)
			if ticket.Status == desk.Closed || ticket.Status == desk.Cancelled {
				return
			}
			if left > 0 && ticket.Status != desk.Resolved && rapid.Bool().Draw(rt, "interrupt") {
				left--
				to := rapid.SampledFrom(desk.Statuses).Draw(rt, "to")
				if _, err := ticket.ChangeStatus(to, "", partner, desk.Calendar{}, at); err != nil {
					say(desk.PartnerComment("c", "halo", "", "x"), partner)
				}
				continue
			}
			step, some := ticket.NextSimulatedStep(conversation, at)
			if !some && ticket.Status != desk.Pending {
				rt.Fatalf("nothing is done with a ticket that is %s", ticket.Status)
			}
			if !some {
				say(desk.PartnerComment("c", "jam 10", "", "x"), partner)
				continue
			}
			if step.Say != "" {
				say(desk.SupportComment("c", step.Say, "Agen Simulasi", false), desk.SimulatedAgent())
			}
			if step.To != "" {
				if _, err := ticket.ChangeStatus(step.To, step.Reason, desk.SimulatedAgent(), desk.Calendar{}, at); err != nil {
					rt.Fatalf("step to %s: %v", step.To, err)
				}
			}
		}
		rt.Fatalf("the ticket is still %s", ticket.Status)
	})
}

func TestNumbersTellTestsFromOtherTickets(t *testing.T) {
	got := map[int64]bool{}
	for _, n := range []int64{1, 10001, 1_000_000_000_000, desk.FirstTestNumber - 1, desk.FirstTestNumber, desk.FirstTestNumber + 1} {
		got[n] = (&desk.Ticket{Number: n}).Test()
	}
	want := map[int64]bool{1: false, 10001: false, 1_000_000_000_000: false, 9_000_000_000_000: false, 9_000_000_000_001: true, 9_000_000_000_002: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
}
