package desk

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// wita reads a time of the form 2006-01-02 15:04 as one of the bank's.
func wita(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, DefaultCalendar().Location)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWorkingTimeIsAdded(t *testing.T) {
	c := DefaultCalendar()
	for name, row := range map[string]struct {
		from    string
		working time.Duration
		want    string
	}{
		"within the morning":                      {"2024-12-19 09:00", 2 * time.Hour, "2024-12-19 11:00"},
		"over lunch":                              {"2024-12-19 11:00", 2 * time.Hour, "2024-12-19 14:00"},
		"to the end of the morning, not later":    {"2024-12-19 08:00", 4 * time.Hour, "2024-12-19 12:00"},
		"to the end of the day, not the next":     {"2024-12-19 08:00", 8 * time.Hour, "2024-12-19 17:00"},
		"to the next day":                         {"2024-12-19 16:00", 2 * time.Hour, "2024-12-20 09:00"},
		"over a weekend":                          {"2024-12-20 16:00", 2 * time.Hour, "2024-12-23 09:00"},
		"over Christmas":                          {"2024-12-24 16:00", 2 * time.Hour, "2024-12-27 09:00"},
		"from before opening":                     {"2024-12-19 06:00", time.Hour, "2024-12-19 09:00"},
		"from after hours":                        {"2024-12-19 17:00", time.Hour, "2024-12-20 09:00"},
		"from a holiday":                          {"2024-12-25 10:00", time.Hour, "2024-12-27 09:00"},
		"from a Sunday":                           {"2024-12-22 23:59", time.Hour, "2024-12-23 09:00"},
		"over Idulfitri":                          {"2025-03-27 16:30", time.Hour, "2025-04-08 08:30"},
		"leap day":                                {"2024-02-28 16:00", 10 * time.Hour, "2024-03-01 09:00"},
		"the day added in the middle of 2025":     {"2025-08-15 16:00", 2 * time.Hour, "2025-08-19 09:00"},
		"nothing":                                 {"2024-12-22 10:00", 0, "2024-12-22 10:00"},
		"less than nothing":                       {"2024-12-22 10:00", -time.Hour, "2024-12-22 10:00"},
		"seventy-two working hours are nine days": {"2025-01-06 08:00", 72 * time.Hour, "2025-01-16 17:00"},
	} {
		got := c.Add(wita(t, row.from), row.working)
		if want := wita(t, row.want); !got.Equal(want) {
			t.Errorf("%s: Add(%s, %v) = %v, want %v", name, row.from, row.working, got, want)
		}
	}
}

func TestTheDayChangesAtMidnightOfTheBank(t *testing.T) {
	c := DefaultCalendar()
	// 2024-12-19T16:30Z is already Friday the 20th in WITA, 2024-12-20T16:30Z already Saturday.
	for from, want := range map[string]string{"2024-12-19T16:30:00Z": "2024-12-20T01:00:00Z", "2024-12-20T16:30:00Z": "2024-12-23T01:00:00Z"} {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Add(at, time.Hour).Format(time.RFC3339); got != want {
			t.Errorf("Add(%s, 1h) = %s, want %s in the location of the argument", from, got, want)
		}
	}
}

func TestTheBankHasNoDaylightSaving(t *testing.T) {
	c := DefaultCalendar()
	for date, end := (Date{2024, time.January, 1}), (Date{2028, time.January, 1}); date != end; date = date.AddDays(1) {
		if _, offset := date.at(12*time.Hour, c.Location).Zone(); offset != 8*60*60 {
			t.Fatalf("%s has an offset of %d seconds", date, offset)
		}
	}
}

func TestWorkingTimeBetween(t *testing.T) {
	c := DefaultCalendar()
	for name, row := range map[string]struct {
		a, b string
		want time.Duration
	}{
		"a morning":          {"2024-12-19 08:00", "2024-12-19 12:00", 4 * time.Hour},
		"with lunch":         {"2024-12-19 11:30", "2024-12-19 13:30", time.Hour},
		"only lunch":         {"2024-12-19 12:00", "2024-12-19 13:00", 0},
		"a night":            {"2024-12-19 17:00", "2024-12-20 08:00", 0},
		"a week":             {"2025-01-06 00:00", "2025-01-13 00:00", 40 * time.Hour},
		"Idulfitri":          {"2025-03-27 17:00", "2025-04-08 08:00", 0},
		"backwards":          {"2024-12-19 12:00", "2024-12-19 08:00", -4 * time.Hour},
		"a leap year's days": {"2024-02-28 00:00", "2024-03-02 00:00", 24 * time.Hour},
	} {
		if got := c.Between(wita(t, row.a), wita(t, row.b)); got != row.want {
			t.Errorf("%s: Between(%s, %s) = %v, want %v", name, row.a, row.b, got, row.want)
		}
	}
}

