package staff_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// paths are the fields that an error names.
func paths(err error) (found []string) {
	if e, ok := errors.AsType[*desk.Error](err); ok {
		for _, f := range e.Fields {
			found = append(found, f.Path)
		}
	}
	return found
}

func TestAnAdministratorMakesPeopleWhoChooseTheirOwnPassword(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		_, admin := administrator(t, d, "admin@bank.example")
		made, password, err := d.Staff.CreatePerson(t.Context(), admin, staff.NewPerson{Email: " Ani@bank.example ", Name: " Ani ", Role: desk.RoleAgent,
			Groups: []string{"TECH_SUPPORT", "CALL_CENTER", "TECH_SUPPORT"}, Branch: "001"})
		succeed(t, err)
		if !regexp.MustCompile(`^([2-9A-Z]{4}-){3}[2-9A-Z]{4}$`).MatchString(password) {
			t.Errorf("the starting password is %q", password)
		}
		want := staff.Person{Agent: desk.Agent{ID: made.ID, Email: "ani@bank.example", Name: "Ani", Role: desk.RoleAgent, Active: true,
			Groups: []string{"CALL_CENTER", "TECH_SUPPORT"}, Branch: "001", Language: desk.Indonesian, Since: desktest.Start}, MustChange: true}
		found, err := d.Staff.PersonByEmail(t.Context(), admin, "ANI@bank.example")
		succeed(t, err)
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("the new person (-want +got): %s", diff)
		}
		in, err := d.Staff.SignIn(t.Context(), office, "ani@bank.example", password)
		succeed(t, err)
		if s := in.Session; !s.MustChange || s.Ready() || len(s.Actor(office).Permissions) > 0 {
			t.Errorf("with the starting password: %+v", s)
		}
		succeed(t, d.Staff.ChangePassword(t.Context(), office, in.Session, password, "my own passphrase"))
		if s := session(t, d, in.Token); s.MustChange || !s.Ready() {
			t.Errorf("with a password of her own: %+v", s)
		}
		wantAudited(t, d, "agent.create", "agent "+admin.ID+" 192.0.2.7 request "+made.ID+" ok ", "command command   "+admin.ID+" ok ")
	})
}

func TestWhatIsWrongWithAPersonIsNamed(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent)
		good := staff.NewPerson{Email: "new@bank.example", Name: "New", Role: desk.RoleAgent}
		for name, c := range map[string]struct {
			edit func(*staff.NewPerson)
			want []string
		}{
			"nothing":          {func(n *staff.NewPerson) { *n = staff.NewPerson{} }, []string{"email", "name", "role"}},
			"the system":       {func(n *staff.NewPerson) { n.Role = desk.RoleSystem }, []string{"role"}},
			"unknown places":   {func(n *staff.NewPerson) { n.Groups, n.Branch = []string{"TECH_SUPPORT", "NOWHERE"}, "999" }, []string{"groups", "branch"}},
			"a short password": {func(n *staff.NewPerson) { n.Password = "short" }, []string{"password"}},
			"a name in lines":  {func(n *staff.NewPerson) { n.Name = "A\nB" }, []string{"name"}},
			"a name of NUL":    {func(n *staff.NewPerson) { n.Name = "A\x00" }, []string{"name"}},
			"a long name":      {func(n *staff.NewPerson) { n.Name = strings.Repeat("x", 201) }, []string{"name"}},
		} {
			n := good
			c.edit(&n)
			_, _, err := d.Staff.CreatePerson(t.Context(), operator, n)
			if diff := cmp.Diff(c.want, paths(err)); diff != "" {
				t.Errorf("%s: %v: %s", name, err, diff)
			}
		}
		_, _, err := d.Staff.CreatePerson(t.Context(), operator, staff.NewPerson{Email: "ANI@bank.example", Name: "Other", Role: desk.RoleAgent})
		refusedWith(t, err, desk.Conflict, desk.AgentExists, "the e-mail of somebody else")
		system, branch, blank := desk.RoleSystem, "999", " "
		for field, c := range map[string]staff.PersonChange{"role": {Role: &system}, "branch": {Branch: &branch}, "name": {Name: &blank}, "groups": {Groups: &[]string{"NOWHERE"}}} {
			_, err := d.Staff.ChangePerson(t.Context(), operator, ani.ID, c)
			if diff := cmp.Diff([]string{field}, paths(err)); diff != "" {
				t.Errorf("changing %s: %v: %s", field, err, diff)
			}
		}
		for _, id := range []string{"system", "", "x\x00", desk.NewID(desktest.Start)} {
			refusedWith(t, second(d.Staff.Person(t.Context(), operator, id)), desk.NotFound, desk.PersonNotFound, "reading "+id)
			refusedWith(t, second(d.Staff.ChangePerson(t.Context(), operator, id, staff.PersonChange{})), desk.NotFound, desk.PersonNotFound, "changing "+id)
			refusedWith(t, second(d.Staff.ResetPassword(t.Context(), operator, id, "")), desk.NotFound, desk.PersonNotFound, "the password of "+id)
			refusedWith(t, d.Staff.EndSessions(t.Context(), operator, id), desk.NotFound, desk.PersonNotFound, "ending sessions of "+id)
		}
		for _, email := range []string{"system", "nobody@bank.example", "x\x00"} {
			refusedWith(t, second(d.Staff.PersonByEmail(t.Context(), operator, email)), desk.NotFound, desk.PersonNotFound, "reading "+email)
		}
	})
}

