package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestEitherANumberOrAReferenceIsRequired(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner").With("X-Request-Id", "either")
	for _, query := range []string{"", "?", "?ticketNumber=", "?channelReferenceId=", "?ticketNumber=&channelReferenceId=", "?ticketnumber=1", "?TicketNumber=1"} {
		wantBytes(t, c.Get(t, "/tickets"+query).Want(t, 400), `{"success":false,"message":"Either ticketNumber or channelReferenceId is required","requestId":"either"}`)
	}
}

func TestBothQueryParametersMustMatch(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		first := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", `"wa-1"`))
		second := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", `"wa-1"`))
		other := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", `"wa-2"`))
		for query, want := range map[string]string{
			"channelReferenceId=wa-1": second, "channelReferenceId=wa-2": other, "ticketNumber=" + first: first,
			"ticketNumber=" + first + "&channelReferenceId=wa-1": first, "ticketNumber=" + first + "&channelReferenceId=": first,
			"ticketNumber=" + first + "&channelReferenceId=wa-2": "", "ticketNumber=1&channelReferenceId=wa-1": "", "ticketNumber=wa-1": "", "channelReferenceId=" + first: "", "channelReferenceId=WA-1": "",
		} {
			r := c.Get(t, "/tickets?"+query)
			if want == "" {
				wantMessage(t, r, 404, "Ticket not found")
			} else if got := r.Want(t, 200).Text("ticketNumber"); got != want {
				t.Errorf("%s finds %s, want %s", query, got, want)
			}
		}
	})
}

func TestAnOwnNumberWinsOverAReferenceAndTheNewestReferenceOverOthers(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, stranger := partner(t, d, "partner"), partner(t, d, "stranger")
		own := opened(t, c, "/tickets", aTicket)
		strangers := opened(t, stranger, "/tickets", aTicket)
		byOwn := opened(t, c, "/tickets", set(t, aTicket, "channelReferenceId", quote(own)))
		byStrangers := opened(t, c, "/tickets", set(t, aTicket, "channelReferenceId", quote(strangers)))
		opened(t, c, "/tickets", set(t, aTicket, "channelReferenceId", `"twice"`))
		newest := opened(t, c, "/tickets", set(t, aTicket, "channelReferenceId", `"twice"`))
		for path, want := range map[string]string{own: own, strangers: byStrangers, "twice": newest, byOwn: byOwn} {
			if got := c.Get(t, "/tickets/"+path).Want(t, 200).Text("ticketNumber"); got != want {
				t.Errorf("/tickets/%s is %s, want %s", path, got, want)
			}
			if got := c.Patch(t, "/tickets/"+path, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 200).Text("ticketNumber"); got != want {
				t.Errorf("PATCH /tickets/%s changes %s, want %s", path, got, want)
			}
		}
		if got := stranger.Get(t, "/tickets/"+strangers).Want(t, 200).Len("comments"); got != 0 {
			t.Errorf("the stranger's ticket has %d comments", got)
		}
	})
}

func TestOnlyClaimsAreFoundAmongClaims(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		claim := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", `"wa-1"`))
		full := opened(t, c, "/tickets", set(t, aTicket, "serviceType", `"CLAIM"`))
		ticket := opened(t, c, "/tickets", aTicket)
		for _, number := range []string{claim, full} {
			wantBytes(t, c.Get(t, "/claims/"+number).Want(t, 200), string(c.Get(t, "/tickets?ticketNumber="+number).Want(t, 200).Body))
		}
		if got := c.Get(t, "/claims/wa-1").Want(t, 200).Text("ticketNumber"); got != claim {
			t.Errorf("found %s", got)
		}
		wantMessage(t, c.Get(t, "/claims/"+ticket), 404, "Ticket not found")
	})
}

// taggedPaths are reads of one ticket, each with a tag of its own.
func taggedPaths(number string) []string {
	return []string{"/tickets?ticketNumber=" + number, "/tickets/" + number, "/claims/" + number, "/tickets/list"}
}

