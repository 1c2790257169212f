package outbox

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what the runner does.
type metrics struct {
	attempts *prometheus.CounterVec
	targets  prometheus.Gauge
	open     prometheus.Gauge
	late     prometheus.Gauge
}

// newMetrics makes the runner's metrics and registers them, unless to is nil.
func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "servicedesk_delivery_attempts_total",
			Help: "Attempts of this node to deliver an event, by what came of them."}, []string{"kind", "class"}),
		targets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "servicedesk_delivery_targets",
			Help: "Targets for which something is owed, now or later."}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Name: "servicedesk_delivery_circuits_open",
			Help: "Those whose circuit is open: they cannot be reached."}),
		late: prometheus.NewGauge(prometheus.GaugeOpts{Name: "servicedesk_delivery_late_seconds",
			Help: "How long the first delivery has been due that could begin; of targets that are disabled or cannot be reached nothing counts."}),
	}
	if to != nil {
		to.MustRegister(m.attempts, m.targets, m.open, m.late)
	}
	return m
}

// look notes what is known after a look.
func (m metrics) look(peers map[string]*peer, now time.Time) {
	open, late := 0, 0.0
	for _, p := range peers {
		if p.open() {
			open++
		}
		if due := p.dueAt(); !due.IsZero() && !p.open() {
			late = max(late, now.Sub(due).Seconds())
		}
	}
	m.targets.Set(float64(len(peers)))
	m.open.Set(float64(open))
	m.late.Set(late)
}
