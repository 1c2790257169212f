package docs

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var anyTag = regexp.MustCompile(`<[^>]*>`)

// shownText is what a reader sees of HTML.
func shownText(markup string) string { return html.UnescapeString(anyTag.ReplaceAllString(markup, "")) }

func TestColouringChangesNoCharacterAndLetsNoMarkupIn(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		`"`, `\`, `'`, `<b>`, `&amp;`, `{"a": 1.5e3}`, "--flag", "# note\n", "\n", " -H ", `"x": true`,
	}))
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(rt, "pieces"), "")
		text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "") // HTML cannot hold NUL
		for name, markup := range map[string]string{"JSON": string(highlightJSON(text)), "shell": string(highlightShell(text))} {
			if diff := cmp.Diff(text, shownText(markup)); diff != "" {
				rt.Errorf("%s (-want +got):\n%s", name, diff)
			}
			for _, tag := range anyTag.FindAllString(markup, -1) {
				if tag != "</span>" && !strings.HasPrefix(tag, `<span class="`) {
					rt.Errorf("%s: the markup %s came out of the text %q", name, tag, text)
				}
			}
		}
	})
}

func TestJSONIsColouredByKind(t *testing.T) {
	got := string(highlightJSON(`{"a": "b:\"", "n": -1.5e3, "t": true}`))
	want := `{<span class="k">&#34;a&#34;</span>: <span class="s">&#34;b:\&#34;&#34;</span>, ` +
		`<span class="k">&#34;n&#34;</span>: <span class="v">-1.5e3</span>, <span class="k">&#34;t&#34;</span>: <span class="v">true</span>}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCurlCommandsFillInWhatHasAnExample(t *testing.T) {
	doc, err := parseDocument([]byte(`
paths:
  /things/{id}:
    get:
      security: []
      parameters:
        - {name: id, in: path, required: true, example: a/b}
        - {name: q, in: query, example: x y}
        - {name: limit, in: query}
      responses: {"200": {description: ok}}
    post:
      responses: {"200": {description: ok}}
  /file:
    get:
      responses: {"200": {description: ok, content: {"*/*": {}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	things, _ := doc.Paths.get("/things/{id}")
	get, _ := things.get("get")
	post, _ := things.get("post")
	file, _ := doc.Paths.get("/file")
	download, _ := file.get("get")
	for name, c := range map[string]struct {
		method, path, body string
		op                 operation
		want               string
	}{
		"without a key": {"GET", "/things/{id}", "", get, "curl -sS \\\n  'https://h/things/a%2Fb?q=x+y'"},
		"with a body": {"POST", "/things/1", "{}", post, "curl -sS -X POST \\\n  'https://h/things/1' \\\n  -H \"Authorization: Bearer $API_KEY\" \\\n" +
			"  -H 'Content-Type: application/json' \\\n  --data-binary @- <<'JSON'\n{}\nJSON"},
		"a download": {"GET", "/file", "", download, "curl -sS -OJ \\\n  'https://h/file' \\\n  -H \"Authorization: Bearer $API_KEY\""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := doc.curl("https://h", c.method, c.path, c.op, c.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
