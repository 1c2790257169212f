package desk

import (
	"strings"
	"unicode/utf8"
)

// AppendJSONString appends s as a JSON string, quotes included, byte for byte as JavaScript's JSON.stringify writes it:
// `"` and `\` escaped, \b \t \n \f \r short, other controls as lower-case \u00xx, everything else raw, `<`, `>`, `&`,
// U+2028 and U+2029 too. Receivers verify a signed body by parsing and printing it again (API document, webhook
// signatures), so the standard encoder's HTML escapes would break their check. A byte that is not UTF-8 becomes U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	copied := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[copied:i]...)
		dst = appendEscape(dst, c)
		i++
		copied = i
	}
	dst = append(dst, s[copied:]...)
	return append(dst, '"')
}

// appendEscape appends what stands for a quote, a backslash, a control character or a byte that is not UTF-8.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case c >= utf8.RuneSelf:
		return append(dst, "\uFFFD"...)
	case c == '"', c == '\\':
		return append(dst, '\\', c)
	case c == '\b':
		return append(dst, `\b`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\f':
		return append(dst, `\f`...)
	case c == '\r':
		return append(dst, `\r`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// member returns the value of a member of a compact JSON object, as it is written there; empty: there is none. To read all of
// a large object for one small value would be much work for each ticket.
func member(object, name string) string {
	for rest := strings.TrimPrefix(object, "{"); rest != ""; {
		key := rest[:written(rest)]
		rest = rest[min(len(key)+1, len(rest)):]
		value := rest[:written(rest)]
		if len(key) == len(name)+2 && key[1:len(key)-1] == name {
			return value
		}
		rest = rest[min(len(value)+1, len(rest)):]
	}
	return ""
}

// written is the length of the value, or of the name, that compact JSON begins with.
func written(text string) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
			if c == '\\' {
				i++
			}
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == ':' || c == '}'):
			return i
		case c == '}' || c == ']':
			depth--
		}
	}
	return len(text)
}
