package sociomile

import (
	_ "embed" // of map.json
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

// Type is how the provider wants a field.
type Type string

// The types. What cannot be told in its type is left out, and noted.
const (
	Text    Type = "text"
	Number  Type = "number"  // 0 or more, with at most two decimals
	Account Type = "account" // its digits as a number, when they survive as one
	Card    Type = "card"    // the last four digits as a number, when they survive as one
)

var types = []Type{Text, Number, Account, Card}

// Field is one member of what is sent.
type Field struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	From     []string `json:"from,omitempty"`     // what to take, of which the first counts that the ticket has: one of sources, or metadata.<member>
	Value    string   `json:"value,omitempty"`    // when the ticket has none of them
	Required bool     `json:"required,omitempty"` // nothing is sent without it
}

// Map says how a ticket is told to the provider. It is configuration: the contract changes more often than the program.
type Map struct {
	Create   []Field                `json:"create"` // in the order in which they are sent
	Status   []Field                `json:"status"`
	Statuses map[desk.Status]string `json:"statuses"` // the provider's word for each status of the desk
}

// defaultMap is the table of the spec.
//
//go:embed map.json
var defaultMap string

// DefaultMapJSON is the map that holds when none is configured, as a file to begin one's own with.
func DefaultMapJSON() string { return defaultMap }

// DefaultMap is the map that holds when none is configured: the tables of the spec (Sociomile connector, Calls).
func DefaultMap() Map {
	m, err := ReadMap(strings.NewReader(defaultMap))
	if err != nil {
		panic("sociomile: the embedded map: " + err.Error()) // it is part of the program, and tested
	}
	return m
}

// ReadMap reads a map of JSON. Its error names everything that is wrong with it, one line for each fault.
func ReadMap(r io.Reader) (Map, error) {
	var m Map
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Map{}, fmt.Errorf("the map cannot be read: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Map{}, errors.New("the map cannot be read: there is more behind its end")
	}
	if err := errors.Join(checkFields("create", m.Create), checkFields("status", m.Status), m.checkStatuses()); err != nil {
		return Map{}, err
	}
	return m, nil
}

func checkFields(list string, fields []Field) error {
	var faults []error
	fault := func(f Field, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s, field %q: "+format, append([]any{list, f.Name}, args...)...))
	}
	if len(fields) == 0 {
		faults = append(faults, fmt.Errorf("%s: there are no fields", list))
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if f.Name == "" {
			fault(f, "it has no name")
		}
		if seen[f.Name] {
			fault(f, "it is there twice")
		}
		seen[f.Name] = true
		if !slices.Contains(types, f.Type) {
			fault(f, "unknown type %q, known are %q", f.Type, types)
		} else if _, why := f.Type.encode(f.Value); why != "" {
			fault(f, "the value %q is no %s", f.Value, f.Type)
		}
		for _, source := range f.From {
			if !knownSource(source) {
				fault(f, "unknown source %q, known are %q and metadata.…", source, sources)
			}
		}
		if len(f.From) == 0 && f.Value == "" {
			fault(f, "it has neither a source nor a value")
		}
	}
	return errors.Join(faults...)
}

func knownSource(source string) bool {
	member, found := strings.CutPrefix(source, metadataSource)
	return found && member != "" || slices.Contains(sources, source)
}

func (m Map) checkStatuses() error {
	var faults []error
	for _, s := range desk.Statuses {
		if strings.TrimSpace(m.Statuses[s]) == "" {
			faults = append(faults, fmt.Errorf("statuses: %s is missing", s))
		}
	}
	for s := range m.Statuses {
		if !slices.Contains(desk.Statuses, s) {
			faults = append(faults, fmt.Errorf("statuses: unknown status %q, known are %q", s, desk.Statuses))
		}
	}
	return errors.Join(faults...)
}

