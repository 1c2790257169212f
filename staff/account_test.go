package staff_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// passphrase is the password of everybody here. Its hash is one that costs little: signing in takes most of the time of
// these tests.
const (
	passphrase = "correct horse battery"
	cheapHash  = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4"
)

var (
	operator = desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}
	office   = staff.Visitor{Address: netip.MustParseAddr("192.0.2.7"), Browser: "Firefox", RequestID: "request"}
	attacker = staff.Visitor{Address: netip.MustParseAddr("203.0.113.9"), Browser: "curl"}
)

func succeed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusedWith fails the test unless err is an Error of the code and text.
func refusedWith(t testing.TB, err error, code desk.Code, text desk.Text, what string) {
	t.Helper()
	if e, ok := err.(*desk.Error); !ok || e.Code != code || e.Text != text {
		t.Errorf("%s: got %v, want %s, %q", what, err, code, text)
	}
}

// hired makes an employee.
func hired(t testing.TB, d *desktest.Desk, email string, role desk.Role, groups ...string) staff.Person {
	t.Helper()
	a, err := d.App.CreateAgent(t.Context(), operator, desk.Agent{Email: email, Name: email, Role: role, Groups: groups, Password: cheapHash}, false)
	succeed(t, err)
	p, err := d.Staff.Person(t.Context(), operator, a.ID)
	succeed(t, err)
	return p
}

// signedIn signs an employee in from the office.
func signedIn(t testing.TB, d *desktest.Desk, email string) staff.SignedIn {
	t.Helper()
	in, err := d.Staff.SignIn(t.Context(), office, email, passphrase)
	succeed(t, err)
	return in
}

// session is the session of a token as a request sees it.
func session(t testing.TB, d *desktest.Desk, token string) staff.Session {
	t.Helper()
	s, err := d.Staff.Session(t.Context(), token)
	succeed(t, err)
	return s
}

// phone is an authenticator app.
type phone struct{ auth.Factor }

// code is what the phone shows now.
func (p phone) code(d *desktest.Desk) string { return p.Code(d.Clock.Now()) }

// enrolled sets up a second factor for who is signed in.
func enrolled(t testing.TB, d *desktest.Desk, in staff.SignedIn) (phone, []string, staff.SignedIn) {
	t.Helper()
	plan, err := d.Staff.BeginFactor(t.Context(), in.Session)
	succeed(t, err)
	p := phoneOf(t, plan)
	codes, in, err := d.Staff.ConfirmFactor(t.Context(), office, in.Token, plan.Sealed, p.code(d))
	succeed(t, err)
	return p, codes, in
}

// administrator is an admin who may do everything.
func administrator(t testing.TB, d *desktest.Desk, email string) (staff.SignedIn, desk.Actor) {
	t.Helper()
	hired(t, d, email, desk.RoleAdmin)
	_, _, in := enrolled(t, d, signedIn(t, d, email))
	return in, in.Session.Actor(office)
}

// audited lists the entries of an action in the audit trail: who, about what, the outcome and the detail.
func audited(t testing.TB, d *desktest.Desk, action string) (entries []string) {
	t.Helper()
	db := desktest.Installation{Folder: d.Folder, Database: d.Database}.SQL(t)
	rows, err := db.QueryContext(context.Background(), `SELECT actor_kind, actor_id, address, request_id, target, outcome, detail FROM audit WHERE action = '`+action+`'`)
	succeed(t, err)
	defer rows.Close()
	for rows.Next() {
		fields := make([]string, 7)
		succeed(t, rows.Scan(&fields[0], &fields[1], &fields[2], &fields[3], &fields[4], &fields[5], &fields[6]))
		entries = append(entries, strings.Join(fields, " "))
	}
	succeed(t, rows.Err())
	slices.Sort(entries)
	return entries
}

// wantAudited fails the test unless an action has these entries.
func wantAudited(t testing.TB, d *desktest.Desk, action string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, audited(t, d, action)); diff != "" {
		t.Errorf("entries of %s (-want +got): %s", action, diff)
	}
}
