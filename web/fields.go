package web

import (
	"strconv"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
)

// maxUnknown bounds how many unknown fields are named: a warning must not grow to the size of a hostile body.
const maxUnknown = 50

// bodyPath names the body itself in a fault.
const bodyPath = "body"

// Fields reads the members of an object by name and type. It notes every fault and goes on, so that a caller learns all
// that is wrong at once, and it remembers what was asked for, so that the rest can be named as unknown.
// A member that is null counts as absent.
type Fields struct {
	path    string
	members []Member
	asked   []asked // one for each member
	faults  *desk.Faults
}

// asked is what became of a member: whether somebody asked for it and the Fields given out for it.
type asked struct {
	yes   bool
	inner []*Fields
}

// ReadFields begins to read the object v; faults is where all that is found is noted.
// When v is not an object the error is a *desk.Error of code Invalid with that one fault, about the field `body`.
func ReadFields(v Value, faults *desk.Faults) (*Fields, error) {
	if v.Kind() != Object {
		return nil, desk.Faults{{Path: bodyPath, Text: desk.MustBeObject}}.Err()
	}
	return newFields("", v, faults), nil
}

func newFields(path string, v Value, faults *desk.Faults) *Fields {
	return &Fields{path: path, members: v.Members(), asked: make([]asked, len(v.Members())), faults: faults}
}

// Path returns how faults and warnings name a field of this object: `customer.email`, `attachments.0.size`.
func (f *Fields) Path(name string) string { return memberPath(f.path, name) }

// Has reports whether the field is there and not null.
func (f *Fields) Has(name string) bool { return f.ask(name) >= 0 }

// Value returns the field as it is, whatever its kind; false when it is absent or null.
// What is inside it is taken as known.
func (f *Fields) Value(name string) (Value, bool) {
	i := f.ask(name)
	if i < 0 {
		return Value{}, false
	}
	return f.members[i].Value, true
}

// Text returns a text of at most limit characters (0: any number) as it was sent, white space included.
// It is "" when absent and when it is at fault (MustBeText, TooLong).
func (f *Fields) Text(name string, limit int) string {
	i := f.askFor(name, String, desk.MustBeText)
	if i < 0 {
		return ""
	}
	text := f.members[i].Value.Text()
	if limit > 0 && longer(text, limit) {
		f.faults.Add(f.Path(name), desk.TooLong, strconv.Itoa(limit))
		return ""
	}
	return text
}

// longer reports whether s has more than limit characters. It does not count what is too long in any case.
func longer(s string, limit int) bool {
	return len(s) > limit && (len(s) > utf8.UTFMax*limit || utf8.RuneCountInString(s) > limit)
}

// Number returns a number as it was spelled, so that an amount is not rounded; false when it is absent or
// no number (MustBeNumber).
func (f *Fields) Number(name string) (literal string, ok bool) {
	i := f.askFor(name, Number, desk.MustBeNumber)
	if i < 0 {
		return "", false
	}
	return f.members[i].Value.Text(), true
}

// Bool reports whether the field is true; false when it is absent or neither true nor false (MustBeBoolean).
func (f *Fields) Bool(name string) bool {
	i := f.askFor(name, Bool, desk.MustBeBoolean)
	return i >= 0 && f.members[i].Value.Bool()
}

// Object returns the fields of an object, to be read like this one. It is never nil: it has nothing in it when the
// field is absent or no object (MustBeObject). Asked twice, it is the same one.
func (f *Fields) Object(name string) *Fields {
	i := f.askFor(name, Object, desk.MustBeObject)
	if i < 0 {
		return newFields(f.Path(name), Value{}, f.faults)
	}
	if f.asked[i].inner == nil {
		f.asked[i].inner = []*Fields{newFields(f.Path(name), f.members[i].Value, f.faults)}
	}
	return f.asked[i].inner[0]
}

// Objects returns the fields of each object in an array; nothing when the field is absent or no array (MustBeArray).
// Of an array with more than limit items the first are read (TooManyItems); an item that is no object (MustBeObject)
// has nothing in it. Asked twice, they are the same ones.
func (f *Fields) Objects(name string, limit int) []*Fields {
	i := f.askFor(name, Array, desk.MustBeArray)
	if i < 0 {
		return nil
	}
	items := f.members[i].Value.Items()
	if len(items) > limit {
		f.faults.Add(f.Path(name), desk.TooManyItems, strconv.Itoa(limit))
		items = items[:limit]
	}
	if f.asked[i].inner == nil {
		f.asked[i].inner = f.each(f.Path(name), items)
	}
	return f.asked[i].inner
}

// each begins to read the items of the array at path.
func (f *Fields) each(path string, items []Value) []*Fields {
	all := make([]*Fields, len(items))
	for i, item := range items {
		at := itemPath(path, i)
		if item.Kind() != Object {
			f.faults.Add(at, desk.MustBeObject)
		}
		all[i] = newFields(at, item, f.faults)
	}
	return all
}

// Unknown returns the paths of the members that nobody asked for, in their order, here and in the Fields given out by
// Object and Objects; at most 50. Names are the caller's own: mask them before they go anywhere.
func (f *Fields) Unknown() []string { return f.unknown(nil) }

func (f *Fields) unknown(found []string) []string {
	for i, m := range f.members {
		switch {
		case len(found) == maxUnknown:
			return found
		case f.asked[i].yes:
			for _, inner := range f.asked[i].inner {
				found = inner.unknown(found)
			}
		case m.Value.Kind() != Null:
			found = append(found, f.Path(m.Name))
		}
	}
	return found
}

// askFor is ask for a member that must be of the kind: -1, with the fault noted, when it is of another.
func (f *Fields) askFor(name string, kind Kind, fault desk.Text) int {
	i := f.ask(name)
	if i >= 0 && f.members[i].Value.Kind() != kind {
		f.faults.Add(f.Path(name), fault)
		return -1
	}
	return i
}

// ask marks the member as known and returns its index; -1 when it is absent or null.
func (f *Fields) ask(name string) int {
	for i := range f.members {
		if f.members[i].Name != name {
			continue
		}
		f.asked[i].yes = true
		if f.members[i].Value.Kind() == Null {
			return -1
		}
		return i
	}
	return -1
}
