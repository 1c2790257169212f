package sociomile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/sociomile"
)

// alerted is what somebody was sent, who may refuse it.
type alerted struct {
	mu      sync.Mutex
	refuses bool
	tried   []string // id and event of every try
	taken   []sociomile.Alert
}

func (a *alerted) post(_ context.Context, id string, body []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var said sociomile.Alert
	if err := json.Unmarshal(body, &said); err != nil {
		return err
	}
	a.tried = append(a.tried, id+" "+said.Event)
	if a.refuses {
		return errors.New("refused")
	}
	a.taken = append(a.taken, said)
	return nil
}

// watched is a desk whose connector is watched.
type watched struct {
	*desktest.Desk
	to    *alerted
	watch *sociomile.Watch
	shown *prometheus.Registry
	key   *desktest.Client
	tries int
}

// onWatchedDesks runs a test on a desk of its own on each engine. Nothing is sent but what the test says.
func onWatchedDesks(t *testing.T, test func(t *testing.T, d *watched)) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := &watched{Desk: desktest.NewDesk(t, e, func(o *app.Options) { o.Forwarding = desk.Forwarding{Services: []string{"CLAIM"}} }), to: &alerted{}, shown: prometheus.NewRegistry()}
		if err := d.Store.MakeConnector(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.watch = d.another(d.shown)
		d.key = d.Client(d.NewKey(t, "partner", "omnichannel:*").Text)
		test(t, d)
	})
}

// another is the watch of another node, or after a new start.
func (d *watched) another(metrics prometheus.Registerer) *sociomile.Watch {
	return sociomile.NewWatch(sociomile.WatchOptions{Store: d.Store, Log: slog.New(slog.NewTextHandler(d.Log, nil)), Metrics: metrics, After: 30 * time.Minute, Post: d.to.post})
}

// claim makes a claim.
func (d *watched) claim(t *testing.T) {
	t.Helper()
	d.key.Post(t, "/claims", `{"namaNasabah":"Maria Lontoh","mediaTransaksi":"QRIS","nominal":50000}`).Want(t, 201)
	d.Sequence(t)
}

// attempt notes a call of a route.
func (d *watched) attempt(t *testing.T, route, class string) {
	t.Helper()
	d.tries++
	d.Exec(t, fmt.Sprintf(`INSERT INTO attempt (ticket_id, target_id, seq, again, fence, at, took, class, status, said, doubtful) VALUES ('t', '%s', 1, '', %d, %d, 1, '%s', 0, '', FALSE)`,
		route, d.tries, d.Clock.Now().UnixMicro(), class))
}

// look looks a time later.
func (d *watched) look(t *testing.T, later time.Duration) {
	t.Helper()
	d.Clock.Advance(later)
	if err := d.watch.Look(t.Context()); err != nil {
		t.Error(err)
	}
}

// wantAlerts compares what was sent since the last time.
func (d *watched) wantAlerts(t *testing.T, want ...sociomile.Alert) {
	t.Helper()
	for i := range d.to.taken {
		if len(d.to.taken[i].Text) != 2 {
			t.Errorf("texts %v", d.to.taken[i].Text)
		}
		d.to.taken[i].Text = nil
	}
	if diff := cmp.Diff(want, d.to.taken); diff != "" {
		t.Errorf("at %s (-want +got):\n%s", d.Clock.Now(), diff)
	}
	d.to.taken = nil
}

func down(since time.Time, waiting int, class sociomile.Class) sociomile.Alert {
	return sociomile.Alert{Event: "CONNECTOR_DOWN", Connector: "sociomile", Since: since, Waiting: waiting, Class: class}
}

func back(since time.Time, waiting int, class sociomile.Class) sociomile.Alert {
	a := down(since, waiting, class)
	a.Event = "CONNECTOR_RECOVERED"
	return a
}

