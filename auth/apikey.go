package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math/big"
	"strings"
)

// ErrKeyMalformed says that a text does not look like an API key of this program.
var ErrKeyMalformed = errors.New("not in the form of an API key")

// ErrKeyChecksum says that a text looks like an API key, but was mistyped or cut.
var ErrKeyChecksum = errors.New("the checksum of the API key does not hold")

// An API key is `bsg_`, or for tests `bsg_test_`, 43 base62 digits of 256 random bits, and 6 base62 digits of a checksum
// over all before. It has no `-`: a double click selects the whole key.
const (
	keyMark       = "bsg_"
	testKeyMark   = "bsg_test_"
	keyDigits     = 43
	checksumChars = 6
	shownDigits   = 8
)

// APIKey is a new API key. It prints as "[redacted]".
type APIKey struct {
	hidden
	Text   string // the key itself: shown once, never stored
	Hash   string // what is stored: SHA-256 in hexadecimal
	Prefix string // what it begins with, by which people tell keys apart in lists
}

// NewAPIKey makes an API key out of 256 random bits.
func NewAPIKey() APIKey { return newKey(keyMark) }

// NewTestAPIKey makes an API key for tests, which everybody can tell from one that works on real tickets.
func NewTestAPIKey() APIKey { return newKey(testKeyMark) }

func newKey(mark string) APIKey {
	var secret [32]byte
	rand.Read(secret[:])
	text := mark + base62(new(big.Int).SetBytes(secret[:]), keyDigits)
	text += keyChecksum(text)
	return APIKey{Text: text, Hash: hashKey(text), Prefix: text[:len(mark)+shownDigits]}
}

// ParseAPIKey checks the form of a key that a caller sent and returns the hash to look it up by. The error is
// ErrKeyMalformed or ErrKeyChecksum, and never contains the key. A good form does not mean that the key exists.
func ParseAPIKey(s string) (hash string, err error) {
	digits, marked := strings.CutPrefix(s, testKeyMark)
	if !marked {
		digits, marked = strings.CutPrefix(s, keyMark)
	}
	if !marked || len(digits) != keyDigits+checksumChars || !isBase62(digits) {
		return "", ErrKeyMalformed
	}
	end := len(s) - checksumChars
	if keyChecksum(s[:end]) != s[end:] {
		return "", ErrKeyChecksum
	}
	return hashKey(s), nil
}

// SameHash compares two hashes in a time that does not depend on where they differ.
func SameHash(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// hashKey needs no slow hash: 256 random bits cannot be found by trying.
func hashKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func keyChecksum(text string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), checksumChars)
}

// base62 writes n with leading zeros.
func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

func isBase62(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// NewWebhookSecret makes the secret of a webhook endpoint: `whsec_` and the standard base64 of 32 random bytes
// (Standard Webhooks, "Signature scheme").
func NewWebhookSecret() string {
	var secret [32]byte
	rand.Read(secret[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(secret[:])
}
