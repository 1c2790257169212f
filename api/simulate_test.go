package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/web"
)

// tester is a client with a test key of a partner.
func tester(t *testing.T, d *desktest.Desk, partner string) *desktest.Client {
	t.Helper()
	return d.Client(d.NewTestKey(t, partner, "omnichannel:*").Text)
}

// Everything that exists of a partner's tests is to its real key as if it were not, and the other way round; nor does a key
// that manages see it.
func TestTestsAndRealTicketsOfAPartnerNeverMeet(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		live, test, m := partner(t, d, "owner"), tester(t, d, "owner"), manager(t, d, "manager")
		own, tried := property(t, live), property(t, test) // with equal references, request ids and e-mails
		d.Sequence(t)
		if len(tried.number) != 13 || tried.number[0] != '9' || len(own.number) != 5 {
			t.Errorf("the test has the number %s, the real ticket %s", tried.number, own.number)
		}
		for _, c := range []struct {
			who        *desktest.Client
			own, other owned
		}{{live, own, tried}, {test, tried, own}, {m, own, tried}} {
			for _, path := range []string{"/tickets/" + c.other.number, "/claims/" + c.other.number, "/tickets?ticketNumber=" + c.other.number,
				"/tickets/" + c.other.number + "/attachments/" + c.other.attachment, "/tickets/" + c.own.number + "/attachments/" + c.other.attachment} {
				c.who.Get(t, path).Want(t, 404)
			}
			c.who.Patch(t, "/tickets/"+c.other.number, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 404)
			for _, path := range []string{"/tickets/" + c.own.reference, "/claims/" + c.own.reference, "/tickets?channelReferenceId=" + c.own.reference} {
				if got := c.who.Get(t, path).Want(t, 200).Text("ticketNumber"); got != c.own.number {
					t.Errorf("%s is ticket %s, want %s", path, got, c.own.number)
				}
			}
			for what, r := range map[string]desktest.Response{"tickets": c.who.Get(t, "/tickets/list"), "found": c.who.Post(t, "/tickets/search", `{"email":"`+c.own.email+`"}`)} {
				if r.Want(t, 200).Len("tickets") != 1 || r.Text("tickets.0.ticketNumber") != c.own.number {
					t.Errorf("%s: %s", what, r.Body)
				}
			}
			feed := c.who.Get(t, "/events").Want(t, 200)
			if feed.Len("events") != 1 || strings.Contains(string(feed.Body), c.other.number) {
				t.Errorf("the feed is %s", feed.Body)
			}
			inBatch := c.who.Post(t, "/batch", batch("GET /tickets/"+c.other.number, "GET /tickets/"+c.own.number)).Want(t, 200)
			if inBatch.Text("results.0.status") != "404" || inBatch.Text("results.1.status") != "200" {
				t.Errorf("in a batch: %s", inBatch.Body)
			}
		}
		for who, want := range map[*desktest.Client]string{live: own.number, test: tried.number} {
			if got := who.Get(t, "/requests/"+own.request).Want(t, 200).Text("ticketNumber"); got != want {
				t.Errorf("the request was about ticket %s, want %s", got, want)
			}
		}
	})
}

