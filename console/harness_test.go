package console_test

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
	"banksulutgo.co.id/servicedesk/portal"
	"banksulutgo.co.id/servicedesk/web"
)

// passphrase is the password of everybody here. Its hash is one that costs little.
const (
	passphrase = "correct horse battery"
	cheapHash  = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4"
)

// claims is the group whose queue claims join.
const claims = "TRANSACTION_CLAIMS_SUPPORT"

// floor is where agents work: a desk that runs as the program does, with its console. Its clock goes on as real time does,
// and numbers are given in the background.
type floor struct {
	*desktest.Desk
	*gate
	pages   *console.Server
	partner desk.Actor
}

func newFloor(t testing.TB, e desktest.Engine) *floor {
	t.Helper()
	d := desktest.NewDesk(t, e)
	d.Clock.Advance(time.Since(desktest.Start))
	inBackground(t, func(ctx context.Context) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for last := time.Now(); ctx.Err() == nil; {
			select {
			case <-tick.C:
				now := time.Now()
				d.Clock.Advance(now.Sub(last))
				last = now
			case <-ctx.Done():
			}
		}
	})
	return serveFloor(t, d, d.Actor(d.NewKey(t, "Mobile Banking", "omnichannel:*")))
}

// node is another node of the same installation, with an address of its own.
func (f *floor) node(t testing.TB) *floor {
	t.Helper()
	return serveFloor(t, f.Desk.Node(t), f.partner)
}

// serveFloor wires what `serve` does.
func serveFloor(t testing.TB, d *desktest.Desk, partner desk.Actor) *floor {
	t.Helper()
	log := slog.New(slog.NewJSONHandler(d.Log, nil))
	door := web.New(web.Options{Log: log, Metrics: prometheus.NewRegistry(), Clock: d.Clock.Now})
	customers, err := portal.New(portal.Options{App: d.App, Door: door})
	must(t, err)
	stopping := make(chan struct{})
	pages, err := console.New(console.Options{App: d.App, Staff: d.Staff, Door: door, Public: customers, Numbered: d.Numbered, Stopping: stopping, Version: "test",
		Log: log, Clock: d.Clock.Now})
	must(t, err)
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	must(t, err)
	mux := http.NewServeMux()
	for _, pattern := range pages.Patterns() {
		mux.Handle(pattern, pages)
	}
	mux.Handle(portal.Static+"/", customers)
	f := &floor{Desk: d, gate: &gate{next: zip(mux)}, pages: pages, partner: partner}
	f.server = httptest.NewServer(f.gate)
	inBackground(t, func(ctx context.Context) {
		d.Store.RunSequencer(ctx, d.App.Seal, 250*time.Millisecond, d.Numbered.Publish)
	})
	inBackground(t, func(ctx context.Context) { d.Store.Listen(ctx, d.Numbered.Publish) })
	inBackground(t, pages.Run)
	t.Cleanup(func() {
		close(stopping)
		f.server.CloseClientConnections()
		f.server.Close()
	})
	return f
}

// inBackground runs work until the end of the test.
func inBackground(t testing.TB, work func(context.Context)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { work(ctx) })
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
}

// gate stands between browsers and the desk. It can be cut, and can hold what pages read behind the reader's back.
type gate struct {
	next   http.Handler
	server *httptest.Server
	away   atomic.Bool
	held   atomic.Pointer[chan struct{}]
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.away.Load() {
		panic(http.ErrAbortHandler)
	}
	if held := g.held.Load(); held != nil && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "empty" && r.URL.Path != "/live" {
		select {
		case <-*held:
		case <-r.Context().Done():
		}
	}
	g.next.ServeHTTP(w, r)
}

// cut ends every connection and lets nobody in until restore.
func (g *gate) cut() {
	g.away.Store(true)
	g.server.CloseClientConnections()
}

func (g *gate) restore() { g.away.Store(false) }

// hold holds what scripts read until the function is called that it returns.
func (g *gate) hold() (release func()) {
	held := make(chan struct{})
	g.held.Store(&held)
	return sync.OnceFunc(func() {
		g.held.Store(nil)
		close(held)
	})
}

