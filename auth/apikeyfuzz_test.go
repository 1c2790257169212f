package auth

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParseAPIKey reads what callers send as a key. What is refused is not repeated; of what is accepted, no other
// spelling is.
func FuzzParseAPIKey(f *testing.F) {
	good := NewAPIKey().Text
	for _, seed := range []string{good, "", "bsg_", good[:len(good)-1], good + "0", strings.ToUpper(good), " " + good, "BSG_" + good[4:], strings.Replace(good, "b", "\x00", 1), good[:20] + "é" + good[22:], strings.Repeat("0", len(good)), keyMark + strings.Repeat("z", len(good)-len(keyMark)), NewTestAPIKey().Text} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hash, err := ParseAPIKey(s)
		if err != nil {
			if hash != "" || !errors.Is(err, ErrKeyMalformed) && !errors.Is(err, ErrKeyChecksum) || len(s) > 8 && strings.Contains(err.Error(), s) {
				t.Errorf("hash %q, error %v", hash, err)
			}
			return
		}
		if len(hash) != 64 || !strings.HasPrefix(s, keyMark) || len(s) != len(good) && len(s) != len(good)+len("test_") {
			t.Errorf("%q is accepted with hash %q", s, hash)
		}
		for _, other := range []string{strings.ToLower(s), strings.ToUpper(s), s + " ", " " + s, s[1:], swapped(s)} {
			if _, err := ParseAPIKey(other); err == nil && other != s {
				t.Errorf("%q is accepted, and %q too", s, other)
			}
		}
	})
}

// swapped is a key with its last two digits in the other order.
func swapped(s string) string {
	end := len(s) - 2
	return s[:end] + s[end+1:] + s[end:end+1]
}
