// Package portal is the door for customers: the page on which they follow their ticket by its number and tracking code
// (kode pantau), or by a signed link. It works without a script, on an old telephone and over a slow line.
package portal

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

//go:embed templates static
var files embed.FS

// Where the portal lives: its pages, and its style sheet and icon.
const (
	Root   = "/tickets"
	Static = "/portal/static"
)

// policy lets pages use this site's own style sheet and icon, send forms to it, and nothing else.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// mostForm is how long a form may be, in bytes: a number and a code.
const mostForm = 4 << 10

// Options are what New needs.
type Options struct {
	App       *app.App
	Door      *web.Door
	PublicURL string // where users reach the service; forms of a page there are taken, whatever a proxy makes of its name; default none
}

// Portal answers what is under Root and Static. It may be called by another handler that found nobody signed in.
type Portal struct {
	app       *app.App
	door      *web.Door
	assets    web.Assets
	style     string // paths
	icon      string
	templates *template.Template
	foreign   *http.CrossOriginProtection
	mux       *http.ServeMux
}

// New makes the portal. It fails when PublicURL is no URL.
func New(o Options) (*Portal, error) {
	p := &Portal{app: o.App, door: o.Door, foreign: http.NewCrossOriginProtection(), mux: http.NewServeMux()}
	if err := web.TrustOrigin(p.foreign, o.PublicURL); err != nil {
		return nil, fmt.Errorf("the public URL of the portal: %w", err)
	}
	if err := p.readFiles(); err != nil {
		return nil, err
	}
	for _, at := range []string{Root, Root + "/{number}"} {
		p.mux.Handle("GET "+at, p.door.HandlePage("track", p.show, p.wordError))
		p.mux.Handle("POST "+at, p.door.HandlePage("trackByCode", p.submit, p.wordError))
		p.mux.Handle(at, p.door.HandlePage("track", refuseMethod, p.wordError))
	}
	p.mux.Handle("/", p.door.HandlePage("track", missing, p.wordError))
	return p, nil
}

func (p *Portal) readFiles() (err error) {
	style, err := files.ReadFile("static/portal.css")
	if err != nil {
		return err
	}
	p.style = p.assets.AddHashed(Static, "portal.css", "text/css; charset=utf-8", style)
	p.icon = p.assets.AddHashed(Static, "icon.svg", web.IconType, web.Icon)
	p.templates, err = template.ParseFS(files, "templates/*.html")
	return err
}

// ServeHTTP answers every path; those that the portal does not know with a page that says so.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.assets.Serve(w, r) {
		p.mux.ServeHTTP(w, r)
	}
}

func missing(*web.Request) (web.Answer, error) {
	return web.Answer{}, desk.Fail(desk.NotFound, desk.PageNotFound)
}

func refuseMethod(r *web.Request) (web.Answer, error) {
	const allowed = "GET, HEAD, POST"
	return web.Answer{}, &desk.Error{Code: desk.WrongMethod, Text: desk.MethodNotAllowed, Args: []string{r.Method, allowed}, Allow: allowed}
}

// language is what a visitor reads: what the address asks for (chosen), else what the browser wants, else Indonesian.
func language(r *web.Request) (l desk.Language, chosen bool) {
	switch l := desk.Language(r.URL.Query().Get("lang")); l {
	case desk.Indonesian, desk.English:
		return l, true
	}
	return web.Language(r.Request, desk.Indonesian), false
}

// page is what every template sees.
type page struct {
	Lang    desk.Language
	Words   words
	Style   string
	Icon    string
	Action  string // where the form goes
	Others  string // this page in the other language
	Title   string
	Content any
}

// render makes a page.
func (p *Portal) render(r *web.Request, status int, name, title string, content any) (web.Answer, error) {
	l, chosen := language(r)
	v := page{Lang: l, Words: wordsIn(l), Style: p.style, Icon: p.icon, Action: Root, Title: title, Content: content}
	if chosen {
		v.Action += "?lang=" + string(l)
	}
	here := url.Values{"lang": {string(v.Words.Other)}}
	if t := r.URL.Query().Get("t"); t != "" {
		here.Set("t", t)
	}
	v.Others = "?" + here.Encode()
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, v); err != nil {
		return web.Answer{}, fmt.Errorf("making the page %s: %w", name, err)
	}
	answer := web.Page(status, b.Bytes())
	answer.Header.Set("Content-Security-Policy", policy)
	answer.Header.Set("Cache-Control", "no-store")
	answer.Header.Set("Referrer-Policy", "same-origin") // without it, browsers would say of forms that they come from `null`
	answer.Header.Set("X-Robots-Tag", "noindex, nofollow")
	return answer, nil
}

// wordError makes the page that tells an error.
func (p *Portal) wordError(r *web.Request, e *desk.Error, status int) (web.Answer, error) {
	l, _ := language(r)
	return p.render(r, status, "error", strings.TrimSuffix(e.In(l), "."), errorView{Message: e.In(l), Request: r.ID})
}

// errorView is what the page of an error shows.
type errorView struct {
	Message string
	Request string // id
}
