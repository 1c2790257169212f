package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
)

// claimed makes a claim and returns its number and the id of its first event.
func claimed(t *testing.T, c *desktest.Client) (number, event string) {
	t.Helper()
	r := c.Post(t, "/claims", aClaim).Want(t, 201)
	return r.Text("ticketNumber"), r.Text("ticketId") + "-1"
}

// comment adds a comment to a ticket.
func comment(t *testing.T, c *desktest.Client, number string) {
	t.Helper()
	c.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 200)
}

// standings returns the deliveries of a list as `number of ticket:event:state`, in order.
func standings(t *testing.T, c *desktest.Client, path string) string {
	t.Helper()
	var all []string
	r := c.Get(t, path).Want(t, 200)
	for i := range r.Len("deliveries") {
		at := fmt.Sprintf("deliveries.%d.", i)
		all = append(all, r.Text(at+"ticketNumber")+":"+r.Text(at+"event")+":"+r.Text(at+"state"))
	}
	return strings.Join(all, " ")
}

func TestDeliveriesAreShownWithTheirAttempts(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		deliveries := path + "/deliveries"
		number, event := claimed(t, c)
		comment(t, c, number)
		d.Sequence(t)
		const head, times = `{"success":true,"deliveries":[`, `"timestamp":"2024-12-19T10:30:00Z"`
		created := func(standing string) string {
			return `{"eventId":"` + event + `","event":"TICKET_CREATED","ticketNumber":"` + number + `","cursor":"1",` + times + `,` + standing + `}`
		}
		commented := func(standing string) string {
			return `{"eventId":"` + strings.TrimSuffix(event, "1") + `2","event":"COMMENT_ADDED","ticketNumber":"` + number + `","cursor":"2",` + times + `,` + standing + `}`
		}
		const attempt = `{"at":"2024-12-19T10:30:00Z","durationMs":0,"class":"%s","status":%d,"said":%s,"mayBeRepeated":false}`
		same := func(list, want string) desktest.Response {
			t.Helper()
			got := c.Get(t, list).Want(t, 200)
			if text := milliseconds.ReplaceAllString(string(got.Body), `"durationMs":0`); text != want {
				t.Errorf("%s answers\n%s\nwant\n%s", list, text, want)
			}
			return got
		}
		waits := same(deliveries, head+commented(`"state":"PENDING","failedAttempts":0,"nextAttemptAt":null,"attempts":[]`)+","+
			created(`"state":"PENDING","failedAttempts":0,"nextAttemptAt":"2024-12-19T10:30:00Z","attempts":[]`)+`],"cursor":null,"more":false}`)
		c.With("If-None-Match", waits.Header.Get("ETag")).Get(t, deliveries).Want(t, 304)

		r.answerWith(500, "Out of order")
		d.Deliver(t, outbox.Waits{time.Minute}, func() { r.next(t, 1) })
		failed := fmt.Sprintf(attempt, "SERVER_ERROR", 500, `"Out of order"`)
		got := c.Get(t, deliveries+"?ticketNumber="+number).Want(t, 200)
		next, err := time.Parse(time.RFC3339, got.Text("deliveries.0.nextAttemptAt"))
		if soon := next.Sub(d.Clock.Now()); err != nil || soon < 47*time.Second || soon > 73*time.Second || got.Text("deliveries.0.failedAttempts") != "1" {
			t.Errorf("after a failure: %s", got.Body)
		}
		c.Patch(t, path, `{"active":false}`).Want(t, 200)
		if got := c.Get(t, deliveries).Text("deliveries.1.nextAttemptAt"); got != "null" {
			t.Errorf("of a disabled webhook the next attempt is at %s", got)
		}
		c.Patch(t, path, `{"active":true}`).Want(t, 200)
		d.Clock.Advance(73 * time.Second)
		d.Deliver(t, outbox.Waits{time.Minute}, func() { r.next(t, 1) })
		again := strings.Replace(failed, "10:30:00", "10:31:13", 1)
		gaveUp := created(`"state":"FAILED","failedAttempts":2,"nextAttemptAt":null,"attempts":[` + failed + `,` + again + `]`)
		held := commented(`"state":"FAILED","failedAttempts":0,"nextAttemptAt":null,"attempts":[]`)
		same(deliveries+"?state=FAILED", head+gaveUp+`,`+held+`],"cursor":null,"more":false}`)
		same(deliveries+"?state=FAILED&ticketNumber="+number, head+gaveUp+`,`+held+`],"cursor":null,"more":false}`)
		same(deliveries+"?state=PENDING", head+`],"cursor":null,"more":false}`)
		same(deliveries+"?state=PENDING&ticketNumber="+number, head+`],"cursor":null,"more":false}`)

		c.Post(t, deliveries+"/"+event+"/resend", "").Want(t, 200)
		r.answerWith(200, "")
		d.Deliver(t, outbox.Waits{}, func() { r.next(t, 2) })
		done := strings.Replace(fmt.Sprintf(attempt, "DELIVERED", 200, "null"), "10:30:00", "10:31:13", 1)
		same(deliveries+"?ticketNumber="+number, head+created(`"state":"DELIVERED","failedAttempts":0,"nextAttemptAt":null,"attempts":[`+failed+`,`+again+`,`+done+`]`)+`,`+
			commented(`"state":"DELIVERED","failedAttempts":0,"nextAttemptAt":null,"attempts":[`+done+`]`)+`],"cursor":null,"more":false}`)
	})
}

