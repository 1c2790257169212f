package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
	"banksulutgo.co.id/servicedesk/store"
)

// bank is a desk that forwards its claims to a stand-in for the provider of Sociomile.
type bank struct {
	*desktest.Desk
	provider *fake.Provider
	url      string      // of the provider
	calls    chan string // the methods of those that came to it
	partner  *desktest.Client
	console  *desktest.Client
}

// onBanks runs a test on a bank of its own on each engine.
func onBanks(t *testing.T, test func(t *testing.T, b *bank)) {
	t.Helper()
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := &bank{provider: fake.New(fake.Options{}), calls: make(chan string, 1000)}
		b.Desk = desktest.NewDesk(t, e, func(o *app.Options) {
			o.Forwarding.Services, o.ConnectorOn, o.ForwardFields = []string{"CLAIM"}, true, sociomile.DefaultMap().FieldNames
		})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b.provider.ServeHTTP(w, r)
			b.calls <- r.Method
		}))
		t.Cleanup(server.Close)
		b.url, b.partner, b.console = server.URL, partner(t, b.Desk, "partner"), manager(t, b.Desk, "Console")
		if err := b.Store.MakeConnector(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, b)
	})
}

// claim makes a claim, which is forwarded, and returns its number and id.
func (b *bank) claim(t *testing.T) (number, id string) {
	t.Helper()
	r := b.partner.Post(t, "/claims", aClaim).Want(t, 201)
	b.Sequence(t)
	return r.Text("ticketNumber"), r.Text("ticketId")
}

// plays changes what the provider does.
func (b *bank) plays(t *testing.T, s fake.Scenario) {
	t.Helper()
	if err := b.provider.Switch(s); err != nil {
		t.Fatal(err)
	}
}

// forward lets the connector work until so many posts came to the provider; what came of them is stored then.
func (b *bank) forward(t *testing.T, posts int) {
	t.Helper()
	config := sociomile.Config{CreateURL: b.url + fake.CreatePath, Token: fake.DefaultToken, ConnectID: "bank@example.test", Timeout: 20 * time.Second}
	connector := sociomile.NewConnector(sociomile.ConnectorOptions{Config: config, Client: sociomile.NewClient(config, guard.ForOperator(guard.Options{})), Map: sociomile.DefaultMap,
		Order: func(ctx context.Context, id string) (sociomile.Order, error) {
			o, err := b.App.ForwardOrder(ctx, id)
			if err != nil {
				return sociomile.Order{}, err
			}
			return sociomile.OrderOf(o.Ticket, o.Forward, o.Edits), nil
		},
		Note: func(context.Context, string, []sociomile.Note) error { return nil },
		Log:  slog.New(slog.DiscardHandler), Probe: time.Minute})
	runner := outbox.New(outbox.Options{Store: b.Store, Log: slog.New(slog.DiscardHandler), Handlers: map[desk.TargetKind]outbox.Handler{desk.SociomileTarget: connector.Handler()}})
	b.Sequence(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); runner.Run(ctx) }()
	defer func() { stop(); <-ended }()
	late := time.After(20 * time.Second)
	for posts > 0 {
		select {
		case method := <-b.calls:
			if method == http.MethodPost {
				posts--
			}
		case <-late:
			t.Fatalf("%d posts did not come", posts)
		}
	}
}

// numbers lists the tickets of a page as `number:state`.
func (b *bank) numbers(t *testing.T, query string) string {
	t.Helper()
	r := b.console.Get(t, "/connector/tickets"+query).Want(t, 200)
	var all []string
	for i := range r.Len("tickets") {
		all = append(all, r.Text(fmt.Sprintf("tickets.%d.ticketNumber", i))+":"+r.Text(fmt.Sprintf("tickets.%d.state", i)))
	}
	return strings.Join(all, " ")
}

// same fails the test unless an answer has these texts at these paths.
func same(t *testing.T, r desktest.Response, want map[string]string) {
	t.Helper()
	for path, text := range want {
		if got := r.Text(path); got != text {
			t.Errorf("%s is %q, want %q in %s", path, got, text, r.Body)
		}
	}
}

