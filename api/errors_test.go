package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/web"
)

func TestUnknownPathsAreAnsweredInTheFormOfEveryError(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner").With("X-Request-Id", "lost")
	paths := []string{
		"/api/omnichannel", "/api/omnichannel/", "/api/omnichannel/nothing", "/api/omnichannel/claims/", "/api/omnichannel/tickets/1/", "/api/omnichannel/tickets/1/attachments",
		"/api/omnichannel/tickets/..", "/api/omnichannel/tickets/../claims", "/api/omnichannel//tickets", "/api/omnichannel/./tickets", "/api/omnichannel/tickets/.", "/api/Omnichannel/tickets",
		"/api/omnichannel/TICKETS", "/api/omnichannelx/tickets", "/api", "/api/omnichannel/tickets/a/b",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "PROPFIND"} {
			r := c.Do(t, method, path, "")
			wantBytes(t, r.Want(t, 404), `{"success":false,"message":"Not found. The API is described at /docs","requestId":"lost"}`)
			if r.Header.Get("Content-Type") != "application/json; charset=utf-8" || r.Header.Get("X-Request-Id") != "lost" {
				t.Errorf("%s %s: headers %v", method, path, r.Header)
			}
		}
	}
}

func TestAWrongMethodIsToldTheRightOnes(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner").With("X-Request-Id", "method")
	allowed := map[string]string{
		"/claims": "POST", "/claims/10001": "GET", "/tickets": "GET, POST", "/tickets/list": "GET, PATCH", "/tickets/search": "GET, POST, PATCH", "/tickets/10001": "GET, PATCH",
		"/tickets/10001/attachments/x": "GET", "/requests/x": "GET", "/events": "GET", "/batch": "POST",
		"/webhooks": "GET, POST", "/webhooks/x": "GET, PATCH, DELETE", "/webhooks/x/rotate": "POST", "/webhooks/x/rotate/end": "POST", "/webhooks/x/test": "POST", "/webhooks/x/resend": "POST",
		"/webhooks/x/deliveries": "GET", "/webhooks/x/deliveries/x/resend": "POST", "/webhooks/x/deliveries/x/skip": "POST", "/openapi.yaml": "GET", "/openapi.json": "GET",
		"/status": "GET", "/status.json": "GET",
		"/connector": "GET", "/connector/tickets": "GET", "/connector/tickets/10001": "GET", "/connector/tickets/10001/retry": "POST", "/connector/tickets/10001/park": "POST", "/connector/tickets/10001/done": "POST",
		"/connector/retry": "POST", "/connector/pause": "POST", "/connector/resume": "POST", "/connector/probe": "POST",
	}
	for _, route := range api.Routes() {
		_, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.NewReplacer("{ticketNumber}", "10001", "{attachmentId}", "x", "{requestId}", "x", "{webhookId}", "x", "{eventId}", "x").Replace(path)
		list, known := allowed[path]
		if !known {
			t.Errorf("no case for %s", path)
		}
		for _, method := range []string{"DELETE", "PUT", "OPTIONS"} {
			if strings.Contains(list, method) {
				continue
			}
			r := c.Do(t, method, path, "")
			wantBytes(t, r.Want(t, 405), `{"success":false,"message":"Method `+method+` is not allowed here. Allowed: `+list+`","requestId":"method"}`)
			if got := r.Header.Get("Allow"); got != list {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, got, list)
			}
		}
	}
}

func TestHeadAnswersLikeGetWithoutABody(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	path := "/tickets/" + opened(t, c, "/tickets", aTicket)
	got, head := c.Get(t, path).Want(t, 200), c.Do(t, "HEAD", path, "").Want(t, 200)
	if len(head.Body) > 0 || head.Header.Get("ETag") != got.Header.Get("ETag") || head.Header.Get("Content-Length") != got.Header.Get("Content-Length") {
		t.Errorf("HEAD answers %v %q, GET %v", head.Header, head.Body, got.Header)
	}
	c.Do(t, "HEAD", "/tickets/404", "").Want(t, 404)
}

