package docs

import (
	"fmt"
	"html/template"
	"strings"
)

// guide is a text for people: how to do something.
type guide struct {
	Path     string
	Lang     string
	Title    string
	Summary  template.HTML // its first paragraph
	Text     template.HTML
	Headings []heading
	Other    *guide // the same guide in Indonesian; nil when there is none
}

// readGuides reads the guides in the order in which they are listed on pages. `{{base}}` in them stands for the
// public URL.
func readGuides(md markdown, base string) ([]*guide, error) {
	var guides []*guide
	for _, name := range []string{"getting-started", "webhooks", "delivery", "sociomile", "testing", "installing", "operating", "backup", "data-protection"} {
		g, err := readGuide(md, base, name+".md")
		if err != nil {
			return nil, err
		}
		g.Path, g.Lang = Root+"/"+name, "en"
		if _, err := files.Open("guides/" + name + ".id.md"); err == nil {
			if g.Other, err = readGuide(md, base, name+".id.md"); err != nil {
				return nil, err
			}
			g.Other.Path, g.Other.Lang = Root+"/id/"+name, "id"
		}
		guides = append(guides, g)
	}
	return guides, nil
}

// readGuide reads one file: a title, a first paragraph that sums it up, and the rest.
func readGuide(md markdown, base, file string) (*guide, error) {
	raw, err := files.ReadFile("guides/" + file)
	if err != nil {
		return nil, err
	}
	source := strings.ReplaceAll(string(raw), "{{base}}", base)
	title, rest, _ := strings.Cut(source, "\n\n")
	summary, rest, _ := strings.Cut(rest, "\n\n")
	title, ok := strings.CutPrefix(title, "# ")
	if !ok {
		return nil, fmt.Errorf("the guide %s does not begin with a title", file)
	}
	g := &guide{Title: title}
	if g.Summary, err = md.text(summary); err != nil {
		return nil, err
	}
	g.Text, g.Headings, err = md.page(rest)
	return g, err
}
