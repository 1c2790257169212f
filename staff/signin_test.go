package staff_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

func TestWhoSignsInGetsASession(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ani := hired(t, d, "Ani@bank.example", desk.RoleAgent, "TECH_SUPPORT", "CALL_CENTER")
		in, err := d.Staff.SignIn(t.Context(), staff.Visitor{Address: office.Address, Browser: strings.Repeat("é", 300) + "\x00\xff", RequestID: "r"}, " ANI@bank.example", passphrase)
		succeed(t, err)
		want := staff.Session{ID: in.Session.ID, Agent: ani.Agent, Verified: true, CreatedAt: desktest.Start, SeenAt: desktest.Start,
			EndsAt: desktest.Start.Add(12 * time.Hour), Address: "192.0.2.7", Browser: strings.Repeat("é", 200), Current: true}
		want.Agent.Language, want.Agent.Groups = desk.Indonesian, []string{"CALL_CENTER", "TECH_SUPPORT"}
		if diff := cmp.Diff(want, in.Session); diff != "" {
			t.Errorf("signed in (-want +got): %s", diff)
		}
		if diff := cmp.Diff(want, session(t, d, in.Token)); diff != "" {
			t.Errorf("the session later (-want +got): %s", diff)
		}
		actor := in.Session.Actor(office)
		if !actor.Permissions.Allow(desk.MayWork) || actor.RequestID != "request" || actor.Address != office.Address || len(actor.Sight().Groups) != 2 {
			t.Errorf("the actor is %+v", actor)
		}
		wantAudited(t, d, "session.begin", "agent "+ani.ID+" 192.0.2.7 r "+in.Session.ID+" ok ")
	})
}

func TestWhoCannotSignInIsToldTheSameWhateverIsWrong(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		gone := hired(t, d, "gone@bank.example", desk.RoleAgent)
		_, err := d.Staff.ChangePerson(t.Context(), operator, gone.ID, staff.PersonChange{Active: new(bool)})
		succeed(t, err)
		_, err = d.App.CreateAgent(t.Context(), operator, desk.Agent{Email: "mute@bank.example", Name: "Mute", Role: desk.RoleAgent}, false)
		succeed(t, err)
		for name, c := range map[string][2]string{
			"wrong password":      {"ani@bank.example", "Correct horse battery"},
			"no password":         {"ani@bank.example", ""},
			"endless password":    {"ani@bank.example", strings.Repeat("x", 1<<20)},
			"unknown e-mail":      {"nobody@bank.example", passphrase},
			"account not active":  {"gone@bank.example", passphrase},
			"account without one": {"mute@bank.example", ""},
			"the system user":     {"system", ""},
			"no e-mail":           {"", passphrase},
			"what no column has":  {"ani\x00\xff@bank.example", passphrase},
		} {
			in, err := d.Staff.SignIn(t.Context(), office, c[0], c[1])
			refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, name)
			if diff := cmp.Diff(staff.SignedIn{}, in); diff != "" {
				t.Errorf("%s: signed in: %s", name, diff)
			}
		}
		signedIn(t, d, "ani@bank.example") // the last of five tries, and right
	})
}

// With one password at work and no room for others, somebody of many is told to come later: so unknown e-mails are hashed
// for as well. Who was told so has not used up a try.
func TestUnknownEMailsCostAsMuchAsKnownOnes(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		tight := staff.New(staff.Options{App: d.App, Store: d.Store, Keyring: d.Keyring, Hasher: auth.NewHasher(auth.HasherOptions{})})
		var wait sync.WaitGroup
		errs := make([]error, 20)
		for n := range errs {
			wait.Go(func() {
				_, errs[n] = tight.SignIn(t.Context(), office, fmt.Sprintf("nobody%d@bank.example", n/10), passphrase)
			})
		}
		wait.Wait()
		told := map[desk.Code]int{}
		for _, err := range errs {
			for _, code := range []desk.Code{desk.Unauthorized, desk.Unavailable, desk.TooMany} {
				if desk.Is(err, code) {
					told[code]++
				}
			}
		}
		if told[desk.Unavailable] == 0 || told[desk.Unauthorized] == 0 || told[desk.Unauthorized]+told[desk.Unavailable]+told[desk.TooMany] != len(errs) {
			t.Errorf("told: %v", told)
		}
	})
}