func TestAnOutageIsShownAndEndsWithAProbe(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		b.plays(t, fake.RouteMissing)
		number, id := b.claim(t)
		b.forward(t, 1)
		b.Clock.Advance(10 * time.Minute)
		second, _ := b.claim(t)
		state := b.console.Get(t, "/connector").Want(t, 200)
		same(t, state, map[string]string{
			"enabled": "true", "mayExistTwice": "0", "routes.0.route": "create", "routes.0.circuit.state": "open", "routes.0.circuit.since": "2024-12-19T10:30:00Z", "routes.0.circuit.nextProbeAt": "2024-12-19T10:31:00Z",
			"routes.0.waiting": "2", "routes.0.parked": "0", "routes.0.oldestWaiting.at": "2024-12-19T10:30:00Z", "routes.0.oldestWaiting.ticketNumber": number, "routes.0.lastSuccessAt": "null",
			"routes.0.lastFailure.class": "ROUTE_MISSING", "routes.0.lastFailure.status": "404", "routes.0.lastFailure.ticketNumber": number, "routes.0.lastHour.failed": "1", "routes.0.lastDay.failed": "1",
			"routes.0.hours.23.failed": "1", "routes.0.hours.23.from": "2024-12-19T10:00:00Z", "routes.0.hours.22.failed": "0", "routes.0.failures.0.count": "1",
			"routes.0.failures.0.meaning": string(desk.SociomileNoRoute), "routes.1.route": "status", "routes.1.circuit.state": "closed", "routes.1.waiting": "0", "routes.1.lastFailure": "null",
		})
		if said := state.Text("routes.0.failures.0.said"); !strings.Contains(said, "RoutesRequests.php") {
			t.Errorf("the provider's framework is not named: %q", said)
		}
		indonesian := b.console.With("Accept-Language", "id").Get(t, "/connector").Text("routes.0.lastFailure.meaning")
		if indonesian != desk.SociomileNoRoute.In(desk.Indonesian, "") {
			t.Errorf("in Indonesian it means %q", indonesian)
		}
		b.console.With("If-None-Match", state.Header.Get("ETag")).Get(t, "/connector").Want(t, 304)
		list := b.console.Get(t, "/connector/tickets").Want(t, 200)
		same(t, list, map[string]string{"tickets.0.ticketId": id, "tickets.0.state": "waiting", "tickets.0.tries": "0", "tickets.0.nextTryAt": "null", "tickets.0.last.class": "ROUTE_MISSING", "tickets.1.ticketNumber": second, "tickets.1.last": "null", "more": "false"})
		b.console.With("If-None-Match", list.Header.Get("ETag")).Get(t, "/connector/tickets").Want(t, 304)
		one := b.console.Get(t, "/connector/tickets/"+second).Want(t, 200)
		b.console.With("If-None-Match", one.Header.Get("ETag")).Get(t, "/connector/tickets/"+second).Want(t, 304)

		b.Clock.Advance(-10*time.Minute + time.Second) // before the probe
		b.plays(t, fake.Working)
		same(t, b.console.Post(t, "/connector/probe", `{"route":"create"}`).Want(t, 200), map[string]string{"message": "Where the circuit is open, one waiting ticket is tried now", "enabled": "true",
			"routes.0.circuit.state": "open", "routes.0.circuit.nextProbeAt": "2024-12-19T10:30:01Z", "routes.1.circuit.state": "closed"})
		b.Clock.Advance(10 * time.Second)
		b.forward(t, 1)
		b.Clock.Advance(20 * time.Minute)
		b.forward(t, 1)
		same(t, b.console.Get(t, "/connector").Want(t, 200), map[string]string{"routes.0.circuit.state": "closed", "routes.0.circuit.since": "null", "routes.0.waiting": "0", "routes.0.oldestWaiting": "null",
			"routes.0.lastSuccessAt": "2024-12-19T10:50:11Z", "routes.0.lastDay.sent": "2", "routes.0.lastDay.failed": "1"})
		same(t, b.console.Get(t, "/connector/tickets?state=sent&limit=1").Want(t, 200), map[string]string{"tickets.0.state": "sent", "tickets.0.since": "2024-12-19T10:50:11Z",
			"tickets.0.mayExistTwice": "false", "tickets.0.byHand": "null", "tickets.0.last.meaning": string(desk.SociomileSent), "more": "true"})
		if got := b.provider.Received().Created; got != 2 {
			t.Errorf("the provider has %d tickets, want 2", got)
		}
	})
}

