package console_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/portal"
	"banksulutgo.co.id/servicedesk/web"
)

// The password of everybody here, and a hash of it that costs little.
const (
	hallPassword = "correct horse battery"
	hallHash     = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4"
)

var hallOperator = desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}

// hall is a desk whose console and portal are served over HTTP, as the program serves them.
type hall struct {
	*desktest.Desk
	console *console.Server
	url     string
	partner desk.Actor
}

// openHall opens a desk that is known at a public URL; empty: where it listens. tune changes the options of its verbs.
func openHall(t testing.TB, e desktest.Engine, publicURL string, tune ...func(*app.Options)) *hall {
	t.Helper()
	d := desktest.NewDesk(t, e, tune...)
	log := slog.New(slog.NewJSONHandler(d.Log, nil))
	door := web.New(web.Options{Log: log, Clock: d.Clock.Now})
	customers, err := portal.New(portal.Options{App: d.App, Door: door, PublicURL: publicURL})
	noError(t, err)
	stopping := make(chan struct{})
	h := &hall{Desk: d, partner: d.Actor(d.NewKey(t, "Partner", "omnichannel:*"))}
	h.console, err = console.New(console.Options{App: d.App, Staff: d.Staff, Door: door, Public: customers, Numbered: d.Numbered, Stopping: stopping,
		PublicURL: publicURL, Version: "1.2.3", Log: log, Clock: d.Clock.Now})
	noError(t, err)
	mux := http.NewServeMux()
	for _, pattern := range h.console.Patterns() {
		mux.Handle(pattern, h.console)
	}
	for _, path := range []string{portal.Root, portal.Root + "/", portal.Static + "/"} {
		mux.Handle(path, customers)
	}
	server := httptest.NewServer(mux)
	h.url = server.URL
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); h.console.Run(ctx) }()
	t.Cleanup(func() {
		close(stopping)
		server.CloseClientConnections()
		server.Close()
		stop()
		<-ran
	})
	return h
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// employ makes an employee.
func (h *hall) employ(t testing.TB, a desk.Agent) desk.Agent {
	t.Helper()
	if a.Name == "" {
		a.Name = a.Email
	}
	a.Password = hallHash
	made, err := h.App.CreateAgent(t.Context(), hallOperator, a, false)
	noError(t, err)
	return made
}

// complain opens a ticket of a service at an office.
func (h *hall) complain(t testing.TB, service desk.ServiceType, branch string) *desk.Ticket {
	t.Helper()
	o, err := h.App.OpenTicket(t.Context(), h.partner, desk.TicketDraft{Channel: "EMAIL", ServiceType: service, Description: "Uraian", Metadata: desk.Metadata{JSON: "{}"},
		Customer: desk.Customer{Name: "Sarah Johnson", Email: "sarah@email.com", Phone: "+628123456789", BranchCode: branch}, Attachments: []desk.Attachment{aFile("bukti.txt")}}, app.Once[app.Opened]{})
	noError(t, err)
	return o.Ticket
}

// aFile is a small file of a name.
func aFile(name string) desk.Attachment {
	return desk.Attachment{Filename: name, MIME: "text/plain", Content: []byte("evidence"), Size: 8, DeclaredSize: -1}
}

// caller is somebody with a browser.
type caller struct {
	url  string
	http *http.Client
	desk *desktest.Desk
	app  auth.Factor // on the telephone
}

