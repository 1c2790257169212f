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
	c := composed{Kind: r.form.Get("kind"), Text: r.form.Get("text"), Status: desk.Status(r.form.Get("status"))}
	if c.Kind != "note" {
		c.Kind = "reply"
	}
	changed, err := s.send(r, c)
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
	if err := s.staff.KeepDraft(r.Context(), r.actor, r.PathValue("number"), c.Kind == "note", ""); err != nil {
		return web.Answer{}, err
	}
	if next := r.form.Get("after"); r.form.Has("next") && next != "" {
		return r.done(local(next, "/tickets"), "replied"), nil
	}
	what := "replied"
	if c.Kind == "note" {
		what = "noted"
	}
	return r.done(r.ticketPath()+"#event-"+strconv.FormatInt(changed.Ticket.Events, 10), what), nil
}

// send does what the composer asks for, each step on the version that the one before it made.
func (s *Server) send(r *request, c composed) (changed app.Changed, err error) {
	change := r.change()
	if len(r.files) > 0 {
		if changed, err = s.app.Attach(r.Context(), r.actor, change, r.files); err != nil {
			return changed, err
		}
		change.Version = changed.Ticket.Version
	}
	if c.Text != "" || len(r.files) == 0 && c.Status == "" {
		changed, err = s.app.AddComment(r.Context(), r.actor, change, app.NewComment{Content: c.Text, Internal: c.Kind == "note"})
		if err != nil {
			return changed, err
		}
		change.Version = changed.Ticket.Version
	}
	if c.Status != "" {
		return s.app.ChangeStatus(r.Context(), r.actor, change, c.Status, r.form.Get("reason"))
	}
	return changed, nil
}

// keepDraft keeps what is being written, while it is written.
func (s *Server) keepDraft(r *request) (web.Answer, error) {
	err := s.staff.KeepDraft(r.Context(), r.actor, r.PathValue("number"), r.form.Get("kind") == "note", r.form.Get("text"))
	return web.Answer{Status: http.StatusNoContent}, err
}

// changed leads back to the ticket after a change, or shows the ticket with what was wrong.
func (s *Server) changed(r *request, what string, err error) (web.Answer, error) {
	if desk.Is(err, desk.Stale) {
		return s.showTicket(r, http.StatusConflict, func(p *ticketPage) {
			p.Reply.Faults = map[string]string{"": desk.ChangedElsewhere.In(r.words.lang, "")}
		})
	}
	if faults, ok := r.faultsOf(err); ok {
		return s.showTicket(r, http.StatusBadRequest, func(p *ticketPage) {
			all := ""
			for _, text := range faults {
				all += text + " "
			}
			p.Reply.Faults = map[string]string{"": all}
		})
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done(r.ticketPath(), what), nil
}

func (s *Server) changeStatus(r *request) (web.Answer, error) {
	_, err := s.app.ChangeStatus(r.Context(), r.actor, r.change(), desk.Status(r.form.Get("status")), r.form.Get("reason"))
	return s.changed(r, "status", err)
}

// assign gives the ticket to a colleague, or back to the queue.
func (s *Server) assign(r *request) (web.Answer, error) {
	to := app.Assignment{GivenAgent: true, AssigneeID: r.form.Get("assignee")}
	to.Unassign = to.AssigneeID == ""
	_, err := s.app.Assign(r.Context(), r.actor, r.change(), to)
	return s.changed(r, "assigned", err)
}

// take gives the ticket to the reader.
func (s *Server) take(r *request) (web.Answer, error) {
	_, err := s.app.Assign(r.Context(), r.actor, r.change(), app.Assignment{GivenAgent: true, AssigneeID: r.actor.ID})
	return s.changed(r, "taken", err)
}

// moveToGroup hands the ticket to another support group, whose queue it joins. Who may not see it there is led to the list.
func (s *Server) moveToGroup(r *request) (web.Answer, error) {
	changed, err := s.app.Assign(r.Context(), r.actor, r.change(), app.Assignment{GroupCode: r.form.Get("group"), GivenAgent: true, Unassign: true})
	if err == nil && !r.actor.Sight().Sees(changed.Ticket) {
		return r.done("/tickets?"+r.form.Get("list"), "group"), nil
	}
	return s.changed(r, "group", err)
}

func (s *Server) setPriority(r *request) (web.Answer, error) {
	_, err := s.app.SetPriority(r.Context(), r.actor, r.change(), desk.Priority(r.form.Get("priority")))
	return s.changed(r, "priority", err)
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
