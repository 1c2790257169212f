package desk_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// kinds tells the notices that a ticket makes at a time for one supervisor.
func kinds(t *desk.Ticket, at time.Time) (all []desk.NoticeKind) {
	for _, n := range t.TellDeadlines(at, []string{"dewi"}, func() string { return "n" }) {
		all = append(all, n.Kind)
	}
	return all
}

func deadlineTicket() *desk.Ticket {
	return &desk.Ticket{ID: "t", Number: 10001, Status: desk.Open, Clocks: desk.StartClocks(desk.Policy{ResolutionHours: 100}, desk.Calendar{}, desktest.Start)}
}

func TestEmployeesAreToldOfADeadlineOnce(t *testing.T) {
	ticket := deadlineTicket()
	for _, at := range []struct {
		after time.Duration
		want  []desk.NoticeKind
	}{
		{25 * time.Hour, nil}, // the deadline itself is in time
		{25*time.Hour + time.Microsecond, []desk.NoticeKind{desk.NoticeUnanswered}},
		{26 * time.Hour, nil},
		{75*time.Hour + time.Second, []desk.NoticeKind{desk.NoticeEscalated}},
		{100*time.Hour + time.Second, []desk.NoticeKind{desk.NoticeBreached}},
		{1000 * time.Hour, nil},
	} {
		if got := kinds(ticket, desktest.Start.Add(at.after)); !slices.Equal(got, at.want) {
			t.Errorf("after %v: %v, want %v", at.after, got, at.want)
		}
	}
	if due := ticket.TellDue(); !due.IsZero() {
		t.Errorf("there is something left to be told at %v", due)
	}
}

func TestNobodyIsToldThatALateResolutionIsNear(t *testing.T) {
	ticket := deadlineTicket()
	ticket.Clocks = ticket.Clocks.Respond(desktest.Start)
	if got := kinds(ticket, desktest.Start.Add(1000*time.Hour)); !slices.Equal(got, []desk.NoticeKind{desk.NoticeBreached}) {
		t.Errorf("told %v", got)
	}
}

func TestTheAssigneeAndTheSupervisorsAreToldEachOnce(t *testing.T) {
	ticket := deadlineTicket()
	ticket.AssigneeID = "grace"
	var told []string
	for _, n := range ticket.TellDeadlines(desktest.Start.Add(26*time.Hour), []string{"dewi", "grace"}, func() string { return "n" }) {
		told = append(told, n.AgentID)
		if n.TicketID != "t" || n.Number != 10001 || !n.At.Equal(desktest.Start.Add(25*time.Hour)) {
			t.Errorf("the notice is %+v", n)
		}
	}
	if want := []string{"dewi", "grace"}; !slices.Equal(told, want) {
		t.Errorf("told are %v, want %v", told, want)
	}
}

func TestTicketsThatWaitOrAreSettledOrAreTestsTellNothing(t *testing.T) {
	for name, change := range map[string]func(*desk.Ticket){
		"paused": func(t *desk.Ticket) { t.Status, t.Clocks = desk.Pending, t.Clocks.Pause(desktest.Start.Add(time.Hour)) },
		"settled": func(t *desk.Ticket) {
			t.Status, t.Clocks = desk.Resolved, t.Clocks.Stop(desktest.Start.Add(time.Hour))
		},
		"test": func(t *desk.Ticket) { t.Number = desk.FirstTestNumber },
	} {
		ticket := deadlineTicket()
		change(ticket)
		if due, got := ticket.TellDue(), kinds(ticket, desktest.Start.Add(1000*time.Hour)); !due.IsZero() || got != nil {
			t.Errorf("%s: %v, due %v", name, got, due)
		}
	}
}

// However often and when somebody looks, and however often the clocks are paused, no deadline is told twice, none before it
// has passed, and TellDue says exactly whether something is to be told.
func TestNoDeadlineIsToldTwiceOrTooEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ticket, now := deadlineTicket(), desktest.Start
		seen := map[desk.NoticeKind]int{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"look", "look", "pause", "resume", "answer"}).Draw(t, "step") {
			case "pause":
				ticket.Clocks = ticket.Clocks.Pause(now)
			case "resume":
				ticket.Clocks = ticket.Clocks.Resume(desk.Calendar{}, now)
			case "answer":
				ticket.Clocks = ticket.Clocks.Respond(now)
			default:
				due := ticket.TellDue()
				want := !due.IsZero() && now.After(due)
				got := kinds(ticket, now)
				if (len(got) > 0) != want {
					t.Fatalf("told %v at %v, and TellDue was %v", got, now, due)
				}
				for _, kind := range got {
					if seen[kind]++; seen[kind] > 1 {
						t.Fatalf("%s is told twice", kind)
					}
				}
			}
		}
	})
}
