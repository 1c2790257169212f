package desk

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar, without a time zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date of a time in the time's own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// ParseDate reads a date of the form 2006-01-02. Dates that do not exist are errors.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the form 2006-01-02", s)
	}
	return DateOf(t), nil
}

// String returns the date in the form 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.at(0, time.UTC).Weekday() }

// AddDays returns the date n calendar days later.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// at returns the moment at which clocks in a location show a time of this date; 24 h is the midnight that ends it.
func (d Date) at(sinceMidnight time.Duration, in *time.Location) time.Time {
	seconds, rest := sinceMidnight/time.Second, sinceMidnight%time.Second
	return time.Date(d.Year, d.Month, d.Day, 0, 0, int(seconds), int(rest), in)
}

// Interval is a part of a day in which work is done. From and To are what the clock shows, as time since midnight;
// To may be 24 h.
type Interval struct{ From, To time.Duration }

// Calendar says when work is done. The zero Calendar, with an empty Code, means calendar time: every second counts.
type Calendar struct {
	Code     string // identity, for example BUSINESS
	Name     string // for people
	Location *time.Location
	Week     [7][]Interval   // by time.Weekday; several a day leave out the breaks; in order, without overlap
	Closed   map[Date]string // dates without work, and why
}

// DefaultCalendar returns the working time of the bank's offices: BUSINESS, Monday to Friday 08:00-12:00 and
// 13:00-17:00 in Asia/Makassar (WITA, UTC+8), closed on all of DefaultHolidays.
func DefaultCalendar() Calendar {
	location, err := time.LoadLocation("Asia/Makassar")
	if err != nil {
		location = WITA() // no time zone database here; the zone has had no other offset since 1945
	}
	c := Calendar{Code: "BUSINESS", Name: "Jam kerja kantor", Location: location, Closed: ClosedDays(DefaultHolidays())}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Week[day] = []Interval{{8 * time.Hour, 12 * time.Hour}, {13 * time.Hour, 17 * time.Hour}}
	}
	return c
}

// Validate refuses a calendar that cannot be worked with: no location, intervals that are out of order, overlap or
// leave the day, closed dates that do not exist, no working time in the whole week. The zero Calendar is valid.
func (c Calendar) Validate() error {
	if c.Code == "" {
		return nil
	}
	if c.Location == nil {
		return errors.New("calendar: no location")
	}
	for day, intervals := range c.Week {
		var end time.Duration
		for _, work := range intervals {
			if work.From < end || work.To <= work.From || work.To > 24*time.Hour {
				return fmt.Errorf("calendar: %s: %v-%v is no interval after %v", time.Weekday(day), work.From, work.To, end)
			}
			end = work.To
		}
	}
	for date := range c.Closed {
		if date.AddDays(0) != date {
			return fmt.Errorf("calendar: there is no %s", date)
		}
	}
	if !c.works() {
		return errors.New("calendar: no working time in the week")
	}
	return nil
}

// Add returns the earliest moment at which so much working time has passed since from: the end of an interval rather
// than the beginning of the next. Working time of zero or less has passed at once.
//
// A calendar without any working time, which Validate refuses, counts every second: a deadline is never lost, and the
// search for it always ends, because a week with work comes after the last closed date.
func (c Calendar) Add(from time.Time, working time.Duration) time.Time {
	if working <= 0 {
		return from
	}
	if !c.works() {
		return from.Add(working)
	}
	for date := c.date(from); ; date = date.AddDays(1) {
		for _, work := range c.hours(date) {
			start, end := later(date.at(work.From, c.location()), from), date.at(work.To, c.location())
			left := end.Sub(start)
			if left >= working {
				return start.Add(working).In(from.Location())
			}
			working -= max(0, left)
		}
	}
}

// Between returns the working time from a to b; when b is before a, that from b to a as a negative duration.
func (c Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	if !c.works() {
		return b.Sub(a)
	}
	var working time.Duration
	for date, end := c.date(a), c.date(b).AddDays(1); date != end; date = date.AddDays(1) {
		for _, work := range c.hours(date) {
			from, to := date.at(work.From, c.location()), date.at(work.To, c.location())
			working += max(0, earlier(to, b).Sub(later(from, a)))
		}
	}
	return working
}

