package api_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// numbers returns the ticket numbers of a page.
func numbers(r desktest.Response) []string {
	var all []string
	for i := range r.Len("tickets") {
		all = append(all, r.Text(fmt.Sprintf("tickets.%d.ticketNumber", i)))
	}
	return all
}

func TestAnItemOfTheListTellsWhereTheTicketStands(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := conversation(t, d)
		r := c.Get(t, "/tickets/list").Want(t, 200)
		want := `{"success":true,"tickets":[{"ticketNumber":"10001","ticketId":"<id>","status":"IN_PROGRESS","priority":"HIGH","title":"Mobile Banking Login Issue","channelReferenceId":"wa_msg_123456",` +
			`"createdAt":"2024-12-19T10:30:00Z","updatedAt":"2024-12-19T14:22:00Z","resolvedAt":null,"closedAt":null,"currentAssignee":"John Tech",` +
			`"sla":{"responseDeadline":"2024-12-19T16:30:00Z","resolutionDeadline":"2024-12-20T10:30:00Z","isBreached":false}}],"cursor":"` + r.Text("cursor") + `","more":false}`
		wantBytes(t, r, want)
		wantBytes(t, partner(t, d, "somebody else").Get(t, "/tickets/list").Want(t, 200), `{"success":true,"tickets":[],"cursor":null,"more":false}`)
	})
}

func TestPagesOfTheListHoldEveryTicketOnceInTheOrderOfChange(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		var want []string
		for i := range 7 {
			if i%3 == 0 { // some share their time of change
				d.Clock.Advance(time.Minute)
			}
			want = append(want, opened(t, c, "/tickets", aTicket))
		}
		d.Clock.Advance(time.Minute)
		changed := want[2]
		c.Patch(t, "/tickets/"+changed, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 200)
		all := numbers(c.Get(t, "/tickets/list").Want(t, 200))
		if sorted := slices.Sorted(slices.Values(all)); !slices.Equal(sorted, want) || all[6] != changed || all[5] != want[6] {
			t.Fatalf("the list is %v, want %v in the order of change, %s last", all, want, changed)
		}
		for _, limit := range []int{1, 2, 3, 7, 200} {
			var got []string
			cursor, more := "", "true"
			for more == "true" {
				r := c.Get(t, fmt.Sprintf("/tickets/list?limit=%d&cursor=%s", limit, url.QueryEscape(cursor))).Want(t, 200)
				if n := r.Len("tickets"); n > limit || r.Text("more") == "true" && n < limit {
					t.Fatalf("a page of %d has %d tickets: %s", limit, n, r.Body)
				}
				got, cursor, more = append(got, numbers(r)...), r.Text("cursor"), r.Text("more")
			}
			if !slices.Equal(got, all) {
				t.Errorf("pages of %d give %v, the list %v", limit, got, all)
			}
			if r := c.Get(t, "/tickets/list?cursor="+cursor).Want(t, 200); r.Len("tickets") != 0 || r.Text("cursor") != cursor {
				t.Errorf("behind the last page: %s", r.Body)
			}
		}
		last := c.Get(t, "/tickets/list").Text("cursor")
		d.Clock.Advance(time.Minute)
		c.Patch(t, "/tickets/"+want[0], `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 200)
		if got := numbers(c.Get(t, "/tickets/list?cursor="+last)); !slices.Equal(got, want[:1]) {
			t.Errorf("after a change the end of the list goes on with %v, want %v", got, want[:1])
		}
	})
}

func TestTheListIsFilteredByStatusAndTime(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		byStatus := map[desk.Status]string{}
		for _, status := range desk.Statuses {
			d.Clock.Advance(time.Hour)
			number := opened(t, c, "/tickets", aTicket)
			byStatus[status] = number
			steps := []desk.Status{status}
			switch status {
			case desk.Open:
				steps = nil
			case desk.Closed:
				steps = []desk.Status{desk.Resolved, desk.Closed}
			}
			for _, step := range steps {
				agent.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"`+string(step)+`"}`).Want(t, 200)
			}
		}
		list := func(query string) string {
			return strings.Join(numbers(c.Get(t, "/tickets/list?"+query).Want(t, 200)), ",")
		}
		for status, number := range byStatus {
			if got := list("status=" + string(status)); got != number {
				t.Errorf("%s: %s, want %s", status, got, number)
			}
		}
		both := byStatus[desk.Open] + "," + byStatus[desk.Pending]
		for query, want := range map[string]string{
			"status=OPEN,PENDING": both, "status=PENDING,OPEN,OPEN": both, "status=OPEN&limit=1": byStatus[desk.Open],
			"updatedSince=2024-12-19T17:30:00Z": byStatus[desk.Pending], "updatedSince=2024-12-19T17:30:01Z": "", "updatedSince=2024-12-20": byStatus[desk.Cancelled] + "," + byStatus[desk.Pending], "updatedSince=2024-12-21": "",
			"updatedSince=2024-12-20T01:30:00%2B08:00": byStatus[desk.Pending], "updatedSince=2024-12-20T01:30": byStatus[desk.Pending],
			"updatedSince=2024-12-19T17:30:00Z&status=OPEN": "", "updatedSince=2024-12-20T01:30:00+08:00&status=OPEN": "", "status=&updatedSince=&cursor=&limit=": list(""),
		} {
			if got := list(query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		first := c.Get(t, "/tickets/list?limit=1&updatedSince=2024-12-19T12:30:00Z").Want(t, 200)
		if rest := list("updatedSince=2024-12-19T12:30:00Z&cursor=" + first.Text("cursor")); rest != strings.Join(numbers(c.Get(t, "/tickets/list"))[2:], ",") {
			t.Errorf("with a time and a cursor: %s", rest)
		}
	})
}

