package docs

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// reference is what the reference page shows.
type reference struct {
	Title   string
	Version string
	Summary string
	Intro   template.HTML
	Topics  []heading // of the introduction
	Tags    []tagSection
	Lists   []valueList
	Headers []headerRow
}

type tagSection struct {
	Name       string
	Anchor     string
	Text       template.HTML
	Operations []operationSection
}

type operationSection struct {
	Anchor     string // the operationId
	Method     string
	Path       string
	Summary    string
	Text       template.HTML
	Permission string        // empty: no key is needed
	Parameters []fieldGroup  // by place: path, query, header
	Body       []fieldGroup  // of the request
	Requests   []sample      // bodies of requests, then empty
	Curl       template.HTML // a command to try it
	Answers    []answer      // that are no errors
	Errors     []answer
}

type answer struct {
	Anchor   string
	Status   string
	Name     string // of the status, `Not Found`
	Text     template.HTML
	Headers  []headerRow
	Body     []fieldGroup
	Examples []sample
	File     bool // the body is not JSON
}

type headerRow struct {
	Name   string
	Anchor string // of its description; empty when Text has it
	Text   template.HTML
}

// valueList is a list of values that fields refer to.
type valueList struct {
	Name   string
	Anchor string
	Text   template.HTML
	Values []headerRow
	Bare   bool // the values speak for themselves
}

// anyKey is the permission of an operation that needs a key and leaves the rest to its parts.
const anyKey = "any key"

// referenceBuilder turns a document into its page.
type referenceBuilder struct {
	doc  *document
	base string // of all URLs, without a slash at the end
	md   markdown
}

func (b referenceBuilder) build() (*reference, error) {
	intro, topics, err := b.md.page(b.doc.Info.Description)
	if err != nil {
		return nil, err
	}
	ref := &reference{
		Title: b.doc.Info.Title, Version: b.doc.Info.Version, Summary: b.doc.Info.Summary, Intro: intro, Topics: topics,
	}
	for _, t := range b.doc.Tags {
		section, err := b.tag(t)
		if err != nil {
			return nil, err
		}
		ref.Tags = append(ref.Tags, section)
	}
	if ref.Lists, err = b.lists(); err != nil {
		return nil, err
	}
	ref.Headers, err = b.headers(b.doc.Components.Headers, true)
	return ref, err
}

func (b referenceBuilder) tag(t tag) (tagSection, error) {
	text, err := b.md.text(t.Description)
	if err != nil {
		return tagSection{}, err
	}
	section := tagSection{Name: t.Name, Anchor: "tag-" + strings.ToLower(t.Name), Text: text}
	for _, path := range b.doc.Paths {
		for _, op := range path.Value {
			if len(op.Value.Tags) == 0 || op.Value.Tags[0] != t.Name {
				continue
			}
			built, err := b.operation(strings.ToUpper(op.Name), path.Name, op.Value)
			if err != nil {
				return tagSection{}, err
			}
			section.Operations = append(section.Operations, built)
		}
	}
	return section, nil
}

func (b referenceBuilder) operation(method, path string, op operation) (operationSection, error) {
	out := operationSection{
		Anchor: op.OperationID, Method: method, Path: path, Summary: op.Summary, Permission: permission(op),
	}
	var err error
	if out.Text, err = b.md.text(op.Description); err != nil {
		return out, err
	}
	if out.Parameters, err = b.parameters(op.Parameters); err != nil {
		return out, err
	}
	firstBody := ""
	if op.RequestBody != nil {
		if out.Body, out.Requests, firstBody, err = b.body(op.RequestBody.Content); err != nil {
			return out, err
		}
	}
	curl, err := b.doc.curl(b.base, method, path, op, firstBody)
	if err != nil {
		return out, err
	}
	out.Curl = highlightShell(curl)
	return out, b.answers(&out, op.Responses)
}

// permission names what a key must be allowed to do for an operation.
func permission(op operation) string {
	if op.Security != nil && len(op.Security) == 0 {
		return ""
	}
	for _, scheme := range op.Security {
		for _, roles := range scheme {
			if len(roles.Value) > 0 {
				return strings.Join(roles.Value, ", ")
			}
		}
	}
	return anyKey
}

func (b referenceBuilder) parameters(list []parameter) ([]fieldGroup, error) {
	places := []fieldGroup{{Title: "path"}, {Title: "query"}, {Title: "header"}}
	for _, p := range list {
		p, err := b.doc.parameter(p)
		if err != nil {
			return nil, err
		}
		row, err := b.doc.row(p.Schema, b.md.text)
		if err != nil {
			return nil, err
		}
		if row.Text, err = b.md.text(p.Description); err != nil {
			return nil, err
		}
		row.Name = p.Name
		if p.Required {
			row.Required = "required"
		}
		for i := range places {
			if places[i].Title == p.In {
				places[i].Fields = append(places[i].Fields, row)
			}
		}
	}
	var used []fieldGroup
	for _, place := range places {
		if len(place.Fields) > 0 {
			used = append(used, place)
		}
	}
	return used, nil
}

