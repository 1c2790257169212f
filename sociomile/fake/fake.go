// Package fake is a stand-in for the provider of Sociomile, for development and tests: the routes, the checks and the
// failures that the provider was seen with, switchable while it runs. Nothing that it takes reaches anybody.
package fake

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// The routes of the provider.
const (
	BasePath      = "/"                           // answers as long as anything does, and proves nothing
	CreatePath    = "/helpdesk/create"            // takes new tickets, of voice too
	StatusPath    = "/helpdesk/update-status"     // takes changes of status
	MovedCreate   = "/api/helpdesk/create"        // where Moved has CreatePath
	MovedStatus   = "/api/helpdesk/update-status" // where Moved has StatusPath
	DefaultToken  = "fake-token"                  // of Options
	bodyLimit     = 64 << 10                      // bytes of a request
	firstNumber   = 32197                         // of the provider's tickets
	ticketIDWidth = 16                            // of the counter in an id: with the time before it 24 hexadecimal digits
)

// Auth says how the token has to come.
type Auth string

// The two ways, and either of them.
const (
	Query  Auth = "query"  // as the parameter client_secret_key
	Header Auth = "header" // as the header client-secret-key
	Both   Auth = "both"   // in the one or the other
)

// Options are what New needs.
type Options struct {
	Token string           // that callers have to send; default DefaultToken
	Auth  Auth             // default Both
	Clock func() time.Time // default time.Now
}

// Provider is a http.Handler that plays the provider. It is safe for concurrent use.
type Provider struct {
	clock func() time.Time
	begun time.Time

	mu       sync.Mutex
	settings Settings
	since    time.Time // of the settings
	posts    int       // since then, to routes that exist
	serial   int64     // of the next ticket; a reset does not begin anew
	record
}

// New makes a provider that works and tells duplicates.
func New(o Options) *Provider {
	p := &Provider{clock: o.Clock}
	if p.clock == nil {
		p.clock = time.Now
	}
	p.begun = p.clock()
	p.since = p.begun
	p.settings = Settings{Scenario: Working, Duplicates: true, Token: o.Token, Auth: o.Auth}.withDefaults()
	p.record = newRecord()
	return p
}

// Settings are what is in force.
func (p *Provider) Settings() Settings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settings
}

// Set puts other settings in force; AppearsAfter, DropEvery and FailEvery count anew. An unknown scenario, way of the token
// or negative number is an error that says what is allowed.
func (p *Provider) Set(s Settings) error {
	s = s.withDefaults()
	if err := s.check(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings, p.since, p.posts = s, p.clock(), 0
	return nil
}

// Switch plays another scenario, and leaves the other settings but for AppearsAfter as they are. An unknown scenario is an
// error that names all.
func (p *Provider) Switch(s Scenario) error {
	settings := p.Settings()
	settings.Scenario, settings.AppearsAfter = s, 0
	return p.Set(settings)
}

// ServeHTTP answers as the provider, and at the addresses of the control as the stand-in.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.control(w, r) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	answer, pause := p.take(r, body, err)
	if pause > 0 {
		// The client may be gone by then; what it sent has been taken all the same.
		select {
		case <-r.Context().Done():
		case <-time.After(pause):
		}
	}
	answer.write(w, r)
}

// take decides what a call is answered, stores what it brought, and keeps it. It returns the pause before the answer.
func (p *Provider) take(r *http.Request, body []byte, unread error) (reply, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	scene, latency := p.scene(now)
	var answer reply
	if unread == nil {
		answer = p.answer(scene, r, body, now)
	} else {
		answer = unreadable(unread)
	}
	if scene.pause > 0 && latency == 0 {
		latency = scene.pause
	}
	if answer.drip {
		answer.pause, latency = latency, 0
	}
	p.note(Call{At: now, Method: r.Method, Path: r.URL.Path, Status: answer.status, Scenario: scene.name, Auth: cameBy(r), Body: string(body[:min(len(body), keptOfBody)])})
	return answer, latency
}

// scene is what is played at a time: behind AppearsAfter the provider works.
func (p *Provider) scene(now time.Time) (scene, time.Duration) {
	s := p.settings
	if s.AppearsAfter > 0 && !now.Before(p.since.Add(s.AppearsAfter)) {
		s.Scenario = Working
	}
	return sceneOf(s.Scenario), s.Latency
}

