package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
)

// purgeEvery is how often a node removes what is kept for a time only. purgeSpread is how far nodes that start together
// begin with it apart.
const (
	purgeEvery  = time.Hour
	purgeSpread = 5 * time.Minute
)

// purge removes what is kept for a time only, every hour, with a first run a little after the start.
func (s *server) purge(ctx context.Context) {
	purged := newPurgeMetrics(s.metrics)
	select {
	case <-ctx.Done():
		return
	case <-time.After(rand.N(purgeSpread)):
	}
	every(ctx, purgeEvery, func() {
		did, err := s.app.Purge(ctx)
		purged.add(did)
		if err = errors.Join(err, s.staff.Forget(ctx)); err != nil {
			s.log.Warn("the purge could not do everything, trying again in an hour", "error", err)
		}
		if did != (app.Purged{}) {
			s.log.Info("purged", "requests", did.Requests, "files", did.Files, "leftovers", did.Leftovers, "deliveries", did.Attempts, "tests", did.Tests)
		}
	})
}

// purgeMetrics count what was removed.
type purgeMetrics struct{ removed *prometheus.CounterVec }

func newPurgeMetrics(to prometheus.Registerer) purgeMetrics {
	m := purgeMetrics{prometheus.NewCounterVec(prometheus.CounterOpts{Name: "servicedesk_purged_total",
		Help: "What the purge of this node removed: tickets for tests, request ids, files that no attachment names, temporary files, the log of deliveries."}, []string{"kind"})}
	to.MustRegister(m.removed)
	m.add(app.Purged{}) // so that a series begins with its first purge and not after it
	return m
}

func (m purgeMetrics) add(did app.Purged) {
	m.removed.WithLabelValues("tests").Add(float64(did.Tests))
	m.removed.WithLabelValues("requests").Add(float64(did.Requests))
	m.removed.WithLabelValues("files").Add(float64(did.Files))
	m.removed.WithLabelValues("leftovers").Add(float64(did.Leftovers))
	m.removed.WithLabelValues("deliveries").Add(float64(did.Attempts))
}

func purgeCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	dry := flags.Bool("dry-run", false, "only say what would be removed")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	return p.withFiles(ctx, c, func(o *opened) error {
		if *dry {
			due, err := o.app.PurgeDue(ctx)
			if err == nil {
				_, err = fmt.Fprintf(p.stdout, "Would be removed: %d request ids whose time is over, %d files that no attachment names, %d old attempts to deliver, %d tickets for tests.\n", due.Requests, due.Files, due.Attempts, due.Tests)
			}
			return err
		}
		did, err := o.app.Purge(ctx)
		fmt.Fprintf(p.stdout, "Removed: %d request ids whose time is over, %d files that no attachment names, %d temporary files, %d old attempts to deliver, %d tickets for tests.\n",
			did.Requests, did.Files, did.Leftovers, did.Attempts, did.Tests)
		return errors.Join(err, o.staff.Forget(ctx))
	})
}