func TestParametersOfListsAreChecked(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		const cursorText, limit, status = "Cursor must be a cursor that this API gave out", "Limit must be a whole number from 1 to 200",
			"Invalid status. Must be one of: OPEN, IN_PROGRESS, RESOLVED, CLOSED, ON_HOLD, CANCELLED, PENDING"
		for query, want := range map[string]map[string]string{
			"limit=0": {"limit": limit}, "limit=201": {"limit": limit}, "limit=-1": {"limit": limit}, "limit=1.5": {"limit": limit}, "limit=ten": {"limit": limit}, "limit=99999999999999999999": {"limit": limit},
			"status=open": {"status": status}, "status=OPEN,DONE": {"status": status}, "status=OPEN,": {"status": "Status is required"}, "status=OPEN,%20PENDING": {"status": status}, "updatedSince=yesterday": {"updatedSince": "Updated since must be an ISO 8601 date or date-time"},
			"cursor=1": {"cursor": cursorText}, "cursor=%00": {"cursor": cursorText}, "cursor=" + cursor("1,\x00"): {"cursor": cursorText}, "cursor=" + cursor("1,\xff"): {"cursor": cursorText},
			"cursor=" + cursor("x,1"): {"cursor": cursorText}, "cursor=" + cursor("-5,1"): {"cursor": cursorText}, "cursor=" + cursor("1"): {"cursor": cursorText},
			"after=1&limit=1": {"after": "Unknown parameter after. Known: status, updatedSince, cursor, limit"}, "cursor=%zz": {"query": "The query cannot be read: write % as %25, & as %26 and ; as %3B"},
			"cursor=x&limit=x&status=x": {"cursor": cursorText, "limit": limit, "status": status},
		} {
			wantFaults(t, c.Get(t, "/tickets/list?"+query), want)
		}
		const after = "After must be a cursor that this API gave out"
		for query, want := range map[string]map[string]string{
			"after=x": {"after": after}, "after=-1": {"after": after}, "after=1.0": {"after": after}, "after=99999999999999999999": {"after": after},
			"limit=0": {"limit": "Limit must be a whole number from 1 to 500"}, "limit=501": {"limit": "Limit must be a whole number from 1 to 500"},
			"wait=-1": {"wait": "Wait must be a whole number from 0 to 30"}, "wait=31": {"wait": "Wait must be a whole number from 0 to 30"},
		} {
			wantFaults(t, c.Get(t, "/events?"+query), want)
		}
	})
}

