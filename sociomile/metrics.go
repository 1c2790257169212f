package sociomile

import "github.com/prometheus/client_golang/prometheus"

// metrics count what was sent to the provider, and what it did not take.
type metrics struct {
	sent     prometheus.Counter
	failed   *prometheus.CounterVec
	statuses prometheus.Counter
}

func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		sent:     prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_omni_tickets_sent_total", Help: "Tickets that Sociomile took."}),
		failed:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "servicedesk_omni_tickets_failed_total", Help: "Calls to Sociomile that failed, by what came of them."}, []string{"class"}),
		statuses: prometheus.NewCounter(prometheus.CounterOpts{Name: "servicedesk_omni_status_updates_total", Help: "Changes of status that Sociomile took."}),
	}
	for _, class := range Classes {
		if class != Sent && class != Duplicate {
			m.failed.WithLabelValues(string(class)) // so that a series is there before its first call
		}
	}
	if to != nil {
		to.MustRegister(m.sent, m.failed, m.statuses)
	}
	return m
}

func (m metrics) count(r Route, c Class) {
	switch {
	case c != Sent && c != Duplicate:
		m.failed.WithLabelValues(string(c)).Inc()
	case r == StatusRoute:
		m.statuses.Inc()
	default:
		m.sent.Inc()
	}
}
