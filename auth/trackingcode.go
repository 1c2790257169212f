package auth

import (
	"crypto/rand"
	"strings"
	"unicode"
)

// trackingAlphabet leaves out 0, O, 1, I, L and U, which are misread or misheard. 30 letters: about 39 bits a code.
const trackingAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	trackingLetters  = 8
	maxTrackingInput = 64 // bytes; nobody types a code in more
)

// NewTrackingCode makes the code (kode pantau) by which a customer follows a ticket, as `XXXX-XXXX`.
func NewTrackingCode() string { return newCode() }

// newCode makes a random code in the form that people read out and type.
func newCode() string {
	code := make([]byte, 0, trackingLetters)
	for len(code) < trackingLetters {
		var b [1]byte
		rand.Read(b[:])
		// Bytes above the last whole multiple would make the first letters likelier.
		if limit := 256 - 256%len(trackingAlphabet); int(b[0]) < limit {
			code = append(code, trackingAlphabet[int(b[0])%len(trackingAlphabet)])
		}
	}
	return groupCode(code)
}

// NormalizeTrackingCode brings a code as people type it (small letters, other dashes, spaces or none) to the
// form in which it was given out. ok is false when it cannot be one.
func NormalizeTrackingCode(s string) (code string, ok bool) {
	if len(s) > maxTrackingInput {
		return "", false
	}
	letters := make([]byte, 0, trackingLetters)
	for _, r := range strings.ToUpper(s) {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			continue
		case !strings.ContainsRune(trackingAlphabet, r):
			return "", false
		}
		letters = append(letters, byte(r))
	}
	if len(letters) != trackingLetters {
		return "", false
	}
	return groupCode(letters), true
}

func groupCode(letters []byte) string {
	half := trackingLetters / 2
	return string(letters[:half]) + "-" + string(letters[half:])
}
