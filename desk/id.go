package desk

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// crockford is the alphabet of identifiers: lower case, without letters that look like digits.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID makes an opaque identifier of 26 characters: 48 bits of time in milliseconds, then 80 random bits.
// Identifiers made later sort later (to the millisecond), which keeps index pages hot; nothing may rely on more.
func NewID(at time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at.UnixMilli())<<16)
	_, _ = rand.Read(raw[6:]) // documented never to fail
	return spell(raw)
}

// FirstID is the identifier before all that NewID makes at a time or later, to the millisecond.
func FirstID(at time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(max(0, at.UnixMilli()))<<16)
	return spell(raw)
}

// spell writes an identifier.
func spell(raw [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// IsID reports whether a text has the form of what NewID makes.
func IsID(s string) bool { return len(s) == 26 && strings.Trim(s, crockford) == "" }
