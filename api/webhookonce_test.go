package api_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// hookWrites are all kinds of writes about a webhook and an event that waits, with the status of a success. Each has other
// content for the same id.
func hookWrites(path, event string) []struct {
	name, method, path, body, other string
	status                          int
} {
	return []struct {
		name, method, path, body, other string
		status                          int
	}{
		{"create", "POST", "/webhooks", aWebhook, `{"url":"http://127.0.0.1:2/hook"}`, 201},
		{"change", "PATCH", path, `{"description":"x"}`, `{"description":"y"}`, 200},
		{"rotate", "POST", path + "/rotate", `{"overlapHours":1}`, ``, 200},
		{"end", "POST", path + "/rotate/end", ``, `{"x":1}`, 200},
		{"test", "POST", path + "/test", ``, `{"x":1}`, 200},
		{"resend one", "POST", path + "/deliveries/" + event + "/resend", ``, `{"x":1}`, 200},
		{"resend all", "POST", path + "/resend", `{"undelivered":true}`, `{"from":"1","until":"2"}`, 200},
		{"skip", "POST", path + "/deliveries/" + event + "/skip", ``, `{"x":1}`, 200},
		{"delete", "DELETE", path, ``, ``, 200},
	}
}

func TestEveryWriteOfAWebhookIsDoneOnceUnderOneID(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		all, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, all, `{"url":"`+r.URL+`"}`)
		event := all.Post(t, "/claims", aClaim).Want(t, 201).Text("ticketId") + "-1"
		d.Sequence(t)
		firsts := map[string]desktest.Response{}
		for _, w := range hookWrites(path, event) {
			c := all.With("Idempotency-Key", w.name)
			first := c.Do(t, w.method, w.path, w.body).Want(t, w.status)
			firsts[w.name] = first
			wantReplay(t, first, c.Do(t, w.method, w.path, w.body))
			if w.method != "DELETE" {
				wantMessage(t, c.Do(t, w.method, w.path, w.other), 422, "This requestId was already used with other content")
			}
			wantMessage(t, c.Do(t, "DELETE", "/webhooks/x", ""), 422, "This requestId was already used with other content")
			kept := all.Get(t, "/requests/"+strings.ReplaceAll(w.name, " ", "%20")).Want(t, 200)
			if kept.Text("operation") != w.method+" "+w.path || kept.Text("ticketNumber") != "null" {
				t.Errorf("%s is kept as %s", w.name, kept.Body)
			}
		}
		for _, w := range hookWrites(path, event) { // though the webhook is deleted by now
			wantReplay(t, firsts[w.name], all.With("Idempotency-Key", w.name).Do(t, w.method, w.path, w.body))
		}
		if tests := len(r.got); tests != 1 {
			t.Errorf("%d tests were made, want 1", tests)
		}
		if got := all.Get(t, "/webhooks").Len("webhooks"); got != 1 {
			t.Errorf("%d webhooks, want the one that was created", got)
		}
		long := all.With("Idempotency-Key", strings.Repeat("k", 129))
		path, _ = registered(t, all, aWebhook)
		for _, w := range hookWrites(path, event) {
			r := long.Do(t, w.method, w.path, w.body).Want(t, 400)
			wantTexts(t, r.Errors(), map[string]string{"Idempotency-Key": "Idempotency-Key must be at most 128 characters"})
		}
	})
}

// The first of them changes what the others wait for: there may be nothing left to do, or another version.
func TestWritesOfAWebhookAtOnceUnderOneIDGetOneAnswer(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		all, node := d.Client(key), d.Node(t).Client(key)
		path, _ := registered(t, all, aWebhook)
		_, event := claimed(t, all)
		d.Sequence(t)
		for _, w := range []struct{ method, path, body, tag string }{
			{"PATCH", path, `{"description":"x"}`, all.Get(t, path).Header.Get("ETag")},
			{"POST", path + "/deliveries/" + event + "/skip", ``, ``},
			{"DELETE", path, ``, ``},
		} {
			answers := make([]desktest.Response, 8)
			var asking sync.WaitGroup
			errs := make([]error, len(answers))
			for i := range answers {
				c := []*desktest.Client{all, node}[i%2].With("Idempotency-Key", w.method).With("If-Match", w.tag)
				asking.Go(func() { answers[i], errs[i] = c.Send(w.method, w.path, []byte(w.body)) })
			}
			asking.Wait()
			for i, r := range answers {
				if errs[i] != nil || r.Status != 200 || string(r.Body) != string(answers[0].Body) {
					t.Errorf("%s %s: %d %s, %v", w.method, w.path, r.Status, r.Body, errs[i])
				}
			}
		}
	})
}

func TestAWriteThatNeedsNoBodyTakesNoneInAnyForm(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		c := d.Client(key)
		path, _ := registered(t, c, aWebhook)
		send := func(kind string, length int64) desktest.Response {
			t.Helper()
			r, err := http.NewRequest("POST", d.URL+api.Base+path+"/rotate/end", strings.NewReader(""))
			if err != nil {
				t.Fatal(err)
			}
			if length < 0 {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader("")), -1
			}
			r.Header.Set("X-API-Key", key)
			if kind != "" {
				r.Header.Set("Content-Type", kind)
			}
			answer, err := c.Exchange(r)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		for _, kind := range []string{"", "application/json", "application/x-www-form-urlencoded"} {
			send(kind, 0).Want(t, 200)
		}
		send("application/json", -1).Want(t, 200)
		c.Post(t, path+"/rotate/end", "{}").Want(t, 200)
		for _, body := range []string{`[]`, `null`, `5`} {
			wantFaults(t, c.Post(t, path+"/rotate/end", body), map[string]string{"body": "Body must be an object"})
		}
		wantMessage(t, c.Post(t, path+"/rotate/end", " "), 400, "Invalid JSON: the body is empty at line 1, column 1")
		for _, w := range []string{"POST /webhooks", "PATCH " + path, "POST " + path + "/resend"} {
			method, at, _ := strings.Cut(w, " ")
			wantMessage(t, c.Do(t, method, at, ""), 400, "Invalid JSON: the body is empty at line 1, column 1")
		}
	})
}

// PostgreSQL cannot look for a text that is none: the id must be refused before.
func TestAnIDThatIsNoTextIsRefusedByEveryWriteOfAWebhook(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		all, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, all, `{"url":"`+r.URL+`"}`)
		event := all.Post(t, "/claims", aClaim).Want(t, 201).Text("ticketId") + "-1"
		d.Sequence(t)
		c := all.With("Idempotency-Key", "\xff")
		for _, w := range hookWrites(path, event) {
			if got := c.Do(t, w.method, w.path, w.body).Want(t, 400).Errors(); got["Idempotency-Key"] == "" {
				t.Errorf("%s: %v", w.name, got)
			}
		}
	})
}
