package web

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"banksulutgo.co.id/servicedesk/desk"
)

const (
	maxDepth    = 64     // arrays and objects inside each other
	maxValues   = 50_000 // in one body: at 48 bytes a member, a body of empty arrays cannot eat the memory
	manyMembers = 16     // from here on a map finds duplicate keys
)

// ParseJSON reads one JSON document as the behaviour page (OMNI API, common) asks for: strictly, so that no two readers
// of a body can understand it differently. It refuses what RFC 8259 refuses and, beyond it, duplicate keys, the key
// `__proto__`, NUL, lone surrogates, invalid UTF-8, a byte order mark, more than 64 levels and more than 50,000 values.
// The error is a *desk.Error of code Invalid that says what is wrong at which line and column, both from 1; a column
// counts characters.
//
// The Value shares the memory of body, which the caller must not change afterwards. What outlives the request should be
// cloned, or a short string keeps a body of 75 MB alive.
func ParseJSON(body []byte) (Value, error) {
	p := parser{
		body:    body,
		src:     unsafe.String(unsafe.SliceData(body), len(body)),
		members: make([]Member, 0, 24), // enough for most bodies
	}
	v, err := p.document()
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// parser is a reader of one body. Its methods start at `at` and leave `at` behind what they read.
// members and items are stacks: an object or array is gathered on top and copied once when its end is known.
type parser struct {
	body    []byte
	src     string // body, seen as text
	at      int
	depth   int
	values  int
	members []Member
	items   []Value
}

func (p *parser) document() (Value, error) {
	if strings.HasPrefix(p.src, "\uFEFF") {
		return Value{}, p.fail(0, desk.JSONMark)
	}
	p.space()
	if p.at == len(p.src) {
		return Value{}, p.fail(0, desk.JSONEmpty)
	}
	v, err := p.value()
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.at < len(p.src) {
		if p.comment() {
			return Value{}, p.unexpected()
		}
		return Value{}, p.fail(p.at, desk.JSONMore)
	}
	return v, nil
}

func (p *parser) value() (Value, error) {
	if p.values++; p.values > maxValues {
		return Value{}, p.fail(p.at, desk.JSONValues)
	}
	switch c := p.peek(); c {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		text, err := p.text()
		return TextValue(text), err
	case 't':
		return p.word("true", BoolValue(true))
	case 'f':
		return p.word("false", BoolValue(false))
	case 'n':
		return p.word("null", Value{})
	}
	return p.number()
}

func (p *parser) word(word string, v Value) (Value, error) {
	for i := range word {
		if p.peek() != word[i] {
			return Value{}, p.unexpected()
		}
		p.at++
	}
	return v, nil
}

func (p *parser) number() (Value, error) {
	start := p.at
	p.skip('-')
	if !p.skip('0') && !p.digits() {
		return Value{}, p.unexpected()
	}
	if p.skip('.') && !p.digits() {
		return Value{}, p.unexpected()
	}
	if p.skip('e') || p.skip('E') {
		if !p.skip('+') {
			p.skip('-')
		}
		if !p.digits() {
			return Value{}, p.unexpected()
		}
	}
	return NumberValue(p.src[start:p.at]), nil
}

func (p *parser) array() (Value, error) {
	if err := p.enter(); err != nil {
		return Value{}, err
	}
	base := len(p.items)
	for {
		more, err := p.more(']', len(p.items) == base)
		if err != nil {
			return Value{}, err
		}
		if !more {
			break
		}
		item, err := p.value()
		if err != nil {
			return Value{}, err
		}
		p.items = append(p.items, item)
	}
	items := slices.Clone(p.items[base:])
	p.items = p.items[:base]
	return ArrayValue(items), nil
}

func (p *parser) object() (Value, error) {
	if err := p.enter(); err != nil {
		return Value{}, err
	}
	base := len(p.members)
	var seen names
	for {
		more, err := p.more('}', len(p.members) == base)
		if err != nil {
			return Value{}, err
		}
		if !more {
			break
		}
		name, err := p.name(&seen, p.members[base:])
		if err != nil {
			return Value{}, err
		}
		value, err := p.value()
		if err != nil {
			return Value{}, err
		}
		p.members = append(p.members, Member{name, value})
	}
	members := slices.Clone(p.members[base:])
	p.members = p.members[:base]
	return ObjectValue(members), nil
}

// enter steps over an opening bracket.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.at, desk.JSONLevels)
	}
	p.at++
	return nil
}

