package sociomile

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// routes asks for everything that the provider should have, by harmless methods, and creates a test ticket when told.
func (e *examiner) routes(ctx context.Context, create *url.URL) (Fault, int) {
	e.base(ctx, create)
	as := e.config
	found := e.harmless(ctx, "create", create, &as)
	if found.err != nil {
		return faultNoAnswer, 2
	}
	e.words["status"] = fmt.Sprintf("%d %s", found.Status, http.StatusText(found.Status))
	moved := e.variant(ctx, create)
	fault, exit := e.judge(ctx, create, found, moved)
	switch {
	case e.options.CreateTicket && fault != "":
		e.note(Finding{Check: "test ticket", Mark: markNoted, Fact: "not created, for the create route does not answer as it should"})
	case e.options.CreateTicket && !e.testTicket(ctx, create):
		fault, exit = faultTicketRefused, 1
	}
	status := e.statusRoute(ctx)
	switch {
	case fault != "":
		return fault, exit
	case status != "":
		return status, 0
	case e.slow():
		return faultSlow, 0
	}
	return faultWorking, 0
}

// base asks at the root of the host: whatever it answers proves nothing about the routes.
func (e *examiner) base(ctx context.Context, create *url.URL) {
	l, _ := e.ask(ctx, call{check: "base", method: http.MethodGet, at: &url.URL{Scheme: create.Scheme, Host: create.Host, Path: "/"}})
	if l.err == nil {
		l.Mark = markNoted
	}
	e.note(l.Finding)
}

// harmless asks by OPTIONS and by GET whether a route is there. What GET is answered counts: what stands before an
// application may answer OPTIONS for every path alike.
func (e *examiner) harmless(ctx context.Context, check string, at *url.URL, as *Config) look {
	options, _ := e.ask(ctx, call{check: check, method: http.MethodOptions, at: at, as: as})
	if options.err == nil {
		options.Mark = markNoted
	}
	e.note(options.Finding)
	get, _ := e.ask(ctx, call{check: check, method: http.MethodGet, at: at, as: as})
	if get.err != nil && options.err == nil {
		e.note(get.Finding)
		return options
	}
	if get.err == nil {
		get.Mark = markOf(get)
	}
	e.note(get.Finding)
	return get
}

// markOf is what the answer of a route to a harmless method means.
func markOf(l look) Mark {
	if there(l) {
		return markGood
	}
	return markFailing
}

// there reports whether a route exists and lets the token pass: it may say that its method, or the missing body, is wrong.
func there(l look) bool {
	return l.err == nil && (l.Status >= 200 && l.Status <= 299 || l.Status == http.StatusMethodNotAllowed || l.Status == http.StatusUnprocessableEntity)
}

// variant asks for the create route with /api before its path, or without it. It returns the address when it is there.
func (e *examiner) variant(ctx context.Context, create *url.URL) string {
	at := *create
	if path, found := strings.CutPrefix(at.Path, "/api/"); found {
		at.Path = "/" + path
	} else {
		at.Path = "/api" + at.Path
	}
	at.RawPath = ""
	l, _ := e.ask(ctx, call{check: "variant", method: http.MethodGet, at: &at, as: &e.config})
	if l.err == nil {
		l.Mark = markNoted
	}
	e.note(l.Finding)
	if l.err != nil || !there(l) && !refusesToken(l) {
		return ""
	}
	return at.String()
}

// refusesToken reports whether the application refuses the token; a page is one of somebody before it.
func refusesToken(l look) bool {
	return !l.html && (l.Status == http.StatusUnauthorized || l.Status == http.StatusForbidden)
}

// judge says what is wrong with the create route, after it asked again with the token in the other way and without it.
func (e *examiner) judge(ctx context.Context, create *url.URL, found look, moved string) (Fault, int) {
	other := e.config.other()
	otherWay := e.token(ctx, "by "+other.way(), create, &other)
	without := e.token(ctx, "without token", create, nil)
	switch {
	case there(found):
		if there(without) {
			e.note(Finding{Check: "auth", Mark: markNoted, Fact: "the provider answers harmless methods without a token too: whether it takes ours shows only when a ticket is created"})
		} else {
			e.note(Finding{Check: "auth", Mark: markGood, Fact: fmt.Sprintf("the token is taken by %s, and nothing is without one", e.config.way())})
		}
		return "", 0
	case refusesToken(found) && there(otherWay):
		return faultWrongWay, 1
	case refusesToken(found):
		return faultWrongToken, 1
	case found.Status == http.StatusNotFound && moved != "":
		e.words["variant"] = moved
		return faultMoved, 1
	}
	return faultOfStatus(found), 1
}