func TestATagIsTrueUntilSomethingShownChanges(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		number := opened(t, c, "/claims", aClaim)
		changes := map[string]func(){
			"a comment": func() { c.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 200) },
			"an agent": func() {
				agent.Patch(t, "/tickets/"+number, `{"action":"SET_PRIORITY","priority":"CRITICAL"}`).Want(t, 200)
			},
			"a status": func() { c.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"PENDING"}`).Want(t, 200) },
			"the clock": func() {
				agent.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"OPEN"}`).Want(t, 200)
				d.Clock.Advance(73 * time.Hour)
			},
			"a new name": func() { d.Exec(t, `UPDATE ticket SET assignee_name = 'Somebody New'`) },
		}
		for _, what := range []string{"a comment", "an agent", "a status", "the clock", "a new name"} {
			tags := map[string]string{}
			for _, path := range taggedPaths(number) {
				tags[path] = c.Get(t, path).Want(t, 200).Header.Get("ETag")
				if r := c.With("If-None-Match", tags[path]).Get(t, path).Want(t, 304); r.Header.Get("ETag") != tags[path] || len(r.Body) > 0 {
					t.Errorf("%s: 304 with tag %q and body %q", path, r.Header.Get("ETag"), r.Body)
				}
			}
			changes[what]()
			for path, tag := range tags {
				if r := c.With("If-None-Match", tag).Get(t, path).Want(t, 200); r.Header.Get("ETag") == tag {
					t.Errorf("after %s the tag of %s is still %s", what, path, tag)
				}
			}
		}
		if got := c.Get(t, "/claims/"+number).Text("sla.isBreached"); got != "true" {
			t.Errorf("isBreached is %s", got)
		}
	})
}

func TestABreachChangesTheTagByTheClockAlone(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path := "/tickets/" + opened(t, c, "/claims", aClaim)
		first := c.Get(t, path)
		d.Clock.Advance(18 * time.Hour)
		if r := c.With("If-None-Match", first.Header.Get("ETag")).Get(t, path); r.Status != 304 {
			t.Errorf("at the deadline: %d", r.Status)
		}
		d.Clock.Advance(time.Second)
		r := c.With("If-None-Match", first.Header.Get("ETag")).Get(t, path).Want(t, 200)
		if r.Text("sla.isBreached") != "true" || first.Text("sla.isBreached") != "false" {
			t.Errorf("isBreached was %s and is %s", first.Text("sla.isBreached"), r.Text("sla.isBreached"))
		}
	})
}

func TestTagsAreComparedAsTheyAreWritten(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	path := "/tickets/" + opened(t, c, "/tickets", aTicket)
	tag := c.Get(t, path).Header.Get("ETag")
	for header, status := range map[string]int{
		tag: 304, strings.TrimPrefix(tag, "W/"): 304, "*": 304, `"x", ` + tag: 304, tag + `, "x"`: 304, `W/"1-x"`: 200, `"x"`: 200, "": 200, strings.Trim(strings.TrimPrefix(tag, "W/"), `"`): 200,
	} {
		if r := c.With("If-None-Match", header).Get(t, path); r.Status != status {
			t.Errorf("If-None-Match: %s gives %d, want %d", header, r.Status, status)
		}
	}
	for _, public := range []string{"/openapi.yaml", "/openapi.json", "/events"} {
		r := c.Get(t, public).Want(t, 200)
		c.With("If-None-Match", r.Header.Get("ETag")).Get(t, public).Want(t, 304)
	}
}

func TestNotModifiedIsStillAuthorised(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/claims", aClaim)
		writer := d.Client(keyOf(t, d, "writer", desk.MayCreate, desk.MayUpdate))
		for _, path := range taggedPaths(number) {
			tag := c.Get(t, path).Header.Get("ETag")
			d.Client("").With("If-None-Match", tag).Get(t, path).Want(t, 401)
			writer.With("If-None-Match", "*").Get(t, path).Want(t, 403)
			if r := partner(t, d, "stranger "+path).With("If-None-Match", tag).Get(t, path); r.Status == 304 {
				t.Errorf("%s: a stranger is told that nothing changed", path)
			}
		}
	})
}

