package staff

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Person is an employee as an administrator sees her.
type Person struct {
	desk.Agent // without the password
	HasFactor  bool
	MustChange bool      // has not yet changed the password that somebody else knows
	SeenAt     time.Time // to a minute; zero: never
}

// NewPerson says who a new employee shall be.
type NewPerson struct {
	Email, Name string
	Role        desk.Role
	Groups      []string // codes of support groups
	Branch      string   // code of an office; empty: none
	Password    string   // empty: one is made
}

// PersonChange says what of an employee shall be changed; nil stays as it is.
type PersonChange struct {
	Name         *string
	Role         *desk.Role
	Groups       *[]string
	Branch       *string
	Active, Away *bool
}

// shownPerson is a stored person as callers see her.
func shownPerson(p store.Person) Person {
	p.Password = ""
	return Person{Agent: p.Agent, HasFactor: p.Factor != "", MustChange: p.MustChange, SeenAt: p.SeenAt}
}

// mayConfigure is an error of code Forbidden for who does not look after people. Operators at the command line may; API keys
// never, whatever they are allowed.
func mayConfigure(actor desk.Actor) error {
	switch actor.Kind {
	case desk.ByCommand:
		return nil
	case desk.ByAgent:
		return app.Authorize(actor, desk.MayConfigure)
	}
	return desk.Fail(desk.Forbidden, desk.RoleCannot)
}

// People lists all employees by name.
func (s *Staff) People(ctx context.Context, actor desk.Actor) ([]Person, error) {
	if err := mayConfigure(actor); err != nil {
		return nil, err
	}
	var stored []store.Person
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		stored, err = tx.People()
		return err
	})
	slices.SortStableFunc(stored, byName)
	people := make([]Person, len(stored))
	for i, p := range stored {
		people[i] = shownPerson(p)
	}
	return people, err
}

// byName orders people as a reader looks for them.
func byName(a, b store.Person) int {
	return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
}

// Person returns one employee. The error is of code NotFound when there is none of that id.
func (s *Staff) Person(ctx context.Context, actor desk.Actor, id string) (Person, error) {
	return s.look(ctx, actor, func(tx *store.Tx) (store.Person, error) { return person(tx, id, false) })
}

// PersonByEmail is Person for who knows the e-mail.
func (s *Staff) PersonByEmail(ctx context.Context, actor desk.Actor, email string) (Person, error) {
	return s.look(ctx, actor, func(tx *store.Tx) (store.Person, error) {
		var faults desk.Faults
		if desk.CheckEmail(&faults, "email", email); len(faults) > 0 {
			return store.Person{}, desk.Fail(desk.NotFound, desk.PersonNotFound)
		}
		return employee(tx.PersonByEmail(desk.ByEmail.Normalize(email)))
	})
}

func (s *Staff) look(ctx context.Context, actor desk.Actor, find func(*store.Tx) (store.Person, error)) (Person, error) {
	if err := mayConfigure(actor); err != nil {
		return Person{}, err
	}
	var found store.Person
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = find(tx)
		return err
	})
	return shownPerson(found), err
}

// person reads an employee.
func person(tx *store.Tx, id string, forUpdate bool) (store.Person, error) {
	if !desk.IsID(id) {
		return store.Person{}, desk.Fail(desk.NotFound, desk.PersonNotFound)
	}
	return employee(tx.Person(id, forUpdate))
}

// employee words that there is nobody; the system user is nobody.
func employee(p store.Person, err error) (store.Person, error) {
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Role == desk.RoleSystem {
		return store.Person{}, desk.Fail(desk.NotFound, desk.PersonNotFound)
	}
	return p, err
}

