package console

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// ticketPage is what a ticket's page shows.
type ticketPage struct {
	staff.Work
	Pill       pill
	Talk       []moment
	Facts      facts // of the metadata
	Colleagues []staff.Colleague
	Moves      []moves // to which groups it can be handed on
	Priorities []desk.Priority
	List       string // the list that the reader came from, as in its address
	From       cameFrom
	Reply      composed
	Statuses   []statusChoice // what Next offers
	Sheet      sheet
	Unmask     unmasked
	Spans      []spanShown
	Promises   promises
	Mine       bool
}

// composed is what stands in the composer.
type composed struct {
	Kind      string // reply, note, or customer: what the customer said
	Text      string
	Status    desk.Status // that the ticket gets with it; empty: it stays
	Else      desk.Status // in the place of Status when a new ticket gets something else than a reply
	Reason    string      // for that
	Faults    map[string]string
	Arrived   int  // how many events came since the page was read: it was not sent
	FromDraft bool // the text was kept by the server
}

// unmasked is a personal identifier that was just shown, or that could not be.
type unmasked struct {
	Field, Value string
	Faults       map[string]string
}

// moment is one thing in the conversation: a word, or what happened.
type moment struct {
	Day     string // a line before it that names the day; empty: the same day as the one before
	Event   desk.Event
	Comment *desk.Comment
	Text    string // what happened, in the reader's words
	Icon    string
	Files   []desk.Attachment
	Side    string // of a word: bank, note, or empty for the customer
}

// ticket shows a ticket.
func (s *Server) ticket(r *request) (web.Answer, error) {
	return s.showTicket(r, http.StatusOK, nil)
}

// ticketAgain leads the form of the tracking page, which somebody sent who is signed in, to the ticket.
func (s *Server) ticketAgain(r *request) (web.Answer, error) {
	return r.redirect("/tickets/" + url.PathEscape(r.PathValue("number"))), nil
}

// showTicket shows a ticket; change puts what a form brought into the page.
func (s *Server) showTicket(r *request, status int, change func(*ticketPage)) (web.Answer, error) {
	cursor := s.feed.place(r.Context())
	work, err := s.staff.Work(r.Context(), r.actor, r.PathValue("number"))
	if err != nil {
		return web.Answer{}, err
	}
	p := ticketPage{Work: work, Priorities: desk.Priorities, List: r.URL.Query().Get("list"), Mine: work.Ticket.AssigneeID == r.actor.ID,
		Pill: r.words.sla(work.SLA, work.Ticket.Calendar), Reply: composed{Kind: "reply"}}
	self := ""
	if r.form != nil {
		p.List = r.form.Get("list")
		self = r.ticketPath()
	}
	p.Talk = r.talk(work)
	p.Facts = r.words.factsOf(work.Ticket)
	p.Spans, p.Promises = r.spans(work), r.words.promises(work)
	p.Statuses = r.words.statuses(work.Ticket, work.Next)
	if work.Ticket.Status == desk.Open { // who answers works on it
		p.Reply.Status = desk.InProgress
	}
	for _, d := range work.Drafts {
		if p.Reply.Text == "" {
			p.Reply.Kind, p.Reply.Text, p.Reply.FromDraft = kindOf(d.Internal), d.Content, true
		}
	}
	if r.actor.Permissions.Allow(desk.MayWork) {
		if p.Colleagues, err = s.staff.Colleagues(r.Context(), r.actor, work.Ticket.Group.Code); err != nil {
			return web.Answer{}, err
		}
		if p.Moves, err = s.moves(r, work.Ticket); err != nil {
			return web.Answer{}, err
		}
	}
	if p.From, err = s.cameFrom(r, p.List, work.Ticket); err != nil {
		return web.Answer{}, err
	}
	if change != nil {
		change(&p)
	}
	if err := s.staff.ReadNotices(r.Context(), r.actor, work.Ticket.ID); err != nil {
		return web.Answer{}, err
	}
	number := strconv.FormatInt(work.Ticket.Number, 10)
	return r.showWith(status, "ticket", page{Title: number + " " + r.words.title(s.app.Reference(), work.Ticket), Nav: p.From.nav, View: p.From.view, Live: "ticket:" + number, Cursor: cursor, Self: self, Data: p})
}

func kindOf(internal bool) string {
	if internal {
		return "note"
	}
	return "reply"
}

