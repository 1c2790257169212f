package api_test

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/web"
)

// names returns the events of a page of the feed, each with its ticket.
func names(r desktest.Response) []string {
	var all []string
	for i := range r.Len("events") {
		at := fmt.Sprintf("events.%d.", i)
		all = append(all, r.Text(at+"event")+" "+r.Text(at+"ticketNumber"))
	}
	return all
}

func TestEventsAreWordedAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := conversation(t, d)
		john := manager(t, d, "Johns second system")
		d.Clock.Advance(68 * time.Minute)
		c.Patch(t, "/tickets/10001", `{"action":"ADD_COMMENT","comment":"It works"}`).Want(t, 200)
		john.Patch(t, "/tickets/10001", change(desk.Resolved)).Want(t, 200)
		john.Patch(t, "/tickets/10001", change(desk.Closed)).Want(t, 200)
		john.Patch(t, "/tickets/10001", `{"action":"SET_PRIORITY","priority":"LOW"}`).Want(t, 200)
		c.Patch(t, "/tickets/"+opened(t, c, "/claims", aClaim), change(desk.Cancelled)).Want(t, 200)
		d.Sequence(t)
		const head = `"ticketNumber":"10001","channelReferenceId":"wa_msg_123456","timestamp":`
		const claim = `"ticketNumber":"10002","channelReferenceId":null,"timestamp":"2024-12-19T15:30:00Z","data":`
		want := []string{
			`{"cursor":"1","id":"<id>-1","event":"TICKET_CREATED",` + head + `"2024-12-19T10:30:00Z","data":{"status":"OPEN","priority":"HIGH","serviceType":"TECHNICAL_SUPPORT","title":"Mobile Banking Login Issue"}}`,
			`{"cursor":"2","id":"<id>-3","event":"STATUS_CHANGED",` + head + `"2024-12-19T14:22:00Z","data":{"oldStatus":"OPEN","newStatus":"IN_PROGRESS","assignedTo":"John Tech"}}`,
			`{"cursor":"3","id":"<id>-4","event":"COMMENT_ADDED",` + head + `"2024-12-19T14:22:00Z","data":{"comment":{"id":"<id>","content":"We are investigating the login issue. Please try clearing app cache.","author":"John Tech","timestamp":"2024-12-19T14:22:00Z","isFromSupport":true}}}`,
			`{"cursor":"4","id":"<id>-5","event":"COMMENT_ADDED",` + head + `"2024-12-19T15:30:00Z","data":{"comment":{"id":"<id>","content":"[Via Omnichannel] It works","author":"Jane Smith","timestamp":"2024-12-19T15:30:00Z","isFromSupport":false}}}`,
			`{"cursor":"5","id":"<id>-6","event":"STATUS_CHANGED",` + head + `"2024-12-19T15:30:00Z","data":{"oldStatus":"IN_PROGRESS","newStatus":"RESOLVED","assignedTo":"John Tech"}}`,
			`{"cursor":"6","id":"<id>-7","event":"TICKET_RESOLVED",` + head + `"2024-12-19T15:30:00Z","data":{"oldStatus":"IN_PROGRESS","newStatus":"RESOLVED","assignedTo":"John Tech","resolvedAt":"2024-12-19T15:30:00Z"}}`,
			`{"cursor":"7","id":"<id>-8","event":"STATUS_CHANGED",` + head + `"2024-12-19T15:30:00Z","data":{"oldStatus":"RESOLVED","newStatus":"CLOSED","assignedTo":"John Tech"}}`,
			`{"cursor":"8","id":"<id>-9","event":"TICKET_CLOSED",` + head + `"2024-12-19T15:30:00Z","data":{"oldStatus":"RESOLVED","newStatus":"CLOSED","assignedTo":"John Tech","closedAt":"2024-12-19T15:30:00Z"}}`,
		}
		wantBytes(t, c.Get(t, "/events?limit=8").Want(t, 200), `{"success":true,"events":[`+strings.Join(want, ",")+`],"cursor":"8","more":true}`)
		wantBytes(t, c.Get(t, "/events?after=8").Want(t, 200), `{"success":true,"events":[{"cursor":"9","id":"<id>-1","event":"TICKET_CREATED",`+claim+`{"status":"OPEN","priority":"MEDIUM","serviceType":"CLAIM","title":"KLAIM - OMNI - QRIS"}},`+
			`{"cursor":"10","id":"<id>-2","event":"STATUS_CHANGED",`+claim+`{"oldStatus":"OPEN","newStatus":"CANCELLED","assignedTo":"Transaction Claims Support"}}],"cursor":"10","more":false}`)
	})
}

