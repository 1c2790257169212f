package staff_test

import (
	"encoding/base32"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// phoneOf types the secret of a plan into an app.
func phoneOf(t testing.TB, plan staff.FactorPlan) phone {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(plan.Secret, " ", ""))
	succeed(t, err)
	f, err := auth.ParseFactor(secret)
	succeed(t, err)
	return phone{f}
}

func TestWhoMustHaveASecondFactorDoesNothingElseFirst(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "ani@bank.example", desk.RoleAdmin)
		first, other := signedIn(t, d, "ani@bank.example"), signedIn(t, d, "ani@bank.example")
		if s := first.Session; !s.MustEnrol || !s.Verified || s.HasFactor || s.Ready() || len(s.Actor(office).Permissions) > 0 {
			t.Errorf("a new administrator: %+v", s)
		}
		for name, err := range map[string]error{
			"ending sessions": d.Staff.EndOtherSessions(t.Context(), office, first.Session),
			"a new password":  d.Staff.ChangePassword(t.Context(), office, first.Session, passphrase, "another "+passphrase),
			"being away":      d.Staff.SetAway(t.Context(), office, first.Session, true),
			"recovery codes":  second(d.Staff.NewRecoveryCodes(t.Context(), office, first.Session, passphrase)),
			"own sessions":    second(d.Staff.Sessions(t.Context(), first.Session)),
		} {
			refusedWith(t, err, desk.Forbidden, desk.RoleCannot, name)
		}
		refusedWith(t, second(d.Staff.People(t.Context(), first.Session.Actor(office))), desk.Forbidden, desk.RoleCannot, "people")
		plan, err := d.Staff.BeginFactor(t.Context(), first.Session)
		succeed(t, err)
		if !strings.HasPrefix(plan.URI, "otpauth://totp/ServiceDesk:ani@bank.example?") || !strings.Contains(plan.URI, strings.ReplaceAll(plan.Secret, " ", "")) {
			t.Errorf("the plan is %+v", plan)
		}
		_, _, err = d.Staff.ConfirmFactor(t.Context(), office, first.Token, plan.Sealed, "000000")
		refusedWith(t, err, desk.Invalid, desk.CodeWrong, "a wrong code")
		codes, in, err := d.Staff.ConfirmFactor(t.Context(), office, first.Token, plan.Sealed, phoneOf(t, plan).code(d))
		succeed(t, err)
		if s := in.Session; !s.Ready() || !s.HasFactor || s.ID != first.Session.ID || in.Token == first.Token || len(codes) != 10 {
			t.Errorf("after setting up: %+v, %d codes", in, len(codes))
		}
		for name, token := range map[string]string{"the old token": first.Token, "the other session": other.Token} {
			_, err := d.Staff.Session(t.Context(), token)
			refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, name)
		}
		refusedWith(t, second(d.Staff.BeginFactor(t.Context(), in.Session)), desk.Conflict, desk.FactorExists, "a second one")
		wantAudited(t, d, "factor.create", "agent "+ani.ID+" 192.0.2.7 request "+ani.ID+" ok ")
	})
}

func second[T any](_ T, err error) error { return err }

func TestAPlanIsThePersonsOwnAndForAWhile(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		hired(t, d, "budi@bank.example", desk.RoleAgent)
		ani, budi := signedIn(t, d, "ani@bank.example"), signedIn(t, d, "budi@bank.example")
		plan, err := d.Staff.BeginFactor(t.Context(), ani.Session)
		succeed(t, err)
		confirm := func(in staff.SignedIn, sealed string) error {
			_, _, err := d.Staff.ConfirmFactor(t.Context(), office, in.Token, sealed, phoneOf(t, plan).code(d))
			return err
		}
		refusedWith(t, confirm(budi, plan.Sealed), desk.Invalid, desk.FactorPlanOver, "a colleague's plan")
		refusedWith(t, confirm(ani, plan.Sealed+"x"), desk.Invalid, desk.FactorPlanOver, "a changed plan")
		d.Clock.Advance(15*time.Minute + time.Second)
		refusedWith(t, confirm(ani, plan.Sealed), desk.Invalid, desk.FactorPlanOver, "an old plan")
		plan, err = d.Staff.BeginFactor(t.Context(), ani.Session)
		succeed(t, err)
		succeed(t, confirm(ani, plan.Sealed))
	})
}

