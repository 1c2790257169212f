package web

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
)

// Kind is one of the six kinds of JSON value.
type Kind uint8

// The kinds of JSON value. The zero Value is Null.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is a JSON value that nobody changes any more. Numbers keep their spelling, so that an amount is never rounded;
// objects keep the order of their members. It is small and is passed by value.
type Value struct {
	kind   Kind
	yes    bool
	text   string
	inside *inside // nil in scalars and in empty arrays and objects
}

// inside is apart, so that a scalar, the usual value, stays small.
type inside struct {
	items   []Value
	members []Member
}

// Member is a named value of an object.
type Member struct {
	Name  string
	Value Value
}

// TextValue makes a String.
func TextValue(s string) Value { return Value{kind: String, text: s} }

// NumberValue makes a Number of a JSON literal (`500000`, `1.5e3`), which is printed as it is given.
func NumberValue(literal string) Value { return Value{kind: Number, text: literal} }

// BoolValue makes a Bool.
func BoolValue(yes bool) Value { return Value{kind: Bool, yes: yes} }

// ArrayValue makes an Array. It keeps the slice.
func ArrayValue(items []Value) Value {
	if len(items) == 0 {
		return Value{kind: Array}
	}
	return Value{kind: Array, inside: &inside{items: items}}
}

// ObjectValue makes an Object of members whose names differ. It keeps the slice.
func ObjectValue(members []Member) Value {
	if len(members) == 0 {
		return Value{kind: Object}
	}
	return Value{kind: Object, inside: &inside{members: members}}
}

// Kind returns what v is.
func (v Value) Kind() Kind { return v.kind }

// Text returns the content of a String or the literal of a Number; "" for the others.
func (v Value) Text() string { return v.text }

// Bool reports whether v is true.
func (v Value) Bool() bool { return v.yes }

// Items returns what is in an Array; nothing for the others. The slice must not be changed.
func (v Value) Items() []Value {
	if v.inside == nil {
		return nil
	}
	return v.inside.items
}

// Members returns the members of an Object in their order; nothing for the others. The slice must not be changed.
func (v Value) Members() []Member {
	if v.inside == nil {
		return nil
	}
	return v.inside.members
}

// Get returns the member of an Object with exactly this name.
func (v Value) Get(name string) (Value, bool) {
	for _, m := range v.Members() {
		if m.Name == name {
			return m.Value, true
		}
	}
	return Value{}, false
}

// Keys returns how many members v has at all its levels.
func (v Value) Keys() int {
	n := len(v.Members())
	for _, m := range v.Members() {
		n += m.Value.Keys()
	}
	for _, item := range v.Items() {
		n += item.Keys()
	}
	return n
}

// Append appends v as compact JSON: members in their order, strings as desk.AppendJSONString writes them,
// numbers as they were given.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.yes)
	case Number:
		return append(dst, v.text...)
	case String:
		return desk.AppendJSONString(dst, v.text)
	case Array:
		return v.appendItems(dst)
	case Object:
		return v.appendMembers(dst)
	}
	return append(dst, "null"...)
}

func (v Value) appendItems(dst []byte) []byte {
	dst = append(dst, '[')
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item.Append(dst)
	}
	return append(dst, ']')
}

func (v Value) appendMembers(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range v.Members() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = desk.AppendJSONString(dst, m.Name)
		dst = append(dst, ':')
		dst = m.Value.Append(dst)
	}
	return append(dst, '}')
}

// Rewriter says what Value.Rewrite changes; both functions are required. Paths are those of Value.Leaves, made of the
// names after Key, so that what Key hides is not in a path either.
type Rewriter struct {
	// Key returns the new name of a member of the object at path. A name that the object already has gets a
	// number after it (`name (2)`).
	Key func(path, name string) string
	// Value is asked about every value, the outer one first. With true the value that it returns stands as it is;
	// with false Rewrite goes on with what is inside. name is the member's name before Key; "" in arrays and on top.
	Value func(path, name string, v Value) (Value, bool)
}

// Rewrite returns a copy of v with names and values changed as r says.
func (v Value) Rewrite(r Rewriter) Value { return r.value("", "", v) }

func (r Rewriter) value(path, name string, v Value) Value {
	if changed, final := r.Value(path, name, v); final {
		return changed
	}
	switch v.kind {
	case Array:
		items := make([]Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = r.value(itemPath(path, i), "", item)
		}
		return ArrayValue(items)
	case Object:
		members := r.names(path, v.Members())
		for i, m := range v.Members() {
			members[i].Value = r.value(memberPath(path, members[i].Name), m.Name, m.Value)
		}
		return ObjectValue(members)
	}
	return v
}

