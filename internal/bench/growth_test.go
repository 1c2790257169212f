package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
)

// few and many are the tickets of the two desks that are compared; many is less unless SERVICEDESK_SOAK=full.
const few = 1000

func many() int {
	if os.Getenv("SERVICEDESK_SOAK") == "full" {
		return 1_000_000
	}
	return 20_000
}

// grown is a desk with tickets in it.
type grown struct {
	program
	in      desktest.Installation
	numbers []string
	run     string // of the claims that it was filled with
}

// grow starts a desk and fills it over its own API: claims and tickets by turns, with request ids, and a comment to
// every tenth.
func grow(t testing.TB, e desktest.Engine, tickets int) grown {
	t.Helper()
	in := desktest.NewInstallation(t, e)
	in.Env = append(in.Env, "SERVICEDESK_LOG=json,info")
	p := serve(t, in, in.NewKey(t, "bench").Key)
	g := grown{program: p, in: in, numbers: load.Range(10001, tickets), run: fmt.Sprintf("grown-%d", runs.Add(1))}
	started := time.Now()
	told := started
	o := load.Options{Callers: callers, Requests: tickets, Progress: func(r load.Result) {
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%s: %d of %d tickets after %.0f s\n", e, r.Requests, tickets, r.Took.Seconds())
		}
	}}
	claims, plain := source(t, "claims", g.run, nil), source(t, "tickets", g.run, nil)
	ask(t, p.server, o, func(n int) load.Request {
		if n%2 == 0 {
			return claims(n / 2)
		}
		return plain(n / 2)
	})
	ask(t, p.server, load.Options{Callers: callers, Requests: tickets / 10}, source(t, "comments", g.run, g.numbers))
	fmt.Fprintf(os.Stderr, "%s: %d tickets made in %.0f s\n", e, tickets, time.Since(started).Seconds())
	return g
}

// source is the source of a workload under the name of a run.
func source(t testing.TB, name, run string, numbers []string) load.Source {
	t.Helper()
	w, found := load.FindWorkload(name)
	if !found {
		t.Fatalf("there is no workload %q", name)
	}
	return w.Source(load.Subject{Run: run, Numbers: numbers})
}

// costs is the CPU time of one request, in µs: of a desk with few tickets, of one with many, and their ratio.
type costs struct{ few, many, ratio float64 }

// compareGrowth lets two desks take turns at each kind of request. Those that make tickets come last.
func compareGrowth(t testing.TB, n size, small, large grown) map[string]costs {
	t.Helper()
	found := map[string]costs{}
	all := load.Workloads()
	slices.SortStableFunc(all, func(a, b load.Workload) int { return map[bool]int{true: 1}[a.Makes] - map[bool]int{true: 1}[b.Makes] })
	for _, w := range all {
		turn := func(g grown) func() turn {
			return func() turn {
				run := g.run // whose requests are looked up
				if w.Name != "requests" {
					run = fmt.Sprintf("turn-%d", runs.Add(1))
				}
				return ask(t, g.server, n.load(), source(t, w.Name, run, g.numbers))
			}
		}
		r := compare(t, n, turn(small), turn(large))
		found[w.Name] = costs{micros(r.baselineEach), micros(r.cpuEach), r.cpu}
	}
	return found
}

// scans counts how often PostgreSQL read a table from end to end, of the tables that grow.
func scans(t testing.TB, in desktest.Installation) (count int) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, in.Database)
	must(t, err)
	defer conn.Close(ctx)
	must(t, conn.QueryRow(ctx, `SELECT COALESCE(SUM(seq_scan), 0) FROM pg_stat_user_tables WHERE schemaname = current_schema()
		AND relname IN ('ticket', 'ticket_lookup', 'event', 'audit', 'request', 'comment', 'attachment')`).Scan(&count))
	return count
}

// readyAgain starts a desk anew and measures how long it takes until it is ready, and what is resident then, in bytes.
func readyAgain(t testing.TB, g grown) (took time.Duration, resident int64) {
	t.Helper()
	g.Stop(t)
	start := time.Now()
	p := g.in.Serve(t)
	took = time.Since(start)
	resident = p.Memory(t, "VmRSS")
	p.Stop(t)
	return took, resident
}

func BenchmarkGrowth(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			small, large := grow(b, e, few), grow(b, e, many())
			n := size{pairs: whole.pairs, turn: time.Second, requests: 2000}
			before := 0
			if e == desktest.PostgreSQL {
				before = scans(b, large.in)
			}
			for name, c := range compareGrowth(b, n, small, large) {
				b.ReportMetric(c.ratio, name+"-x")
				b.ReportMetric(c.many, name+"-cpu-µs")
			}
			if e == desktest.PostgreSQL {
				b.ReportMetric(float64(scans(b, large.in)-before), "scans")
			} else {
				info, err := os.Stat(filepath.Join(large.Folder, "servicedesk.db"))
				must(b, err)
				b.ReportMetric(float64(info.Size())/1e6, "MB")
			}
			took, resident := readyAgain(b, large)
			b.ReportMetric(took.Seconds(), "ready-s")
			b.ReportMetric(float64(resident)/1e6, "resident-MB")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestADeskThatGrewAnswersEveryKindOfRequest(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		g := grow(t, e, 200)
		if measured := compareGrowth(t, size{pairs: 1, turn: time.Minute, requests: 20}, g, g); len(measured) != len(load.Workloads()) {
			t.Errorf("measured were %v", measured)
		}
		if took, resident := readyAgain(t, g); took <= 0 || resident <= 0 {
			t.Errorf("ready after %v with %d bytes", took, resident)
		}
	})
}
