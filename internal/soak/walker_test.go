package soak_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	nouns "banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/docs"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// inside are words that no answer may have: they come from the inside of the program.
var inside = regexp.MustCompile(`(?i)sql|goroutine|panic|pq:|runtime error|\.go:\d|/tmp/|/usr/|no rows|constraint`)

// madeUp is what the program makes up at random: it may hold any word.
var madeUp = regexp.MustCompile(`"requestId":"[^"]*"`)

// operation is an operation of the document.
type operation struct {
	method, path string
	*openapi3.Operation
}

// walker walks at random through the API. It remembers what was acknowledged.
type walker struct {
	desk       *desktest.Desk
	operations []operation
	clients    []*desktest.Client // the first two with keys that may do everything, the others with all kinds of keys and none
	memory     *memory

	mu       sync.Mutex
	tickets  map[string]bool // by number
	comments map[string]int  // of a ticket
	statuses map[int]int
}

// TestARandomWalkFindsNoFaultOfTheAPI sends requests that are made from openapi.yaml, good ones and spoiled ones, of
// several keys at once. Whatever comes, the answer is a documented one, none is a failure inside, and what was
// acknowledged is there in the end. A walk is known by its seed.
func TestARandomWalkFindsNoFaultOfTheAPI(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		const workers, small = 4, 1500
		seed, steps := uint64(20241219), size(small, 100_000)
		if steps > small {
			seed = rand.Uint64()
		}
		t.Logf("seed %d, %d requests", seed, steps)
		w := newWalker(t, desktest.NewDesk(t, e))
		stop, sequenced := make(chan struct{}), make(chan error, 1)
		go func() { sequenced <- w.sequence(stop) }()
		failed := make(chan error, workers)
		for i := range workers {
			go func() { failed <- w.walk(seed+uint64(i), steps/workers) }()
		}
		for range workers {
			if err := <-failed; err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
		close(stop)
		if err := <-sequenced; err != nil {
			t.Error(err)
		}
		w.checkModel(t)
		w.checkCoverage(t, steps > small)
	})
}

