package sociomile

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/outbox"
)

// Class says what came of a call (the spec, Sociomile connector, Behaviour 2). Each has its own handling.
type Class string

// The classes.
const (
	Sent           Class = "SENT"
	RouteMissing   Class = "ROUTE_MISSING"   // the provider's application does not have the route
	AuthFailed     Class = "AUTH"            // 401, 403
	Validation     Class = "VALIDATION"      // a field of this ticket is not accepted
	Refused        Class = "REFUSED"         // this ticket is not accepted, for another reason
	RateLimit      Class = "RATE_LIMIT"      // 429
	ServerFault    Class = "SERVER"          // the provider's application failed
	Gateway        Class = "GATEWAY"         // something in front of the application answered
	Network        Class = "NETWORK"         // nothing was sent
	UnknownOutcome Class = "UNKNOWN_OUTCOME" // all was sent, and no whole answer came
	BadBody        Class = "BAD_BODY"        // 2xx, but it cannot be told whether the ticket exists
	Duplicate      Class = "DUPLICATE"       // the provider has the ticket already
)

// Classes lists all classes.
var Classes = []Class{Sent, RouteMissing, AuthFailed, Validation, Refused, RateLimit, ServerFault, Gateway, Network, UnknownOutcome, BadBody, Duplicate}

// Meaning says to an operator what a class means, what happens, and whom to call.
func (c Class) Meaning() desk.Text { return desk.ConnectorMeaning(string(c)) }

// Answer is what the provider answered to one call, or why it did not. Nothing in it shows the token, or a card or account
// number.
type Answer struct {
	Class        Class
	Status       int               // HTTP; 0: none
	Said         string            // the provider's words, on one line of at most 512 characters
	TraceID      string            // by which the provider finds the call, when it gave one
	File         string            // of the provider's framework, where it gave up; may be empty
	Line         int               // in File
	Fields       map[string]string // what is wrong with which field, in the provider's words
	TicketID     string            // of a create: the provider's id of the ticket
	TicketNumber int64             // of a create: the provider's number of the ticket; 0: not given
	Wait         time.Duration     // how long the provider asks to be left alone
	Err          error             // why there was no whole answer; for the operator's log
}

// classify says what an answer means, judged as the answer to a ticket or to a probe.
func classify(p reply, judge func(reply) Class, hide hider, now time.Time) Answer {
	file, line := p.place()
	a := Answer{
		Class: judge(p), Status: p.status, Said: hide.text(p.words()), TraceID: hide.name(asText(p.object["trace_id"])),
		File: hide.name(file), Line: line, Fields: hide.fields(p.fields()),
	}
	switch a.Class {
	case Sent, Duplicate:
		if p.route == CreateRoute {
			a.TicketID, a.TicketNumber = p.ids()
		}
	case RateLimit, ServerFault, Gateway:
		a.Wait = outbox.RetryAfter(p.header.Get("Retry-After"), now)
	}
	return a
}

// class judges the answer to a ticket, by the table of the spec.
func (p reply) class() Class {
	switch s := p.status; {
	case s >= 200 && s <= 299:
		return p.classOfSuccess()
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return AuthFailed
	case s == http.StatusTooManyRequests:
		return RateLimit
	case s >= 500 && s <= 599:
		return p.classOfFault()
	case s >= 400 && s <= 499:
		return p.classOfRefusal()
	}
	return Gateway // a redirect, which is not followed: it would show the token to somebody else
}

// classOfSuccess judges 2xx: the provider reports failures that way too.
func (p reply) classOfSuccess() Class {
	succeeded, failed := p.verdict()
	id, _ := p.ids()
	switch {
	case succeeded && (id != "" || p.route == StatusRoute):
		return Sent
	case p.exists():
		return Duplicate
	case failed && !succeeded && p.hasWords():
		return Refused
	}
	return BadBody
}

// classOfRefusal judges 4xx but those that speak of access and pace. A page in HTML is the proxy's: the application answers
// in JSON.
func (p reply) classOfRefusal() Class {
	switch s := p.status; {
	case p.html, beforeApplication(s):
		return Gateway
	case s == http.StatusNotFound:
		return p.classOfMissing()
	case s == http.StatusMethodNotAllowed:
		return RouteMissing // for POST; were it REFUSED, each ticket would be parked
	case s == http.StatusConflict, p.exists():
		return Duplicate
	case s == http.StatusBadRequest, s == http.StatusUnprocessableEntity:
		return Validation
	}
	return Refused
}

