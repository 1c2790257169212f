package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// write is a write that can be known again.
type write struct {
	name, method, path, body string
	field, other             string // a field, and a value of it that makes another request
	label                    string
}

// writes are all kinds of writes, on a ticket that everything can be done to.
func writes(number string) []write {
	path := "/tickets/" + number
	return []write{
		{"claim", "POST", "/claims", aClaim, "nominal", "60000", "Nominal"},
		{"ticket", "POST", "/tickets", aTicket, "ticket.description", `"Other"`, "Description"},
		{"comment", "PATCH", path, `{"action":"ADD_COMMENT","comment":"x"}`, "comment", `"y"`, "Comment"},
		{"status", "PATCH", path, `{"action":"UPDATE_STATUS","status":"PENDING"}`, "status", `"CANCELLED"`, "Status"},
		{"attachment", "PATCH", path, `{"action":"ADD_ATTACHMENT","attachments":[{"filename":"a.txt","mimeType":"text/plain","content":"YQ=="}]}`, "attachments.0.content", `"Yg=="`, "Content"},
		{"assignment", "PATCH", path, `{"action":"ASSIGN","supportGroup":"ATM_SERVICES"}`, "supportGroup", `"CARD_SERVICES"`, "Support group"},
		{"priority", "PATCH", path, `{"action":"SET_PRIORITY","priority":"HIGH"}`, "priority", `"LOW"`, "Priority"},
	}
}

// withID puts a request id into a body.
func withID(t testing.TB, body, id string) string {
	return set(t, body, "integration.requestId", quote(id))
}

// wantReplay fails the test unless the second answer is the first, given again.
func wantReplay(t *testing.T, first, second desktest.Response) {
	t.Helper()
	if second.Status != first.Status || string(second.Body) != string(first.Body) || second.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the first answer was %d %s\nthe second is %d %v %s", first.Status, first.Body, second.Status, second.Header["Idempotent-Replayed"], second.Body)
	}
	if first.Header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is given again")
	}
}

func TestEveryWriteIsDoneOnceUnderOneID(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		all := d.Client(keyOf(t, d, "all", "*"))
		number := opened(t, all, "/tickets", aTicket)
		node := d.Node(t).Client(keyOf(t, d, "another key", "*")) // of another partner
		for _, w := range writes(number) {
			for _, way := range []string{"body", "header"} {
				id, c, body := w.name+" by "+way, all, withID(t, w.body, w.name+" by "+way)
				if way == "header" {
					c, body = all.With("Idempotency-Key", id), w.body
				}
				first := c.Do(t, w.method, w.path, body)
				if first.Status >= 300 {
					if w.name == "status" && way == "header" {
						continue // the ticket waits already
					}
					t.Fatalf("%s: %d %s", id, first.Status, first.Body)
				}
				wantReplay(t, first, c.Do(t, w.method, w.path, body))
				wantReplay(t, first, c.Do(t, w.method, w.path, " "+strings.Replace(body, ",", " ,\n\t", -1)))
				wantOther(t, c.Do(t, w.method, w.path, set(t, body, w.field, w.other)), w.field, w.label)
				kept := all.Get(t, "/requests/"+strings.ReplaceAll(id, " ", "%20")).Want(t, 200)
				all.With("If-None-Match", kept.Header.Get("ETag")).Get(t, "/requests/"+strings.ReplaceAll(id, " ", "%20")).Want(t, 304)
				if kept.Text("response") != string(first.Body) || kept.Text("requestId") != id || kept.Text("operation") != w.method+" "+w.path ||
					kept.Text("status") != fmt.Sprint(first.Status) || kept.Text("ticketNumber") != first.Text("ticketNumber") || kept.Text("createdAt") != "2024-12-19T10:30:00Z" {
					t.Errorf("%s: the request is kept as %s", id, kept.Body)
				}
				node.Get(t, "/requests/"+strings.ReplaceAll(id, " ", "%20")).Want(t, 404)
			}
		}
		r := all.Get(t, "/tickets/"+number).Want(t, 200)
		if r.Len("comments") != 2 || r.Len("attachments") != 2 || all.Get(t, "/tickets/list").Len("tickets") != 5 {
			t.Errorf("what was sent again was done again: %s", r.Body)
		}
	})
}