func TestNothingThatGetsThroughIsAlertedOnceAndItsEndToo(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		began := d.Clock.Now()
		d.look(t, time.Hour) // nothing waits
		d.claim(t)
		d.attempt(t, desk.ConnectorCreates, "ROUTE_MISSING")
		d.Clock.Advance(time.Second)
		for _, class := range []string{"UNCHANGED", "KNOWN", "SKIPPED"} { // no call was made
			d.attempt(t, desk.ConnectorCreates, class)
		}
		d.look(t, 30*time.Minute-2*time.Second)
		d.wantAlerts(t)
		d.look(t, time.Second)
		since := began.Add(time.Hour)
		d.wantAlerts(t, down(since, 1, sociomile.RouteMissing))
		d.claim(t)
		d.look(t, time.Hour)
		d.attempt(t, desk.ConnectorCreates, "VALIDATION")
		d.look(t, time.Hour)
		d.wantAlerts(t) // what fails is no success
		d.attempt(t, desk.ConnectorCreates, "SENT")
		d.look(t, time.Second)
		d.wantAlerts(t, back(since, 2, sociomile.RouteMissing))
		d.look(t, 29*time.Minute)
		d.wantAlerts(t)
		d.look(t, time.Minute)
		d.wantAlerts(t, down(since.Add(150*time.Minute), 2, sociomile.Validation)) // since the success
		d.look(t, time.Minute)
		d.wantAlerts(t) // which was before the alarm
		d.Exec(t, `UPDATE lane SET due = 0, dead_at = 1 WHERE due < 200000000000000000`)
		d.look(t, time.Second)
		recovered := back(since.Add(150*time.Minute), 0, sociomile.Validation)
		recovered.Parked = 2
		d.wantAlerts(t, recovered) // nothing waits any more
		logged := d.Log.String()
		if strings.Count(logged, "level=ERROR msg=\"nothing reaches Sociomile\"") != 2 || strings.Count(logged, "level=INFO msg=\"the connector to Sociomile works again\"") != 2 {
			t.Errorf("the log is %s", logged)
		}
	})
}

func TestARouteThatWorksDoesNotHideTheOther(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		d.Exec(t, `UPDATE lane SET due = 1, tail = 1 WHERE target_id = 'sociomile-status'`)
		d.Exec(t, `UPDATE lane SET due = 0 WHERE target_id = 'sociomile-create'`)
		sent := d.Clock.Now().Add(10 * time.Minute)
		d.Exec(t, fmt.Sprintf(`UPDATE forward SET sent_at = %d`, sent.UnixMicro()))
		d.Exec(t, `UPDATE target SET state = 'disabled' WHERE id = 'sociomile-status'`)
		d.look(t, 35*time.Minute)
		d.wantAlerts(t) // it waits for the ticket's own sake until that is sent
		d.attempt(t, desk.ConnectorCreates, "SENT")
		d.look(t, 5*time.Minute)
		d.wantAlerts(t, down(sent, 1, "PAUSED"))
		for _, class := range []string{"UNCHANGED", "KNOWN", "SKIPPED"} {
			d.attempt(t, desk.ConnectorStatuses, class) // no call was made
		}
		d.look(t, time.Minute)
		d.wantAlerts(t)
		d.attempt(t, desk.ConnectorStatuses, "DUPLICATE")
		d.look(t, time.Minute)
		d.wantAlerts(t, back(sent, 1, "PAUSED"))
	})
}

func TestAnAlertIsSentUntilItIsTakenUnderOneID(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		d.to.refuses = true
		d.Clock.Advance(time.Hour)
		for range 3 {
			d.watch = d.another(nil) // a new start each time
			if err := d.watch.Look(t.Context()); err == nil {
				t.Error("a refused alert is no error")
			}
			d.look(t, 59*time.Second) // too early
			d.Clock.Advance(time.Second)
		}
		d.attempt(t, desk.ConnectorCreates, "SENT")
		d.to.refuses = false
		d.look(t, time.Second)
		d.look(t, time.Second)
		d.look(t, 20*time.Minute)
		d.wantAlerts(t, down(desktest.Start, 1, ""), back(desktest.Start, 1, ""))
		ids := map[string]int{}
		for _, tried := range d.to.tried {
			ids[tried]++
		}
		if len(ids) != 2 || ids[d.to.tried[0]] != 4 {
			t.Errorf("tried were %v", d.to.tried)
		}
	})
}