func TestPathsWithWhatNoTextHoldsFindNothing(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		for _, odd := range []string{"%00", "a%00b", "%ff", "%c3%28", "%ed%a0%80", strings.Repeat("a", 5000), "%20", "-1", "+10001", number + ".0", "1e4", "9223372036854775808", "%F0%9F%98%80", "'%20OR%201=1--", "%2e%2e"} {
			for _, path := range []string{"/tickets/" + odd, "/claims/" + odd, "/tickets/" + odd + "/attachments/x", "/tickets?ticketNumber=" + odd, "/tickets?channelReferenceId=" + odd} {
				if r := c.Get(t, path); r.Status != 404 || r.Text("message") != "Ticket not found" {
					t.Errorf("%s: %d %s", path, r.Status, r.Body)
				}
			}
			wantMessage(t, c.Patch(t, "/tickets/"+odd, `{"action":"ADD_COMMENT","comment":"x"}`), 404, "Ticket not found")
			wantMessage(t, c.Get(t, "/tickets/"+number+"/attachments/"+odd), 404, "Attachment not found")
			wantMessage(t, c.Get(t, "/requests/"+odd), 404, "Request not found")
		}
		wantMessage(t, c.Get(t, "/tickets/0"+number), 404, "Ticket not found") // a number has one spelling
		d.Sequence(t)
		if log := d.Log.String(); strings.Contains(log, "audit trail failed") {
			t.Error("a path that no text holds stops the audit trail")
		}
	})
}

func TestReferencesMayHoldSlashesAndDots(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for reference, escaped := range map[string]string{"wa/1//2/../3": "wa%2F1%2F%2F2%2F..%2F3", "a b?c#d%": "a%20b%3Fc%23d%25", "сообщение": "%D1%81%D0%BE%D0%BE%D0%B1%D1%89%D0%B5%D0%BD%D0%B8%D0%B5", "..": "%2e%2e"} {
			number := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", quote(reference)))
			for _, path := range []string{"/tickets/" + escaped, "/claims/" + escaped, "/tickets?channelReferenceId=" + escaped} {
				if got := c.Get(t, path).Want(t, 200).Text("ticketNumber"); got != number {
					t.Errorf("%s finds %s, want %s", path, got, number)
				}
			}
		}
	})
}

var madeRequestID = regexp.MustCompile(`^[0-9a-z]{20,26}$`)

func TestEveryAnswerCarriesARequestID(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	taken := []string{"a", "7d5c1f0e-42a7-4c0e-9b5e-2f1a6c8d3e90", "A.b_c:d-1", strings.Repeat("x", 128)}
	made := []string{"", strings.Repeat("x", 129), "with space", "semi;colon", "é", "4111111111111111", `"quoted"`}
	for _, path := range []string{"/events", "/tickets/404", "/nothing", "/openapi.yaml"} {
		for _, id := range taken {
			r := c.With("X-Request-Id", id).Get(t, path)
			if r.Header.Get("X-Request-Id") != id || r.Status >= 400 && r.Text("requestId") != id {
				t.Errorf("%s with %q: %q, %.200s", path, id, r.Header.Get("X-Request-Id"), r.Body)
			}
		}
		for _, id := range made {
			r := c.With("X-Request-Id", id).Get(t, path)
			got := r.Header.Get("X-Request-Id")
			if !madeRequestID.MatchString(got) || r.Status >= 400 && r.Text("requestId") != got {
				t.Errorf("%s with %q: %q, %.200s", path, id, got, r.Body)
			}
		}
	}
	c.With("X-Request-Id", "find-me-in-the-log").Get(t, "/tickets/list")
	if !strings.Contains(d.Log.String(), `"request":"find-me-in-the-log"`) {
		t.Error("the log does not hold the request id")
	}
}

