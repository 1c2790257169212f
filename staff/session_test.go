package staff_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

func TestASessionEndsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		idle := signedIn(t, d, "ani@bank.example")
		busy := signedIn(t, d, "ani@bank.example")
		d.Clock.Advance(29 * time.Minute)
		session(t, d, busy.Token)
		d.Clock.Advance(time.Minute)
		_, err := d.Staff.Session(t.Context(), idle.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "half an hour without a request")
		for range 26 {
			d.Clock.Advance(25 * time.Minute)
			session(t, d, busy.Token)
		}
		d.Clock.Advance(20 * time.Minute)
		session(t, d, busy.Token)
		d.Clock.Advance(20 * time.Minute)
		_, err = d.Staff.Session(t.Context(), busy.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "after twelve hours")
		for _, token := range []string{"", "x", idle.Token + "x", "0123456789012345678901234567890123456789012"} {
			_, err := d.Staff.Session(t.Context(), token)
			refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "the token "+token)
		}
		succeed(t, d.Staff.Forget(t.Context()))
		db := desktest.Installation{Folder: d.Folder, Database: d.Database}.SQL(t)
		var left int
		succeed(t, db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM throttle)`).Scan(&left))
		if left != 0 {
			t.Errorf("%d rows are left of what is over", left)
		}
	})
}

func TestWhenSomebodyWasThereIsKnownToAMinute(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent)
		in := signedIn(t, d, "ani@bank.example")
		seen := func() (time.Duration, time.Duration) {
			t.Helper()
			p, err := d.Staff.Person(t.Context(), operator, ani.ID)
			succeed(t, err)
			return session(t, d, in.Token).SeenAt.Sub(desktest.Start), p.SeenAt.Sub(desktest.Start)
		}
		for _, c := range []struct{ pass, want time.Duration }{{59 * time.Second, 0}, {time.Second, time.Minute}, {30 * time.Second, time.Minute}, {30 * time.Second, 2 * time.Minute}} {
			d.Clock.Advance(c.pass)
			session(t, d, in.Token)
			if of, person := seen(); of != c.want || person != c.want {
				t.Errorf("seen %v and %v after the start, want %v", of, person, c.want)
			}
		}
	})
}

func TestPeopleSeeAndEndTheirOwnSessions(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		hired(t, d, "budi@bank.example", desk.RoleAgent)
		foreign := signedIn(t, d, "budi@bank.example")
		one := signedIn(t, d, "ani@bank.example")
		d.Clock.Advance(time.Millisecond)
		two, err := d.Staff.SignIn(t.Context(), attacker, "ani@bank.example", passphrase)
		succeed(t, err)
		d.Clock.Advance(time.Millisecond)
		three := signedIn(t, d, "ani@bank.example")
		own := session(t, d, three.Token)
		list := func() (found []string) {
			all, err := d.Staff.Sessions(t.Context(), own)
			succeed(t, err)
			for _, s := range all {
				word := s.ID + " " + s.Address + " " + s.Browser
				if s.Current {
					word += " this one"
				}
				found = append(found, word)
			}
			return found
		}
		last := own.ID + " 192.0.2.7 Firefox this one"
		if diff := cmp.Diff([]string{one.Session.ID + " 192.0.2.7 Firefox", two.Session.ID + " 203.0.113.9 curl", last}, list()); diff != "" {
			t.Errorf("own sessions: %s", diff)
		}
		for _, id := range []string{foreign.Session.ID, "", "x\x00"} {
			refusedWith(t, d.Staff.EndSession(t.Context(), office, own, id), desk.NotFound, desk.SessionNotFound, "ending "+id)
		}
		succeed(t, d.Staff.EndSession(t.Context(), office, own, two.Session.ID))
		_, err = d.Staff.Session(t.Context(), two.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "a session that was ended")
		session(t, d, foreign.Token)
		succeed(t, d.Staff.EndOtherSessions(t.Context(), office, own))
		if diff := cmp.Diff([]string{last}, list()); diff != "" {
			t.Errorf("what is left: %s", diff)
		}
		succeed(t, d.Staff.SignOut(t.Context(), office, three.Token))
		succeed(t, d.Staff.SignOut(t.Context(), office, three.Token))
		_, err = d.Staff.Session(t.Context(), three.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "after signing out")
		by := "agent " + own.Agent.ID + " 192.0.2.7 request "
		wantAudited(t, d, "session.end", by+two.Session.ID+" ok ", by+own.ID+" ok ")
		wantAudited(t, d, "session.end_others", by+own.Agent.ID+" ok ")
	})
}

func TestAChangedPasswordEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent)
		other, in := signedIn(t, d, "ani@bank.example"), signedIn(t, d, "ani@bank.example")
		const fresh = "kata sandi yang baru"
		change := func(old, fresh string) error {
			return d.Staff.ChangePassword(t.Context(), office, in.Session, old, fresh)
		}
		refusedWith(t, change("wrong", fresh), desk.Invalid, desk.PasswordWrong, "a wrong old password")
		refusedWith(t, change(passphrase, "short"), desk.Invalid, desk.ValidationFailed, "a short new password")
		refusedWith(t, change(passphrase, passphrase), desk.Invalid, desk.ValidationFailed, "the same password")
		session(t, d, other.Token)
		succeed(t, change(passphrase, fresh))
		session(t, d, in.Token)
		_, err := d.Staff.Session(t.Context(), other.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "the other session")
		_, err = d.Staff.SignIn(t.Context(), office, "ani@bank.example", passphrase)
		refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, "the old password")
		_, err = d.Staff.SignIn(t.Context(), office, "ani@bank.example", fresh)
		succeed(t, err)
		wantAudited(t, d, "agent.password", "agent "+ani.ID+" 192.0.2.7 request "+ani.ID+" ok ")
		for range 5 {
			refusedWith(t, change("wrong", fresh), desk.Invalid, desk.PasswordWrong, "a guess")
		}
		refusedWith(t, change(fresh, passphrase), desk.TooMany, desk.TriedTooOften, "after five guesses")
	})
}

func TestWhatIsChangedAboutAPersonCountsWithTheNextRequestOnEveryNode(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		token := signedIn(t, d, "ani@bank.example").Token
		node := d.Node(t)
		change := func(c staff.PersonChange) {
			t.Helper()
			_, err := d.Staff.ChangePerson(t.Context(), operator, ani.ID, c)
			succeed(t, err)
		}
		change(staff.PersonChange{Groups: &[]string{"CALL_CENTER"}})
		if s := session(t, node, token); s.Agent.In("TECH_SUPPORT") || !s.Agent.In("CALL_CENTER") {
			t.Errorf("groups are %v", s.Agent.Groups)
		}
		auditor := desk.RoleAuditor
		change(staff.PersonChange{Role: &auditor})
		if s := session(t, node, token); !s.MustEnrol || s.Ready() || len(s.Actor(office).Permissions) > 0 || !s.Actor(office).Sight().None() {
			t.Errorf("an auditor without a second factor: %+v may %v", s, s.Actor(office))
		}
		succeed(t, node.Staff.SetFactorRoles(t.Context(), operator, []desk.Role{desk.RoleAdmin}))
		if s := session(t, d, token); !s.Ready() || !s.Actor(office).Permissions.Allow(desk.MayAudit) {
			t.Errorf("an auditor who needs none: %+v", s)
		}
		active := false
		change(staff.PersonChange{Active: &active})
		_, err := node.Staff.Session(t.Context(), token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "who is not active")
		active = true
		change(staff.PersonChange{Active: &active})
		_, err = node.Staff.Session(t.Context(), token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "the old session of who came back")
	})
}

func TestPeopleSayInWhichLanguageTheyReadAndWhetherTheyAreThere(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAgent, "TECH_SUPPORT")
		in := signedIn(t, d, "ani@bank.example")
		succeed(t, d.Staff.SetLanguage(t.Context(), in.Session, desk.English))
		succeed(t, d.Staff.SetAway(t.Context(), office, in.Session, true))
		refusedWith(t, d.Staff.SetLanguage(t.Context(), in.Session, "fr"), desk.Invalid, desk.ValidationFailed, "a third language")
		if s := session(t, d, in.Token); s.Agent.Language != desk.English || !s.Agent.Away {
			t.Errorf("the person is %+v", s.Agent)
		}
		wantAudited(t, d, "agent.away", "agent "+ani.ID+" 192.0.2.7 request "+ani.ID+" ok ")
		wantAudited(t, d, "agent.language", "agent "+ani.ID+"   "+ani.ID+" ok ")
	})
}
