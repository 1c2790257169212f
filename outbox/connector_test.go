package outbox_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
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

// bank is a desk that forwards its claims to a stand-in for the provider.
type bank struct {
	*world
	provider *fake.Provider
	config   sociomile.Config
	manager  desk.Actor
	edits    func(*sociomile.Map)
	odd      atomic.Pointer[[]byte] // the bytes that come in the place of an answer to a ticket; nil: the stand-in answers
}

// ServeHTTP answers as the provider does, or with odd bytes.
func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := b.odd.Load()
	if answer == nil || r.Method != http.MethodPost {
		b.provider.ServeHTTP(w, r)
		return
	}
	_, _ = io.ReadAll(r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, _ = conn.Write(*answer)
		_ = conn.Close()
	}
}

func newBank(t *testing.T, e desktest.Engine) *bank {
	t.Helper()
	b := &bank{world: &world{Desk: desktest.NewDesk(t, e, func(o *app.Options) { o.Forwarding.Services = []string{"CLAIM"} })}, provider: fake.New(fake.Options{})}
	b.key = b.NewKey(t, "Partner", "omnichannel:*")
	b.actor = b.Desk.Actor(b.key)
	b.manager = b.Desk.Actor(b.NewKey(t, "bank", "omnichannel:manage"))
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.config = sociomile.Config{CreateURL: server.URL + fake.CreatePath, Token: fake.DefaultToken, ConnectID: "bank@example.test", Timeout: 5 * time.Second}
	must(t, b.Store.MakeConnector(t.Context()))
	b.runner = b.newConnector(b.Store)
	return b
}

// newConnector makes the runner of a node.
func (b *bank) newConnector(s *store.Store) *outbox.Runner {
	log := slog.New(slog.NewTextHandler(b.Log, nil))
	connector := sociomile.NewConnector(sociomile.ConnectorOptions{Config: b.config, Client: sociomile.NewClient(b.config, guard.ForOperator(guard.Options{})),
		Map: b.fieldMap, Order: b.order, Note: b.note, Log: log, Waits: outbox.Waits(waits), Probe: probe})
	return outbox.New(outbox.Options{Store: s, Log: log, Random: rand.New(rand.NewPCG(1, 2)), Handlers: map[desk.TargetKind]outbox.Handler{desk.SociomileTarget: connector.Handler()}})
}

func (b *bank) fieldMap() sociomile.Map {
	m := sociomile.DefaultMap()
	if b.edits != nil {
		b.edits(&m)
	}
	return m
}

func (b *bank) order(ctx context.Context, id string) (sociomile.Order, error) {
	o, err := b.App.ForwardOrder(ctx, id)
	if err != nil {
		return sociomile.Order{}, err
	}
	return sociomile.OrderOf(o.Ticket, o.Forward, o.Edits), nil
}

func (b *bank) note(ctx context.Context, id string, notes []sociomile.Note) error {
	return b.App.NoteForwarded(ctx, id, notes[0].In(desk.English))
}

// turns lets the connector work until it has nothing to do at this moment.
func (b *bank) turns(t *testing.T) {
	t.Helper()
	for idle := 0; idle < 3; {
		before := b.provider.Received().Calls
		b.Sequence(t)
		b.runner.Look()
		b.runner.Turn(t.Context())
		b.Clock.Advance(25 * time.Millisecond)
		if b.provider.Received().Calls == before && b.runner.Unsettled() == 0 {
			idle++
		} else {
			idle = 0
		}
	}
}

// after lets time pass and then the connector work.
func (b *bank) after(t *testing.T, d time.Duration) {
	t.Helper()
	b.Clock.Advance(d)
	b.turns(t)
}

// status changes the status of a ticket, as an agent does.
func (b *bank) status(t *testing.T, ticket *desk.Ticket, to desk.Status) {
	t.Helper()
	_, err := b.App.ChangeStatus(t.Context(), b.manager, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}, to, "")
	must(t, err)
}

// forward is what the desk knows of a forwarded ticket.
func (b *bank) forward(t *testing.T, ticket *desk.Ticket) (f store.Forward) {
	t.Helper()
	must(t, b.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
		f, err = tx.Forward(ticket.ID, false)
		return err
	}))
	return f
}

