package mask

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCards masks any text. What was masked once has nothing to mask left, and a text without digits stays.
func FuzzCards(f *testing.F) {
	for _, seed := range []string{"", "4111 1111 1111 1111", "kartu 4111-1111-1111-1111, 5500005555555559", "411111111111111111111", "id 01234567-4111-1111-1111-111111111111",
		"４１１１１１１１１１１１１１１１", "٤١١١١١١١١١١١١١١١", "4111\u00a01111\u200b1111 1111", "\xff4111111111111111\xff", strings.Repeat("4111111111111111 ", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		masked, found := Cards(s)
		if found == (masked == s) {
			t.Errorf("%q: found %v, but became %q", s, found, masked)
		}
		if again, more := Cards(masked); more {
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
