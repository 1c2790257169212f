package store

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what the store does.
type metrics struct {
	batches  prometheus.Histogram
	seconds  prometheus.Histogram
	replays  prometheus.Counter
	failures prometheus.Counter
	numbered prometheus.Counter
	sealed   prometheus.Counter
}

// newMetrics makes the store's metrics and registers them, unless to is nil.
func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "servicedesk_store_batch_writes",
			Help: "Writes that shared one commit.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128}}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "servicedesk_store_commit_seconds",
			Help: "Time from the start of a transaction to its durable commit.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		replays: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_store_replays_total",
			Help: "Transactions whose writes were run again, in halves or one by one."}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_store_failures_total",
			Help: "Reads and writes that the database failed."}),
		numbered: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_events_numbered_total",
			Help: "Events that the sequencer of this node numbered."}),
		sealed: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_audit_sealed_total",
			Help: "Audit entries that the sequencer of this node sealed."}),
	}
	if to != nil {
		to.MustRegister(m.batches, m.seconds, m.replays, m.failures, m.numbered, m.sealed)
	}
	return m
}

func (m metrics) batch(writes int, took time.Duration) {
	m.batches.Observe(float64(writes))
	m.seconds.Observe(took.Seconds())
}

// sequencedAtOnce counts the records that were numbered and sealed in the transaction that stored them.
func (m metrics) sequencedAtOnce(r records) {
	if len(r.events) > 0 && r.events[0].Number != 0 {
		m.numbered.Add(float64(len(r.events)))
	}
	if len(r.entries) > 0 && r.entries[0].Number > 0 {
		m.sealed.Add(float64(len(r.entries)))
	}
}