func (h *hall) caller(t testing.TB) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	noError(t, err)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{url: h.url, desk: h.Desk, http: &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// said is an answer.
type said struct {
	status int
	header http.Header
	body   string
}

// to is where the answer leads; empty: nowhere.
func (a said) to() string { return a.header.Get("Location") }

// send sends a request; headers are given as `Name: value`.
func (c *caller) send(t testing.TB, method, path string, body io.Reader, headers ...string) said {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, body)
	noError(t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := c.http.Do(r)
	noError(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	noError(t, err)
	return said{answer.StatusCode, answer.Header, string(got)}
}

func (c *caller) get(t testing.TB, path string, headers ...string) said {
	t.Helper()
	return c.send(t, http.MethodGet, path, nil, headers...)
}

// post sends a form, `a=1&b=2`, as a browser does from a page of the site.
func (c *caller) post(t testing.TB, path, form string, headers ...string) said {
	t.Helper()
	headers = append([]string{"Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"}, headers...)
	return c.send(t, http.MethodPost, path, strings.NewReader(form), headers...)
}

// upload sends a form with a file.
func (c *caller) upload(t testing.TB, path string, fields url.Values, disposition, kind string, content []byte) said {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name := range fields {
		noError(t, form.WriteField(name, fields.Get(name)))
	}
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {kind}})
	noError(t, err)
	_, err = part.Write(content)
	noError(t, err)
	noError(t, form.Close())
	return c.send(t, http.MethodPost, path, &b, "Content-Type: "+form.FormDataContentType(), "Sec-Fetch-Site: same-origin")
}

// cookie is the value of a cookie that the browser has; empty: it has none.
func (c *caller) cookie(t testing.TB, name string) string {
	t.Helper()
	u, err := url.Parse(c.url)
	noError(t, err)
	for _, k := range c.http.Jar.Cookies(u) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

// plant gives the browser a cookie.
func (c *caller) plant(t testing.TB, name, value string) {
	t.Helper()
	u, err := url.Parse(c.url)
	noError(t, err)
	c.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

const sessionName = "servicedesk-session"

// signIn signs in by the form, without the second factor.
func (c *caller) signIn(t testing.TB, email string) said {
	t.Helper()
	return c.post(t, "/sign-in", url.Values{"email": {email}, "password": {hallPassword}}.Encode())
}

// enrol sets up the second factor by the page of it.
func (c *caller) enrol(t testing.TB) said {
	t.Helper()
	page := c.get(t, "/account/factor")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(textOf(t, page.body, "p", "mono"), " ", ""))
	noError(t, err)
	c.app, err = auth.ParseFactor(secret)
	noError(t, err)
	return c.post(t, "/account/factor", url.Values{"sealed": {valueOf(t, page.body, "sealed")}, "code": {c.app.Code(c.desk.Clock.Now())}}.Encode())
}

// code gives the code that the telephone shows next.
func (c *caller) code(t testing.TB) said {
	t.Helper()
	c.desk.Clock.Advance(30 * time.Second)
	return c.post(t, "/sign-in/code", url.Values{"code": {c.app.Code(c.desk.Clock.Now())}}.Encode())
}

// arrive signs somebody in with everything that the role asks for.
func (h *hall) arrive(t testing.TB, email string) *caller {
	t.Helper()
	c := h.caller(t)
	if got := c.signIn(t, email); got.status != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %d %s", email, got.status, got.body)
	} else if got.to() == "/account/factor" {
		if got := c.enrol(t); got.status != http.StatusOK {
			t.Fatalf("%s cannot set up a second factor: %d %s", email, got.status, got.body)
		}
	}
	return c
}

// elements visits the elements of a page.
func elements(t testing.TB, page string, visit func(n *html.Node, attribute map[string]string)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	noError(t, err)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			attributes := map[string]string{}
			for _, a := range n.Attr {
				attributes[a.Key] = a.Val
			}
			visit(n, attributes)
		}
	}
}

// textOf is the text of the first element of a name and class.
func textOf(t testing.TB, page, element, class string) (text string) {
	t.Helper()
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		if text == "" && n.Data == element && attribute["class"] == class && n.FirstChild != nil {
			text = n.FirstChild.Data
		}
	})
	return text
}

// valueOf is the value of the first input of a name.
func valueOf(t testing.TB, page, name string) (value string) {
	t.Helper()
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		if value == "" && n.Data == "input" && attribute["name"] == name {
			value = attribute["value"]
		}
	})
	return value
}

// numberOf is a ticket's number as it stands in addresses.
func numberOf(t *desk.Ticket) string { return strconv.FormatInt(t.Number, 10) }

// comesTrue waits for what must happen soon.
func comesTrue(t testing.TB, what string, done func() bool) {
	t.Helper()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("%s did not happen", what)
		}
	}
}