// serveAPI serves an API that a test wired itself, and returns its address.
func serveAPI(t *testing.T, o api.Options) string {
	t.Helper()
	o.Limiter = web.NewLimiter(time.Now)
	server := httptest.NewServer(api.New(o))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAFailureInsideTellsNothingOfTheInside(t *testing.T) {
	d := onDesk(t)
	log := &desktest.Log{}
	nothing := api.Options{App: &app.App{}, Door: web.New(web.Options{Log: slog.New(slog.NewJSONHandler(log, nil))}), Numbered: &live.Hub{}} // whatever it does first fails
	c := desktest.NewClient(serveAPI(t, nothing), keyOf(t, d, "partner", everything)).With("X-Request-Id", "inside")
	for _, tc := range requests(nil) {
		if tc.route.Permission == publicPermission {
			continue
		}
		wantBytes(t, c.Do(t, tc.method, tc.path, tc.body).Want(t, 500), `{"success":false,"message":"Internal server error","requestId":"inside"}`)
	}
	if text := log.String(); !strings.Contains(text, "panic") || !strings.Contains(text, `"request":"inside"`) {
		t.Errorf("the log does not tell what happened: %.500s", text)
	}
	wantMessage(t, c.With("Accept-Language", "id").Get(t, "/tickets/list"), 500, "Terjadi kesalahan pada sistem. Kode: inside.")
}

func TestAMissingSystemUserAndServiceAreNamed(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		d.Exec(t, `DELETE FROM agent WHERE id = 'system'`)
		c := d.Node(t).Client(key)
		wantMessage(t, c.Post(t, "/claims", aClaim), 500, "System user not found")
		wantMessage(t, c.Post(t, "/tickets", aTicket), 500, "System user not found")
		d.Exec(t, `DELETE FROM service`)
		c = d.Node(t).Client(key)
		wantMessage(t, c.Post(t, "/claims", aClaim), 500, "Claim service not found")
		wantMessage(t, c.Post(t, "/tickets", set(t, aTicket, "serviceType", `"CLAIM"`)), 500, "Claim service not found")
		wantMessage(t, c.Post(t, "/tickets", aTicket), 500, "Service INQUIRY not found")
	})
}

func TestADatabaseThatFailsIsWaitedFor(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner").With("X-Request-Id", "away")
		d.Exec(t, `ALTER TABLE ticket RENAME TO elsewhere`)
		r := c.Post(t, "/batch", `{"operations":[{"id":"1","method":"POST","path":"/claims","body":`+aClaim+`}]}`).Want(t, 200)
		if r.Text("results.0.status") != "503" {
			t.Errorf("inside a batch: %s", r.Body)
		}
		d.Exec(t, `ALTER TABLE api_key RENAME TO nowhere`)
		for _, tc := range requests(nil) {
			r := c.Do(t, tc.method, tc.path, tc.body)
			switch {
			case strings.HasPrefix(tc.path, "/status"):
				r.Want(t, 503)
				continue
			case tc.route.Permission == publicPermission:
				r.Want(t, 200)
				continue
			}
			wantBytes(t, r.Want(t, 503), `{"success":false,"message":"The service cannot answer at this moment. Try again in 5 seconds","requestId":"away"}`)
			if r.Header.Get("Retry-After") != "5" {
				t.Errorf("%s: Retry-After is %q", tc.route.Operation, r.Header.Get("Retry-After"))
			}
		}
	})
}

func TestErrorsOfTheDatabaseStayInside(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", set(t, aTicket, "customer.email", `"jane@example.com"`))
		c.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"first"}`).Want(t, 200)
		d.Exec(t, `ALTER TABLE comment RENAME TO elsewhere`)
		for _, r := range []desktest.Response{c.Get(t, "/tickets/"+number), c.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"x"}`)} {
			wantMessage(t, r, 503, "The service cannot answer at this moment. Try again in 5 seconds")
		}
		d.Exec(t, `ALTER TABLE elsewhere RENAME TO comment`)
		d.Exec(t, `UPDATE ticket SET sealed = 'damaged'`)
		wantMessage(t, c.Get(t, "/tickets/"+number), 500, "Internal server error")
		c.Get(t, "/tickets?ticketNumber="+number).Want(t, 200)
	})
}