// FieldNames are the names of the fields that the provider is told, of both routes, each once.
func (m Map) FieldNames() []string {
	var names []string
	for _, f := range slices.Concat(m.Create, m.Status) {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// StatusFor is the provider's word for a status. Two statuses may have one: a change between them is no news to the provider.
func (m Map) StatusFor(s desk.Status) string { return m.Statuses[s] }

// Note says why a field was not told to the provider although the ticket has it.
type Note struct {
	Field string // as the provider calls it
	Text  desk.Text
}

// In words the note for people.
func (n Note) In(l desk.Language) string { return n.Text.In(l, n.Field) }

// Missing says that a ticket lacks what the provider requires: a person must add it.
type Missing struct {
	Fields []string // as the provider calls them
}

// Error names the fields.
func (m *Missing) Error() string {
	return "the ticket has nothing for required fields of Sociomile: " + strings.Join(m.Fields, ", ")
}

// Body builds what is sent for a ticket, as compact JSON, and notes what it had to leave out. The error is a *Missing.
func (m Map) Body(r Route, t Ticket, connectID string) ([]byte, []Note, error) {
	fields := m.Create
	if r == StatusRoute {
		fields = m.Status
	}
	body := []byte{'{'}
	var notes []Note
	var missing Missing
	for _, f := range fields {
		value, why := f.of(t).value(func(source string) string { return m.from(t, source, connectID) })
		if why != "" {
			notes = append(notes, Note{f.Name, why})
		}
		if value == "" {
			if f.Required {
				missing.Fields = append(missing.Fields, f.Name)
			}
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(append(desk.AppendJSONString(body, f.Name), ':'), value...)
	}
	if len(missing.Fields) > 0 {
		return nil, notes, &missing
	}
	return append(body, '}'), notes, nil
}

// editSource begins the source of a field that a person edited.
const editSource = "edit."

// of is the field for a ticket: a person's edit takes the place of all its sources.
func (f Field) of(t Ticket) Field {
	if _, edited := t.Edits[f.Name]; edited {
		f.From = []string{editSource + f.Name}
	}
	return f
}

// from is the text of a source.
func (m Map) from(t Ticket, source, connectID string) string {
	switch source {
	case "connectId":
		return connectID
	case "status":
		return m.StatusFor(t.Status)
	}
	if field, edited := strings.CutPrefix(source, editSource); edited {
		return t.Edits[field]
	}
	return t.from(source)
}

// value is the JSON of a field; empty when there is none. It says why a source could not be told, whichever came in its place.
func (f Field) value(from func(source string) string) (value string, why desk.Text) {
	for _, source := range f.From {
		value, reason := f.Type.encode(from(source))
		if value != "" {
			return value, why
		}
		if why == "" {
			why = reason
		}
	}
	value, _ = f.Type.encode(f.Value)
	return value, why
}

// encode writes a text as JSON of a type. A blank one is empty, and so is one that cannot be told; then it says why. Card
// numbers are masked in every type.
func (t Type) encode(text string) (value string, why desk.Text) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", ""
	case t == Card:
		return lastDigits(text)
	case t == Text:
		text, _ = mask.Cards(text)
		return string(desk.AppendJSONString(nil, text)), ""
	}
	if t == Account {
		value, why = accountNumber(text)
	} else {
		value, why = plainNumber(text)
	}
	if _, card := mask.Cards(value); card {
		return "", desk.LeftOutUnreadable
	}
	return value, why
}

// largestNumber is up to where the provider's JSON keeps each whole number apart: 2^53.
const largestNumber desk.Amount = 1 << 53 * 100

// plainNumber is a number as JSON, exactly, in its shortest spelling.
func plainNumber(text string) (value string, why desk.Text) {
	n, err := desk.ParseAmount(text)
	switch {
	case err != nil, n < 0:
		return "", desk.LeftOutUnreadable
	case n > largestNumber:
		return "", desk.LeftOutAsNumber
	}
	return n.String(), ""
}

// accountNumber is an account as a number. One that begins with 0, or is too large, would be another account.
func accountNumber(text string) (value string, why desk.Text) {
	digits := mask.Digits(text)
	if digits == "" || strings.ContainsAny(text, "*xX") {
		return "", desk.LeftOutUnreadable // masked
	}
	n, err := desk.ParseAmount(digits)
	if err != nil || n > largestNumber || digits == "0" {
		return "", desk.LeftOutAsNumber
	}
	return digits, ""
}

// lastDigits are the last four digits of a card as a number.
func lastDigits(text string) (value string, why desk.Text) {
	digits := mask.Digits(text)
	if len(digits) < 4 {
		return "", desk.LeftOutUnreadable
	}
	if digits = digits[len(digits)-4:]; digits[0] == '0' {
		return "", desk.LeftOutAsNumber
	}
	return digits, ""
}