// talk tells what happened to a ticket, from the first event on.
func (r *request) talk(w staff.Work) []moment {
	comments := map[int64]*desk.Comment{}
	for i, c := range w.Comments {
		comments[c.Seq] = &w.Comments[i]
	}
	var talk []moment
	day, group := "", r.server.app.Reference().Services[w.Ticket.ServiceType].Group.Code
	for _, e := range w.Events {
		m := moment{Event: e, Comment: comments[e.Seq]}
		switch {
		case m.Comment == nil:
			m.Icon, m.Text = r.tell(e, &group)
			if e.Type == desk.FilesAttached {
				m.Files = slices.DeleteFunc(slices.Clone(w.Attachments), func(f desk.Attachment) bool { return !f.UploadedAt.Equal(e.At) })
			}
		case !m.Comment.Public:
			m.Side = "note"
		case m.Comment.FromSupport:
			m.Side = "bank"
		}
		if m.Comment == nil && m.Text == "" {
			continue
		}
		if d := r.words.day(e.At); d != day {
			m.Day, day = d, d
		}
		talk = append(talk, m)
	}
	return talk
}

// eventData is what the bodies of events tell that are no comments.
type eventData struct {
	Data struct{ OldStatus, NewStatus, AssignedTo, SupportGroup, OldPriority, NewPriority string }
}

// tell words what happened. What the event before it said already has no words. group is the code of the group that has the
// ticket; tell notes when another one gets it.
func (r *request) tell(e desk.Event, group *string) (icon, text string) {
	var body eventData
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return "even", string(e.Type)
	}
	w, d := r.words, body.Data
	switch e.Type {
	case desk.TicketCreated:
		return "plus", w.t("Tiket dibuat")
	case desk.StatusChanged:
		text := w.t("Status: %s menjadi %s", w.status(desk.Status(d.OldStatus)), w.status(desk.Status(d.NewStatus)))
		if e.Reason != "" {
			text += ". " + w.t("Alasan: %s", e.Reason)
		}
		return "right", text
	case desk.FilesAttached:
		return "file", w.t("Berkas dilampirkan")
	case desk.TicketAssigned:
		moved := d.SupportGroup != *group
		*group = d.SupportGroup
		return "person", r.tellAssigned(d.AssignedTo, d.SupportGroup, moved)
	case desk.CodeRenewed:
		return "lock", w.t("Kode pantau baru dibuat")
	case desk.PriorityChanged:
		return "up", w.t("Prioritas: %s menjadi %s", w.priority(desk.Priority(d.OldPriority)), w.priority(desk.Priority(d.NewPriority)))
	}
	return "", ""
}

// tellAssigned words who has a ticket, or which group's queue.
func (r *request) tellAssigned(to, code string, moved bool) string {
	w, group := r.words, r.server.app.Reference().Groups[code]
	name, nobody := cmp.Or(group.Name, code), to == group.TeamName()
	switch {
	case moved && nobody:
		return w.t("Dipindahkan ke unit %s", name)
	case moved:
		return w.t("Dipindahkan ke unit %s dan ditugaskan kepada %s", name, to)
	case nobody:
		return w.t("Dikembalikan ke antrean %s", name)
	}
	return w.t("Ditugaskan kepada %s", to)
}

// file gives a file of a ticket, as a download and never as a page (the spec, section 4).
func (s *Server) file(r *request) (web.Answer, error) {
	f, err := s.app.ReadAttachment(r.Context(), r.actor, r.PathValue("number"), r.PathValue("id"))
	if err != nil {
		return web.Answer{}, err
	}
	return web.File(f), nil
}

// customer shows the tickets of a ticket's customer.
func (s *Server) customer(r *request) (web.Answer, error) {
	c, err := s.staff.Customer(r.Context(), r.actor, r.PathValue("number"))
	if err != nil {
		return web.Answer{}, err
	}
	data := struct {
		staff.Customer
		Rows []rowShown
	}{Customer: c}
	for _, t := range c.Tickets {
		data.Rows = append(data.Rows, r.row(t, staff.Listed{At: c.At}))
	}
	return r.showLive("customer", "tickets", c.Ticket.Customer.Name, "", 0, data)
}

// change is how every form of a ticket begins: which ticket, and which version of it the reader saw.
func (r *request) change() app.Change {
	version, _ := strconv.ParseInt(r.form.Get("version"), 10, 64)
	return app.Change{Ticket: r.PathValue("number"), Version: version, Note: r.form.Get("note")}
}

// ticketPath is the page of the ticket that a form is about, in the list that the reader came from.
func (r *request) ticketPath() string {
	path := "/tickets/" + url.PathEscape(r.PathValue("number"))
	if list := r.form.Get("list"); list != "" {
		path += "?list=" + url.QueryEscape(list)
	}
	return path
}