func TestReadsThatCannotBeRecordedAreRefused(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	path := "/tickets/" + opened(t, c, "/tickets", aTicket)
	a, err := app.New(context.Background(), app.Options{Store: d.Store, Keyring: d.Keyring, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	actor := d.Actor(d.NewKey(t, "flood", desk.MayRead))
	address := serveAPI(t, api.Options{App: a, Door: web.New(web.Options{Log: slog.New(slog.DiscardHandler), Clock: d.Clock.Now}), Numbered: d.Numbered})
	c = desktest.NewClient(address, keyOf(t, d, "reader", desk.MayRead)).With("X-Request-Id", "audit")
	for range 4096 { // nobody writes what waits
		a.NoteRefusal(actor, "flood", "", desk.NotFound)
	}
	r := c.Get(t, "/tickets/list")
	wantBytes(t, r.Want(t, http.StatusServiceUnavailable), `{"success":false,"message":"The service cannot answer at this moment. Try again in 5 seconds","requestId":"audit"}`)
	c.Get(t, path).Want(t, 404) // nothing to see, nothing to record
}

func TestBodiesOverTheMemoryBudgetAreAskedToComeLater(t *testing.T) {
	d := onDesk(t)
	door := web.New(web.Options{Log: slog.New(slog.DiscardHandler), BodyBudget: 1000})
	c := desktest.NewClient(serveAPI(t, api.Options{App: d.App, Door: door, Numbered: d.Numbered}), keyOf(t, d, "partner", everything)).With("X-Request-Id", "budget")
	r := c.Post(t, "/tickets", set(t, aTicket, "ticket.description", quote(strings.Repeat("x", 2000))))
	wantBytes(t, r.Want(t, 503), `{"success":false,"message":"The service cannot answer at this moment. Try again in 2 seconds","requestId":"budget"}`)
	if r.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q", r.Header.Get("Retry-After"))
	}
	opened(t, c, "/claims", aClaim)
}

func TestABodyThatStallsIsAnsweredAndNothingCameOfIt(t *testing.T) {
	d := onDesk(t)
	door := web.New(web.Options{Log: slog.New(slog.DiscardHandler), SlowBody: 20 * time.Millisecond})
	address := serveAPI(t, api.Options{App: d.App, Door: door, Numbered: d.Numbered})
	key, all := keyOf(t, d, "partner", everything), keyOf(t, d, "all", "*")
	c := desktest.NewClient(address, key)
	number := opened(t, c, "/claims", aClaim)
	for _, asked := range requests(map[string]string{"ticketNumber": number}) {
		if asked.body == "" {
			continue
		}
		body, in := io.Pipe()
		defer in.Close()
		r, err := http.NewRequest(asked.method, address+api.Base+asked.path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = 70 << 20
		r.Header.Set("Authorization", "Bearer "+all)
		answer, err := c.Exchange(r)
		if err != nil {
			t.Fatal(err)
		}
		wantMessage(t, answer, 408, "The request body came too slowly. Send at least 64 kB in every 1 second")
	}
	if got := c.Get(t, "/tickets/list").Len("tickets"); got != 1 {
		t.Errorf("%d tickets, want 1", got)
	}
}

func TestOneKeysBodiesTakeHalfOfTheMemory(t *testing.T) {
	d := onDesk(t)
	door := web.New(web.Options{Log: slog.New(slog.DiscardHandler), BodyBudget: 820_000})
	c := desktest.NewClient(serveAPI(t, api.Options{App: d.App, Door: door, Numbered: d.Numbered}), keyOf(t, d, "partner", everything))
	// The body alone fits in half of the memory; with the files that are decoded from it it does not.
	body := ticketWith(file("a.txt", "text/plain", []byte(strings.Repeat("x", 187_000))))
	wantMessage(t, c.Post(t, "/tickets", body), 503, "The service cannot answer at this moment. Try again in 2 seconds")
	batch := `{"operations":[{"id":"1","method":"POST","path":"/tickets","body":` + body + `},{"id":"2","method":"POST","path":"/claims","body":` + aClaim + `}]}`
	r := c.Post(t, "/batch", batch).Want(t, 200)
	if r.Text("results.0.status") != "503" || r.Text("results.1.status") != "201" {
		t.Errorf("got %s", r.Body)
	}
	c.Post(t, "/tickets", ticketWith(file("a.txt", "text/plain", []byte(strings.Repeat("x", 100_000))))).Want(t, 201)
}

func TestAnswersAreForTheCallerAlone(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	path := "/tickets/" + opened(t, c, "/tickets", aTicket)
	for _, r := range []desktest.Response{c.Get(t, path), c.With("If-None-Match", "*").Get(t, path), c.Get(t, "/tickets/404"), c.Post(t, "/claims", aClaim), d.Client("").Get(t, path), c.Get(t, "/nothing")} {
		for header, want := range map[string]string{"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"} {
			if got := r.Header.Get(header); got != want {
				t.Errorf("%d: %s is %q, want %q", r.Status, header, got, want)
			}
		}
		if vary := strings.Join(r.Header.Values("Vary"), ", "); !strings.Contains(vary, "Authorization") || !strings.Contains(vary, "X-API-Key") || !strings.Contains(vary, "Accept-Language") {
			t.Errorf("%d: Vary is %q", r.Status, vary)
		}
	}
}
