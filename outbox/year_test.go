package outbox_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/webhook"
)

// A year of deliveries: partners whose receivers are out of order for minutes or weeks, in every way, and whose secrets are
// rotated. All of it follows from a seed.
type year struct {
	*desktest.Desk
	seed      uint64
	random    *rand.Rand
	runner    *outbox.Runner
	actor     desk.Actor
	receivers []*receiver
	targets   map[string]*receiver
	tickets   []*desk.Ticket
	places    map[string]int // ticket id -> which one it is
	mu        sync.Mutex
	attempts  int
	doubles   int
	faults    []string
}

// receiver is a partner's program.
type receiver struct {
	index   int
	target  desk.Target
	secret  string // that it verifies with
	next    string // that it changes to when it likes
	outages []outage
	calls   map[string]int    // attempts by event
	got     map[string]string // event -> body, of what it took
	order   map[string][]int64
}

type outage struct {
	from, until time.Time
	how         string
}

// chance is a number from 0 to 1 that follows from the seed and what it is about, not from the order of events.
func (y *year) chance(about ...any) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, y.seed, about)
	return rand.New(rand.NewPCG(h.Sum64(), y.seed)).Float64()
}

func newYear(t *testing.T, e desktest.Engine, seed uint64, days int) *year {
	y := &year{Desk: desktest.NewDesk(t, e), seed: seed, random: rand.New(rand.NewPCG(seed, 1)), targets: map[string]*receiver{}, places: map[string]int{}}
	key := y.NewKey(t, "Partner", "omnichannel:*")
	y.actor = y.Desk.Actor(key)
	h := outbox.Handler{Deliver: y.deliver, Limit: 15 * time.Second, Waits: outbox.DefaultWaits, Probe: 30 * time.Minute}
	y.runner = outbox.New(outbox.Options{Store: y.Store, Log: slog.New(slog.DiscardHandler), Random: rand.New(rand.NewPCG(seed, 2)),
		Handlers: map[desk.TargetKind]outbox.Handler{desk.RegisteredTarget: h, desk.TicketTarget: h}})
	for i := range 4 {
		url := fmt.Sprintf("https://partner.example/%d", i)
		made, err := y.App.RegisterTarget(t.Context(), y.actor, desk.TargetChange{URL: &url}, app.Once[app.ChangedTarget]{})
		must(t, err)
		r := &receiver{index: i, target: made.Target, secret: made.Secret, calls: map[string]int{}, got: map[string]string{}, order: map[string][]int64{}}
		for range days / 40 {
			from := desktest.Start.Add(time.Duration(y.random.Int64N(int64(days))) * 24 * time.Hour)
			length := time.Duration(float64(10*24*time.Hour) * y.random.ExpFloat64() / 4)
			r.outages = append(r.outages, outage{from, from.Add(length), []string{"refused", "hangs", "500", "429", "lost answers", "410"}[y.random.IntN(6)]})
		}
		y.receivers, y.targets[made.Target.ID] = append(y.receivers, r), r
	}
	return y
}

// deliver is the call of a receiver.
func (y *year) deliver(_ context.Context, d outbox.Delivery) outbox.Outcome {
	url, secrets, err := y.App.OpenTarget(d.Target, y.Clock.Now())
	y.mu.Lock()
	defer y.mu.Unlock()
	r := y.targets[d.TargetID]
	if err != nil || url != fmt.Sprintf("https://partner.example/%d", r.index) {
		y.faults = append(y.faults, fmt.Sprintf("target %d is opened as %q, %v", r.index, url, err))
	}
	header, err := webhook.Headers(webhook.Message{ID: d.Event.ID(), Body: d.Event.Body}, y.Clock.Now(), secrets...)
	if err != nil {
		y.faults = append(y.faults, err.Error())
	}
	y.attempts++
	id := header.Get(webhook.IDHeader)
	r.calls[id]++
	how := r.how(y.Clock.Now())
	if how == "" && y.chance("blip", r.index, y.places[d.TicketID], d.Event.Seq, r.calls[id]) < 0.05 {
		how = "500"
	}
	switch how {
	case "refused", "hangs":
		return outbox.Outcome{Class: how}
	case "500":
		return outbox.Outcome{Class: "SERVER_ERROR", Status: 500}
	case "429":
		return outbox.Outcome{Class: "BUSY", Status: 429, Wait: time.Duration(y.chance("wait", r.index, r.calls[id]) * float64(3*time.Hour))}
	case "410":
		return outbox.Outcome{Class: "GONE", Status: 410, Gone: true}
	}
	y.take(r, id, d, header.Get(webhook.SignatureHeader), secrets)
	if how == "lost answers" {
		return outbox.Outcome{Class: "TIMED_OUT"}
	}
	return taken200
}

// how a receiver is out of order at a time; empty: it works.
func (r *receiver) how(at time.Time) string {
	for _, o := range r.outages {
		if !at.Before(o.from) && at.Before(o.until) {
			return o.how
		}
	}
	return ""
}

// take notes what a receiver got, and what is wrong with it.
func (y *year) take(r *receiver, id string, d outbox.Delivery, signature string, secrets []string) {
	if !hmac.Equal([]byte(signature), []byte(webhook.Sign(secrets[0], d.Event.Body))) || !slices.Contains(secrets, r.secret) && !slices.Contains(secrets, r.next) {
		y.faults = append(y.faults, fmt.Sprintf("receiver %d cannot verify event %s", r.index, id))
	}
	if before, again := r.got[id]; again {
		y.doubles++
		if before != string(d.Event.Body) {
			y.faults = append(y.faults, "event "+id+" came with other bytes")
		}
		return
	}
	r.got[id] = string(d.Event.Body)
	r.order[d.TicketID] = append(r.order[d.TicketID], d.Event.Seq)
}

