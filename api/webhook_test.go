package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/webhook"
)

// receiver is somebody else's system that takes webhooks.
type receiver struct {
	*httptest.Server
	got    chan received
	mu     sync.Mutex
	answer http.HandlerFunc
}

// received is what came to a receiver.
type received struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan received, 100)}
	r.answerWith(204, "")
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		body, _ := io.ReadAll(asked.Body) // of a test
		r.got <- received{asked.Header, string(body)}
		r.mu.Lock()
		answer := r.answer
		r.mu.Unlock()
		answer(w, asked)
	}))
	t.Cleanup(r.Close)
	return r
}

// answerWith sets what the receiver answers from now on.
func (r *receiver) answerWith(status int, said string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(said)) // of a test
	}
}

// next waits until n webhooks came, and returns them.
func (r *receiver) next(t *testing.T, n int) (all []received) {
	t.Helper()
	for range n {
		select {
		case got := <-r.got:
			all = append(all, got)
		case <-time.After(20 * time.Second):
			t.Fatalf("%d webhooks came, want %d", len(all), n)
		}
	}
	return all
}

// delivered delivers what is owed until n webhooks came to the receiver.
func (r *receiver) delivered(t *testing.T, d *desktest.Desk, n int) (all []received) {
	t.Helper()
	d.Sequence(t)
	d.Deliver(t, outbox.Waits{}, func() { all = r.next(t, n) })
	return all
}

// registered registers a webhook and returns its path and secret.
func registered(t *testing.T, c *desktest.Client, body string) (path, secret string) {
	t.Helper()
	r := c.Post(t, "/webhooks", body).Want(t, 201)
	return "/webhooks/" + r.Text("webhook.id"), r.Text("secret")
}

const aWebhook = `{"url":"http://127.0.0.1:1/hook"}`

// fiveEvents are all types of events, as an answer lists them.
const fiveEvents = `["TICKET_CREATED","STATUS_CHANGED","COMMENT_ADDED","TICKET_RESOLVED","TICKET_CLOSED"]`

// ofTickets makes a webhook that a ticket names, and returns its path.
func ofTickets(t *testing.T, c *desktest.Client, url string) string {
	t.Helper()
	opened(t, c, "/claims", set(t, aClaim, "integration.webhookUrl", quote(url)))
	return "/webhooks/" + withSource(t, c, "TICKETS")
}

// withSource returns the id of a webhook that comes from somewhere.
func withSource(t *testing.T, c *desktest.Client, source string) string {
	t.Helper()
	r := c.Get(t, "/webhooks").Want(t, 200)
	for i := range r.Len("webhooks") {
		if r.Text(fmt.Sprintf("webhooks.%d.source", i)) == source {
			return r.Text(fmt.Sprintf("webhooks.%d.id", i))
		}
	}
	t.Fatalf("no webhook of the source %s: %s", source, r.Body)
	return ""
}

