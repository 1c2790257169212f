package portal_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/portal"
	"banksulutgo.co.id/servicedesk/web"
)

// counter is a desk with its portal, a partner who opens tickets and somebody at the bank who works them.
type counter struct {
	*desktest.Desk
	portal  *portal.Portal
	partner desk.Actor
	bank    desk.Actor
}

func newCounter(t testing.TB, e desktest.Engine) *counter {
	t.Helper()
	d := desktest.NewDesk(t, e)
	door := web.New(web.Options{Log: slog.New(slog.NewJSONHandler(d.Log, nil)), Clock: d.Clock.Now, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}})
	p, err := portal.New(portal.Options{App: d.App, Door: door, PublicURL: "https://desk.example/base"})
	must(t, err)
	return &counter{d, p, d.Actor(d.NewKey(t, "Partner", "omnichannel:*")), d.Actor(d.NewKey(t, "John Tech", desk.MayManage))}
}

// onCounters runs a test on each engine.
func onCounters(t *testing.T, test func(t *testing.T, c *counter)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) { test(t, newCounter(t, e)) })
}

// ticket is one of the desk, with what its customer was given.
type ticket struct {
	*desk.Ticket
	number, code string
}

func (c *counter) open(t testing.TB, by desk.Actor) ticket {
	t.Helper()
	o, err := c.App.OpenTicket(t.Context(), by, desk.TicketDraft{Channel: "EMAIL", ServiceType: "MOBILE_BANKING", Description: "SECRET-description",
		Title: "SECRET-title", ChannelReference: "SECRET-reference", Metadata: desk.Metadata{JSON: `{"note":"SECRET-metadata"}`},
		Customer: desk.Customer{Name: "Sarah Johnson", Email: "secret@email.com", Phone: "+628123456789", Identifier: "SECRET-identifier"}}, app.Once[app.Opened]{})
	must(t, err)
	return ticket{o.Ticket, strconv.FormatInt(o.Ticket.Number, 10), o.TrackingCode}
}

func (c *counter) say(t testing.TB, by desk.Actor, of ticket, content string, internal bool) {
	t.Helper()
	_, err := c.App.AddComment(t.Context(), by, app.Change{Ticket: of.number}, app.NewComment{Content: content, Internal: internal})
	must(t, err)
}

func (c *counter) set(t testing.TB, of ticket, to ...desk.Status) {
	t.Helper()
	for _, status := range to {
		_, err := c.App.ChangeStatus(t.Context(), c.bank, app.Change{Ticket: of.number}, status, "SECRET-reason")
		must(t, err)
		c.Clock.Advance(time.Hour)
	}
}

// link is a signed link to a ticket.
func (c *counter) link(of ticket) string {
	return c.App.TrackingLink(of.Ticket, c.Clock.Now().Add(365*24*time.Hour))
}

// reply is an answer of the portal.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; headers are given as `Name: value`.
func (c *counter) ask(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Request-Id", "request-1")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.portal.ServeHTTP(w, r)
	got, err := io.ReadAll(w.Result().Body)
	must(t, err)
	return reply{w.Code, w.Header(), string(got)}
}

// try sends the form, from an address.
func (c *counter) try(t testing.TB, number, code string, from int, headers ...string) reply {
	t.Helper()
	headers = append([]string{"Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("X-Forwarded-For: 198.51.%d.%d", from/250, from%250)}, headers...)
	return c.ask(t, "POST", "/tickets", url.Values{"number": {number}, "code": {code}}.Encode(), headers...)
}

// textOf is what a page says, its spaces made single.
func textOf(t testing.TB, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	must(t, err)
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// attributes are the values of an attribute in a page.
func attributes(t testing.TB, page, element, name string) (values []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	must(t, err)
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if n.Data == element && a.Key == name {
				values = append(values, a.Val)
			}
		}
	}
	return values
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
