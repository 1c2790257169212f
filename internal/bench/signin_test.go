package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
)

// signIns is how many people sign in at once.
const signIns = 50

// everybodySignsIn lets people sign in at once, each known, and returns how long that took.
func everybodySignsIn(t testing.TB, s server, people int) time.Duration {
	t.Helper()
	began := time.Now()
	var arriving sync.WaitGroup
	for i := range people {
		arriving.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			answer, err := client.PostForm(s.url+"/sign-in", url.Values{"email": {fmt.Sprintf("user%d@bank.example", i)}, "password": {userPassword}})
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusSeeOther {
				t.Errorf("signing in is answered with %d", answer.StatusCode)
			}
		})
	}
	arriving.Wait()
	return time.Since(began)
}

// morning is how long requests take at half of the load that a desk can bear, and how long while everybody signs in.
type morning struct {
	half                    float64 // requests a second
	usual, busy             time.Duration
	usualMedian, busyMedian time.Duration
	signIns                 time.Duration // how long those took
}

// greet measures that: the medians of turns without sign-ins and with.
func greet(t testing.TB, e desktest.Engine, n size, people int, name string) (m morning) {
	t.Helper()
	in := desktest.NewInstallation(t, e)
	in.Env = append(in.Env, "SERVICEDESK_LOG=json,info")
	key := in.NewKey(t, "bench").Key
	for i := range people {
		in.NewUser(t, fmt.Sprintf("user%d@bank.example", i), userPassword, "--role", "agent", "--groups", consoleGroups[0])
	}
	d := serve(t, in, key)
	ask(t, d.server, load.Options{Callers: callers, Requests: few}, workload(t, "claims", nil)) // warm, and tickets to read
	numbers := load.Range(10001, few)
	m.half = ask(t, d.server, n.load(), workload(t, name, numbers)).Rate / 2
	var usual, busy, usualMedian, busyMedian, signIns []time.Duration
	for range n.pairs {
		r := during(t, d.server, m.half, workload(t, name, numbers), func() { wait(min(n.turn, 2*time.Second)) })
		usual, usualMedian = append(usual, r.P99), append(usualMedian, r.Median)
		r = during(t, d.server, m.half, workload(t, name, numbers), func() { signIns = append(signIns, everybodySignsIn(t, d.server, people)) })
		busy, busyMedian = append(busy, r.P99), append(busyMedian, r.Median)
	}
	m.usual, m.busy, m.usualMedian, m.busyMedian, m.signIns = median(usual), median(busy), median(usualMedian), median(busyMedian), median(signIns)
	return m
}

// during asks a desk at a rate while something happens.
func during(t testing.TB, s server, rate float64, source load.Source, happens func()) load.Result {
	t.Helper()
	ctx, over := context.WithCancel(context.Background())
	go func() { defer over(); happens() }()
	r, err := load.Run(ctx, load.Options{URL: s.url, Key: s.key, Callers: callers, PerSecond: rate, For: time.Minute}, source)
	must(t, err)
	if r.Failed > 0 || r.Requests == 0 {
		t.Fatalf("not every request was answered with success:\n%s", r)
	}
	return r
}

// BenchmarkSignIns says how much longer the API's answers take, at half of the load that it can bear, while fifty people sign
// in at once: the slowest 1 in 100 with them and without.
func BenchmarkSignIns(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for _, name := range []string{"claims", "details"} {
			b.Run(name, func(b *testing.B) {
				for range b.N {
					m := greet(b, e, whole, signIns, name)
					fmt.Fprintf(os.Stderr, "%-10s %-8s %5.0f a second, median %6.2f ms, 99 %% %6.2f ms; while people sign in (%v): median %6.2f ms, 99 %% %6.2f ms\n", e, name, m.half,
						micros(m.usualMedian)/1e3, micros(m.usual)/1e3, m.signIns.Round(time.Millisecond), micros(m.busyMedian)/1e3, micros(m.busy)/1e3)
					b.ReportMetric(float64(m.busy)/float64(m.usual), "x-p99")
					b.ReportMetric(m.signIns.Seconds(), "sign-ins-s")
					b.ReportMetric(0, "ns/op")
				}
			})
		}
	})
}

func TestTheMeasurementOfSignInsRuns(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := greet(t, e, small, 3, "claims")
		if m.usual == 0 || m.busy == 0 || m.signIns == 0 {
			t.Errorf("%+v", m)
		}
	})
}