func TestAWebhookIsRegisteredAndItsSecretShownOnce(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		made := c.Post(t, "/webhooks", `{"url":"https://your-system.com/hook?token=abc","description":"Follow-up","events":["COMMENT_ADDED","STATUS_CHANGED"],"echo":false,"integration":{"requestId":"hook"}}`).Want(t, 201)
		const shown = `{"id":"<id>","url":"https://your-system.com/hook?token=abc","description":"Follow-up","events":["STATUS_CHANGED","COMMENT_ADDED"],"echo":false,"active":true,"disabledReason":null,` +
			`"source":"REGISTERED","createdAt":"2024-12-19T10:30:00Z","secretOverlapUntil":null,"delivery":{"state":"WORKING","since":null,"nextTryAt":null,"waiting":0,"failed":0,"oldestWaitingAt":null,"lastDeliveredAt":null,"lastFailure":null}}`
		wantBytes(t, made, `{"success":true,"webhook":`+shown+`,"secret":"<secret>","message":"Webhook created successfully"}`)
		if err := webhook.CheckSecret(made.Text("secret")); err != nil {
			t.Error(err)
		}
		path := "/webhooks/" + made.Text("webhook.id")
		got, list := c.Get(t, path).Want(t, 200), c.Get(t, "/webhooks").Want(t, 200)
		wantBytes(t, got, `{"success":true,"webhook":`+shown+`}`)
		wantBytes(t, list, `{"success":true,"webhooks":[`+shown+`],"cursor":null,"more":false}`)
		for _, r := range map[string]desktest.Response{path: got, "/webhooks": list} {
			if tag := r.Header.Get("ETag"); !strings.HasPrefix(tag, `W/"1-`) {
				t.Errorf("the tag is %s", tag)
			}
		}
		c.With("If-None-Match", got.Header.Get("ETag")).Get(t, path).Want(t, 304)
		c.With("If-None-Match", list.Header.Get("ETag")).Get(t, "/webhooks").Want(t, 304)

		kept := c.Get(t, "/requests/hook").Want(t, 200)
		if strings.Contains(string(kept.Body), "whsec_") || kept.Text("response.secret") != "null" || kept.Text("response.webhook.id") != made.Text("webhook.id") {
			t.Errorf("the request is shown as %s", kept.Body)
		}
		bare := c.Post(t, "/webhooks", aWebhook).Want(t, 201)
		if bare.Text("webhook.events") != fiveEvents || bare.Text("webhook.echo") != "true" || bare.Text("webhook.active") != "true" || bare.Text("webhook.description") != "null" {
			t.Errorf("without a choice: %s", bare.Body)
		}
		if strings.Contains(d.Log.String(), "token=abc") || strings.Contains(d.Log.String(), made.Text("secret")) {
			t.Error("the log holds an address or a secret")
		}
	})
}

func TestAllThatIsWrongWithAWebhookIsTold(t *testing.T) {
	const url = "URL must be a valid http or https URL without user information"
	cases := map[string]map[string]string{
		`{}`:         {"url": "URL is required"},
		`{"url":""}`: {"url": "URL is required"},
		`{"url":5,"description":[],"events":{},"echo":"no","active":1}`: {"url": "URL must be a text", "description": "Description must be a text", "events": "Events must be an array",
			"echo": "Echo must be true or false", "active": "Active must be true or false"},
		`{"url":"ftp://x.example"}`:                                     {"url": url},
		`{"url":"https://a:b@x.example"}`:                               {"url": url},
		`{"url":"https://x.example:99999"}`:                             {"url": "URL must have a port from 1 to 65535, or none"},
		`{"url":"https://x.example:0/hook"}`:                            {"url": "URL must have a port from 1 to 65535, or none"},
		`{"url":"https://x.example/a b"}`:                               {"url": "URL must not contain spaces or control characters"},
		`{"url":"https://x .example"}`:                                  {"url": "URL must not contain spaces or control characters"},
		`{"url":"https://x.example/\n"}`:                                {"url": "URL must not contain spaces or control characters"},
		`{"url":"https://x.example/hook#top"}`:                          {"url": "URL must not have a fragment (#…), which no request carries"},
		`{"url":"https://x.example/hook#"}`:                             {"url": "URL must not have a fragment (#…), which no request carries"},
		`{"url":"https://x.example/4111111111111111"}`:                  {"url": "URL must not be a card number"},
		`{"url":"` + strings.Repeat("x", 2049) + `"}`:                   {"url": "URL must be at most 2048 characters"},
		`{"url":"https://x.example","events":["NEWS",5]}`:               {"events.0": "Invalid events.0. Must be one of: TICKET_CREATED, STATUS_CHANGED, COMMENT_ADDED, TICKET_RESOLVED, TICKET_CLOSED", "events.1": "events.1 must be a text"},
		`{"url":"https://x.example","events":["NOTE_ADDED"]}`:           {"events.0": "Invalid events.0. Must be one of: TICKET_CREATED, STATUS_CHANGED, COMMENT_ADDED, TICKET_RESOLVED, TICKET_CLOSED"},
		`{"url":"https://x.example","events":[1,1,1,1,1,1]}`:            {"events": "Events must have at most 5 items"},
		`{"url":"x","description":"` + strings.Repeat("d", 2001) + `"}`: {"url": url, "description": "Description must be at most 2000 characters"},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, aWebhook)
		before := c.Get(t, path).Want(t, 200)
		for body, want := range cases {
			wantFaults(t, c.Post(t, "/webhooks", body), want)
			if want["url"] == "URL is required" {
				continue // of a change it is not
			}
			wantFaults(t, c.Patch(t, path, body), want)
		}
		if after := c.Get(t, path); string(after.Body) != string(before.Body) || c.Get(t, "/webhooks").Len("webhooks") != 1 {
			t.Errorf("what was refused changed something: %s", after.Body)
		}
		r := c.With("Accept-Language", "id").Post(t, "/webhooks", `{"url":"x"}`).Want(t, 400)
		wantTexts(t, r.Errors(), map[string]string{"url": "Format URL tidak valid (http atau https, tanpa nama pengguna)."})
		for given, want := range map[string]string{"https://x.example:99999": "Port pada URL harus dari 1 sampai 65535, atau tanpa port.", "https://x.example/ ": "URL tidak boleh memuat spasi atau karakter kontrol.",
			"https://x.example/#a": "URL tidak boleh memuat fragmen (#…), yang tidak dibawa permintaan mana pun."} {
			wantTexts(t, c.With("Accept-Language", "id").Post(t, "/webhooks", `{"url":"`+given+`"}`).Want(t, 400).Errors(), map[string]string{"url": want})
		}
	})
}