// classOfMissing judges 404, which is the framework's when the route is not registered, or speaks of the ticket.
func (p reply) classOfMissing() Class {
	file, _ := p.place()
	switch {
	case strings.HasSuffix(file, "RoutesRequests.php"):
		return RouteMissing
	case p.object == nil:
		return Gateway // nothing shows that the application answered
	case p.exists():
		return Duplicate
	case p.hasWords() && !ofRouting.MatchString(p.words()):
		return Refused
	}
	return RouteMissing
}

// classOfFault judges 5xx. The application's own page of a fault says Whoops.
func (p reply) classOfFault() Class {
	switch {
	case p.status == http.StatusInternalServerError, p.html && strings.Contains(p.text, "Whoops"):
		return ServerFault
	case p.html, p.object == nil && p.status >= http.StatusBadGateway && p.status <= http.StatusGatewayTimeout:
		return Gateway
	}
	return ServerFault
}

// proof judges the answer to a harmless method: anything but 404 that the application answers proves that the route is
// there.
func (p reply) proof() Class {
	switch s := p.status; {
	case s == http.StatusMethodNotAllowed, s >= 200 && s <= 299:
		return Sent
	case s == http.StatusNotFound && !p.html:
		return RouteMissing
	case s == http.StatusTooManyRequests:
		return RateLimit
	case s >= 500 && s <= 599:
		return p.classOfFault()
	case s >= 400 && s <= 499 && !p.html && !beforeApplication(s):
		return Sent
	}
	return Gateway
}

// proofByOptions judges OPTIONS, to which more than the application may have an answer.
func (p reply) proofByOptions() Class {
	if p.html || p.status == http.StatusForbidden || p.status <= 299 {
		return Gateway
	}
	return p.proof()
}

// beforeApplication reports whether a status of 4xx says that the request was not looked at, whoever answered.
func beforeApplication(status int) bool {
	switch status {
	case http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly:
		return true
	}
	return false
}

var (
	// ofRouting are the words of a framework for a path that it does not have.
	ofRouting = regexp.MustCompile(`(?i)^\W*(404)?\W*((page|path|endpoint|url|resource)?\s*not found)?\W*$|\broute\b|\brute\b|^(halaman|alamat) tidak ditemukan|NotFoundHttpException`)
	// existing are words for what is there already, in English and Indonesian.
	existing = regexp.MustCompile(`(?i)already\s+(exist|registered|created|been\s+(taken|registered|created|used))|\bduplicat|\bduplikat|\bexists\b|` +
		`(sudah|telah)\s+(pernah\s+)?(ada|terdaftar|terdata|tersimpan|dibuat|diinput|digunakan|dipakai|tercatat)\b`)
	// ofTicket, and ofOthers, are what such words may be about. A customer that exists is no ticket that does.
	ofTicket = regexp.MustCompile(`(?i)tick?et|tiket|pengaduan|laporan|nomorTicketHelpdesk|noReg`)
	ofOthers = regexp.MustCompile(`(?i)e-?mail|surel|nasabah|customer|\buser|pengguna|akun|account|rekening|kartu|card`)
)

// exists reports whether the answer says that the provider has the ticket already.
func (p reply) exists() bool {
	if about(p.message()) {
		return true
	}
	for field, words := range p.fields() {
		if ofTicket.MatchString(field) && about(field+" "+words) {
			return true
		}
	}
	return false
}

// about reports whether words say that a ticket exists.
func about(words string) bool {
	return existing.MatchString(words) && !denied.MatchString(words) && (ofTicket.MatchString(words) || !ofOthers.MatchString(words))
}

// denied are words that turn those of existing into their opposite.
var denied = regexp.MustCompile(`(?i)(\bnot|n't|\bno|\bnever)\b[^.;]{0,40}(exist|duplicate)|\b(belum|tidak|bukan)\b[^.;]{0,40}\b(ada|terdaftar|duplikat)\b`)