func TestARefusedFieldIsEditedAndTheTicketGoes(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		b.plays(t, fake.Validation)
		number, _ := b.claim(t)
		path := "/connector/tickets/" + number
		b.forward(t, 1)
		if got := b.numbers(t, "?state=parked"); got != number+":parked" {
			t.Errorf("parked is %q", got)
		}
		same(t, b.console.Get(t, path).Want(t, 200), map[string]string{"ticket.state": "parked", "ticket.since": "2024-12-19T10:30:00Z", "ticket.tries": "1", "ticket.last.class": "VALIDATION",
			"ticket.edits": "{}", "ticket.attempts.0.route": "create", "ticket.attempts.0.status": "422", "ticket.statuses.state": "held", "ticket.statuses.last": "null"})
		edited := b.console.Post(t, path+"/retry", `{"fields":{"namaNasabah":"Budi 4111-1111-1111-1111","email":"budi@example.com","nomorRekening":1234567890,"nomorKartu":"123456789012","content":"Rekening 9876543210123","nominal":"125000"}}`).Want(t, 200)
		wantTexts(t, edited.Warnings(), map[string]string{"fields.namaNasabah": string(desk.CardMasked), "fields.nomorKartu": string(desk.CardMasked)})
		same(t, edited, map[string]string{"message": "The ticket is tried again", "ticket.state": "waiting", "ticket.tries": "0", "ticket.nextTryAt": "2024-12-19T10:30:00Z", "ticket.edits.namaNasabah": "Budi ****1111",
			"ticket.edits.email": "b***@example.com", "ticket.edits.nomorRekening": "******7890", "ticket.edits.nomorKartu": "****9012", "ticket.edits.content": "Rekening *********0123", "ticket.edits.nominal": "125000"})
		less := b.console.Post(t, path+"/retry", `{"fields":{"email":null,"nominal":""}}`).Want(t, 200)
		same(t, less, map[string]string{"ticket.edits.email": "", "ticket.edits.nominal": "", "ticket.edits.namaNasabah": "Budi ****1111"})
		b.console.Post(t, path+"/retry", "").Want(t, 200)
		b.plays(t, fake.Working)
		b.forward(t, 1)
		got := b.provider.Received().Tickets[0]
		if got.Customer != "Budi ****1111" || fmt.Sprint(got.Body["nomorRekening"]) != "1234567890" || fmt.Sprint(got.Body["nomorKartu"]) != "9012" || fmt.Sprint(got.Body["nominal"]) != "50000" {
			t.Errorf("the provider got %v", got.Body)
		}
		same(t, b.console.Get(t, path).Want(t, 200), map[string]string{"ticket.state": "sent", "ticket.providerTicketId": got.ID, "ticket.providerTicketNumber": fmt.Sprint(got.Number), "ticket.attempts.1.class": "SENT"})
	})
}

func TestAnEmptyObjectEndsAllEdits(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		retry := "/connector/tickets/" + number + "/retry"
		b.console.Post(t, retry, `{"fields":{"namaNasabah":"Budi"}}`).Want(t, 200)
		same(t, b.console.Post(t, retry, `{"fields":null}`).Want(t, 200), map[string]string{"ticket.edits.namaNasabah": "Budi"})
		same(t, b.console.Post(t, retry, `{"fields":{}}`).Want(t, 200), map[string]string{"ticket.edits": "{}"})
		b.forward(t, 1)
		if got := b.provider.Received().Tickets[0].Customer; got != "Maria Lontoh" {
			t.Errorf("the provider knows %q", got)
		}
	})
}