func TestUnknownFieldsAndCardsOfAWebhookAreWarnedAbout(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		want := map[string]string{"retries": "Unknown field, ignored", "description": "A full card number was masked before it was stored"}
		r := c.Post(t, "/webhooks", `{"url":"https://x.example","description":"for 4111 1111 1111 1111","retries":5}`).Want(t, 201)
		wantTexts(t, r.Warnings(), want)
		path := "/webhooks/" + r.Text("webhook.id")
		wantTexts(t, c.Patch(t, path, `{"description":"4111111111111111","retries":5}`).Want(t, 200).Warnings(), want)
		if got := c.Get(t, path).Text("webhook.description"); got != "****1111" {
			t.Errorf("the description is kept as %q", got)
		}
		for _, to := range []string{"/rotate", "/rotate/end", "/test"} {
			wantTexts(t, c.Post(t, path+to, `{"unknown":1}`).Want(t, 200).Warnings(), map[string]string{"unknown": "Unknown field, ignored"})
		}
	})
}

func TestAnAddressThatIsNeverCalledIsWarnedAbout(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		const warning = "This address is not of the internet and is not called: no event arrives there, unless the bank allows its network"
		path, _ := registered(t, c, aWebhook)
		for url, want := range map[string]map[string]string{
			"http://10.1.2.3/hook": {"url": warning}, "https://[::1]:8443/hook": {"url": warning}, "http://169.254.169.254/": {"url": warning}, "https://192.168.0.7": {"url": warning},
			"http://127.0.0.1:9000/": {}, "http://localhost:9000/": {}, "https://your-system.com/hook": {}, "https://8.8.8.8/": {},
		} {
			body := `{"url":` + quote(url) + `}`
			made := c.Post(t, "/webhooks", body).Want(t, 201)
			wantTexts(t, made.Warnings(), want)
			wantTexts(t, c.Patch(t, path, body).Want(t, 200).Warnings(), want)
			c.Do(t, "DELETE", "/webhooks/"+made.Text("webhook.id"), "").Want(t, 200)
		}
		wantTexts(t, c.With("Accept-Language", "id").Post(t, "/webhooks", `{"url":"http://10.1.2.3"}`).Want(t, 201).Warnings(), map[string]string{
			"url": "Alamat ini bukan alamat internet dan tidak dihubungi: peristiwa tidak akan sampai, kecuali bank mengizinkan jaringannya."})
		named := c.Post(t, "/claims", set(t, aClaim, "integration.webhookUrl", `"http://10.1.2.3/hook"`)).Want(t, 201)
		if got := named.Warnings()["integration.webhookUrl"]; got != warning {
			t.Errorf("of an address that a ticket names: %s", named.Body)
		}
	})
}

