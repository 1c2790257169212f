package docs

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func TestBothFormsOfTheDocumentAreEqual(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out, err := DocumentJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON any
	if err := yaml.Unmarshal(text, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &fromJSON); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(throughJSON(t, fromYAML), fromJSON); diff != "" {
		t.Errorf("YAML and JSON differ (-yaml +json):\n%s", diff)
	}
}

// throughJSON gives a value the types that a JSON decoder makes.
func throughJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDocumentJSONKeepsOrderAndWording(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"order of keys":       {"b: 1\na: 2\n\"10\": 3\n", "{\n  \"b\": 1,\n  \"a\": 2,\n  \"10\": 3\n}\n"},
		"nothing inside":      {"a: {}\nb: []\n", "{\n  \"a\": {},\n  \"b\": []\n}\n"},
		"lists":               {"[1, [2.50, -3]]", "[\n  1,\n  [\n    2.50,\n    -3\n  ]\n]\n"},
		"readable characters": {`"<a> & b"`, "\"<a> & b\"\n"},
		"words":               {"[true, False, null, ~, yes]", "[\n  true,\n  false,\n  null,\n  null,\n  \"yes\"\n]\n"},
		"texts like numbers":  {"['1', \"true\", 2024-12-19]", "[\n  \"1\",\n  \"true\",\n  \"2024-12-19\"\n]\n"},
		"keys like numbers":   {"200: ok", "{\n  \"200\": \"ok\"\n}\n"},
		"anchors":             {"a: &x [1]\nb: *x", "{\n  \"a\": [\n    1\n  ],\n  \"b\": [\n    1\n  ]\n}\n"},
		"folded text":         {"a: |\n  x\n  y\n", "{\n  \"a\": \"x\\ny\\n\"\n}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DocumentJSON([]byte(c.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentJSONRefusesWhatJSONCannotSay(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"not YAML":           {"a: [", "reading the document"},
		"nothing":            {"", "nothing there"},
		"a merge key":        {"x: &x {a: 1}\ny:\n  <<: *x\n", "line 3: a key must be a plain name"},
		"a key of two parts": {"? [a, b]\n: 1\n", "a key must be a plain name"},
		"an octal number":    {"a: 0o17", "0o17 is not a JSON number"},
		"not a number":       {"a: [.nan]", ".nan is not a JSON number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DocumentJSON([]byte(c.yaml))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

func TestDocumentJSONSaysWhatTheYAMLSays(t *testing.T) {
	text := rapid.StringMatching("[-0-9a-zA-Z \"'#:,.&*!|>%@?{}\\[\\]<é~=/\\\\`]*")
	value := rapid.MapOf(text, rapid.OneOf(text.AsAny(), rapid.Bool().AsAny(), rapid.Int32().AsAny(), rapid.SliceOf(text).AsAny()))
	rapid.Check(t, func(rt *rapid.T) {
		in := value.Draw(rt, "value")
		text, err := yaml.Marshal(in)
		if err != nil {
			rt.Fatal(err)
		}
		out, err := DocumentJSON(text)
		if err != nil {
			rt.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(out, &got); err != nil {
			rt.Fatalf("%v in %s", err, out)
		}
		if err := json.Unmarshal(marshal(rt, in), &want); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func marshal(rt *rapid.T, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		rt.Fatal(err)
	}
	return text
}
