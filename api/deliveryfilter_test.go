package api_test

import (
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// ofStatus makes a webhook that wants to know of status changes only, of a ticket that was changed and commented. It has
// got the change, and the comment was not owed to it.
func ofStatus(t *testing.T, d *desktest.Desk) (c, m *desktest.Client, r *receiver, path, number string) {
	t.Helper()
	c, m, r = partner(t, d, "partner"), manager(t, d, "manager"), newReceiver(t)
	path, _ = registered(t, c, `{"url":"`+r.URL+`","events":["STATUS_CHANGED"]}`)
	number, _ = claimed(t, c)
	status(t, m, number, "IN_PROGRESS")
	comment(t, c, number)
	if got := r.delivered(t, d, 1)[0]; !strings.Contains(got.body, `"STATUS_CHANGED"`) {
		t.Fatalf("delivered was %s", got.body)
	}
	return c, m, r, path, number
}

// status gives a ticket a status.
func status(t *testing.T, c *desktest.Client, number, status string) {
	t.Helper()
	c.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"`+status+`"}`).Want(t, 200)
}

// wantDeliveries fails the test unless the deliveries of a ticket are `event:state` in both lists, the oldest first.
func wantDeliveries(t *testing.T, c *desktest.Client, path, number string, want ...string) {
	t.Helper()
	var older, newer []string
	for _, w := range want {
		older, newer = append(older, number+":"+w), append([]string{number + ":" + w}, newer...)
	}
	if got := standings(t, c, path+"/deliveries?ticketNumber="+number); got != strings.Join(older, " ") {
		t.Errorf("deliveries of the ticket are %q, want %q", got, older)
	}
	if got := standings(t, c, path+"/deliveries"); got != strings.Join(newer, " ") {
		t.Errorf("deliveries are %q, want %q", got, newer)
	}
}

func TestWhatWasNotWantedWhenItHappenedIsNotSentLater(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m, r, path, number := ofStatus(t, d)
		c.Patch(t, path, `{"events":[]}`).Want(t, 200)
		wantDeliveries(t, c, path, number, "STATUS_CHANGED:DELIVERED")
		status(t, m, number, "ON_HOLD")
		comment(t, c, number)
		got := r.delivered(t, d, 2)
		if !strings.Contains(got[0].body, `"STATUS_CHANGED"`) || !strings.Contains(got[1].body, `"COMMENT_ADDED"`) {
			t.Errorf("delivered was %s and then %s", got[0].body, got[1].body)
		}
		wantDeliveries(t, c, path, number, "STATUS_CHANGED:DELIVERED", "STATUS_CHANGED:DELIVERED", "COMMENT_ADDED:DELIVERED")
	})
}

func TestWhatWasNeverSentIsNotShownAsDelivered(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m, r, path, number := ofStatus(t, d)
		status(t, m, number, "ON_HOLD")
		r.delivered(t, d, 1)
		c.Patch(t, path, `{"events":[]}`).Want(t, 200)
		wantDeliveries(t, c, path, number, "STATUS_CHANGED:DELIVERED", "STATUS_CHANGED:DELIVERED")
		d.Clock.Advance(91 * 24 * time.Hour) // so that the log does not tell any more what was sent
		if _, err := d.App.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantDeliveries(t, c, path, number, "STATUS_CHANGED:DELIVERED", "COMMENT_ADDED:DELIVERED", "STATUS_CHANGED:DELIVERED")
	})
}

func TestWhatAWebhookDoesNotWantIsSentWhenItIsAskedForThoughAnotherEventWaits(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m := partner(t, d, "partner"), manager(t, d, "manager")
		for _, wish := range []string{`"events":["STATUS_CHANGED"]`, `"echo":false`} {
			for _, more := range []bool{false, true} { // behind what is asked for
				r := newReceiver(t)
				path, _ := registered(t, c, `{"url":"`+r.URL+`",`+wish+`}`)
				number, event := claimed(t, c)
				status(t, m, number, "IN_PROGRESS")
				comment(t, c, number)
				if more {
					status(t, m, number, "ON_HOLD")
				}
				r.answerWith(500, "")
				r.delivered(t, d, 1) // is given up
				asked := strings.TrimSuffix(event, "1") + "3"
				c.Post(t, path+"/deliveries/"+asked+"/resend", "").Want(t, 200)
				r.answerWith(204, "")
				if got := r.delivered(t, d, 1)[0].header.Get("webhook-id"); got != asked {
					t.Errorf("with %s, more %v: %s was sent, want %s", wish, more, got, asked)
				}
				if got := standings(t, c, path+"/deliveries?state=FAILED"); !strings.HasPrefix(got, number+":STATUS_CHANGED:FAILED") {
					t.Errorf("with %s, more %v: what failed is %q", wish, more, got)
				}
				c.Do(t, "DELETE", path, "").Want(t, 200)
			}
		}
	})
}

func TestARangeIsSentAgainWithWhatIsWantedSinceThen(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, _, r, path, number := ofStatus(t, d)
		c.Patch(t, path, `{"events":["COMMENT_ADDED"]}`).Want(t, 200)
		c.Post(t, path+"/resend", `{"from":"1","until":"9"}`).Want(t, 200)
		if got := r.delivered(t, d, 1)[0]; !strings.Contains(got.body, `"COMMENT_ADDED"`) {
			t.Errorf("of ticket %s was sent again %s", number, got.body)
		}
	})
}

func TestWhatFailedAndIsNotWantedAnyMoreHoldsNothingBack(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, m := partner(t, d, "partner"), manager(t, d, "manager")
		for wish, commented := range map[string]bool{`{"events":["TICKET_CREATED","COMMENT_ADDED"]}`: true, `{"events":["TICKET_CREATED"]}`: false} {
			r := newReceiver(t)
			path, _ := registered(t, c, `{"url":"`+r.URL+`","events":["STATUS_CHANGED","COMMENT_ADDED"]}`)
			number, _ := claimed(t, c)
			status(t, m, number, "IN_PROGRESS")
			comment(t, m, number)
			r.answerWith(500, "")
			r.delivered(t, d, 1) // is given up
			if got := c.Get(t, path).Text("webhook.delivery.failed"); got != "1" {
				t.Fatalf("%s tickets failed, want 1", got)
			}
			c.Patch(t, path, wish).Want(t, 200)
			r.answerWith(204, "")
			claimed(t, c)
			want := []string{"TICKET_CREATED"}
			if commented {
				want = append(want, "COMMENT_ADDED")
			}
			all := ""
			for _, got := range r.delivered(t, d, len(want)) {
				all += got.body
			}
			for _, event := range want {
				if !strings.Contains(all, event) {
					t.Errorf("with %s %s did not come", wish, event)
				}
			}
			state := c.Get(t, path).Want(t, 200)
			if state.Text("webhook.delivery.failed") != "0" || state.Text("webhook.delivery.waiting") != "0" {
				t.Errorf("with %s: %s", wish, state.Body)
			}
			c.Do(t, "DELETE", path, "").Want(t, 200)
		}
	})
}
