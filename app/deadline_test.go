package app_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// employed makes an employee of a support group.
func employed(t *testing.T, d *desktest.Desk, name string, role desk.Role, group string) desk.Agent {
	t.Helper()
	agent, err := d.App.CreateAgent(t.Context(), desk.System(), desk.Agent{Email: name + "@bank.example", Name: name, Role: role, Groups: []string{group}}, false)
	must(t, err)
	return agent
}

// noticed are the kinds of the notices that employees have, the oldest first: `dewi escalated`.
func noticed(t *testing.T, d *desktest.Desk, agents ...desk.Agent) (all []string) {
	t.Helper()
	must(t, d.Store.Read(t.Context(), func(tx *store.Tx) error {
		for _, agent := range agents {
			notices, err := tx.Notices(agent.ID, 50)
			if err != nil {
				return err
			}
			for _, n := range slices.Backward(notices) {
				all = append(all, agent.Name+" "+string(n.Kind))
			}
		}
		return nil
	}))
	return all
}

func mustTell(t *testing.T, d *desktest.Desk, want int) {
	t.Helper()
	if n, err := d.App.TellDeadlines(t.Context()); n != want || err != nil {
		t.Errorf("%d tickets were told of (%v), want %d", n, err, want)
	}
}

func TestAssigneeAndSupervisorsHearOfDeadlinesOnce(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		partner, core := allOf(t, d, "Partner"), bank(t, d)
		ticket := openedTicket(t, d, partner)
		group := ticket.Group.Code
		ani := employed(t, d, "ani", desk.RoleAgent, group)
		dewi := employed(t, d, "dewi", desk.RoleSupervisor, group)
		other := employed(t, d, "other", desk.RoleSupervisor, "NETWORK_ADMIN")
		_, err := d.App.Assign(t.Context(), core, of(ticket), app.Assignment{GivenAgent: true, AssigneeID: ani.ID})
		must(t, err)
		paused := openedTicket(t, d, partner)
		changeStatus(t, d, core, paused, desk.Pending)
		settled := openedTicket(t, d, partner)
		changeStatus(t, d, core, settled, desk.Resolved)

		mustTell(t, d, 0)
		d.Clock.Advance(ticket.Clocks.ResponseDue.Sub(d.Clock.Now()))
		mustTell(t, d, 0) // the deadline itself is in time
		d.Clock.Advance(time.Microsecond)
		mustTell(t, d, 1)
		mustTell(t, d, 0)
		d.Clock.Advance(ticket.Clocks.EscalationDue.Sub(d.Clock.Now()) + time.Second)
		mustTell(t, d, 1)
		d.Clock.Advance(1000 * time.Hour)
		mustTell(t, d, 1)
		mustTell(t, d, 0)
		want := []string{"ani assigned", "ani unanswered", "ani escalated", "ani breached", "dewi unanswered", "dewi escalated", "dewi breached"}
		if diff := cmp.Diff(want, noticed(t, d, ani, dewi, other)); diff != "" {
			t.Error(diff)
		}
		changeStatus(t, d, core, paused, desk.InProgress) // its clocks stood still before the deadlines: all of them move
		mustTell(t, d, 0)
		got, err := d.App.ReadTicket(t.Context(), core, strconv.FormatInt(ticket.Number, 10))
		must(t, err)
		if got.Ticket.Version != 2 {
			t.Errorf("the ticket is at version %d: telling of deadlines must not disturb who works it", got.Ticket.Version)
		}
	})
}

func TestNodesThatTellOfDeadlinesAtTheSameTimeTellOnce(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		partner := allOf(t, d, "Partner")
		var ticket *desk.Ticket
		const tickets = 60 // more than one transaction tells of
		for range tickets {
			ticket = openedTicket(t, d, partner)
		}
		dewi := employed(t, d, "dewi", desk.RoleSupervisor, ticket.Group.Code)
		d.Clock.Advance(ticket.Clocks.ResponseDue.Sub(d.Clock.Now()) + time.Second)
		nodes := []*desktest.Desk{d, d.Node(t), d.Node(t)}
		told := make([]int, len(nodes))
		var all sync.WaitGroup
		for i, node := range nodes {
			all.Go(func() {
				n, err := node.App.TellDeadlines(t.Context())
				if err != nil {
					t.Error(err)
				}
				told[i] = n
			})
		}
		all.Wait()
		if sum := told[0] + told[1] + told[2]; sum != tickets {
			t.Errorf("%v tickets were told of, want %d together", told, tickets)
		}
		var notices []desk.Notice
		must(t, d.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
			notices, err = tx.Notices(dewi.ID, 1000)
			return err
		}))
		if len(notices) != tickets {
			t.Errorf("there are %d notices, want %d", len(notices), tickets)
		}
	})
}
