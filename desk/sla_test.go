package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// utc reads an RFC 3339 time.
func utc(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func TestDeadlinesAreThoseOfTheDocument(t *testing.T) {
	at := utc(t, "2024-12-19T10:30:00Z")
	for name, c := range map[string]struct {
		policy                           Policy
		calendar                         Calendar
		response, escalation, resolution string
	}{
		"Get Ticket Status, 24 hours": {Policy{ResolutionHours: 24}, Calendar{}, "2024-12-19T16:30:00Z", "2024-12-20T04:30:00Z", "2024-12-20T10:30:00Z"},
		"claim, to a Sunday":          {Policy{ResolutionHours: 72}, Calendar{}, "2024-12-20T04:30:00Z", "2024-12-21T16:30:00Z", "2024-12-22T10:30:00Z"},
		"other percentages":           {Policy{ResolutionHours: 10, ResponsePercent: 10, EscalationPercent: 50}, Calendar{}, "2024-12-19T11:30:00Z", "2024-12-19T15:30:00Z", "2024-12-19T20:30:00Z"},
		// Received on a Thursday at 18:30 WITA: two working hours, six, and the whole eight of the Friday.
		"working hours": {Policy{ResolutionHours: 8, Calendar: "BUSINESS"}, DefaultCalendar(), "2024-12-20T02:00:00Z", "2024-12-20T07:00:00Z", "2024-12-20T09:00:00Z"},
	} {
		got := StartClocks(c.policy, c.calendar, at)
		want := Clocks{StartedAt: at, ResponseDue: utc(t, c.response), EscalationDue: utc(t, c.escalation), ResolutionDue: utc(t, c.resolution)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// hours is a moment so many hours after the clocks of these tests start. They run for 24 hours, the response for 6.
func hours(h float64) time.Time {
	return time.Date(2024, 12, 19, 10, 30, 0, 0, time.UTC).Add(time.Duration(h * float64(time.Hour)))
}

func started() Clocks { return StartClocks(Policy{ResolutionHours: 24}, Calendar{}, hours(0)) }

func TestBreachIsTrueFromTheMomentADeadlinePasses(t *testing.T) {
	var cal Calendar
	const tick = time.Microsecond
	for name, c := range map[string]struct {
		clocks Clocks
		at     time.Time
		want   bool
	}{
		"at the start":                          {started(), hours(0), false},
		"at the response deadline":              {started(), hours(6), false},
		"just after the response deadline":      {started(), hours(6).Add(tick), true},
		"answered in time":                      {started().Respond(hours(6)), hours(7), false},
		"answered late":                         {started().Respond(hours(6).Add(tick)), hours(6).Add(tick), true},
		"answered twice, first in time":         {started().Respond(hours(5)).Respond(hours(7)), hours(8), false},
		"at the resolution deadline":            {started().Respond(hours(1)), hours(24), false},
		"just after the resolution deadline":    {started().Respond(hours(1)), hours(24).Add(tick), true},
		"past the escalation only":              {started().Respond(hours(1)), hours(19), false},
		"resolved in time, looked at later":     {started().Respond(hours(1)).Stop(hours(23)), hours(1000), false},
		"resolved without an answer before":     {started().Stop(hours(6)), hours(1000), false},
		"resolved late":                         {started().Respond(hours(1)).Stop(hours(25)), hours(25), true},
		"resolved after a missed answer":        {started().Stop(hours(7)), hours(8), true},
		"paused":                                {started().Pause(hours(5)), hours(1000), false},
		"paused after a missed answer":          {started().Pause(hours(7)), hours(8), true},
		"answered during a pause":               {started().Pause(hours(5)).Respond(hours(100)), hours(101), false},
		"resumed, before the moved deadline":    {started().Pause(hours(5)).Resume(cal, hours(100)), hours(101), false},
		"resumed, after the moved deadline":     {started().Pause(hours(5)).Resume(cal, hours(100)), hours(101).Add(tick), true},
		"paused at the deadline":                {started().Pause(hours(6)).Resume(cal, hours(100)), hours(100), false},
		"resumed after a missed answer":         {started().Pause(hours(7)).Resume(cal, hours(100)), hours(100), true},
		"answered after a missed answer, pause": {started().Pause(hours(7)).Resume(cal, hours(8)).Respond(hours(9)), hours(9), true},
		"stopped during a pause":                {started().Pause(hours(5)).Stop(hours(100)), hours(1000), false},
		"reopened, before the moved deadline":   {started().Respond(hours(1)).Stop(hours(20)).Reopen(cal, hours(100)), hours(104), false},
		"reopened, after the moved deadline":    {started().Respond(hours(1)).Stop(hours(20)).Reopen(cal, hours(100)), hours(104).Add(tick), true},
		"reopened after a late resolution":      {started().Respond(hours(1)).Stop(hours(25)).Reopen(cal, hours(26)), hours(26), true},
		"paused, stopped, reopened":             {started().Pause(hours(5)).Stop(hours(50)).Reopen(cal, hours(100)), hours(119), false},
		"paused, stopped, reopened, and late":   {started().Pause(hours(5)).Stop(hours(50)).Reopen(cal, hours(100)), hours(119).Add(tick), true},
		"no clocks":                             {Clocks{}, hours(1000), false},
	} {
		if got := c.clocks.Breached(c.at); got != c.want {
			t.Errorf("%s: Breached = %v", name, got)
		}
	}
}

func TestAPauseMovesWhatIsNeitherMetNorPassed(t *testing.T) {
	var cal Calendar
	for name, c := range map[string]struct {
		clocks Clocks
		want   [3]time.Time // response, escalation, resolution
	}{
		"nothing happened yet":    {started().Pause(hours(2)).Resume(cal, hours(12)), [3]time.Time{hours(16), hours(28), hours(34)}},
		"response met":            {started().Respond(hours(1)).Pause(hours(2)).Resume(cal, hours(12)), [3]time.Time{hours(6), hours(28), hours(34)}},
		"response passed":         {started().Pause(hours(7)).Resume(cal, hours(12)), [3]time.Time{hours(6), hours(23), hours(29)}},
		"escalation passed":       {started().Pause(hours(20)).Resume(cal, hours(30)), [3]time.Time{hours(6), hours(18), hours(34)}},
		"all passed":              {started().Pause(hours(25)).Resume(cal, hours(30)), [3]time.Time{hours(6), hours(18), hours(24)}},
		"two pauses":              {started().Pause(hours(1)).Resume(cal, hours(2)).Pause(hours(3)).Resume(cal, hours(4)), [3]time.Time{hours(8), hours(20), hours(26)}},
		"stopped like a pause":    {started().Stop(hours(2)).Reopen(cal, hours(12)), [3]time.Time{hours(6), hours(28), hours(34)}},
		"stopped during a pause":  {started().Pause(hours(2)).Stop(hours(7)).Reopen(cal, hours(12)), [3]time.Time{hours(6), hours(28), hours(34)}},
		"resumed before it began": {started().Pause(hours(2)).Resume(cal, hours(1)), [3]time.Time{hours(6), hours(18), hours(24)}},
	} {
		got := [3]time.Time{c.clocks.ResponseDue, c.clocks.EscalationDue, c.clocks.ResolutionDue}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAPauseOverTheWeekendCostsWorkingTimeOnly(t *testing.T) {
	cal := DefaultCalendar()
	k := StartClocks(Policy{ResolutionHours: 8, Calendar: "BUSINESS"}, cal, wita(t, "2024-12-19 13:00")) // due on Friday at 12:00
	k = k.Respond(wita(t, "2024-12-19 14:00")).Pause(wita(t, "2024-12-20 11:00")).Resume(cal, wita(t, "2024-12-22 10:00"))
	if want := wita(t, "2024-12-23 09:00"); !k.ResolutionDue.Equal(want) {
		t.Errorf("due at %v, want %v: one working hour was left", k.ResolutionDue, want)
	}
}

func TestWhatDoesNotApplyChangesNothing(t *testing.T) {
	var cal Calendar
	paused, stopped := started().Pause(hours(1)), started().Stop(hours(1))
	both := paused.Stop(hours(2))
	for name, pair := range map[string][2]Clocks{
		"pausing twice":           {paused, paused.Pause(hours(30))},
		"resuming what runs":      {started(), started().Resume(cal, hours(30))},
		"responding twice":        {started().Respond(hours(1)), started().Respond(hours(1)).Respond(hours(30))},
		"stopping twice":          {stopped, stopped.Stop(hours(30))},
		"pausing what stopped":    {stopped, stopped.Pause(hours(30))},
		"resuming what stopped":   {both, both.Resume(cal, hours(30))},
		"responding when stopped": {stopped, stopped.Respond(hours(30))},
		"reopening what runs":     {started(), started().Reopen(cal, hours(30))},
		"reopening what pauses":   {paused, paused.Reopen(cal, hours(30))},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// act does a drawn thing to clocks.
func act(t *rapid.T, k Clocks, cal Calendar, at time.Time) (Clocks, string) {
	name := rapid.SampledFrom([]string{"look", "respond", "pause", "resume", "stop", "reopen"}).Draw(t, "action")
	switch name {
	case "respond":
		k = k.Respond(at)
	case "pause":
		k = k.Pause(at)
	case "resume":
		k = k.Resume(cal, at)
	case "stop":
		k = k.Stop(at)
	case "reopen":
		k = k.Reopen(cal, at)
	}
	return k, name
}

// drawStart draws a calendar and clocks that start by it.
func drawStart(t *rapid.T) (Clocks, Calendar) {
	cal := drawCalendar(t)
	return StartClocks(Policy{ResolutionHours: rapid.IntRange(1, 72).Draw(t, "resolution")}, cal, drawTime(t, "start")), cal
}

// drawStep draws how long it takes until the next thing happens: nothing to thirty hours, often to the microsecond.
func drawStep(t *rapid.T) time.Duration {
	quarters := rapid.SampledFrom([]int{0, 1, 3, 10, 24, 25, 50, 96, 120}).Draw(t, "quarters of an hour")
	return time.Duration(quarters)*15*time.Minute + time.Duration(rapid.IntRange(0, 2).Draw(t, "µs"))*time.Microsecond
}

func TestABreachIsForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, cal := drawStart(t)
		at, breached := k.StartedAt, false
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			at = at.Add(drawStep(t))
			breached = breached || k.Breached(at)
			next, action := act(t, k, cal, at)
			if got := next.Breached(at); got != k.Breached(at) || got != breached {
				t.Fatalf("%s at %v: breached %v before, %v after, ever %v", action, at, k.Breached(at), got, breached)
			}
			if marked := next.ResponseBreached || next.ResolutionBreached; next != k && marked != breached {
				t.Fatalf("%s at %v: marked %v, ever breached %v", action, at, marked, breached)
			}
			k = next
		}
	})
}

func TestNothingIsBreachedWhileTheClocksStandStill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, cal := drawStart(t)
		at := k.StartedAt
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			at = at.Add(drawStep(t))
			k, _ = act(t, k, cal, at)
		}
		standing := k.Pause(at)
		if rapid.Bool().Draw(t, "stop") {
			standing = k.Stop(at)
		}
		if later := at.Add(1000 * drawStep(t)); standing.Breached(later) != standing.Breached(at) {
			t.Fatalf("%+v: breached %v, at %v %v", standing, standing.Breached(at), later, standing.Breached(later))
		}
	})
}

func TestAPauseKeepsTheTimeThatIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, cal := drawStart(t)
		pause := k.StartedAt.Add(drawStep(t))
		resume := pause.Add(drawStep(t))
		k = k.Pause(pause)
		moved := k.Resume(cal, resume)
		if rapid.Bool().Draw(t, "stopped") {
			moved = k.Stop(pause.Add(resume.Sub(pause)/2)).Reopen(cal, resume)
			k.ResponseDue = moved.ResponseDue // met by the stop
		} else if diff := left(cal, pause, k.ResponseDue) - left(cal, resume, moved.ResponseDue); diff != 0 {
			t.Fatalf("response: %v less left after the pause", diff)
		}
		for _, due := range [][2]time.Time{{k.EscalationDue, moved.EscalationDue}, {k.ResolutionDue, moved.ResolutionDue}} {
			if pause.After(due[0]) && !due[1].Equal(due[0]) {
				t.Fatalf("%v had passed at %v, but moved to %v", due[0], pause, due[1])
			}
			if diff := left(cal, pause, due[0]) - left(cal, resume, due[1]); diff != 0 {
				t.Fatalf("%v less left after the pause", diff)
			}
		}
	})
}

// left returns the working time until a deadline, none when it has passed.
func left(cal Calendar, at, due time.Time) time.Duration { return max(0, cal.Between(at, due)) }

// In calendar time a promise is broken exactly when the time that the clocks ran is longer than promised. This counts it
// the other way: not by moving deadlines, but by adding up what ran.
func TestBreachesAgreeWithTheTimeThatTheClocksRan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resolution := rapid.IntRange(1, 72).Draw(t, "resolution")
		total := time.Duration(resolution) * time.Hour
		k := StartClocks(Policy{ResolutionHours: resolution}, Calendar{}, drawTime(t, "start"))
		at, ran := k.StartedAt, time.Duration(0)
		var paused, stopped, responded, breached bool
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			step := drawStep(t)
			at = at.Add(step)
			if !paused && !stopped {
				ran += step
				breached = breached || ran > total || !responded && ran > total/4
			}
			if got := k.Breached(at); got != breached {
				t.Fatalf("after %v of %v: Breached = %v", ran, total, got)
			}
			var action string
			k, action = act(t, k, Calendar{}, at)
			switch {
			case action == "respond":
				responded = true
			case action == "pause" && !stopped:
				paused = true
			case action == "resume" && !stopped:
				paused = false
			case action == "stop":
				stopped, responded = true, true
			case action == "reopen" && stopped:
				stopped, paused = false, false
			}
		}
	})
}