func TestWorkingDaysAfterAReceipt(t *testing.T) {
	c := DefaultCalendar()
	for name, row := range map[string]struct {
		from string
		days int
		want string
	}{
		"Idulfitri between":           {"2025-03-27 16:00", 5, "2025-04-14 17:00"},
		"at the end of the day":       {"2025-03-27 17:00", 5, "2025-04-15 17:00"},
		"after hours":                 {"2025-03-27 20:00", 5, "2025-04-15 17:00"},
		"on a holiday":                {"2025-04-01 10:00", 5, "2025-04-15 17:00"},
		"at the opening after it":     {"2025-04-08 08:00", 5, "2025-04-15 17:00"},
		"before opening":              {"2025-01-06 05:00", 1, "2025-01-07 17:00"},
		"at lunch":                    {"2025-01-06 12:30", 1, "2025-01-07 17:00"},
		"on a Saturday":               {"2025-01-04 10:00", 1, "2025-01-07 17:00"},
		"ten days and no holiday":     {"2025-02-03 09:00", 10, "2025-02-17 17:00"},
		"the same day":                {"2025-01-06 09:00", 0, "2025-01-06 17:00"},
		"less than none":              {"2025-01-06 09:00", -3, "2025-01-06 17:00"},
		"over the leap day":           {"2024-02-28 09:00", 2, "2024-03-01 17:00"},
		"in UTC still the day before": {"2025-01-07 00:30", 1, "2025-01-08 17:00"},
	} {
		got := c.AddDays(wita(t, row.from).UTC(), row.days)
		if want := wita(t, row.want); !got.Equal(want) {
			t.Errorf("%s: AddDays(%s, %d) = %v, want %v", name, row.from, row.days, got.In(want.Location()), want)
		}
	}
}

// The days of joint leave are each bank's decision; and a decree may be amended when tickets are open already.
func TestAnAmendedCalendarGivesAnotherDeadline(t *testing.T) {
	c := DefaultCalendar()
	c.Closed = ClosedDays(slices.DeleteFunc(DefaultHolidays(), func(h Holiday) bool { return h.Kind == JointLeave }))
	from := wita(t, "2025-08-15 16:00")
	if got, want := c.Add(from, 2*time.Hour), wita(t, "2025-08-18 09:00"); !got.Equal(want) {
		t.Errorf("without joint leave Add = %v, want %v", got, want)
	}
}

func TestTheZeroCalendarCountsEverySecond(t *testing.T) {
	var c Calendar
	from, later := wita(t, "2024-12-21 23:00"), wita(t, "2024-12-25 23:00")
	if got := c.Add(from, 96*time.Hour); !got.Equal(later) {
		t.Errorf("Add = %v, want %v", got, later)
	}
	if got := c.Between(from, later); got != 96*time.Hour {
		t.Errorf("Between = %v, want 96h", got)
	}
	if got := c.AddDays(from, 4); !got.Equal(later) {
		t.Errorf("AddDays = %v, want %v", got, later)
	}
}

func TestACalendarWithoutWorkingTimeCountsEverySecond(t *testing.T) {
	from := wita(t, "2024-12-21 23:00")
	inverted := Calendar{Code: "X"}
	inverted.Week[time.Monday] = []Interval{{17 * time.Hour, 8 * time.Hour}}
	for name, c := range map[string]Calendar{"no interval": {Code: "X"}, "an interval that ends before it begins": inverted} {
		if err := c.Validate(); err == nil {
			t.Errorf("%s: Validate found nothing", name)
		}
		if got := c.Add(from, time.Hour); got.Sub(from) != time.Hour {
			t.Errorf("%s: Add = %v", name, got)
		}
		if got := c.Between(from, from.Add(time.Hour)); got != time.Hour {
			t.Errorf("%s: Between = %v", name, got)
		}
		if got := c.AddDays(from, 1); got.Sub(from) != 24*time.Hour {
			t.Errorf("%s: AddDays = %v", name, got)
		}
	}
}