// more steps over what is before the next member or item, or over the closing bracket, and reports which.
func (p *parser) more(closing byte, first bool) (bool, error) {
	p.space()
	if p.skip(closing) {
		p.depth--
		return false, nil
	}
	if !first {
		if !p.skip(',') {
			return false, p.unexpected()
		}
		p.space()
	}
	return true, nil
}

// name reads a member's name and the colon behind it.
func (p *parser) name(seen *names, before []Member) (string, error) {
	start := p.at
	if p.peek() != '"' {
		return "", p.unexpected()
	}
	name, err := p.text()
	if err != nil {
		return "", err
	}
	if name == "__proto__" {
		return "", p.fail(start, desk.JSONProto)
	}
	if seen.repeated(name, before) {
		return "", p.fail(start, desk.JSONDuplicate+desk.Text(quoted(name)))
	}
	p.space()
	if !p.skip(':') {
		return "", p.unexpected()
	}
	p.space()
	return name, nil
}

// names finds duplicate keys: by looking at those before in a small object, with a map in a large one, where looking
// at each would make the cost grow with the square.
type names struct{ set map[string]struct{} }

func (n *names) repeated(name string, before []Member) bool {
	if len(before) < manyMembers {
		return slices.ContainsFunc(before, func(m Member) bool { return m.Name == name })
	}
	if n.set == nil {
		n.set = make(map[string]struct{}, 4*manyMembers)
		for _, m := range before {
			n.set[m.Name] = struct{}{}
		}
	}
	size := len(n.set)
	n.set[name] = struct{}{}
	return len(n.set) == size
}

// quoted returns the key in quotes behind a space. A key with many digits may be a card or an account number, which no
// error may show: then nothing.
func quoted(key string) string {
	digits := 0
	for i := range len(key) {
		if '0' <= key[i] && key[i] <= '9' {
			digits++
		}
	}
	if digits > 6 {
		return ""
	}
	return " " + string(desk.AppendJSONString(nil, cut(key, 64)))
}

// peek returns the next byte; 0 at the end, where no caller takes a NUL for anything.
func (p *parser) peek() byte {
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// skip steps over c when it is the next byte, and reports whether it was.
func (p *parser) skip(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

// digits steps over digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.at
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at > start
}

func (p *parser) space() {
	for c := p.peek(); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = p.peek() {
		p.at++
	}
}

func (p *parser) comment() bool {
	return strings.HasPrefix(p.src[p.at:], "//") || strings.HasPrefix(p.src[p.at:], "/*")
}

// unexpected says what is wrong with the next character, which cannot stand where it is.
func (p *parser) unexpected() error {
	reason := desk.JSONUnexpected
	r, n := utf8.DecodeRuneInString(p.src[p.at:])
	switch {
	case n == 0:
		reason = desk.JSONEnd
	case p.comment():
		reason = desk.JSONComment
	case r == 0:
		reason = desk.JSONNUL
	case r == utf8.RuneError && n == 1:
		reason = desk.JSONUTF8
	case unicode.IsPrint(r):
		reason += desk.Text(" " + strconv.QuoteRune(r))
	}
	return p.fail(p.at, reason)
}

func (p *parser) fail(at int, reason desk.Text) error {
	before := p.src[:at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return desk.Fail(desk.Invalid, desk.InvalidJSON, string(reason), strconv.Itoa(line), strconv.Itoa(column))
}