func TestTheFeedHasNoGapsAndNoRepetitions(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, stranger := partner(t, d, "partner"), partner(t, d, "stranger")
		wantBytes(t, c.Get(t, "/events").Want(t, 200), `{"success":true,"events":[],"cursor":"0","more":false}`)
		wantFaults(t, c.Get(t, "/events?after=1&limit=1"), map[string]string{"after": "After must be a cursor that this API gave out"})
		var own []string
		for i := range 7 {
			own = append(own, "TICKET_CREATED "+opened(t, c, "/tickets", aTicket))
			opened(t, stranger, "/tickets", aTicket)
			if i%2 == 0 {
				d.Sequence(t)
			}
		}
		if got := c.Get(t, "/events").Want(t, 200); got.Len("events") != 7 {
			t.Errorf("%d events, want 7", got.Len("events"))
		}
		for _, limit := range []int{1, 2, 3, 7, 500} {
			var got []string
			after, next := "0", 1
			for more := "true"; more == "true"; {
				r := c.Get(t, fmt.Sprintf("/events?limit=%d&after=%s", limit, after)).Want(t, 200)
				for i := range r.Len("events") {
					if cursor := r.Text(fmt.Sprintf("events.%d.cursor", i)); cursor != strconv.Itoa(next) {
						t.Errorf("pages of %d: cursor %s, want %d", limit, cursor, next)
					}
					next++
				}
				got, after, more = append(got, names(r)...), r.Text("cursor"), r.Text("more")
			}
			if len(got) != len(own) {
				t.Errorf("pages of %d: %v, want %v", limit, got, own)
			}
			for _, want := range own {
				if n := strings.Count(strings.Join(got, ","), want); n != 1 {
					t.Errorf("pages of %d hold %s %d times", limit, want, n)
				}
			}
		}
		wantBytes(t, c.Get(t, "/events?after=7").Want(t, 200), `{"success":true,"events":[],"cursor":"7","more":false}`)
		for _, beyond := range []string{"8", "9223372036854775807"} { // of another desk, or from before an older backup was restored
			wantFaults(t, c.Get(t, "/events?wait=30&after="+beyond), map[string]string{"after": "After must be a cursor that this API gave out"})
		}
		if got := manager(t, d, "manager").Get(t, "/events").Want(t, 200).Len("events"); got != 14 {
			t.Errorf("a key that manages sees %d events, want 14", got)
		}
	})
}

func TestAReaderThatWaitsIsWokenByWhatHappens(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		answered := make(chan desktest.Response, 1)
		failed := make(chan error, 1)
		go func() {
			r, err := c.Send("GET", "/events?wait=30", nil)
			answered <- r
			failed <- err
		}()
		for { // it may not wait yet: whatever is numbered before it looks, it sees at once
			d.Sequence(t)
			d.Numbered.Publish()
			select {
			case r := <-answered:
				if err := <-failed; err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(names(r.Want(t, 200)), ","); got != "TICKET_CREATED "+number {
					t.Errorf("woken for %s", got)
				}
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
}

func TestAReaderThatHasSomethingToReadDoesNotWait(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		opened(t, c, "/tickets", aTicket)
		d.Sequence(t)
		start := time.Now()
		c.Get(t, "/events?wait=30").Want(t, 200)
		wantBytes(t, c.Get(t, "/events?after=1&wait=0").Want(t, 200), `{"success":true,"events":[],"cursor":"1","more":false}`)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		r := c.Get(t, "/events?after=1&wait=1").Want(t, 200)
		if r.Len("events") != 0 || time.Since(start) < time.Second {
			t.Errorf("after %v: %s", time.Since(start), r.Body)
		}
	})
}

func TestAnEventOfAnUnreadableBodyFailsInside(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		opened(t, c, "/tickets", aTicket)
		d.Sequence(t)
		d.Exec(t, `UPDATE event SET body = ''`)
		wantMessage(t, c.Get(t, "/events"), 500, "Internal server error")
	})
}

func TestAReaderWhoseKeyEndsWhileItWaitsIsToldNothingMore(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, key := partner(t, d, "partner"), d.NewKey(t, "partner", desk.MayRead)
		reader := d.Client(key.Text)
		answered := make(chan desktest.Response, 1)
		failed := make(chan error, 1)
		go func() {
			r, err := reader.Send("GET", "/events?wait=30", nil)
			answered <- r
			failed <- err
		}()
		reader.Get(t, "/events").Want(t, 200) // the key is remembered
		if err := d.App.RevokeKey(t.Context(), desk.System(), key.Key.ID); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(2 * time.Second) // longer than a key is remembered
		opened(t, c, "/tickets", aTicket)
		for {
			d.Sequence(t)
			d.Numbered.Publish()
			select {
			case r := <-answered:
				if err := <-failed; err != nil {
					t.Fatal(err)
				}
				r.Want(t, 401)
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
}

func TestAReaderThatWaitsIsAnsweredWhenTheProgramStops(t *testing.T) {
	d := onDesk(t)
	stopping := make(chan struct{})
	door := web.New(web.Options{Log: slog.New(slog.DiscardHandler)})
	c := desktest.NewClient(serveAPI(t, api.Options{App: d.App, Door: door, Numbered: d.Numbered, Stopping: stopping}), keyOf(t, d, "partner", everything))
	start := time.Now()
	time.AfterFunc(10*time.Millisecond, func() { close(stopping) })
	wantBytes(t, c.Get(t, "/events?wait=30").Want(t, 200), `{"success":true,"events":[],"cursor":"0","more":false}`)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}
