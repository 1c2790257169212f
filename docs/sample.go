package docs

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"
)

// sample is a piece of code that a reader may copy.
type sample struct {
	Title string
	Code  template.HTML
}

// jsonToken finds the parts of JSON text that are coloured: a name (with its colon), a text, a number, a word.
var jsonToken = regexp.MustCompile(`("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b`)

// highlightJSON marks the parts of JSON text, as HTML.
func highlightJSON(text string) template.HTML {
	var b strings.Builder
	end := 0
	for _, m := range jsonToken.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[end:m[0]]))
		class, stop := "v", m[1]
		switch {
		case m[4] >= 0:
			class, stop = "k", m[3]
		case m[2] >= 0:
			class = "s"
		}
		b.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(text[m[0]:stop]) + `</span>`)
		end = stop
	}
	b.WriteString(template.HTMLEscapeString(text[end:]))
	return template.HTML(b.String())
}

// shellToken finds the parts of a shell script that are coloured: a comment, a text in quotes, an option.
var shellToken = regexp.MustCompile(`(?m)(^\s*#.*$)|('[^'\n]*'|"[^"\n]*")|(?:^|\s)(--?[A-Za-z][\w-]*)`)

// highlightShell marks the parts of a shell script, as HTML.
func highlightShell(text string) template.HTML {
	var b strings.Builder
	end := 0
	for _, m := range shellToken.FindAllStringSubmatchIndex(text, -1) {
		for group, class := range []string{"c", "s", "k"} {
			from, to := m[2+2*group], m[3+2*group]
			if from < 0 {
				continue
			}
			b.WriteString(template.HTMLEscapeString(text[end:from]))
			b.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(text[from:to]) + `</span>`)
			end = to
		}
	}
	b.WriteString(template.HTMLEscapeString(text[end:]))
	return template.HTML(b.String())
}

// curl writes a command for a shell that runs an operation: its required parameters and those with an example are
// filled in. body is JSON, or empty.
func (d *document) curl(base, method, path string, op operation, body string) (string, error) {
	query := url.Values{}
	for _, p := range op.Parameters {
		p, err := d.parameter(p)
		if err != nil {
			return "", err
		}
		switch {
		case p.Example.IsZero():
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(p.Example.Value))
		case p.In == "query":
			query.Set(p.Name, p.Example.Value)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	lines := []string{"curl -sS" + curlFlags(method, op), "'" + base + path + "'"}
	if op.Security == nil || len(op.Security) > 0 {
		lines = append(lines, `-H "Authorization: Bearer $API_KEY"`)
	}
	if body != "" {
		lines = append(lines, "-H 'Content-Type: application/json'", "--data-binary @- <<'JSON'\n"+body+"\nJSON")
	}
	return strings.Join(lines, " \\\n  "), nil
}

func curlFlags(method string, op operation) string {
	if method != "GET" {
		return " -X " + method
	}
	for _, r := range op.Responses {
		if _, file := r.Value.Content.get("*/*"); file {
			return " -OJ"
		}
	}
	return ""
}