func TestAPartnerHasTwentyRegisteredWebhooksAtMost(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		ofTickets(t, c, "http://127.0.0.1:1/ticket") // does not count
		paths := make(chan string, 30)
		var all sync.WaitGroup
		for range cap(paths) {
			all.Go(func() {
				r, err := c.Send("POST", "/webhooks", []byte(aWebhook))
				switch {
				case err != nil:
					t.Error(err)
				case r.Status == 201:
					paths <- "/webhooks/" + r.Text("webhook.id")
				case r.Status != 409 || r.Text("message") != "There are 20 webhooks already. Delete one that is not needed":
					t.Errorf("%d %s", r.Status, r.Body)
				}
			})
		}
		all.Wait()
		if len(paths) != 20 {
			t.Fatalf("%d webhooks were registered at once, want 20", len(paths))
		}
		wantMessage(t, c.With("Accept-Language", "id").Post(t, "/webhooks", aWebhook), 409, "Sudah ada 20 webhook. Hapus yang tidak diperlukan.")
		registered(t, partner(t, d, "another"), aWebhook)
		gone := <-paths
		wantBytes(t, c.Do(t, "DELETE", gone, "").Want(t, 200), `{"success":true,"message":"Webhook deleted successfully"}`)
		for _, r := range []desktest.Response{c.Get(t, gone), c.Patch(t, gone, `{}`), c.Do(t, "DELETE", gone, "")} {
			wantMessage(t, r, 404, "Webhook not found")
		}
		registered(t, c, aWebhook)

		seen := map[string]bool{}
		for cursor, more := "", true; more; {
			page := c.Get(t, "/webhooks?limit=8&cursor="+cursor).Want(t, 200)
			for i := range page.Len("webhooks") {
				seen[page.Text(fmt.Sprintf("webhooks.%d.id", i))] = true
			}
			cursor, more = page.Text("cursor"), page.Text("more") == "true"
		}
		if len(seen) != 21 {
			t.Errorf("the pages hold %d webhooks, want 21", len(seen))
		}
	})
}

func TestAChangeOfAWebhookLeavesTheRest(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, `{"url":"https://a.example","description":"Old","events":["TICKET_CLOSED"],"echo":false}`)
		d.Clock.Advance(time.Hour)
		steps := []struct{ body, at, want string }{
			{`{}`, "webhook.description", "Old"},
			{`{"url":null,"description":null,"events":null,"echo":null,"active":null}`, "webhook.url", "https://a.example"},
			{`{"url":"https://b.example/?a=<b>&c"}`, "webhook.url", "https://b.example/?a=<b>&c"},
			{`{"echo":true}`, "webhook.echo", "true"},
			{`{"events":[]}`, "webhook.events", fiveEvents},
			{`{"description":""}`, "webhook.description", "null"},
			{`{"active":false}`, "webhook.delivery", `{"state":"DISABLED","since":"2024-12-19T11:30:00Z","nextTryAt":null,"waiting":0,"failed":0,"oldestWaitingAt":null,"lastDeliveredAt":null,"lastFailure":null}`},
			{`{"url":"https://c.example"}`, "webhook.disabledReason", "REQUESTED"},
			{`{"active":true}`, "webhook.disabledReason", "null"},
		}
		for _, step := range steps {
			r := c.Patch(t, path, step.body).Want(t, 200)
			if got := c.Get(t, path).Want(t, 200); got.Text(step.at) != step.want || got.Text("webhook") != r.Text("webhook") || r.Text("message") != "Webhook updated successfully" {
				t.Errorf("after %s %s is %s, want %s; answered %s", step.body, step.at, got.Text(step.at), step.want, r.Body)
			}
		}
		tag := c.Get(t, path).Header.Get("ETag")
		c.With("If-Match", tag).Patch(t, path, `{"echo":false}`).Want(t, 200)
		for _, stale := range []string{tag, `"x"`} {
			wantMessage(t, c.With("If-Match", stale).Patch(t, path, `{"echo":true}`), 412, "The webhook was changed since it was read. Read it again and repeat the change")
		}
		if got := c.Get(t, path).Text("webhook.echo"); got != "false" {
			t.Errorf("a stale change was made: echo is %s", got)
		}
	})
}