func TestAParameterThatIsGivenTwiceIsRefused(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path, _ := registered(t, c, aWebhook)
		for place, names := range map[string][]string{"/events": {"after", "limit", "wait"}, "/tickets/list": {"updatedSince", "cursor", "limit"}, "/tickets": {"ticketNumber", "channelReferenceId"},
			"/webhooks": {"cursor", "limit"}, path + "/deliveries": {"state", "ticketNumber", "cursor", "limit"}} {
			for _, name := range names {
				given := "1"
				if name == "state" {
					given = "PENDING"
				}
				want := map[string]string{name: desk.ParameterRepeated.In(desk.English, name)}
				if !strings.HasSuffix(want[name], " is given more than once") {
					t.Errorf("the message is %s", want[name])
				}
				wantFaults(t, c.Get(t, place+"?"+name+"="+given+"&"+name+"="+given), want)
				if name != "ticketNumber" && name != "channelReferenceId" { // of which an empty one alone is no reference
					wantFaults(t, c.Get(t, place+"?"+name+"=&"+name+"="+given), want)
				}
			}
		}
		wantFaults(t, c.With("Accept", "text/event-stream").Get(t, "/events?after=0&after=1"), map[string]string{"after": "Parameter after is given more than once"})
		wantTexts(t, c.With("Accept-Language", "id").Get(t, "/events?limit=1&limit=2").Want(t, 400).Errors(), map[string]string{"limit": "Parameter limit diberikan lebih dari satu kali."})
		c.Get(t, "/tickets/list?status=OPEN&status=PENDING").Want(t, 200)
	})
}

func TestEveryGetRefusesParametersThatItDoesNotKnow(t *testing.T) {
	known := map[string]string{"getTicketStatus": "Known: ticketNumber, channelReferenceId", "listTickets": "Known: status, updatedSince, cursor, limit", "listEvents": "Known: after, limit, wait",
		"listWebhooks": "Known: cursor, limit", "listConnectorTickets": "Known: state, route, cursor, limit", "listDeliveries": "Known: state, ticketNumber, cursor, limit"}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := d.Client(keyOf(t, d, "partner", "*"))
		number := opened(t, c, "/claims", withID(t, set(t, aClaim, "attachments", "null"), "first"))
		for _, asked := range requests(map[string]string{"ticketNumber": number, "attachmentId": "none", "requestId": "first"}) {
			if asked.method != "GET" {
				continue
			}
			path, mark := asked.path, "?"
			if strings.Contains(path, "?") {
				mark = "&"
			}
			reason := known[asked.route.Operation]
			if reason == "" {
				reason = "There are none here"
			}
			wantFaults(t, c.Get(t, path+mark+"pageSize=5&4111%201111%201111%201111&%ff=1"), map[string]string{
				"pageSize": "Unknown parameter pageSize. " + reason, "****1111": "Unknown parameter ****1111. " + reason, "\ufffd": "Unknown parameter \ufffd. " + reason})
			wantFaults(t, c.Get(t, path+mark+"a;b"), map[string]string{"query": "The query cannot be read: write % as %25, & as %26 and ; as %3B"})
			c.Do(t, "HEAD", path+mark+"x", "").Want(t, 400)
			if want := c.Get(t, path).Status; c.Get(t, path+mark).Status != want {
				t.Errorf("%s%s is not answered with %d", path, mark, want)
			}
			if asked.route.Permission != publicPermission {
				d.Client("").Get(t, path+mark+"x=1").Want(t, 401)
			}
		}
		wantMessage(t, c.Get(t, "/tickets?number="+number), 400, "Either ticketNumber or channelReferenceId is required")
	})
}

