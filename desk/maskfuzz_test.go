package desk

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMaskCards masks any text. What was masked once has nothing to mask left, and a text without digits stays.
func FuzzMaskCards(f *testing.F) {
	for _, seed := range []string{"", "4111 1111 1111 1111", "kartu 4111-1111-1111-1111, 5500005555555559", "411111111111111111111", "id 01234567-4111-1111-1111-111111111111",
		"４１１１１１１１１１１１１１１１", "٤١١١١١١١١١١١١١١١", "4111\u00a01111\u200b1111 1111", "\xff4111111111111111\xff", strings.Repeat("4111111111111111 ", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		masked, found := MaskCards(s)
		if found == (masked == s) {
			t.Errorf("%q: found %v, but became %q", s, found, masked)
		}
		if again, more := MaskCards(masked); more {
			t.Errorf("%q became %q and then %q", s, masked, again)
		}
		if utf8.ValidString(s) && !utf8.ValidString(masked) {
			t.Errorf("%q became %q", s, masked)
		}
		if IsCard(s) && !found {
			t.Errorf("%q is a card number and was not masked", s)
		}
	})
}

// FuzzReadings reads any text as everything that the desk reads out of texts.
func FuzzReadings(f *testing.F) {
	for _, seed := range []string{"", "0", "-0", "0.0001", "1e999", "-1e-999", "1000000000.00", "2024-12-19T10:30:00.123456789+14:00", "2024-02-30", "a@b.c", `"a b"@c.d`, "+62 (812) 345-678",
		"https://a:b@c.d:65536/x", "../a", "\u202e.", "0e99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if amount, err := ParseAmount(s); err == nil {
			if again, err := ParseAmount(amount.String()); err != nil || again != amount {
				t.Errorf("amount %q is %v and then %v, %v", s, amount, again, err)
			}
		}
		if at, ok := ParseTime(s); ok && at.IsZero() && !strings.HasPrefix(s, "0001") {
			t.Errorf("time %q is %v", s, at)
		}
		for _, kind := range []LookupKind{ByEmail, ByPhone, ByIdentifier, ByAccount} {
			if once := kind.Normalize(s); kind != ByPhone && kind.Normalize(once) != once {
				t.Errorf("%s %q becomes %q and then %q", kind, s, once, kind.Normalize(once))
			}
		}
		_, _, _ = validEmail(s), validPhone(s), validTarget(s)
		if name := CleanFilename(s); strings.ContainsAny(name, "/\\\x00\n") || CleanFilename(name) != name {
			t.Errorf("name %q becomes %q", s, name)
		}
	})
}
