package sociomile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

const secretToken = "tok-Made-Up+1/2"

// authority signs the certificates that the tests trust: the machine's own authorities are read once, from SSL_CERT_FILE.
var authority = newAuthority()

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "authority")
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(folder, "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate[0]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		log.Fatal(err)
	}
	os.Setenv("SSL_CERT_FILE", file)
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

func newAuthority() tls.Certificate {
	return signed(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}, nil)
}

// signed makes a certificate that a parent signs; nil: it signs itself.
func signed(template *x509.Certificate, parent *tls.Certificate) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	by, signer := template, key
	if parent != nil {
		by, signer = parent.Leaf, parent.PrivateKey.(*ecdsa.PrivateKey)
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), signer)
	if err != nil {
		log.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}
}

// config is how the provider at an address is called.
func config(base string) sociomile.Config {
	return sociomile.Config{CreateURL: base + fake.CreatePath, Token: secretToken, ConnectID: "c-1", Timeout: 10 * time.Second}
}

// diagnose makes a diagnosis, which must not tell the token, and must say what it found and nothing in braces.
func diagnose(t *testing.T, c sociomile.Config, o sociomile.DiagnoseOptions) sociomile.Diagnosis {
	t.Helper()
	var told []sociomile.Finding
	o.Tell = func(f sociomile.Finding) { told = append(told, f) }
	d := sociomile.Diagnose(t.Context(), c, guard.ForOperator(guard.Options{}), o)
	printed, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{secretToken, "tok-Made-Up", "client_secret_key"} {
		if strings.Contains(string(printed), form) {
			t.Errorf("it tells %s: %s", form, printed)
		}
	}
	if strings.ContainsAny(d.English+d.Indonesian, "{}") || d.English == "" || d.Indonesian == "" || d.OK != (d.ExitStatus == 0) {
		t.Errorf("it says %q and %q, exit status %d", d.English, d.Indonesian, d.ExitStatus)
	}
	if diff := cmp.Diff(d.Findings, told); diff != "" {
		t.Errorf("the findings were told otherwise (-want +got):\n%s", diff)
	}
	return d
}

// expect fails the test when a diagnosis is another one.
func expect(t *testing.T, d sociomile.Diagnosis, fault sociomile.Fault, whose sociomile.Side, exit int) {
	t.Helper()
	if d.Fault != fault || d.Whose != whose || d.ExitStatus != exit {
		t.Errorf("it is %s of %s, exit status %d; want %s of %s, %d; found:\n%+v", d.Fault, d.Whose, d.ExitStatus, fault, whose, exit, d.Findings)
	}
}

// found is what a diagnosis found of a check, all its facts.
func found(d sociomile.Diagnosis, check string) string {
	var facts []string
	for _, f := range d.Findings {
		if f.Check == check {
			facts = append(facts, fmt.Sprintf("%s %s", f.Mark, f.Fact))
		}
	}
	return strings.Join(facts, "\n")
}

func TestTheProvidersStateIsNamedWithWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings fake.Settings
		token    string // other than the right one
		header   bool
		fault    sociomile.Fault
		whose    sociomile.Side
		exit     int
		check    string
		says     string
	}{
		"working":        {fault: "NONE", whose: "nobody", check: "auth", says: "the token is taken by query, and nothing is without one"},
		"by header":      {settings: fake.Settings{Auth: fake.Header}, header: true, fault: "NONE", whose: "nobody", check: "auth", says: "taken by header"},
		"missing":        {settings: fake.Settings{Scenario: fake.RouteMissing}, fault: "ROUTE_MISSING", whose: "provider", exit: 1, check: "create", says: "failed GET http"},
		"missing create": {settings: fake.Settings{Scenario: fake.RouteMissingCreate}, fault: "ROUTE_MISSING", whose: "provider", exit: 1, check: "create", says: "Concerns/RoutesRequests.php, line 229"},
		"missing status": {settings: fake.Settings{Scenario: fake.RouteMissingStatus}, fault: "STATUS_ROUTE", whose: "provider", check: "status", says: "update-status answered 404"},
		"moved":          {settings: fake.Settings{Scenario: fake.Moved}, fault: "MOVED", whose: "ours", exit: 1, check: "variant", says: "/api/helpdesk/create answered 405"},
		"moved, secret":  {settings: fake.Settings{Scenario: fake.Moved}, token: "other", fault: "MOVED", whose: "ours", exit: 1, check: "variant", says: "/api/helpdesk/create answered 401"},
		"locked":         {settings: fake.Settings{Scenario: fake.AuthFails}, fault: "WRONG_TOKEN", whose: "ours", exit: 1, check: "create", says: `ClientSecret.php, line 31, "Unauthorized"`},
		"wrong token":    {token: "other", fault: "WRONG_TOKEN", whose: "ours", exit: 1, check: "auth", says: "by header: GET"},
		"as query":       {settings: fake.Settings{Auth: fake.Header}, fault: "WRONG_TOKEN_WAY", whose: "ours", exit: 1, check: "auth", says: "answered 405"},
		"as header":      {settings: fake.Settings{Auth: fake.Query}, header: true, fault: "WRONG_TOKEN_WAY", whose: "ours", exit: 1, check: "auth", says: "by query: GET"},
		"gateway":        {settings: fake.Settings{Scenario: fake.Gateway}, fault: "GATEWAY", whose: "provider", exit: 1, check: "base", says: `a page, "502 Bad Gateway"`},
		"cut":            {settings: fake.Settings{Scenario: fake.Cut}, fault: "NO_ANSWER", whose: "provider", exit: 2, check: "create", says: "the connection was cut"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fake.New(fake.Options{})
			c.settings.Token = secretToken
			if c.token != "" {
				c.settings.Token = c.token
			}
			if err := p.Set(c.settings); err != nil {
				t.Fatal(err)
			}
			s := httptest.NewServer(p)
			defer s.Close()
			called := config(s.URL)
			called.Header = c.header
			d := diagnose(t, called, sociomile.DiagnoseOptions{})
			expect(t, d, c.fault, c.whose, c.exit)
			if got := found(d, c.check); !strings.Contains(got, c.says) {
				t.Errorf("of %s it found %s, want %s", c.check, got, c.says)
			}
			r := p.Received()
			for call := range r.Counts {
				if !strings.HasPrefix(call, "GET ") && !strings.HasPrefix(call, "OPTIONS ") {
					t.Errorf("it called %s", call)
				}
			}
		})
	}
}

func TestAMoveIsSaidWithTheNewAddress(t *testing.T) {
	t.Parallel()
	p := fake.New(fake.Options{Token: secretToken})
	s := httptest.NewServer(p)
	defer s.Close()
	c := config(s.URL)
	c.CreateURL, c.StatusURL = s.URL+fake.MovedCreate, s.URL+fake.StatusPath
	d := diagnose(t, c, sociomile.DiagnoseOptions{}) // from /api to without it
	expect(t, d, "MOVED", "ours", 1)
	for _, text := range []string{d.English, d.Indonesian} {
		if !strings.Contains(text, s.URL+fake.CreatePath) {
			t.Errorf("it says %s", text)
		}
	}
}

func TestOneTicketIsCreatedWhenToldAndOnlyWhereItCanBe(t *testing.T) {
	t.Parallel()
	for scenario, c := range map[fake.Scenario]struct {
		fault   sociomile.Fault
		exit    int
		created int
		says    string
	}{
		fake.Working:      {"NONE", 0, 1, "it is the provider's ticket 32197"},
		fake.Validation:   {"TEST_TICKET_REFUSED", 1, 0, `{"connectID":["The selected`},
		fake.Refused:      {"TEST_TICKET_REFUSED", 1, 0, "sedang ditutup"},
		fake.NoIDs:        {"TEST_TICKET_REFUSED", 1, 1, "failed POST"},
		fake.Cut:          {"NO_ANSWER", 2, 0, ""},
		fake.RouteMissing: {"ROUTE_MISSING", 1, 0, "not created"},
	} {
		p := fake.New(fake.Options{Token: secretToken})
		if err := p.Switch(scenario); err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(p)
		d := diagnose(t, config(s.URL), sociomile.DiagnoseOptions{CreateTicket: true})
		s.Close()
		if got := found(d, "test ticket"); d.Fault != c.fault || d.ExitStatus != c.exit || !strings.Contains(got, c.says) {
			t.Errorf("%s: it is %s, exit status %d: %s", scenario, d.Fault, d.ExitStatus, got)
		}
		if r := p.Received(); r.Created != c.created || c.created == 1 && !strings.Contains(r.Tickets[0].Customer, "UJI COBA") {
			t.Errorf("%s: %d tickets were created: %+v", scenario, r.Created, r.Tickets)
		}
	}
}