const johnsTicket = `{"channel":"PHONE","serviceType":"INQUIRY","customer":{"name":"John","email":"John.Doe@Example.com","phone":"+62 812-3456-789","identifier":"cif 0042"},` +
	`"ticket":{"description":"x","metadata":{"nomorRekening":"123-456-7890","more":[{"nomorRekening":"99887766"}]}}}`

func TestTicketsAreFoundByTheirCustomer(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		john := opened(t, c, "/tickets", johnsTicket)
		d.Clock.Advance(time.Second)
		claim := opened(t, c, "/claims", set(t, aClaim, "nomorRekening", `"1234567890"`))
		opened(t, c, "/tickets", aTicket)
		opened(t, partner(t, d, "stranger"), "/tickets", johnsTicket)
		for body, want := range map[string]string{
			`{"email":"john.doe@example.com"}`: john, `{"email":" JOHN.DOE@EXAMPLE.COM "}`: john, `{"phone":"08123456789"}`: john, `{"phone":"0062-812 3456 789"}`: john,
			`{"identifier":"CIF 0042"}`: john, `{"nomorRekening":"1234567890"}`: claim + "," + john, `{"nomorRekening":"9988-7766"}`: john,
			`{"email":"john.doe@example.com","nomorRekening":"1234567890"}`: john, `{"email":"john.doe@example.com","phone":"0800000000"}`: "",
			`{"identifier":"CIF"}`: "", `{"email":"john.doe@example.com","phone":null,"cursor":""}`: john,
		} {
			if got := strings.Join(numbers(c.Post(t, "/tickets/search", body).Want(t, 200)), ","); got != want {
				t.Errorf("%s finds %s, want %s", body, got, want)
			}
		}
		if got := manager(t, d, "manager").Post(t, "/tickets/search", `{"phone":"08123456789"}`).Want(t, 200).Len("tickets"); got != 2 {
			t.Errorf("a key that manages finds %d tickets, want 2", got)
		}
		nothing := map[string]string{"identifier": "One of email, phone, identifier and nomorRekening is required"}
		for _, body := range []string{`{}`, `{"email":""}`, `{"email":null,"cursor":null}`} {
			wantFaults(t, c.Post(t, "/tickets/search", body), nothing)
		}
		wantFaults(t, c.Post(t, "/tickets/search", `{"email":"john","phone":"-","cursor":"x"}`), map[string]string{
			"email": "Email must be a valid email address", "phone": "Phone must be a valid phone number", "cursor": "Cursor must be a cursor that this API gave out"})
		wantFaults(t, c.Post(t, "/tickets/search", `{"email":5,"nomorRekening":{},"cursor":1}`), map[string]string{
			"email": "Email must be a text", "nomorRekening": "Nomor rekening must be a text", "cursor": "Cursor must be a text"})
	})
}

func TestASearchGoesOnInPages(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		var want []string
		for range 53 {
			d.Clock.Advance(time.Second)
			want = append(want, opened(t, c, "/tickets", set(t, aTicket, "customer.email", `"a@example.com"`)))
		}
		slices.Reverse(want)
		first := c.Post(t, "/tickets/search", `{"email":"a@example.com"}`).Want(t, 200)
		if !slices.Equal(numbers(first), want[:50]) || first.Text("more") != "true" {
			t.Errorf("the first page is %v, more %s", numbers(first), first.Text("more"))
		}
		second := c.Post(t, "/tickets/search", `{"email":"a@example.com","cursor":"`+first.Text("cursor")+`"}`).Want(t, 200)
		if !slices.Equal(numbers(second), want[50:]) || second.Text("more") != "false" {
			t.Errorf("the second page is %v, more %s", numbers(second), second.Text("more"))
		}
	})
}
