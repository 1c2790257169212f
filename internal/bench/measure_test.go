package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
)

// size is how much is measured.
type size struct {
	pairs    int           // turns of each side
	turn     time.Duration // the length of one
	requests int           // the most of one; 0: as many as fit
}

// The sizes of make bench, and of the test that the measurements run.
var (
	whole = size{pairs: 10, turn: 2 * time.Second}
	small = size{pairs: 1, turn: time.Minute, requests: 100}
)

// load is the load of one turn.
func (n size) load() load.Options {
	return load.Options{Callers: callers, For: n.turn, Requests: n.requests}
}

// turn is what one turn of load came to.
type turn struct {
	load.Result
	cpu time.Duration // per request that was answered with success, with what is done behind the answers
}

// ask puts a server under load for one turn, and after one of some length waits until it rests. Every request must succeed.
func ask(t testing.TB, s server, o load.Options, source load.Source) turn {
	t.Helper()
	o.URL, o.Key = s.url, s.key
	before := cpuTime(t, s.pids())
	r, err := load.Run(context.Background(), o, source)
	must(t, err)
	if o.Requests == 0 {
		rest(t, s)
	}
	used := cpuTime(t, s.pids()) - before
	if r.Failed > 0 || r.Requests == 0 {
		t.Fatalf("not every request was answered with success:\n%s", r)
	}
	return turn{Result: r, cpu: used / time.Duration(r.Requests)}
}

// rest waits until a server does next to nothing any more behind its answers: new tickets wait half a second for others before
// they are made findable.
func rest(t testing.TB, s server) {
	t.Helper()
	const look, little, enough = 200 * time.Millisecond, 10 * time.Millisecond, 4
	used := cpuTime(t, s.pids())
	for quiet, looks := 0, 0; quiet < enough && looks < 100; looks++ {
		<-time.After(look)
		now := cpuTime(t, s.pids())
		if quiet++; now-used > little {
			quiet = 0
		}
		used = now
	}
}

// ratios are the medians over pairs of turns.
type ratios struct {
	rate, cpu      float64 // of the desk to the baseline
	perSecond      float64 // of the desk
	cpuEach        time.Duration
	baselineRate   float64
	baselineEach   time.Duration
	median, p99    time.Duration // of the desk's answers
	slowestToUsual float64       // p99 to median
}

// compare lets the baseline and the desk take turns.
func compare(t testing.TB, n size, baseline, desk func() turn) ratios {
	t.Helper()
	baseline() // warm
	desk()
	columns := make(map[string][]float64)
	add := func(name string, value float64) { columns[name] = append(columns[name], value) }
	for range n.pairs {
		b, d := baseline(), desk()
		add("rate", d.Rate/b.Rate)
		add("cpu", float64(d.cpu)/max(float64(b.cpu), 1))
		add("perSecond", d.Rate)
		add("cpuEach", float64(d.cpu))
		add("baselineRate", b.Rate)
		add("baselineEach", float64(b.cpu))
		add("median", float64(d.Median))
		add("p99", float64(d.P99))
		add("slowest", float64(d.P99)/float64(d.Median))
	}
	of := func(name string) float64 { return median(columns[name]) }
	return ratios{rate: of("rate"), cpu: of("cpu"), perSecond: of("perSecond"), cpuEach: time.Duration(of("cpuEach")),
		baselineRate: of("baselineRate"), baselineEach: time.Duration(of("baselineEach")),
		median: time.Duration(of("median")), p99: time.Duration(of("p99")), slowestToUsual: of("slowest")}
}

// report reports ratios as metrics of a benchmark.
func (r ratios) report(b *testing.B) {
	b.ReportMetric(r.perSecond, "req/s")
	b.ReportMetric(r.baselineRate, "H-req/s")
	b.ReportMetric(r.rate, "of-H-rate")
	b.ReportMetric(micros(r.cpuEach), "cpu-µs/req")
	b.ReportMetric(micros(r.baselineEach), "H-cpu-µs/req")
	b.ReportMetric(r.cpu, "x-H-cpu")
	b.ReportMetric(micros(r.median)/1e3, "median-ms")
	b.ReportMetric(micros(r.p99)/1e3, "p99-ms")
	b.ReportMetric(r.slowestToUsual, "p99/median")
	b.ReportMetric(0, "ns/op") // means nothing here
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// cpuTime is the CPU time that processes used so far, in user and kernel mode, with that of their children that ended.
func cpuTime(t testing.TB, pids []int) time.Duration {
	t.Helper()
	const tick = time.Second / 100 // of the kernel's accounting
	ticks := 0
	for _, pid := range pids {
		fields := stat(pid)
		if fields == nil {
			continue // ended meanwhile: counted with its parent
		}
		for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
			n, err := strconv.Atoi(fields[i])
			must(t, err)
			ticks += n
		}
	}
	return time.Duration(ticks) * tick
}

// stat returns the fields of /proc/PID/stat behind the name of the program; nil when there is no such process.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// children lists a process and those that it started.
func children(pid int) []int {
	found := []int{pid}
	entries, _ := os.ReadDir("/proc") // Linux has it
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if fields := stat(child); fields != nil && fields[1] == strconv.Itoa(pid) {
			found = append(found, child)
		}
	}
	return found
}

// postmaster is the process id of the database server that a URL leads to.
func postmaster(t testing.TB, database string) int {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, database)
	must(t, err)
	defer conn.Close(ctx)
	parent, err := strconv.Atoi(stat(int(conn.PgConn().PID()))[1])
	must(t, err)
	return parent
}

// program is a running desk with a key.
type program struct {
	server
	*desktest.Process
}

// startDesk starts the built program on an engine, with one key that has no rate limit.
func startDesk(t testing.TB, e desktest.Engine) program {
	t.Helper()
	in := desktest.NewInstallation(t, e)
	in.Env = append(in.Env, "SERVICEDESK_LOG=json,info")
	return serve(t, in, in.NewKey(t, "bench").Key)
}

func serve(t testing.TB, in desktest.Installation, key string) program {
	t.Helper()
	p := in.Serve(t)
	return program{server{url: p.URL, key: key, pids: pidsOf(t, in, p.PID())}, p}
}

// pidsOf returns what lists a process that uses an installation, and those of its database.
func pidsOf(t testing.TB, in desktest.Installation, pid int) func() []int {
	t.Helper()
	if in.Database == "" {
		return func() []int { return []int{pid} }
	}
	server := postmaster(t, in.Database)
	return func() []int { return append(children(server), pid) }
}
