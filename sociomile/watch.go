package sociomile

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// WatchOptions are what NewWatch needs.
type WatchOptions struct {
	Store   *store.Store
	Log     *slog.Logger
	Metrics prometheus.Registerer                                   // nil: none
	After   time.Duration                                           // how long nothing may reach the provider while something waits
	Post    func(ctx context.Context, id string, body []byte) error // tells somebody; nil: nobody is told
}

// Watch looks at what waits for the provider: it tells the metrics, and raises the alarm when nothing gets through.
type Watch struct {
	o      WatchOptions
	gauges gauges
}

// NewWatch makes a watch.
func NewWatch(o WatchOptions) *Watch { return &Watch{o: o, gauges: newGauges(o.Metrics)} }

// Look looks once. The error is that the database cannot be read or written, or that an alert was not taken, which is tried
// again by a later look.
func (w *Watch) Look(ctx context.Context) error {
	routes, err := w.o.Store.ConnectorRoutes(ctx)
	if err != nil {
		return err
	}
	w.gauges.set(routes, w.o.Store.Now())
	return w.alert(ctx, routes)
}

// gauges tell what waits at each route.
type gauges struct {
	backlog, oldest, open, paused *prometheus.GaugeVec
	parked                        prometheus.Gauge
}

func newGauges(to prometheus.Registerer) gauges {
	byRoute := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"route"})
	}
	g := gauges{
		backlog: byRoute("servicedesk_omni_backlog", "Tickets with something that can be sent to Sociomile and is not sent yet, counted up to 100000."),
		oldest:  byRoute("servicedesk_omni_oldest_seconds", "How long the oldest of them has been waiting; 0 when none is."),
		open:    byRoute("servicedesk_omni_circuit_open", "1 while the circuit is open: Sociomile cannot be reached."),
		paused:  byRoute("servicedesk_omni_paused", "1 while somebody has paused it."),
		parked:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "servicedesk_omni_parked", Help: "Tickets that wait for a person, counted up to 100000 for each route."}),
	}
	all := []*prometheus.GaugeVec{g.backlog, g.oldest, g.open, g.paused}
	for _, v := range all {
		for _, r := range []Route{CreateRoute, StatusRoute} {
			v.WithLabelValues(string(r)) // so that a series is there before the first look
		}
		if to != nil {
			to.MustRegister(v)
		}
	}
	if to != nil {
		to.MustRegister(g.parked)
	}
	return g
}

func (g gauges) set(routes []store.ConnectorRoute, now time.Time) {
	parked := 0
	for _, r := range routes {
		route := string(routeOf(r.Target))
		age := 0.0
		if !r.Oldest.IsZero() {
			age = max(0, now.Sub(r.Oldest).Seconds())
		}
		g.backlog.WithLabelValues(route).Set(float64(r.Waiting))
		g.oldest.WithLabelValues(route).Set(age)
		g.open.WithLabelValues(route).Set(oneIf(!r.OpenedAt.IsZero()))
		g.paused.WithLabelValues(route).Set(oneIf(r.State != desk.TargetActive))
		parked += r.Parked
	}
	g.parked.Set(float64(parked))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