// circuit is since when the circuit of a route is open; zero: it is closed.
func (b *bank) circuit(t *testing.T, id string) time.Time {
	t.Helper()
	found, err := b.Store.DueTargets(t.Context())
	must(t, err)
	for _, d := range found {
		if d.ID == id {
			return d.OpenedAt
		}
	}
	t.Fatalf("nothing is owed to %s", id)
	return time.Time{}
}

// classes lists what came of the attempts to create a ticket.
func (b *bank) classes(t *testing.T, ticket *desk.Ticket) (classes []string) {
	t.Helper()
	must(t, b.Store.Read(t.Context(), func(tx *store.Tx) error {
		target := desk.ConnectorTargets(desktest.Start)[0]
		deliveries, _, err := tx.TicketDeliveries(target, ticket.ID, 0, 10)
		classes = nil
		for _, d := range deliveries {
			for _, a := range d.Attempts {
				classes = append(classes, a.Class)
			}
			classes = append(classes, string(d.State))
		}
		return err
	}))
	return classes
}

// told lists what the provider was told of a ticket's status.
func (b *bank) told(number int64) (statuses []string) {
	for _, u := range b.provider.Received().Updates {
		if u.Helpdesk == strconv.FormatInt(number, 10) {
			statuses = append(statuses, u.Status)
		}
	}
	return statuses
}

func TestTheProviderHearsOfAClaimAndThenOfItsStatuses(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		ticket := b.claim(t, "")
		for _, to := range []desk.Status{desk.InProgress, desk.Pending, desk.InProgress, desk.Resolved, desk.Closed} {
			b.status(t, ticket, to)
		}
		b.turns(t)
		got := b.provider.Received()
		f := b.forward(t, ticket)
		if got.Created != 1 || f.ProviderID != got.Tickets[0].ID || f.ProviderNumber != got.Tickets[0].Number || f.Doubtful {
			t.Errorf("the provider has %+v, the desk knows %+v", got.Tickets, f)
		}
		if told := b.told(ticket.Number); !slices.Equal(told, []string{"InProgress", "Pending", "InProgress", "Close"}) {
			t.Errorf("the provider was told %v; RESOLVED and CLOSED are one word", told)
		}
	})
}

func TestWhatDoesNotGoToTheProvider(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		made, err := b.App.CreateKey(t.Context(), desk.Actor{Kind: desk.ByCommand, ID: "test"}, app.NewKey{Name: "Sociomile", Partner: "Sociomile", Sociomile: true, Permissions: desk.Permissions{"omnichannel:*"}})
		must(t, err)
		for _, actor := range []desk.Actor{b.Desk.Actor(made), b.Desk.Actor(b.NewTestKey(t, "Partner", "omnichannel:*"))} {
			_, err := b.App.OpenClaim(t.Context(), actor, desk.ClaimDraft{NamaNasabah: "Ahmad", MediaTransaksi: "QRIS", Nominal: desk.Rupiahs(1000), NominalGiven: true}, app.Once[app.Opened]{})
			must(t, err)
		}
		_, err = b.App.OpenTicket(t.Context(), b.actor, desk.TicketDraft{Channel: desk.Channels[0], Customer: desk.Customer{Name: "Ahmad"}, ServiceType: "COMPLAINT", Description: "x"}, app.Once[app.Opened]{})
		must(t, err)
		b.turns(t)
		if calls := b.provider.Received().Calls; calls != 0 {
			t.Errorf("the provider was called %d times", calls)
		}
	})
}

// handled is what must come of a failure, and behind it.
type handled struct {
	classes string // of the attempts until it works again, and where the delivery stands
	open    bool   // the circuit
	created int    // tickets at the provider, behind the outage
	doubt   bool   // the ticket may exist twice
}

