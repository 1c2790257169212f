package web

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// JSON makes an answer of a value; its members appear in the order of the type.
func JSON(status int, v any) (Answer, error) {
	body, err := Encode(v)
	return Answer{Status: status, Body: body}, err
}

// Encode writes a value as JSON, its strings as JavaScript would: nothing is escaped that need not be.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return unescape(bytes.TrimSuffix(b.Bytes(), []byte{'\n'})), nil
}

// unescape turns the escapes of U+2028, U+2029 and U+FFFD, which encoding/json writes and JavaScript does not, into the
// characters, in place.
func unescape(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u`)) {
		return b
	}
	first := bytes.IndexByte(b, '\\') // not that of `\u`: it may be the second of a pair
	out, rest := b[:first], b[first:]
	for len(rest) > 0 {
		n := 1
		if rest[0] == '\\' {
			if c, ok := needlessEscape(rest); ok {
				out, rest = utf8.AppendRune(out, c), rest[6:]
				continue
			}
			n = 2 // what is behind a backslash does not begin an escape
		}
		out, rest = append(out, rest[:n]...), rest[n:]
	}
	return out
}

// needlessEscape returns the character whose escape b begins with, when JavaScript would not have escaped it.
func needlessEscape(b []byte) (rune, bool) {
	if len(b) >= 6 {
		switch string(b[:6]) {
		case `\u2028`:
			return '\u2028', true
		case `\u2029`:
			return '\u2029', true
		case `\ufffd`:
			return utf8.RuneError, true
		}
	}
	return 0, false
}