func TestATestKeyGetsTheFaultThatItAsksForAndNothingIsStored(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		live, test := partner(t, d, "owner"), tester(t, d, "owner")
		for fault, want := range map[string]struct {
			status  int
			message string
		}{
			"429": {429, "Too many requests. Try again in 1 second"}, "500": {500, "Internal server error"},
			"503": {503, "The service cannot answer at this moment. Try again in 5 seconds"}, "418": {400, "Validation failed"},
		} {
			faulty := test.With("X-Simulate", fault)
			for _, r := range []desktest.Response{faulty.Post(t, "/claims", aClaim), faulty.Get(t, "/tickets/list"), faulty.Post(t, "/batch", batch("POST /claims "+aClaim))} {
				if r.Status != want.status || r.Text("message") != want.message {
					t.Errorf("%s: %d %s", fault, r.Status, r.Body)
				}
				if wait := r.Header.Get("Retry-After"); (wait != "") != (fault == "429" || fault == "503") {
					t.Errorf("%s: Retry-After is %q", fault, wait)
				}
				if fault == "429" && (r.Header.Get("RateLimit") != `"default";r=0;t=5` || r.Header.Get("RateLimit-Policy") == "") {
					t.Errorf("RateLimit is %q of %q", r.Header.Get("RateLimit"), r.Header.Get("RateLimit-Policy"))
				}
				if fault == "418" && r.Errors()["X-Simulate"] != "Invalid X-Simulate. Must be one of: 429, 500, 503, timeout, lost-answer" {
					t.Errorf("an unknown fault: %s", r.Body)
				}
			}
			live.With("X-Simulate", fault).Get(t, "/tickets/list").Want(t, 200) // it does not count there
		}
		before := len(d.Log.String())
		if n := test.Get(t, "/tickets/list").Want(t, 200).Len("tickets"); n != 0 {
			t.Errorf("%d tickets were made", n)
		}
		if log := d.Log.String(); !strings.Contains(log[before:], `"operation":"listTickets"`) {
			t.Errorf("a request without a fault is logged as %s", log[before:])
		}
		if log := d.Log.String(); strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, `"operation":"simulated"`) {
			t.Errorf("the log complains, or does not tell what was asked for:\n%s", log)
		}
	})
}

func TestAnAnswerThatIsLostIsGivenToTheRepetition(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		test := tester(t, d, "owner")
		body := withID(t, aClaim, "lost")
		if r, err := test.With("X-Simulate", "lost-answer").Send(http.MethodPost, "/claims", []byte(body)); err == nil {
			t.Errorf("an answer came: %d %s", r.Status, r.Body)
		}
		made := test.Get(t, "/requests/lost").Want(t, 200).Text("ticketNumber")
		again := test.Post(t, "/claims", body).Want(t, 201)
		if again.Header.Get("Idempotent-Replayed") != "true" || again.Text("ticketNumber") != made {
			t.Errorf("the repetition is answered %v %s, want ticket %s", again.Header, again.Body, made)
		}
		if n := test.Get(t, "/tickets/list").Len("tickets"); n != 1 {
			t.Errorf("%d tickets were made, want one", n)
		}
	})
}

// silent serves a desk anew, with another time for which requests are held, and returns its URL.
func silent(t *testing.T, d *desktest.Desk, silence time.Duration, stopping chan struct{}) string {
	t.Helper()
	door := web.New(web.Options{Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(api.New(api.Options{App: d.App, Door: door, Limiter: web.NewLimiter(time.Now), Numbered: d.Numbered, Stopping: stopping, Silence: silence}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestARequestThatAsksForATimeOutIsNeitherServedNorAnswered(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key, stopped := d.NewTestKey(t, "owner", "omnichannel:*").Text, make(chan struct{})
		close(stopped)
		for what, url := range map[string]string{"time passed": silent(t, d, 20*time.Millisecond, make(chan struct{})), "the program stops": silent(t, d, time.Hour, stopped)} {
			if r, err := desktest.NewClient(url, key).With("X-Simulate", "timeout").Send(http.MethodPost, "/claims", []byte(aClaim)); err == nil {
				t.Errorf("%s: an answer came: %d %s", what, r.Status, r.Body)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, silent(t, d, time.Hour, make(chan struct{}))+api.Base+"/tickets/list", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"X-Api-Key": {key}, "X-Simulate": {"timeout"}}
		if _, err := d.Client("").Exchange(request); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller, who waited for a moment, was told %v", err)
		}
		if n := d.Client(key).Get(t, "/tickets/list").Want(t, 200).Len("tickets"); n != 0 {
			t.Errorf("%d tickets were made", n)
		}
	})
}