// wantOther fails the test unless a request was refused because a field differs from the first one.
func wantOther(t *testing.T, r desktest.Response, field, label string) {
	t.Helper()
	wantMessage(t, r, 422, "This requestId was already used with other content")
	wantTexts(t, r.Errors(), map[string]string{field: label + " differs from the first request with this id"})
}

func TestARequestIsKnownAgainAfterARestart(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		body := withID(t, aClaim, "req_1")
		first := d.Client(key).Post(t, "/claims", body).Want(t, 201)
		wantReplay(t, first, d.Node(t).Client(key).Post(t, "/claims", body))
	})
}

func TestHeaderAndBodyMustNameTheSameRequest(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		const differ = "Idempotency-Key and integration.requestId must be equal when both are given"
		number := opened(t, c, "/tickets", aTicket)
		for _, w := range writes(number)[:5] {
			r := c.With("Idempotency-Key", "one").Do(t, w.method, w.path, withID(t, w.body, "two"))
			wantFaults(t, r, map[string]string{"integration.requestId": differ})
			same := w.name + " both"
			first := c.With("Idempotency-Key", same).Do(t, w.method, w.path, withID(t, w.body, same))
			wantReplay(t, first, c.With("Idempotency-Key", `"`+same+`"`).Do(t, w.method, w.path, withID(t, w.body, same)))
			wantReplay(t, first, c.Do(t, w.method, w.path, withID(t, w.body, same)))
		}
		wantFaults(t, c.With("Idempotency-Key", "one").Patch(t, "/tickets/"+number, `{"action":"HELP","integration":{"requestId":"two"}}`), map[string]string{
			"action": "Invalid action. Must be one of: ADD_COMMENT, UPDATE_STATUS, ADD_ATTACHMENT, ASSIGN, SET_PRIORITY", "integration.requestId": differ})
	})
}

func TestHeadersThatNameNoRequestAreRefused(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for header, want := range map[string]string{
			strings.Repeat("k", 129): "Idempotency-Key must be at most 128 characters", "4111 1111 1111 1111": "Idempotency-Key must not be a card number",
			"\xff\xfe": "Idempotency-Key must be a text",
		} {
			wantFaults(t, c.With("Idempotency-Key", header).Post(t, "/claims", aClaim), map[string]string{"Idempotency-Key": want})
		}
		for _, header := range []string{"", " ", `""`} { // no id at all
			first, second := c.With("Idempotency-Key", header).Post(t, "/claims", aClaim).Want(t, 201), c.With("Idempotency-Key", header).Post(t, "/claims", aClaim).Want(t, 201)
			if first.Text("ticketNumber") == second.Text("ticketNumber") {
				t.Errorf("the header %q made two requests one", header)
			}
		}
	})
}

func TestOtherContentUnderAnIDIsNamed(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		body := withID(t, aClaim, "req_1")
		c.Post(t, "/claims", body).Want(t, 201)
		const differs = " differs from the first request with this id"
		wantTexts(t, c.Post(t, "/claims", set(t, set(t, body, "nominal", "1"), "description", `"new"`)).Want(t, 422).Errors(),
			map[string]string{"nominal": "Nominal" + differs, "description": "Description" + differs})
		wantTexts(t, c.Post(t, "/claims", set(t, body, "extra", `{"a":[1]}`)).Want(t, 422).Errors(), map[string]string{"extra.a.0": "extra.a.0" + differs})
		r := c.Patch(t, "/tickets/"+number, withID(t, `{"action":"ADD_COMMENT","comment":"x"}`, "req_1")).Want(t, 422)
		if got := r.Errors()["operation"]; got != "Operation"+differs {
			t.Errorf("another operation: %s", r.Body)
		}
		if got := c.With("Accept-Language", "id").Post(t, "/claims", set(t, body, "nominal", "1")).Want(t, 422).Text("message"); got != "Permintaan dengan requestId ini sudah diproses dengan isi lain." {
			t.Errorf("in Indonesian: %q", got)
		}
		for _, same := range []string{set(t, body, "nominal", "5e4"), set(t, body, "nominal", "50000.00"), set(t, body, "claimReason", "null")} {
			if r := c.Post(t, "/claims", same); r.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s says the same but is answered %d %s", same, r.Status, r.Body)
			}
		}
		if got := c.Get(t, "/tickets/"+number).Len("comments"); got != 0 {
			t.Errorf("a refused request left %d comments", got)
		}
	})
}

