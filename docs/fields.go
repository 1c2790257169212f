package docs

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// maxDepth ends the walk through schemas that contain themselves.
const maxDepth = 12

// maxValues is how many values a row lists; more are only linked to.
const maxValues = 11

// field is a row of a table: a field of a body, or a parameter.
type field struct {
	Prefix   string // what stands before the name in its path: `customer.`
	Name     string
	Type     string
	TypeLink string // anchor of a list of values; empty when there is none
	Required string // "required", "conditional", or in an answer "optional"; else empty
	Text     template.HTML
	Limits   []string
	Values   []string
}

// fieldGroup is a table of fields. Most bodies have one; a body in several forms has one for each.
type fieldGroup struct {
	Title  string
	Text   template.HTML
	Fields []field
}

// fieldWalk collects the tables of one body.
type fieldWalk struct {
	doc    *document
	main   []field
	extra  []fieldGroup
	seen   map[string]bool // components whose fields were listed in an earlier form of the same body
	render func(string) (template.HTML, error)
}

// groups lists the fields of a schema, nested ones by their path.
func (d *document) groups(s schema, render func(string) (template.HTML, error)) ([]fieldGroup, error) {
	s, err := d.schema(s)
	if err != nil {
		return nil, err
	}
	if len(s.OneOf) > 0 {
		return d.variants(s.OneOf, render)
	}
	walk := fieldWalk{doc: d, render: render}
	if err := walk.object("", s, 0); err != nil {
		return nil, err
	}
	var groups []fieldGroup
	if len(walk.main) > 0 {
		groups = append(groups, fieldGroup{Fields: walk.main})
	}
	return append(groups, walk.extra...), nil
}

// variants lists the fields of each form of a body, titled by the value that tells it apart.
func (d *document) variants(forms []schema, render func(string) (template.HTML, error)) ([]fieldGroup, error) {
	var groups []fieldGroup
	seen := map[string]bool{}
	for _, form := range forms {
		s, err := d.schema(form)
		if err != nil {
			return nil, err
		}
		walk := fieldWalk{doc: d, render: render, seen: seen}
		if err := walk.object("", s, 0); err != nil {
			return nil, err
		}
		text, err := render(s.Description)
		if err != nil {
			return nil, err
		}
		groups = append(groups, fieldGroup{Title: constants(s), Text: text, Fields: walk.main})
		groups = append(groups, walk.extra...)
	}
	return groups, nil
}

// constants returns the fixed values among a schema's properties: `action: ASSIGN`.
func constants(s schema) string {
	var parts []string
	for _, p := range s.Properties {
		if p.Value.Const != nil {
			parts = append(parts, p.Name+": "+*p.Value.Const)
		}
	}
	return strings.Join(parts, ", ")
}

// object adds a row for every property of a schema, each followed by its own properties.
func (w *fieldWalk) object(prefix string, s schema, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the OpenAPI document nests %s too deeply", prefix)
	}
	conditional, err := w.conditions(prefix, s, depth)
	if err != nil {
		return err
	}
	for _, p := range s.Properties {
		row, err := w.doc.row(p.Value, w.render)
		if err != nil {
			return err
		}
		row.Prefix, row.Name = prefix, p.Name
		listed := w.seen[p.Value.Ref]
		if listed {
			row.Limits = append(row.Limits, "fields as above")
		}
		switch {
		case slices.Contains(s.Required, p.Name):
			row.Required = "required"
		case slices.Contains(conditional, p.Name):
			row.Required = "conditional"
		}
		w.main = append(w.main, row)
		if listed {
			continue
		}
		if err := w.inside(prefix+p.Name, p.Value, depth); err != nil {
			return err
		}
	}
	return nil
}

// inside walks into a property that is an object or an array of objects.
func (w *fieldWalk) inside(path string, s schema, depth int) error {
	ref := s.Ref
	s, err := w.doc.schema(s)
	if err != nil {
		return err
	}
	if w.seen != nil && ref != "" && len(s.Properties) > 0 {
		w.seen[ref] = true
	}
	if s.Items != nil {
		return w.inside(path+"[]", *s.Items, depth)
	}
	return w.object(path+".", s, depth+1)
}

