package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// The benchmarks here decide the schema; docs/decisions tells what they said. What counts are ratios: each way of doing
// something takes turns with the first of its group, round by round, so that whatever else the machine does meets both.

// callers write at the same time, each roundWrites one after the other in a round.
const (
	callers     = 64
	roundWrites = 6
)

// round is one turn of a way to do something; it returns how much was done.
type round func() int

// compare lets a way take turns with the base, and reports how much it does in a second and how many times as much as
// the base that is.
func compare(b *testing.B, unit string, base, way round) {
	b.Helper()
	var took [2]time.Duration
	var done [2]int
	for b.Loop() {
		for i, turn := range []round{base, way} {
			start := time.Now()
			done[i] += turn()
			took[i] += time.Since(start)
		}
	}
	rate := func(i int) float64 { return float64(done[i]) / took[i].Seconds() }
	b.ReportMetric(rate(1), unit+"/s")
	b.ReportMetric(rate(1)/rate(0), "x")
	b.ReportMetric(0, "ns/op") // a pair of rounds is no unit that means something
}

// tuned opens a store for a benchmark.
func (p place) tuned(b testing.TB, batch int, t store.Tuning) *store.Store {
	b.Helper()
	s, err := store.OpenTuned(context.Background(), store.Options{Database: p.database, Folder: p.folder, Clock: p.clock.Now, Batch: batch, Log: slog.New(slog.DiscardHandler)}, t)
	check(b, err)
	b.Cleanup(func() { check(b, s.Close()) })
	return s
}

// serial gives every write of a benchmark a number of its own.
var serial atomic.Int64

// claimWrite is the whole write of a claim: what the verb stores, with contents of the usual sizes.
func claimWrite(more func(tx *store.Tx, t *desk.Ticket) error) func(tx *store.Tx) error {
	n := serial.Add(1)
	t := plain(n, "p", desk.Open, desktest.Start.Add(time.Duration(n)*time.Millisecond))
	t.ChannelReference, t.Description, t.Sealed = fmt.Sprint("REF-", n), strings.Repeat("kartu tertelan di mesin ", 14), strings.Repeat("x", 400)
	t.Metadata = `{"namaNasabah":"Budi Santoso","mediaTransaksi":"ATM","jenisTransaksi":"TRANSFER","nominal":500000,"claimReason":"uang tidak keluar"}`
	t.Lookups = []desk.Lookup{{Kind: desk.ByAccount, Hash: fmt.Sprintf("%064x", n)}}
	created := event(t.ID, "p", 1, desk.TicketCreated, t.UpdatedAt)
	entry := desk.NewAudit(t.UpdatedAt, created.Actor, "ticket.create", fmt.Sprint(n), desk.OutcomeOK)
	request := store.Request{PartnerID: "p", ID: fmt.Sprint("r-", n), Operation: "POST /claims", Content: strings.Repeat("d", 300), Status: 201, Answer: strings.Repeat("y", 700)}
	return func(tx *store.Tx) error {
		tx.KeepRequest(request)
		tx.InsertTicket(t)
		if more != nil {
			if err := more(tx, t); err != nil {
				return err
			}
		}
		tx.Record(created)
		tx.Audit(entry)
		return nil
	}
}

// writing is a round in which all callers write what make makes.
func writing(b testing.TB, stores []*store.Store, make func() func(*store.Tx) error) round {
	return func() int {
		var all sync.WaitGroup
		for c := range callers {
			all.Go(func() {
				for range roundWrites {
					if err := stores[c%len(stores)].Write(context.Background(), make()); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		return callers * roundWrites
	}
}

// claiming is a round of claims.
func claiming(b testing.TB, more func(tx *store.Tx, t *desk.Ticket) error, stores ...*store.Store) round {
	return writing(b, stores, func() func(*store.Tx) error { return claimWrite(more) })
}