// hire makes an employee.
func (f *floor) hire(t testing.TB, name string, role desk.Role, groups ...string) desk.Agent {
	t.Helper()
	a, err := f.App.CreateAgent(t.Context(), desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"},
		desk.Agent{Email: strings.ToLower(name) + "@bank.example", Name: name, Role: role, Groups: groups, Password: cheapHash}, false)
	must(t, err)
	return a
}

// account is a number that every claim here is about.
const account = "1234567890"

// claim makes a claim, as the mobile bank does, and returns its number.
func (f *floor) claim(t testing.TB, name string) string {
	t.Helper()
	o, err := f.App.OpenClaim(t.Context(), f.partner, desk.ClaimDraft{NamaNasabah: name, MediaTransaksi: "ATM", JenisTransaksi: "PEMBAYARAN",
		Nominal: desk.Rupiahs(150_000), NominalGiven: true, NomorRekening: account, Description: "Uang tidak keluar, saldo terpotong."}, app.Once[app.Opened]{})
	must(t, err)
	return strconv.FormatInt(o.Ticket.Number, 10)
}

// say lets a colleague who is not here write on a ticket.
func (f *floor) say(t testing.TB, by desk.Agent, number, content string) {
	t.Helper()
	_, err := f.App.AddComment(t.Context(), by.Actor(), app.Change{Ticket: number}, app.NewComment{Content: content})
	must(t, err)
}

// audited lists the details of the entries of an action in the audit trail.
func (f *floor) audited(t testing.TB, action string) (details []string) {
	t.Helper()
	rows, err := desktest.Installation{Folder: f.Folder, Database: f.Database}.SQL(t).QueryContext(t.Context(), `SELECT detail FROM audit WHERE action = '`+action+`'`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var detail string
		must(t, rows.Scan(&detail))
		details = append(details, detail)
	}
	must(t, rows.Err())
	return details
}

// open opens a tab of a new browser.
func (f *floor) open(t *testing.T) *browser.Tab { t.Helper(); return browser.Open(t, f.server.URL) }

// beside opens a tab of somebody else in the same browser.
func (f *floor) beside(t *testing.T, tab *browser.Tab) *browser.Tab {
	t.Helper()
	return tab.Beside(t, f.server.URL)
}

// signIn signs somebody in by the form, and leaves the tab at the first page.
func (f *floor) signIn(t *testing.T, tab *browser.Tab, who desk.Agent) {
	t.Helper()
	tab.Show(t, "/sign-in", browser.Wide, "light")
	tab.Do(t, chromedp.SendKeys("#email", who.Email), chromedp.SendKeys("#password", passphrase), chromedp.Click(".form button.primary"))
	until(t, tab, `location.pathname !== "/sign-in" && document.readyState === "complete"`)
}

// enrol sets up the second factor of who is signed in, by its page, and returns what the telephone has now.
func (f *floor) enrol(t *testing.T, tab *browser.Tab) auth.Factor {
	t.Helper()
	tab.Show(t, "/account/factor", browser.Wide, "light")
	secret := browser.Evaluate[string](t, tab, `document.querySelector("p.mono").textContent.replace(/\s/g, "")`)
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	must(t, err)
	factor, err := auth.ParseFactor(raw)
	must(t, err)
	tab.Do(t, chromedp.SendKeys("#code", factor.Code(f.Clock.Now())), chromedp.Click(".form button.primary"))
	until(t, tab, has(".codes", "-"))
	return factor
}

// patience is how long until waits.
const patience = 15 * time.Second

// until waits until a condition of JavaScript holds in a tab, over changes of the page, and returns how long that took.
func until(t testing.TB, tab *browser.Tab, condition string) time.Duration {
	t.Helper()
	began := time.Now()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for time.Since(began) < patience {
		holds, err := chromedp.Run(tab.Context(), chromedp.Evaluate[bool](`(() => { try { return Boolean(`+condition+`) } catch { return false } })()`)) // fails while the page changes
		if err == nil && holds {
			return time.Since(began)
		}
		must(t, tab.Context().Err())
		<-look.C
	}
	shown, _ := chromedp.Run(tab.Context(), chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	t.Fatalf("it never came to %s; the page shows %.3000s", condition, shown)
	return 0
}

// has is the condition that some element of a page has a text.
func has(selector, text string) string {
	s, _ := json.Marshal(selector)
	x, _ := json.Marshal(text)
	return `[...document.querySelectorAll(` + string(s) + `)].some(e => e.textContent.includes(` + string(x) + `))`
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
