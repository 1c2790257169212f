package desk

import (
	"strings"
	"testing"
)

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
		_, _ = validEmail(s), validPhone(s)
		checkTargetURL(&Faults{}, "url", s)
		if name := CleanFilename(s); strings.ContainsAny(name, "/\\\x00\n") || CleanFilename(name) != name {
			t.Errorf("name %q becomes %q", s, name)
		}
	})
}
