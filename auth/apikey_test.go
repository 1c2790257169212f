package auth

import (
	"encoding/base64"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNewAPIKeysParseToTheirHash(t *testing.T) {
	live, test := regexp.MustCompile(`^bsg_[0-9A-Za-z]{49}$`), regexp.MustCompile(`^bsg_test_[0-9A-Za-z]{49}$`)
	seen := make(map[string]bool)
	for i := range 500 {
		key, form := NewAPIKey(), live
		if i%2 == 1 {
			key, form = NewTestAPIKey(), test
		}
		hash, err := ParseAPIKey(key.Text)
		if err != nil || hash != key.Hash || len(hash) != 64 {
			t.Fatalf("parsed to %q, %v; want %q", hash, err, key.Hash)
		}
		if !form.MatchString(key.Text) || key.Prefix != key.Text[:len(key.Text)-41] {
			t.Fatalf("key %q with prefix %q", key.Text, key.Prefix)
		}
		if seen[key.Text] || strings.Contains(key.Hash, key.Text) {
			t.Fatalf("key %q was made twice, or is its own hash", key.Text)
		}
		seen[key.Text] = true
	}
}

func TestKeyHashIsTheSHA256OfTheText(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, "abc"
	if got := hashKey("abc"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOneWrongCharacterOfAKeyIsATypo(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]APIKey{NewAPIKey(), NewTestAPIKey()}).Draw(t, "key")
		text := key.Text
		at := rapid.IntRange(len(key.Prefix)-shownDigits, len(text)-1).Draw(t, "at")
		wrong := alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "letter")]
		changed := text[:at] + string(wrong) + text[at+1:]
		if _, err := ParseAPIKey(changed); changed != text && !errors.Is(err, ErrKeyChecksum) {
			t.Fatalf("%q: got %v, want ErrKeyChecksum", changed, err)
		}
	})
}

func TestWhatIsNoKeyIsMalformed(t *testing.T) {
	text := NewAPIKey().Text
	for _, s := range []string{
		"", "bsg_", "Bearer " + text, text + "0", text[:len(text)-1], " " + text[1:], "BSG_" + text[4:],
		"xyz_" + text[4:], text[:20] + "-" + text[21:], text[:20] + "\x00" + text[21:], text[:20] + "é" + text[22:],
		strings.Repeat("a", 53), "bsg_test_", "bsg_test_" + text[4:len(text)-1], "bsg_tset_" + text[4:], "bsg_test" + text[3:len(text)-4] + "____",
	} {
		if _, err := ParseAPIKey(s); !errors.Is(err, ErrKeyMalformed) {
			t.Errorf("%q: got %v, want ErrKeyMalformed", s, err)
		}
	}
}

func TestBase62KeepsItsLength(t *testing.T) {
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for _, n := range []*big.Int{big.NewInt(0), big.NewInt(61), big.NewInt(62), largest} {
		text := base62(n, keyDigits)
		back, ok := new(big.Int).SetString(text, 62)
		if len(text) != keyDigits || !ok || back.Cmp(n) != 0 {
			t.Errorf("%v became %q", n, text)
		}
	}
}

func TestSameHashComparesAll(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"abc", "abc", true}, {"", "", true},
		{"abc", "abd", false}, {"abc", "ab", false}, {"", "a", false}, {"bbc", "abc", false},
	} {
		if got := SameHash(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestWebhookSecretsAreThoseOfStandardWebhooks(t *testing.T) {
	one, two := NewWebhookSecret(), NewWebhookSecret()
	body, ok := strings.CutPrefix(one, "whsec_")
	secret, err := base64.StdEncoding.DecodeString(body)
	if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
		t.Errorf("%q holds %d bytes (%v)", one, len(secret), err)
	}
	if one == two {
		t.Error("a secret was made twice")
	}
}