func TestTheSecondFactorIsAskedAfterARightPasswordAndTakenOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		app, _, _ := enrolled(t, d, signedIn(t, d, "ani@bank.example"))
		_, err := d.Staff.SignIn(t.Context(), office, "ani@bank.example", "wrong")
		refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, "a wrong password")
		in := signedIn(t, d, "ani@bank.example")
		if s := in.Session; s.Verified || s.Ready() || in.Device != "" || len(s.Actor(office).Permissions) > 0 || s.EndsAt != desktest.Start.Add(10*time.Minute) {
			t.Errorf("before the code: %+v", in)
		}
		refusedWith(t, d.Staff.SetAway(t.Context(), office, in.Session, true), desk.Forbidden, desk.RoleCannot, "being away before the code")
		refusedWith(t, second(d.Staff.BeginFactor(t.Context(), in.Session)), desk.Forbidden, desk.RoleCannot, "another factor before the code")
		verify := func(token, code string) (staff.SignedIn, error) {
			return d.Staff.Verify(t.Context(), office, token, code)
		}
		_, err = verify(in.Token, app.code(d))
		refusedWith(t, err, desk.Invalid, desk.CodeWrong, "the code that set the factor up")
		_, err = verify("", app.code(d))
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "no session")
		d.Clock.Advance(30 * time.Second)
		verified, err := verify(in.Token, app.code(d))
		succeed(t, err)
		if s := verified.Session; !s.Ready() || s.ID != in.Session.ID || verified.Token == in.Token || verified.Device == "" || s.EndsAt != desktest.Start.Add(12*time.Hour) {
			t.Errorf("after the code: %+v", verified)
		}
		_, err = d.Staff.Session(t.Context(), in.Token)
		refusedWith(t, err, desk.Unauthorized, desk.SessionEnded, "the token from before the code")
		taken := app.code(d)
		d.Clock.Advance(30 * time.Second)
		_, err = verify(verified.Token, app.code(d))
		refusedWith(t, err, desk.Invalid, desk.CodeWrong, "a code that nobody asked for")
		again := signedIn(t, d, "ani@bank.example")
		_, err = verify(again.Token, taken)
		refusedWith(t, err, desk.Invalid, desk.CodeWrong, "the same code in another session")
		wantAudited(t, d, "session.verify", "agent "+in.Session.Agent.ID+" 192.0.2.7 request "+in.Session.ID+" ok ")
	})
}

func TestOfTwoWhoHaveTheSameCodeOneGetsIn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		app, codes, _ := enrolled(t, d, signedIn(t, d, "ani@bank.example"))
		for _, code := range []func() string{func() string { return app.code(d) }, func() string { return codes[0] }} {
			d.Clock.Advance(5 * time.Minute)
			sessions := []staff.SignedIn{signedIn(t, d, "ani@bank.example"), signedIn(t, d, "ani@bank.example"), signedIn(t, d, "ani@bank.example")}
			errs := make([]error, len(sessions))
			var wait sync.WaitGroup
			for n, in := range sessions {
				wait.Go(func() { _, errs[n] = d.Staff.Verify(t.Context(), office, in.Token, code()) })
			}
			wait.Wait()
			in := 0
			for _, err := range errs {
				if err == nil {
					in++
					continue
				}
				refusedWith(t, err, desk.Invalid, desk.CodeWrong, "who was later")
			}
			if in != 1 {
				t.Errorf("%d got in with one code", in)
			}
		}
	})
}

func TestARecoveryCodeWorksOnceInPlaceOfACode(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		_, codes, _ := enrolled(t, d, signedIn(t, d, "ani@bank.example"))
		use := func(code string) (staff.SignedIn, error) {
			return d.Staff.Verify(t.Context(), office, signedIn(t, d, "ani@bank.example").Token, code)
		}
		in, err := use(strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")))
		succeed(t, err)
		refusedWith(t, second(use(codes[3])), desk.Invalid, desk.CodeWrong, "a used recovery code")
		left := func() int {
			n, err := d.Staff.RecoveryCodesLeft(t.Context(), in.Session)
			succeed(t, err)
			return n
		}
		if n := left(); n != 9 {
			t.Errorf("%d recovery codes are left, want 9", n)
		}
		refusedWith(t, second(d.Staff.NewRecoveryCodes(t.Context(), office, in.Session, "wrong")), desk.Invalid, desk.PasswordWrong, "new codes without the password")
		fresh, err := d.Staff.NewRecoveryCodes(t.Context(), office, in.Session, passphrase)
		succeed(t, err)
		if n := left(); n != 10 {
			t.Errorf("%d new recovery codes, want 10", n)
		}
		refusedWith(t, second(use(codes[4])), desk.Invalid, desk.CodeWrong, "a recovery code that was replaced")
		in, err = use(fresh[0])
		succeed(t, err)
		refusedWith(t, d.Staff.RemoveFactor(t.Context(), office, in.Session, "wrong"), desk.Invalid, desk.PasswordWrong, "removing without the password")
		succeed(t, d.Staff.RemoveFactor(t.Context(), office, in.Session, passphrase))
		refusedWith(t, d.Staff.RemoveFactor(t.Context(), office, in.Session, passphrase), desk.NotFound, desk.FactorMissing, "removing what is gone")
		if n := left(); n != 0 {
			t.Errorf("%d recovery codes are left of nothing", n)
		}
		if s := signedIn(t, d, "ani@bank.example").Session; !s.Ready() || s.HasFactor {
			t.Errorf("without a second factor: %+v", s)
		}
	})
}

func TestCodesAreNotGuessedWithoutEnd(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		app, codes, _ := enrolled(t, d, signedIn(t, d, "ani@bank.example"))
		d.Clock.Advance(time.Minute)
		in := signedIn(t, d, "ani@bank.example")
		for _, code := range []string{"", "000000", "AAAA-AAAA", "2222-2222", "x\x00"} {
			refusedWith(t, second(d.Staff.Verify(t.Context(), office, in.Token, code)), desk.Invalid, desk.CodeWrong, "the guess "+code)
		}
		in = signedIn(t, d, "ani@bank.example") // in another session as well
		for _, code := range []string{app.code(d), codes[0]} {
			refusedWith(t, second(d.Staff.Verify(t.Context(), office, in.Token, code)), desk.TooMany, desk.TriedTooOften, "after five guesses")
		}
		d.Clock.Advance(time.Minute)
		succeed(t, second(d.Staff.Verify(t.Context(), office, in.Token, app.code(d))))
	})
}