func TestPagesOfDeliveriesHoldEveryOneOnce(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		var first string
		for i := range 4 {
			number, _ := claimed(t, c)
			comment(t, c, number)
			comment(t, c, number)
			if i == 0 {
				first = number
			}
			d.Clock.Advance(time.Minute)
			d.Sequence(t)
		}
		walk := func(query string) (ids []string, pages int) {
			t.Helper()
			for cursor, more := "", true; more; pages++ {
				page := c.Get(t, path+"/deliveries?limit=2&"+query+"&cursor="+cursor).Want(t, 200)
				for i := range page.Len("deliveries") {
					ids = append(ids, page.Text(fmt.Sprintf("deliveries.%d.eventId", i)))
				}
				cursor, more = page.Text("cursor"), page.Text("more") == "true"
				if pages > 20 {
					t.Fatalf("%s has no end: %s", query, page.Body)
				}
			}
			return ids, pages
		}
		feed := c.Get(t, "/events").Want(t, 200)
		var events []string
		for i := range feed.Len("events") {
			events = append([]string{feed.Text(fmt.Sprintf("events.%d.id", i))}, events...)
		}
		if got, pages := walk(""); strings.Join(got, " ") != strings.Join(events, " ") || pages < 6 {
			t.Errorf("all, in %d pages: %s\nwant %s", pages, got, events)
		}
		if got, _ := walk("ticketNumber=" + first); len(got) != 3 || got[0] != events[11] || got[2] != events[9] {
			t.Errorf("those of a ticket: %s", got)
		}
		pending, _ := walk("state=PENDING")
		if len(pending) != 12 || pending[0] != events[11] {
			t.Errorf("those that wait: %s", pending)
		}
		r.answerWith(400, "")
		r.delivered(t, d, 4)
		if got, _ := walk("state=FAILED"); len(got) != 12 {
			t.Errorf("those that failed: %s", got)
		}
	})
}