func TestAPersonIsChangedAndTheTrailSaysHow(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		_, admin := administrator(t, d, "admin@bank.example")
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		name, role, branch, no, yes := "Ani Baru", desk.RoleSupervisor, "002", false, true
		changed, err := d.Staff.ChangePerson(t.Context(), admin, ani.ID, staff.PersonChange{Name: &name, Role: &role, Branch: &branch, Groups: &[]string{"TECH_SUPPORT", "CALL_CENTER"}, Active: &no, Away: &yes})
		succeed(t, err)
		want := ani
		want.Name, want.Role, want.Branch, want.Groups, want.Active, want.Away = name, role, branch, []string{"CALL_CENTER", "TECH_SUPPORT"}, false, true
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("changed (-want +got): %s", diff)
		}
		people, err := d.Staff.People(t.Context(), admin)
		succeed(t, err)
		if len(people) != 2 || !cmp.Equal(people[1], want) || !people[0].HasFactor || !people[0].SeenAt.Equal(desktest.Start) || people[0].Password != "" {
			t.Errorf("the list is %+v", people)
		}
		wantAudited(t, d, "agent.change", "agent "+admin.ID+" 192.0.2.7 request "+ani.ID+
			" ok name; role: agent -> supervisor; groups: TECH_SUPPORT -> CALL_CENTER,TECH_SUPPORT; branch:  -> 002; active: true -> false; away: false -> true")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		_, first := administrator(t, d, "first@bank.example")
		agent, no, yes, name := desk.RoleAgent, false, true, "Another name"
		leave := map[string]staff.PersonChange{"demoted": {Role: &agent}, "not active": {Active: &no}}
		for how, c := range leave {
			refusedWith(t, second(d.Staff.ChangePerson(t.Context(), first, first.ID, c)), desk.Conflict, desk.LastAdmin, how)
		}
		succeed(t, second(d.Staff.ChangePerson(t.Context(), first, first.ID, staff.PersonChange{Name: &name, Away: &yes})))
		_, other := administrator(t, d, "other@bank.example")
		var wait sync.WaitGroup
		errs := make([]error, 2)
		for n, admin := range []desk.Actor{first, other} { // both at once
			wait.Go(func() { _, errs[n] = d.Staff.ChangePerson(t.Context(), admin, admin.ID, leave["demoted"]) })
		}
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("two administrators who leave at once: %v, %v; want that one stays", errs[0], errs[1])
		}
		for _, admin := range []desk.Actor{first, other} {
			succeed(t, second(d.Staff.ChangePerson(t.Context(), operator, admin.ID, leave["not active"]))) // an operator can make another one
		}
	})
}