var outages = map[fake.Scenario]handled{
	fake.RouteMissing:       {"ROUTE_MISSING PENDING", true, 1, false},
	fake.RouteMissingCreate: {"ROUTE_MISSING PENDING", true, 1, false},
	fake.AuthFails:          {"AUTH PENDING", true, 1, false},
	fake.Validation:         {"VALIDATION FAILED", false, 0, false},
	fake.TypeError:          {"VALIDATION FAILED", false, 0, false},
	fake.RateLimit:          {"RATE_LIMIT PENDING", true, 1, false},
	fake.Gateway:            {"GATEWAY PENDING", false, 1, false},
	fake.Whoops:             {"SERVER PENDING", false, 1, false},
	fake.Refused:            {"REFUSED FAILED", false, 0, false},
	fake.Cut:                {"UNKNOWN_OUTCOME PENDING", false, 1, true},
	fake.DropAfterAccept:    {"UNKNOWN_OUTCOME PENDING", false, 2, true},
	fake.Empty:              {"BAD_BODY PENDING", false, 2, true},
	fake.NoIDs:              {"BAD_BODY PENDING", false, 2, true},
	fake.NotJSON:            {"BAD_BODY PENDING", false, 2, true},
	fake.Gzip:               {"SENT DELIVERED", false, 1, false},
	fake.BOM:                {"SENT DELIVERED", false, 1, false},
	fake.TextNumber:         {"SENT DELIVERED", false, 1, false},
	fake.Duplicate:          {"DUPLICATE DELIVERED", false, 1, false},
}

func TestEachFailureOfTheProviderIsHandledInItsOwnWay(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		for scenario, want := range outages {
			t.Run(string(scenario), func(t *testing.T) {
				b := newBank(t, e)
				must(t, b.provider.Set(fake.Settings{Scenario: scenario, Auth: fake.Both}))
				ticket := b.claim(t, "")
				b.turns(t)
				if got := strings.Join(b.classes(t, ticket), " "); got != want.classes {
					t.Errorf("%s, want %s", got, want.classes)
				}
				if strings.HasSuffix(want.classes, "PENDING") && b.circuit(t, desk.ConnectorCreates).IsZero() == want.open {
					t.Errorf("the circuit is open: %v, want %v", !want.open, want.open)
				}
				must(t, b.provider.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both}))
				for range 3 {
					b.after(t, time.Hour)
				}
				f := b.forward(t, ticket)
				if got := b.provider.Received(); got.Created != want.created || f.Doubtful != want.doubt {
					t.Errorf("%d tickets at the provider, in doubt %v; want %d, %v", got.Created, f.Doubtful, want.created, want.doubt)
				}
			})
		}
	})
}

func TestASuccessWithoutAnAnswerIsTriedFiveTimesInAll(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Set(fake.Settings{Scenario: fake.Empty, Auth: fake.Both}))
		ticket := b.claim(t, "")
		for range 12 {
			b.after(t, time.Hour)
		}
		if got := strings.Join(b.classes(t, ticket), " "); got != strings.Repeat("BAD_BODY ", 5)+"FAILED" {
			t.Errorf("%s, want five attempts and then a person", got)
		}
	})
}

// A month of failures of one ticket, too few tickets to open the circuit: it is never given up.
func TestATicketIsNeverGivenUpForFailingOften(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Switch(fake.Gateway))
		ticket := b.claim(t, "")
		for range 30 {
			b.after(t, 24*time.Hour)
		}
		must(t, b.provider.Switch(fake.Working))
		b.after(t, 24*time.Hour)
		if got := b.classes(t, ticket); len(got) < 20 || got[len(got)-1] != "DELIVERED" {
			t.Errorf("%v", got)
		}
	})
}

func TestAStatusRouteThatIsMissingHoldsUpNoTicket(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Switch(fake.RouteMissingStatus))
		first := b.claim(t, "")
		b.status(t, first, desk.InProgress)
		b.turns(t)
		b.claim(t, "")
		b.turns(t)
		if got := b.provider.Received(); got.Created != 2 || got.Updated != 0 || b.circuit(t, desk.ConnectorStatuses).IsZero() {
			t.Errorf("%d tickets, %d statuses", got.Created, got.Updated)
		}
		b.status(t, first, desk.Resolved)
		must(t, b.provider.Switch(fake.Working))
		b.after(t, 2*probe)
		if told := b.told(first.Number); !slices.Equal(told, []string{"InProgress", "Close"}) {
			t.Errorf("the provider was told %v", told)
		}
	})
}