func TestParametersOfDeliveriesAreChecked(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, aWebhook)
		const cursor = "Cursor must be a cursor that this API gave out"
		wantFaults(t, c.Get(t, path+"/deliveries?state=DELIVERED&limit=0&cursor=!"), map[string]string{
			"state": "Invalid state. Must be one of: PENDING, FAILED", "limit": "Limit must be a whole number from 1 to 200", "cursor": cursor})
		encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		for query, odd := range map[string][]string{
			"":                {"all", "all,", "all,x", "all,0", "all,-1", "all,1,2", "ticket,1", "webhook,1", "all,99999999999999999999"},
			"ticketNumber=1&": {"all,1", "ticket,0"},
			"state=PENDING&":  {"all,1", "PENDING,1", "PENDING,1,\x00,", "PENDING,1,\xff,", "PENDING,x,01jff7f620zzzzzzzzzzzzzzzz,", "PENDING,1,01jff7f620zzzzzzzzzzzzzzzz", "PENDING,1,01jff7f620zzzzzzzzzzzzzzzz,\x00", "FAILED,1,01jff7f620zzzzzzzzzzzzzzzz,"},
		} {
			for _, text := range odd {
				wantFaults(t, c.Get(t, path+"/deliveries?"+query+"cursor="+encoded(text)), map[string]string{"cursor": cursor})
			}
		}
		for _, text := range []string{"webhook", "all,1", "webhook,\x00", "webhook,\xff", "webhook,a,b"} {
			wantFaults(t, c.Get(t, "/webhooks?cursor="+encoded(text)), map[string]string{"cursor": cursor})
		}
		wantFaults(t, c.Get(t, "/webhooks?limit=201&cursor=%00"), map[string]string{"limit": "Limit must be a whole number from 1 to 200", "cursor": cursor})
		wantMessage(t, c.Get(t, path+"/deliveries?ticketNumber=404"), 404, "Ticket not found")
		for _, odd := range []string{"%00", "%ff", "x", strings.Repeat("a", 5000)} {
			wantMessage(t, c.Get(t, "/webhooks/"+odd), 404, "Webhook not found")
			wantMessage(t, c.Get(t, "/webhooks/"+odd+"/deliveries"), 404, "Webhook not found")
			for _, what := range []string{"resend", "skip"} {
				wantMessage(t, c.Post(t, path+"/deliveries/"+odd+"/"+what, ""), 404, "Delivery not found")
			}
		}
	})
}

func TestASkippedEventLetsTheLaterOnesGo(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m, r := partner(t, d, "partner"), manager(t, d, "manager"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		number, event := claimed(t, c)
		comment(t, c, number)
		second := strings.TrimSuffix(event, "1") + "2"
		r.answerWith(400, "")
		r.delivered(t, d, 1)
		list, at := path+"/deliveries?ticketNumber="+number, path+"/deliveries/"
		third := strings.TrimSuffix(event, "1") + "3"
		comment(t, m, number)
		d.Sequence(t)
		for _, later := range []string{second, third} {
			wantMessage(t, c.Post(t, at+later+"/skip", ""), 409, "The next event of this ticket is "+event+". Skip that one first")
		}
		wantMessage(t, c.With("Accept-Language", "id").Post(t, at+second+"/skip", ""), 409, "Peristiwa berikutnya dari tiket ini adalah "+event+". Lewatkan yang itu dahulu.")
		wantBytes(t, c.Post(t, at+event+"/skip", "").Want(t, 200), `{"success":true,"message":"The event will not be delivered"}`)
		wantMessage(t, c.Post(t, at+event+"/skip", ""), 409, "The event was skipped already")
		r.answerWith(204, "")
		if got := r.delivered(t, d, 2)[0]; !strings.Contains(got.body, "COMMENT_ADDED") {
			t.Errorf("after the skip came %s", got.body)
		}
		got := c.Get(t, list).Want(t, 200)
		if got.Text("deliveries.0.state") != "SKIPPED" || got.Text("deliveries.0.attempts.1.class") != "SKIPPED" || got.Text("deliveries.1.state") != "DELIVERED" {
			t.Errorf("after the skip: %s", got.Body)
		}
		wantMessage(t, c.Post(t, at+second+"/skip", ""), 409, "The event was delivered already")
		for n := range 2 { // each time it is told in the log
			c.Post(t, at+event+"/resend", "").Want(t, 200)
			if again := r.delivered(t, d, 1)[0]; again.header.Get("webhook-id") != event {
				t.Errorf("sent again was %s", again.header.Get("webhook-id"))
			}
			d.Clock.Advance(time.Second)
			if attempts := c.Get(t, list).Len("deliveries.0.attempts"); attempts != 3+n {
				t.Errorf("%d attempts are shown, want %d", attempts, 3+n)
			}
		}
	})
}

