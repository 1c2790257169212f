package webhook

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Step is one step of a verification.
type Step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was found, and what to do when it failed
}

// Examine verifies a webhook that was received, step by step, and says of each step that fails what it most likely is.
func Examine(secret string, header http.Header, body []byte, now time.Time) []Step {
	key, err := decodeSecret(secret)
	steps := []Step{{"secret", err == nil, fmt.Sprintf("%d characters, %d bytes decoded", len(secret), len(key))}}
	if err != nil {
		steps[0].Detail = err.Error() + "; copy it whole, as apikey create printed it"
	}
	steps = append(steps, examineBody(body), examineDocument(secret, header, body))
	if !standardUsed(header) {
		return append(steps, Step{"Standard Webhooks", true, "none of its headers were given: this part was not looked at"})
	}
	timestamp, standard := header.Get(TimestampHeader), examineStandard(key, header, Message{header.Get(IDHeader), body})
	if document := &steps[len(steps)-1]; standard.OK && !document.OK && len(strings.Fields(header.Get(StandardHeader))) > 1 {
		document.Detail = "the secret is being rotated, and this is the new one: until the overlap ends this header is made with the old one. Take the old one until then, or verify " + StandardHeader
	}
	return append(steps, examineTime(timestamp, now), standard)
}

// Passed reports whether every step of a verification held.
func Passed(steps []Step) bool {
	for _, s := range steps {
		if !s.OK {
			return false
		}
	}
	return true
}

func standardUsed(header http.Header) bool {
	return header.Get(IDHeader)+header.Get(TimestampHeader)+header.Get(StandardHeader) != ""
}

// examineBody looks whether these can be the bytes that were sent: an event is one line of JSON, written as JavaScript
// writes it.
func examineBody(body []byte) Step {
	s := Step{Name: "body", OK: true, Detail: fmt.Sprintf("%d bytes of JSON", len(body))}
	switch {
	case len(body) == 0:
		s.OK, s.Detail = false, "the body is empty: keep the raw bytes before a framework reads them"
	case !json.Valid(body):
		s.OK, s.Detail = false, "the body is no JSON: a part is missing, or it was decoded"
	case bytes.ContainsAny(body[len(body)-1:], "\r\n \t"):
		s.OK, s.Detail = false, "the body ends with white space, which was not sent: an editor or echo added it (printf '%s' and curl --data-binary do not)"
	case !bytes.Equal(compact(body), body):
		s.OK, s.Detail = false, "the body was formatted anew: it is sent without spaces and line breaks"
	}
	return s
}

func compact(body []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, body) != nil {
		return nil
	}
	return b.Bytes()
}

func examineDocument(secret string, header http.Header, body []byte) Step {
	given := header.Get(SignatureHeader)
	s := Step{Name: SignatureHeader, OK: same(given, Sign(secret, body)), Detail: "HMAC-SHA256 of the body, keyed with the text of the secret"}
	switch {
	case s.OK:
	case given == "":
		s.Detail = "the header is missing: a proxy dropped it, or this is no webhook of the desk"
	case len(given) != hex.EncodedLen(32) || strings.Trim(given, "0123456789abcdef") != "":
		s.Detail = fmt.Sprintf("it has %d characters, want 64 of lower-case hex", len(given))
	default:
		s.Detail = "these bytes were not signed with this secret: " + suspect(secret, given, body)
	}
	return s
}

// suspect says what would explain a signature that does not fit.
func suspect(secret, given string, body []byte) string {
	for _, change := range changedBodies {
		if changed := change.of(body); changed != nil && same(given, Sign(secret, changed)) {
			return change.name
		}
	}
	if trimmed := strings.TrimSpace(secret); trimmed != secret && same(given, Sign(trimmed, body)) {
		return "the secret has white space around it"
	}
	return "the secret is another key's (each key and each endpoint has its own), it was rotated (try the one before, and the newest), or the body was changed on the way"
}

// changedBodies are what programs do to a body before they verify it.
var changedBodies = []struct {
	name string
	of   func(body []byte) []byte
}{
	{"a line break was added at the end of the body", func(b []byte) []byte { return bytes.TrimRight(b, "\r\n") }},
	{"the body was formatted anew", compact},
	{"a byte order mark was added to the body", func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\uFEFF")) }},
	{"its line breaks were changed", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }},
}