// names returns the members with their new names, all different.
func (r Rewriter) names(path string, members []Member) []Member {
	renamed := slices.Clone(members)
	var taken map[string]int // name → how often it was wanted; made when a name changes
	for i, m := range members {
		renamed[i].Name = r.Key(path, m.Name)
		if taken == nil && renamed[i].Name != m.Name {
			taken = make(map[string]int, len(members))
		}
	}
	if taken == nil {
		return renamed
	}
	for i, m := range members {
		if renamed[i].Name == m.Name {
			taken[m.Name] = 1
		}
	}
	for i, m := range members {
		if renamed[i].Name != m.Name {
			renamed[i].Name = free(renamed[i].Name, taken)
		}
	}
	return renamed
}

// free returns the name, or the name with the first number that makes it new, and marks it as taken.
func free(name string, taken map[string]int) string {
	candidate := name
	for taken[candidate] > 0 {
		taken[name]++
		candidate = name + " (" + strconv.Itoa(taken[name]) + ")"
	}
	taken[candidate] = 1
	return candidate
}

// Leaves gives the path and a comparable text of every leaf: each scalar, empty array and empty object. Two bodies say
// the same exactly when their leaves are the same, in whatever order: numbers compare by value (500000, 500000.0 and
// 5e5 have one text), members that are null count as absent, and kinds never mix, as the text of every leaf but a String
// begins with NUL, which no string of a parsed body has. The text of a String is the string itself, not a copy.
//
// Paths read `customer.email`, `attachments.0.size`. A backslash stands before a dot or a backslash of a name and before
// a name that is a number, `\e` is the empty name, and a long path is cut and ends in a hash of the whole; so no two
// places share a path, and a hostile body of long names nested deep costs no more than its length.
func (v Value) Leaves() iter.Seq2[string, string] {
	return func(yield func(path, text string) bool) { v.leaves("", yield) }
}

func (v Value) leaves(path string, yield func(path, text string) bool) bool {
	branches := len(v.Items())
	for i, item := range v.Items() {
		if !item.leaves(itemPath(path, i), yield) {
			return false
		}
	}
	for _, m := range v.Members() {
		if m.Value.kind == Null {
			continue
		}
		branches++
		if !m.Value.leaves(memberPath(path, m.Name), yield) {
			return false
		}
	}
	return branches > 0 || yield(path, v.leaf())
}

// leaf returns the comparable text of a scalar or of an array or object without anything in it.
func (v Value) leaf() string {
	switch v.kind {
	case Bool:
		return "\x00" + strconv.FormatBool(v.yes)
	case Number:
		return "\x00" + canonicalNumber(v.text)
	case String:
		return v.text
	case Array:
		return "\x00[]"
	case Object:
		return "\x00{}"
	}
	return "\x00null"
}

// canonicalNumber writes equal numbers alike, as digits without outer zeros and a power of ten (500000 is `5e5`).
// It never writes the number out, so 1e999999999 costs nothing. A power of more than 18 characters stays as it is
// spelled: no two numbers become one, and nobody counts rupiahs there.
func canonicalNumber(literal string) string {
	mantissa, power := literal, "0"
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		mantissa, power = literal[:i], literal[i+1:]
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	if len(power) > 18 {
		return literal
	}
	exponent, err := strconv.Atoi(power)
	if err != nil {
		return literal
	}
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant) - len(fraction)
	if negative {
		significant = "-" + significant
	}
	return significant + "e" + strconv.Itoa(exponent)
}

// itemPath names item i of the array at path.
func itemPath(path string, i int) string { return join(path, strconv.Itoa(i)) }

// memberPath names the member of the object at path; Value.Leaves says how.
func memberPath(path, name string) string {
	if name == "" {
		return join(path, `\e`)
	}
	if strings.ContainsAny(name, `.\`) {
		name = strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(name)
	} else if strings.Trim(name, "0123456789") == "" {
		name = `\` + name
	}
	return join(path, name)
}

// maxPath is the length of the longest path, in bytes.
const maxPath = 256

// join puts one escaped part behind a path, and cuts a path that grows too long.
func join(path, part string) string {
	if path != "" {
		part = path + "." + part
	}
	if len(part) <= maxPath {
		return part
	}
	sum := sha256.Sum256([]byte(part))
	return cut(part, 64) + `\#` + hex.EncodeToString(sum[:16])
}

// cut shortens s to n characters, the last of them an ellipsis when something is missing.
func cut(s string, n int) string {
	for i := range s {
		if n--; n == 0 {
			if _, size := utf8.DecodeRuneInString(s[i:]); i+size == len(s) {
				return s
			}
			return s[:i] + "…"
		}
	}
	return s
}