// answer decides in the provider's order: the route, the token, the method, the body.
func (p *Provider) answer(s scene, r *http.Request, body []byte, now time.Time) reply {
	switch {
	case s.always != nil:
		return s.always(p.calls)
	case r.URL.Path == BasePath:
		return page(http.StatusOK, "text/html; charset=UTF-8", "Lumen (8.3.4) (Laravel Components ^8.0)")
	case !s.has(r.URL.Path):
		return notFound()
	case s.locked || !p.authorised(r):
		return unauthorised()
	case r.Method != http.MethodPost:
		return notAllowed()
	}
	p.posts++
	switch {
	case every(p.settings.FailEvery, p.posts):
		return whoops()
	case s.refuse != nil:
		return s.refuse(p.calls)
	}
	answer := p.accept(r.URL.Path, body, now)
	if answer.accepted && s.bend != nil {
		answer = s.bend(answer)
	}
	if answer.accepted && every(p.settings.DropEvery, p.posts) {
		answer = cut()
	}
	return answer
}

// every reports whether the nth is one of every so many; 0 is none.
func every(many, nth int) bool { return many > 0 && nth%many == 0 }

// accept checks a body and stores what it brings.
func (p *Provider) accept(path string, body []byte, now time.Time) reply {
	fields, err := decode(body)
	if err != nil {
		return mistake("Syntax error")
	}
	isStatus := path == StatusPath || path == MovedStatus
	if faults := faultsOf(fields, isStatus); len(faults) > 0 {
		return invalid(faults)
	}
	if isStatus {
		return p.update(fields, now)
	}
	return p.create(fields, len(body), now)
}

// create stores a ticket. The answer to one that is known already is a conflict, unless duplicates are not told.
func (p *Provider) create(fields map[string]any, size int, now time.Time) reply {
	helpdesk := integer(fields["nomorTicketHelpdesk"])
	if known := p.stored[helpdesk]; known != nil && p.settings.Duplicates {
		return duplicate(known.first)
	}
	t := Ticket{At: now, Type: text(fields["ticketType"]), Helpdesk: helpdesk, Customer: text(fields["namaNasabah"]), Branch: text(fields["branchName"]), Body: fields, size: size}
	t.Number = firstNumber + p.serial
	p.serial++
	t.ID = fmt.Sprintf("%08x%0*x", uint32(p.begun.Unix()), ticketIDWidth, t.Number)
	p.add(t)
	return created(t)
}

// update stores a change of status of a ticket that is known.
func (p *Provider) update(fields map[string]any, now time.Time) reply {
	u := Update{At: now, TicketID: text(fields["sociomile_ticket_id"]), Helpdesk: text(fields["bsg_ticket_id"]),
		Status: text(fields["status"]), Agent: text(fields["agent"]), Technician: text(fields["namaTeknisi"])}
	if !p.known[u.TicketID] {
		return mistake("Ticket not found")
	}
	p.updates = newestOf(append(p.updates, u))
	p.updated++
	return updated()
}

// authorised reports whether the token came, in the way that is asked for.
func (p *Provider) authorised(r *http.Request) bool {
	same := func(token string) bool {
		return subtle.ConstantTimeCompare([]byte(token), []byte(p.settings.Token)) == 1
	}
	inQuery, inHeader := same(r.URL.Query().Get("client_secret_key")), same(r.Header.Get("client-secret-key"))
	return inQuery && p.settings.Auth != Header || inHeader && p.settings.Auth != Query
}

// cameBy says in which way a token came, right or wrong; empty: in none.
func cameBy(r *http.Request) Auth {
	inQuery, inHeader := r.URL.Query().Get("client_secret_key") != "", r.Header.Get("client-secret-key") != ""
	switch {
	case inQuery && inHeader:
		return Both
	case inQuery:
		return Query
	case inHeader:
		return Header
	}
	return ""
}

func unreadable(err error) reply {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return page(http.StatusRequestEntityTooLarge, "text/html", proxyPage("413 Request Entity Too Large"))
	}
	return cut()
}