func TestCalendarsThatCannotWorkAreRefused(t *testing.T) {
	for _, valid := range []Calendar{{}, DefaultCalendar()} {
		if err := valid.Validate(); err != nil {
			t.Errorf("calendar %q: %v", valid.Code, err)
		}
	}
	for name, change := range map[string]func(c *Calendar){
		"no location":            func(c *Calendar) { c.Location = nil },
		"no working time":        func(c *Calendar) { c.Week = [7][]Interval{} },
		"overlap":                func(c *Calendar) { c.Week[1] = []Interval{{0, 2 * time.Hour}, {time.Hour, 3 * time.Hour}} },
		"wrong order":            func(c *Calendar) { c.Week[1] = []Interval{{4, 5}, {2, 3}} },
		"empty interval":         func(c *Calendar) { c.Week[1] = []Interval{{time.Hour, time.Hour}} },
		"before midnight":        func(c *Calendar) { c.Week[1] = []Interval{{-time.Hour, time.Hour}} },
		"longer than the day":    func(c *Calendar) { c.Week[1] = []Interval{{0, 24*time.Hour + 1}} },
		"a date that is not":     func(c *Calendar) { c.Closed = map[Date]string{{2025, time.February, 29}: "?"} },
		"a date without a month": func(c *Calendar) { c.Closed = map[Date]string{{2025, 0, 1}: "?"} },
	} {
		c := DefaultCalendar()
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s: Validate found nothing", name)
		}
	}
}

func TestDatesAreReadAndWritten(t *testing.T) {
	for s, want := range map[string]Date{"2024-02-29": {2024, time.February, 29}, "0999-12-01": {999, time.December, 1}} {
		if got, err := ParseDate(s); err != nil || got != want || got.String() != s {
			t.Errorf("ParseDate(%s) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "2025-02-29", "2025-2-1", "29-02-2024", "2024-02-29T00:00:00Z", "2024-13-01"} {
		if got, err := ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %v", s, got)
		}
	}
	if got, want := (Date{2023, time.December, 31}).AddDays(60), (Date{2024, time.February, 29}); got != want {
		t.Errorf("60 days after 2023-12-31 is %s", got)
	}
}

// drawTime draws a time of the years of the table, in microseconds UTC.
func drawTime(t *rapid.T, label string) time.Time {
	first, last := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	return time.UnixMicro(rapid.Int64Range(first.UnixMicro(), last.UnixMicro()).Draw(t, label)).UTC()
}

// drawCalendar draws calendar time, the default calendar, or one of other hours, also round the clock and where the
// clocks change.
func drawCalendar(t *rapid.T) Calendar {
	switch rapid.IntRange(0, 3).Draw(t, "calendar") {
	case 0:
		return Calendar{}
	case 1:
		return DefaultCalendar()
	}
	location, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Makassar", "Asia/Jakarta", "America/New_York"}).Draw(t, "location"))
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{Code: "DRAWN", Location: location, Closed: ClosedDays(DefaultHolidays())}
	for day := range c.Week {
		edges := rapid.SliceOfNDistinct(rapid.IntRange(0, 24*60), 0, 6, rapid.ID).Draw(t, "edges")
		slices.Sort(edges)
		for i := 0; i+1 < len(edges); i += 2 {
			c.Week[day] = append(c.Week[day], Interval{time.Duration(edges[i]) * time.Minute, time.Duration(edges[i+1]) * time.Minute})
		}
	}
	if c.Validate() != nil {
		c.Week[time.Sunday] = []Interval{{0, 24 * time.Hour}}
	}
	return c
}

// drawWorking draws up to ninety hours, often whole ones, in microseconds.
func drawWorking(t *rapid.T) time.Duration {
	hours := rapid.IntRange(0, 90).Draw(t, "hours")
	return time.Duration(hours)*time.Hour + time.Duration(rapid.SampledFrom([]int{0, 0, 1, 999_999}).Draw(t, "µs"))*time.Microsecond
}

func TestAddAndBetweenAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, from, working := drawCalendar(t), drawTime(t, "from"), drawWorking(t)
		end := c.Add(from, working)
		if got := c.Between(from, end); got != working {
			t.Fatalf("Between(%v, Add = %v) = %v, want %v", from, end, got, working)
		}
		if got := c.Between(end, from); got != -working {
			t.Fatalf("Between(Add = %v, %v) = %v, want %v", end, from, got, -working)
		}
		if working > 0 && c.Between(from, end.Add(-1)) != working-1 {
			t.Fatalf("Add(%v, %v) = %v is not the earliest", from, working, end)
		}
	})
}

func TestWorkingTimeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		moments := []time.Time{drawTime(t, "a"), drawTime(t, "b"), drawTime(t, "c")}
		slices.SortFunc(moments, time.Time.Compare)
		first, second, all := c.Between(moments[0], moments[1]), c.Between(moments[1], moments[2]), c.Between(moments[0], moments[2])
		if first+second != all || first < 0 || second < 0 || all > moments[2].Sub(moments[0]) {
			t.Fatalf("%v: %v + %v, but %v in all", moments, first, second, all)
		}
		if x, y := drawWorking(t), drawWorking(t); !c.Add(c.Add(moments[0], x), y).Equal(c.Add(moments[0], x+y)) && y > 0 {
			t.Fatalf("adding %v and then %v to %v is not adding both", x, y, moments[0])
		}
	})
}

