package auth

import (
	"crypto/rand"
	"encoding/base64"
)

const sessionBytes = 32

// SessionToken is the token of a new session. It prints as "[redacted]".
type SessionToken struct {
	hidden
	Text string // the token itself: the browser has it, it is never stored
	Hash string // what is stored: SHA-256 in hexadecimal
}

// NewSessionToken makes the token of a session out of 256 random bits.
func NewSessionToken() SessionToken {
	var secret [sessionBytes]byte
	rand.Read(secret[:])
	text := base64.RawURLEncoding.EncodeToString(secret[:])
	return SessionToken{Text: text, Hash: hashKey(text)}
}

// ParseSessionToken checks the form of a token that a browser sent and returns the hash to look its session up by. A good
// form does not mean that there is such a session.
func ParseSessionToken(text string) (hash string, ok bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(sessionBytes) {
		return "", false
	}
	if _, err := decodeStrict(nil, []byte(text)); err != nil {
		return "", false
	}
	return hashKey(text), true
}