// token asks for the create route with the token in some way. What it answers is judged together with the others.
func (e *examiner) token(ctx context.Context, check string, create *url.URL, as *Config) look {
	l, _ := e.ask(ctx, call{check: "auth", method: http.MethodGet, at: create, as: as})
	if l.err == nil {
		l.Mark = markNoted
	}
	l.Fact = check + ": " + l.Fact
	e.note(l.Finding)
	return l
}

// faultOfStatus is what a status of the create route means that is none of a token.
func faultOfStatus(l look) Fault {
	switch {
	case l.Status == http.StatusNotFound && l.html:
		return faultPageMissing
	case l.Status == http.StatusNotFound:
		return faultMissingRoute
	case l.Status == http.StatusForbidden, l.Status == http.StatusUnauthorized: // with a page
		return faultBlocked
	case l.Status == http.StatusTooManyRequests:
		return faultTooMany
	case l.Status >= 502 && l.Status <= 504:
		return faultGatewayDown
	case l.Status >= 500:
		return faultProviderError
	case l.Status >= 300 && l.Status <= 399:
		return faultRedirected
	}
	return faultUnexpected
}

// statusRoute asks for the route of changes of status. It returns what is wrong there.
func (e *examiner) statusRoute(ctx context.Context) Fault {
	at, err := e.config.address(StatusRoute)
	if err != nil {
		e.note(Finding{Check: "status", Mark: markWarned, Fact: err.Error()})
		return faultNoStatusAddress
	}
	e.words["statusURL"] = e.config.URL(StatusRoute)
	l := e.harmless(ctx, "status", at, &e.config)
	if there(l) {
		return ""
	}
	return faultStatusMissing
}

// slow reports whether something took long.
func (e *examiner) slow() bool {
	for _, f := range e.findings {
		if f.Slow {
			e.words["took"], e.words["check"] = took(f.TookMs), f.Check
			return true
		}
	}
	return false
}

// testTicket creates a ticket that says that it is none. Its number is the time in milliseconds, which no ticket of ours has.
func (e *examiner) testTicket(ctx context.Context, create *url.URL) (taken bool) {
	now := time.Now()
	const text = "UJI COBA DIAGNOSA - MOHON DIABAIKAN (diagnosis, please ignore)"
	body, err := json.Marshal(map[string]any{
		"namaNasabah": text, "ticketType": "helpdesk", "content": text, "connectID": e.config.ConnectID, "mediaTransaksi": "BRANCH_PORTAL", "jenisTransaksi": "KLAIM",
		"nominal": 0, "description": text, "claimDate": now.In(time.FixedZone("WITA", 8*60*60)).Format(time.DateTime), "branchCode": "001", "branchName": "Cabang Utama",
		"atmName": "N/A", "atmId": "N/A", "nomorTicketHelpdesk": now.UnixMilli(), "noRegPengaduanCabang": now.UnixMilli(), "namaTeknisi": "Belum di claim",
	})
	if err != nil {
		e.note(Finding{Check: "test ticket", Mark: markFailing, Fact: err.Error()})
		return false
	}
	l, said := e.ask(ctx, call{check: "test ticket", method: http.MethodPost, at: create, as: &e.config, body: body})
	var answer struct {
		Success, Status bool
		Data            struct {
			TicketID string `json:"ticketId"`
			Number   any    `json:"ticket_number"`
		}
	}
	taken = l.err == nil && l.Status <= 299 && json.Unmarshal(said, &answer) == nil && (answer.Success || answer.Status) && answer.Data.TicketID != ""
	l.Mark = markFailing
	if taken {
		l.Mark = markGood
		l.Fact += fmt.Sprintf("; it is the provider's ticket %v (%s): ask to have it removed", answer.Data.Number, answer.Data.TicketID)
	}
	e.note(l.Finding)
	return taken
}
