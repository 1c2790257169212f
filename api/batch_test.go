package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// batch writes a batch of operations, each `METHOD path body`; their ids are a, b, c …
func batch(operations ...string) string {
	parts := make([]string, len(operations))
	for i, op := range operations {
		words := strings.SplitN(op, " ", 3)
		parts[i] = fmt.Sprintf(`{"id":"%c","method":"%s","path":"%s"`, 'a'+i, words[0], words[1])
		if len(words) == 3 {
			parts[i] += `,"body":` + words[2]
		}
		parts[i] += "}"
	}
	return `{"operations":[` + strings.Join(parts, ",") + `]}`
}

// statuses returns the statuses of a batch's results in order.
func statuses(r desktest.Response) string {
	var all []string
	for i := range r.Len("results") {
		all = append(all, r.Text(fmt.Sprintf("results.%d.status", i)))
	}
	return strings.Join(all, " ")
}

func TestOperationsOfABatchRunInOrderAndOnAfterAFailure(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner").With("X-Request-Id", "batch")
		claim := set(t, aClaim, "channelReferenceId", `"wa-1"`)
		r := c.Post(t, "/batch", batch(
			"POST /claims "+claim,
			`PATCH /tickets/wa-1 {"action":"ADD_COMMENT","comment":"First"}`,
			`PATCH /api/omnichannel/tickets/99999 {"action":"ADD_COMMENT","comment":"Nobody"}`,
			"POST /claims {}",
			`PATCH /tickets/wa-1 {"action":"ADD_COMMENT","comment":"Second"}`,
			"GET /tickets?channelReferenceId=wa-1",
			"GET /nothing",
			"POST /tickets/wa-1",
		)).Want(t, 200)
		if got := statuses(r); got != "201 200 404 400 200 200 404 405" {
			t.Fatalf("statuses %s: %s", got, r.Body)
		}
		for path, want := range map[string]string{
			"results.5.body.lastComment.content": "[Via Omnichannel] Second", "results.2.body.message": "Ticket not found", "results.2.body.requestId": "batch.2",
			"results.3.body.errors.namaNasabah": "Nama nasabah is required", "results.3.body.requestId": "batch.3", "results.6.body.requestId": "batch.6", "results.0.id": "a", "results.7.id": "h",
		} {
			if got := r.Text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if got := c.Get(t, "/tickets/wa-1").Want(t, 200).Len("comments"); got != 2 {
			t.Errorf("%d comments, want 2", got)
		}
		alone := c.Get(t, "/tickets?channelReferenceId=wa-1")
		inside := c.Post(t, "/batch", batch("GET /tickets?channelReferenceId=wa-1"))
		wantBytes(t, inside, `{"success":true,"results":[{"id":"a","status":200,"body":`+string(alone.Body)+`}]}`)
	})
}

func TestEveryOperationOfABatchNeedsItsOwnPermission(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		number := opened(t, partner(t, d, "partner"), "/tickets", aTicket)
		all := batch("POST /claims "+aClaim, "GET /tickets/"+number, `PATCH /tickets/`+number+` {"action":"ADD_COMMENT","comment":"x"}`, "GET /tickets/list")
		for permission, want := range map[desk.Permission]string{
			desk.MayCreate: "201 403 403 403", desk.MayRead: "403 404 403 200", desk.MayUpdate: "403 403 404 403", desk.MayManage: "403 200 200 200", everything: "201 404 404 200",
		} {
			r := d.Client(keyOf(t, d, "stranger with "+string(permission), permission)).Post(t, "/batch", all).Want(t, 200)
			if got := statuses(r); got != want {
				t.Errorf("%s: %s, want %s", permission, got, want)
			}
		}
	})
}

