package auth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	f, err := ParseFactor([]byte("12345678901234567890"))
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		at := time.Unix(seconds, 0)
		if got := f.code(step(at), 8); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
		if got := f.Code(at); got != want[2:] {
			t.Errorf("at %d: %s, want %s", seconds, got, want[2:])
		}
	}
}

func TestACodeIsTakenOneStepEarlyOrLateAndNeverTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := NewFactor()
		at := time.Unix(rapid.Int64Range(1_000, 4e9).Draw(t, "at"), 0)
		late := rapid.IntRange(-3, 3).Draw(t, "steps late")
		then := at.Add(time.Duration(late) * factorPeriod)
		used := step(at) + rapid.Int64Range(-3, 3).Draw(t, "used")
		taken, ok := f.Verify(f.Code(at), then, used)
		want := late >= -1 && late <= 1 && used < step(at)
		if ok != want {
			t.Fatalf("%d steps late, used up to %d: %v, want %v", late, used-step(at), ok, want)
		}
		if ok && taken != step(at) {
			t.Fatalf("step %d was taken, want %d", taken, step(at))
		}
	})
}

func TestOnlySixDigitsAreACode(t *testing.T) {
	f, at := NewFactor(), time.Unix(1_700_000_000, 0)
	code := f.Code(at)
	wrong := fmt.Sprintf("%06d", (int(code[0]-'0')*100000+1)%1000000)
	for typed, want := range map[string]bool{
		code: true, code[:3] + " " + code[3:]: true, " " + code + "\n": true,
		"": false, code[:5]: false, code + "0": false, "0" + code: false, "-" + code[1:]: false, "12345a": false, wrong: wrong == code,
		strings.Repeat(" ", 100) + code: false, code[:5] + "٣": false,
	} {
		if _, ok := f.Verify(typed, at, 0); ok != want {
			t.Errorf("%q: %v, want %v", typed, ok, want)
		}
	}
	if _, ok := NewFactor().Verify(code, at, 0); ok {
		t.Error("another secret has the same code")
	}
}

func TestASecretIsGivenOutAsAppsReadIt(t *testing.T) {
	f, err := ParseFactor([]byte("12345678901234567890"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	address := f.URI("Bank SulutGo", "ani+1@bank.example")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Bank SulutGo:ani+1@bank.example" || strings.Contains(address, "+1@") && strings.Contains(u.RawQuery, "+") {
		t.Errorf("URI %s: %v", address, err)
	}
	want := url.Values{"secret": {strings.ReplaceAll(f.Text(), " ", "")}, "issuer": {"Bank SulutGo"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	if got := u.Query(); got.Encode() != want.Encode() {
		t.Errorf("parameters %v, want %v", got, want)
	}
	if _, err := ParseFactor([]byte("short")); err == nil {
		t.Error("a secret that was cut is taken")
	}
	if again, err := ParseFactor(f.Bytes()); err != nil || again != f {
		t.Errorf("a secret is another one when it is read again: %v", err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s %d", f, f, f, f, f); strings.Contains(shown, "1234") || !strings.Contains(shown, redacted) {
		t.Errorf("the secret prints as %q", shown)
	}
}

func TestRecoveryCodesDifferAndAreReadAsTyped(t *testing.T) {
	codes := NewRecoveryCodes(10)
	if slices.Sort(codes); len(slices.Compact(codes)) != 10 {
		t.Errorf("codes %v are not ten different ones", codes)
	}
	for _, code := range codes {
		if read, ok := NormalizeTrackingCode(strings.ToLower(strings.ReplaceAll(code, "-", " "))); !ok || read != code {
			t.Errorf("%s is read as %q, %v", code, read, ok)
		}
	}
}
