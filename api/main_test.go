package api_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// TestMain fails a run of all tests when openapi.yaml promises an answer that no test produced.
func TestMain(m *testing.M) {
	code := m.Run()
	lasting.end()
	if code == 0 && wholeRun() {
		code = reportUnseen()
	}
	os.Exit(code)
}

// wholeRun reports whether all tests ran: no choice was made and nothing but tests was asked for.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz", "test.fuzzworker"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != f.DefValue {
			return false
		}
	}
	return true
}

func reportUnseen() int {
	contract, err := desktest.OMNI()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	unseen := contract.Missing()
	for _, answer := range unseen {
		fmt.Printf("openapi.yaml promises %s, which no test produced\n", answer)
	}
	if len(unseen) > 0 {
		fmt.Println("FAIL")
		return 1
	}
	return 0
}

// onDesks runs a test on a desk of its own on each engine, beside other tests.
func onDesks(t *testing.T, test func(t *testing.T, d *desktest.Desk)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) { test(t, desktest.NewDesk(t, e)) })
}

// onSharedDesks runs a test on desks that many tests share, each as other partners: for tests that neither move the
// clock nor look at what is everybody's.
func onSharedDesks(t *testing.T, test func(t *testing.T, d *desktest.Desk)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) { test(t, lasting.desk(e)) })
}

// onDesk returns a desk for a test of what the store has no part in, beside other tests: on SQLite, shared.
func onDesk(t *testing.T) *desktest.Desk {
	t.Helper()
	t.Parallel()
	return lasting.desk(desktest.SQLite)
}

// everything is what a partner's key may be given at most.
const everything desk.Permission = "omnichannel:*"

// keyOf makes a key of a partner that this test alone has.
func keyOf(t testing.TB, d *desktest.Desk, name string, permissions ...desk.Permission) string {
	t.Helper()
	return newKey(t, d, app.NewKey{Name: name, Partner: name + " of " + t.Name(), Permissions: permissions}).Text
}

// partner makes a key with all of a partner's permissions and returns its client.
func partner(t testing.TB, d *desktest.Desk, name string) *desktest.Client {
	t.Helper()
	return d.Client(keyOf(t, d, name, everything))
}

// documented makes a key of the partner that the API document's examples name.
func documented(t testing.TB, d *desktest.Desk) *desktest.Client {
	t.Helper()
	return d.Client(d.NewKey(t, "PARTNER_001", everything).Text)
}

// manager makes a key of an internal system that manages, and returns its client.
func manager(t testing.TB, d *desktest.Desk, name string) *desktest.Client {
	t.Helper()
	return d.Client(keyOf(t, d, name, desk.MayManage))
}

// aClaim and aTicket are the smallest of their kind, without a warning.
const (
	aClaim  = `{"namaNasabah":"Maria Lontoh","mediaTransaksi":"QRIS","nominal":50000}`
	aTicket = `{"channel":"PHONE","serviceType":"INQUIRY","customer":{"name":"Maria Lontoh"},"ticket":{"description":"Opening hours?"}}`
)

// opened makes a ticket from a body and returns its number.
func opened(t testing.TB, c *desktest.Client, path, body string) string {
	t.Helper()
	return c.Post(t, path, body).Want(t, 201).Text("ticketNumber")
}

var (
	identifier   = regexp.MustCompile(`"(id|ticketId)":"[0-9a-hjkmnp-tv-z]{26}"`)
	trackingCode = regexp.MustCompile(`"trackingCode":"[0-9A-Z]{4}-[0-9A-Z]{4}"`)
	milliseconds = regexp.MustCompile(`"durationMs":[0-9]+`)
	secret       = regexp.MustCompile(`"secret":"whsec_[^"]+"`)
	eventID      = regexp.MustCompile(`"id":"[0-9a-hjkmnp-tv-z]{26}-([0-9]+)"`)
)

// plain returns an answer's bytes with what is random in them replaced.
func plain(r desktest.Response) string {
	b := identifier.ReplaceAll(r.Body, []byte(`"$1":"<id>"`))
	b = secret.ReplaceAll(b, []byte(`"secret":"<secret>"`))
	b = eventID.ReplaceAll(b, []byte(`"id":"<id>-$1"`))
	return string(trackingCode.ReplaceAll(b, []byte(`"trackingCode":"<code>"`)))
}

// wantBytes fails the test unless the answer has exactly these bytes, random parts apart.
func wantBytes(t testing.TB, r desktest.Response, want string) {
	t.Helper()
	if got := plain(r); got != want {
		t.Errorf("the answer is\n%s\nwant\n%s", got, want)
	}
}

// wantMessage fails the test unless the answer is an error with a status and a message.
func wantMessage(t testing.TB, r desktest.Response, status int, message string) {
	t.Helper()
	if got := r.Want(t, status).Text("message"); got != message {
		t.Errorf("message %q, want %q", got, message)
	}
}

// wantFaults fails the test unless the answer is "Validation failed" with exactly these faults.
func wantFaults(t testing.TB, r desktest.Response, want map[string]string) {
	t.Helper()
	wantMessage(t, r, 400, "Validation failed")
	wantTexts(t, r.Errors(), want)
}

// wantTexts compares texts by path.
func wantTexts(t testing.TB, got, want map[string]string) {
	t.Helper()
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s: %q, want %q", path, got[path], text)
		}
	}
	for path, text := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s: %q is not expected", path, text)
		}
	}
}
