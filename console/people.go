package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// How the list of employees is shown.
const (
	peopleShown    = 200 // at most; more are found by searching
	peopleUnsought = 12  // up to which there is nothing to search
)

// peoplePage is what the list of employees shows.
type peoplePage struct {
	Rows        []personRow
	Query       string
	Search      bool // there are so many that somebody may search
	Total, More int  // employees that were found, and how many of them are not shown
	Roles       []desk.Role
	FactorRoles []desk.Role // which must have a second factor
	Unstaffed   []staff.Unstaffed
}

// personRow is an employee as a row.
type personRow struct {
	staff.Person
	GroupNames []string
	Office     string
	Blind      bool // sees no ticket
}

// people lists the employees.
func (s *Server) people(r *request) (web.Answer, error) {
	all, err := s.staff.People(r.Context(), r.actor)
	if err != nil {
		return web.Answer{}, err
	}
	p := peoplePage{Query: strings.TrimSpace(r.URL.Query().Get("q")), Roles: desk.Roles}
	p.Search = len(all) > peopleUnsought || p.Query != ""
	if p.FactorRoles, err = s.staff.FactorRoles(r.Context(), r.actor); err != nil {
		return web.Answer{}, err
	}
	if p.Unstaffed, err = s.staff.Unstaffed(r.Context(), r.actor); err != nil {
		return web.Answer{}, err
	}
	wanted := strings.ToLower(p.Query)
	all = slices.DeleteFunc(all, func(one staff.Person) bool {
		return !strings.Contains(strings.ToLower(one.Name), wanted) && !strings.Contains(strings.ToLower(one.Email), wanted)
	})
	p.Total = len(all)
	p.More = max(0, p.Total-peopleShown)
	for _, one := range all[:min(peopleShown, len(all))] {
		p.Rows = append(p.Rows, s.personRow(one))
	}
	return r.showWith(http.StatusOK, "people", page{Title: r.words.t("Petugas"), Nav: "people", Data: p})
}

// blind reports whether somebody who could work sees no ticket at all: that is rarely meant.
func blind(one staff.Person) bool { return one.Active && one.Actor().Sight().None() }

// personRow names the groups and the office of an employee; one that the bank gave up since has its code for a name.
func (s *Server) personRow(one staff.Person) personRow {
	reference, row := s.app.Reference(), personRow{Person: one, Office: one.Branch, Blind: blind(one)}
	for _, code := range one.Groups {
		name := code
		if g, known := reference.Groups[code]; known {
			name = g.Name
		}
		row.GroupNames = append(row.GroupNames, name)
	}
	if b, known := reference.Branches[one.Branch]; known {
		row.Office = b.Code + " " + b.Name
	}
	return row
}

// setFactorRoles says which roles must have a second factor.
func (s *Server) setFactorRoles(r *request) (web.Answer, error) {
	var roles []desk.Role
	for _, role := range r.form["roles"] {
		roles = append(roles, desk.Role(role))
	}
	if err := s.staff.SetFactorRoles(r.Context(), r.actor, roles); err != nil {
		return web.Answer{}, err
	}
	return r.done("/people", "saved"), nil
}

// personPage is what the page of an employee shows, and that of a new one.
type personPage struct {
	Person   staff.Person // without an id: a new one
	Form     personForm
	Faults   map[string]string
	Roles    []desk.Role
	Groups   []desk.Group
	Branches []desk.Branch
	Sessions []staff.Session
	Self     bool // the reader
	Blind    bool // sees no ticket
}

// personForm is what the form of an employee holds.
type personForm struct {
	Email, Name  string
	Role         desk.Role
	Groups       []string
	Branch       string
	Active, Away bool
}

func (r *request) personForm() personForm {
	f := r.form
	return personForm{Email: f.Get("email"), Name: f.Get("name"), Role: desk.Role(f.Get("role")), Groups: f["groups"], Branch: f.Get("branch"),
		Active: f.Get("active") == "yes", Away: f.Get("away") == "yes"}
}

// newPerson shows the form for a new employee.
func (s *Server) newPerson(r *request) (web.Answer, error) {
	return s.showPerson(r, personPage{Form: personForm{Role: desk.RoleAgent}}, nil)
}