func TestAnEventOnItsWayCannotBeSkipped(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		_, event := claimed(t, c)
		d.Sequence(t)
		hold := make(chan struct{})
		r.mu.Lock()
		r.answer = func(http.ResponseWriter, *http.Request) { <-hold }
		r.mu.Unlock()
		d.Deliver(t, outbox.Waits{}, func() {
			defer close(hold)
			r.next(t, 1)
			wantMessage(t, c.Post(t, path+"/deliveries/"+event+"/skip", ""), 409, "The delivery is under way. Look again in a minute")
			if got := c.Get(t, path+"/deliveries").Want(t, 200); got.Text("deliveries.0.state") != "PENDING" || got.Text("deliveries.0.nextAttemptAt") != "null" {
				t.Errorf("on its way: %s", got.Body)
			}
			wantBytes(t, c.Post(t, path+"/deliveries/"+event+"/resend", "").Want(t, 200), `{"success":true,"tickets":0,"more":false,"message":"The event is being sent at this moment"}`)
		})
		if got := c.Get(t, path+"/deliveries"); got.Text("deliveries.0.state") != "DELIVERED" || got.Len("deliveries.0.attempts") != 1 {
			t.Errorf("afterwards: %s", got.Body)
		}
	})
}

func TestWhatAWebhookDoesNotWantIsNeitherShownNorSentAgain(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m, r := partner(t, d, "partner"), manager(t, d, "manager"), newReceiver(t)
		number, _ := claimed(t, c) // before it was registered
		d.Sequence(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`","echo":false,"events":["COMMENT_ADDED","TICKET_CREATED"]}`)
		comment(t, c, number)
		comment(t, m, number)
		m.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"IN_PROGRESS"}`).Want(t, 200)
		comment(t, c, number)
		comment(t, m, number)
		r.delivered(t, d, 2)
		want := strings.TrimSpace(strings.Repeat(number+":COMMENT_ADDED:DELIVERED ", 2))
		for _, query := range []string{"", "?ticketNumber=" + number} {
			if got := standings(t, c, path+"/deliveries"+query); got != want {
				t.Errorf("deliveries%s are %q, want %q", query, got, want)
			}
		}
		const none = "Nothing is sent again: the webhook wants none of these events, or they are still to be delivered"
		for _, asked := range [][3]string{{`{"from":"1","until":"6"}`, "1", "What was asked for will be sent again"}, {`{"from":"1","until":"6"}`, "0", none},
			{`{"from":"1","until":"2"}`, "0", none}, {`{"undelivered":true}`, "0", "Nothing is sent again: nothing failed or waits for its next attempt"}} {
			wantBytes(t, c.Post(t, path+"/resend", asked[0]).Want(t, 200), `{"success":true,"tickets":`+asked[1]+`,"more":false,"message":"`+asked[2]+`"}`)
		}
		wantFaults(t, c.Post(t, path+"/resend", `{"from":"7","until":"9"}`), map[string]string{"from": "From is beyond the end of the feed, which is at 6"})
		for _, got := range r.delivered(t, d, 2) {
			if !strings.Contains(got.body, `"COMMENT_ADDED"`) || !strings.Contains(got.body, `"isFromSupport":true`) {
				t.Errorf("sent again was %s", got.body)
			}
		}
		if n := len(r.got); n != 0 {
			t.Errorf("%d more were sent", n)
		}
		c.Patch(t, path, `{"echo":true}`).Want(t, 200) // now what happened before is wanted too
		wantMessage(t, c.Post(t, path+"/resend", `{"from":"1","until":"10000"}`), 200, "What was asked for will be sent again")
		if got := r.delivered(t, d, 5)[0]; !strings.Contains(got.body, `"TICKET_CREATED"`) {
			t.Errorf("from before it was registered: %s", got.body)
		}
	})
}

func TestAnEventThatIsSentAgainThoughItIsNotWantedIsListed(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`","echo":false,"events":["COMMENT_ADDED"]}`)
		number, event := claimed(t, c)
		comment(t, c, number) // the partner's own
		d.Sequence(t)
		lists := func(state string) {
			t.Helper()
			first, second := number+":TICKET_CREATED:"+state, number+":COMMENT_ADDED:"+state
			want := map[string]string{"": second + " " + first, "ticketNumber=" + number: first + " " + second, "state=PENDING": "", "state=FAILED": ""}
			if state == "PENDING" { // what failed waits for nobody and holds up nothing
				want["state=PENDING"] = first + " " + second
			}
			for query, want := range want {
				if got := standings(t, c, path+"/deliveries?"+query); got != want {
					t.Errorf("%s holds %q, want %q", query, got, want)
				}
			}
		}
		resend := func() {
			t.Helper()
			for _, seq := range []string{"1", "2"} {
				c.Post(t, path+"/deliveries/"+strings.TrimSuffix(event, "1")+seq+"/resend", "").Want(t, 200)
			}
		}
		resend()
		lists("PENDING")
		for cursor, n := "", 1; n <= 2; n++ { // they have one time and one ticket
			page := c.Get(t, path+"/deliveries?state=PENDING&limit=1&cursor="+cursor).Want(t, 200)
			if got, want := page.Text("deliveries.0.eventId"), strings.TrimSuffix(event, "1")+fmt.Sprint(n); got != want || page.Len("deliveries") != 1 {
				t.Errorf("page %d holds %s, want %s", n, got, want)
			}
			cursor = page.Text("cursor")
		}
		r.answerWith(400, "")
		r.delivered(t, d, 2)
		lists("FAILED")
		first := path + "/deliveries/" + event
		wantMessage(t, c.Post(t, first+"/skip", ""), 409, "The event is not tried any more and holds up nothing")
		d.Clock.Advance(time.Minute)
		resend()
		c.Post(t, first+"/skip", "").Want(t, 200)
		wantMessage(t, c.Post(t, first+"/skip", ""), 409, "The event was skipped already")
		d.Clock.Advance(time.Minute)
		resend()
		r.answerWith(204, "")
		r.delivered(t, d, 2)
		lists("DELIVERED")
		got := c.Get(t, path+"/deliveries?ticketNumber="+number).Want(t, 200)
		if classes := got.Text("deliveries.1.attempts.0.class") + " " + got.Text("deliveries.1.attempts.1.class"); classes != "REFUSED DELIVERED" || got.Len("deliveries.1.attempts") != 2 || got.Len("deliveries.0.attempts") != 3 {
			t.Errorf("its attempts are %s", got.Text("deliveries.1.attempts"))
		}
	})
}

