package docs

import (
	"html/template"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// schemas of a made-up API, with all that a table of fields has to show.
const madeUp = `
paths: {/x: {get: {}}}
components:
  schemas:
    Colour: {description: A colour., type: string, enum: [red, blue, null]}
    Part: {type: object, required: [size], properties: {size: {type: integer, minimum: 1, maximum: 2000}}}
    Thing:
      type: object
      required: [name]
      properties:
        name: {description: Its name., type: string, minLength: 1, maxLength: 200}
        colour: {description: Of the lid., $ref: "#/components/schemas/Colour"}
        part: {$ref: "#/components/schemas/Part"}
        parts: {type: array, maxItems: 20, items: {$ref: "#/components/schemas/Part"}}
        notes: {type: [object, "null"], additionalProperties: {type: string}}
        weight: {type: number, exclusiveMinimum: 0, maximum: 1000000.5}
        count: {type: integer, minimum: -1000, default: 5}
        data: {type: string, contentEncoding: base64}
        colours: {type: array, items: {$ref: "#/components/schemas/Colour"}}
      allOf:
        - {if: {properties: {name: {const: box}}}, then: {required: [colour]}}
    Forms:
      oneOf:
        - {$ref: "#/components/schemas/First"}
        - {$ref: "#/components/schemas/Second"}
    First: {description: One., type: object, properties: {kind: {type: string, const: first}, part: {$ref: "#/components/schemas/Part"}}}
    Second: {description: Two., type: object, properties: {kind: {type: string, const: second}, part: {$ref: "#/components/schemas/Part"}}}
    Event:
      type: object
      properties: {name: {type: string}, data: {type: object}}
      allOf:
        - if: {properties: {name: {const: made}}}
          then: {properties: {data: {$ref: "#/components/schemas/Part"}}}
    Loop: {type: object, properties: {next: {$ref: "#/components/schemas/Loop"}}}
    Lost: {type: object, properties: {next: {$ref: "#/components/schemas/Nowhere"}}}
`

func madeUpGroups(t *testing.T, name string) ([]fieldGroup, error) {
	t.Helper()
	doc, err := parseDocument([]byte(madeUp))
	if err != nil {
		t.Fatal(err)
	}
	asIs := func(s string) (template.HTML, error) { return template.HTML(s), nil }
	return doc.groups(schema{Ref: "#/components/schemas/" + name}, asIs)
}

func TestFieldsAreListedWithTypesLimitsAndValues(t *testing.T) {
	got, err := madeUpGroups(t, "Thing")
	if err != nil {
		t.Fatal(err)
	}
	want := []fieldGroup{{Fields: []field{
		{Name: "name", Type: "string", Required: "required", Text: "Its name.", Limits: []string{"1 to 200 characters"}},
		{Name: "colour", Type: "Colour", TypeLink: "type-Colour", Required: "conditional", Text: "Of the lid.", Values: []string{"red", "blue"}},
		{Name: "part", Type: "object"},
		{Prefix: "part.", Name: "size", Type: "integer", Required: "required", Limits: []string{"1 to 2,000"}},
		{Name: "parts", Type: "object[]", Limits: []string{"at most 20 items"}},
		{Prefix: "parts[].", Name: "size", Type: "integer", Required: "required", Limits: []string{"1 to 2,000"}},
		{Name: "notes", Type: "object of string or null"},
		{Name: "weight", Type: "number", Limits: []string{"more than 0", "at most 1,000,000.5"}},
		{Name: "count", Type: "integer", Limits: []string{"at least -1,000", "default 5"}},
		{Name: "data", Type: "string", Limits: []string{"base64"}},
		{Name: "colours", Type: "Colour[]", TypeLink: "type-Colour"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestABodyInSeveralFormsHasATableForEach(t *testing.T) {
	got, err := madeUpGroups(t, "Forms")
	if err != nil {
		t.Fatal(err)
	}
	want := []fieldGroup{
		{Title: "kind: first", Text: "One.", Fields: []field{
			{Name: "kind", Type: "string"}, {Name: "part", Type: "object"},
			{Prefix: "part.", Name: "size", Type: "integer", Required: "required", Limits: []string{"1 to 2,000"}},
		}},
		{Title: "kind: second", Text: "Two.", Fields: []field{
			{Name: "kind", Type: "string"}, {Name: "part", Type: "object", Limits: []string{"fields as above"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFieldWhoseFormDependsOnAnotherHasATableForEachForm(t *testing.T) {
	got, err := madeUpGroups(t, "Event")
	if err != nil {
		t.Fatal(err)
	}
	want := []fieldGroup{
		{Fields: []field{{Name: "name", Type: "string"}, {Name: "data", Type: "object"}}},
		{Title: "data, when name: made", Fields: []field{
			{Prefix: "data.", Name: "size", Type: "integer", Required: "required", Limits: []string{"1 to 2,000"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSchemasThatCannotBeListedAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"Loop": "too deeply", "Lost": "has no #/components/schemas/Nowhere", "None": "has no #/components/schemas/None",
	} {
		if _, err := madeUpGroups(t, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", name, err, want)
		}
	}
}

func TestDocumentsThatCannotBeReadAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ document, want string }{
		"not YAML":                {"a: [", "reading the OpenAPI document"},
		"no paths":                {"info: {title: x}", "no paths"},
		"paths are no mapping":    {"paths: [1]", "a mapping is due"},
		"a reference to nothing":  {"tags: [{name: A}]\npaths: {/x: {get: {tags: [A], parameters: [{$ref: '#/components/parameters/P'}]}}}", "has no #/components/parameters/P"},
		"an answer of nothing":    {"tags: [{name: A}]\npaths: {/x: {get: {tags: [A], responses: {'200': {$ref: '#/components/responses/R'}}}}}", "has no #/components/responses/R"},
		"a reference of a parent": {"tags: [{name: A}]\npaths: {/x: {get: {tags: [A], responses: {'200': {$ref: 'other.yaml'}}}}}", "has no other.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Options{Document: []byte(c.document)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

func TestNumbersHaveCommasBetweenThousands(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", -999: "-999", -1000: "-1,000", 1e9: "1,000,000,000", 1234.5: "1,234.5", 0.01: "0.01",
	} {
		if got := number(f); got != want {
			t.Errorf("number(%v) = %q, want %q", f, got, want)
		}
	}
}
