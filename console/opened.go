package console

import (
	"net/url"
	"slices"
	"strconv"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
)

// The lists that have a name of their own, as in their addresses.
const (
	mineList  = "assignee=me&order=due&status=active"
	queueList = "assignee=none&order=due&status=active"
	dueList   = "order=due&sla=soon%2Cbreached&status=active"
	soonList  = "order=due&sla=soon&status=active"
	lateList  = "order=due&sla=breached&status=active"
)

// openedList is a list that somebody opened, or came from.
type openedList struct {
	View  desk.View
	Nav   string          // name of its screen in the menu
	Title string          // in the reader's words
	Saved staff.SavedView // the view that was given a name; zero: none
}

// opened says which list an address means, and how it is called.
func (s *Server) opened(r *request, q url.Values) (openedList, error) {
	l := openedList{View: desk.ParseView(q), Nav: "tickets", Title: r.words.t("Semua Tiket")}
	if id := q.Get("view"); id != "" {
		views, err := s.staff.Views(r.Context(), r.actor)
		if err != nil {
			return l, err
		}
		if i := slices.IndexFunc(views, func(v staff.SavedView) bool { return v.ID == id }); i >= 0 {
			l.Nav, l.Title, l.Saved = "view", views[i].Name, views[i]
			return l, nil
		}
	}
	switch l.View.Query().Encode() {
	case mineList:
		l.Nav, l.Title = "mine", r.words.t("Tiket Saya")
	case queueList:
		l.Nav, l.Title = "queue", r.words.t("Belum Ditugaskan")
	case dueList:
		l.Nav, l.Title = "due", r.words.t("Mendesak")
	case soonList:
		l.Title = r.words.t("Hampir jatuh tempo")
	case lateList:
		l.Title = r.words.t("Lewat tenggat")
	}
	return l, nil
}

// query is the list as in its address.
func (l openedList) query() url.Values {
	q := l.View.Query()
	if l.Saved.ID != "" {
		q.Set("view", l.Saved.ID)
	}
	return q
}

// path is the address of the list.
func (l openedList) path() string {
	if q := l.query(); len(q) > 0 {
		return "/tickets?" + q.Encode()
	}
	return "/tickets"
}

// stood is the field of an opened list that says where the ticket that is shown stood in it: it may have left its place.
const stood = "at"

// pathOf is the address of a ticket of the list, which leads back to it and on to the tickets beside it.
func (l openedList) pathOf(t *desk.Ticket) string {
	q := l.query()
	q.Set(stood, strconv.FormatInt(staff.PlaceOf(t, l.View.Order).At, 10))
	return pathOf(t) + "?list=" + url.QueryEscape(q.Encode())
}

// pathOf is the address of a ticket by itself.
func pathOf(t *desk.Ticket) string { return "/tickets/" + strconv.FormatInt(t.Number, 10) }

// row makes a row of tickets that are no list.
func (r *request) row(t *desk.Ticket, in staff.Listed) rowShown {
	return rowShown{Ticket: t, SLA: r.words.sla(t.SLAIn(r.server.app.CalendarOf(t), in.At), t.Calendar), Made: r.words.made(t.CreatedAt, in.At), Path: pathOf(t)}
}

// rowIn makes a row of a list.
func (r *request) rowIn(t *desk.Ticket, in staff.Listed, l openedList) rowShown {
	row := r.row(t, in)
	row.Path = l.pathOf(t)
	return row
}

// cameFrom is what a ticket's page shows of the list that the reader came from.
type cameFrom struct {
	Title, Path   string // empty: the reader came from no list
	Before, After string // addresses of the tickets beside it; empty: none
	nav, view     string // of the menu
}

// cameFrom finds the list of an address, and the tickets before and after one in it.
func (s *Server) cameFrom(r *request, list string, t *desk.Ticket) (cameFrom, error) {
	q, broken := url.ParseQuery(list)
	if list == "" || broken != nil { // somebody made the address up: there is no such list
		return cameFrom{nav: "tickets"}, nil
	}
	l, err := s.opened(r, q)
	if err != nil {
		return cameFrom{}, err
	}
	at, err := strconv.ParseInt(q.Get(stood), 10, 64)
	if err != nil {
		at = staff.PlaceOf(t, l.View.Order).At
	}
	beside, err := s.staff.Neighbours(r.Context(), r.actor, l.View, t, at, pageSize)
	from := cameFrom{Title: l.Title, Path: l.path(), nav: l.Nav, view: l.Saved.ID}
	if beside.Before != nil {
		from.Before = l.pathOf(beside.Before)
	}
	if beside.After != nil {
		from.After = l.pathOf(beside.After)
	}
	return from, err
}