func TestAnAdministratorHelpsWhoLostSomething(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		_, admin := administrator(t, d, "admin@bank.example")
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent)
		_, _, in := enrolled(t, d, signedIn(t, d, "ani@bank.example"))
		for range 6 {
			d.Staff.SignIn(t.Context(), attacker, "ani@bank.example", "wrong")
		}
		password, err := d.Staff.ResetPassword(t.Context(), admin, ani.ID, "")
		succeed(t, err)
		_, err = d.Staff.Session(t.Context(), in.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "a session from before")
		fresh, err := d.Staff.SignIn(t.Context(), office, "ani@bank.example", password)
		succeed(t, err) // although somebody had guessed too often
		if fresh.Session.Verified || !fresh.Session.MustChange {
			t.Errorf("with a new password: %+v", fresh.Session)
		}
		succeed(t, d.Staff.ResetFactor(t.Context(), admin, ani.ID))
		refusedWith(t, d.Staff.ResetFactor(t.Context(), admin, ani.ID), desk.NotFound, desk.FactorMissing, "what is gone")
		_, err = d.Staff.Session(t.Context(), fresh.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "a session that waited for its code")
		fresh, err = d.Staff.SignIn(t.Context(), office, "ani@bank.example", password)
		succeed(t, err)
		if !fresh.Session.Verified {
			t.Errorf("without a second factor: %+v", fresh.Session)
		}
		succeed(t, d.Staff.EndSessions(t.Context(), admin, ani.ID))
		_, err = d.Staff.Session(t.Context(), fresh.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "a session that was ended")
		for _, action := range []string{"agent.password_reset", "agent.factor_reset", "agent.end_sessions"} {
			wantAudited(t, d, action, "agent "+admin.ID+" 192.0.2.7 request "+ani.ID+" ok ")
		}
		given, err := d.Staff.ResetPassword(t.Context(), admin, ani.ID, passphrase)
		if err != nil || given != passphrase || !signedIn(t, d, "ani@bank.example").Session.MustChange {
			t.Errorf("a password that the administrator chose: %v", err)
		}
		succeed(t, second(d.Staff.ResetPassword(t.Context(), operator, ani.ID, passphrase)))
		if !signedIn(t, d, "ani@bank.example").Session.Ready() {
			t.Error("a password that was typed at the command line has to be changed")
		}
	})
}

func TestOnlyAdministratorsLookAfterPeople(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		succeed(t, d.Staff.SetFactorRoles(t.Context(), operator, nil))
		actors := []desk.Actor{{}, d.Actor(d.NewKey(t, "Bank", "*"))}
		for _, role := range []desk.Role{desk.RoleAgent, desk.RoleSupervisor, desk.RoleAuditor} {
			email := string(role) + "@bank.example"
			hired(t, d, email, role)
			actors = append(actors, session(t, d, signedIn(t, d, email).Token).Actor(office))
		}
		for _, actor := range actors {
			_, _, create := d.Staff.CreatePerson(t.Context(), actor, staff.NewPerson{Email: "x@bank.example", Name: "X", Role: desk.RoleAdmin})
			for what, err := range map[string]error{
				"People": second(d.Staff.People(t.Context(), actor)), "Person": second(d.Staff.Person(t.Context(), actor, ani.ID)),
				"PersonByEmail": second(d.Staff.PersonByEmail(t.Context(), actor, ani.Email)), "CreatePerson": create,
				"ChangePerson":  second(d.Staff.ChangePerson(t.Context(), actor, ani.ID, staff.PersonChange{})),
				"ResetPassword": second(d.Staff.ResetPassword(t.Context(), actor, ani.ID, "")), "ResetFactor": d.Staff.ResetFactor(t.Context(), actor, ani.ID),
				"EndSessions": d.Staff.EndSessions(t.Context(), actor, ani.ID), "FactorRoles": second(d.Staff.FactorRoles(t.Context(), actor)),
				"SetFactorRoles": d.Staff.SetFactorRoles(t.Context(), actor, desk.Roles),
			} {
				refusedWith(t, err, desk.Forbidden, desk.RoleCannot, fmt.Sprintf("%s by %q", what, actor.Role))
			}
		}
	})
}

func TestWhoMustHaveASecondFactorIsASetting(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		want := func(want ...desk.Role) {
			t.Helper()
			roles, err := d.Staff.FactorRoles(t.Context(), operator)
			if diff := cmp.Diff(want, roles); diff != "" || err != nil {
				t.Errorf("roles: %v %s", err, diff)
			}
		}
		want(desk.RoleSupervisor, desk.RoleAdmin, desk.RoleAuditor)
		succeed(t, d.Staff.SetFactorRoles(t.Context(), operator, []desk.Role{desk.RoleAdmin, desk.RoleAgent}))
		want(desk.RoleAgent, desk.RoleAdmin)
		succeed(t, d.Staff.SetFactorRoles(t.Context(), operator, nil))
		want()
		if diff := cmp.Diff([]string{"roles"}, paths(d.Staff.SetFactorRoles(t.Context(), operator, []desk.Role{"boss"}))); diff != "" {
			t.Error(diff)
		}
		wantAudited(t, d, "setting.change", "command command   second_factor_roles ok ", "command command   second_factor_roles ok admin,agent")
	})
}

