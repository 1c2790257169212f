package console_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

var toldPassword = regexp.MustCompile(`id="password">([^<]+)<`)

func TestANewPersonsPasswordIsToldOnceAndMustBeChanged(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		m.employ(t, "admin", desk.RoleAdmin)
		v := m.enter(t, "admin")
		status, _, page := v.post(t, "/people/new", url.Values{"email": {"wrong"}, "role": {"king"}, "groups": {"CALL_CENTER"}})
		if status != http.StatusBadRequest {
			t.Errorf("a wrong person is answered %d", status)
		}
		shows(t, page, `id="name-fault"`, `id="email-fault"`, `id="role-fault"`, `value="wrong"`, `value="CALL_CENTER" checked`)
		form := url.Values{"email": {"ani@bank.example"}, "name": {"Ani <b>"}, "role": {"agent"}, "groups": {"CALL_CENTER", "ATM_SERVICES"}, "branch": {"001"}}
		status, to, page := v.post(t, "/people/new", form)
		told := toldPassword.FindStringSubmatch(page)
		if status != http.StatusOK || to != "" || told == nil {
			t.Fatalf("a new person is answered %d, %q, %s", status, to, page)
		}
		shows(t, page, "Ani &lt;b&gt;")
		if status, _, page = v.post(t, "/people/new", form); status != http.StatusConflict {
			t.Errorf("a second person of that e-mail is answered %d", status)
		}
		shows(t, page, `id="email-fault"`)
		_, page = v.get(t, "/people")
		shows(t, page, "ani@bank.example", "Call Center", "kata sandi sementara")
		if strings.Contains(page, told[1]) || strings.Contains(m.Log.String(), told[1]) {
			t.Error("the password is told again")
		}
		ani := &visit{m.base, v.Client}
		jar, err := cookiejar.New(nil)
		must(t, err)
		ani.Jar = jar
		if _, to, _ := ani.post(t, "/sign-in", url.Values{"email": {"ani@bank.example"}, "password": {told[1]}}); to != "/account/password" {
			t.Errorf("the first sign-in leads to %q", to)
		}
		form = url.Values{"old": {told[1]}, "password": {passphrase + " new"}, "again": {passphrase + " now"}}
		status, _, page = ani.post(t, "/account/password", form)
		if status != http.StatusBadRequest {
			t.Errorf("a password that is typed in two ways is answered %d", status)
		}
		shows(t, page, `id="again-fault"`)
		form.Set("again", passphrase+" new")
		_, to, _ = ani.post(t, "/account/password", form)
		_, page = ani.get(t, to)
		shows(t, page, "Kata sandi diubah.", "<h1>Dasbor</h1>")
	})
}

func TestAPersonIsChangedOnItsPage(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		admin, ani := m.employ(t, "admin", desk.RoleAdmin), m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
		v, hers := m.enter(t, "admin"), m.enter(t, "ani")
		path := "/people/" + ani.ID
		_, page := v.get(t, path)
		shows(t, page, `value="CALL_CENTER" checked`, "127.0.0.1", path+"/sessions/")

		status, _, page := v.post(t, path, url.Values{"name": {" "}, "role": {"agent"}, "groups": {"ATM_SERVICES"}, "active": {"yes"}})
		if status != http.StatusBadRequest {
			t.Errorf("a person without a name is answered %d", status)
		}
		shows(t, page, `id="name-fault"`, `value="ATM_SERVICES" checked`, "ani@bank.example")
		if status, to, _ := v.post(t, path, url.Values{"name": {"Ani"}, "role": {"supervisor"}, "branch": {"001"}, "active": {"yes"}, "away": {"yes"}}); status != http.StatusSeeOther || to != path+"?done=saved" {
			t.Errorf("a change is answered %d, %q", status, to)
		}
		got, err := m.Staff.Person(t.Context(), atCommand, ani.ID)
		if err != nil || got.Name != "Ani" || got.Role != desk.RoleSupervisor || len(got.Groups) != 0 || got.Branch != "001" || !got.Away || !got.Active {
			t.Errorf("the person is %+v (%v)", got, err)
		}
		if status, _ := hers.get(t, "/load"); status != http.StatusOK {
			t.Errorf("the new role does not count with the next request: %d", status)
		}

		status, to, page := v.post(t, path+"/password", nil)
		told := toldPassword.FindStringSubmatch(page)
		if status != http.StatusOK || to != "" || told == nil {
			t.Fatalf("another password is answered %d, %q", status, to)
		}
		if to := hers.led(t, "/"); !strings.HasPrefix(to, "/sign-in") {
			t.Errorf("the sessions go on after another password: %q", to)
		}
		status, _, page = v.post(t, path+"/factor", nil)
		if status == http.StatusOK || status >= 500 {
			t.Errorf("removing a factor that is not there is answered %d", status)
		}
		shows(t, page, "Tidak ditemukan")

		status, _, page = v.post(t, "/people/"+admin.ID, url.Values{"name": {"admin"}, "role": {"agent"}, "active": {"yes"}})
		if status != http.StatusConflict {
			t.Errorf("the last administrator leaves: %d", status)
		}
		shows(t, page, desk.LastAdmin.In(desk.Indonesian, ""))
	})
}