func TestOnlySuccessesAreKept(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		body := withID(t, aClaim, "req_1")
		c.Post(t, "/claims", set(t, body, "nominal", "-1")).Want(t, 400)
		c.Get(t, "/requests/req_1").Want(t, 404)
		d.Client(keyOf(t, d, "reader", desk.MayRead)).Post(t, "/claims", body).Want(t, 403)
		first := c.Post(t, "/claims", body).Want(t, 201)
		wantReplay(t, first, c.Post(t, "/claims", body))
		c.Post(t, "/claims", set(t, body, "nominal", "-1")).Want(t, 400)

		number := first.Text("ticketNumber")
		step := withID(t, `{"action":"UPDATE_STATUS","status":"RESOLVED"}`, "req_2")
		c.Patch(t, "/tickets/"+number, step).Want(t, 400)
		c.Patch(t, "/tickets/404", withID(t, `{"action":"UPDATE_STATUS","status":"CANCELLED"}`, "req_2")).Want(t, 404)
		cancel := withID(t, `{"action":"UPDATE_STATUS","status":"CANCELLED"}`, "req_2")
		first = c.Patch(t, "/tickets/"+number, cancel).Want(t, 200)
		wantReplay(t, first, c.Patch(t, "/tickets/"+number, cancel)) // although the ticket is final now
		wantReplay(t, first, c.With("If-Match", `W/"1-x"`).Patch(t, "/tickets/"+number, cancel))
	})
}

func TestRequestsOfTwoPartnersMayShareAnID(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		a, b := partner(t, d, "a"), partner(t, d, "b")
		body := withID(t, aClaim, "req_1")
		first, second := a.Post(t, "/claims", body).Want(t, 201), b.Post(t, "/claims", body).Want(t, 201)
		if first.Text("ticketNumber") == second.Text("ticketNumber") || second.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s\n%s", first.Body, second.Body)
		}
		wantReplay(t, second, b.Post(t, "/claims", body))
		if got := b.Get(t, "/requests/req_1").Want(t, 200).Text("ticketNumber"); got != second.Text("ticketNumber") {
			t.Errorf("b's request is about ticket %s", got)
		}
	})
}

func TestManyRequestsWithOneIDMakeOneTicket(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		clients := []*desktest.Client{d.Client(key), d.Node(t).Client(key)}
		body := []byte(withID(t, aClaim, "req_1"))
		answers := make([]desktest.Response, 16)
		errs := make([]error, len(answers))
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() { answers[i], errs[i] = clients[i%2].Send("POST", "/claims", body) })
		}
		wait.Wait()
		fresh := 0
		for i, r := range answers {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if string(r.Body) != string(answers[0].Body) || r.Status != 201 {
				t.Errorf("%d %s", r.Status, r.Body)
			}
			if r.Header.Get("Idempotent-Replayed") == "" {
				fresh++
			}
		}
		if got := clients[0].Get(t, "/tickets/list").Len("tickets"); got != 1 || fresh != 1 {
			t.Errorf("%d tickets, %d first answers", got, fresh)
		}
	})
}

func TestAnUnknownRequestIsNotFound(t *testing.T) {
	d := onDesk(t)
	wantBytes(t, partner(t, d, "partner").With("X-Request-Id", "none").Get(t, "/requests/never").Want(t, 404), `{"success":false,"message":"Request not found","requestId":"none"}`)
}