func TestWhatIsAskedForOfADisabledWebhookIsHeld(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`","active":false}`)
		number, event := claimed(t, c)
		d.Sequence(t)
		const held = "The webhook is disabled: what is undelivered, and what was asked for, is held and sent when it is enabled"
		wantMessage(t, c.Post(t, path+"/deliveries/"+event+"/resend", ""), 200, held)
		wantMessage(t, c.Post(t, path+"/resend", `{"undelivered":true}`), 200, held)
		c.Patch(t, path, `{"active":true}`).Want(t, 200)
		r.delivered(t, d, 1)
		c.Patch(t, path, `{"active":false}`).Want(t, 200)
		wantMessage(t, c.Post(t, path+"/resend", `{"from":"1","until":"1"}`), 200, held)
		wantMessage(t, c.Post(t, path+"/deliveries/"+event+"/resend", ""), 200, held)
		if got := standings(t, c, path+"/deliveries"); got != number+":TICKET_CREATED:PENDING" {
			t.Errorf("held is %q", got)
		}
		c.Patch(t, path, `{"active":true}`).Want(t, 200)
		r.delivered(t, d, 2)
	})
}

func TestAnEventThatIsBeingSentAgainIsTriedAtOnceWhenItIsAskedForOnceMore(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		_, event := claimed(t, c)
		r.delivered(t, d, 1)
		resend := path + "/deliveries/" + event + "/resend"
		c.Post(t, resend, "").Want(t, 200)
		r.answerWith(500, "")
		d.Deliver(t, outbox.Waits{time.Hour}, func() { r.next(t, 1) }) // waits
		c.Post(t, resend, "").Want(t, 200)
		if got := c.Get(t, path+"/deliveries"); got.Text("deliveries.0.state") != "PENDING" || got.Text("deliveries.0.nextAttemptAt") != "2024-12-19T10:30:00Z" {
			t.Errorf("asked for once more: %s", got.Body)
		}
	})
}