// answers is a provider whose create route answers so, and repeats the token wherever it can.
func answers(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		echo := r.URL.Query().Get("client_secret_key") + r.Header.Get("client-secret-key")
		w.Header().Set("Location", "/elsewhere/"+echo+"?client_secret_key="+echo)
		if r.Method == http.MethodOptions { // a proxy that answers for all
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, body, echo)
	})
}

func TestWhatStandsBeforeTheApplicationIsToldFromIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		fault  sociomile.Fault
		whose  sociomile.Side
		exit   int
	}{
		"404 in JSON":    {404, `{"message":"no route for %s"}`, "ROUTE_MISSING", "provider", 1},
		"404 of nothing": {404, `%.0s`, "ROUTE_MISSING", "provider", 1},
		"404 as a page":  {404, `<html><head><title>Not Found %s</title></head></html>`, "PROXY_404", "provider", 1},
		"403 in JSON":    {403, `{"message":"wrong %s"}`, "WRONG_TOKEN", "ours", 1},
		"403 as a page":  {403, `<html><title>Forbidden &amp; %s</title></html>`, "BLOCKED", "provider", 1},
		"429":            {429, `{"message":"Too Many Attempts. %s"}`, "TOO_MANY", "provider", 1},
		"500":            {500, `<!DOCTYPE html><title>Whoops %s</title>`, "SERVER", "provider", 1},
		"503":            {503, `%s`, "GATEWAY", "provider", 1},
		"302":            {302, `%s`, "REDIRECTED", "ours", 1},
		"418":            {418, `%s`, "UNEXPECTED", "provider", 1},
		"422":            {422, "\ufeff" + `{"message":"%s"}`, "NONE", "nobody", 0},
		"200":            {200, `%s`, "NONE", "nobody", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(answers(c.status, c.body))
			defer s.Close()
			d := diagnose(t, config(s.URL), sociomile.DiagnoseOptions{})
			expect(t, d, c.fault, c.whose, c.exit)
			if c.exit == 0 && !strings.Contains(found(d, "auth"), "without a token too") {
				t.Errorf("of the token it found %s", found(d, "auth"))
			}
		})
	}
}

func TestWhatIsMissingInTheSettingsIsNamed(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(fake.New(fake.Options{Token: secretToken}))
	defer s.Close()
	for name, c := range map[string]struct {
		change func(*sociomile.Config)
		fault  sociomile.Fault
		exit   int
		check  string
		says   string
	}{
		"nothing":    {func(c *sociomile.Config) { *c = sociomile.Config{} }, "NOT_CONFIGURED", 2, "settings", "OMNI_API_URL"},
		"no token":   {func(c *sociomile.Config) { c.Token = "" }, "NOT_CONFIGURED", 2, "settings", "OMNI_API_TOKEN is missing"},
		"no address": {func(c *sociomile.Config) { c.CreateURL = "provider.example" }, "NOT_CONFIGURED", 2, "settings", "OMNI_API_URL must be"},
		"no connect": {func(c *sociomile.Config) { c.ConnectID = "" }, "NONE", 0, "settings", "OMNI_CONNECT_ID is missing"},
		"no default": {func(c *sociomile.Config) { c.CreateURL += "?x=/y" }, "NONE", 0, "settings", "x=/y"},
		"pasted":     {func(c *sociomile.Config) { c.CreateURL += "?client_secret_key=" + secretToken }, "NONE", 0, "settings", "/helpdesk/create"},
	} {
		called := config(s.URL)
		c.change(&called)
		d := diagnose(t, called, sociomile.DiagnoseOptions{})
		if got := found(d, c.check); d.Fault != c.fault || d.ExitStatus != c.exit || !strings.Contains(got, c.says) {
			t.Errorf("%s: it is %s, exit status %d: %s", name, d.Fault, d.ExitStatus, got)
		}
	}
	other := httptest.NewServer(answers(405, "%s"))
	defer other.Close()
	called := config(other.URL)
	called.CreateURL = other.URL + "/tickets"
	expect(t, diagnose(t, called, sociomile.DiagnoseOptions{}), "NO_STATUS_URL", "ours", 0)
}

