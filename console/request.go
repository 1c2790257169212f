package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// Who may reach a route.
type access int

const (
	anybody  access = iota // no session is needed
	begun                  // a session, also one whose second factor is still to be given
	signedIn               // a session with everything that the role asks for
)

// route is one page, or one thing that a form does.
type route struct {
	pattern    string
	operation  string // in log and metrics
	access     access
	permission desk.Permission // empty: every role
	handler    func(*request) (web.Answer, error)
	public     bool // those who are not signed in are the portal's
}

// request is a request of an employee.
type request struct {
	*web.Request
	server  *Server
	session staff.Session // the zero Session: nobody is signed in
	visitor staff.Visitor
	token   string
	actor   desk.Actor
	form    url.Values // of a POST
	files   []desk.Attachment
	words   words
}

// maxForm is how large a form without files may be, in bytes: a long comment and a reason, percent-encoded.
const maxForm = 256 << 10

// serve serves a route.
func (s *Server) serve(to route) http.Handler {
	page := s.door.HandlePage(to.operation, func(r *web.Request) (web.Answer, error) { return s.answer(to, r) }, s.wordError)
	if !to.public {
		return page
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(s.cookieName(sessionCookie)); err != nil {
			s.public.ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// answer lets a request through to its handler.
func (s *Server) answer(to route, wr *web.Request) (web.Answer, error) {
	r := s.open(wr)
	if err := s.guard.Check(wr.Request); err != nil {
		return web.Answer{}, &desk.Error{Code: desk.Forbidden, Text: desk.FormForeign, Err: err}
	}
	if err := s.recognise(r); err != nil {
		return web.Answer{}, err
	}
	if next := r.missing(to.access); next != "" {
		return r.redirect(next), nil
	}
	a, err := s.handle(to, r)
	if err != nil {
		s.noteRefusal(r, to.operation, err)
		return web.Answer{}, err
	}
	if a.Header == nil {
		a.Header = http.Header{}
	}
	harden(a.Header)
	return a, nil
}

// handle does what somebody asked for who may come so far.
func (s *Server) handle(to route, r *request) (a web.Answer, err error) {
	if to.permission != "" && !r.actor.Permissions.Allow(to.permission) {
		return a, desk.Fail(desk.Forbidden, desk.RoleCannot)
	}
	if r.Method == http.MethodPost {
		if r.form, r.files, err = s.door.ReadUpload(r.Request, maxForm); err != nil {
			return a, err
		}
	}
	return to.handler(r)
}

// noteRefusal puts what somebody known was refused into the audit trail. What the path names is not kept: who types a
// customer's number in the place of a ticket's is refused too.
func (s *Server) noteRefusal(r *request, operation string, err error) {
	e, ours := errors.AsType[*desk.Error](err)
	if ours && r.actor.ID != "" && (e.Code == desk.Forbidden || e.Code == desk.NotFound) {
		s.app.NoteRefusal(r.actor, operation, "", e.Code)
	}
}

// noPage answers where there is no page.
func noPage(*request) (web.Answer, error) {
	return web.Answer{}, desk.Fail(desk.NotFound, desk.PageNotFound)
}

// open finds out what does not need the session.
func (s *Server) open(wr *web.Request) *request {
	r := &request{Request: wr, server: s}
	r.visitor = staff.Visitor{Address: wr.Address, Browser: wr.UserAgent(), RequestID: wr.ID}
	if c, err := wr.Cookie(s.cookieName(deviceCookie)); err == nil {
		r.visitor.Device = c.Value
	}
	if c, err := wr.Cookie(s.cookieName(sessionCookie)); err == nil {
		r.token = c.Value
	}
	r.words = wordsIn(r.language())
	return r
}

// chosen is the language that was chosen at the sign-in page; empty: none was.
func (r *request) chosen() desk.Language {
	if l := desk.Language(r.URL.Query().Get("lang")); l == desk.English || l == desk.Indonesian {
		return l
	}
	return ""
}

// language is what somebody reads who is not known yet: what was chosen at the sign-in page, else Indonesian, unless the
// browser asks for English.
func (r *request) language() desk.Language {
	if chosen := r.chosen(); chosen != "" {
		return chosen
	}
	return web.Language(r.Request.Request, desk.Indonesian)
}

// recognise finds the session of a token. One that has ended is none.
func (s *Server) recognise(r *request) error {
	if r.token == "" {
		return nil
	}
	session, err := s.staff.Session(r.Context(), r.token)
	switch {
	case desk.Is(err, desk.Unauthorized):
		r.token = ""
		return nil
	case err != nil:
		return err
	}
	r.session = session
	r.actor = session.Actor(r.visitor)
	r.Actor = r.actor
	r.Language = cmp.Or(session.Agent.Language, desk.Indonesian)
	r.words = wordsIn(r.Language)
	return nil
}

// missing is where somebody is sent who lacks something for a kind of route; empty when nothing is.
func (r *request) missing(a access) string {
	switch {
	case a == anybody:
		return ""
	case r.session.ID == "":
		back := r.URL.RequestURI()
		if r.Method != http.MethodGet || back == "/" {
			return "/sign-in"
		}
		return "/sign-in?" + url.Values{"next": {back}}.Encode()
	case a == begun:
		return ""
	case r.session.Verified && r.session.MustChange:
		return "/account/password"
	case r.session.MustEnrol:
		return "/account/factor"
	case !r.session.Verified:
		return "/sign-in/code"
	}
	return ""
}

// redirect leads to another page.
func (r *request) redirect(to string) web.Answer {
	a := web.Answer{Status: http.StatusSeeOther, Type: "text/plain; charset=utf-8", Header: http.Header{"Location": {to}}}
	harden(a.Header)
	return a
}

// done leads to a page that says what was done.
func (r *request) done(to, what string) web.Answer {
	path, fragment, _ := strings.Cut(to, "#")
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	if fragment != "" {
		fragment = "#" + fragment
	}
	return r.redirect(path + mark + "done=" + what + fragment)
}

// back is where a form says that its page was, when that is a page of ours.
func (r *request) back(otherwise string) string {
	return local(r.form.Get("back"), otherwise)
}

// local is a path of ours, or the other one: nobody is led elsewhere by an address that somebody made.
func local(path, otherwise string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\`) {
		return otherwise
	}
	return path
}

// faultsOf are what is wrong with the fields of a form, in the reader's words, by path; ok is false for other errors.
func (r *request) faultsOf(err error) (faults map[string]string, ok bool) {
	e, ours := errors.AsType[*desk.Error](err)
	if !ours || !slices.Contains([]desk.Code{desk.Invalid, desk.Conflict, desk.Stale, desk.TooMany, desk.Unauthorized}, e.Code) {
		return nil, false
	}
	faults = map[string]string{}
	for _, f := range e.Fields {
		faults[f.Path] = r.words.fault(f)
	}
	if len(e.Fields) == 0 {
		faults[""] = e.In(r.words.lang)
	}
	return faults, true
}

const (
	sessionCookie = "session"
	deviceCookie  = "device"
)

// cookieName is the name of a cookie: over https the browser holds it to this very host.
func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-servicedesk-" + name
	}
	return "servicedesk-" + name
}

// cookie is a cookie of the console; an empty value takes it away.
func (s *Server) cookie(name, value string, age int) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: age}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