func TestWorkingDaysEndWhenWorkEnds(t *testing.T) {
	c := DefaultCalendar()
	rapid.Check(t, func(t *rapid.T) {
		from, days := drawTime(t, "from"), rapid.IntRange(0, 30).Draw(t, "days")
		end := c.AddDays(from, days)
		if local := end.In(c.Location); local.Hour() != 17 || c.hours(DateOf(local)) == nil {
			t.Fatalf("AddDays(%v, %d) = %v", from, days, local)
		}
		// From the receipt there are n whole days, of eight hours, and what was left of the day of receipt.
		rest := c.Between(from, end) - time.Duration(days)*8*time.Hour
		if rest <= 0 || rest > 8*time.Hour {
			t.Fatalf("AddDays(%v, %d) = %v leaves %v for the day of receipt", from, days, end, rest)
		}
	})
}

func TestHolidaysFallOnTheirWeekdays(t *testing.T) {
	count := map[int]map[string]int{}
	lines := strings.Split(strings.TrimSpace(holidaysCSV), "\n")[1:]
	holidays := DefaultHolidays()
	if len(lines) != len(holidays) {
		t.Fatalf("%d lines, but %d holidays", len(lines), len(holidays))
	}
	for i, h := range holidays {
		weekday := strings.Split(lines[i], ",")[1]
		if want := h.Date.at(0, time.UTC).Weekday(); weekdays[want] != weekday {
			t.Errorf("%s is not %s", h.Date, weekday)
		}
		if i > 0 && holidays[i-1].Date.String() >= h.Date.String() {
			t.Errorf("%s is out of order", h.Date)
		}
		if count[h.Date.Year] == nil {
			count[h.Date.Year] = map[string]int{}
		}
		count[h.Date.Year][h.Kind]++
	}
	// The numbers of the decrees: 2024 17+10, 2025 17+10 and one added, 2026 17+8.
	want := map[int]map[string]int{2024: {"L": 17, "C": 10, "P": 2}, 2025: {"L": 17, "C": 11}, 2026: {"L": 17, "C": 8}, 2027: {"L": 8, "E": 9}}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
}

func TestHolidayTablesAreRead(t *testing.T) {
	got, err := ParseHolidays(strings.NewReader("\ufeff2028-02-29, Sel ,L,\"Hari, satu\"\r\n2028-03-01,,E,Hari dua\n2028-03-01,Rab,C,Hari tiga\n"))
	want := []Holiday{
		{Date{2028, time.February, 29}, NationalHoliday, "Hari, satu"},
		{Date{2028, time.March, 1}, EstimatedDay, "Hari dua"},
		{Date{2028, time.March, 1}, JointLeave, "Hari tiga"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	closed := map[Date]string{{2028, time.February, 29}: "Hari, satu", {2028, time.March, 1}: "Hari dua, Hari tiga"}
	if diff := cmp.Diff(closed, ClosedDays(got)); diff != "" {
		t.Error(diff)
	}
}

func TestWrongHolidayTablesAreRefusedWithTheLine(t *testing.T) {
	for table, want := range map[string]string{
		"date,weekday,kind,name\n2025-01-01,Kam,L,Tahun Baru\n":    "line 2",
		"2025-01-01,Rab,L,Tahun Baru\n\n2025-02-30,,L,Tidak ada\n": "line 3",
		"2025-01-01,Rab,X,Tahun Baru\n":                            "line 1",
		"2025-01-01,Rab,L,\n":                                      "no name",
		"2025-01-01,Rab,L\n":                                       "line 1",
		"2025-01-01,Rab,L,\"Tahun Baru\n":                          "line",
		"2025-01-01,Rab,L,Tahun Baru\ndate,weekday,kind,name\n":    "line 2",
	} {
		if got, err := ParseHolidays(strings.NewReader(table)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseHolidays(%q) = %v, %v; want an error with %q", table, got, err, want)
		}
	}
}

func TestEveryDefaultHolidayIsClosed(t *testing.T) {
	closed := slices.SortedFunc(maps.Keys(DefaultCalendar().Closed), func(a, b Date) int { return strings.Compare(a.String(), b.String()) })
	var want []Date
	for _, h := range DefaultHolidays() {
		want = append(want, h.Date)
	}
	if diff := cmp.Diff(want, closed); diff != "" {
		t.Error(diff)
	}
}