func examineTime(timestamp string, now time.Time) Step {
	s := Step{Name: TimestampHeader}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	age := now.Sub(time.Unix(seconds, 0)).Round(time.Second)
	switch {
	case err != nil:
		s.Detail = fmt.Sprintf("%q is no time: it is a whole number of seconds since 1970", timestamp)
	case age > tolerance:
		s.Detail = fmt.Sprintf("it is %s old, more than %s: an old message that was sent again by somebody, or a clock that is wrong", age, tolerance)
	case age < -tolerance:
		s.Detail = fmt.Sprintf("it is %s ahead of this clock: set the clock", -age)
	default:
		s.OK, s.Detail = true, fmt.Sprintf("%s old", age)
	}
	return s
}

func examineStandard(key []byte, header http.Header, m Message) Step {
	s := Step{Name: StandardHeader, Detail: "HMAC-SHA256 of id, timestamp and body, keyed with the decoded secret"}
	given := header.Get(StandardHeader)
	want := "v1," + base64.StdEncoding.EncodeToString(sum(key, standardContent(m, header.Get(TimestampHeader))))
	for signature := range strings.FieldsSeq(given) {
		s.OK = s.OK || same(signature, want)
	}
	switch {
	case s.OK:
	case given == "":
		s.Detail = "the header is missing: a proxy dropped it"
	case m.ID == "":
		s.Detail = IDHeader + " is missing, and is a part of what is signed"
	case !strings.Contains(given, "v1,"):
		s.Detail = "none of its signatures begins with v1,"
	default:
		s.Detail = "none of its signatures fits: id, timestamp, body or secret are not those that were signed; when the secret was rotated try the newest"
	}
	return s
}

// same compares signatures in constant time.
func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// Mistake says which usual mistake makes a program compute a signature, given what it computed; empty when none of those
// that are known does.
func Mistake(secret, computed string, header http.Header, body []byte) string {
	key, _ := decodeSecret(secret)
	standard := standardContent(Message{header.Get(IDHeader), body}, header.Get(TimestampHeader))
	if same(computed, "v1,"+base64.StdEncoding.EncodeToString(sum(key, standard))) {
		return "it is right as " + StandardHeader
	}
	contents := []struct {
		name    string
		content []byte
	}{
		{"", body},
		{"over the body with a line break behind it", append(bytes.Clone(body), '\n')},
		{"over the body without what it ends with", bytes.TrimRight(body, "\r\n")},
		{"over a body that was formatted anew", indented(body, "  ")},
		{"over a body that was formatted anew", indented(body, "    ")},
		{"over a body with its names in another order", sorted(body)},
		{"over id, timestamp and body, as " + StandardHeader + " is made", standard},
		{"over nothing: the framework had read the body before", []byte{}},
	}
	keys := []struct {
		name string
		key  []byte
	}{
		{"", []byte(secret)},
		{"keyed with the decoded bytes of the secret", key},
		{"keyed with the secret without " + secretPrefix, []byte(strings.TrimPrefix(secret, secretPrefix))},
		{"keyed with white space behind the secret", []byte(secret + "\n")},
	}
	for _, k := range keys {
		for _, c := range contents {
			if c.content == nil {
				continue // the body is no JSON
			}
			if form := formOf(computed, sum(k.key, c.content)); form != "no" {
				return join(k.name, c.name, form)
			}
		}
	}
	return ""
}

// formOf says how a sum was written: empty for lower-case hex; "no" when it is not this sum.
func formOf(computed string, sum []byte) string {
	lower := hex.EncodeToString(sum)
	switch text := strings.TrimPrefix(computed, "sha256="); {
	case same(computed, lower):
		return ""
	case text != computed && same(text, lower):
		return "with sha256= before it"
	case same(strings.ToLower(computed), lower):
		return "in upper case"
	case same(strings.TrimPrefix(computed, "v1,"), base64.StdEncoding.EncodeToString(sum)):
		return "in base64 instead of hex"
	}
	return "no"
}

func join(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	if len(said) == 0 {
		return "it is right: compare it with the header as text, and in constant time"
	}
	return "it was computed " + strings.Join(said, ", ")
}

func indented(body []byte, by string) []byte {
	var b bytes.Buffer
	if json.Indent(&b, body, "", by) != nil {
		return nil
	}
	return b.Bytes()
}

// sorted is a body whose names are in the order of the alphabet, as many languages print them.
func sorted(body []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
