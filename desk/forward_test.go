package desk

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEachClassOfTheConnectorHasAMeaningOfItsOwnAndCountsOnce(t *testing.T) {
	meanings := map[Text]string{}
	for _, class := range ConnectorClasses() {
		meaning := ConnectorMeaning(class)
		if other := meanings[meaning]; other != "" && class != "KNOWN" && other != "KNOWN" {
			t.Errorf("%s and %s mean the same", class, other)
		}
		meanings[meaning] = class
		if sent, failed := ConnectorCounts(class); sent && failed {
			t.Errorf("%s is a success and a failure", class)
		}
	}
	if ConnectorMeaning("of a later version") != SociomileUnknown {
		t.Error("an unknown class is not taken for an unknown outcome")
	}
	for class, want := range map[string][2]bool{"SENT": {true, false}, "DUPLICATE": {true, false}, "UNCHANGED": {}, ClassParked: {}, "FAULT": {false, true}, "NETWORK": {false, true}} {
		if sent, failed := ConnectorCounts(class); [2]bool{sent, failed} != want {
			t.Errorf("%s counts as %v, %v", class, sent, failed)
		}
	}
}

func TestARouteAndItsTargetNameEachOther(t *testing.T) {
	for i, route := range ConnectorRoutes {
		target := ConnectorTargets(time.Time{})[i].ID
		if ConnectorTarget(route) != target || ConnectorRoute(target) != route {
			t.Errorf("%s is %s, and %s is %s", route, ConnectorTarget(route), target, ConnectorRoute(target))
		}
	}
}

// Whatever was counted, it is in the hours, in the day and in the failures alike.
func TestEveryAttemptOfADayIsCountedOnce(t *testing.T) {
	now := time.Date(2024, 12, 19, 10, 30, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		tallies := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Tally {
			hour := HoursBegin(now).Add(time.Duration(rapid.IntRange(0, hoursShown-1).Draw(t, "hour")) * time.Hour)
			return Tally{Class: rapid.SampledFrom(ConnectorClasses()).Draw(t, "class"), Hour: hour, Recent: rapid.Bool().Draw(t, "recent"),
				Count: rapid.IntRange(1, 9).Draw(t, "count"), Last: hour.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "minute")) * time.Minute)}
		})).Draw(t, "tallies")
		var s RouteState
		s.Count(tallies, now)
		var hours, recent Rate
		for _, hour := range s.Hours {
			hours.Sent, hours.Failed = hours.Sent+hour.Sent, hours.Failed+hour.Failed
		}
		var failures int
		for i, f := range s.Failures {
			failures += f.Count
			if i > 0 && s.Failures[i-1].At.Before(f.At) {
				t.Error("the failures are not in the order of their last attempts")
			}
			if !slices.ContainsFunc(tallies, func(y Tally) bool { return y.Class == f.Class && y.Last.Equal(f.At) }) {
				t.Errorf("no attempt was %+v", f)
			}
		}
		var want Rate
		for _, y := range tallies {
			want.add(y)
			if y.Recent {
				recent.add(y)
			}
		}
		if hours.Sent != want.Sent || s.Day.Sent != want.Sent || hours.Failed != want.Failed || s.Day.Failed != want.Failed || failures != want.Failed || s.Hour.Sent != recent.Sent || s.Hour.Failed != recent.Failed {
			t.Errorf("%+v in all are %+v in hours, %+v of the day, %d failures; %+v of the last hour are %+v", want, hours, s.Day, failures, recent, s.Hour)
		}
	})
}

func TestTheHoursEndWithTheOneThatIsNotOver(t *testing.T) {
	var s RouteState
	now := time.Date(2024, 12, 19, 18, 59, 59, 0, time.FixedZone("WITA", 8*3600))
	s.Count([]Tally{{Class: "SENT", Hour: HoursBegin(now).Add(-time.Hour), Count: 1}}, now)
	if len(s.Hours) != 24 || s.Hours[23].From != time.Date(2024, 12, 19, 10, 0, 0, 0, time.UTC) || s.Hours[0].From != s.Day.From {
		t.Errorf("the hours are %+v", s.Hours)
	}
	if s.Hours[0].Sent != 0 {
		t.Error("an attempt of the hour before is counted in the first one")
	}
}