func TestAWebhookOfTicketsIsTheirs(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path := ofTickets(t, c, "http://127.0.0.1:1/ticket")
		opened(t, c, "/claims", set(t, aClaim, "integration.webhookUrl", `"http://127.0.0.1:1/ticket"`))
		r := c.Get(t, path).Want(t, 200)
		if r.Text("webhook.url") != "http://127.0.0.1:1/ticket" || r.Text("webhook.source") != "TICKETS" || r.Text("webhook.events") != fiveEvents || c.Get(t, "/webhooks").Len("webhooks") != 1 {
			t.Errorf("%s", r.Body)
		}
		const theirs = " comes from the tickets that name this webhook and cannot be changed here"
		wantFaults(t, c.Patch(t, path, `{"url":"https://x.example","description":"x","events":[],"echo":false}`), map[string]string{
			"url": "URL" + theirs, "description": "Description" + theirs, "events": "Events" + theirs, "echo": "Echo" + theirs})
		wantMessage(t, c.Do(t, "DELETE", path, ""), 409, "This webhook comes from the tickets that name it. Disable it instead")
		wantMessage(t, c.Post(t, path+"/rotate", ""), 409, "The secret of this webhook is that of the API key")
		c.Post(t, path+"/rotate/end", "").Want(t, 200)
		if got := c.Patch(t, path, `{"active":false}`).Want(t, 200).Text("webhook.disabledReason"); got != "REQUESTED" {
			t.Errorf("disabled because of %s", got)
		}
	})
}

func TestARotatedSecretSignsBesideTheOldOneForATime(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, old := registered(t, c, `{"url":"`+r.URL+`"}`)
		check := func(when, legacy string, signers ...string) {
			t.Helper()
			opened(t, c, "/claims", aClaim)
			got := r.delivered(t, d, 1)[0]
			if want := webhook.Sign(legacy, []byte(got.body)); got.header.Get("X-Webhook-Signature") != want {
				t.Errorf("%s: X-Webhook-Signature is not that of the right secret", when)
			}
			if n := len(strings.Fields(got.header.Get("webhook-signature"))); n != len(signers) {
				t.Errorf("%s: %d secrets sign, want %d", when, n, len(signers))
			}
		}
		check("before", old, old)
		rotated := c.Post(t, path+"/rotate", "").Want(t, 200)
		fresh := rotated.Text("secret")
		if fresh == old || webhook.CheckSecret(fresh) != nil || rotated.Text("webhook.secretOverlapUntil") != "2024-12-20T10:30:00Z" || rotated.Text("message") != "The webhook has a new secret" {
			t.Errorf("rotated: %s", rotated.Body)
		}
		check("in the overlap", old, old, fresh)
		fresh = c.Post(t, path+"/rotate", "").Want(t, 200).Text("secret") // the answer before was lost
		check("rotated once more", old, old, fresh)
		if got := c.Get(t, path); got.Text("webhook.secretOverlapUntil") != "2024-12-20T10:30:00Z" || got.Has("secret") {
			t.Errorf("in the overlap: %s", got.Body)
		}
		ended := c.Post(t, path+"/rotate/end", "").Want(t, 200)
		if ended.Text("webhook.secretOverlapUntil") != "null" || ended.Has("secret") || ended.Text("message") != "Only the newest secret of the webhook is valid" {
			t.Errorf("ended: %s", ended.Body)
		}
		check("after its end", fresh, fresh)

		last := c.Post(t, path+"/rotate", `{"overlapHours":2}`).Want(t, 200).Text("secret")
		d.Clock.Advance(2 * time.Hour)
		if got := c.Get(t, path).Text("webhook.secretOverlapUntil"); got != "null" || c.Get(t, "/webhooks").Text("webhooks.0.secretOverlapUntil") != "null" {
			t.Errorf("when its time is over: %s", got)
		}
		check("when its time is over", last, last)
		now := c.Post(t, path+"/rotate", `{"overlapHours":0}`).Want(t, 200)
		if now.Text("webhook.secretOverlapUntil") != "null" {
			t.Errorf("without an overlap: %s", now.Body)
		}
		check("without an overlap", now.Text("secret"), now.Text("secret"))
		const hours = "Overlap hours must be a whole number from 0 to 168"
		for body, want := range map[string]string{`{"overlapHours":-1}`: hours, `{"overlapHours":169}`: hours, `{"overlapHours":1.5}`: hours, `{"overlapHours":1e400}`: hours, `{"overlapHours":"1"}`: "Overlap hours must be a number"} {
			wantFaults(t, c.Post(t, path+"/rotate", body), map[string]string{"overlapHours": want})
		}
	})
}

