package console_test

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// integrated is a desk with a provider of Sociomile and a partner with a receiver of webhooks.
type integrated struct {
	*hall
	provider  *fake.Provider
	sociomile string // URL of the provider
	posts     chan bool
	receiver  int    // HTTP status that the receiver answers
	says      string // what the receiver answers, and then also why the provider refuses a claim; default: something else
	heard     chan string
	endpoint  string // path of its page
	newest    string // id of the newest claim
}

func newIntegrated(t *testing.T) *integrated {
	t.Helper()
	d := &integrated{provider: fake.New(fake.Options{}), posts: make(chan bool, 100), heard: make(chan string, 100), receiver: http.StatusOK}
	d.hall = openHall(t, desktest.SQLite, "", func(o *app.Options) {
		o.Forwarding.Services, o.ConnectorOn, o.ForwardFields = []string{"CLAIM"}, true, sociomile.DefaultMap().FieldNames
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.says != "" && r.Method == http.MethodPost {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			noError(t, json.NewEncoder(w).Encode(map[string]any{"message": d.says, "errors": map[string][]string{d.says: {d.says}}}))
		} else {
			d.provider.ServeHTTP(w, r)
		}
		if r.Method == http.MethodPost {
			d.posts <- true
		}
	}))
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(d.receiver)
		_, _ = w.Write([]byte(cmp.Or(d.says, "the receiver says <so>")))
		d.heard <- r.Header.Get("X-Webhook-Event")
	}))
	t.Cleanup(server.Close)
	t.Cleanup(receiver.Close)
	d.sociomile = server.URL
	noError(t, d.Store.MakeConnector(t.Context()))
	address := receiver.URL + "/hook?token=rahasia-alamat"
	made, err := d.App.RegisterTarget(t.Context(), d.partner, desk.TargetChange{URL: &address}, app.Once[app.ChangedTarget]{})
	noError(t, err)
	d.endpoint = "/integration/webhooks/" + made.ID
	return d
}

// worker is an employee with a browser.
type worker struct {
	*caller
	desk.Agent
}

// employed makes an employee of a role, who signs in without a second factor.
func (h *hall) employed(t *testing.T, role desk.Role) worker {
	t.Helper()
	noError(t, h.Staff.SetFactorRoles(t.Context(), hallOperator, nil))
	a := h.employ(t, desk.Agent{Email: string(role) + "@bank.example", Name: "Ani " + string(role), Role: role, Groups: []string{"CARD_SERVICES"}, Language: desk.Indonesian})
	return worker{h.arrive(t, a.Email), a}
}