func TestWhatAPersonParkedIsSentOnlyWhenAskedFor(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		b.plays(t, fake.Refused)
		refused, _ := b.claim(t)
		b.forward(t, 1)
		b.Clock.Advance(time.Second)
		number, _ := b.claim(t)
		parked := b.console.Post(t, "/connector/tickets/"+number+"/park", `{"reason":"The branch asks 4111111111111111"}`).Want(t, 200)
		same(t, parked, map[string]string{"ticket.state": "parked", "ticket.since": "2024-12-19T10:30:01Z", "ticket.last.class": "PARKED", "ticket.last.said": "Console: The branch asks ****1111",
			"ticket.last.meaning": string(desk.SociomileParked), "warnings.reason": string(desk.CardMasked)})
		same(t, b.console.Get(t, "/connector").Want(t, 200), map[string]string{"routes.0.parked": "2", "routes.0.waiting": "0", "routes.0.lastDay.failed": "1", "routes.0.lastFailure.class": "REFUSED"})
		same(t, b.console.Post(t, "/connector/retry", `{"class":"VALIDATION"}`).Want(t, 200), map[string]string{"tickets": "0", "message": "Nothing is tried again: nothing of this kind is parked"})
		same(t, b.console.Post(t, "/connector/retry", "").Want(t, 200), map[string]string{"tickets": "1", "more": "false", "message": "What was parked is tried again"})
		if got := b.numbers(t, ""); got != refused+":waiting" {
			t.Errorf("after a retry of all %q waits", got)
		}
		b.plays(t, fake.Working)
		b.forward(t, 1)
		b.console.Post(t, "/connector/pause", `{"reason":"x"}`).Want(t, 200)
		same(t, b.console.Post(t, "/connector/retry", `{"class":"PARKED"}`).Want(t, 200), map[string]string{"tickets": "1",
			"message": "What was parked is in the queue again. It is held while the connector is disabled or its route is paused"})
		b.console.Post(t, "/connector/resume", "").Want(t, 200)
		b.forward(t, 1)
		if got := b.numbers(t, "?state=sent"); got != number+":sent "+refused+":sent" {
			t.Errorf("sent is %q", got)
		}
	})
}

