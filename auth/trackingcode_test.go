package auth

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTrackingCodesHaveOnlyLettersThatCannotBeMistaken(t *testing.T) {
	form := regexp.MustCompile(`^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$`)
	seen, used := make(map[string]bool), make(map[rune]int)
	for range 3000 {
		code := NewTrackingCode()
		if !form.MatchString(code) || seen[code] {
			t.Fatalf("code %q is not in the form, or was made twice", code)
		}
		seen[code] = true
		for _, r := range code {
			used[r]++
		}
	}
	first := 0
	for i, r := range trackingAlphabet {
		// 800 are expected; the deviation is 28.
		if used[r] < 600 || used[r] > 1000 {
			t.Errorf("%c was used %d times, others about 800", r, used[r])
		}
		if i < 16 {
			first += used[r]
		}
	}
	// A random byte modulo 30 would favour the first 16 letters: 13,500 instead of 12,800; the deviation is 77.
	if first < 12400 || first > 13200 {
		t.Errorf("the first 16 letters were used %d times, want about 12800", first)
	}
}

func TestTrackingCodesAreUnderstoodAsPeopleTypeThem(t *testing.T) {
	filler := rapid.SampledFrom([]string{"", "", "", " ", "-", "\t", "\u2013", "\u00a0", " - "})
	rapid.Check(t, func(t *rapid.T) {
		want := NewTrackingCode()
		var typed strings.Builder
		for _, r := range strings.ReplaceAll(want, "-", "") {
			letter := string(r)
			if rapid.Bool().Draw(t, "small") {
				letter = strings.ToLower(letter)
			}
			typed.WriteString(filler.Draw(t, "filler") + letter)
		}
		if got, ok := NormalizeTrackingCode(typed.String()); !ok || got != want {
			t.Fatalf("%q became %q, %v; want %q", typed.String(), got, ok, want)
		}
	})
}

func TestWhatCannotBeATrackingCodeIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "ABCD", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFG0", "ABCD-EFGO", "ABCD-EFG1", "ABCD-EFGI", "ABCD-EFGL", "ABCD-EFGU",
		"ABCD_EFGH", "ABCD-EFG\u0412", "ABCD-EFG\x00", "ABCD-EFG\xff", "ABCD" + strings.Repeat(" ", 100) + "EFGH",
	} {
		if code, ok := NormalizeTrackingCode(s); ok || code != "" {
			t.Errorf("%q was taken as %q", s, code)
		}
	}
}