// page is the main part of a page, which has to be there.
func (w worker) page(t *testing.T, path string) string {
	t.Helper()
	got := w.get(t, path)
	if got.status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", path, got.status, got.body)
	}
	_, main, _ := strings.Cut(got.body, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// sends sends a form.
func (w worker) sends(t *testing.T, path string, form url.Values) said {
	t.Helper()
	return w.post(t, path, form.Encode())
}

// press sends a form of a page, with its hidden inputs, and fails the test unless that leads to a page that says something.
func (w worker) press(t *testing.T, page, action string, form url.Values, says string) (to string) {
	t.Helper()
	main := w.page(t, page)
	_, inside, found := strings.Cut(main, `action="`+action+`"`)
	if !found {
		t.Fatalf("%s has no form for %s:\n%s", page, action, main)
	}
	inside, _, _ = strings.Cut(inside, "</form>")
	filled := url.Values{}
	elements(t, inside, func(n *html.Node, attribute map[string]string) {
		if n.Data == "input" && attribute["type"] == "hidden" {
			filled.Set(attribute["name"], attribute["value"])
		}
	})
	maps.Copy(filled, form)
	got := w.sends(t, action, filled)
	if got.status != http.StatusSeeOther {
		t.Fatalf("%s answers %d: %s", action, got.status, got.body)
	}
	if next := w.page(t, got.to()); !strings.Contains(next, says) {
		t.Errorf("%s leads to %s, which does not say %q:\n%s", action, got.to(), says, next)
	}
	return got.to()
}

// look opens a browser in which the employee is signed in.
func (w worker) look(t *testing.T) *browser.Tab {
	t.Helper()
	b := browser.Open(t, w.url)
	b.Show(t, "/sign-in", browser.Wide, "light")
	if !browser.Evaluate[bool](t, b, `fetch("/sign-in", {method: "POST", body: new URLSearchParams({email: "`+w.Email+`", password: "`+hallPassword+`"})}).then(r => r.ok)`) {
		t.Fatal("a browser cannot sign in")
	}
	return b
}

// claim makes a claim, which is forwarded.
func (d *integrated) claim(t *testing.T) (number, path string) {
	t.Helper()
	draft := desk.ClaimDraft{NamaNasabah: "Budi Contoh", MediaTransaksi: "ATM", JenisTransaksi: "TRANSFER", Nominal: desk.Rupiahs(500_000), NominalGiven: true, Description: "Saldo terpotong"}
	opened, err := d.App.OpenClaim(t.Context(), d.partner, draft, app.Once[app.Opened]{})
	noError(t, err)
	d.Sequence(t)
	number, d.newest = strconv.FormatInt(opened.Ticket.Number, 10), opened.Ticket.ID
	return number, "/tickets/" + number + "/deliveries"
}

// forward lets the connector work until so many posts came to the provider; what came of them is stored then.
func (d *integrated) forward(t *testing.T, plays fake.Scenario, posts int) {
	t.Helper()
	noError(t, d.provider.Switch(plays))
	config := sociomile.Config{CreateURL: d.sociomile + fake.CreatePath, Token: fake.DefaultToken, ConnectID: "bank@example.test", Timeout: 20 * time.Second}
	connector := sociomile.NewConnector(sociomile.ConnectorOptions{Config: config, Client: sociomile.NewClient(config, guard.ForOperator(guard.Options{})), Map: sociomile.DefaultMap,
		Order: func(ctx context.Context, id string) (sociomile.Order, error) {
			o, err := d.App.ForwardOrder(ctx, id)
			if err != nil {
				return sociomile.Order{}, err
			}
			return sociomile.OrderOf(o.Ticket, o.Forward, o.Edits), nil
		},
		Note: func(context.Context, string, []sociomile.Note) error { return nil },
		Log:  slog.New(slog.DiscardHandler), Probe: time.Minute})
	runner := outbox.New(outbox.Options{Store: d.Store, Log: slog.New(slog.DiscardHandler), Handlers: map[desk.TargetKind]outbox.Handler{desk.SociomileTarget: connector.Handler()}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); runner.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for range posts {
		await(t, d.posts)
	}
}

// deliver lets webhooks go until the receiver heard of so many events, and answered each with a status.
func (d *integrated) deliver(t *testing.T, status, events int) {
	t.Helper()
	d.receiver = status
	d.Deliver(t, nil, func() {
		for range events {
			await(t, d.heard)
		}
	})
}

func await[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return got
}

// holds fails the test unless a page holds all of some texts, and none of those that begin with a minus.
func holds(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		bare, not := strings.CutPrefix(text, "-")
		if strings.Contains(page, bare) == not {
			t.Errorf("%q: there %v in:\n%s", bare, !not, page)
		}
	}
}

func TestThePageOfTheConnectorTellsWhatFailedAndWhatItMeans(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	holds(t, ani.page(t, "/integration/sociomile"), "Tersambung", "Tidak ada yang menunggu.", "belum ada percobaan", "-<svg class=\"chart\"")
	number, _ := d.claim(t)
	d.forward(t, fake.Validation, 1)
	page := ani.page(t, "/integration/sociomile")
	holds(t, page, "VALIDATION", "HTTP 422", "The nominal must be a number", "Sociomile tidak menerima salah satu kolom", `href="/tickets/`+number+`/deliveries"`,
		`<svg class="chart"`, "0 berhasil, 1 gagal", "0% (0 dari 1)", "Diparkir", "-Budi Contoh")
	d.claim(t)
	d.forward(t, fake.RouteMissing, 1)
	holds(t, ani.page(t, "/integration/sociomile"), "Terputus", "ROUTE_MISSING", "RoutesRequests.php", "Coba sekarang", "tertua:")
}

func TestTheConnectorIsPausedProbedAndResumed(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	const page = "/integration/sociomile"
	if got := ani.sends(t, page+"/pause", url.Values{"reason": {" "}}); got.status != http.StatusBadRequest {
		t.Errorf("a pause without a reason is answered with %d", got.status)
	}
	ani.press(t, page, page+"/pause", url.Values{"reason": {"penyedia minta tenang"}, "route": {"create"}}, "Konektor dijeda.")
	holds(t, ani.page(t, page), "Tiket dijeda.", "penyedia minta tenang", "Ani supervisor", "-Perubahan status dijeda.")
	if got := ani.sends(t, page+"/pause", url.Values{"reason": {"x"}, "route": {"nowhere"}}); got.status != http.StatusBadRequest {
		t.Errorf("an unknown route is answered with %d", got.status)
	}
	ani.press(t, page, page+"/resume", nil, "Konektor berjalan kembali.")
	holds(t, ani.page(t, page), "-dijeda.")
	d.claim(t)
	d.forward(t, fake.RouteMissing, 1)
	ani.press(t, page, page+"/probe", nil, "Satu tiket dicoba sekarang.")
	state, err := d.App.Connector(t.Context(), ani.Agent.Actor())
	noError(t, err)
	if probe := state.Routes[0].ProbeAt; probe.IsZero() || probe.After(d.Clock.Now()) {
		t.Errorf("the next probe is at %s", probe)
	}
}

func TestParkedTicketsAreSentWhenAPersonAsksForIt(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	const page = "/integration/sociomile"
	var path string
	for range 3 {
		_, path = d.claim(t)
	}
	d.forward(t, fake.Validation, 3)
	number := strings.Split(path, "/")[2]
	ani.press(t, page+"?list=parked", "/tickets/"+number+"/forward/retry", nil, "Dikirim ulang.")
	d.forward(t, fake.Working, 1)
	holds(t, ani.page(t, page+"?list=sent"), number, "Terkirim")
	holds(t, ani.page(t, path), "Id di Sociomile")
	if to := ani.press(t, page, page+"/retry", url.Values{"class": {"REFUSED"}}, "Tidak ada yang perlu dikirim ulang."); !strings.HasPrefix(to, page+"?") {
		t.Errorf("it leads to %s", to)
	}
	ani.press(t, page, page+"/retry", url.Values{"class": {"VALIDATION"}}, "Dikirim ulang.")
	d.forward(t, fake.Working, 2)
	holds(t, ani.page(t, page+"?list=parked"), "Tidak ada yang diparkir.")
}

func TestAForwardedTicketIsEditedParkedAndMarkedAsDone(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	number, page := d.claim(t)
	d.forward(t, fake.Validation, 1)
	act := "/tickets/" + number + "/forward/"
	ani.press(t, page, act+"retry", url.Values{"field.email": {"siti@bank.example"}, "field.content": {""}}, "Dikirim ulang.")
	holds(t, ani.page(t, page), "Diganti: email", "-siti@bank.example", "-Diganti: content")
	if got := ani.sends(t, act+"retry", url.Values{"field.nothing": {"x"}}); got.status != http.StatusBadRequest {
		t.Errorf("an unknown field is answered with %d", got.status)
	}
	ani.press(t, page, act+"park", url.Values{"reason": {"tunggu cabang"}}, "Tiket dikeluarkan dari antrean.")
	holds(t, ani.page(t, page), "Diparkir", "Ani supervisor: tunggu cabang")
	refused := ani.sends(t, act+"done", url.Values{"ticketNumber": {"seven"}, "ticketId": {"4111111111111111"}})
	if refused.status != http.StatusBadRequest {
		t.Errorf("no number is answered with %d", refused.status)
	}
	ani.press(t, page, act+"done", url.Values{"ticketId": {"65f0c0ffee"}, "ticketNumber": {"32197"}}, "Ditandai sudah dibuat di Sociomile.")
	holds(t, ani.page(t, page), "65f0c0ffee", "32197", "Ditandai selesai oleh", "Ani supervisor")
	if got := ani.sends(t, act+"park", url.Values{"reason": {"x"}}); got.status != http.StatusBadRequest || !strings.Contains(got.body, "65f0c0ffee") {
		t.Errorf("a ticket that the provider has is parked: %d", got.status)
	}
}

func TestAFormThatIsSentTwiceActsOnce(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	number, page := d.claim(t)
	once := valueOf(t, ani.page(t, page), "once")
	form := url.Values{"once": {once}, "reason": {"tunggu"}}
	first := ani.sends(t, "/tickets/"+number+"/forward/park", form)
	second := ani.sends(t, "/tickets/"+number+"/forward/park", form)
	if first.to() == "" || first.to() != second.to() {
		t.Errorf("%+v, then %+v", first, second)
	}
	f, err := d.App.ForwardedTicket(t.Context(), ani.Agent.Actor(), number)
	noError(t, err)
	if len(f.Attempts) != 1 {
		t.Errorf("it was parked %d times", len(f.Attempts))
	}
	test := url.Values{"once": {once}}
	d.receiver = http.StatusAccepted
	for range 2 {
		if got := ani.sends(t, d.endpoint+"/test", test); !strings.Contains(got.body, "HTTP 202") {
			t.Errorf("a test answers %d: %s", got.status, got.body)
		}
	}
	await(t, d.heard)
	if len(d.heard) > 0 {
		t.Error("the receiver heard of the test twice")
	}
}

func TestDeliveriesToWebhooksAreShownSentAgainAndSkipped(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	number, page := d.claim(t)
	d.deliver(t, http.StatusInternalServerError, 1)
	list := ani.page(t, "/integration/webhooks")
	holds(t, list, "Partner", "/hook?…", "Penerima mengalami kesalahan", "HTTP 500", "-rahasia-alamat")
	holds(t, ani.page(t, d.endpoint), "Tiket dibuat", number, "SERVER_ERROR", "the receiver says &lt;so&gt;", "-rahasia-alamat")
	holds(t, ani.page(t, d.endpoint+"?state=FAILED"), number)
	holds(t, ani.page(t, d.endpoint+"?state=PENDING"), "Tidak ada peristiwa dalam daftar ini.")
	event := desk.Event{TicketID: d.newest, Seq: 1}.ID()
	back := ani.press(t, page, d.endpoint+"/deliveries/"+event+"/resend", nil, "Dikirim ulang.")
	if !strings.HasPrefix(back, page) {
		t.Errorf("it leads to %s", back)
	}
	d.deliver(t, http.StatusInternalServerError, 1)
	ani.press(t, d.endpoint, d.endpoint+"/deliveries/"+event+"/skip", nil, "Peristiwa dilewatkan.")
	holds(t, ani.page(t, page), "Dilewatkan")
	if got := ani.sends(t, d.endpoint+"/deliveries/"+event+"/skip", url.Values{"ticket": {number}}); got.status != http.StatusBadRequest || !strings.Contains(got.body, "Pengiriman tiket "+number) {
		t.Errorf("what is skipped is skipped again: %d", got.status)
	}
	ani.press(t, d.endpoint, d.endpoint+"/resend", url.Values{"which": {"range"}, "from": {"1"}, "until": {"1"}}, "Dikirim ulang.")
	d.deliver(t, http.StatusOK, 1)
	holds(t, ani.page(t, page), "Terkirim")
	ani.press(t, d.endpoint, d.endpoint+"/resend", url.Values{"which": {"undelivered"}}, "Tidak ada yang perlu dikirim ulang.")
	for _, bad := range []url.Values{{"from": {"x"}, "until": {"1"}}, {"from": {"5"}, "until": {"1"}}, {"from": {"1"}, "until": {"20001"}}, {"from": {"99"}, "until": {"99"}}} {
		if got := ani.sends(t, d.endpoint+"/resend", bad); got.status != http.StatusBadRequest || !strings.Contains(got.body, `aria-invalid="true"`) {
			t.Errorf("%v is answered with %d", bad, got.status)
		}
	}
}

func TestWebhooksAreFilteredByPartner(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	other := d.Actor(d.NewKey(t, "Mitra Dua", "omnichannel:*"))
	address := "https://lain.example/hook"
	_, err := d.App.RegisterTarget(t.Context(), other, desk.TargetChange{URL: &address}, app.Once[app.ChangedTarget]{})
	noError(t, err)
	ani := d.employed(t, desk.RoleSupervisor)
	holds(t, ani.page(t, "/integration/webhooks"), d.endpoint, "lain.example")
	holds(t, ani.page(t, "/integration/webhooks?partner="+other.PartnerID), "-"+d.endpoint, "lain.example", "selected>Mitra Dua")
	holds(t, ani.page(t, "/integration/webhooks?partner=nobody"), "Mitra ini tidak punya webhook.")
}

func TestATicketThatGoesNowhereSaysSo(t *testing.T) {
	t.Parallel()
	d := openHall(t, desktest.SQLite, "")
	ani := d.employed(t, desk.RoleSupervisor)
	holds(t, ani.page(t, "/tickets/"+numberOf(d.complain(t, "INQUIRY", ""))+"/deliveries"), "Tiket ini tidak dikirim ke mana pun", "-<form")
	holds(t, ani.page(t, "/integration/sociomile"), "Konektor tidak diaktifkan.", "OMNI_ENABLED")
	holds(t, ani.page(t, "/integration/webhooks"), "Belum ada webhook.")
}

func TestAuditorsLookAtIntegrationsAndAgentsDoNot(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	number, page := d.claim(t)
	d.forward(t, fake.Validation, 1)
	d.deliver(t, http.StatusInternalServerError, 1)
	auditor, agent := d.employed(t, desk.RoleAuditor), d.employed(t, desk.RoleAgent)
	for _, path := range []string{"/integration/sociomile", "/integration/sociomile?list=parked", "/integration/webhooks", d.endpoint, page} {
		holds(t, auditor.page(t, path), `-method="post"`)
		if got := agent.get(t, path); got.status != http.StatusForbidden || strings.Contains(got.body, number) {
			t.Errorf("an agent gets %d for %s", got.status, path)
		}
	}
	for _, path := range []string{"/integration/sociomile/pause", "/integration/sociomile/resume", "/integration/sociomile/probe", "/integration/sociomile/retry", d.endpoint + "/test", d.endpoint + "/resend",
		d.endpoint + "/deliveries/x-1/resend", d.endpoint + "/deliveries/x-1/skip", "/tickets/" + number + "/forward/retry", "/tickets/" + number + "/forward/park", "/tickets/" + number + "/forward/done"} {
		for _, who := range []worker{auditor, agent} {
			if got := who.sends(t, path, url.Values{"reason": {"x"}, "ticketId": {"x"}}); got.status != http.StatusForbidden {
				t.Errorf("%s gets %d for %s", who.Name, got.status, path)
			}
		}
	}
}

// openAll opens everything on a page that can be opened.
const openAll = `document.querySelectorAll("main details").forEach(d => { d.open = true }), true`

func TestThePagesOfIntegrationsCanBeReadByAllAtEveryWidth(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	ani := d.employed(t, desk.RoleSupervisor)
	_, page := d.claim(t)
	d.forward(t, fake.Validation, 1)
	d.claim(t)
	d.forward(t, fake.RouteMissing, 1)
	d.deliver(t, http.StatusInternalServerError, 2)
	b := ani.look(t)
	for _, path := range []string{"/integration/sociomile?list=parked", "/integration/webhooks", d.endpoint, page} {
		for scheme, width := range map[string]int64{"light": browser.Wide, "dark": browser.Narrow} {
			b.Show(t, path, width, scheme)
			b.Fits(t, width, scheme)
			browser.Evaluate[bool](t, b, openAll)
			b.Fits(t, width, scheme)
			b.Readable(t)
			b.Accessible(t)
		}
	}
}

func TestNoAnswerFromOutsideAndNoNameRunsAsAScript(t *testing.T) {
	t.Parallel()
	d := newIntegrated(t)
	d.says = evil
	other := d.Actor(d.NewKey(t, evil, "omnichannel:*"))
	address := d.sociomile + "/" + url.PathEscape(shortEvil)
	_, err := d.App.RegisterTarget(t.Context(), other, desk.TargetChange{URL: &address}, app.Once[app.ChangedTarget]{})
	noError(t, err)
	poison(t, d.hall)
	admin := d.employed(t, desk.RoleAdmin)
	_, page := d.claim(t)
	d.forward(t, fake.Working, 1)
	d.deliver(t, http.StatusInternalServerError, 2)
	b := admin.look(t)
	for path, shown := range map[string][]string{
		"/people": {evil, shortEvil}, "/people/" + admin.ID: {}, "/load": {shortEvil}, "/integration/sociomile?list=parked": {evil}, "/integration/webhooks": {evil}, d.endpoint: {evil}, page: {evil},
	} {
		b.Show(t, path, browser.Wide, "light")
		inert(t, b, path, shown...)
	}
}