func TestAnAccountIsNotGuessedAtWithoutEnd(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		for _, email := range []string{"ani@bank.example", "nobody@bank.example"} {
			for range 5 {
				_, err := d.Staff.SignIn(t.Context(), attacker, email, "wrong")
				refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, "a guess")
			}
			_, err := d.Staff.SignIn(t.Context(), attacker, email, passphrase)
			refusedWith(t, err, desk.TooMany, desk.TriedTooOften, "the sixth try of "+email)
			if e := err.(*desk.Error); e.RetryAfter != time.Minute || e.In(desk.English) != "Too many tries. Try again in 1 minute" {
				t.Errorf("told %q, after %v", e.In(desk.English), e.RetryAfter)
			}
		}
		d.Clock.Advance(time.Minute)
		signedIn(t, d, "ani@bank.example")
		for range 5 { // success forgot the guesses
			_, err := d.Staff.SignIn(t.Context(), attacker, "ani@bank.example", "wrong")
			refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, "a guess after a success")
		}
	})
}

func TestNobodyIsLockedOutOfABrowserThatSignedInBefore(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		hired(t, d, "budi@bank.example", desk.RoleAgent)
		device := signedIn(t, d, "ani@bank.example").Device
		for range 6 {
			d.Staff.SignIn(t.Context(), attacker, "ani@bank.example", "wrong")
		}
		with := func(device string) error {
			v := office
			v.Device = device
			_, err := d.Staff.SignIn(t.Context(), v, "ani@bank.example", passphrase)
			return err
		}
		for name, foreign := range map[string]string{"no device": "", "garbage": "~.~" + strings.Repeat("x", 70), "a colleague's": signedIn(t, d, "budi@bank.example").Device,
			"a changed one": device[:len(device)-2] + "xx"} {
			refusedWith(t, with(foreign), desk.TooMany, desk.TriedTooOften, name)
		}
		succeed(t, with(device))
		guess := office
		guess.Device = device
		for range 10 {
			_, err := d.Staff.SignIn(t.Context(), guess, "ani@bank.example", "wrong")
			refusedWith(t, err, desk.Unauthorized, desk.SignInFailed, "a guess with the device")
		}
		refusedWith(t, with(device), desk.TooMany, desk.TriedTooOften, "a device that guessed itself")
	})
}

func TestColleaguesShareADevice(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		shared := office
		for n := range 5 {
			email := fmt.Sprintf("teller%d@bank.example", n)
			hired(t, d, email, desk.RoleAgent)
			in, err := d.Staff.SignIn(t.Context(), shared, email, passphrase)
			succeed(t, err)
			shared.Device = in.Device
			again, err := d.Staff.SignIn(t.Context(), shared, email, passphrase)
			succeed(t, err)
			if again.Device != in.Device {
				t.Errorf("who is known gets another device: %q, had %q", again.Device, in.Device)
			}
		}
		if n := len(strings.Split(shared.Device, "~")); n != 4 {
			t.Errorf("the device remembers %d accounts, want the last 4", n)
		}
		if strings.Trim(shared.Device, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") != "" {
			t.Errorf("the device is no text for a cookie: %q", shared.Device)
		}
	})
}

// Tries that are refused for the account count for the address too: only five of these hash.
func TestAnAddressIsNotGuessedFromWithoutEnd(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		hired(t, d, "ani@bank.example", desk.RoleAgent)
		network := netip.MustParsePrefix("2001:db8:1:2::/64").Addr()
		guess := func(from netip.Addr, email string) error {
			_, err := d.Staff.SignIn(t.Context(), staff.Visitor{Address: from}, email, passphrase)
			return err
		}
		for range 100 {
			network = network.Next()
			if err := guess(network, "nobody@bank.example"); err == nil {
				t.Fatal("nobody signed in")
			}
		}
		refusedWith(t, guess(network.Next(), "ani@bank.example"), desk.TooMany, desk.TriedTooOften, "the address after a hundred guesses")
		succeed(t, guess(netip.MustParseAddr("2001:db8:1:3::1"), "ani@bank.example"))
		d.Clock.Advance(10 * time.Second)
		for range 3 { // a success takes back its own try only
			succeed(t, guess(network, "ani@bank.example"))
		}
		refusedWith(t, guess(network, "other@bank.example"), desk.Unauthorized, desk.SignInFailed, "the one try that came back")
		refusedWith(t, guess(network, "ani@bank.example"), desk.TooMany, desk.TriedTooOften, "the address again")
	})
}