func TestATestTellsWhatTheReceiverAnswered(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, secret := registered(t, c, `{"url":"`+r.URL+`/hook","active":false}`)
		wantBytes(t, c.Post(t, path+"/test", "").Want(t, 200),
			`{"success":true,"delivered":true,"class":"DELIVERED","status":204,"said":null,"durationMs":0,"message":"The test event was delivered"}`)
		got := r.next(t, 1)[0]
		if got.header.Get("X-Webhook-Signature") != webhook.Sign(secret, []byte(got.body)) || !strings.HasPrefix(got.body, `{"event":"TEST","ticketNumber":"0",`) {
			t.Errorf("the test was %v %s", got.header, got.body)
		}
		r.answerWith(401, "wrong\nsignature for 4111 1111 1111 1111")
		wantBytes(t, c.Post(t, path+"/test", "").Want(t, 200),
			`{"success":true,"delivered":false,"class":"REFUSED","status":401,"said":"wrong signature for ****1111","durationMs":0,"message":"The test event was not delivered"}`)
		nobody, _ := registered(t, c, aWebhook)
		wantBytes(t, c.Post(t, nobody+"/test", "").Want(t, 200),
			`{"success":true,"delivered":false,"class":"NO_CONNECTION","status":null,"said":"no connection could be made","durationMs":0,"message":"The test event was not delivered"}`)
		if got := c.Get(t, path+"/deliveries").Want(t, 200); got.Len("deliveries") != 0 {
			t.Errorf("tests are listed: %s", got.Body)
		}
		wantMessage(t, partner(t, d, "another").Post(t, path+"/test", ""), 404, "Webhook not found")
	})
}

func TestTheStateOfAWebhookIsShown(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		state := func(want string) {
			t.Helper()
			if got := c.Get(t, path).Want(t, 200).Text("webhook.delivery"); got != want {
				t.Errorf("the state is %s, want %s", got, want)
			}
		}
		for range 3 {
			opened(t, c, "/claims", aClaim)
			d.Clock.Advance(time.Minute)
		}
		d.Sequence(t)
		state(`{"state":"WORKING","since":null,"nextTryAt":null,"waiting":3,"failed":0,"oldestWaitingAt":"2024-12-19T10:30:00Z","lastDeliveredAt":null,"lastFailure":null}`)
		at := d.Clock.Now().UnixMicro()
		d.Exec(t, fmt.Sprintf(`UPDATE target SET opened_at = %d, probe_at = %d`, at, at+30_000_000))
		state(`{"state":"UNREACHABLE","since":"2024-12-19T10:33:00Z","nextTryAt":"2024-12-19T10:33:30Z","waiting":3,"failed":0,"oldestWaitingAt":"2024-12-19T10:30:00Z","lastDeliveredAt":null,"lastFailure":null}`)
		d.Exec(t, `UPDATE target SET opened_at = 0, probe_at = 0`)
		r.answerWith(500, "out of order")
		r.delivered(t, d, 3)
		state(`{"state":"WORKING","since":null,"nextTryAt":null,"waiting":0,"failed":3,"oldestWaitingAt":null,"lastDeliveredAt":null,"lastFailure":{"at":"2024-12-19T10:33:00Z","class":"SERVER_ERROR","status":500}}`)
		r.answerWith(410, "")
		opened(t, c, "/claims", aClaim)
		r.delivered(t, d, 1)
		state(`{"state":"DISABLED","since":"2024-12-19T10:33:00Z","nextTryAt":null,"waiting":1,"failed":3,"oldestWaitingAt":"2024-12-19T10:33:00Z","lastDeliveredAt":null,"lastFailure":{"at":"2024-12-19T10:33:00Z","class":"GONE","status":410}}`)
		if got := c.Get(t, path).Text("webhook.disabledReason"); got != "GONE" {
			t.Errorf("disabled because of %s", got)
		}
		r.answerWith(204, "")
		d.Clock.Advance(time.Minute)
		c.Patch(t, path, `{"active":true}`).Want(t, 200)
		r.delivered(t, d, 1)
		const both = `"lastDeliveredAt":"2024-12-19T10:34:00Z","lastFailure":{"at":"2024-12-19T10:33:00Z","class":"GONE","status":410}}`
		state(`{"state":"WORKING","since":null,"nextTryAt":null,"waiting":0,"failed":3,"oldestWaitingAt":null,` + both)
		if got := c.Get(t, "/webhooks").Text("webhooks.0.delivery"); got != c.Get(t, path).Text("webhook.delivery") {
			t.Errorf("the list tells %s", got)
		}
		d.Exec(t, `INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at)
 WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 1200) SELECT 'many-' || n, t.id, '', 1, 1, 1, 0, 1, 0, 0, 0 FROM target t, many`)
		if got := c.Get(t, path).Text("webhook.delivery.waiting"); got != "1000" {
			t.Errorf("of many %s wait", got)
		}
	})
}

