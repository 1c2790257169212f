package desk

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIdentifiersAreOpaqueTextOfOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 1<<48-1).Draw(t, "milliseconds"))
		id := NewID(at)
		if len(id) != 26 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
			t.Fatalf("got %q", id)
		}
	})
}

func TestIdentifiersBeginWithTheirMillisecond(t *testing.T) {
	const base32, crockford = "0123456789abcdefghijklmnopqrstuv", "0123456789abcdefghjkmnpqrstvwxyz"
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Uint64().Draw(t, "milliseconds") >> 16
		want := strings.Map(func(r rune) rune { return rune(crockford[strings.IndexRune(base32, r)]) }, strconv.FormatUint(ms, 32))
		if id := NewID(time.UnixMilli(int64(ms))); strings.TrimLeft(id[:10], "0") != strings.TrimLeft(want, "0") {
			t.Fatalf("%d is in %s, want %s", ms, id, want)
		}
	})
}

func TestIdentifiersMadeLaterSortLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(0, 1<<47).Draw(t, "milliseconds")
		later := first + rapid.Int64Range(1, 1<<40).Draw(t, "later")
		if a, b := NewID(time.UnixMilli(first)), NewID(time.UnixMilli(later)); a >= b {
			t.Fatalf("%s of %d does not sort before %s of %d", a, first, b, later)
		}
	})
}

func TestIdentifiersOfOneMomentAllDiffer(t *testing.T) {
	ids := make([]string, 20_000)
	for i := range ids {
		ids[i] = NewID(hours(0))
	}
	slices.Sort(ids)
	if distinct := len(slices.Compact(ids)); distinct != len(ids) {
		t.Errorf("%d of %d differ", distinct, len(ids))
	}
}

func TestIdentifiersDoNotTellMoreThanTheTime(t *testing.T) {
	const timeDigits = 10 // 48 bits; the two spare ones are in front
	seen := [26]map[byte]bool{}
	for i := range seen {
		seen[i] = map[byte]bool{}
	}
	for range 2000 {
		id := NewID(hours(0))
		for i := range id {
			seen[i][id[i]] = true
		}
	}
	for i, letters := range seen {
		if i < timeDigits && len(letters) != 1 {
			t.Errorf("digit %d is time and took %d values", i, len(letters))
		}
		if i >= timeDigits && len(letters) != 32 {
			t.Errorf("digit %d is random and took %d values of 32", i, len(letters))
		}
	}
}

func TestTheFirstIdOfATimeComesBeforeThoseMadeThenAndBehindThoseMadeBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(1, 1<<47).Draw(t, "milliseconds"))
		first, before := FirstID(at), NewID(at.Add(-time.Millisecond))
		if !IsID(first) || first > NewID(at) || first > NewID(at.Add(999*time.Microsecond)) || first <= before {
			t.Errorf("of %s it is %s, and %s is made before", at, first, before)
		}
	})
	if id := FirstID(time.Time{}); id > FirstID(time.UnixMilli(0)) {
		t.Errorf("before 1970 it is %s", id)
	}
}
