package app_test

import (
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// breached looks at a ticket through every verb that tells of its deadlines; all must say the same.
func breached(t *testing.T, d *desktest.Desk, actor desk.Actor, ticket *desk.Ticket) bool {
	t.Helper()
	status, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
	must(t, err)
	detail, err := d.App.ReadTicket(t.Context(), actor, of(ticket).Ticket)
	must(t, err)
	page, err := d.App.ListTickets(t.Context(), actor, app.List{Limit: 200, Statuses: []desk.Status{status.Ticket.Status}})
	must(t, err)
	for _, listed := range page.Tickets {
		if listed.ID == ticket.ID && listed.Breached(page.At) != status.Breached {
			t.Errorf("the list says %v, the status %v", listed.Breached(page.At), status.Breached)
		}
	}
	if detail.Breached != status.Breached {
		t.Errorf("the detail says %v, the status %v", detail.Breached, status.Breached)
	}
	return status.Breached
}

// step is a moment in a ticket's life: time passes, then something happens, then the promise is kept or broken.
type step struct {
	after  time.Duration
	do     func(*testing.T, *desktest.Desk, desk.Actor, *desk.Ticket)
	broken bool
}

func to(status desk.Status) func(*testing.T, *desktest.Desk, desk.Actor, *desk.Ticket) {
	return func(t *testing.T, d *desktest.Desk, core desk.Actor, ticket *desk.Ticket) {
		t.Helper()
		changeStatus(t, d, core, ticket, status)
	}
}

func say(n app.NewComment) func(*testing.T, *desktest.Desk, desk.Actor, *desk.Ticket) {
	return func(t *testing.T, d *desktest.Desk, core desk.Actor, ticket *desk.Ticket) {
		t.Helper()
		_, err := d.App.AddComment(t.Context(), core, of(ticket), n)
		must(t, err)
	}
}

func look(*testing.T, *desktest.Desk, desk.Actor, *desk.Ticket) {}

// A MOBILE_BANKING ticket is answered within 6 hours and resolved within 24.
var promises = map[string][]step{
	"broken from the moment the response deadline passes, though nobody looked": {
		{6 * time.Hour, look, false}, {time.Microsecond, look, true}, {0, to(desk.InProgress), true}, {0, to(desk.Resolved), true}},
	"IN_PROGRESS is a response": {{6 * time.Hour, to(desk.InProgress), false}, {18 * time.Hour, look, false}, {time.Microsecond, look, true}},
	"a public word of support is a response": {
		{time.Hour, say(app.NewComment{Content: "We look into it"}), false}, {23 * time.Hour, look, false}, {time.Microsecond, look, true}},
	"an internal note is no response": {
		{time.Hour, say(app.NewComment{Content: "Hm", Internal: true}), false}, {5*time.Hour + time.Microsecond, look, true}},
	"PENDING pauses the clocks and going on resumes them": {
		{time.Hour, to(desk.InProgress), false}, {time.Hour, to(desk.Pending), false}, {1000 * time.Hour, look, false},
		{0, to(desk.InProgress), false}, {22 * time.Hour, look, false}, {time.Microsecond, look, true}},
	"ON_HOLD pauses nothing": {
		{time.Hour, to(desk.InProgress), false}, {time.Hour, to(desk.OnHold), false}, {22 * time.Hour, look, false}, {time.Microsecond, look, true}},
	"RESOLVED in time stays kept": {
		{time.Hour, to(desk.InProgress), false}, {time.Hour, to(desk.Resolved), false}, {1000 * time.Hour, look, false}, {0, to(desk.Closed), false}},
	"RESOLVED too late stays broken": {
		{time.Hour, to(desk.InProgress), false}, {24 * time.Hour, to(desk.Resolved), true}, {0, to(desk.Closed), true}},
	"a reopened ticket has the time that was left": {
		{time.Hour, to(desk.InProgress), false}, {time.Hour, to(desk.Resolved), false}, {100 * time.Hour, to(desk.InProgress), false},
		{22 * time.Hour, look, false}, {time.Microsecond, look, true}},
	"a promise that was broken stays broken when reopened": {
		{25 * time.Hour, to(desk.Resolved), true}, {time.Hour, to(desk.InProgress), true}},
	"CANCELLED ends the measuring": {{time.Hour, to(desk.Cancelled), false}, {1000 * time.Hour, look, false}},
}

func TestAPromiseIsBrokenFromTheMomentItsDeadlinePasses(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		for name, steps := range promises {
			ticket := openedTicket(t, d, actor)
			for i, s := range steps {
				d.Clock.Advance(s.after)
				s.do(t, d, core, ticket)
				if got := breached(t, d, actor, ticket); got != s.broken {
					t.Errorf("%s: after step %d broken is %v", name, i+1, got)
				}
			}
		}
	})
}
