// Package webhook tells partners what happened: it signs the events of tickets, and helps those who receive them to verify
// what they got.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a webhook: that of the API document (Webhook Security), and those of Standard Webhooks 1.0.
const (
	SignatureHeader = "X-Webhook-Signature"
	IDHeader        = "Webhook-Id"
	TimestampHeader = "Webhook-Timestamp"
	StandardHeader  = "Webhook-Signature"
)

// tolerance is how old, or how far ahead, a webhook may be by its timestamp (Standard Webhooks asks receivers for it).
const tolerance = 5 * time.Minute

// secretPrefix begins the text of every secret.
const secretPrefix = "whsec_"

// ErrSecret says that a text is no secret of a webhook.
var ErrSecret = errors.New("a webhook secret looks like whsec_ and the base64 of at least 24 bytes")

// Message is one webhook. Its id and body are the same on every attempt.
type Message struct {
	ID   string // letters, digits, _ and -
	Body []byte // the exact bytes that are sent and signed
}

// Sign signs the exact bytes of a body as the API document does: the lower-case hex of HMAC-SHA256, keyed with the whole
// text of the secret (`whsec_…`).
func Sign(secret string, body []byte) string { return hex.EncodeToString(sum([]byte(secret), body)) }

// SignStandard signs a message as Standard Webhooks does: keyed with the decoded bytes of the secret, over id, time and
// body. It returns ErrSecret when the text is no secret.
func SignStandard(secret string, m Message, at time.Time) (string, error) {
	key, err := decodeSecret(secret)
	if err != nil {
		return "", err
	}
	return "v1," + base64.StdEncoding.EncodeToString(sum(key, standardContent(m, strconv.FormatInt(at.Unix(), 10)))), nil
}

// Headers makes the headers of one attempt to deliver a message. The first secret is the one that X-Webhook-Signature is
// made with; the Standard Webhooks signature carries one for each. It returns ErrSecret when a text is no secret.
func Headers(m Message, at time.Time, secrets ...string) (http.Header, error) {
	if len(secrets) == 0 {
		return nil, ErrSecret
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		var err error
		if signatures[i], err = SignStandard(secret, m, at); err != nil {
			return nil, err
		}
	}
	return http.Header{
		"Content-Type":  {"application/json; charset=utf-8"},
		SignatureHeader: {Sign(secrets[0], m.Body)},
		IDHeader:        {m.ID},
		TimestampHeader: {strconv.FormatInt(at.Unix(), 10)},
		StandardHeader:  {strings.Join(signatures, " ")},
	}, nil
}

func sum(key, content []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	return mac.Sum(nil)
}

func standardContent(m Message, timestamp string) []byte {
	return append([]byte(m.ID+"."+timestamp+"."), m.Body...)
}

// CheckSecret returns ErrSecret when a text is no secret.
func CheckSecret(text string) error {
	_, err := decodeSecret(text)
	return err
}

func decodeSecret(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < 24 {
		return nil, ErrSecret
	}
	return key, nil
}