func TestWhereNothingAnswersTheNextOneToAskIsNamed(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for base, c := range map[string]struct {
		fault sociomile.Fault
		whose sociomile.Side
		says  string
	}{
		"http://" + closed.Addr().String(): {"CONNECTION_REFUSED", "provider", "refused"},
		"https://provider.invalid":         {"NO_NAME", "network", "provider.invalid cannot be resolved"},
		"http://169.254.169.254":           {"NOT_ALLOWED", "ours", "link-local"},
	} {
		d := diagnose(t, config(base), sociomile.DiagnoseOptions{})
		expect(t, d, c.fault, c.whose, 2)
		if last := d.Findings[len(d.Findings)-1]; last.Mark != "failed" || !strings.Contains(last.Fact, c.says) {
			t.Errorf("%s: the last finding is %+v", base, last)
		}
	}
}

func TestACertificateIsJudgedByItsFault(t *testing.T) {
	t.Parallel()
	now := time.Now()
	here := []net.IP{net.IPv4(127, 0, 0, 1)}
	for name, c := range map[string]struct {
		template *x509.Certificate
		parent   *tls.Certificate
		fault    sociomile.Fault
		exit     int
		says     string
	}{
		"good":      {&x509.Certificate{IPAddresses: here, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(40 * 24 * time.Hour)}, &authority, "NONE", 0, "ok TLS 1.3; the certificate is good for 127.0.0.1 until"},
		"ends soon": {&x509.Certificate{IPAddresses: here, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}, &authority, "NONE", 0, "warning TLS"},
		"expired":   {&x509.Certificate{IPAddresses: here, NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)}, &authority, "TLS_EXPIRED", 2, "expired"},
		"other":     {&x509.Certificate{DNSNames: []string{"other.example"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}, &authority, "TLS_WRONG_NAME", 2, "it is for [other.example]"},
		"untrusted": {&x509.Certificate{IPAddresses: here, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}, nil, "TLS_UNTRUSTED", 2, "unknown authority"},
	} {
		s := httptest.NewUnstartedServer(fake.New(fake.Options{Token: secretToken}))
		s.Config.ErrorLog = log.New(new(strings.Builder), "", 0)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{signed(c.template, c.parent)}}
		s.StartTLS()
		d := diagnose(t, config(s.URL), sociomile.DiagnoseOptions{})
		s.Close()
		if got := found(d, "tls"); d.Fault != c.fault || d.ExitStatus != c.exit || !strings.Contains(got, c.says) {
			t.Errorf("%s: it is %s, exit status %d: %s", name, d.Fault, d.ExitStatus, got)
		}
	}
	plain := httptest.NewServer(fake.New(fake.Options{}))
	defer plain.Close()
	expect(t, diagnose(t, config(strings.Replace(plain.URL, "http", "https", 1)), sociomile.DiagnoseOptions{}), "TLS", "provider", 2)
}

func TestSlownessIsToldWhenNothingElseIsWrong(t *testing.T) {
	t.Parallel()
	p := fake.New(fake.Options{Token: secretToken})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" { // half of the time, or more
			select {
			case <-time.After(600 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
		p.ServeHTTP(w, r)
	}))
	defer s.Close()
	c := config(s.URL)
	c.Timeout = time.Second
	d := diagnose(t, c, sociomile.DiagnoseOptions{})
	expect(t, d, "SLOW", "provider", 0)
	if !strings.Contains(d.English, "base took") {
		t.Errorf("it says %s", d.English)
	}
}

func TestAProviderThatHangsIsUnreachable(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	c := config(s.URL)
	c.Timeout = 200 * time.Millisecond
	d := diagnose(t, c, sociomile.DiagnoseOptions{})
	expect(t, d, "NO_ANSWER", "provider", 2)
	if !strings.Contains(found(d, "create"), "the time (OMNI_TIMEOUT) was over") {
		t.Errorf("it found %s", found(d, "create"))
	}
}
