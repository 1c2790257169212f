package api_test

import (
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// onForwardingDesks runs a test on a desk of its own on each engine, of which claims go to the provider.
func onForwardingDesks(t *testing.T, test func(t *testing.T, d *desktest.Desk)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e, func(o *app.Options) { o.Forwarding = desk.Forwarding{Services: []string{"CLAIM"}} })
		if err := d.Store.MakeConnector(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, d)
	})
}

// wantStatus compares what everybody is told after the last look held: a word for each part, and since when.
func wantStatus(t *testing.T, d *desktest.Desk, want string) {
	t.Helper()
	d.Clock.Advance(5 * time.Second)
	r := d.Client("").Get(t, "/status.json")
	got := []string{r.Text("status")}
	for i := range r.Len("parts") {
		at := "parts." + string(rune('0'+i))
		got = append(got, r.Text(at+".name")+" "+strings.TrimSpace(r.Text(at+".status")+" "+r.Text(at+".since")))
	}
	if told := strings.Join(got, ", "); told != want {
		t.Errorf("told is\n%s, want\n%s", told, want)
	}
	if status := map[bool]int{true: 503, false: 200}[got[0] == "down"]; r.Status != status {
		t.Errorf("the status is %d, want %d", r.Status, status)
	}
}

func TestEverybodyIsToldHowTheDeskDoes(t *testing.T) {
	onForwardingDesks(t, func(t *testing.T, d *desktest.Desk) {
		nobody := d.Client("")
		r := nobody.Get(t, "/status").Want(t, 200)
		wantBytes(t, r, "Semua berfungsi.\n\nAPI bank: berfungsi.\nWebhook: berfungsi.\nKonektor: berfungsi.\n")
		if r.Header.Get("Cache-Control") != "no-store" || !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Accept,") {
			t.Errorf("headers %v", r.Header)
		}
		wantBytes(t, nobody.With("Accept-Language", "en-GB").Get(t, "/status"), "Everything works\n\nAPI of the bank: working\nWebhooks: working\nConnector: working\n")
		for _, r := range []desktest.Response{nobody.With("Accept", "application/json").Get(t, "/status"), nobody.Get(t, "/status.json")} {
			wantBytes(t, r.Want(t, 200), `{"status":"working","text":"Semua berfungsi.","parts":[{"name":"api","status":"working","text":"API bank: berfungsi."},`+
				`{"name":"webhooks","status":"working","text":"Webhook: berfungsi."},{"name":"connector","status":"working","text":"Konektor: berfungsi."}]}`)
		}
		for _, path := range []string{"/status", "/status.json"} {
			nobody.With("If-None-Match", nobody.Get(t, path).Header.Get("ETag")).Get(t, path).Want(t, 304)
			nobody.Get(t, path+"?x=1").Want(t, 400)
		}
		nobody.Get(t, "/status/x").Want(t, 404)
	})
}

func TestADeskWithoutAConnectorSaysNothingOfOne(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) { wantStatus(t, d, "working, api working, webhooks working") })
}

func TestADatabaseThatIsAwayMakesTheAPIDown(t *testing.T) {
	onForwardingDesks(t, func(t *testing.T, d *desktest.Desk) {
		wantStatus(t, d, "working, api working, webhooks working, connector working")
		d.Exec(t, `ALTER TABLE lane RENAME TO elsewhere`)
		d.Clock.Advance(4 * time.Second)
		d.Client("").Get(t, "/status").Want(t, 200) // by the last look
		for range 2 {
			wantStatus(t, d, "down, api down 2024-12-19T10:30:14Z")
		}
		r := d.Client("").With("Accept-Language", "en").Get(t, "/status")
		wantBytes(t, r.Want(t, 503), "The service does not work at this moment\n\nAPI of the bank: down since 2024-12-19 18:30 WITA\n")
		if r.Header.Get("Retry-After") != "5" {
			t.Errorf("headers %v", r.Header)
		}
		d.Exec(t, `ALTER TABLE elsewhere RENAME TO lane`)
		wantStatus(t, d, "working, api working, webhooks working, connector working")
		d.Exec(t, `ALTER TABLE lane RENAME TO elsewhere`)
		wantStatus(t, d, "down, api down 2024-12-19T10:30:29Z")
	})
}