func newWalker(t *testing.T, d *desktest.Desk) *walker {
	t.Helper()
	text, err := docs.DocumentJSON(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	w := &walker{desk: d, memory: &memory{kinds: map[string][]string{}}, tickets: map[string]bool{}, comments: map[string]int{}, statuses: map[int]int{}}
	for _, path := range document.Paths.InMatchingOrder() {
		for method, o := range document.Paths.Value(path).Operations() {
			w.operations = append(w.operations, operation{method, path, o})
		}
	}
	slices.SortFunc(w.operations, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	keys := []string{d.NewKey(t, "a", "omnichannel:*").Text, d.NewKey(t, "b", "omnichannel:*").Text, d.NewKey(t, "reader", nouns.MayRead).Text,
		d.NewKey(t, "creator", nouns.MayCreate).Text, d.NewKey(t, "manager", nouns.MayManage).Text}
	slow, err := d.App.CreateKey(t.Context(), nouns.Actor{Kind: nouns.ByCommand, ID: "test", Name: "test"}, app.NewKey{Name: "slow", Permissions: nouns.Permissions{"omnichannel:*"}, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range append(keys, slow.Text, "", "bsg_nonsense", "\xff") {
		w.clients = append(w.clients, d.Client(key))
	}
	return w
}

// sequence numbers events until it is told to stop.
func (w *walker) sequence(stop chan struct{}) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.desk.Store.Sequence(context.Background(), w.desk.App.Seal); err != nil {
			return err
		}
		w.desk.Numbered.Publish()
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
	}
}

// walk sends requests and judges the answers.
func (w *walker) walk(seed uint64, steps int) error {
	m := &maker{rand.New(rand.NewPCG(seed, 0)), w.memory}
	for i := range steps {
		op := w.operations[m.IntN(len(w.operations))]
		path, body, headers := w.request(m, op)
		c := w.clients[m.IntN(len(w.clients))]
		if m.IntN(3) > 0 {
			c = w.clients[m.IntN(2)]
		}
		for name, value := range headers {
			c = c.With(name, value)
		}
		r, err := c.Send(op.method, path, body)
		if err == nil {
			err = w.judge(op, path, body, r)
		}
		if err != nil {
			return fmt.Errorf("worker of seed %d, step %d: %s %s %v: %w\n%.1000s", seed, i, op.method, path, headers, err, body)
		}
	}
	return nil
}

// request makes a request of an operation.
func (w *walker) request(m *maker, op operation) (path string, body []byte, headers map[string]string) {
	path, headers = op.path, map[string]string{}
	if known := w.memory.any(m.Rand, "delivery"); known != "" && m.IntN(6) > 0 { // a webhook and an event that belong together
		path = strings.Replace(path, "{webhookId}/deliveries/{eventId}", known, 1)
	}
	for _, name := range []string{"ticketNumber", "attachmentId", "requestId", "webhookId", "eventId"} {
		value := w.memory.any(m.Rand, name)
		if value == "" || m.IntN(6) == 0 {
			value = m.oneOf("404", "x", strings.Repeat("9", 400), "a/b", "%", "\x00", "\xff", "🎫", "-1", "01", "..", " ", "' OR 1=1")
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	path += w.query(m, op)
	if op.RequestBody != nil {
		text := m.value("", op.RequestBody.Value.Content.Get("application/json").Schema, 0)
		if op.OperationID == "updateTicket" && m.IntN(2) == 0 {
			text = m.oneOf(updates...)
		}
		if m.IntN(2) == 0 {
			text = m.spoil(text)
		}
		body = []byte(text)
	}
	for _, p := range op.Parameters {
		if p.Value.In == "header" && m.IntN(4) == 0 {
			headers[p.Value.Name] = w.header(m, p.Value.Name)
		}
	}
	if m.IntN(30) == 0 {
		headers["Content-Type"] = m.oneOf("text/plain", "application/json; charset=latin1", "application/x-www-form-urlencoded")
	}
	if strings.HasPrefix(headers["Content-Encoding"], "gzip") && m.IntN(2) == 0 {
		body = zipped(body)
	}
	return path, body, headers
}

// updates are bodies that some ticket takes from some key: the schema alone does not say what goes with an action.
var updates = []string{
	`{"action":"ADD_COMMENT","comment":"halo"}`, `{"action":"ADD_COMMENT","comment":"halo","internal":true}`, `{"action":"UPDATE_STATUS","status":"PENDING"}`,
	`{"action":"UPDATE_STATUS","status":"IN_PROGRESS"}`, `{"action":"UPDATE_STATUS","status":"RESOLVED"}`, `{"action":"UPDATE_STATUS","status":"ON_HOLD"}`,
	`{"action":"SET_PRIORITY","priority":"HIGH"}`, `{"action":"ADD_ATTACHMENT","attachments":[{"filename":"a.txt","mimeType":"text/plain","content":"YQ=="}]}`,
}

func zipped(b []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(b) // into memory
	_ = z.Close()
	return packed.Bytes()
}

func (w *walker) query(m *maker, op operation) string {
	var pairs []string
	for _, p := range op.Parameters {
		if p.Value.In != "query" || m.IntN(3) == 0 {
			continue
		}
		value := m.oneOf("", "1", "OPEN", "2024-12-19", "x", "-1", "0", "99999999999999999999", "%00", "%ff", "%", ";", "+", "a%26b", w.memory.any(m.Rand, "channelReferenceId"))
		switch p.Value.Name {
		case "wait":
			value = m.oneOf("0", "0", "31", "x")
		case "ticketNumber", "after", "cursor":
			if m.IntN(3) > 0 {
				value = url.QueryEscape(w.memory.any(m.Rand, p.Value.Name))
			}
		case "limit":
			value = m.oneOf("1", "2", "50", value)
		}
		pairs = append(pairs, p.Value.Name+"="+value)
	}
	if m.IntN(20) == 0 {
		pairs = append(pairs, m.oneOf("unknown=1", "%zz", "a;b=c", "=", "&&"))
	}
	if len(pairs) == 0 {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

func (w *walker) header(m *maker, name string) string {
	switch name {
	case "If-None-Match", "If-Match":
		return m.oneOf("*", `"x"`, `W/"1-x"`, `W/"`, `,,"a,b"`, w.memory.any(m.Rand, "tag"), w.memory.any(m.Rand, "tag"))
	case "Idempotency-Key":
		key := m.oneOf(w.memory.any(m.Rand, "requestId"), `"quoted"`, strings.Repeat("k", 129), "4111111111111111", "\xff", "key-"+strconv.Itoa(m.IntN(200)))
		w.memory.keep("requestId", key)
		return key
	case "Content-Encoding":
		return m.oneOf("gzip", "gzip", "br", "identity", "gzip, gzip")
	case "Accept-Language":
		return m.oneOf("id", "en", "id;q=0.5, en;q=0.1", "*", ";;q=x", strings.Repeat("id,", 500))
	}
	return m.oneOf("abc-1", strings.Repeat("r", 300), "4111111111111111", "é")
}

// judge checks an answer beyond what the contract says, and remembers what it gave.
func (w *walker) judge(op operation, path string, body []byte, r desktest.Response) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses[r.Status]++
	switch {
	case r.Status >= 500:
		return fmt.Errorf("a failure inside: %d %s", r.Status, r.Body)
	case r.Status >= 400 && inside.Match(madeUp.ReplaceAll(r.Body, nil)):
		return fmt.Errorf("internal words: %s", r.Body)
	case r.Status >= 400 && (r.Text("success") != "false" || r.Text("message") == "" || r.Text("requestId") == ""):
		return fmt.Errorf("not the form of every error: %s", r.Body)
	}
	for kind, value := range map[string]string{"ticketNumber": r.Text("ticketNumber"), "cursor": r.Text("cursor"), "after": r.Text("cursor"), "tag": r.Header.Get("ETag"), "attachmentId": r.Text("attachments.0.id")} {
		w.memory.keep(kind, value)
	}
	w.keepWebhooks(op, path, r)
	return w.note(op.OperationID, body, r)
}

// keepWebhooks remembers webhooks, and which delivery is of which.
func (w *walker) keepWebhooks(op operation, path string, r desktest.Response) {
	w.memory.keep("webhookId", r.Text("webhook.id"))
	for i := range r.Len("webhooks") {
		w.memory.keep("webhookId", r.Text(fmt.Sprintf("webhooks.%d.id", i)))
	}
	if event := r.Text("deliveries.0.eventId"); op.OperationID == "listDeliveries" && event != "" {
		id, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/omnichannel/webhooks/"), "/")
		w.memory.keep("delivery", id+"/deliveries/"+event)
		w.memory.keep("eventId", event)
	}
}

// internally is what a comment says that is not for the partner's eyes.
var internally = regexp.MustCompile(`"internal"\s*:\s*true`)

// note remembers what an answer acknowledged.
func (w *walker) note(operation string, body []byte, r desktest.Response) error {
	number := r.Text("ticketNumber")
	replayed := r.Header.Get("Idempotent-Replayed") != ""
	switch {
	case (operation == "createClaim" || operation == "createTicket") && r.Status == http.StatusCreated:
		if w.tickets[number] && !replayed {
			return fmt.Errorf("the number %s was given twice", number)
		}
		w.tickets[number] = true
	case operation == "updateTicket" && r.Status == http.StatusOK && r.Text("action") == "ADD_COMMENT" && !replayed && !internally.Match(body):
		w.comments[number]++
	}
	return nil
}

// checkModel reads everything back: what was acknowledged is there, and statuses went by allowed steps only.
func (w *walker) checkModel(t *testing.T) {
	t.Helper()
	w.desk.Sequence(t)
	c := w.desk.Client(w.desk.NewKey(t, "judge", nouns.MayManage).Text)
	status, comments := w.replay(t, c)
	for number := range w.tickets {
		shown := c.Get(t, "/tickets/"+number).Want(t, http.StatusOK)
		if got := shown.Text("status"); got != status[number] {
			t.Errorf("ticket %s is %s, and by its events %s", number, got, status[number])
		}
		if got := shown.Len("comments"); got < w.comments[number] || got < comments[number] {
			t.Errorf("ticket %s shows %d comments, has %d in its events, and %d were acknowledged", number, got, comments[number], w.comments[number])
		}
	}
	t.Logf("%d tickets, answers by status %v", len(w.tickets), w.statuses)
	if len(w.tickets) == 0 {
		t.Error("no ticket was made")
	}
}

// allowedSteps are the allowed changes of status (the spec, section 4).
var allowedSteps = map[string]string{
	"OPEN": "IN_PROGRESS PENDING ON_HOLD RESOLVED CANCELLED", "IN_PROGRESS": "PENDING ON_HOLD RESOLVED CANCELLED", "RESOLVED": "CLOSED IN_PROGRESS",
	"PENDING": "OPEN IN_PROGRESS RESOLVED CANCELLED", "ON_HOLD": "OPEN IN_PROGRESS RESOLVED CANCELLED PENDING",
}

// replay follows the feed and returns the status and the number of comments of every ticket.
func (w *walker) replay(t *testing.T, c *desktest.Client) (status map[string]string, comments map[string]int) {
	t.Helper()
	status, comments = map[string]string{}, map[string]int{}
	for after, more := "0", true; more; {
		var page struct {
			Cursor string
			More   bool
			Events []struct {
				Event, TicketNumber string
				Data                struct{ Status, OldStatus, NewStatus string }
			}
		}
		c.Get(t, "/events?limit=500&after="+after).Want(t, http.StatusOK).JSON(t, &page)
		for _, e := range page.Events {
			switch e.Event {
			case "TICKET_CREATED":
				status[e.TicketNumber] = e.Data.Status
			case "STATUS_CHANGED":
				if e.Data.OldStatus != status[e.TicketNumber] || !slices.Contains(strings.Fields(allowedSteps[e.Data.OldStatus]), e.Data.NewStatus) {
					t.Errorf("ticket %s, which was %s, went from %s to %s", e.TicketNumber, status[e.TicketNumber], e.Data.OldStatus, e.Data.NewStatus)
				}
				status[e.TicketNumber] = e.Data.NewStatus
			case "COMMENT_ADDED":
				comments[e.TicketNumber]++
			}
		}
		after, more = page.Cursor, page.More
	}
	return status, comments
}

// provoked are answers that only a failing service, a body of its own kind, or a delivery that is on its way brings; the
// tests of the API provoke them.
var provoked = []string{" 408", " 413", " 500", " 503", "skipDelivery 409"}

// checkCoverage reports which documented answers no request of the process brought; in a whole soak there must be none.
func (w *walker) checkCoverage(t *testing.T, whole bool) {
	t.Helper()
	contract, err := desktest.OMNI()
	if err != nil {
		t.Fatal(err)
	}
	missing := slices.DeleteFunc(contract.Missing(), func(answer string) bool {
		return slices.ContainsFunc(provoked, func(status string) bool { return strings.HasSuffix(answer, status) })
	})
	t.Logf("%d operations; not reached: %s", len(w.operations), strings.Join(missing, ", "))
	if whole && len(missing) > 0 {
		t.Errorf("%d documented answers were not reached", len(missing))
	}
}