func TestIfMatchRefusesAChangeOfWhatWasNotRead(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner").With("X-Request-Id", "stale")
		number := opened(t, c, "/tickets", aTicket)
		path, comment := "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"x"}`
		const stale = `{"success":false,"message":"The ticket was changed since it was read. Read it again and repeat the change","requestId":"stale"}`
		detail, status := c.Get(t, path).Header.Get("ETag"), c.Get(t, "/tickets?ticketNumber="+number).Header.Get("ETag")
		c.With("If-Match", detail).Patch(t, path, comment).Want(t, 200)
		for _, tag := range []string{detail, status, `W/"1-x"`, `"1"`, `"nonsense"`, `W/"99-x"`, "nonsense"} {
			wantBytes(t, c.With("If-Match", tag).Patch(t, path, comment).Want(t, 412), stale)
		}
		c.With("If-Match", c.Get(t, "/tickets?ticketNumber="+number).Header.Get("ETag")).Patch(t, path, `{"action":"UPDATE_STATUS","status":"PENDING"}`).Want(t, 200)
		c.With("If-Match", "*").Patch(t, path, comment).Want(t, 200)
		c.Patch(t, path, comment).Want(t, 200)
		c.With("If-Match", detail).Patch(t, "/tickets/404", comment).Want(t, 404)
		if got := c.Get(t, path).Len("comments"); got != 3 {
			t.Errorf("%d comments, want 3", got)
		}
		d.Clock.Advance(100 * time.Hour) // only the clock moved: the ticket is the one that was read
		c.With("If-Match", c.Get(t, path).Header.Get("ETag")).Patch(t, path, comment).Want(t, 200)
	})
}

func TestARateIsKeptToAndTold(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := newKey(t, d, app.NewKey{Name: "limited", Permissions: desk.Permissions{everything}, Rate: 20})
		c := d.Client(key.Text).With("X-Request-Id", "rate")
		wantRate := func(r desktest.Response, left string) {
			t.Helper()
			if r.Header.Get("RateLimit-Policy") != `"default";q=100;w=5` || r.Header.Get("RateLimit") != left {
				t.Errorf("policy %s, left %s, want %s", r.Header.Get("RateLimit-Policy"), r.Header.Get("RateLimit"), left)
			}
		}
		wantRate(c.Get(t, "/requests/x").Want(t, 404), `"default";r=99;t=1`)
		wantRate(c.Get(t, "/tickets/404").Want(t, 404), `"default";r=98;t=1`)
		wantRate(d.Client(key.Text).Get(t, "/events").Want(t, 200), `"default";r=97;t=1`)
		for range 97 {
			c.Get(t, "/requests/x").Want(t, 404)
		}
		for _, tc := range requests(nil) {
			if tc.route.Permission == publicPermission {
				c.Do(t, tc.method, tc.path, tc.body).Want(t, 200)
				continue
			}
			r := c.Do(t, tc.method, tc.path, tc.body)
			wantBytes(t, r.Want(t, 429), `{"success":false,"message":"Too many requests. Try again in 1 second","requestId":"rate"}`)
			wantRate(r, `"default";r=0;t=5`)
			if r.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After is %q", r.Header.Get("Retry-After"))
			}
		}
		partner(t, d, "unlimited").Get(t, "/requests/x").Want(t, 404)
		d.Clock.Advance(time.Second)
		for range 20 {
			c.Get(t, "/requests/x").Want(t, 404)
		}
		c.Get(t, "/requests/x").Want(t, 429)
		d.Clock.Advance(time.Hour)
		wantRate(c.Get(t, "/requests/x").Want(t, 404), `"default";r=99;t=1`)
	})
}

func TestAKeyWithoutARateIsNotLimited(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	for range 110 {
		if r := c.Get(t, "/requests/"+url.PathEscape("x")).Want(t, 404); r.Header.Get("RateLimit") != "" {
			t.Fatal("a key without a rate is told one")
		}
	}
}
