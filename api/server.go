// Package api is the door for partners: the OMNI API. Each operation decodes, calls one verb and words its answer; the
// wire structs are the API document's, and openapi.yaml beside this file describes them.
package api

import (
	_ "embed"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/web"
)

// Document is the description of this API, openapi.yaml.
//
//go:embed openapi.yaml
var Document []byte

// Base is the path under which the API lives.
const Base = "/api/omnichannel"

// Options are what New needs.
type Options struct {
	App          *app.App
	Door         *web.Door
	Limiter      *web.Limiter
	Numbered     *live.Hub        // published when events got their place in the feed
	Stopping     <-chan struct{}  // closed when the program stops: who waits is answered
	Beat         Beat             // of each stream of events; default: one a second
	DocumentJSON []byte           // Document as JSON
	Silence      time.Duration    // how long a request is held whose key asks for a time-out; default 35 s
	Clock        func() time.Time // default time.Now
}

// Server answers the OMNI API.
type Server struct {
	app      *app.App
	door     *web.Door
	limiter  *web.Limiter
	numbered *live.Hub
	stopping <-chan struct{}
	beat     Beat
	streams  live.Streams // of the feed, by key
	json     []byte
	silence  time.Duration
	status   *statusPage
	mux      *http.ServeMux
}

// New makes the API.
func New(o Options) *Server {
	if o.Silence == 0 {
		o.Silence = 35 * time.Second
	}
	if o.Beat == nil {
		o.Beat = everySecond
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Server{app: o.App, door: o.Door, limiter: o.Limiter, numbered: o.Numbered, stopping: o.Stopping, beat: o.Beat,
		json: o.DocumentJSON, silence: o.Silence, status: newStatusPage(o.Clock, o.App.Status), mux: http.NewServeMux()}
	for _, r := range s.routes() {
		h := r.handler
		if r.permission != public {
			h = s.authenticated(r, h)
		}
		s.mux.Handle(r.at(), s.door.Handle(r.operation, h))
	}
	s.mux.Handle("/", s.door.Handle("unknown", s.unknown))
	return s
}

// ServeHTTP answers every path: those of the API, and with an error in the API's form all others.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !clean(r.URL.EscapedPath()) {
		s.door.Handle("unknown", s.unknown).ServeHTTP(w, r) // the router would answer with a redirect in HTML
		return
	}
	s.mux.ServeHTTP(w, r)
}

// clean reports whether the router takes a path as it is. Only the escaped path tells: slashes inside a reference are
// escaped.
func clean(escaped string) bool {
	return strings.HasPrefix(escaped, "/") && (path.Clean(escaped) == escaped || path.Clean(escaped)+"/" == escaped)
}

// unknown answers 405 when the path is known with other methods, else 404.
func (s *Server) unknown(r *web.Request) (web.Answer, error) {
	allowed := s.allowed(r.Request)
	if len(allowed) == 0 {
		return web.Answer{}, desk.Fail(desk.NotFound, desk.PathNotFound)
	}
	list := strings.Join(allowed, ", ")
	return web.Answer{}, &desk.Error{Code: desk.WrongMethod, Text: desk.MethodNotAllowed, Args: []string{r.Method, list}, Allow: list}
}

// allowed lists the methods that the path of a request knows.
func (s *Server) allowed(r *http.Request) (methods []string) {
	if !clean(r.URL.EscapedPath()) {
		return nil
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			methods = append(methods, method)
		}
	}
	return methods
}

// authenticated lets a request through when its key is good, within its rate, and has the permission. Requests inside
// a batch were let through with it.
func (s *Server) authenticated(to route, h web.Handler) web.Handler {
	return func(r *web.Request) (web.Answer, error) {
		if !r.Inner() {
			if err := s.admit(r); err != nil {
				return web.Answer{}, err
			}
			if err := s.simulate(r); err != nil {
				return web.Answer{}, err
			}
		}
		r.Actor.RequestID = r.ID
		answer, err := s.permitted(r, to.permission, h)
		if before, ok := errors.AsType[*app.Replay](err); ok {
			r.Ticket = before.Ticket
			return web.Answer{Status: before.Answer.Status, Body: before.Answer.Body, Header: http.Header{web.Replayed: {"true"}}}, nil
		}
		s.noteRefusal(r, to.operation, err)
		return answer, err
	}
}

func (s *Server) permitted(r *web.Request, p desk.Permission, h web.Handler) (web.Answer, error) {
	if p != anyPermission {
		if err := app.Authorize(r.Actor, p); err != nil {
			return web.Answer{}, err
		}
	}
	return h(r)
}

// admit finds the actor by the key and takes a token of its rate.
func (s *Server) admit(r *web.Request) error {
	key, actor, err := s.app.Authenticate(r.Context(), apiKey(r.Request), r.Address)
	if err != nil {
		return err
	}
	r.Actor, r.Key = actor, key
	return s.limiter.Take(key, 1, r.Limits)
}

// apiKey reads the key of a request: `Authorization: Bearer KEY` or `X-API-Key: KEY`.
func apiKey(r *http.Request) string {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	return r.Header.Get("X-API-Key")
}

// noteRefusal puts what somebody known was refused into the audit trail. What a path names is kept only when it is a
// ticket that was found: anything else may be an account number or a telephone number.
func (s *Server) noteRefusal(r *web.Request, operation string, err error) {
	for _, code := range []desk.Code{desk.Forbidden, desk.NotFound, desk.Conflict, desk.Stale, desk.RequestReused} {
		if !desk.Is(err, code) {
			continue
		}
		target := ""
		if code == desk.Stale {
			target = r.PathValue("ticketNumber")
		}
		s.app.NoteRefusal(r.Actor, operation, target, code)
	}
}