func TestABatchThatIsAtFaultRunsNothing(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		const path = " must be a path of this API that a batch may use"
		one := `{"id":"1","method":"GET","path":"/tickets/list"}`
		for body, want := range map[string]map[string]string{
			`{}`:                              {"operations": "Operations is required"},
			`{"operations":[]}`:               {"operations": "Operations is required"},
			`{"operations":{}}`:               {"operations": "Operations must be an array"},
			`{"operations":[5,{}]}`:           {"operations.0": "operations.0 must be an object"},
			`{"operations":[` + one + `,{}]}`: {"operations.1.id": "operations.1.id is required", "operations.1.method": "operations.1.method is required", "operations.1.path": "operations.1.path is required"},
			`{"operations":[` + one + `,` + one + `]}`:                                  {"operations.1.id": "operations.1.id must be unique"},
			batch("PUT /tickets/1"):                                                     {"operations.0.method": "Invalid operations.0.method. Must be one of: GET, POST, PATCH, DELETE"},
			batch("POST /webhooks/x/test", "POST /webhooks/x/%74est"):                   {"operations.0.path": "operations.0.path" + path, "operations.1.path": "operations.1.path" + path},
			batch("get /tickets/list"):                                                  {"operations.0.method": "Invalid operations.0.method. Must be one of: GET, POST, PATCH, DELETE"},
			batch("POST /claims "+aClaim, "POST /batch "+batch("POST /claims "+aClaim)): {"operations.1.path": "operations.1.path" + path},
			batch("POST /api/omnichannel/batch"):                                        {"operations.0.path": "operations.0.path" + path},
			batch("POST /%62atch"):                                                      {"operations.0.path": "operations.0.path" + path},
			batch("GET /tickets/1/attachments/1", "GET /openapi.yaml", "GET /openapi.json", "GET //evil.example/x", "GET http://evil.example/", "GET tickets", "GET ../admin", "GET /%zz"): {
				"operations.0.path": "operations.0.path" + path, "operations.1.path": "operations.1.path" + path, "operations.2.path": "operations.2.path" + path, "operations.4.path": "operations.4.path" + path,
				"operations.5.path": "operations.5.path" + path, "operations.6.path": "operations.6.path" + path, "operations.7.path": "operations.7.path" + path,
			},
		} {
			r := c.Post(t, "/batch", body).Want(t, 400)
			for at, text := range want {
				if got := r.Errors()[at]; got != text {
					t.Errorf("%s: %s is %q, want %q", body, at, got, text)
				}
			}
		}
		many := make([]string, 101)
		for i := range many {
			many[i] = fmt.Sprintf(`{"id":"%d","method":"POST","path":"/claims","body":%s}`, i, aClaim)
		}
		wantFaults(t, c.Post(t, "/batch", `{"operations":[`+strings.Join(many, ",")+`]}`), map[string]string{"operations": "Operations must have at most 100 items"})
		if got := c.Get(t, "/tickets/list").Want(t, 200).Len("tickets"); got != 0 {
			t.Errorf("a batch at fault made %d tickets", got)
		}
		if got := statuses(c.Post(t, "/batch", `{"operations":[`+strings.Join(many[:100], ",")+`]}`).Want(t, 200)); got != strings.TrimSpace(strings.Repeat("201 ", 100)) {
			t.Errorf("a batch of 100: %s", got)
		}
	})
}

