// Package console is the door for employees: pages by which they find, understand, answer and settle tickets. Every page is
// a plain document whose forms work without a script; the script beside them adds keys and keeps pages up to date. One
// page is one file here and one template.
package console

import (
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

//go:embed templates static
var files embed.FS

// Options are what New needs.
type Options struct {
	App       *app.App
	Staff     *staff.Staff
	Door      *web.Door
	Public    http.Handler     // answers for those who are not signed in where customers have a page at the same path
	Numbered  *live.Hub        // published when events got their place in the order of all
	Stopping  <-chan struct{}  // closed when the program stops: live pages are let go
	PublicURL string           // where users reach the service, also to follow a ticket; over https cookies are for https only; default none
	Version   string           // of the program, shown at the foot of the menu; default none
	Log       *slog.Logger     // default slog.Default()
	Clock     func() time.Time // default time.Now
}

// Server answers the pages of the console.
type Server struct {
	app      *app.App
	staff    *staff.Staff
	door     *web.Door
	public   http.Handler
	secure   bool
	reached  string // the public URL, without a slash at its end
	version  string
	log      *slog.Logger
	clock    func() time.Time
	stopping <-chan struct{}
	feed     *feed

	lookEvery time.Duration // see the constant
	pages     map[desk.Language]*pages
	assets    web.Assets
	paths     assetPaths
	guard     *http.CrossOriginProtection
	mux       *http.ServeMux
}

// assetPaths are where the browser finds what every page needs.
type assetPaths struct{ Style, Script, Morph, Icon string }

// New makes the console. It returns an error when a template cannot be read.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Server{app: o.App, staff: o.Staff, door: o.Door, public: o.Public, secure: strings.HasPrefix(o.PublicURL, "https://"), reached: strings.TrimSuffix(o.PublicURL, "/"), version: o.Version, log: o.Log, clock: o.Clock,
		stopping: o.Stopping, lookEvery: lookEvery, feed: newFeed(o.Staff, o.Numbered, o.Log), guard: http.NewCrossOriginProtection(), mux: http.NewServeMux()}
	if err := web.TrustOrigin(s.guard, o.PublicURL); err != nil {
		return nil, fmt.Errorf("the public URL of the console: %w", err)
	}
	if err := s.addAssets(); err != nil {
		return nil, err
	}
	var err error
	if s.pages, err = parsePages(o.App.Reference); err != nil {
		return nil, err
	}
	for _, r := range s.routes() {
		s.mux.Handle(r.pattern, s.serve(r))
	}
	s.mux.Handle("/", s.serve(route{operation: "unknown", access: anybody, handler: noPage}))
	return s, nil
}

// addAssets adds the files that every page needs, under names that change with their content.
func (s *Server) addAssets() error {
	for _, f := range []struct {
		name, kind string
		path       *string
	}{
		{"console.css", "text/css; charset=utf-8", &s.paths.Style},
		{"console.js", "text/javascript; charset=utf-8", &s.paths.Script},
		{"idiomorph.min.js", "text/javascript; charset=utf-8", &s.paths.Morph},
	} {
		body, err := files.ReadFile("static/" + f.name)
		if err != nil {
			return err
		}
		*f.path = s.assets.AddHashed(Static, f.name, f.kind, body)
	}
	s.paths.Icon = s.assets.AddHashed(Static, "icon.svg", web.IconType, web.Icon)
	return nil
}

// Static is the path below which the console's files are.
const Static = "/console/static"

// policy lets pages use this site's own style sheet, script and pictures, and nothing else (CSP 3).
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// ServeHTTP answers the pages of the console and its files.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.assets.Serve(w, r) {
		return
	}
	s.mux.ServeHTTP(w, r)
}

// harden sets the headers of every answer. Files have a policy of their own.
func harden(h http.Header) {
	if h.Get("Content-Security-Policy") == "" {
		h.Set("Content-Security-Policy", policy)
	}
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h["Vary"] = []string{"Cookie"}
}
