package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// What authenticator apps take without being told otherwise (RFC 6238, section 4 and 5.2; RFC 4226, section 4).
const (
	factorBytes  = 20
	factorDigits = 6
	factorPeriod = 30 * time.Second
	factorSkew   = 1 // steps that the clocks of phone and server may differ
)

// Factor is the secret of a second factor, which the desk shares with the person's authenticator app: codes by time as of
// RFC 6238. It prints as "[redacted]".
type Factor struct {
	hidden
	secret string // so that Factors can be compared
}

// NewFactor makes the secret of a second factor: 20 random bytes.
func NewFactor() Factor {
	secret := make([]byte, factorBytes)
	rand.Read(secret)
	return Factor{secret: string(secret)}
}

// ParseFactor makes a Factor of the bytes that Bytes returned.
func ParseFactor(secret []byte) (Factor, error) {
	if len(secret) != factorBytes {
		return Factor{}, fmt.Errorf("the secret of a second factor has %d bytes, not %d", len(secret), factorBytes)
	}
	return Factor{secret: string(secret)}, nil
}

// Bytes returns the secret, to be sealed.
func (f Factor) Bytes() []byte { return []byte(f.secret) }

// Text returns the secret as people type it into an app: base32 in groups of four.
func (f Factor) Text() string {
	text := f.base32()
	var groups []string
	for ; text != ""; text = text[4:] { // 20 bytes are 32 letters
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, " ")
}

// URI returns the otpauth:// address that apps read from a QR code (Key Uri Format of Google Authenticator), in the name
// of who gives the secret out, for an account.
func (f Factor) URI(issuer, account string) string {
	query := url.Values{"secret": {f.base32()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(factorDigits)},
		"period": {fmt.Sprint(int(factorPeriod.Seconds()))}}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

func (f Factor) base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(f.secret))
}

// Code returns the code of the step of time that a moment is in.
func (f Factor) Code(at time.Time) string { return f.code(step(at), factorDigits) }

// Verify returns the step of time whose code was typed at a moment, give or take one step, and whether there is one. Codes of
// steps up to used were taken already and are none any more: the caller keeps the step that it is given.
func (f Factor) Verify(typed string, at time.Time, used int64) (taken int64, ok bool) {
	code, ok := NormalizeFactorCode(typed)
	if !ok {
		return 0, false
	}
	for s := step(at) - factorSkew; s <= step(at)+factorSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(f.code(s, factorDigits)), []byte(code)) == 1 && s > used {
			taken = s
		}
	}
	return taken, taken > 0
}

// NormalizeFactorCode brings a code as people type it, with spaces, to its six digits. ok is false when it cannot be one.
func NormalizeFactorCode(typed string) (code string, ok bool) {
	if len(typed) > maxTrackingInput {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, typed)
	return code, len(code) == factorDigits && strings.Trim(code, "0123456789") == ""
}

// step counts the periods since 1970.
func step(at time.Time) int64 { return at.Unix() / int64(factorPeriod.Seconds()) }

// code computes the code of a step (RFC 4226, section 5.3).
func (f Factor) code(step int64, digits int) string {
	mac := hmac.New(sha1.New, []byte(f.secret))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, number%modulus)
}

// NewRecoveryCodes makes n different codes, each of which is given once in place of a second factor that is lost. They
// have the form of tracking codes, and are read by NormalizeTrackingCode.
func NewRecoveryCodes(n int) []string {
	codes, seen := make([]string, 0, n), map[string]bool{}
	for len(codes) < n {
		if code := newCode(); !seen[code] {
			codes, seen[code] = append(codes, code), true
		}
	}
	return codes
}