func TestPathsInABatchLeadNowhereElse(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	for _, path := range []string{"/tickets/../batch", "/tickets/..", "//tickets", "/./batch", "/batch/", "/tickets/%2e%2e/batch"} {
		if got := statuses(c.Post(t, "/batch", batch("POST "+path+" "+batch("POST /claims "+aClaim))).Want(t, 200)); got != "404" && got != "405" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := c.Get(t, "/tickets/list").Want(t, 200).Len("tickets"); got != 0 {
		t.Errorf("%d tickets", got)
	}
}

func TestABatchCostsAsManyTokensAsItHasOperations(t *testing.T) {
	t.Parallel()
	d := desktest.NewDesk(t, desktest.SQLite)
	c := d.Client(newKey(t, d, app.NewKey{Name: "limited", Permissions: desk.Permissions{everything}, Rate: 10}).Text)
	gets := func(n int) string {
		return batch(strings.Split(strings.Repeat("GET /tickets/404,", n-1)+"GET /tickets/404", ",")...)
	}
	left := func(r desktest.Response, status int, want string) {
		t.Helper()
		if got := r.Want(t, status).Header.Get("RateLimit"); got != want {
			t.Errorf("left %s, want %s", got, want)
		}
	}
	left(c.Post(t, "/batch", gets(1)), 200, `"default";r=99;t=1`)
	left(c.Post(t, "/batch", gets(59)), 200, `"default";r=40;t=6`)
	r := c.Post(t, "/batch", gets(60))
	left(r, 429, `"default";r=40;t=6`)
	wantMessage(t, r, 429, "Too many requests. Try again in 2 seconds")
	d.Clock.Advance(2 * time.Second)
	left(c.Post(t, "/batch", gets(60)), 200, `"default";r=0;t=10`)
	c.Post(t, "/batch", gets(1)).Want(t, 429)
	d.Clock.Advance(10 * time.Second)
	left(c.Post(t, "/batch", gets(100)), 200, `"default";r=0;t=10`)
	left(d.Client(newKey(t, d, app.NewKey{Name: "slow", Permissions: desk.Permissions{everything}, Rate: 1}).Text).Post(t, "/batch", gets(100)), 200, `"default";r=0;t=100`)
}

func TestABatchIsSafeToSendAgain(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		named := `{"id":"%s","method":"POST","path":"/claims","body":` + aClaim + `%s}`
		body := `{"operations":[` + fmt.Sprintf(named, "own key", `,"idempotencyKey":"op-1"`) + `,` + fmt.Sprintf(named, "headers", "") + `,` +
			strings.Replace(fmt.Sprintf(named, "own id", ""), `"nominal":50000`, `"nominal":50000,"integration":{"requestId":"body-1"}`, 1) + `,{"id":"read","method":"GET","path":"/tickets/list"}]}`
		keyed := c.With("Idempotency-Key", "batch-1")
		first, second := keyed.Post(t, "/batch", body).Want(t, 200), keyed.Post(t, "/batch", body).Want(t, 200)
		if statuses(first) != "201 201 201 200" || string(first.Body) != string(second.Body) {
			t.Errorf("first\n%s\nsecond\n%s", first.Body, second.Body)
		}
		for id, i := range map[string]string{"op-1": "0", "batch-1%2Fheaders": "1", "body-1": "2"} {
			kept := c.Get(t, "/requests/"+id).Want(t, 200)
			if kept.Text("ticketNumber") != first.Text("results."+i+".body.ticketNumber") || kept.Text("operation") != "POST /claims" {
				t.Errorf("%s: %s", id, kept.Body)
			}
		}
		c.Get(t, "/requests/batch-1").Want(t, 404)
		other := keyed.Post(t, "/batch", strings.Replace(body, "50000", "60000", 1)).Want(t, 200)
		if got := statuses(other); got != "422 201 201 200" || other.Text("results.0.body.errors.nominal") != "Nominal differs from the first request with this id" {
			t.Errorf("with another amount: %s", other.Body)
		}
		if got := statuses(c.Post(t, "/batch", body).Want(t, 200)); got != "201 201 201 200" || c.Get(t, "/tickets/list").Len("tickets") != 4 {
			t.Errorf("without the header %s, and %d tickets", got, c.Get(t, "/tickets/list").Len("tickets"))
		}
		wantFaults(t, c.With("Idempotency-Key", strings.Repeat("k", 129)).Post(t, "/batch", body), map[string]string{"Idempotency-Key": "Idempotency-Key must be at most 128 characters"})
		wantFaults(t, c.With("Idempotency-Key", "4111111111111111").Post(t, "/batch", body), map[string]string{"Idempotency-Key": "Idempotency-Key must not be a card number"})
	})
}

func TestTheBodyOfAnOperationIsAsStrictAsTheBodyOfARequest(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	r := c.Post(t, "/batch", batch("POST /claims []", "POST /claims", `POST /claims {"namaNasabah":"A","mediaTransaksi":"QRIS","nominal":"5","x":1}`)).Want(t, 200)
	var got []json.RawMessage
	for i := range 3 {
		got = append(got, json.RawMessage(r.Text(fmt.Sprintf("results.%d.body.errors", i))))
	}
	if statuses(r) != "400 400 400" || string(got[0]) != `{"body":"Body must be an object"}` || string(got[2]) != `{"nominal":"Nominal must be a number"}` ||
		r.Text("results.1.body.message") != "Invalid JSON: the body is empty at line 1, column 1" {
		t.Errorf("%s", r.Body)
	}
}