func TestColleaguesOfAGroupAreThoseWhoCanBeGivenATicket(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		gone := hired(t, d, "gone@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		succeed(t, second(d.Staff.ChangePerson(t.Context(), operator, gone.ID, staff.PersonChange{Active: new(bool)})))
		hired(t, d, "other@bank.example", desk.RoleAgent, "CALL_CENTER")
		budi := hired(t, d, "budi@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent, "CALL_CENTER", "TECH_SUPPORT")
		in := signedIn(t, d, "ani@bank.example")
		succeed(t, d.Staff.SetAway(t.Context(), office, in.Session, true))
		found, err := d.Staff.Colleagues(t.Context(), in.Session.Actor(office), "TECH_SUPPORT")
		succeed(t, err)
		want := []staff.Colleague{{ID: ani.ID, Email: ani.Email, Name: ani.Name, Away: true}, {ID: budi.ID, Email: budi.Email, Name: budi.Name}}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("colleagues: %s", diff)
		}
		_, err = d.Staff.Colleagues(t.Context(), in.Session.Actor(office), "NOWHERE")
		if diff := cmp.Diff([]string{"group"}, paths(err)); diff != "" {
			t.Errorf("an unknown group: %v", err)
		}
		refusedWith(t, second(d.Staff.Colleagues(t.Context(), desk.Actor{}, "TECH_SUPPORT")), desk.Forbidden, desk.CannotUpdate, "somebody who may nothing")
	})
}

// Whoever has the database, the log and the audit trail has nothing to sign in with.
func TestNoSecretOfSigningInIsStoredOrLoggedInClear(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		_, password, err := d.Staff.CreatePerson(t.Context(), operator, staff.NewPerson{Email: "ani@bank.example", Name: "Ani", Role: desk.RoleAgent})
		succeed(t, err)
		in, err := d.Staff.SignIn(t.Context(), office, "ani@bank.example", password)
		succeed(t, err)
		plan, err := d.Staff.BeginFactor(t.Context(), in.Session)
		succeed(t, err)
		codes, in, err := d.Staff.ConfirmFactor(t.Context(), office, in.Token, plan.Sealed, phoneOf(t, plan).code(d))
		succeed(t, err)
		d.Staff.SignIn(t.Context(), office, "nobody@bank.example", "secret of somebody else")
		d.Clock.Advance(time.Minute)
		session(t, d, in.Token)
		stored := everything(t, d) + d.Log.String()
		if !strings.Contains(stored, "ani@bank.example") {
			t.Fatal("the search finds nothing at all")
		}
		secrets := append(codes, password, in.Token, plan.Secret, strings.ReplaceAll(plan.Secret, " ", ""), phoneOf(t, plan).code(d), string(phoneOf(t, plan).Bytes()), "nobody@bank.example", "secret of somebody")
		for _, code := range codes {
			secrets = append(secrets, strings.ReplaceAll(code, "-", ""))
		}
		for _, secret := range secrets {
			if strings.Contains(stored, secret) {
				t.Errorf("%q is stored or logged", secret)
			}
		}
	})
}

// everything is the text of all rows about signing in.
func everything(t testing.TB, d *desktest.Desk) string {
	t.Helper()
	db := desktest.Installation{Folder: d.Folder, Database: d.Database}.SQL(t)
	var all strings.Builder
	for _, table := range []string{"agent", "session", "recovery_code", "throttle", "setting", "audit"} {
		rows, err := db.QueryContext(context.Background(), `SELECT * FROM `+table)
		succeed(t, err)
		columns, err := rows.Columns()
		succeed(t, err)
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			succeed(t, rows.Scan(values...))
			for _, v := range values {
				fmt.Fprintf(&all, "%s\n", *v.(*any))
			}
		}
		succeed(t, errors.Join(rows.Err(), rows.Close()))
	}
	return all.String()
}
