package console

import (
	"net/http"
	"net/url"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// loadPage is what the load of support groups shows.
type loadPage struct {
	Groups    []loadGroup
	Empty     bool // the reader belongs to no group
	Unstaffed []staff.Unstaffed
}

// loadGroup is a support group with its rows.
type loadGroup struct {
	staff.GroupLoad
	All, Unassigned []loadCell
	Rows            []loadRow
}

// loadRow is a member of a group.
type loadRow struct {
	staff.MemberLoad
	Path    string // the list of all active tickets that the member has of the group
	Returns int    // how many tickets go back to their queues, of all groups
	Cells   []loadCell
}

// loadCell is a number with the list that it counts.
type loadCell struct {
	Name, Path, Meaning string
	Count               int
}

// load shows how much the reader's support groups have to do.
func (s *Server) load(r *request) (web.Answer, error) {
	cursor := s.feed.place(r.Context())
	loads, err := s.staff.Load(r.Context(), r.actor)
	if err != nil {
		return web.Answer{}, err
	}
	p := loadPage{Empty: len(loads) == 0}
	if p.Unstaffed, err = s.staff.Unstaffed(r.Context(), r.actor); err != nil {
		return web.Answer{}, err
	}
	returns := map[string]int{}
	for _, l := range loads {
		for _, m := range l.Members {
			returns[m.ID] += m.Tally.Active()
		}
	}
	for _, l := range loads {
		p.Groups = append(p.Groups, r.loadGroup(l, returns))
	}
	return r.showLive("load", "load", r.words.t("Beban Unit Kerja"), "home", cursor, p)
}

func (r *request) loadGroup(l staff.GroupLoad, returns map[string]int) loadGroup {
	g := loadGroup{GroupLoad: l, All: r.cells(l.Group, "", l.All), Unassigned: r.cells(l.Group, desk.Nobodys, l.Unassigned)}
	for _, m := range l.Members {
		g.Rows = append(g.Rows, loadRow{MemberLoad: m, Path: loadList(l.Group, m.ID, nil), Returns: returns[m.ID], Cells: r.cells(l.Group, m.ID, m.Tally)})
	}
	return g
}

// cells are the numbers of a tally.
func (r *request) cells(g desk.Group, assignee string, t staff.Tally) []loadCell {
	cell := func(name string, count int, meaning string, field desk.ViewField, values string) loadCell {
		if count == 0 {
			meaning = ""
		}
		return loadCell{name, loadList(g, assignee, url.Values{string(field): {values}}), meaning, count}
	}
	return []loadCell{
		cell(r.words.t("Baru"), t.New, "", desk.ViewStatus, string(desk.Open)),
		cell(r.words.t("Dikerjakan"), t.Working, "", desk.ViewStatus, string(desk.InProgress)),
		cell(r.words.t("Menunggu"), t.Waiting, "", desk.ViewStatus, string(desk.Pending)+","+string(desk.OnHold)),
		cell(r.words.t("Lewat tenggat"), t.Overdue, "bad", desk.ViewSLA, desk.SLABreached),
		cell(r.words.t("Hampir jatuh tempo"), t.Soon, "warn", desk.ViewSLA, desk.SLASoon),
	}
}

// loadList is the address of a list of a group's active tickets.
func loadList(g desk.Group, assignee string, more url.Values) string {
	q := url.Values{string(desk.ViewGroup): {g.Code}, string(desk.ViewStatus): {desk.ActiveStatus}, "order": {string(desk.ByDeadline)}}
	if assignee != "" {
		q.Set(string(desk.ViewAssignee), assignee)
	}
	for field, values := range more {
		q[field] = values
	}
	return "/tickets?" + q.Encode()
}

// setAbsent notes whether a member of the reader's groups is absent.
func (s *Server) setAbsent(r *request) (web.Answer, error) {
	if err := s.staff.SetAbsent(r.Context(), r.actor, r.PathValue("id"), r.form.Get("away") == "yes"); err != nil {
		return web.Answer{}, err
	}
	return r.done("/load", "away"), nil
}

// returnedPage is what came of giving somebody's tickets back.
type returnedPage struct {
	staff.Returned
	Name        string // whose they were; empty: the reader's
	Again, Back string // where the rest is given back, and where the reader came from
	Refused     []refusedRow
}

// refusedRow is a ticket that could not be given back, and why.
type refusedRow struct {
	*desk.Ticket
	Why string
}

// returnTickets gives the tickets of an employee back to their queues, and shows what came of it.
func (s *Server) returnTickets(r *request) (web.Answer, error) {
	id := r.PathValue("id")
	back := r.back("/load")
	done, err := s.staff.ReturnTickets(r.Context(), r.actor, id)
	if err != nil {
		return web.Answer{}, err
	}
	return s.showReturned(r, returnedPage{Returned: done, Name: r.form.Get("name"), Again: r.URL.Path, Back: back})
}

func (s *Server) showReturned(r *request, p returnedPage) (web.Answer, error) {
	for _, f := range p.Failed {
		p.Refused = append(p.Refused, refusedRow{f.Ticket, f.Err.In(r.words.lang)})
	}
	return r.showWith(http.StatusOK, "returned", page{Title: r.words.t("Tiket dikembalikan ke antrean"), Data: p})
}