// AddDays returns the end of the n-th working day after a receipt, as regulators count: the day of receipt is day
// zero, and the promise holds until the working time of day n ends. A receipt at or after the end of a day's work, or on a
// closed day, counts as one at the opening of the next working day, which then is day zero. A negative n counts as 0.
//
// Five working days from Thursday 2025-03-27 16:00 WITA, with the holidays of Idulfitri between, end on Monday
// 2025-04-14 at 17:00; from 17:00 on that Thursday, on Tuesday 2025-04-15. In calendar time, and in a calendar without
// any working time, a day is a calendar day and the time of day stays.
func (c Calendar) AddDays(from time.Time, n int) time.Time {
	n = max(n, 0)
	if !c.works() {
		return from.AddDate(0, 0, n)
	}
	date := c.workingDay(c.date(from))
	if !from.Before(c.closing(date)) {
		date = c.workingDay(date.AddDays(1))
	}
	for range n {
		date = c.workingDay(date.AddDays(1))
	}
	return c.closing(date).In(from.Location())
}

// works reports whether the calendar measures working time, and has some.
func (c Calendar) works() bool {
	if c.Code == "" {
		return false
	}
	for _, intervals := range c.Week {
		for _, work := range intervals {
			if work.To > work.From {
				return true
			}
		}
	}
	return false
}

// workingDay returns the first date with working time, from date on.
func (c Calendar) workingDay(date Date) Date {
	for c.closing(date).IsZero() {
		date = date.AddDays(1)
	}
	return date
}

// closing returns when the work of a date ends; the zero time on a date without work.
func (c Calendar) closing(date Date) time.Time {
	var end time.Time
	for _, work := range c.hours(date) {
		if work.To > work.From {
			end = later(end, date.at(work.To, c.location()))
		}
	}
	return end
}

// hours returns the working intervals of a date.
func (c Calendar) hours(date Date) []Interval {
	if _, closed := c.Closed[date]; closed {
		return nil
	}
	return c.Week[date.Weekday()]
}

// date returns the date of a moment where the calendar is.
func (c Calendar) date(t time.Time) Date { return DateOf(t.In(c.location())) }

// location returns where the calendar is; without a location, which Validate refuses, it is UTC.
func (c Calendar) location() *time.Location {
	if c.Location == nil {
		return time.UTC
	}
	return c.Location
}

// earlier returns the earlier of two moments.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// later returns the later of two moments.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// FormatWeek writes working intervals: `08:00-12:00+13:00-17:00`, seven days from Sunday, separated by commas.
func FormatWeek(week [7][]Interval) string {
	days := make([]string, 7)
	for i, intervals := range week {
		var parts []string
		for _, in := range intervals {
			parts = append(parts, timeOfDay(in.From)+"-"+timeOfDay(in.To))
		}
		days[i] = strings.Join(parts, "+")
	}
	return strings.Join(days, ",")
}

func timeOfDay(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// ParseWeek reads what FormatWeek wrote.
func ParseWeek(text string) (week [7][]Interval, err error) {
	days := strings.Split(text, ",")
	if len(days) != 7 {
		return week, fmt.Errorf("a week has seven days, %q has %d", text, len(days))
	}
	for i, day := range days {
		if day == "" {
			continue
		}
		for part := range strings.SplitSeq(day, "+") {
			var fromHour, fromMinute, toHour, toMinute int
			if _, err := fmt.Sscanf(part, "%d:%d-%d:%d", &fromHour, &fromMinute, &toHour, &toMinute); err != nil {
				return week, fmt.Errorf("%q is not an interval like 08:00-12:00", part)
			}
			minutes := func(h, m int) time.Duration { return time.Duration(h*60+m) * time.Minute }
			in := Interval{From: minutes(fromHour, fromMinute), To: minutes(toHour, toMinute)}
			if in.From >= in.To || in.To > minutes(24, 0) {
				return week, fmt.Errorf("%q is not an interval within a day", part)
			}
			week[i] = append(week[i], in)
		}
	}
	return week, nil
}
