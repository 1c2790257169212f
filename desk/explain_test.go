package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// life makes a ticket and takes it through statuses, so many hours after each other.
func life(start time.Time, hours float64, statuses ...Status) (*Ticket, []Event) {
	t := &Ticket{ID: "t", Number: 1, Status: Open, CreatedAt: start, UpdatedAt: start, Clocks: StartClocks(Policy{ResolutionHours: 72}, Calendar{}, start)}
	events := []Event{t.created(System())}
	for i, s := range statuses {
		at := start.Add(time.Duration(float64(i+1) * hours * float64(time.Hour)))
		events = append(events, t.step(s, "", Actor{Kind: ByAgent}, Calendar{}, at)...)
	}
	return t, events
}

func TestTimeIsExplainedByWhatCounted(t *testing.T) {
	friday := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC) // 16:00 in WITA
	at := func(hours float64) time.Time { return friday.Add(time.Duration(hours * float64(time.Hour))) }
	ticket, events := life(friday, 1, InProgress, Pending, InProgress, Resolved)
	want := []ClockSpan{{friday, at(2), SpanCounted, 2 * time.Hour, ""}, {at(2), at(3), SpanPaused, 0, ""}, {at(3), at(4), SpanCounted, time.Hour, ""}, {at(4), at(9), SpanStopped, 0, ""}}
	if diff := cmp.Diff(want, ExplainClocks(ticket, events, Calendar{}, at(9))); diff != "" {
		t.Errorf("in calendar time (-want +got):\n%s", diff)
	}
	ticket, events = life(friday, 1)
	want = []ClockSpan{{friday, at(8), SpanCounted, time.Hour, ""}, {at(8), at(56), SpanClosed, 0, ""}, {at(56), at(66), SpanCounted, 2 * time.Hour, ""}}
	if diff := cmp.Diff(want, ExplainClocks(ticket, events, DefaultCalendar(), at(66))); diff != "" {
		t.Errorf("over a weekend (-want +got):\n%s", diff)
	}
	christmas := time.Date(2025, 12, 24, 16, 0, 0, 0, time.UTC) // midnight in WITA
	ticket, events = life(christmas, 1)
	if got := ExplainClocks(ticket, events, DefaultCalendar(), christmas.Add(12*time.Hour)); len(got) != 1 || got[0].Kind != SpanClosed || got[0].Why != "Natal" {
		t.Errorf("at Christmas: %+v", got)
	}
}

// Nothing is left out and nothing told twice: the spans follow each other from the creation to now, and what they counted
// is the working time between those moments.
func TestTheSpansOfATicketAreItsWholeTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 500_000).Draw(t, "start")) * time.Second)
		now := start.Add(time.Duration(rapid.IntRange(1, 2_000_000).Draw(t, "later")) * time.Second)
		cal := rapid.SampledFrom([]Calendar{{}, DefaultCalendar()}).Draw(t, "calendar")
		ticket, events := life(start, 1)
		var counted time.Duration
		last := start
		for _, s := range ExplainClocks(ticket, events, cal, now) {
			if !s.From.Equal(last) || !s.To.After(s.From) {
				t.Fatalf("a span from %v to %v follows %v", s.From, s.To, last)
			}
			counted, last = counted+s.Counted, s.To
		}
		if !last.Equal(now) || counted != cal.Between(start, now) {
			t.Fatalf("ends at %v, want %v; counted %v, want %v", last, now, counted, cal.Between(start, now))
		}
	})
}

func TestTheTimeOfAPromiseIsSummed(t *testing.T) {
	start := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC) // 16:00 in WITA, a Friday
	hour := time.Hour
	for name, c := range map[string]struct {
		every                float64
		statuses             []Status
		at                   float64
		response, resolution Spent
		answered             bool
	}{
		"new":                  {1, nil, 4, Spent{4 * hour, 18 * hour, 0, 0}, Spent{4 * hour, 72 * hour, 0, 0}, false},
		"not answered in time": {1, nil, 28, Spent{28 * hour, 18 * hour, 0, 10 * hour}, Spent{28 * hour, 72 * hour, 0, 0}, false},
		"answered":             {2, []Status{InProgress}, 10, Spent{2 * hour, 18 * hour, 0, 0}, Spent{10 * hour, 72 * hour, 0, 0}, true},
		"answered too late":    {28, []Status{InProgress}, 30, Spent{28 * hour, 18 * hour, 0, 10 * hour}, Spent{30 * hour, 72 * hour, 0, 0}, true},
		"paused":               {2, []Status{InProgress, Pending}, 10, Spent{2 * hour, 18 * hour, 0, 0}, Spent{4 * hour, 72 * hour, 6 * hour, 0}, true},
		"paused and resumed":   {22, []Status{Pending, Open}, 50, Spent{28 * hour, 18 * hour, 22 * hour, 32 * hour}, Spent{28 * hour, 72 * hour, 22 * hour, 0}, false},
		"resolved too late":    {80, []Status{Resolved}, 100, Spent{80 * hour, 18 * hour, 0, 62 * hour}, Spent{80 * hour, 72 * hour, 0, 8 * hour}, true},
		"resolved in time":     {10, []Status{Resolved}, 200, Spent{10 * hour, 18 * hour, 0, 0}, Spent{10 * hour, 72 * hour, 0, 0}, true},
		"cancelled":            {10, []Status{Cancelled}, 200, Spent{10 * hour, 18 * hour, 0, 0}, Spent{10 * hour, 72 * hour, 0, 0}, false},
		"answered, cancelled":  {5, []Status{InProgress, Cancelled}, 200, Spent{5 * hour, 18 * hour, 0, 0}, Spent{10 * hour, 72 * hour, 0, 0}, true},
	} {
		ticket, events := life(start, c.every, c.statuses...)
		at := start.Add(time.Duration(c.at * float64(hour)))
		if diff := cmp.Diff(c.response, ExplainResponse(ticket, events, Calendar{}, at)); diff != "" {
			t.Errorf("%s: response (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.resolution, ExplainResolution(ticket, events, Calendar{}, at)); diff != "" {
			t.Errorf("%s: resolution (-want +got):\n%s", name, diff)
		}
		if got := !ticket.AnsweredAt().IsZero(); got != c.answered {
			t.Errorf("%s: somebody answered: %t", name, got)
		}
	}
	cal := DefaultCalendar()
	ticket, events := life(start, 1)
	ticket.Clocks = StartClocks(Policy{ResolutionHours: 8}, cal, start)
	if diff := cmp.Diff(Spent{3 * hour, 8 * hour, 0, 0}, ExplainResolution(ticket, events, cal, start.Add(66*hour))); diff != "" {
		t.Errorf("over a weekend (-want +got):\n%s", diff)
	}
}
