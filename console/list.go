package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// pageSize is how many tickets a page of a list has.
const pageSize = 50

// listPage is what the list shows.
type listPage struct {
	View    desk.View
	Query   string // the view as in the address
	Rows    []rowShown
	More    string // address of the next page; empty: there is none
	Thin    bool
	Saved   staff.SavedView // the view that was given a name; zero: none
	Chips   []chip
	Choices choices
	Groups  []desk.Group // with which a view can be shared
	Faults  map[string]string
	Name    string
	Deep    bool // not the first page
}

// rowShown is a ticket as a row.
type rowShown struct {
	*desk.Ticket
	SLA  pill
	Made string // when it was made, shortly
	Path string
}

// chip is a condition of a view, with the address of the list without it.
type chip struct{ Text, Without string }

// choices are what a filter offers.
type choices struct {
	Statuses   []desk.Status // in the order of work
	Priorities []desk.Priority
	Services   []desk.ServiceType
	Channels   []desk.Channel
	Groups     []desk.Group
	Branches   []desk.Branch
}

func (s *Server) choices(r *request) choices {
	c := choices{Statuses: slices.Concat(desk.ActiveStatuses, []desk.Status{desk.Resolved, desk.Closed, desk.Cancelled}), Priorities: desk.Priorities, Services: desk.ServiceTypes, Channels: append(slices.Clone(desk.Channels), desk.Counter)}
	sight := r.actor.Sight()
	c.Groups = slices.DeleteFunc(s.groups(), func(g desk.Group) bool {
		return !sight.All && sight.Branch == "" && !slices.Contains(sight.Groups, g.Code)
	})
	c.Branches = s.branches()
	return c
}

// groups are all support groups, in the order of their names.
func (s *Server) groups() []desk.Group {
	return slices.SortedFunc(maps.Values(s.app.Reference().Groups), func(a, b desk.Group) int { return strings.Compare(a.Name, b.Name) })
}

// branches are all offices, in the order of their codes.
func (s *Server) branches() []desk.Branch {
	return slices.SortedFunc(maps.Values(s.app.Reference().Branches), func(a, b desk.Branch) int { return strings.Compare(a.Code, b.Code) })
}

// list shows the tickets of a view.
func (s *Server) list(r *request) (web.Answer, error) { return s.showList(r, nil, "") }

// showList shows the list, with what is wrong with the name that somebody wanted to give it.
func (s *Server) showList(r *request, faults map[string]string, name string) (web.Answer, error) {
	q := r.URL.Query()
	if r.form != nil { // a view that could not be saved
		q, _ = url.ParseQuery(r.form.Get("query"))
	}
	view := desk.ParseView(q)
	cursor := s.feed.place(r.Context())
	found, err := s.staff.List(r.Context(), r.actor, view, placeIn(q), pageSize)
	if err != nil {
		return web.Answer{}, err
	}
	p := listPage{View: view, Query: view.Query().Encode(), Thin: found.Thin, Choices: s.choices(r), Faults: faults, Name: name, Deep: q.Get("after") != ""}
	if p.Faults == nil {
		p.Faults = map[string]string{}
	}
	shown, err := s.opened(r, q)
	if err != nil {
		return web.Answer{}, err
	}
	p.Saved = shown.Saved
	for _, t := range found.Tickets {
		p.Rows = append(p.Rows, r.rowIn(t, found, shown))
	}
	if found.More {
		more := view.Query()
		more.Set("after", strconv.FormatInt(found.Next.At, 10)+"."+found.Next.ID)
		p.More = "/tickets?" + more.Encode()
	}
	p.Chips = r.chips(view)
	p.Groups = slices.DeleteFunc(slices.Clone(p.Choices.Groups), func(g desk.Group) bool { return !slices.Contains(r.actor.Groups, g.Code) })
	about := "list"
	if p.Deep {
		about = ""
	}
	self := ""
	if r.form != nil {
		self = "/tickets?" + p.Query
	}
	status := http.StatusOK
	if faults != nil {
		status = http.StatusBadRequest
	}
	return r.showWith(status, "list", page{Title: shown.Title, Nav: shown.Nav, View: shown.Saved.ID, Live: about, Cursor: cursor, Self: self, Data: p})
}

// placeIn reads where a list goes on.
func placeIn(q url.Values) staff.Place {
	at, id, _ := strings.Cut(q.Get("after"), ".")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !desk.IsID(id) {
		return staff.Place{}
	}
	return staff.Place{At: n, ID: id}
}