// CreatePerson makes an employee, with a password that is told this once. Unless an operator at the command line chose it,
// it has to be changed at the first sign-in. Errors are of code Invalid, naming the field, and Conflict when there is
// somebody of that e-mail.
func (s *Staff) CreatePerson(ctx context.Context, actor desk.Actor, n NewPerson) (p Person, password string, err error) {
	if err := mayConfigure(actor); err != nil {
		return Person{}, "", err
	}
	agent := desk.Agent{Email: strings.TrimSpace(n.Email), Name: strings.TrimSpace(n.Name), Role: n.Role, Groups: n.Groups, Branch: n.Branch}
	if err := agent.Check(); err != nil {
		return Person{}, "", err
	}
	if password, agent.Password, err = s.hashed(ctx, n.Password); err != nil {
		return Person{}, "", err
	}
	mustChange := knownToOthers(actor, n.Password)
	if agent, err = s.app.CreateAgent(ctx, actor, agent, mustChange); err != nil {
		return Person{}, "", err
	}
	agent.Password = ""
	return Person{Agent: agent, MustChange: mustChange}, password, nil
}

// knownToOthers reports whether a password that an actor gave has to be changed by its owner: at the command line it may be
// the owner who types.
func knownToOthers(actor desk.Actor, given string) bool {
	return actor.Kind != desk.ByCommand || given == ""
}

// ChangePerson changes an employee. What is changed counts with the person's next request, on every node; who is not active
// any more has no session. Errors are of code NotFound, Invalid naming the field, and Conflict (LastAdmin) when the last
// active administrator would leave.
func (s *Staff) ChangePerson(ctx context.Context, actor desk.Actor, id string, c PersonChange) (changed Person, err error) {
	if err := mayConfigure(actor); err != nil {
		return Person{}, err
	}
	now := s.now()
	err = s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		admins, err := tx.ActiveAdmins() // before the person, so that two who change each other wait in one order
		if err != nil {
			return err
		}
		p, err := person(tx, id, true)
		if err != nil {
			return err
		}
		before := p.Agent
		c.apply(&p.Agent)
		if err := c.check(p.Agent, s.app.Reference()); err != nil {
			return err
		}
		if actor.Kind != desk.ByCommand && slices.Equal(admins, []string{id}) && !administers(p.Agent) {
			return desk.Fail(desk.Conflict, desk.LastAdmin)
		}
		tx.UpdateAgent(p.Agent)
		if !p.Active {
			tx.EndSessions(id, "")
		}
		entry := desk.NewAudit(now, actor, "agent.change", id, desk.OutcomeOK)
		entry.Detail = difference(before, p.Agent)
		tx.Audit(entry)
		changed = shownPerson(p)
		return nil
	})
	return changed, err
}

func administers(a desk.Agent) bool { return a.Active && a.Role == desk.RoleAdmin }

// apply changes an agent.
func (c PersonChange) apply(a *desk.Agent) {
	if c.Name != nil {
		a.Name = strings.TrimSpace(*c.Name)
	}
	if c.Role != nil {
		a.Role = *c.Role
	}
	if c.Groups != nil {
		a.Groups = slices.Compact(slices.Sorted(slices.Values(*c.Groups)))
	}
	if c.Branch != nil {
		a.Branch = *c.Branch
	}
	if c.Active != nil {
		a.Active = *c.Active
	}
	if c.Away != nil {
		a.Away = *c.Away
	}
}

// check is an error about what was changed. A group or branch that the bank gave up since stays until it is changed.
func (c PersonChange) check(a desk.Agent, r *desk.Reference) error {
	if err := a.Check(); err != nil {
		return err
	}
	if c.Groups == nil {
		a.Groups = nil
	}
	if c.Branch == nil {
		a.Branch = ""
	}
	return a.CheckPlaces(r)
}

// difference says for the audit trail what was changed, without the name.
func difference(before, after desk.Agent) string {
	var parts []string
	add := func(what, before, after string) {
		if before != after {
			parts = append(parts, what+": "+before+" -> "+after)
		}
	}
	if before.Name != after.Name {
		parts = append(parts, "name")
	}
	add("role", string(before.Role), string(after.Role))
	add("groups", strings.Join(before.Groups, ","), strings.Join(after.Groups, ","))
	add("branch", before.Branch, after.Branch)
	add("active", strconv.FormatBool(before.Active), strconv.FormatBool(after.Active))
	add("away", strconv.FormatBool(before.Away), strconv.FormatBool(after.Away))
	return strings.Join(parts, "; ")
}