func TestWebhooksAreDelayedByTheDeskAlone(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		c.Post(t, "/webhooks", `{"url":"https://example.com/hook"}`).Want(t, 201)
		opened(t, c, "/tickets", aTicket)
		d.Sequence(t)
		const delayed = "delayed, api working, webhooks delayed "
		const working = "working, api working, webhooks working"
		d.Clock.Advance(5*time.Minute - 5*time.Second)
		wantStatus(t, d, working) // five minutes, and no more
		wantStatus(t, d, delayed+"2024-12-19T10:30:00Z")
		wantBytes(t, d.Client("").Get(t, "/status"), "Sebagian layanan terganggu.\n\nAPI bank: berfungsi.\nWebhook: tertunda sejak 2024-12-19 18:30 WITA.\n")
		d.Exec(t, `UPDATE target SET opened_at = 1`)
		wantStatus(t, d, working)
		d.Exec(t, `UPDATE target SET opened_at = 0, state = 'disabled'`)
		wantStatus(t, d, working)
		d.Exec(t, `UPDATE target SET state = 'active', state_at = 1734605000000000`) // 10:43:20
		wantStatus(t, d, working)
		d.Clock.Advance(15 * time.Minute)
		wantStatus(t, d, delayed+"2024-12-19T10:43:20Z")
		d.Exec(t, `UPDATE lane SET due = 0`)
		wantStatus(t, d, working)
	})
}

func TestTheConnectorIsDownDelayedOrPaused(t *testing.T) {
	onForwardingDesks(t, func(t *testing.T, d *desktest.Desk) {
		const working, with = "working, api working, webhooks working, connector working", "delayed, api working, webhooks working, connector "
		opened(t, partner(t, d, "partner"), "/claims", aClaim)
		d.Sequence(t)
		d.Clock.Advance(5*time.Minute - 5*time.Second)
		wantStatus(t, d, working) // the lane of the statuses waits for the ticket, and is no delay of its own
		wantStatus(t, d, with+"delayed 2024-12-19T10:30:00Z")
		d.Exec(t, `UPDATE target SET state = 'disabled', state_at = 1734604150000000 WHERE id = 'sociomile-status'`) // 10:29:10
		wantStatus(t, d, with+"delayed 2024-12-19T10:29:10Z")
		d.Exec(t, `UPDATE target SET opened_at = 1734604260000000 WHERE id = 'sociomile-create'`) // 10:31
		wantStatus(t, d, with+"down 2024-12-19T10:31:00Z")
		d.Exec(t, `UPDATE target SET opened_at = 1734604205000000 WHERE id = 'sociomile-status'`)
		wantStatus(t, d, with+"down 2024-12-19T10:30:05Z")
		d.Exec(t, `UPDATE target SET opened_at = 0, state = 'active'`)
		d.Exec(t, `UPDATE lane SET due = 0, dead_at = 1 WHERE target_id = 'sociomile-create'`)
		wantStatus(t, d, working)
	})
}

func TestWhatEverybodyIsToldNamesNobody(t *testing.T) {
	onForwardingDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		c.Post(t, "/webhooks", `{"url":"https://receiver.example.com/hook"}`).Want(t, 201)
		number := opened(t, c, "/claims", aClaim)
		d.Sequence(t)
		d.Clock.Advance(time.Hour)
		told := string(d.Client("").Get(t, "/status.json").Want(t, 200).Body)
		for _, inner := range []string{"example.com", number, "partner", "sociomile", "Sociomile"} {
			if strings.Contains(told, inner) {
				t.Errorf("%q is told: %s", inner, told)
			}
		}
	})
}