func TestOneOfManyNodesSendsAnAlert(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		for round, event := range []string{"CONNECTOR_DOWN", "CONNECTOR_RECOVERED"} {
			d.Clock.Advance(time.Hour)
			if round == 1 {
				d.attempt(t, desk.ConnectorCreates, "SENT")
			}
			d.Clock.Advance(time.Minute)
			var nodes sync.WaitGroup
			for range 8 {
				nodes.Go(func() {
					if err := d.another(nil).Look(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			if len(d.to.tried) != round+1 || !strings.HasSuffix(d.to.tried[round], event) {
				t.Fatalf("tried were %v", d.to.tried)
			}
		}
	})
}

func TestANodeThatDiesOverAnAlertLeavesItToTheNextTry(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		d.Clock.Advance(time.Hour)
		ctx, die := context.WithCancel(t.Context())
		dying := sociomile.NewWatch(sociomile.WatchOptions{Store: d.Store, Log: slog.New(slog.DiscardHandler), After: time.Minute, Post: func(ctx context.Context, id string, body []byte) error {
			die()
			return ctx.Err()
		}})
		if err := dying.Look(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it died of %v", err)
		}
		d.look(t, 30*time.Second)
		d.wantAlerts(t)
		d.look(t, 30*time.Second)
		d.wantAlerts(t, down(desktest.Start, 1, ""))
	})
}

func TestWithoutAnAddressTheLogAloneIsTold(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		d.to.refuses = true
		d.Clock.Advance(time.Hour)
		if err := d.watch.Look(t.Context()); err == nil {
			t.Error("a refused alert is no error")
		}
		silent := sociomile.NewWatch(sociomile.WatchOptions{Store: d.Store, Log: slog.New(slog.NewTextHandler(d.Log, nil)), After: 30 * time.Minute})
		d.Clock.Advance(time.Hour)
		d.attempt(t, desk.ConnectorCreates, "SENT")
		for range 2 {
			if err := silent.Look(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if len(d.to.tried) != 1 || !strings.Contains(d.Log.String(), "works again") {
			t.Errorf("tried were %v, the log is %s", d.to.tried, d.Log)
		}
		d.to.refuses = false
		d.look(t, time.Second)
		d.wantAlerts(t) // what nobody was to be told any more is not told later
	})
}

func TestAnAlertSaysInBothLanguagesWhatHelps(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		d.claim(t)
		d.attempt(t, desk.ConnectorCreates, "ROUTE_MISSING")
		d.look(t, time.Hour)
		want := map[desk.Language]string{
			desk.English: "Nothing has reached Sociomile since 2024-12-19 18:30 WITA. Waiting: 1. For a person: 0. " + string(desk.SociomileNoRoute),
			desk.Indonesian: "Tidak ada yang sampai ke Sociomile sejak 2024-12-19 18:30 WITA. Menunggu: 1. Perlu petugas: 0. " +
				desk.SociomileNoRoute.In(desk.Indonesian, ""),
		}
		if diff := cmp.Diff(want, d.to.taken[0].Text); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTheMetricsTellWhatWaitsAtEachRoute(t *testing.T) {
	onWatchedDesks(t, func(t *testing.T, d *watched) {
		want := func(want map[string]float64) {
			t.Helper()
			if diff := cmp.Diff(want, gauged(t, d.shown)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		none := map[string]float64{}
		for _, name := range []string{"backlog", "oldest_seconds", "circuit_open", "paused"} {
			none["servicedesk_omni_"+name+" create"], none["servicedesk_omni_"+name+" status"] = 0, 0
		}
		none["servicedesk_omni_parked"] = 0
		want(none) // before the first look
		d.claim(t)
		d.claim(t)
		d.claim(t)
		d.Exec(t, `UPDATE lane SET due = 0, dead_at = 1 WHERE target_id = 'sociomile-create' AND ticket_id = (SELECT MAX(id) FROM ticket)`)
		d.Exec(t, `UPDATE target SET opened_at = 1 WHERE id = 'sociomile-create'`)
		d.Exec(t, `UPDATE target SET state = 'disabled' WHERE id = 'sociomile-status'`)
		d.look(t, 90*time.Second)
		some := map[string]float64{"servicedesk_omni_backlog create": 2, "servicedesk_omni_oldest_seconds create": 90, "servicedesk_omni_circuit_open create": 1, "servicedesk_omni_paused status": 1, "servicedesk_omni_parked": 1}
		for name := range none {
			some[name] += 0
		}
		want(some)
		d.Exec(t, `UPDATE lane SET due = 0, dead_at = 0 WHERE due < 200000000000000000`)
		d.Exec(t, `UPDATE target SET opened_at = 0, state = 'active'`)
		d.look(t, time.Second)
		want(none)
	})
}

// gauged reads gauges by their names and routes.
func gauged(t *testing.T, from *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += " " + l.GetValue()
			}
			values[name] = m.GetGauge().GetValue()
		}
	}
	return values
}
