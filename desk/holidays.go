package desk

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The kinds of days on which a bank may be closed.
const (
	NationalHoliday = "L" // libur nasional, by the yearly decree of three ministers
	JointLeave      = "C" // cuti bersama, by the same decree; each bank decides whether it closes
	PollingDay      = "P" // by a decree of its own
	EstimatedDay    = "E" // expected, the decree is not out yet
)

// weekdays are the Indonesian abbreviations of the decree's tables, by time.Weekday.
var weekdays = [...]string{"Min", "Sen", "Sel", "Rab", "Kam", "Jum", "Sab"}

// Holiday is a day on which a bank may be closed. Two of them may fall on one date.
type Holiday struct {
	Date Date
	Kind string // NationalHoliday, JointLeave, PollingDay or EstimatedDay
	Name string // Indonesian
}

//go:embed holidays.csv
var holidaysCSV string

// DefaultHolidays returns the national holidays, days of joint leave and polling days of Indonesia from 2024 to 2026 as
// decreed, and those of 2027 as expected.
func DefaultHolidays() []Holiday {
	holidays, err := ParseHolidays(strings.NewReader(holidaysCSV))
	if err != nil {
		panic("desk: the embedded table of holidays: " + err.Error()) // it is part of the program, and tested
	}
	return holidays
}

// ParseHolidays reads a table of the columns date (2025-03-31), weekday (Sen), kind (L) and name, with or without these
// words as its first line. The weekday may be empty; a wrong one is an error, for it tells of a mistyped date. Errors
// name the line.
func ParseHolidays(table io.Reader) ([]Holiday, error) {
	reader := csv.NewReader(table)
	reader.FieldsPerRecord = 4
	var holidays []Holiday
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return holidays, nil
		}
		if err != nil {
			return nil, fmt.Errorf("holidays: %w", err)
		}
		if first {
			record[0] = strings.TrimPrefix(record[0], "\ufeff") // spreadsheets begin a file with it
			if record[0] == "date" {
				continue
			}
		}
		holiday, err := parseHoliday(record)
		if err != nil {
			line, _ := reader.FieldPos(0)
			return nil, fmt.Errorf("holidays: line %d: %w", line, err)
		}
		holidays = append(holidays, holiday)
	}
}

// parseHoliday reads one line of a table of holidays.
func parseHoliday(record []string) (Holiday, error) {
	for i := range record {
		record[i] = strings.TrimSpace(record[i])
	}
	date, err := ParseDate(record[0])
	if err != nil {
		return Holiday{}, err
	}
	if want := weekdays[date.Weekday()]; record[1] != "" && record[1] != want {
		return Holiday{}, fmt.Errorf("%s is %s, not %q", date, want, record[1])
	}
	if !slices.Contains([]string{NationalHoliday, JointLeave, PollingDay, EstimatedDay}, record[2]) {
		return Holiday{}, fmt.Errorf("%q is no kind of holiday (L, C, P, E)", record[2])
	}
	if record[3] == "" {
		return Holiday{}, fmt.Errorf("%s has no name", date)
	}
	return Holiday{Date: date, Kind: record[2], Name: record[3]}, nil
}

// ClosedDays returns the dates of holidays with their names, as a Calendar takes them. A bank that works on some kind
// of them leaves those out before.
func ClosedDays(holidays []Holiday) map[Date]string {
	closed := make(map[Date]string, len(holidays))
	for _, h := range holidays {
		if name, ok := closed[h.Date]; ok {
			closed[h.Date] = name + ", " + h.Name
		} else {
			closed[h.Date] = h.Name
		}
	}
	return closed
}
