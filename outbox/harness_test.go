package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

// waits are short, so that a test can tell the attempts by heart.
var waits = outbox.Waits{10 * time.Second, time.Minute, 10 * time.Minute}

const probe = 30 * time.Second

// taken200 is what a receiver says that takes an event.
var taken200 = outbox.Outcome{Done: true, Class: "DELIVERED", Status: 200}

// world is a desk with a receiver, which is a function.
type world struct {
	*desktest.Desk
	runner  *outbox.Runner
	key     app.CreatedKey
	actor   desk.Actor
	mu      sync.Mutex
	got     []got
	deliver func(outbox.Delivery) outbox.Outcome // nil: takes everything
}

// got is an attempt as the receiver saw it.
type got struct {
	Event    string
	Target   string
	Attempt  int
	Doubtful bool
	At       time.Time
	Done     bool
}

func newWorld(t *testing.T, e desktest.Engine) *world {
	t.Helper()
	w := &world{Desk: desktest.NewDesk(t, e)}
	w.key = w.NewKey(t, "Partner", "omnichannel:*")
	w.actor = w.Desk.Actor(w.key)
	w.runner = w.newRunner(w.Store)
	return w
}

// newRunner makes another node's runner.
func (w *world) newRunner(s *store.Store) *outbox.Runner {
	h := outbox.Handler{Deliver: w.receive, Limit: 15 * time.Second, Waits: waits, Probe: probe}
	slow := h
	slow.Limit = time.Hour // of others, which must not hold up these
	return outbox.New(outbox.Options{Store: s, Log: slog.New(slog.NewTextHandler(w.Log, nil)), Random: rand.New(rand.NewPCG(1, 2)),
		Handlers: map[desk.TargetKind]outbox.Handler{desk.RegisteredTarget: h, desk.TicketTarget: h, desk.SociomileTarget: slow}})
}

func (w *world) receive(_ context.Context, d outbox.Delivery) outbox.Outcome {
	w.mu.Lock()
	deliver := w.deliver
	w.mu.Unlock()
	outcome := taken200
	if deliver != nil {
		outcome = deliver(d)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, got{d.Event.ID(), d.TargetID, d.Attempt, d.Doubtful, w.Clock.Now(), outcome.Done})
	return outcome
}

func (w *world) answer(deliver func(outbox.Delivery) outbox.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deliver = deliver
}

// hold lets the receiver take the next call and answer it when it is released.
func (w *world) hold(outcome outbox.Outcome) (begun <-chan struct{}, release func()) {
	began, open := make(chan struct{}), make(chan struct{})
	w.answer(func(outbox.Delivery) outbox.Outcome {
		close(began)
		<-open
		return outcome
	})
	return began, func() { close(open) }
}

// seen takes what the receiver saw since it was asked last.
func (w *world) seen() []got {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.got
	w.got = nil
	return seen
}

// claim makes a ticket that names an address.
func (w *world) claim(t testing.TB, url string) *desk.Ticket {
	t.Helper()
	draft := desk.ClaimDraft{NamaNasabah: "Ahmad", MediaTransaksi: "QRIS", Nominal: desk.Rupiahs(1000), NominalGiven: true}
	draft.Integration.WebhookURL = url
	opened, err := w.App.OpenClaim(t.Context(), w.actor, draft, app.Once[app.Opened]{})
	must(t, err)
	return opened.Ticket
}

// comment makes the next event of a ticket.
func (w *world) comment(t testing.TB, ticket *desk.Ticket) {
	t.Helper()
	_, err := w.App.AddComment(t.Context(), w.actor, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}, app.NewComment{Content: "halo"})
	must(t, err)
}

// endpoint registers an endpoint.
func (w *world) endpoint(t testing.TB, change desk.TargetChange) desk.Target {
	t.Helper()
	url := "https://partner.example/hook"
	change.URL = &url
	made, err := w.App.RegisterTarget(t.Context(), w.actor, change, app.Once[app.ChangedTarget]{})
	must(t, err)
	return made.Target
}

// targetOf is the target of a ticket that names an address.
func (w *world) targetOf(t testing.TB) desk.Target {
	t.Helper()
	targets, _, err := w.App.Targets(t.Context(), w.actor, "", 100)
	must(t, err)
	if len(targets) != 1 {
		t.Fatalf("there are %d targets, want one", len(targets))
	}
	return targets[0].Target
}

// run delivers everything that is due now.
func (w *world) run(t testing.TB) {
	t.Helper()
	w.Sequence(t)
	w.turns(t, w.runner)
}

// turns lets a runner work until it has nothing to do at this moment.
func (w *world) turns(t testing.TB, r *outbox.Runner) {
	t.Helper()
	for idle := 0; idle < 3; {
		before := w.attempts()
		r.Look()
		r.Turn(t.Context())
		w.Clock.Advance(25 * time.Millisecond) // as long as it waits between two looks
		if w.attempts() == before && r.Unsettled() == 0 {
			idle++
		} else {
			idle = 0
		}
	}
}

func (w *world) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.got)
}

// after lets time pass and then delivers.
func (w *world) after(t testing.TB, d time.Duration) []got {
	t.Helper()
	w.Clock.Advance(d)
	w.run(t)
	return w.seen()
}

// failing is a receiver that takes nothing.
func failing(outbox.Delivery) outbox.Outcome {
	return outbox.Outcome{Class: "SERVER_ERROR", Status: 500}
}

// deliveries reads what the desk says of the deliveries to a target.
func (w *world) deliveries(t testing.TB, target desk.Target) []store.Delivery {
	t.Helper()
	page, err := w.App.Deliveries(t.Context(), w.actor, target.ID, app.DeliveryList{Limit: 100})
	must(t, err)
	slices.Reverse(page.Deliveries)
	return page.Deliveries
}

// states words where each delivery stands.
func states(deliveries []store.Delivery) (words []string) {
	for _, d := range deliveries {
		words = append(words, fmt.Sprintf("%d %s %d/%d", d.Event.Seq, d.State, d.Tries, len(d.Attempts)))
	}
	return words
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isCode(err error, code desk.Code) bool {
	e, ok := errors.AsType[*desk.Error](err)
	return ok && e.Code == code
}
