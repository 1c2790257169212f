// Package docs serves the documentation of the service desk: guides, and the API reference drawn from the OpenAPI
// document. Every page is made once, at start; none needs the network or a script, and all obey a strict
// Content-Security-Policy.
package docs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
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
	assets  map[string]asset // by path
	missing asset            // the page for unknown paths
}

// asset is an answer that never changes.
type asset struct {
	body        []byte
	contentType string
	etag        string
	cache       string
}

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
	s := &Site{assets: map[string]asset{}}
	if err := s.addStatic(&v); err != nil {
		return nil, err
	}
	return s, s.addPages(v)
}

// addStatic adds the style sheet, the script and the icon under names that change with their content.
func (s *Site) addStatic(v *view) error {
	for _, f := range []struct {
		name, contentType string
		path              *string
	}{
		{"docs.css", "text/css; charset=utf-8", &v.Style},
		{"docs.js", "text/javascript; charset=utf-8", &v.Script},
		{"icon.svg", "image/svg+xml", &v.Icon},
	} {
		body, err := files.ReadFile("static/" + f.name)
		if err != nil {
			return err
		}
		a := newAsset(body, f.contentType)
		a.cache = "public, max-age=31536000, immutable"
		name, extension, _ := strings.Cut(f.name, ".")
		*f.path = Root + "/static/" + name + "." + strings.Trim(a.etag, `"`) + "." + extension
		s.assets[*f.path] = a
	}
	return nil
}

func (s *Site) addPages(v view) error {
	templates, err := template.New("").Funcs(template.FuncMap{"lower": strings.ToLower}).ParseFS(files, "templates/*.html")
	if err != nil {
		return err
	}
	add := func(path, name, title string) (err error) {
		v.Path, v.Title = path, title
		s.assets[path], err = renderPage(templates, name, v)
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

func renderPage(templates *template.Template, name string, v view) (asset, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		return asset{}, fmt.Errorf("making the page %s: %w", name, err)
	}
	return newAsset(b.Bytes(), "text/html; charset=utf-8"), nil
}

func newAsset(body []byte, contentType string) asset {
	sum := sha256.Sum256(body)
	return asset{body: body, contentType: contentType, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, cache: "no-cache"}
}

// ServeHTTP answers requests for Root and what is below it.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, found := s.assets[r.URL.Path]
	if !found {
		s.serveMissing(w, r)
		return
	}
	h.Set("Content-Type", a.contentType)
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", a.cache)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

// serveMissing leads paths with a slash too many to their page and answers 404 to all others.
func (s *Site) serveMissing(w http.ResponseWriter, r *http.Request) {
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path {
		if _, found := s.assets[path]; found {
			http.Redirect(w, r, path, http.StatusMovedPermanently)
			return
		}
	}
	w.Header().Set("Content-Type", s.missing.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		_, _ = w.Write(s.missing.body) // a client that went away is nobody's fault
	}
}