func TestTheLastSuccessAndTheLastFailureAreKept(t *testing.T) {
	var s RouteState
	at := func(minute int) time.Time { return time.Date(2024, 12, 19, 10, minute, 0, 0, time.UTC) }
	for minute, class := range []string{"UNCHANGED", "SENT", "NETWORK", "DUPLICATE", "SERVER", ClassParked} {
		s.Note(class, at(minute))
	}
	s.Note("NETWORK", at(0))
	s.Note("SENT", at(0))
	if !s.LastSent.Equal(at(3)) || s.LastFailed.Class != "SERVER" || !s.LastFailed.At.Equal(at(4)) {
		t.Errorf("last sent at %s, last failure %+v", s.LastSent, s.LastFailed)
	}
}

func TestAPausedTargetKeepsItsFirstReasonAndAResumedOneItsCircuitClosed(t *testing.T) {
	target := ConnectorTargets(time.Unix(1, 0))[0]
	target.OpenedAt, target.ProbeAt = time.Unix(2, 0), time.Unix(3, 0)
	if target.Resume(time.Unix(4, 0)) || target.OpenedAt.IsZero() {
		t.Errorf("resuming what is not paused changed it: %+v", target)
	}
	if !target.Pause("Budi", "x", time.Unix(5, 0)) || target.Pause("Sari", "y", time.Unix(6, 0)) || target.Description != "Budi" || target.Why != "x" || !target.StateAt.Equal(time.Unix(5, 0)) {
		t.Errorf("paused twice it is %+v", target)
	}
	if !target.Resume(time.Unix(7, 0)) || target.Description != "" || target.Why != "" || !target.OpenedAt.IsZero() || target.State != TargetActive {
		t.Errorf("resumed it is %+v", target)
	}
}

func TestEditsAreAddedAndEnded(t *testing.T) {
	before := ForwardEdits{"a": "1", "b": "2"}
	for name, tc := range map[string]struct{ more, want ForwardEdits }{
		"one more":  {ForwardEdits{"c": "3"}, ForwardEdits{"a": "1", "b": "2", "c": "3"}},
		"another":   {ForwardEdits{"a": "3"}, ForwardEdits{"a": "3", "b": "2"}},
		"one ended": {ForwardEdits{"a": ""}, ForwardEdits{"b": "2"}},
		"all ended": {ForwardEdits{}, ForwardEdits{}},
	} {
		if diff := cmp.Diff(tc.want, before.With(tc.more)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(ForwardEdits{"a": "1", "b": "2"}, before); diff != "" {
		t.Errorf("the edits before changed:\n%s", diff)
	}
}

func TestEditsOfKnownFieldsAreTakenWithoutCards(t *testing.T) {
	var warnings Faults
	edits := ForwardEdits{"content": "Kartu 4111 1111 1111 1111", "nomorKartu": "123456789012", "namaNasabah": "Budi"}
	if err := edits.Check([]string{"content", "nomorKartu", "namaNasabah"}, &warnings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ForwardEdits{"content": "Kartu ****1111", "nomorKartu": "****9012", "namaNasabah": "Budi"}, edits); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !warnings.Has("fields.content") || !warnings.Has("fields.nomorKartu") || len(warnings) != 2 {
		t.Errorf("warned is of %v", warnings)
	}
	if err := (ForwardEdits{"nama": "x"}).Check([]string{"namaNasabah"}, &warnings); !Is(err, Invalid) {
		t.Errorf("a field that nobody knows: %v", err)
	}
}

func TestEditsAreShownWithoutAccountsAndAddresses(t *testing.T) {
	shown := ForwardEdits{"nomorRekening": "12345", "rekening": "rek 1234567890", "surel": "budi@example.com", "content": "kirim ke budi @ x", "nominal": "150000"}.Masked()
	want := ForwardEdits{"nomorRekening": "*2345", "rekening": "rek ******7890", "surel": "b***@example.com", "content": "kirim ke budi @ x", "nominal": "150000"}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
