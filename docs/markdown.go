package docs

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// heading is a section that can be linked to.
type heading struct {
	Anchor string
	Title  string
}

// markdown renders Markdown with tables. Raw HTML in it is left out.
type markdown struct{ engine goldmark.Markdown }

func newMarkdown() markdown {
	return markdown{goldmark.New(
		// aligned columns are marked by an attribute: a style attribute would break the Content-Security-Policy
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(
			html.WithXHTML(),
			renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 100)),
		),
	)}
}

// text renders a description.
func (m markdown) text(source string) (template.HTML, error) {
	html, _, err := m.page(source)
	return html, err
}

// page renders a text and lists its headings of the second level.
func (m markdown) page(source string) (template.HTML, []heading, error) {
	if source == "" {
		return "", nil, nil
	}
	src := []byte(source)
	tree := m.engine.Parser().Parse(text.NewReader(src))
	var b bytes.Buffer
	if err := m.engine.Renderer().Render(&b, src, tree); err != nil {
		return "", nil, fmt.Errorf("rendering Markdown: %w", err)
	}
	return template.HTML(b.String()), headings(tree, src), nil
}

func headings(tree ast.Node, src []byte) []heading {
	var found []heading
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level != 2 {
			continue
		}
		if id, ok := h.AttributeString("id"); ok {
			found = append(found, heading{Anchor: string(id.([]byte)), Title: plain(h, src)})
		}
	}
	return found
}

// plain returns the text of a node without its markup.
func plain(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Value(src))
		} else {
			b.WriteString(plain(c, src))
		}
	}
	return b.String()
}

// codeRenderer writes fenced code like the samples of the reference, so that it can be reached by keyboard and copied.
type codeRenderer struct{}

// RegisterFuncs tells goldmark what is rendered here.
func (codeRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, renderCode)
}

func renderCode(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	code := strings.TrimSuffix(string(n.Lines().Value(src)), "\n")
	html := template.HTML(template.HTMLEscapeString(code))
	switch string(n.(*ast.FencedCodeBlock).Language(src)) {
	case "json":
		html = highlightJSON(code)
	case "sh":
		html = highlightShell(code)
	}
	_, err := w.WriteString(`<pre class="code" tabindex="0"><code>` + string(html) + "</code></pre>\n")
	return ast.WalkSkipChildren, err
}
