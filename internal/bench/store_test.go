package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
	"banksulutgo.co.id/servicedesk/store"
)

// The baseline S: the rows of a claim, written by the store alone in full batches.

// bare is a store without a desk around it.
type bare struct {
	*store.Store
	numbers atomic.Int64
}

func openBare(t testing.TB, e desktest.Engine) *bare {
	t.Helper()
	in := desktest.NewInstallation(t, e)
	folder := t.TempDir()
	s, err := store.Open(context.Background(), store.Options{Database: in.Database, Folder: folder, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, s.Write(context.Background(), func(tx *store.Tx) error {
		tx.InsertPartner(desk.Partner{ID: "p", Name: "p"})
		return nil
	}))
	ctx, stop := context.WithCancel(context.Background())
	seal := func(previous string, e desk.AuditEntry) string {
		sum := sha256.Sum256(append([]byte(previous), e.Sealed()...))
		return hex.EncodeToString(sum[:])
	}
	var sequencing sync.WaitGroup
	sequencing.Go(func() { s.RunSequencer(ctx, seal, 250*time.Millisecond, func() {}) })
	t.Cleanup(func() {
		stop()
		sequencing.Wait()
		must(t, s.Close())
	})
	return &bare{Store: s}
}

// write stores the rows of one claim.
func (b *bare) write() error {
	now := b.Now()
	ticket := &desk.Ticket{ID: desk.NewID(now), Number: b.numbers.Add(1), PartnerID: "p", KeyID: "k", Version: 1, Events: 1, Channel: "OTHER", ServiceType: "CLAIM",
		ServiceName: "Klaim Transaksi", Group: desk.Group{Code: "CLAIMS", Name: "Claims", Team: "Claims Team"}, Branch: desk.Branch{Code: "OMNI", Name: "Omnichannel"},
		Title: "KLAIM - OMNI - ATM - PEMBELIAN", Description: "ATM transaction failed but money was debited from account", Category: "SERVICE_REQUEST", Status: desk.Open,
		Priority: "MEDIUM", Customer: desk.Customer{Name: "John Doe"}, Metadata: strings.Repeat("x", 350), Sealed: strings.Repeat("x", 200), PolicyHours: 72,
		Lookups: []desk.Lookup{{Kind: desk.ByAccount, Hash: desk.NewID(now)}}, CreatedAt: now, UpdatedAt: now}
	event := desk.Event{TicketID: ticket.ID, Seq: 1, Type: desk.TicketCreated, PartnerID: "p", At: now, Actor: desk.Actor{Kind: desk.ByPartner, ID: "k", Name: "bench"},
		Body: []byte(strings.Repeat("x", 250))}
	entry := desk.NewAudit(now, event.Actor, "ticket.create", "1", desk.OutcomeOK)
	return b.Write(context.Background(), func(tx *store.Tx) error {
		tx.InsertTicket(ticket)
		tx.Record(event)
		tx.Audit(entry)
		return nil
	})
}

// turn writes claims for a while, from so many callers that batches are full.
func (b *bare) turn(t testing.TB, n size) turn {
	t.Helper()
	const callers = 256
	var before, after syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	start := time.Now()
	var done atomic.Int64
	var writing sync.WaitGroup
	for range callers {
		writing.Go(func() {
			for time.Since(start) < n.turn && (n.requests == 0 || done.Load() < int64(n.requests)) {
				if err := b.write(); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	writing.Wait()
	took := time.Since(start)
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	count := int(done.Load())
	used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	return turn{Result: load.Result{Requests: count, Took: took, Rate: float64(count) / took.Seconds(), Median: took, P99: took}, cpu: used / time.Duration(max(count, 1))}
}

// compareStore measures claims over HTTP against the store alone.
func compareStore(t testing.TB, n size, e desktest.Engine) ratios {
	t.Helper()
	s, d := openBare(t, e), startDesk(t, e)
	return compare(t, n, func() turn { return s.turn(t, n) }, func() turn { return ask(t, d.server, n.load(), example) })
}

func BenchmarkClaimsAgainstTheStore(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			r := compareStore(b, whole, e)
			b.ReportMetric(r.baselineRate, "S-claims/s")
			b.ReportMetric(micros(r.baselineEach), "S-cpu-µs") // of the program's side alone
			b.ReportMetric(r.rate, "of-S-rate")
			b.ReportMetric(0, "ns/op")
		}
	})
}