// body describes the JSON form of a body: its fields, its examples, and the first example as text.
func (b referenceBuilder) body(content ordered[mediaType]) (groups []fieldGroup, examples []sample, first string, err error) {
	form, ok := content.get("application/json")
	if !ok || form.Schema == nil {
		return nil, nil, "", nil
	}
	if groups, err = b.doc.groups(*form.Schema, b.md.text); err != nil {
		return nil, nil, "", err
	}
	for i, e := range form.Examples {
		value, err := b.doc.example(e.Value)
		if err != nil {
			return nil, nil, "", err
		}
		text, err := appendJSON(nil, &value.Value, "")
		if err != nil {
			return nil, nil, "", err
		}
		if i == 0 {
			first = string(text)
		}
		examples = append(examples, sample{Title: value.Summary, Code: highlightJSON(string(text))})
	}
	return groups, examples, first, nil
}

func (b referenceBuilder) answers(out *operationSection, responses ordered[response]) error {
	for _, r := range responses {
		resolved, err := b.doc.response(r.Value)
		if err != nil {
			return err
		}
		a := answer{Anchor: out.Anchor + "-" + r.Name, Status: r.Name, Name: statusName(r.Name)}
		if a.Text, err = b.md.text(resolved.Description); err != nil {
			return err
		}
		if a.Headers, err = b.headers(resolved.Headers, false); err != nil {
			return err
		}
		if a.Body, a.Examples, _, err = b.body(resolved.Content); err != nil {
			return err
		}
		markOptional(a.Body)
		_, isJSON := resolved.Content.get("application/json")
		a.File = len(resolved.Content) > 0 && !isJSON
		if r.Name < "400" {
			out.Answers = append(out.Answers, a)
		} else {
			a.Body = nil // all errors have one form, described once
			out.Errors = append(out.Errors, a)
		}
	}
	return nil
}

// markOptional turns the marks of an answer's fields round: there, a field that may be absent is the exception.
func markOptional(groups []fieldGroup) {
	for _, g := range groups {
		for i := range g.Fields {
			if g.Fields[i].Required == "" {
				g.Fields[i].Required = "optional"
			} else {
				g.Fields[i].Required = ""
			}
		}
	}
}

func statusName(status string) string {
	code, _ := strconv.Atoi(status)
	return http.StatusText(code)
}

// headers lists headers. Those of the components are described where full is set, else linked to.
func (b referenceBuilder) headers(list ordered[header], full bool) ([]headerRow, error) {
	var rows []headerRow
	for _, h := range list {
		resolved, err := b.doc.header(h.Value)
		if err != nil {
			return nil, err
		}
		row := headerRow{Name: h.Name}
		if component, ok := strings.CutPrefix(h.Value.Ref, "#/components/headers/"); ok {
			row.Anchor = headerAnchor(component)
		}
		if row.Text, err = b.md.text(resolved.Description); err != nil {
			return nil, err
		}
		if full {
			row.Name, row.Anchor = b.headerName(h.Name), headerAnchor(h.Name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// headerName finds the name under which answers carry a header of the components.
func (b referenceBuilder) headerName(component string) string {
	for _, path := range b.doc.Paths {
		for _, op := range path.Value {
			for _, r := range op.Value.Responses {
				resolved, _ := b.doc.response(r.Value)
				for _, h := range resolved.Headers {
					if h.Value.Ref == "#/components/headers/"+component {
						return h.Name
					}
				}
			}
		}
	}
	return component
}

// lists collects the components that are lists of values.
func (b referenceBuilder) lists() ([]valueList, error) {
	var out []valueList
	for _, s := range b.doc.Components.Schemas {
		if len(s.Value.Enum) == 0 {
			continue
		}
		text, err := b.md.text(s.Value.Description)
		if err != nil {
			return nil, err
		}
		list := valueList{Name: s.Name, Anchor: typeAnchor(s.Name), Text: text, Bare: len(s.Value.Meanings) == 0}
		for _, v := range s.Value.Enum {
			meaning, _ := s.Value.Meanings.get(v)
			text, err := b.md.text(meaning)
			if err != nil {
				return nil, err
			}
			list.Values = append(list.Values, headerRow{Name: v, Text: text})
		}
		out = append(out, list)
	}
	return out, nil
}

func typeAnchor(name string) string   { return "type-" + name }
func headerAnchor(name string) string { return "header-" + name }