// conditions reads the `if … then …` rules of a schema. It returns the properties that they require, and adds a table
// for each property whose form depends on another one.
func (w *fieldWalk) conditions(prefix string, s schema, depth int) ([]string, error) {
	var required []string
	for _, part := range s.AllOf {
		part, err := w.doc.schema(part)
		if err != nil {
			return nil, err
		}
		nested, err := w.conditions(prefix, part, depth)
		if err != nil {
			return nil, err
		}
		required = append(required, nested...)
		if part.If == nil || part.Then == nil {
			continue
		}
		required = append(required, part.Then.Required...)
		if err := w.dependent(prefix, constants(*part.If), part.Then.Properties, depth); err != nil {
			return nil, err
		}
	}
	return required, nil
}

func (w *fieldWalk) dependent(prefix, when string, properties ordered[schema], depth int) error {
	for _, p := range properties {
		s, err := w.doc.schema(p.Value)
		if err != nil {
			return err
		}
		sub := fieldWalk{doc: w.doc, render: w.render}
		if err := sub.object(p.Name+".", s, depth+1); err != nil {
			return err
		}
		w.extra = append(w.extra, fieldGroup{Title: prefix + p.Name + ", when " + when, Fields: sub.main})
	}
	return nil
}

// row describes one schema: its type, limits, values and text.
func (d *document) row(s schema, render func(string) (template.HTML, error)) (field, error) {
	ref := s.Ref
	s, err := d.schema(s)
	if err != nil {
		return field{}, err
	}
	f := field{Limits: limits(s)}
	if f.Type, err = d.typeName(s); err != nil {
		return field{}, err
	}
	f.Text, err = render(s.Description)
	for _, v := range s.Enum {
		if v != "" && len(s.Enum) <= maxValues { // null reads as an empty text
			f.Values = append(f.Values, v)
		}
	}
	f.linkList(d, ref, "")
	if s.Items != nil {
		f.linkList(d, s.Items.Ref, "[]")
	}
	return f, err
}

// linkList names the type after the component that ref names, when that is a list of values.
func (f *field) linkList(d *document, ref, suffix string) {
	name, ok := strings.CutPrefix(ref, "#/components/schemas/")
	if s, found := d.Components.Schemas.get(name); ok && found && len(s.Enum) > 0 {
		f.Type, f.TypeLink = name+suffix, typeAnchor(name)
	}
}

// typeName is the type of a schema in words: `string`, `object[]`, `string or null`.
func (d *document) typeName(s schema) (string, error) {
	var names []string
	for _, name := range s.Type {
		switch {
		case name == "array" && s.Items != nil:
			item, err := d.schema(*s.Items)
			if err != nil {
				return "", err
			}
			inner, err := d.typeName(item)
			if err != nil {
				return "", err
			}
			name = inner + "[]"
		case name == "object" && s.AdditionalProperties != nil && s.AdditionalProperties.schema != nil:
			name = "object of " + strings.Join(s.AdditionalProperties.schema.Type, " or ")
		}
		names = append(names, name)
	}
	return strings.Join(names, " or "), nil
}

// limits lists what a value may be, in words.
func limits(s schema) []string {
	var out []string
	if s.ContentEncoding != "" {
		out = append(out, s.ContentEncoding)
	}
	if s.MaxLength > 0 {
		out = append(out, span(s.MinLength, s.MaxLength)+" characters")
	}
	if s.MaxItems > 0 {
		out = append(out, span(s.MinItems, s.MaxItems)+" items")
	}
	if s.Above != nil {
		out = append(out, "more than "+number(*s.Above))
	}
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		out = append(out, number(*s.Minimum)+" to "+number(*s.Maximum))
	case s.Maximum != nil:
		out = append(out, "at most "+number(*s.Maximum))
	case s.Minimum != nil:
		out = append(out, "at least "+number(*s.Minimum))
	}
	if s.Default != nil {
		out = append(out, "default "+*s.Default)
	}
	return out
}

func span(from, to int) string {
	if from == 0 {
		return "at most " + number(float64(to))
	}
	return number(float64(from)) + " to " + number(float64(to))
}

// number writes a number with commas between thousands.
func number(f float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(f, 'f', -1, 64), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}
