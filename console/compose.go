package console

import (
	"net/http"
	"strconv"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// reply sends a reply or keeps a note, with files, and gives the ticket another status with it when that is wanted. When
// something came since the reader saw the ticket nothing is sent: the page shows it, and keeps what was written.
func (s *Server) reply(r *request) (web.Answer, error) {
	c := composed{Kind: r.form.Get("kind"), Text: r.form.Get("text"), Status: desk.Status(r.form.Get("status")),
		Else: desk.Status(r.form.Get("status-else")), Reason: r.form.Get("reason")}
	if c.Kind != "note" && c.Kind != "customer" {
		c.Kind = "reply"
	}
	to := c.Status
	if c.Kind != "reply" && r.form.Has("status-else") {
		to = c.Else
	}
	if fault := r.unconfirmed(to); fault != "" {
		return s.showTicket(r, http.StatusBadRequest, func(p *ticketPage) {
			c.Faults = map[string]string{"": fault}
			p.Reply = c
		})
	}
	changed, err := s.send(r, c, to)
	if desk.Is(err, desk.Stale) {
		return s.showTicket(r, http.StatusConflict, func(p *ticketPage) {
			seen, _ := strconv.Atoi(r.form.Get("events"))
			c.Arrived = max(1, len(p.Events)-seen)
			p.Reply = c
		})
	}
	if faults, ok := r.faultsOf(err); ok {
		return s.showTicket(r, http.StatusBadRequest, func(p *ticketPage) {
			c.Faults = faults
			p.Reply = c
		})
	}
	if err != nil {
		return web.Answer{}, err
	}
	if err := s.staff.KeepDraft(r.Context(), r.actor, r.PathValue("number"), c.Kind != "reply", ""); err != nil {
		return web.Answer{}, err
	}
	what := "replied:"
	switch {
	case c.Text == "":
		what = "attached:"
	case c.Kind == "note":
		what = "noted:"
	case c.Kind == "customer":
		what = "recorded:"
	}
	what += strconv.FormatInt(changed.Ticket.Number, 10)
	if next := r.form.Get("after"); r.form.Has("next") && next != "" {
		return r.done(local(next, "/tickets"), what), nil
	}
	return r.done(r.ticketPath()+"#event-"+strconv.FormatInt(changed.Ticket.Events, 10), what), nil
}

// send sends what the composer holds, all of it or nothing.
func (s *Server) send(r *request, c composed, to desk.Status) (app.Changed, error) {
	response := app.Response{Files: r.files, Status: to, Reason: c.Reason}
	if c.Text != "" || len(r.files) == 0 {
		response.Comment = &app.NewComment{Content: c.Text, Internal: c.Kind == "note", Customer: c.Kind == "customer"}
	}
	return s.app.Respond(r.Context(), r.actor, r.change(), response)
}

// keepDraft keeps what is being written, while it is written. The customer's words come back as a note: they shall not be sent
// as a reply by mistake.
func (s *Server) keepDraft(r *request) (web.Answer, error) {
	err := s.staff.KeepDraft(r.Context(), r.actor, r.PathValue("number"), r.form.Get("kind") != "reply", r.form.Get("text"))
	return web.Answer{Status: http.StatusNoContent}, err
}

// unmask shows a personal identifier in clear, on a page that is kept nowhere.
func (s *Server) unmask(r *request) (web.Answer, error) {
	u := unmasked{Field: r.form.Get("field")}
	value, err := s.staff.Unmask(r.Context(), r.actor, r.PathValue("number"), u.Field, r.form.Get("reason"))
	status := http.StatusOK
	if faults, ok := r.faultsOf(err); ok {
		u.Faults, status = faults, http.StatusBadRequest
	} else if err != nil {
		return web.Answer{}, err
	}
	u.Value = value
	return s.showTicket(r, status, func(p *ticketPage) { p.Unmask = u })
}