// The scenario of the outage report: the base answers, the route of new tickets does not exist, for ten days.
func TestAMissingRouteCostsOneProbeAtATimeAndThenEverythingArrivesOnce(t *testing.T) {
	t.Parallel()
	claims, hours := 20, 6
	if os.Getenv("SERVICEDESK_SOAK") == "full" {
		claims, hours = 10_000, 240
	}
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Switch(fake.RouteMissing))
		numbers := make([]int64, claims)
		for i := range claims {
			ticket := b.claim(t, "")
			numbers[i] = ticket.Number
			if i < 20 {
				b.status(t, ticket, desk.InProgress)
				b.status(t, ticket, desk.Resolved)
			}
		}
		b.turns(t)
		begun, start := b.provider.Received().Calls, b.Clock.Now()
		if begun > 4 {
			t.Errorf("%d calls before the circuit opened, want as many as may be under way", begun)
		}
		for b.Clock.Now().Sub(start) < time.Duration(hours)*time.Hour {
			b.Clock.Advance(probe / 3)
			b.runner.Look()
			b.runner.Turn(t.Context())
		}
		passed := b.Clock.Now().Sub(start)
		if calls := b.provider.Received().Calls - begun; calls > int(passed/probe)+1 || calls < int(passed/probe)/2 {
			t.Errorf("%d calls in %v, want one every %v at most", calls, passed, probe)
		}
		must(t, b.provider.Switch(fake.Working))
		began := time.Now()
		b.after(t, 2*probe)
		got := b.provider.Received()
		t.Logf("%d calls in %v while the route was missing; then %d tickets and %d statuses in %v", got.Calls-got.Created-got.Updated, passed, got.Created, got.Updated, time.Since(began))
		if got.Created != claims || len(got.Doubles) > 0 {
			t.Errorf("%d of %d tickets arrived, twice %v", got.Created, claims, got.Doubles)
		}
		for _, number := range numbers[:20] {
			if told := b.told(number); !slices.Equal(told, []string{"InProgress", "Close"}) {
				t.Errorf("of %d the provider was told %v", number, told)
			}
		}
	})
}

func TestACorrectedMapMendsWhatWaits(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		b.edits = func(m *sociomile.Map) {
			for i := range m.Create {
				if m.Create[i].Name == "connectID" {
					m.Create[i].From, m.Create[i].Value = []string{"metadata.nothing"}, ""
				}
			}
		}
		ticket := b.claim(t, "")
		b.turns(t)
		if got := strings.Join(b.classes(t, ticket), " "); got != "VALIDATION FAILED" || b.provider.Received().Calls > 0 {
			t.Errorf("a ticket without a required field: %s, %d calls", got, b.provider.Received().Calls)
		}
		b.edits = nil
		_, err := b.Store.ReviveAll(t.Context(), desk.ConnectorCreates, 10)
		must(t, err)
		b.turns(t)
		if b.provider.Received().Created != 1 {
			t.Error("the corrected map did not mend it")
		}
	})
}

func TestWhatIsLeftOutIsNotedOnTheTicketOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Switch(fake.Gateway))
		draft := desk.ClaimDraft{NamaNasabah: "Ahmad", MediaTransaksi: "QRIS", Nominal: desk.Rupiahs(1000), NominalGiven: true, NomorRekening: "0012345678"}
		opened, err := b.App.OpenClaim(t.Context(), b.actor, draft, app.Once[app.Opened]{})
		must(t, err)
		b.turns(t)
		b.after(t, time.Hour)
		var notes []string
		must(t, b.Store.Read(t.Context(), func(tx *store.Tx) error {
			comments, err := tx.Comments(opened.Ticket.ID)
			for _, c := range comments {
				notes = append(notes, fmt.Sprint(c.Public, " ", c.Content))
			}
			return err
		}))
		if len(notes) != 1 || notes[0] != "false "+desk.LeftOutAsNumber.In(desk.English, "nomorRekening") {
			t.Errorf("the notes are %q", notes)
		}
	})
}
