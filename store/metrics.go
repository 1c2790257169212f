package store

import "github.com/prometheus/client_golang/prometheus"

// metrics count what the store does.
type metrics struct {
	failures prometheus.Counter
	numbered prometheus.Counter
	sealed   prometheus.Counter
}

// newMetrics makes the store's metrics and registers them, unless to is nil.
func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_store_failures_total",
			Help: "Reads and writes that the database failed."}),
		numbered: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_events_numbered_total",
			Help: "Events that the sequencer of this node numbered."}),
		sealed: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_audit_sealed_total",
			Help: "Audit entries that the sequencer of this node sealed."}),
	}
	if to != nil {
		to.MustRegister(m.failures, m.numbered, m.sealed)
	}
	return m
}

// sequencedAtOnce counts the records that were numbered and sealed in the transaction that stored them.
func (m metrics) sequencedAtOnce(r *records) {
	if len(r.events) > 0 && r.events[0].Number != 0 {
		m.numbered.Add(float64(len(r.events)))
	}
	if len(r.entries) > 0 && r.entries[0].Number > 0 {
		m.sealed.Add(float64(len(r.entries)))
	}
}
