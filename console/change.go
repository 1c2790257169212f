package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// sheet is the form of a popup that could not be taken. The page shows it again, open, with what was chosen in it.
type sheet struct {
	Name  string // status, assign, group or priority; empty: none
	Fault string // in the reader's words
	Given url.Values
}

// statusChoice is a status that the reader may give a ticket.
type statusChoice struct {
	Status desk.Status
	Text   string
}

// statuses are the choices of status, those that nobody can take back last.
func (w words) statuses(t *desk.Ticket, next []desk.Status) []statusChoice {
	var choices, final []statusChoice
	for _, status := range next {
		c := statusChoice{status, w.status(status)}
		switch {
		case status.Final():
			final = append(final, c)
			continue
		case t.Status == desk.Resolved:
			c.Text = w.t("%s (buka kembali)", c.Text)
		}
		choices = append(choices, c)
	}
	return append(choices, final...)
}

// unconfirmed says what is missing from a form that gives a ticket a status that nobody can take back; empty: nothing.
func (r *request) unconfirmed(to desk.Status) string {
	if to.Final() && r.form.Get("final") != "yes" {
		return r.words.t("Tiket yang %s tidak dapat dibuka lagi. Centang bahwa Anda yakin, lalu kirim kembali.", strings.ToLower(r.words.status(to)))
	}
	return ""
}

// changed leads back to the ticket after a change, or shows the ticket with what was wrong: in the popup that asked for
// the change, or in the composer when that is named by nothing.
func (s *Server) changed(r *request, popup, what string, err error) (web.Answer, error) {
	if desk.Is(err, desk.Stale) {
		return s.refuse(r, popup, http.StatusConflict, desk.ChangedElsewhere.In(r.words.lang, ""))
	}
	if faults, ok := r.faultsOf(err); ok {
		return s.refuse(r, popup, http.StatusBadRequest, strings.Join(slices.Sorted(maps.Values(faults)), " "))
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done(r.ticketPath(), what), nil
}

// refuse shows the ticket with what was wrong with a change of it. A ticket that nobody can change any more has no popups.
func (s *Server) refuse(r *request, popup string, status int, fault string) (web.Answer, error) {
	return s.showTicket(r, status, func(p *ticketPage) {
		if popup == "" || len(p.Next) == 0 {
			p.Reply.Faults = map[string]string{"": fault}
			return
		}
		p.Sheet = sheet{Name: popup, Fault: fault, Given: r.form}
	})
}

func (s *Server) changeStatus(r *request) (web.Answer, error) {
	to := desk.Status(r.form.Get("status"))
	if to == "" {
		return s.refuse(r, "status", http.StatusBadRequest, r.words.t("Pilih status baru."))
	}
	if fault := r.unconfirmed(to); fault != "" {
		return s.refuse(r, "status", http.StatusBadRequest, fault)
	}
	_, err := s.app.ChangeStatus(r.Context(), r.actor, r.change(), to, r.form.Get("reason"))
	return s.changed(r, "status", "status", err)
}

// toQueue stands in the form for nobody.
const toQueue = "none"

// assign gives the ticket to a colleague, or back to the queue.
func (s *Server) assign(r *request) (web.Answer, error) {
	to := app.Assignment{GivenAgent: true, AssigneeID: r.form.Get("assignee")}
	switch to.AssigneeID {
	case "":
		return s.refuse(r, "assign", http.StatusBadRequest, r.words.t("Pilih penanggung jawab."))
	case toQueue:
		to = app.Assignment{GivenAgent: true, Unassign: true}
	}
	_, err := s.app.Assign(r.Context(), r.actor, r.change(), to)
	return s.changed(r, "assign", "assigned", err)
}

// take gives the ticket to the reader, who works on it from then on.
func (s *Server) take(r *request) (web.Answer, error) {
	_, err := s.app.Take(r.Context(), r.actor, r.change())
	return s.changed(r, "", "taken", err)
}

// moveToGroup hands the ticket to another support group, whose queue it joins. Who may not see it there is led to the list.
func (s *Server) moveToGroup(r *request) (web.Answer, error) {
	changed, err := s.app.Assign(r.Context(), r.actor, r.change(), app.Assignment{GroupCode: r.form.Get("group"), GivenAgent: true, Unassign: true})
	if err != nil {
		return s.changed(r, "group", "", err)
	}
	said := "group:" + strconv.FormatInt(changed.Ticket.Number, 10) + ":" + changed.Ticket.Group.Code
	if !r.actor.Sight().Sees(changed.Ticket) {
		return r.done("/tickets?"+r.form.Get("list"), said), nil
	}
	return r.done(r.ticketPath(), said), nil
}

func (s *Server) setPriority(r *request) (web.Answer, error) {
	_, err := s.app.SetPriority(r.Context(), r.actor, r.change(), desk.Priority(r.form.Get("priority")))
	return s.changed(r, "priority", "priority", err)
}

// nameUnit puts the name of a unit in the place of its code, in what an address says was done.
func (r *request) nameUnit(said string) string {
	parts := strings.SplitN(said, ":", 3)
	if len(parts) < 3 {
		return said
	}
	group, known := r.server.app.Reference().Groups[parts[2]]
	if !known {
		return ""
	}
	return parts[0] + ":" + parts[1] + ":" + group.Name
}