// ResetPassword gives an employee another password, which is told this once; an empty one is made. It has to be changed as
// that of a new employee. All sessions of the person end, and tries to sign in are forgotten.
func (s *Staff) ResetPassword(ctx context.Context, actor desk.Actor, id, given string) (password string, err error) {
	if err := mayConfigure(actor); err != nil {
		return "", err
	}
	password, hash, err := s.hashed(ctx, given)
	if err != nil {
		return "", err
	}
	err = s.administer(ctx, actor, id, "agent.password_reset", func(tx *store.Tx, p store.Person) {
		tx.Untry(s.byAccount(p.Email).name)
		tx.ResetPassword(id, hash, knownToOthers(actor, given))
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// ResetFactor removes the second factor of an employee who lost it, and ends all sessions. The error is of code NotFound
// when there is none.
func (s *Staff) ResetFactor(ctx context.Context, actor desk.Actor, id string) error {
	err := s.administer(ctx, actor, id, "agent.factor_reset", func(tx *store.Tx, _ store.Person) { tx.RemoveFactor(id) })
	if errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.FactorMissing)
	}
	return err
}

// EndSessions ends all sessions of an employee.
func (s *Staff) EndSessions(ctx context.Context, actor desk.Actor, id string) error {
	return s.administer(ctx, actor, id, "agent.end_sessions", func(*store.Tx, store.Person) {})
}

// administer does what ends all sessions of an employee.
func (s *Staff) administer(ctx context.Context, actor desk.Actor, id, action string, do func(*store.Tx, store.Person)) error {
	if err := mayConfigure(actor); err != nil {
		return err
	}
	now := s.now()
	return s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		p, err := person(tx, id, false)
		if err != nil {
			return err
		}
		do(tx, p)
		tx.EndSessions(id, "")
		tx.Audit(desk.NewAudit(now, actor, action, id, desk.OutcomeOK))
		return nil
	})
}

// FactorRoles returns the roles that must have a second factor.
func (s *Staff) FactorRoles(ctx context.Context, actor desk.Actor) (roles []desk.Role, err error) {
	if err := mayConfigure(actor); err != nil {
		return nil, err
	}
	set := standardFactorRoles
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		value, err := tx.Setting(store.FactorRolesSetting)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		set = value
		return err
	})
	for _, role := range desk.Roles {
		if slices.Contains(strings.Split(set, ","), string(role)) {
			roles = append(roles, role)
		}
	}
	return roles, err
}

// SetFactorRoles says which roles must have a second factor, from the next request on. An unknown role is an Error of code
// Invalid.
func (s *Staff) SetFactorRoles(ctx context.Context, actor desk.Actor, roles []desk.Role) error {
	if err := mayConfigure(actor); err != nil {
		return err
	}
	var set []string
	for _, role := range roles {
		if !slices.Contains(desk.Roles, role) {
			return desk.Faults{{Path: "roles", Text: desk.MustBeOneOf, Args: []string{"agent, supervisor, admin, auditor"}}}.Err()
		}
		set = append(set, string(role))
	}
	now := s.now()
	return s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		tx.SetSetting(store.FactorRolesSetting, strings.Join(set, ","))
		entry := desk.NewAudit(now, actor, "setting.change", store.FactorRolesSetting, desk.OutcomeOK)
		entry.Detail = strings.Join(set, ",")
		tx.Audit(entry)
		return nil
	})
}

// Colleague is somebody whom a ticket can be assigned to.
type Colleague struct {
	ID, Email, Name string
	Away            bool
}

// Colleagues lists the active members of a support group by name, for who may assign tickets. An unknown group is an Error
// of code Invalid.
func (s *Staff) Colleagues(ctx context.Context, actor desk.Actor, group string) ([]Colleague, error) {
	if err := app.Authorize(actor, desk.MayWork); err != nil {
		return nil, err
	}
	if _, known := s.app.Reference().Groups[group]; !known {
		return nil, desk.Faults{{Path: "group", Text: desk.GroupUnknown}}.Err()
	}
	var found []Colleague
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		members, err := tx.Members(group)
		found = nil
		slices.SortStableFunc(members, byName)
		for _, p := range members {
			found = append(found, Colleague{ID: p.ID, Email: p.Email, Name: p.Name, Away: p.Away})
		}
		return err
	})
	return found, err
}