// act lets something happen at the desk.
func (y *year) act(t *testing.T, day int) {
	ctx := t.Context()
	switch n := y.random.IntN(10); {
	case n < 3 || len(y.tickets) == 0:
		opened, err := y.App.OpenClaim(ctx, y.actor, desk.ClaimDraft{NamaNasabah: "A", MediaTransaksi: "QRIS", Nominal: 100, NominalGiven: true}, app.Once[app.Opened]{})
		must(t, err)
		y.places[opened.Ticket.ID] = len(y.tickets)
		y.tickets = append(y.tickets, opened.Ticket)
	case n < 9:
		ticket := y.tickets[max(0, len(y.tickets)-1-y.random.IntN(10))]
		_, err := y.App.AddComment(ctx, y.actor, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}, app.NewComment{Content: fmt.Sprint("hari ", day)})
		must(t, err)
	default:
		r := y.receivers[y.random.IntN(len(y.receivers))]
		if r.next == "" {
			rotated, err := y.App.RotateTarget(ctx, y.actor, r.target.ID, app.Overlap, app.Once[app.ChangedTarget]{})
			must(t, err)
			r.next = rotated.Secret
		} else {
			_, err := y.App.EndOverlap(ctx, y.actor, r.target.ID, app.Once[app.ChangedTarget]{})
			must(t, err)
			r.secret, r.next = r.next, ""
		}
	}
	for _, r := range y.receivers { // a partner who sees that its endpoint is disabled, and works again, enables it
		state, err := y.App.Target(ctx, y.actor, r.target.ID)
		must(t, err)
		if active := true; state.State == desk.TargetDisabled && r.how(y.Clock.Now()) == "" {
			_, err := y.App.ChangeTarget(ctx, y.actor, r.target.ID, 0, desk.TargetChange{Active: &active}, app.Once[app.ChangedTarget]{})
			must(t, err)
		}
	}
}

// until delivers what becomes due until a time.
func (y *year) until(t *testing.T, end time.Time) {
	y.Sequence(t)
	for {
		y.runner.Look()
		y.runner.OrderlyTurn(t.Context(), func(d outbox.Delivery) string {
			return fmt.Sprintf("%d %8d %8d", y.targets[d.TargetID].index, y.places[d.TicketID], d.Event.Seq)
		})
		if y.runner.Unsettled() > 0 {
			continue
		}
		next := y.nextDue(t)
		if next.IsZero() || next.After(end) {
			y.Clock.Advance(max(0, end.Sub(y.Clock.Now())))
			return
		}
		y.Clock.Advance(max(25*time.Millisecond, next.Sub(y.Clock.Now())))
	}
}

// nextDue is when there is something to do; zero: never.
func (y *year) nextDue(t *testing.T) (next time.Time) {
	due, err := y.Store.DueTargets(t.Context())
	must(t, err)
	for _, d := range due {
		at := d.Due
		if !d.OpenedAt.IsZero() && d.ProbeAt.After(at) {
			at = d.ProbeAt
		}
		if d.State == desk.TargetActive && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// live lets days pass, and then brings everything to its end.
func (y *year) live(t *testing.T, days int) {
	for day := range days {
		for range y.random.IntN(8) {
			y.until(t, y.Clock.Now().Add(time.Duration(y.random.Int64N(int64(6*time.Hour)))))
			y.act(t, day)
		}
		y.until(t, desktest.Start.Add(time.Duration(day+1)*24*time.Hour))
	}
	for _, r := range y.receivers {
		r.outages = nil
	}
	y.act(t, days) // enables what is disabled
	for range 3 {
		for _, r := range y.receivers {
			_, err := y.App.SendAgain(t.Context(), y.actor, r.target.ID, app.Again{Undelivered: true}, app.Once[app.SentAgain]{})
			must(t, err)
		}
		y.until(t, y.Clock.Now().Add(100*time.Hour))
	}
}

// check checks that every receiver got everything, in the order of each ticket.
func (y *year) check(t *testing.T) {
	events := 0
	for _, ticket := range y.tickets {
		now, err := y.App.ReadTicket(t.Context(), y.actor, strconv.FormatInt(ticket.Number, 10))
		must(t, err)
		var want []int64
		for seq := range now.Ticket.Events {
			want = append(want, seq+1)
		}
		events += len(want)
		for _, r := range y.receivers {
			if !slices.Equal(r.order[ticket.ID], want) {
				t.Errorf("receiver %d was told %v of ticket %d, want %v", r.index, r.order[ticket.ID], ticket.Number, want)
			}
		}
	}
	for _, fault := range y.faults {
		t.Error(fault)
	}
	t.Logf("seed %d: %d tickets, %d events for %d receivers in %d attempts, %d doubles", y.seed, len(y.tickets), events, len(y.receivers), y.attempts, y.doubles)
}

func TestAYearOfOutagesAndRotationsLosesNothing(t *testing.T) {
	t.Parallel()
	days := 60
	if os.Getenv("SERVICEDESK_SOAK") == "full" {
		days = 365
	}
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("SERVICEDESK_SEED"), 10, 64); err == nil {
		seed = given
	}
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		t.Logf("SERVICEDESK_SEED=%d repeats it", seed)
		y := newYear(t, e, seed, days)
		y.live(t, days)
		y.check(t)
	})
}

func TestAYearFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	live := func() [3]int {
		y := newYear(t, desktest.SQLite, 42, 40)
		y.live(t, 15)
		return [3]int{len(y.tickets), y.attempts, y.doubles}
	}
	if first, second := live(), live(); cmp.Compare(fmt.Sprint(first), fmt.Sprint(second)) != 0 {
		t.Errorf("the same seed led to %v and to %v", first, second)
	}
}