func TestOfATicketMadeByHandOnlyTheStatusesAreTold(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		b.partner.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"PENDING"}`).Want(t, 200)
		b.Sequence(t)
		path := "/connector/tickets/" + number
		b.plays(t, fake.Refused)
		b.forward(t, 1)
		b.plays(t, fake.Working)
		id := b.byHand(t, number)
		done := b.console.Post(t, path+"/done", `{"ticketId":" `+id+` ","ticketNumber":32197}`).Want(t, 200)
		same(t, done, map[string]string{"message": "The ticket counts as sent", "ticket.state": "sent", "ticket.providerTicketId": id, "ticket.providerTicketNumber": "32197", "ticket.byHand": "Console",
			"ticket.last.class": "SKIPPED", "ticket.statuses.state": "waiting"})
		b.forward(t, 1)
		if got := b.provider.Received(); got.Updated != 1 || got.Updates[0].TicketID != id || got.Updates[0].Status != "Pending" || got.Created != 1 {
			t.Errorf("the provider got %d tickets and %+v", got.Created, got.Updates)
		}
		same(t, b.console.Get(t, path).Want(t, 200), map[string]string{"ticket.statuses.state": "sent", "ticket.statuses.last.class": "SENT"})
		wantMessage(t, b.console.Post(t, path+"/done", `{"ticketId":"other"}`), 409, "Sociomile has the ticket already, as "+id)
		wantMessage(t, b.console.Post(t, path+"/retry", ""), 409, "Sociomile has the ticket already, as "+id)
		wantMessage(t, b.console.With("Accept-Language", "id").Post(t, path+"/park", `{"reason":"x"}`), 409, "Sociomile sudah memiliki tiket ini, sebagai "+id+".")
	})
}

// byHand makes a ticket at the provider as a person does there, and returns its id.
func (b *bank) byHand(t *testing.T, number string) string {
	t.Helper()
	body := `{"namaNasabah":"M","ticketType":"helpdesk","content":"c","connectID":"x","mediaTransaksi":"BRANCH_PORTAL","nominal":1,"branchCode":"1","branchName":"b","atmName":"N/A","atmId":"N/A","noRegPengaduanCabang":1,"nomorTicketHelpdesk":` + number + `}`
	r, err := http.Post(b.url+fake.CreatePath+"?client_secret_key="+fake.DefaultToken, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	<-b.calls
	if found := b.provider.Received().Tickets; len(found) == 1 {
		return found[0].ID
	}
	t.Fatalf("the provider answered %s", r.Status)
	return ""
}

func TestAStatusThatIsParkedIsTriedAgain(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		b.forward(t, 1)
		b.partner.Patch(t, "/tickets/"+number, `{"action":"UPDATE_STATUS","status":"PENDING"}`).Want(t, 200)
		b.plays(t, fake.Validation)
		b.forward(t, 1)
		if got := b.numbers(t, "?state=parked&route=status"); got != number+":parked" {
			t.Errorf("parked on the route of statuses is %q", got)
		}
		if got := b.numbers(t, "?state=parked"); got != "" {
			t.Errorf("parked on the other one is %q", got)
		}
		same(t, b.console.Post(t, "/connector/tickets/"+number+"/retry", "").Want(t, 200), map[string]string{"ticket.state": "sent", "ticket.statuses.state": "waiting", "ticket.statuses.since": "2024-12-19T10:30:00Z"})
		b.plays(t, fake.Working)
		b.forward(t, 1)
		same(t, b.console.Get(t, "/connector").Want(t, 200), map[string]string{"routes.1.lastDay.sent": "1", "routes.1.lastDay.failed": "1", "routes.1.parked": "0"})
	})
}

func TestAPausedRouteHoldsWhatIsOwed(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		paused := b.console.Post(t, "/connector/pause", `{"reason":"The provider moves","route":"create"}`).Want(t, 200)
		same(t, paused, map[string]string{"message": "The connector is paused", "routes.0.paused.by": "Console", "routes.0.paused.reason": "The provider moves", "routes.0.paused.since": "2024-12-19T10:30:00Z", "routes.1.paused": "null"})
		b.Clock.Advance(time.Hour)
		b.console.Post(t, "/connector/pause", `{"reason":"Later"}`).Want(t, 200)
		number, _ := b.claim(t)
		same(t, b.console.Get(t, "/connector").Want(t, 200), map[string]string{"routes.0.paused.reason": "The provider moves", "routes.0.paused.since": "2024-12-19T10:30:00Z", "routes.1.paused.reason": "Later", "routes.0.waiting": "1"})
		same(t, b.console.Get(t, "/connector/tickets").Want(t, 200), map[string]string{"tickets.0.ticketNumber": number, "tickets.0.nextTryAt": "null"})
		due, err := b.Store.DueTargets(t.Context())
		if err != nil || len(due) == 0 || due[0].State != desk.TargetDisabled || due[0].Version != 2 {
			t.Errorf("owed is %+v, %v", due, err)
		}
		same(t, b.console.Post(t, "/connector/resume", "").Want(t, 200), map[string]string{"message": "The connector is not paused", "routes.0.paused": "null", "routes.1.paused": "null"})
		b.forward(t, 1)
	})
}

func TestTheConnectorIsSteeredThoughItIsDisabled(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := manager(t, d, "Console")
		same(t, c.Get(t, "/connector").Want(t, 200), map[string]string{"enabled": "false", "routes.0.circuit.state": "closed", "routes.0.paused": "null", "routes.1.route": "status"})
		same(t, c.Post(t, "/connector/pause", `{"reason":"x"}`).Want(t, 200), map[string]string{"enabled": "false", "routes.0.paused.reason": "x"})
		same(t, c.Get(t, "/connector").Want(t, 200), map[string]string{"routes.1.paused.by": "Console"})
		c.Post(t, "/connector/probe", "").Want(t, 200)
		c.Post(t, "/connector/resume", "").Want(t, 200)
		c.Get(t, "/webhooks/"+desk.ConnectorCreates).Want(t, 404)
		number := opened(t, partner(t, d, "partner"), "/claims", aClaim)
		wantMessage(t, c.Get(t, "/connector/tickets/"+number), 404, "The ticket is not forwarded to Sociomile")
		wantMessage(t, c.Get(t, "/connector/tickets/404"), 404, "Ticket not found")
		wantMessage(t, c.With("Accept-Language", "id").Post(t, "/connector/tickets/"+number+"/retry", ""), 404, "Tiket ini tidak diteruskan ke Sociomile.")
	})
}

func TestATicketThatIsUnderWayIsLeftAlone(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		_, err := b.Store.Turn(t.Context(), store.Turn{Wants: []store.Want{{Target: desk.ConnectorTargets(desktest.Start)[0], Most: 1, Lease: time.Minute}}})
		if err != nil {
			t.Fatal(err)
		}
		path := "/connector/tickets/" + number
		same(t, b.console.Get(t, path).Want(t, 200), map[string]string{"ticket.state": "sending", "ticket.nextTryAt": "null"})
		for write, body := range map[string]string{"/retry": "", "/park": `{"reason":"x"}`, "/done": `{"ticketId":"x"}`} {
			wantMessage(t, b.console.Post(t, path+write, body), 409, "Sociomile is being told of the ticket at this moment. Look again in a minute")
		}
		b.Clock.Advance(2 * time.Minute) // the node is gone
		same(t, b.console.Post(t, path+"/park", `{"reason":"x"}`).Want(t, 200), map[string]string{"ticket.state": "parked"})
		b.console.Post(t, path+"/retry", "").Want(t, 200)
		b.forward(t, 1)
		same(t, b.console.Get(t, "/connector/tickets?state=doubtful").Want(t, 200), map[string]string{"tickets.0.ticketNumber": number, "tickets.0.mayExistTwice": "true"})
		same(t, b.console.Get(t, "/connector").Want(t, 200), map[string]string{"mayExistTwice": "1"})
	})
}

func TestParametersOfTheConnectorAreChecked(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		path := "/connector/tickets/" + number
		wantFaults(t, b.console.Get(t, "/connector/tickets?state=lost&route=x&limit=0&cursor=x"), map[string]string{"state": "Invalid state. Must be one of: waiting, parked, doubtful, sent",
			"route": "Invalid route. Must be one of: create, status", "limit": "Limit must be a whole number from 1 to 200", "cursor": "Cursor must be a cursor that this API gave out"})
		for _, cursor := range []string{"d2FpdGluZyBjcmVhdGUseCx5", "d2FpdGluZyBjcmVhdGUsMSx5", "YWxsLDE"} {
			b.console.Get(t, "/connector/tickets?cursor="+cursor).Want(t, 400)
		}
		b.console.Get(t, "/connector?x=1").Want(t, 400)
		b.console.Get(t, path+"?x=1").Want(t, 400)
		unknown := b.console.Post(t, path+"/retry", `{"fields":{"nama":"x","4111111111111111":"y"}}`).Want(t, 400).Errors()
		for _, field := range []string{"fields.nama", "fields.****1111"} {
			if text := unknown[field]; !strings.HasPrefix(text, field+" is no field that Sociomile is told. Known: namaNasabah, ticketType") {
				t.Errorf("%s: %q in %v", field, text, unknown)
			}
		}
		for body, want := range map[string]map[string]string{
			`{"fields":"x"}`:                  {"fields": "Fields must be an object"},
			`{"fields":{"namaNasabah":true}}`: {"fields.namaNasabah": "fields.namaNasabah must be a text"},
			`{"fields":{"content":"` + strings.Repeat("x", 20_001) + `"}}`: {"fields.content": "fields.content must be at most 20000 characters"},
		} {
			wantFaults(t, b.console.Post(t, path+"/retry", body), want)
		}
		wantFaults(t, b.console.Post(t, path+"/park", `{"reason":" "}`), map[string]string{"reason": "Reason is required"})
		wantFaults(t, b.console.Post(t, path+"/done", `{"ticketNumber":0}`), map[string]string{"ticketId": "Ticket ID is required", "ticketNumber": "Ticket number must be a whole number from 1 to 9007199254740992"})
		wantFaults(t, b.console.Post(t, path+"/done", `{"ticketId":"4111111111111111"}`), map[string]string{"ticketId": "Ticket ID must not be a card number"})
		wantFaults(t, b.console.Post(t, "/connector/pause", `{"route":"x"}`), map[string]string{"reason": "Reason is required", "route": "Invalid route. Must be one of: create, status"})
		b.console.Post(t, "/connector/retry", `{"class":"LOST"}`).Want(t, 400)
		for _, step := range []string{"resume", "probe"} {
			wantFaults(t, b.console.Post(t, "/connector/"+step, `{"route":"x"}`), map[string]string{"route": "Invalid route. Must be one of: create, status"})
		}
		if got := b.numbers(t, ""); got != number+":waiting" {
			t.Errorf("after refused writes %q waits", got)
		}
	})
}

func TestPagesOfForwardedTicketsHoldEveryOneOnce(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		var all, ids []string
		for range 5 {
			number, id := b.claim(t)
			all, ids = append(all, number), append(ids, id)
			b.Clock.Advance(time.Minute)
		}
		walk := func(query string) (found []string) {
			t.Helper()
			for cursor, pages := "", 0; ; pages++ {
				page := b.console.Get(t, "/connector/tickets?limit=2&"+query+"&cursor="+cursor).Want(t, 200)
				for i := range page.Len("tickets") {
					found = append(found, page.Text(fmt.Sprintf("tickets.%d.ticketNumber", i)))
				}
				if page.Text("more") == "false" {
					return found
				}
				if cursor = page.Text("cursor"); pages > len(all) {
					t.Fatalf("%s does not end", query)
				}
			}
		}
		expect := func(query string, want []string) {
			t.Helper()
			if got := walk(query); !slices.Equal(got, want) {
				t.Errorf("%s lists %v, want %v", query, got, want)
			}
		}
		expect("state=waiting", all)
		expect("state=waiting&route=status", nil)
		for _, number := range all {
			b.Clock.Advance(time.Minute)
			b.console.Post(t, "/connector/tickets/"+number+"/park", `{"reason":"x"}`).Want(t, 200)
		}
		expect("state=parked", all)
		cursor := b.console.Get(t, "/connector/tickets?state=parked&limit=1").Text("cursor")
		b.console.Get(t, "/connector/tickets?state=sent&cursor="+cursor).Want(t, 400)
		err := b.Store.Write(t.Context(), func(tx *store.Tx) error {
			for _, id := range ids {
				tx.Doubted(id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		expect("state=doubtful", all)
		for _, number := range all {
			b.Clock.Advance(time.Minute)
			b.console.Post(t, "/connector/tickets/"+number+"/done", `{"ticketId":"id of `+number+`"}`).Want(t, 200)
		}
		slices.Reverse(all)
		expect("state=sent", all)
		expect("state=waiting", nil)
	})
}

func TestEveryWriteOfTheConnectorIsDoneOnceUnderOneID(t *testing.T) {
	onBanks(t, func(t *testing.T, b *bank) {
		number, _ := b.claim(t)
		path := "/connector/tickets/" + number
		writes := []struct{ path, body, other string }{
			{path + "/retry", `{"fields":{"namaNasabah":"Budi"}}`, `{"fields":{"namaNasabah":"Sari"}}`},
			{path + "/park", `{"reason":"x"}`, `{"reason":"y"}`},
			{"/connector/retry", `{"class":"PARKED"}`, ``},
			{path + "/done", `{"ticketId":"x"}`, `{"ticketId":"y"}`},
			{"/connector/pause", `{"reason":"x"}`, `{"reason":"x","route":"create"}`},
			{"/connector/probe", ``, `{"route":"create"}`},
			{"/connector/resume", ``, `{"route":"create"}`},
		}
		firsts := map[string]desktest.Response{}
		for _, w := range writes {
			c := b.console.With("Idempotency-Key", w.path)
			firsts[w.path] = c.Post(t, w.path, w.body).Want(t, 200)
			wantReplay(t, firsts[w.path], c.Post(t, w.path, w.body))
			wantMessage(t, c.Post(t, w.path, w.other), 422, "This requestId was already used with other content")
		}
		for _, w := range writes { // though the ticket is sent by now
			wantReplay(t, firsts[w.path], b.console.With("Idempotency-Key", w.path).Post(t, w.path, w.body))
		}
		same(t, firsts["/connector/retry"], map[string]string{"tickets": "1"})
		if got := b.console.Get(t, path).Len("ticket.attempts"); got != 2 {
			t.Errorf("%d entries in the log of attempts, want those of park and of done", got)
		}
	})
}