func TestWebhooksMayBeManagedInABatch(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, aWebhook)
		r := c.Post(t, "/batch", batch("POST /webhooks "+aWebhook, "PATCH "+path+` {"echo":false}`, "POST "+path+"/rotate", "POST "+path+"/rotate/end {}", "GET "+path+"/deliveries", "DELETE "+path, "GET "+path)).Want(t, 200)
		if got := statuses(r); got != "201 200 200 200 200 200 404" {
			t.Errorf("statuses %s: %s", got, r.Body)
		}
	})
}

func TestAWebhookOfAPartnerIsSeenByItsOtherKeysAndByThoseThatManage(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		first, second := newKey(t, d, appKey("first "+t.Name(), "shared "+t.Name())), newKey(t, d, appKey("second "+t.Name(), "shared "+t.Name()))
		path, _ := registered(t, d.Client(first.Text), aWebhook)
		d.Client(second.Text).Get(t, path).Want(t, 200)
		m := manager(t, d, "manager")
		if changed := m.Patch(t, path, `{"echo":false}`).Want(t, 200); changed.Text("webhook.partner") != "shared "+t.Name() {
			t.Errorf("whose it is, is not told to those who manage: %s", changed.Body)
		}
		own := m.Post(t, "/webhooks", aWebhook).Want(t, 201)
		whose := map[string]string{}
		for cursor, more := "", true; more; {
			page := m.Get(t, "/webhooks?limit=200&cursor="+cursor).Want(t, 200)
			for i := range page.Len("webhooks") {
				whose["/webhooks/"+page.Text(fmt.Sprintf("webhooks.%d.id", i))] = page.Text(fmt.Sprintf("webhooks.%d.partner", i))
			}
			cursor, more = page.Text("cursor"), page.Text("more") == "true"
		}
		if got := own.Text("webhook.partner"); whose[path] != "shared "+t.Name() || whose["/webhooks/"+own.Text("webhook.id")] != got || got == "" || m.Get(t, path).Text("webhook.partner") != whose[path] {
			t.Errorf("the list says %q, the answer %s", whose, own.Body)
		}
		if got := d.Client(first.Text).Get(t, path); got.Has("webhook.partner") {
			t.Errorf("its own partner is told %s", got.Body)
		}
		reader := d.Client(newKey(t, d, appKeyWith("reader "+t.Name(), "shared "+t.Name(), desk.MayRead)).Text)
		reader.Get(t, path).Want(t, 200)
		reader.Patch(t, path, `{"echo":true}`).Want(t, 403)
	})
}
