package web

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
)

// text reads a string. Without escapes it is a part of the body, not a copy.
func (p *parser) text() (string, error) {
	p.at++
	start := p.at
	if err := p.run(); err != nil {
		return "", err
	}
	if p.src[p.at] == '\\' {
		return p.escaped(start)
	}
	p.at++
	return p.src[start : p.at-1], nil
}

// escaped reads the rest of a string whose first escape is here. Its length is looked for first, so that 10 MB of
// base64 with `\/` in it (PHP writes that) are copied once.
func (p *parser) escaped(start int) (string, error) {
	var b strings.Builder
	b.Grow(closing(p.src, p.at) - start)
	for {
		b.WriteString(p.src[start:p.at])
		if p.skip('"') {
			return b.String(), nil
		}
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		start = p.at
		if err := p.run(); err != nil {
			return "", err
		}
	}
}

// closing returns the index of the quote that ends a string, or the end of s when there is none.
func closing(s string, from int) int {
	for i := from; ; i++ {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return len(s)
		}
		i += n
		backslashes := 0
		for i-backslashes > from && s[i-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
}

// run steps over characters of a string up to a quote or a backslash.
func (p *parser) run() error {
	for {
		p.at = plain(p.body, p.at)
		if p.at == len(p.src) {
			return p.unexpected()
		}
		switch c := p.src[p.at]; {
		case c == '"', c == '\\':
			return nil
		case c == 0:
			return p.unexpected()
		case c < ' ':
			return p.fail(p.at, desk.JSONControl)
		}
		r, n := utf8.DecodeRuneInString(p.src[p.at:])
		if r == utf8.RuneError && n == 1 {
			return p.unexpected()
		}
		p.at += n
	}
}

// plain returns the index of the first byte from i on that is not a printable ASCII character other than a quote and a
// backslash. It looks at eight bytes at once: a byte's high bit is set in `odd` when the byte has it already, is below
// a space, or is one of the two. A borrow reaches only bytes above one that is odd, so no odd byte is missed.
func plain(s []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		odd := w | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)
		if odd&high != 0 {
			break
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// escape reads a backslash and what it stands for.
func (p *parser) escape() (rune, error) {
	start := p.at
	p.at++
	switch c := p.peek(); c {
	case '"', '\\', '/':
		p.at++
		return rune(c), nil
	case 'u':
		return p.unicode(start)
	default:
		if i := strings.IndexByte("bfnrt", c); i >= 0 {
			p.at++
			return rune("\b\f\n\r\t"[i]), nil
		}
	}
	return 0, p.broken(start, desk.JSONEscape)
}

// unicode reads the `u` of an escape that began at start and what follows, with both halves of a surrogate pair.
func (p *parser) unicode(start int) (rune, error) {
	first, ok := p.hex()
	if !ok {
		return 0, p.broken(start, desk.JSONEscape)
	}
	switch {
	case first == 0:
		return 0, p.fail(start, desk.JSONNUL)
	case first < 0xD800, first > 0xDFFF:
		return first, nil
	}
	if first < 0xDC00 && p.skip('\\') && p.peek() == 'u' {
		if second, ok := p.hex(); ok && 0xDC00 <= second && second <= 0xDFFF {
			return (first-0xD800)<<10 + (second - 0xDC00) + 0x10000, nil
		}
	}
	return 0, p.broken(start, desk.JSONSurrogate)
}

// hex reads the letter before four hexadecimal digits, and them.
func (p *parser) hex() (r rune, ok bool) {
	p.at++
	for range 4 {
		c := p.peek()
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
		p.at++
	}
	return r, true
}

// broken is the failure of an escape that began at start: as the reason says, unless the body ends inside.
func (p *parser) broken(start int, reason desk.Text) error {
	if p.at == len(p.src) {
		return p.unexpected()
	}
	return p.fail(start, reason)
}
