package bench

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
)

const callers = 64

// runs counts the turns of this process, so that no request id is used twice.
var runs atomic.Int64

// workload makes the source of a turn.
func workload(t testing.TB, name string, numbers []string) load.Source {
	t.Helper()
	return source(t, name, fmt.Sprintf("turn-%d", runs.Add(1)), numbers)
}

// example is the claim of the API document as it is printed there, without a request id.
func example(int) load.Request {
	return load.Request{Method: http.MethodPost, Path: "/api/omnichannel/claims", Body: []byte(`{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN",` +
		`"nominal":500000,"nomorRekening":"1234567890","nomorKartu":"****1234","claimReason":"Transaction failed but amount was deducted","claimDate":"2024-12-19T10:30:00Z",` +
		`"transactionId":"TXN123456789","referenceNumber":"REF987654321","atmId":"ATM001","description":"ATM transaction failed but money was debited from account"}`)}
}

func eachEngine(b *testing.B, bench func(b *testing.B, e desktest.Engine)) {
	b.Helper()
	for _, e := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
		b.Run(string(e), func(b *testing.B) { bench(b, e) })
	}
}

// compareClaims measures claims against H; with or without request ids.
func compareClaims(t testing.TB, n size, e desktest.Engine, ids bool) ratios {
	t.Helper()
	h, d := startBaseline(t), startDesk(t, e)
	o := n.load()
	source := func() load.Source { return claimsOf(t, ids) }
	return compare(t, n, func() turn { return ask(t, h, o, source()) }, func() turn { return ask(t, d.server, o, source()) })
}

// compareStatus measures reads of the status of many tickets against H.
func compareStatus(t testing.TB, n size, e desktest.Engine) ratios {
	t.Helper()
	h, d := startBaseline(t), startDesk(t, e)
	const tickets = 1000
	ask(t, d.server, load.Options{Callers: callers, Requests: tickets}, workload(t, "claims", nil))
	numbers := load.Range(10001, tickets)
	o := n.load()
	return compare(t, n, func() turn { return ask(t, h, o, workload(t, "status", numbers)) },
		func() turn { return ask(t, d.server, o, workload(t, "status", numbers)) })
}

// alone measures one caller's claims, with or without request ids, beside what the disk takes: the medians of both.
func alone(t testing.TB, n size, e desktest.Engine, times int, ids bool) (claim, disk time.Duration) {
	t.Helper()
	d := startDesk(t, e)
	o := load.Options{Callers: 1, Requests: times}
	source := func() load.Source { return claimsOf(t, ids) }
	ask(t, d.server, o, source())
	var claims, disks []time.Duration
	for range n.pairs {
		disks = append(disks, syncedWrite(t, d.Folder, times))
		claims = append(claims, ask(t, d.server, o, source()).Median)
	}
	return median(claims), median(disks)
}

// claimsOf is the source of a turn of claims.
func claimsOf(t testing.TB, ids bool) load.Source {
	t.Helper()
	if ids {
		return workload(t, "claims", nil)
	}
	return example
}

func BenchmarkClaims(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			compareClaims(b, whole, e, false).report(b)
		}
	})
}

func BenchmarkClaimsWithRequestIDs(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			compareClaims(b, whole, e, true).report(b)
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			compareStatus(b, whole, e).report(b)
		}
	})
}

func BenchmarkOneCaller(b *testing.B) { benchAlone(b, false) }

func BenchmarkOneCallerWithRequestIDs(b *testing.B) { benchAlone(b, true) }

func benchAlone(b *testing.B, ids bool) {
	b.Helper()
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			claim, disk := alone(b, whole, e, 1000, ids)
			b.ReportMetric(micros(claim)/1e3, "median-ms")
			b.ReportMetric(micros(disk)/1e3, "F-ms")
			b.ReportMetric(micros(claim-disk)/1e3, "over-F-ms")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestTheMeasurementsRun(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		for name, measure := range map[string]func() ratios{
			"claims":          func() ratios { return compareClaims(t, small, e, false) },
			"claims with ids": func() ratios { return compareClaims(t, small, e, true) },
			"status":          func() ratios { return compareStatus(t, small, e) },
			"the store":       func() ratios { return compareStore(t, small, e) },
		} {
			if r := measure(); r.perSecond <= 0 || r.baselineRate <= 0 || r.p99 < r.median {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if claim, disk := alone(t, small, e, 20, true); claim <= 0 || disk <= 0 {
			t.Errorf("one caller: %v, the disk: %v", claim, disk)
		}
	})
}
