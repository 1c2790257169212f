package load

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestADurationIsInAStepThatIsAtMostOneSixtyFourthTooLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "d")).Truncate(time.Microsecond)
		at := upper(step(uint64(d.Microseconds())))
		if at < d || at > d+d/fineness+time.Microsecond {
			t.Fatalf("%v is counted as %v", d, at)
		}
	})
}

func TestQuantilesAreThoseOfTheSortedDurations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h histogram
		all := rapid.SliceOfN(rapid.Int64Range(0, 10_000_000), 1, 200).Draw(t, "microseconds")
		for _, micros := range all {
			h.add(time.Duration(micros) * time.Microsecond)
		}
		slices.Sort(all)
		for _, part := range []float64{0.5, 0.9, 0.99, 1} {
			want := time.Duration(all[min(int(part*float64(len(all))), len(all)-1)]) * time.Microsecond
			if got := h.quantile(part); got < want || got > want+want/fineness+time.Microsecond {
				t.Fatalf("quantile %v of %v is %v, want about %v", part, all, got, want)
			}
		}
	})
}

func TestAResultTellsWhatWentWrongFirst(t *testing.T) {
	var c tally
	c.note(201, 20*time.Millisecond, "")
	c.note(429, time.Millisecond, `{"message":"Too many requests"}`)
	c.note(429, time.Millisecond, "another")
	c.note(0, time.Second, "connection refused")
	r := c.result(2 * time.Second)
	if r.Requests != 4 || r.Failed != 3 || r.Rate != 0.5 || r.Longest != time.Second {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{"4 in 2.0 s", "3 failed", "none: 1   the first: connection refused", "201: 1\n", `429: 2   the first: {"message":"Too many requests"}`} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("%q is not in:\n%s", want, r)
		}
	}
}
