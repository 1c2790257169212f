package portal

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// longestNumber is how many characters of a number are shown again that somebody typed.
const longestNumber = 32

// askView is what the page shows that asks for number and code.
type askView struct {
	Number string // as typed, or as the address says
	Error  string // empty: none
	Wrong  bool   // number or code
}

// show shows the ticket of a signed link; without one it asks for the tracking code.
func (p *Portal) show(r *web.Request) (web.Answer, error) {
	number, signature := r.PathValue("number"), r.URL.Query().Get("t")
	if signature == "" {
		return p.ask(r, http.StatusOK, number, nil)
	}
	found, err := p.app.ReadTracked(r.Context(), desk.Visitor(r.Address, r.ID), number, signature)
	if desk.Is(err, desk.Forbidden) {
		return p.ask(r, http.StatusForbidden, number, err)
	}
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = found.Number
	l, _ := language(r)
	v := view(found, l)
	answer, err := p.render(r, http.StatusOK, "ticket", v.Heading, v)
	if err == nil {
		answer.Header.Set("Referrer-Policy", "no-referrer") // the address is the key
	}
	return answer, err
}

// submit takes number and code, and leads to the signed link: so the page can be loaded again, and the code is sent once.
func (p *Portal) submit(r *web.Request) (web.Answer, error) {
	if err := p.foreign.Check(r.Request); err != nil {
		return web.Answer{}, &desk.Error{Code: desk.Forbidden, Text: desk.FormForeign, Err: err}
	}
	form, err := p.door.ReadForm(r, mostForm)
	if err != nil {
		return web.Answer{}, err
	}
	number := strings.TrimPrefix(strings.TrimSpace(cmp.Or(form.Get("number"), r.PathValue("number"))), "#")
	link, err := p.app.Track(r.Context(), desk.Visitor(r.Address, r.ID), number, form.Get("code"))
	if desk.Is(err, desk.Forbidden) {
		return p.ask(r, http.StatusForbidden, number, err)
	}
	if err != nil {
		return web.Answer{}, err
	}
	if l, chosen := language(r); chosen {
		link += "&lang=" + string(l)
	}
	answer := web.Page(http.StatusSeeOther, nil)
	answer.Header = http.Header{"Location": {link}, "Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}}
	return answer, nil
}

// ask asks for number and code, and says why when it does so again.
func (p *Portal) ask(r *web.Request, status int, number string, why error) (web.Answer, error) {
	l, _ := language(r)
	v := askView{Number: number}
	if typed := []rune(number); len(typed) > longestNumber {
		v.Number = string(typed[:longestNumber])
	}
	if e, ok := errors.AsType[*desk.Error](why); ok {
		v.Error, v.Wrong = strings.TrimSuffix(e.In(l), ".")+".", e.Text == desk.TrackingRefused
	}
	return p.render(r, status, "ask", wordsIn(l).Ask, v)
}

// ticketView is what the page of a ticket shows.
type ticketView struct {
	app.Tracked
	Heading  string
	State    state
	Tone     string // of the panel: wait (the customer is asked for something), done, or none
	Service  string
	Received moment
	Promise  promiseView
	Missing  string // what the customer is asked for; empty: it is not said
	Steps    []stepView
	Comments []commentView
	Settled  bool // the paths after the bank are open
}

type promiseView struct {
	Label string
	At    moment
	Notes []string
}

type stepView struct {
	Label string
	At    moment
	Now   bool // the ticket is still there
}

type commentView struct {
	Author  string
	Bank    bool
	At      moment
	Content string
}

// view words a ticket for its customer.
func view(t app.Tracked, l desk.Language) ticketView {
	w := wordsIn(l)
	v := ticketView{Tracked: t, Heading: w.Heading(t.Number), State: w.States[t.Status], Service: t.Service[l], Received: at(t.CreatedAt, l),
		Promise: promise(t, l), Settled: t.Status == desk.Resolved || t.Status == desk.Closed}
	switch t.Status {
	case desk.Pending:
		v.Tone = "wait"
	case desk.Resolved, desk.Closed:
		v.Tone = "done"
	}
	for i, step := range t.Steps {
		v.Steps = append(v.Steps, stepView{Label: w.step(step.Status, i > 0), At: at(step.At, l), Now: i == len(t.Steps)-1})
	}
	for _, c := range t.Comments {
		said := commentView{Author: cmp.Or(c.Author, w.You), Bank: c.FromSupport, At: at(c.At, l), Content: c.Content}
		if c.FromSupport {
			said.Author = "Bank SulutGo · " + c.Author
			if t.Status == desk.Pending {
				v.Missing = c.Content
			}
		}
		v.Comments = append(v.Comments, said)
	}
	return v
}

// promise tells until when the ticket is to be settled and why that moved, or when it was.
func promise(t app.Tracked, l desk.Language) promiseView {
	w, p := wordsIn(l), t.Promise
	switch {
	case t.Status == desk.Cancelled || p.Due.IsZero():
		return promiseView{}
	case !t.ResolvedAt.IsZero():
		return promiseView{Label: w.Resolved, At: at(t.ResolvedAt, l)}
	}
	v := promiseView{Label: w.Due, At: at(p.Due, l)}
	if p.Moved() {
		v.Notes = append(v.Notes, w.MovedFrom(at(p.First, l)))
		for _, wait := range p.Waits {
			if !wait.Until.IsZero() {
				v.Notes = append(v.Notes, w.Waited(at(wait.From, l), at(wait.Until, l)))
			}
		}
		if p.Reopened {
			v.Notes = append(v.Notes, w.Reopened)
		}
	}
	switch {
	case p.Paused():
		v.Notes = append(v.Notes, w.Paused(at(p.Waits[len(p.Waits)-1].From, l)))
	case p.Missed:
		v.Notes = append(v.Notes, w.Missed)
	}
	return v
}
