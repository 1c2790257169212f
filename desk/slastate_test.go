package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheNearestDeadlineIsToldWithItsState(t *testing.T) {
	start := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) // a Monday, 09:00 in WITA
	hours := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Hour))) }
	for name, c := range map[string]struct {
		change func(*Ticket)
		at     time.Time
		want   SLA
	}{
		"the answer comes first":   {func(*Ticket) {}, hours(1), SLA{SLARunning, true, hours(25), 24 * time.Hour, 24 * time.Hour}},
		"a quarter of it is left":  {func(*Ticket) {}, hours(18.75), SLA{SLANear, true, hours(25), 6*time.Hour + 15*time.Minute, 6*time.Hour + 15*time.Minute}},
		"the answer is late":       {func(*Ticket) {}, hours(26), SLA{SLAOver, true, hours(25), -time.Hour, -time.Hour}},
		"answered, the resolution": {func(t *Ticket) { t.Clocks = t.Clocks.Respond(hours(1)) }, hours(2), SLA{SLARunning, false, hours(100), 98 * time.Hour, 98 * time.Hour}},
		"answered late, it stays":  {func(t *Ticket) { t.Clocks = t.Clocks.Respond(hours(26)) }, hours(27), SLA{SLAOver, false, hours(100), 73 * time.Hour, 73 * time.Hour}},
		"it waits for the customer": {func(t *Ticket) { t.Status, t.Clocks = Pending, t.Clocks.Pause(hours(1)) }, hours(90),
			SLA{SLAStands, true, hours(25), 24 * time.Hour, 24 * time.Hour}},
		"settled in time": {func(t *Ticket) { t.Status, t.Clocks = Resolved, t.Clocks.Stop(hours(2)) }, hours(500), SLA{State: SLAMet, Due: hours(100)}},
		"settled late":    {func(t *Ticket) { t.Status, t.Clocks = Resolved, t.Clocks.Stop(hours(101)) }, hours(500), SLA{State: SLAOver, Due: hours(100)}},
	} {
		ticket := &Ticket{Status: Open, Clocks: StartClocks(Policy{ResolutionHours: 100}, Calendar{}, start)}
		c.change(ticket)
		if diff := cmp.Diff(c.want, ticket.SLA(c.at)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatIsLeftIsCountedInWorkingTime(t *testing.T) {
	start := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC) // a Friday, 16:00 in WITA: an hour of work is left
	cal := DefaultCalendar()
	ticket := &Ticket{Status: InProgress, Clocks: StartClocks(Policy{ResolutionHours: 2, Calendar: cal.Code}, cal, start).Respond(start)}
	s := ticket.SLAIn(cal, start)
	if s.Counted != 2*time.Hour || s.Left != 65*time.Hour {
		t.Errorf("counted %v, left %v", s.Counted, s.Left)
	}
}
