// Package docs serves the documentation of the service desk: guides, and the API reference drawn from the OpenAPI
// document. Every page is made once, at start; none needs the network or a script, and all obey a strict
// Content-Security-Policy.
package docs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"banksulutgo.co.id/servicedesk/web"
)

//go:embed templates static guides
var files embed.FS

// Root is the path of the first page; all others are below it.
const Root = "/docs"

// policy lets pages use this site's own style sheet, script and icon, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Options of a Site.
type Options struct {
	Document  []byte // the OpenAPI document in YAML; required
	PublicURL string // where users reach the service, printed in samples; default http://127.0.0.1:8080
	Version   string // of the program, printed at the foot of pages; default none
}

// Site holds the finished pages.
type Site struct {
	assets  web.Assets
	missing []byte // the page for unknown paths
}

// htmlType is the media type of pages.
const htmlType = "text/html; charset=utf-8"

// view is what every template sees. Guide is nil on other pages.
type view struct {
	Lang      string
	Title     string
	Path      string
	BaseURL   string
	Version   string
	Style     string // paths of the static files
	Script    string
	Icon      string
	Guides    []*guide
	Guide     *guide
	Reference *reference
}

// New makes all pages. It fails when the document or a guide cannot be read.
func New(o Options) (*Site, error) {
	if o.PublicURL == "" {
		o.PublicURL = "http://127.0.0.1:8080"
	}
	base := strings.TrimRight(o.PublicURL, "/")
	doc, err := parseDocument(o.Document)
	if err != nil {
		return nil, err
	}
	md := newMarkdown()
	v := view{Lang: "en", BaseURL: base, Version: o.Version}
	if v.Reference, err = (referenceBuilder{doc: doc, base: base, md: md}).build(); err != nil {
		return nil, err
	}
	if v.Guides, err = readGuides(md, base); err != nil {
		return nil, err
	}
	s := &Site{}
	if err := s.addStatic(&v); err != nil {
		return nil, err
	}
	return s, s.addPages(v)
}

// addStatic adds the style sheet, the script and the icon under names that change with their content.
func (s *Site) addStatic(v *view) error {
	v.Icon = s.assets.AddHashed(Root+"/static", "icon.svg", web.IconType, web.Icon)
	for _, f := range []struct {
		name, contentType string
		path              *string
	}{
		{"docs.css", "text/css; charset=utf-8", &v.Style},
		{"docs.js", "text/javascript; charset=utf-8", &v.Script},
	} {
		body, err := files.ReadFile("static/" + f.name)
		if err != nil {
			return err
		}
		*f.path = s.assets.AddHashed(Root+"/static", f.name, f.contentType, body)
	}
	return nil
}

func (s *Site) addPages(v view) error {
	templates, err := template.New("").Funcs(template.FuncMap{"lower": strings.ToLower}).ParseFS(files, "templates/*.html")
	if err != nil {
		return err
	}
	add := func(path, name, title string) error {
		v.Path, v.Title = path, title
		body, err := renderPage(templates, name, v)
		s.assets.Add(path, htmlType, body)
		return err
	}
	if err := add(Root, "overview", "Documentation"); err != nil {
		return err
	}
	if err := add(Root+"/api", "reference", "API reference"); err != nil {
		return err
	}
	for _, g := range v.Guides {
		for ; g != nil; g = g.Other {
			v.Guide, v.Lang = g, g.Lang
			if err := add(g.Path, "guide", g.Title); err != nil {
				return err
			}
		}
	}
	v.Guide, v.Lang, v.Path, v.Title = nil, "en", "", "Not found"
	s.missing, err = renderPage(templates, "missing", v)
	return err
}

func renderPage(templates *template.Template, name string, v view) ([]byte, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		return nil, fmt.Errorf("making the page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// ServeHTTP answers requests for Root and what is below it.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if !s.assets.Serve(w, r) {
		s.serveMissing(w, r)
	}
}

// serveMissing leads paths with a slash too many to their page and answers 404 to all others.
func (s *Site) serveMissing(w http.ResponseWriter, r *http.Request) {
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path {
		if s.assets.Has(path) {
			http.Redirect(w, r, path, http.StatusMovedPermanently)
			return
		}
	}
	w.Header().Set("Content-Type", htmlType)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		_, _ = w.Write(s.missing) // a client that went away is nobody's fault
	}
}
