package share

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is done together.
type metrics struct {
	batches prometheus.Histogram
	seconds prometheus.Histogram
	replays prometheus.Counter
}

// newMetrics makes the metrics and registers them, unless to is nil.
func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "servicedesk_store_batch_writes",
			Help: "Writes that shared one commit.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128}}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "servicedesk_store_commit_seconds",
			Help: "Time from the start of a transaction to its durable commit.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		replays: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_store_replays_total",
			Help: "Transactions whose writes were run again, in halves or one by one."}),
	}
	if to != nil {
		to.MustRegister(m.batches, m.seconds, m.replays)
	}
	return m
}

func (m metrics) batch(writes int, took time.Duration) {
	m.batches.Observe(float64(writes))
	m.seconds.Observe(took.Seconds())
}