// createPerson makes an employee and shows the first password, this once.
func (s *Server) createPerson(r *request) (web.Answer, error) {
	f := r.personForm()
	p, password, err := s.staff.CreatePerson(r.Context(), r.actor, staff.NewPerson{Email: f.Email, Name: f.Name, Role: f.Role, Groups: f.Groups, Branch: f.Branch})
	if e, refused := refusal(err); refused {
		if e.Code == desk.Conflict && len(e.Fields) == 0 {
			e = &desk.Error{Code: e.Code, Text: e.Text, Fields: desk.Faults{{Path: "email", Text: e.Text}}}
		}
		return s.showPerson(r, personPage{Form: f}, e)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return s.showPassword(r, p, password, true)
}

// person shows an employee.
func (s *Server) person(r *request) (web.Answer, error) { return s.showOne(r, nil, nil) }

// showOne shows the employee of the address, with what was wrong with the form that was sent.
func (s *Server) showOne(r *request, sent *personForm, refused *desk.Error) (web.Answer, error) {
	one, err := s.staff.Person(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return web.Answer{}, err
	}
	p := personPage{Person: one, Form: personForm{one.Email, one.Name, one.Role, one.Groups, one.Branch, one.Active, one.Away}, Self: one.ID == r.actor.ID, Blind: blind(one)}
	if sent != nil {
		p.Form = *sent
		p.Form.Email = one.Email
	}
	if p.Sessions, err = s.staff.SessionsOf(r.Context(), r.actor, one.ID); err != nil {
		return web.Answer{}, err
	}
	for i := range p.Sessions {
		p.Sessions[i].Current = p.Sessions[i].ID == r.session.ID
	}
	return s.showPerson(r, p, refused)
}

// showPerson shows the form of an employee, with what was wrong with it.
func (s *Server) showPerson(r *request, p personPage, refused *desk.Error) (web.Answer, error) {
	p.Roles, p.Groups, p.Branches, p.Faults = desk.Roles, s.groups(), s.branches(), map[string]string{}
	shown := page{Title: r.words.t("Petugas baru"), Nav: "people"}
	if p.Person.ID != "" {
		shown.Title = p.Person.Name
	}
	if refused == nil {
		shown.Data = p
		return r.showWith(http.StatusOK, "person", shown)
	}
	p.Faults, _ = r.faultsOf(refused)
	shown.Data = p
	return r.refuse(refused, "person", shown)
}

// changePerson changes an employee, and shows all that was wrong when something was.
func (s *Server) changePerson(r *request) (web.Answer, error) {
	f := r.personForm()
	if f.Groups == nil {
		f.Groups = []string{}
	}
	_, err := s.staff.ChangePerson(r.Context(), r.actor, r.PathValue("id"),
		staff.PersonChange{Name: &f.Name, Role: &f.Role, Groups: &f.Groups, Branch: &f.Branch, Active: &f.Active, Away: &f.Away})
	if e, refused := refusal(err); refused {
		return s.showOne(r, &f, e)
	}
	return s.personDone(r, "saved", err)
}

// personDone leads back to the employee and says what was done.
func (s *Server) personDone(r *request, what string, err error) (web.Answer, error) {
	if e, refused := refusal(err); refused {
		return s.showOne(r, nil, e)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done("/people/"+url.PathEscape(r.PathValue("id")), what), nil
}

// resetPassword gives an employee another password and shows it, this once.
func (s *Server) resetPassword(r *request) (web.Answer, error) {
	one, err := s.staff.Person(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return web.Answer{}, err
	}
	password, err := s.staff.ResetPassword(r.Context(), r.actor, one.ID, "")
	if err != nil {
		return s.personDone(r, "", err)
	}
	return s.showPassword(r, one, password, false)
}

// passwordPage is what tells a password that was made.
type passwordPage struct {
	Person   staff.Person
	Password string
	New      bool // the employee is new
	Blind    bool // sees no ticket
}

// showPassword answers with a password that is told this once: it is in no address, and the page is kept nowhere.
func (s *Server) showPassword(r *request, one staff.Person, password string, isNew bool) (web.Answer, error) {
	return r.showWith(http.StatusOK, "person-password", page{Title: r.words.t("Kata sandi sementara"), Nav: "people", Data: passwordPage{one, password, isNew, blind(one)}})
}

func (s *Server) resetFactor(r *request) (web.Answer, error) {
	return s.personDone(r, "nofactor", s.staff.ResetFactor(r.Context(), r.actor, r.PathValue("id")))
}

func (s *Server) endSessionsOf(r *request) (web.Answer, error) {
	return s.personDone(r, "session", s.staff.EndSessions(r.Context(), r.actor, r.PathValue("id")))
}

func (s *Server) endSessionOf(r *request) (web.Answer, error) {
	return s.personDone(r, "session", s.staff.EndSessionOf(r.Context(), r.actor, r.PathValue("id"), r.PathValue("session")))
}
