package desk

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/mask"
)

// hoursShown are the hours of RouteState.
const hoursShown = 24

// RouteState is how it is on one of the routes of the provider that tickets are forwarded to.
type RouteState struct {
	Target
	Waiting      int       // tickets; counted up to a bound
	Parked       int       // tickets that wait for a person; likewise
	Oldest       time.Time // when the oldest event was recorded that waits, as far as was looked; zero: none does
	OldestNumber int64     // of its ticket
	LastSent     time.Time // zero: it is not known
	LastFailed   ForwardFailure
	Hours        []Rate           // of the hours of a day, the oldest first; the last one is not over
	Hour, Day    Rate             // of the last 60 minutes, and of Hours
	Failures     []ForwardFailure // of Hours, one of each class: the one that failed last first
}

// Rate is how many attempts, since a time, were successes and how many failed.
type Rate struct {
	From         time.Time
	Sent, Failed int
}

// ForwardFailure is the newest attempt that failed in a way. Without a class none is known.
type ForwardFailure struct {
	Class  string
	At     time.Time
	Status int    // HTTP; 0: none
	Said   string // the provider's words
	Number int64  // of its ticket
	Count  int    // of how many in RouteState.Hours
}

// Tally counts the attempts of one class in one hour.
type Tally struct {
	Class  string
	Hour   time.Time // it begins, in UTC
	Recent bool      // they were made in the last 60 minutes
	Count  int
	Last   time.Time // when the last of them was made
}

// HoursBegin is when the hours of a RouteState begin.
func HoursBegin(now time.Time) time.Time {
	return now.UTC().Truncate(time.Hour).Add(-(hoursShown - 1) * time.Hour)
}

// Count sorts the attempts of the hours by hour and by class.
func (s *RouteState) Count(tallies []Tally, now time.Time) {
	s.Day.From, s.Hour.From = HoursBegin(now), now.Add(-time.Hour)
	for i := range hoursShown {
		s.Hours = append(s.Hours, Rate{From: s.Day.From.Add(time.Duration(i) * time.Hour)})
	}
	for _, t := range tallies {
		if i := int(t.Hour.Sub(s.Day.From) / time.Hour); i >= 0 && i < hoursShown {
			s.Hours[i].add(t)
		}
		if s.Day.add(t); t.Recent {
			s.Hour.add(t)
		}
		if _, failed := ConnectorCounts(t.Class); failed {
			s.failed(t)
		}
	}
	slices.SortFunc(s.Failures, func(a, b ForwardFailure) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Class, b.Class)) })
}

func (r *Rate) add(t Tally) {
	switch sent, failed := ConnectorCounts(t.Class); {
	case sent:
		r.Sent += t.Count
	case failed:
		r.Failed += t.Count
	}
}

func (s *RouteState) failed(t Tally) {
	i := slices.IndexFunc(s.Failures, func(f ForwardFailure) bool { return f.Class == t.Class })
	if i < 0 {
		i, s.Failures = len(s.Failures), append(s.Failures, ForwardFailure{Class: t.Class})
	}
	f := &s.Failures[i]
	if f.Count += t.Count; t.Last.After(f.At) {
		f.At = t.Last
	}
}

// Note takes an attempt of a class for the last success, or the last failure, unless a later one is known.
func (s *RouteState) Note(class string, at time.Time) {
	switch sent, failed := ConnectorCounts(class); {
	case sent && at.After(s.LastSent):
		s.LastSent = at
	case failed && at.After(s.LastFailed.At):
		s.LastFailed.Class, s.LastFailed.At = class, at
	}
}

// Pause disables a target of the connector for somebody, and reports whether it was not.
func (t *Target) Pause(who, why string, at time.Time) bool {
	if t.State == TargetDisabled {
		return false
	}
	t.Description = who
	t.Disable(why, at)
	return true
}

// Resume enables a target of the connector, and reports whether it was disabled.
func (t *Target) Resume(at time.Time) bool {
	if t.State != TargetDisabled {
		return false
	}
	t.Description = ""
	t.Enable(at)
	return true
}

// ForwardEdits are what a person put in the place of fields, by the names that the provider gives them.
type ForwardEdits map[string]string

// Check masks card numbers, of which it warns. It returns an Error of code Invalid when a field is none of the known ones.
func (e ForwardEdits) Check(known []string, warnings *Faults) error {
	var faults Faults
	for _, name := range slices.Sorted(maps.Keys(e)) {
		path := "fields." + name
		if !slices.Contains(known, name) {
			shown, _ := mask.Cards(mask.Showable(path))
			faults.Add(shown, ForwardFieldUnknown, strings.Join(known, ", "))
			continue
		}
		hide := mask.Cards
		if name == "nomorKartu" {
			hide = mask.CardField
		}
		if clean, found := hide(e[name]); found {
			e[name] = clean
			warnings.Add(path, CardMasked)
		}
	}
	return faults.Err()
}

// With adds edits; one that is empty ends, and none ends all.
func (e ForwardEdits) With(more ForwardEdits) ForwardEdits {
	all := ForwardEdits{}
	if len(more) > 0 {
		maps.Copy(all, e)
	}
	maps.Copy(all, more)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// longDigits are account numbers, or may be.
var longDigits = regexp.MustCompile(`[0-9]{10,}`)

// Masked are the edits as they can be shown. The names of fields are configured: what looks like an address or an account is
// taken for one wherever it stands.
func (e ForwardEdits) Masked() ForwardEdits {
	shown := ForwardEdits{}
	for name, value := range e {
		switch {
		case name == "nomorRekening":
			shown[name] = mask.Account(value)
		case strings.Contains(value, "@") && !strings.Contains(value, " "):
			shown[name] = mask.Email(value)
		default:
			shown[name] = longDigits.ReplaceAllStringFunc(value, mask.Account)
		}
	}
	return shown
}

// MaxProviderNumber is the largest number that the provider's JSON keeps apart from the next one.
const MaxProviderNumber = 1 << 53

// CheckProviderID notes what is wrong with the id, at a path, that the provider is said to have given a ticket.
func CheckProviderID(faults *Faults, path, id string) {
	switch {
	case mask.IsCard(id):
		faults.Add(path, MustNotBeCard)
	case id == "":
		faults.Add(path, Required)
	}
	CheckLength(faults, path, id, MaxReference)
}
