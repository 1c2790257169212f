package console_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/web"
)

// managed is a desk with its console behind HTTP. No role must have a second factor.
type managed struct {
	*desktest.Desk
	base string
}

func newManaged(t *testing.T, e desktest.Engine) managed {
	t.Helper()
	d := desktest.NewDesk(t, e)
	log, stopping := slog.New(slog.NewJSONHandler(d.Log, nil)), make(chan struct{})
	s, err := console.New(console.Options{App: d.App, Staff: d.Staff, Public: http.NotFoundHandler(), Numbered: d.Numbered, Stopping: stopping, Log: log, Clock: d.Clock.Now,
		Door: web.New(web.Options{Log: log, Metrics: prometheus.NewRegistry(), Clock: d.Clock.Now})})
	must(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(func() { close(stopping); server.Close() })
	must(t, d.Staff.SetFactorRoles(t.Context(), atCommand, nil))
	return managed{d, server.URL}
}

var atCommand = desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}

// employ makes an employee whose e-mail is name@bank.example.
func (m managed) employ(t *testing.T, name string, role desk.Role, groups ...string) desk.Agent {
	t.Helper()
	a, err := m.App.CreateAgent(t.Context(), atCommand, desk.Agent{Email: name + "@bank.example", Name: name, Role: role, Groups: groups, Password: cheapHash}, false)
	must(t, err)
	return a
}

// ticket makes a ticket of the call centre that somebody has; nobody with an empty id.
func (m managed) ticket(t *testing.T, partner desk.Actor, assigneeID string) *desk.Ticket {
	t.Helper()
	opened, err := m.App.OpenTicket(t.Context(), partner, desk.TicketDraft{Channel: "EMAIL", ServiceType: "INQUIRY", Title: "Judul", Description: "Uraian",
		Customer: desk.Customer{Name: "Sarah Johnson"}, Metadata: desk.Metadata{JSON: "{}"}}, app.Once[app.Opened]{})
	if err == nil && assigneeID != "" {
		core := desk.Actor{Kind: desk.ByPartner, ID: "core", Name: "Core", Permissions: desk.Permissions{desk.MayManage}}
		_, err = m.App.Assign(t.Context(), core, app.Change{Ticket: strconv.FormatInt(opened.Ticket.Number, 10)}, app.Assignment{GivenAgent: true, AssigneeID: assigneeID})
	}
	must(t, err)
	return opened.Ticket
}

// visit is a browser that somebody signed in with.
type visit struct {
	base string
	http.Client
}

// enter signs an employee in.
func (m managed) enter(t *testing.T, name string) *visit {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	v := &visit{m.base, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, to, _ := v.post(t, "/sign-in", url.Values{"email": {name + "@bank.example"}, "password": {passphrase}}); status != http.StatusSeeOther || to != "/" {
		t.Fatalf("signing in: %d, %q", status, to)
	}
	return v
}

func (v *visit) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	res, err := v.Get(v.base + path)
	must(t, err)
	status, _, body = answered(t, res)
	return status, body
}

// led is where a page leads to instead of showing something.
func (v *visit) led(t *testing.T, path string) string {
	t.Helper()
	res, err := v.Get(v.base + path)
	must(t, err)
	_, to, _ := answered(t, res)
	return to
}

// post sends a form, and returns where the answer leads to.
func (v *visit) post(t *testing.T, path string, form url.Values) (status int, to, body string) {
	t.Helper()
	res, err := v.PostForm(v.base+path, form)
	must(t, err)
	return answered(t, res)
}

func answered(t *testing.T, res *http.Response) (status int, to, body string) {
	t.Helper()
	all, err := io.ReadAll(res.Body)
	must(t, err)
	must(t, res.Body.Close())
	return res.StatusCode, res.Header.Get("Location"), string(all)
}

// shows fails the test unless a page has all of the texts.
func shows(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("%q is missing in the page:\n%s", text, page[max(0, strings.Index(page, "<main")):])
		}
	}
}
