package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// BenchmarkOrderOfEvents says what it costs to number events without gaps: behind the commit, with a sequencer at work
// beside the writers (the way), or in each write, by a counter row (the base).
func BenchmarkOrderOfEvents(b *testing.B) {
	for _, c := range []struct {
		engine desktest.Engine
		nodes  int
	}{{desktest.SQLite, 1}, {desktest.PostgreSQL, 1}, {desktest.PostgreSQL, 2}} {
		b.Run(fmt.Sprintf("%s/nodes-%d/sequencer", c.engine, c.nodes), func(b *testing.B) {
			compare(b, "claims", counting(b, c.engine, c.nodes), sequencing(b, c.engine, c.nodes))
		})
	}
}

// nodes opens several stores on one database, with the partner of all claims.
func nodes(b *testing.B, e desktest.Engine, n int) []*store.Store {
	b.Helper()
	p := newPlace(b, e)
	var stores []*store.Store
	for range n {
		stores = append(stores, p.tuned(b, 0, store.Tuning{}))
	}
	partners(b, stores[0], "p")
	return stores
}

// counting numbers every event in the write that records it.
func counting(b *testing.B, e desktest.Engine, n int) round {
	stores := nodes(b, e, n)
	return claiming(b, func(tx *store.Tx, _ *desk.Ticket) error {
		var number int64
		return store.Ask(tx, `UPDATE partner SET feed_head = feed_head + 1 WHERE id = 'p' RETURNING feed_head`, nil, &number)
	}, stores...)
}

// sequencing numbers events and seals audit entries behind the commits, on every node, until none is left.
func sequencing(b *testing.B, e desktest.Engine, n int) round {
	stores := nodes(b, e, n)
	claims := claiming(b, nil, stores...)
	return func() int {
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		for _, s := range stores {
			running.Go(func() { s.RunSequencer(ctx, seal, 250*time.Millisecond, func() {}) })
		}
		done := claims()
		stop()
		running.Wait()
		sequence(b, stores[0])
		return done
	}
}