func TestAnAdministratorEndsSessionsOfOthersOnTheirPage(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		m.employ(t, "admin", desk.RoleAdmin)
		ani := m.employ(t, "ani", desk.RoleAgent)
		v, first := m.enter(t, "admin"), m.enter(t, "ani")
		m.Clock.Advance(time.Second) // sessions are listed in the order in which they began
		second := m.enter(t, "ani")
		m.Clock.Advance(time.Second)
		third := m.enter(t, "ani")
		path := "/people/" + ani.ID
		_, page := v.get(t, path)
		ends := regexp.MustCompile(path+`/sessions/[^/"]+/end`).FindAllString(page, -1)
		if len(ends) != 3 {
			t.Fatalf("the page offers to end %v", ends)
		}
		if _, to, _ := v.post(t, ends[0], nil); to != path+"?done=session" {
			t.Errorf("ending a session leads to %q", to)
		}
		if status, _, _ := v.post(t, ends[0], nil); status != http.StatusNotFound {
			t.Errorf("ending it again is answered %d", status)
		}
		for i, want := range map[*visit]int{first: http.StatusSeeOther, second: http.StatusOK, third: http.StatusOK} {
			if got, _ := i.get(t, "/account"); got != want {
				t.Errorf("a session is answered %d, want %d", got, want)
			}
		}
		v.post(t, path+"/sessions/end", nil)
		_, page = v.get(t, path)
		shows(t, page, "Petugas ini tidak sedang masuk.")
	})
}

func TestPeopleAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "admin", desk.RoleAdmin)
	for _, name := range []string{"ani", "budi", "anita"} {
		m.employ(t, name, desk.RoleAgent)
	}
	v := m.enter(t, "admin")
	_, page := v.get(t, "/people?q=ANI")
	shows(t, page, "ani@bank", "anita@bank", `value="ANI"`)
	if strings.Contains(page, "budi@bank") {
		t.Error("somebody else is found")
	}
	_, page = v.get(t, "/people?q=%3Cb%3E")
	shows(t, page, "Tidak ada petugas yang cocok dengan “&lt;b&gt;”.")
	if _, to, _ := v.post(t, "/people/factor-roles", url.Values{"roles": {"admin", "auditor"}}); to != "/people?done=saved" {
		t.Errorf("saving the roles leads to %q", to)
	}
	if roles, err := m.Staff.FactorRoles(t.Context(), atCommand); err != nil || len(roles) != 2 {
		t.Errorf("the roles are %v (%v)", roles, err)
	}
}

func TestWhoSeesNoTicketIsToldOf(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "admin", desk.RoleAdmin, "CALL_CENTER")
	m.employ(t, "auditor", desk.RoleAuditor)
	v := m.enter(t, "admin")
	const mark, warning = "belum ada: tidak melihat tiket", "Petugas ini belum menjadi anggota unit kerja"
	if _, page := v.get(t, "/people"); strings.Contains(page, mark) {
		t.Error("somebody is said to see no tickets who does")
	}
	_, page := v.get(t, "/people/new")
	shows(t, page, "Tanpa unit kerja seorang petugas tidak melihat tiket apa pun.")
	_, _, page = v.post(t, "/people/new", url.Values{"email": {"ani@bank.example"}, "name": {"Ani"}, "role": {"agent"}})
	shows(t, page, warning, `id="password"`)
	_, page = v.get(t, "/people")
	shows(t, page, mark)
	_, page = v.get(t, regexp.MustCompile(`href="(/people/[^"]+)"><b>Ani</b>`).FindStringSubmatch(page)[1])
	shows(t, page, warning)
}
