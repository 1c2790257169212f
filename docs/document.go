package docs

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is the part of an OpenAPI 3.1 document that the reference page shows. Order is that of the text.
type document struct {
	Info struct {
		Title       string
		Version     string
		Summary     string
		Description string
	}
	Tags       []tag
	Paths      ordered[ordered[operation]] // path -> method -> operation
	Components components
}

type tag struct {
	Name        string
	Description string
}

type components struct {
	Parameters ordered[parameter]
	Headers    ordered[header]
	Responses  ordered[response]
	Examples   ordered[example]
	Schemas    ordered[schema]
}

type operation struct {
	OperationID string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Security    []ordered[[]string]
	Parameters  []parameter
	RequestBody *requestBody `yaml:"requestBody"`
	Responses   ordered[response]
}

type requestBody struct {
	Content ordered[mediaType]
}

type mediaType struct {
	Schema   *schema
	Examples ordered[example]
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name        string
	In          string
	Required    bool
	Description string
	Schema      schema
	Example     yaml.Node
}

type header struct {
	Ref         string `yaml:"$ref"`
	Description string
	Schema      schema
	Example     yaml.Node
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     ordered[header]
	Content     ordered[mediaType]
}

type example struct {
	Ref     string `yaml:"$ref"`
	Summary string
	Value   yaml.Node
}

type schema struct {
	Ref                  string `yaml:"$ref"`
	Description          string
	Type                 typeNames
	Enum                 []string
	Const                *string
	Default              *string
	Required             []string
	Properties           ordered[schema]
	AdditionalProperties *mapValue `yaml:"additionalProperties"`
	Items                *schema
	OneOf                []schema `yaml:"oneOf"`
	AllOf                []schema `yaml:"allOf"`
	If                   *schema
	Then                 *schema
	MinLength            int      `yaml:"minLength"`
	MaxLength            int      `yaml:"maxLength"`
	MinItems             int      `yaml:"minItems"`
	MaxItems             int      `yaml:"maxItems"`
	Minimum              *float64 `yaml:"minimum"`
	Maximum              *float64 `yaml:"maximum"`
	Above                *float64 `yaml:"exclusiveMinimum"`
	ContentEncoding      string   `yaml:"contentEncoding"`

	// Meanings says what each value of Enum stands for.
	Meanings ordered[string] `yaml:"x-meanings"`
}

// parseDocument reads an OpenAPI document.
func parseDocument(text []byte) (*document, error) {
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	if len(d.Paths) == 0 {
		return nil, fmt.Errorf("reading the OpenAPI document: it has no paths")
	}
	return &d, nil
}

// ordered is a mapping whose members keep the order of the text.
type ordered[T any] []member[T]

type member[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML reads a mapping.
func (o *ordered[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping is due", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		m := member[T]{Name: n.Content[i].Value}
		if err := n.Content[i+1].Decode(&m.Value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// get returns the member of a name.
func (o ordered[T]) get(name string) (T, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	var none T
	return none, false
}

// typeNames is `type`: one name or several.
type typeNames []string

// UnmarshalYAML reads a name or a list of names.
func (t *typeNames) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = typeNames{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// mapValue is `additionalProperties`: the schema of a map's values, or no schema when it is only true or false.
type mapValue struct{ schema *schema }

// UnmarshalYAML reads a schema or a boolean.
func (v *mapValue) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return nil
	}
	return n.Decode(&v.schema)
}

// follow returns what a `$ref` to a component names, or value itself when it is no reference.
func follow[T any](ref, kind string, value T, in ordered[T]) (T, error) {
	if ref == "" {
		return value, nil
	}
	name, ok := strings.CutPrefix(ref, "#/components/"+kind+"/")
	if found, known := in.get(name); ok && known {
		return found, nil
	}
	return value, fmt.Errorf("the OpenAPI document has no %s", ref)
}

func (d *document) parameter(p parameter) (parameter, error) {
	return follow(p.Ref, "parameters", p, d.Components.Parameters)
}

func (d *document) header(h header) (header, error) {
	return follow(h.Ref, "headers", h, d.Components.Headers)
}

func (d *document) response(r response) (response, error) {
	return follow(r.Ref, "responses", r, d.Components.Responses)
}

func (d *document) example(e example) (example, error) {
	return follow(e.Ref, "examples", e, d.Components.Examples)
}

// schema resolves a reference; a description beside it stands before the component's own.
func (d *document) schema(s schema) (schema, error) {
	found, err := follow(s.Ref, "schemas", s, d.Components.Schemas)
	if err == nil && s.Description != "" {
		found.Description = s.Description
	}
	return found, err
}
