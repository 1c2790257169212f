package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// walk gives a ticket statuses, one an hour after the other, and returns all its events.
func walk(t *testing.T, to ...Status) (*Ticket, []Event) {
	t.Helper()
	ticket, created := newTicketOf(t, documentDraft())
	events := []Event{created}
	for i, status := range to {
		more, err := ticket.ChangeStatus(status, "because", Actor{Kind: ByAgent}, Calendar{}, hours(float64(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, more...)
	}
	return ticket, events
}

func TestStepsAreTheStatusesThatATicketCameTo(t *testing.T) {
	_, events := walk(t, InProgress, Pending, InProgress, Resolved, Closed)
	got, err := Steps(events)
	want := []Step{{hours(0), Open}, {hours(1), InProgress}, {hours(2), Pending}, {hours(3), InProgress}, {hours(4), Resolved}, {hours(5), Closed}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := Steps([]Event{{Type: StatusChanged, Body: []byte("{")}}); err == nil {
		t.Error("an event that cannot be read is read")
	}
}

func TestAPromiseTellsWhyItMoved(t *testing.T) {
	for name, c := range map[string]struct {
		steps          []Status
		waits          []Wait
		moved          time.Duration
		paused, reopen bool
	}{
		"nothing happened":   {steps: []Status{InProgress}},
		"waits":              {steps: []Status{InProgress, Pending}, waits: []Wait{{From: hours(2)}}, paused: true},
		"waited":             {steps: []Status{InProgress, Pending, InProgress}, waits: []Wait{{hours(2), hours(3)}}, moved: time.Hour},
		"waited twice":       {steps: []Status{Pending, Open, InProgress, Pending, InProgress}, waits: []Wait{{hours(1), hours(2)}, {hours(4), hours(5)}}, moved: 2 * time.Hour},
		"on hold":            {steps: []Status{OnHold, InProgress}},
		"reopened":           {steps: []Status{InProgress, Resolved, InProgress}, moved: time.Hour, reopen: true},
		"settled in a pause": {steps: []Status{Pending, Resolved}, waits: []Wait{{hours(1), hours(2)}}, moved: time.Hour},
	} {
		ticket, events := walk(t, c.steps...)
		steps, err := Steps(events)
		if err != nil {
			t.Fatal(err)
		}
		got := ticket.Promise(steps, Calendar{}, hours(6))
		want := Promise{First: hours(0).Add(Policy{ResolutionHours: ticket.PolicyHours}.part(100)), Due: ticket.Clocks.ResolutionDue, Waits: c.waits, Reopened: c.reopen}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got.Due.Sub(got.First) != c.moved || got.Moved() != (c.moved > 0) || got.Paused() != c.paused {
			t.Errorf("%s: moved by %v, paused %v", name, got.Due.Sub(got.First), got.Paused())
		}
	}
}

func TestAMissedPromiseIsSaidSo(t *testing.T) {
	ticket, events := walk(t, InProgress)
	steps, err := Steps(events)
	if err != nil {
		t.Fatal(err)
	}
	due := ticket.Clocks.ResolutionDue
	if ticket.Promise(steps, Calendar{}, due).Missed || !ticket.Promise(steps, Calendar{}, due.Add(time.Microsecond)).Missed {
		t.Error("the deadline itself is in time, what comes after it is not")
	}
}

// Holidays that are entered later do not move what was promised.
func TestAPromiseMovesOnlyForAReason(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ticket, events := walk(t, InProgress, OnHold)
		ticket.PolicyHours = rapid.IntRange(1, 1000).Draw(r, "hours of another policy")
		steps, err := Steps(events)
		if err != nil {
			r.Fatal(err)
		}
		if p := ticket.Promise(steps, DefaultCalendar(), hours(rapid.Float64Range(0, 1000).Draw(r, "now"))); p.Moved() || p.Paused() {
			r.Errorf("%+v", p)
		}
	})
}

func TestAVisitorChangesNoTicket(t *testing.T) {
	ticket, _ := walk(t, InProgress)
	for _, status := range Statuses {
		if _, err := ticket.ChangeStatus(status, "because", Actor{Kind: ByCustomer}, Calendar{}, hours(9)); err == nil {
			t.Errorf("a visitor made it %s", status)
		}
	}
	ticket.Status = Resolved
	if _, err := ticket.AddAttachments(nil, Actor{Kind: ByCustomer}, hours(9)); !Is(err, Invalid) {
		t.Errorf("files for a settled ticket: %v", err)
	}
}