func TestEverythingUndeliveredIsSentAtOnce(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		r.answerWith(500, "")
		claimed(t, c)
		r.delivered(t, d, 1) // given up
		claimed(t, c)
		d.Sequence(t)
		d.Deliver(t, outbox.Waits{time.Hour}, func() { r.next(t, 1) }) // waits
		wantBytes(t, c.Post(t, path+"/resend", `{"undelivered":true,"from":null}`).Want(t, 200), `{"success":true,"tickets":2,"more":false,"message":"What was asked for will be sent again"}`)
		r.answerWith(204, "")
		r.delivered(t, d, 2)
		if got := c.Get(t, path+"/deliveries?state=FAILED").Len("deliveries") + c.Get(t, path+"/deliveries?state=PENDING").Len("deliveries"); got != 0 {
			t.Errorf("%d are undelivered still", got)
		}
	})
}

func TestWhatToSendAgainIsSaidInOneWay(t *testing.T) {
	const oneWay, cursor = "Either undelivered, or both from and until, is required", " must be a cursor that this API gave out"
	cases := map[string]map[string]string{
		`{}`: {"undelivered": oneWay}, `{"undelivered":false}`: {"undelivered": oneWay}, `{"undelivered":true,"from":"1"}`: {"undelivered": oneWay},
		`{"undelivered":true,"from":"1","until":"2"}`: {"undelivered": oneWay}, `{"undelivered":"yes"}`: {"undelivered": "Undelivered must be true or false"},
		`{"from":"1"}`: {"until": "Until is required"}, `{"until":"1"}`: {"from": "From is required"},
		`{"from":"x","until":"0"}`:                                     {"from": "From" + cursor, "until": "Until" + cursor},
		`{"from":1,"until":["2"]}`:                                     {"from": "From must be a text", "until": "Until must be a text"},
		`{"from":"12","until":"10012"}`:                                {"until": "Until must be a whole number from 12 to 10011"},
		`{"from":"12","until":"11"}`:                                   {"until": "Until must be a whole number from 12 to 10011"},
		`{"from":"9223372036854775807","until":"9223372036854775807"}`: {"from": "From" + cursor, "until": "Until" + cursor},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, aWebhook)
		for body, want := range cases {
			wantFaults(t, c.Post(t, path+"/resend", body), want)
		}
		wantTexts(t, c.Post(t, path+"/resend", `{"undelivered":true,"x":1}`).Want(t, 200).Warnings(), map[string]string{"x": "Unknown field, ignored"})
		wantFaults(t, c.Post(t, path+"/resend", `{"from":"12","until":"10011"}`), map[string]string{"from": "From is beyond the end of the feed, which is at 0"})
		r := c.With("Accept-Language", "id").Post(t, path+"/resend", `{}`).Want(t, 400)
		wantTexts(t, r.Errors(), map[string]string{"undelivered": "Isi salah satu: undelivered, atau from dan until."})
	})
}

func TestAWebhookThatWasUnreachableIsTriedAtOnceWhenItIsAskedFor(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, r := partner(t, d, "partner"), newReceiver(t)
		path, _ := registered(t, c, `{"url":"`+r.URL+`"}`)
		_, event := claimed(t, c)
		at := d.Clock.Now().UnixMicro()
		for _, ask := range []string{"/resend", "/deliveries/" + event + "/resend"} {
			d.Exec(t, fmt.Sprintf(`UPDATE target SET opened_at = %d, probe_at = %d`, at, at+30_000_000))
			d.Sequence(t)
			c.Post(t, path+ask, map[bool]string{true: `{"undelivered":true}`}[ask == "/resend"]).Want(t, 200)
			if got := c.Get(t, path).Text("webhook.delivery.nextTryAt"); got != "2024-12-19T10:30:00Z" {
				t.Errorf("after %s it is tried at %s", ask, got)
			}
			r.delivered(t, d, 1)
			if got := c.Get(t, path).Text("webhook.delivery.state"); got != "WORKING" {
				t.Errorf("after a success it is %s", got)
			}
		}
	})
}