// chips are the conditions of a view, each with the list without it.
func (r *request) chips(v desk.View) []chip {
	var chips []chip
	for _, part := range []struct {
		conditions []desk.Condition
		any        bool
	}{{v.All, false}, {v.Any, true}} {
		for i, c := range part.conditions {
			without := v
			rest := slices.Delete(slices.Clone(part.conditions), i, i+1)
			if part.any {
				without.Any = rest
			} else {
				without.All = rest
			}
			chips = append(chips, chip{Text: r.condition(c, part.any), Without: "/tickets?" + without.Query().Encode()})
		}
	}
	return chips
}

// condition words a condition: `Status: Terbuka, Dalam Proses`.
func (r *request) condition(c desk.Condition, any bool) string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = r.value(c.Field, v)
	}
	text := r.words.field(c.Field) + ": " + strings.Join(values, ", ")
	if c.Not {
		text = r.words.t("bukan %s", text)
	}
	if any {
		text = r.words.t("atau %s", text)
	}
	return text
}

// value words a value of a condition.
func (r *request) value(f desk.ViewField, v string) string {
	w := r.words
	switch f {
	case desk.ViewStatus:
		if v == desk.ActiveStatus {
			return w.t("belum selesai")
		}
		return w.status(desk.Status(v))
	case desk.ViewPriority:
		return w.priority(desk.Priority(v))
	case desk.ViewService:
		return w.service(desk.ServiceType(v))
	case desk.ViewChannel:
		if v == desk.Nobodys {
			return w.channel("")
		}
		return w.channel(desk.Channel(v))
	case desk.ViewGroup:
		if g, known := r.server.app.Reference().Groups[v]; known {
			return g.Name
		}
	case desk.ViewBranch:
		if b, known := r.server.app.Reference().Branches[v]; known {
			return b.Code + " " + b.Name
		}
	case desk.ViewAssignee:
		switch v {
		case desk.Mine:
			return w.t("saya")
		case desk.Nobodys:
			return w.t("belum ada")
		}
		return w.t("petugas lain")
	case desk.ViewSLA, desk.ViewCreated:
		return w.viewValue(v)
	}
	return v
}

// field names a field of views.
func (w words) field(f desk.ViewField) string {
	switch f {
	case desk.ViewStatus:
		return w.t("Status")
	case desk.ViewPriority:
		return w.t("Prioritas")
	case desk.ViewGroup:
		return w.t("Unit kerja")
	case desk.ViewService:
		return w.t("Layanan")
	case desk.ViewChannel:
		return w.t("Kanal")
	case desk.ViewBranch:
		return w.t("Kantor cabang")
	case desk.ViewAssignee:
		return w.t("Penanggung jawab")
	case desk.ViewSLA:
		return w.t("Tenggat")
	case desk.ViewCreated:
		return w.t("Dibuat")
	}
	return string(f)
}

// viewValue words a value of the deadline's state or of when a ticket was made.
func (w words) viewValue(v string) string {
	switch v {
	case desk.SLABreached:
		return w.t("lewat")
	case desk.SLASoon:
		return w.t("hampir")
	case desk.SLAPaused:
		return w.t("dijeda")
	case "1d":
		return w.t("24 jam terakhir")
	case "7d":
		return w.t("7 hari terakhir")
	case "30d":
		return w.t("30 hari terakhir")
	case "90d":
		return w.t("90 hari terakhir")
	}
	return v
}

// Has reports whether the filter has a value, for what is ticked in its form.
func (p listPage) Has(field desk.ViewField, value any) bool {
	return slices.Contains(p.View.Only(field), toText(value))
}

// HasNot reports whether the filter leaves a value out.
func (p listPage) HasNot(field desk.ViewField, value any) bool {
	return slices.ContainsFunc(p.View.All, func(c desk.Condition) bool {
		return c.Field == field && c.Not && slices.Contains(c.Values, toText(value))
	})
}

func toText(value any) string {
	switch v := value.(type) {
	case desk.Status:
		return string(v)
	case desk.Priority:
		return string(v)
	case desk.ServiceType:
		return string(v)
	case desk.Channel:
		return string(v)
	case string:
		return v
	}
	return ""
}

// saveView gives the list that is shown a name.
func (s *Server) saveView(r *request) (web.Answer, error) {
	q, err := url.ParseQuery(r.form.Get("query"))
	if err != nil {
		q = url.Values{}
	}
	v, err := s.staff.SaveView(r.Context(), r.actor, r.form.Get("name"), r.form.Get("group"), desk.ParseView(q))
	if faults, ok := r.faultsOf(err); ok {
		return s.showList(r, faults, r.form.Get("name"))
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done("/tickets?"+v.Query+"&view="+v.ID, "saved"), nil
}

// deleteView removes a view.
func (s *Server) deleteView(r *request) (web.Answer, error) {
	if err := s.staff.DeleteView(r.Context(), r.actor, r.PathValue("id")); err != nil {
		return web.Answer{}, err
	}
	return r.done("/tickets", "deleted"), nil
}
