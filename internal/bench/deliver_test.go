package bench

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
	"banksulutgo.co.id/servicedesk/webhook"
)

const receivers = 8

// receiver counts the webhooks that come, on any path.
type receiver struct {
	*httptest.Server
	out    atomic.Bool // of order
	count  atomic.Int64
	mu     sync.Mutex
	times  []time.Time               // when each came
	onPath func(path, ticket string) // told of each; may be nil
}

func startReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.out.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.times = append(r.times, time.Now())
		r.mu.Unlock()
		if r.onPath != nil {
			_, after, _ := bytes.Cut(body, []byte(`"ticketNumber":"`))
			number, _, _ := bytes.Cut(after, []byte(`"`))
			r.onPath(req.URL.Path, string(number))
		}
		r.count.Add(1)
	}))
	t.Cleanup(r.Close)
	return r
}

// url is the address of the receiver whose turn it is.
func (r *receiver) url(i int) string { return fmt.Sprintf("%s/%d", r.URL, i%receivers) }

// await waits until so many came, and returns how many a second came between a tenth and nine tenths of them.
func (r *receiver) await(t testing.TB, want int) float64 {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(2 * time.Minute); r.count.Load() < int64(want); <-tick.C {
		if time.Now().After(late) {
			t.Fatalf("%d of %d webhooks came", r.count.Load(), want)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	from, to := len(r.times)/10, len(r.times)*9/10
	took := r.times[to].Sub(r.times[from])
	rate := float64(to-from) / took.Seconds()
	r.times = nil
	r.count.Store(0)
	return rate
}

// bareClient posts signed bodies to the paths of a receiver, as many at once as the desk does at most, and does nothing else.
func bareClient(t testing.TB, r *receiver, posts int) float64 {
	t.Helper()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: receivers * 16, DisableCompression: true}}
	defer client.CloseIdleConnections()
	body := []byte(`{"event":"TICKET_CREATED","ticketNumber":"10001","channelReferenceId":null,"timestamp":"2026-11-22T04:46:22Z","data":{"status":"OPEN","priority":"MEDIUM","serviceType":"CLAIM","title":"KLAIM - OMNI - ATM - PEMBELIAN"}}`)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	var next atomic.Int64
	var all sync.WaitGroup
	for range receivers * 16 {
		all.Go(func() {
			for n := next.Add(1); n <= int64(posts); n = next.Add(1) {
				header, err := webhook.Headers(webhook.Message{ID: fmt.Sprintf("01m80s793vx854z1ec56hnskam-%d", n), Body: body}, time.Now(), secret)
				if err == nil {
					err = post(&client, fmt.Sprintf("%s/%d", r.URL, n%receivers), header, body)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return r.await(t, posts)
}

func post(client *http.Client, url string, header http.Header, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	return err
}

// claimFor is the example's claim with an address that shall hear of it.
func claimFor(url string) load.Request {
	r := example(0)
	r.Body = append(bytes.TrimSuffix(r.Body, []byte("}")), `,"integration":{"webhookUrl":"`+url+`"}}`...)
	return r
}

// startDelivering starts a desk that may call this machine and tries again soon.
func startDelivering(t testing.TB, e desktest.Engine, probe string) program {
	t.Helper()
	return serveDelivering(t, desktest.NewInstallation(t, e), probe)
}

func serveDelivering(t testing.TB, in desktest.Installation, probe string) program {
	t.Helper()
	in.Env = append(in.Env, "SERVICEDESK_LOG=json,info", "SERVICEDESK_WEBHOOK_ALLOW_NETS=127.0.0.0/8", "SERVICEDESK_WEBHOOK_RETRY=1s,1s,1s,1s,1s,1s,1s,1s,1s", "SERVICEDESK_WEBHOOK_PROBE="+probe)
	return serve(t, in, in.NewKey(t, "bench").Key)
}

// life is what happens to a claim once it is there: five events in all.
var life = []string{`{"action":"UPDATE_STATUS","status":"IN_PROGRESS"}`, `{"action":"ADD_COMMENT","comment":"We look into it."}`, `{"action":"UPDATE_STATUS","status":"RESOLVED"}`}

// lifeEvents are the events of a claim and its life.
const lifeEvents = 5

// lives makes claims and lets each of them live, by a key of the bank's own.
func lives(t testing.TB, d program, manager string, tickets int, url func(i int) string) {
	t.Helper()
	run := fmt.Sprintf("life-%d", rand.Uint64())
	o := load.Options{Callers: callers, Requests: tickets}
	ask(t, d.server, o, func(i int) load.Request {
		claim := example(0)
		claim.Body = fmt.Appendf(bytes.TrimSuffix(claim.Body, []byte("}")), `,"channelReferenceId":"%s-%d","integration":{"webhookUrl":"%s"}}`, run, i, url(i))
		return claim
	})
	s := d.server
	s.key = manager
	for _, body := range life {
		ask(t, s, o, func(i int) load.Request {
			return load.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/api/omnichannel/tickets/%s-%d", run, i), Body: []byte(body)}
		})
	}
}

// delivered is how many deliveries a second a desk makes, and a client that does nothing else.
type delivered struct{ desk, bare, ratio float64 }

// compareDeliveries lets events pile up while the receivers are out of order, and measures how they drain, in turns with the
// bare client: of claims to which nothing else happened, or of whole lives.
func compareDeliveries(t testing.TB, n size, e desktest.Engine, each int, whole bool) delivered {
	t.Helper()
	r := startReceiver(t)
	in := desktest.NewInstallation(t, e)
	manager := in.NewKey(t, "bank", "--permissions", "omnichannel:manage").Key
	d := serveDelivering(t, in, "200ms")
	drain := func() float64 { return drain(t, d, r, each) }
	if whole {
		drain = func() float64 { return drainLives(t, d, r, manager, each/lifeEvents) }
	}
	var desks, bares, ratios []float64
	for range n.pairs {
		desk := drain()
		bare := bareClient(t, r, each)
		desks, bares, ratios = append(desks, desk), append(bares, bare), append(ratios, desk/bare)
	}
	return delivered{median(desks), median(bares), median(ratios)}
}

// drain lets claims pile up while their receiver is out of order, and measures how many a second go out then.
func drain(t testing.TB, d program, r *receiver, claims int) float64 {
	t.Helper()
	return drainAfter(t, d, r, claims, func() {
		ask(t, d.server, load.Options{Callers: callers, Requests: claims}, func(i int) load.Request { return claimFor(r.url(i)) })
	})
}

// drainLives is drain for the events of whole lives.
func drainLives(t testing.TB, d program, r *receiver, manager string, tickets int) float64 {
	t.Helper()
	return drainAfter(t, d, r, lifeEvents*tickets, func() { lives(t, d, manager, tickets, r.url) })
}

// drainAfter measures how what made so many events goes out.
func drainAfter(t testing.TB, d program, r *receiver, events int, makeThem func()) float64 {
	t.Helper()
	r.out.Store(true)
	before := numbered(t, d)
	makeThem()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for numbered(t, d) < before+events { // somebody is owed an event when it is numbered
		<-tick.C
	}
	r.out.Store(false)
	return r.await(t, events)
}

// numbered is how many events a desk has numbered since it was started.
func numbered(t testing.TB, d program) int {
	t.Helper()
	answer, err := http.Get(d.Metrics + "/metrics")
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	_, after, _ := strings.Cut(string(text), "\nservicedesk_events_numbered_total ")
	count, _, _ := strings.Cut(after, "\n")
	n, err := strconv.ParseFloat(count, 64)
	must(t, err)
	return int(n)
}

// pending makes deliveries that wait: of so many tickets of another partner, to so many endpoints at which nobody listens.
func pending(t testing.TB, d program, key string, endpoints, tickets int) {
	t.Helper()
	d.key = key
	client, url := desktest.NewClient(d.url, key), closedPort(t)
	for range endpoints {
		client.Post(t, "/api/omnichannel/webhooks", `{"url":"`+url+`"}`).Want(t, http.StatusCreated)
	}
	ask(t, d.server, load.Options{Callers: callers, Requests: tickets}, example)
}

// compareBacklog measures how deliveries drain beside so many that wait for receivers which are out of order, in turns with
// a desk that owes nothing else.
func compareBacklog(t testing.TB, n size, e desktest.Engine, endpoints, tickets, each int) delivered {
	t.Helper()
	r := startReceiver(t)
	in := desktest.NewInstallation(t, e)
	other := in.NewKey(t, "other").Key
	idle, full := startDelivering(t, e, "2s"), serveDelivering(t, in, "2s")
	pending(t, full, other, endpoints, tickets)
	var with, without, ratios []float64
	for range n.pairs {
		a, b := drain(t, full, r, each), drain(t, idle, r, each)
		with, without, ratios = append(with, a), append(without, b), append(ratios, a/b)
	}
	return delivered{median(with), median(without), median(ratios)}
}

func BenchmarkDeliveriesBesideAMillion(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			got := compareBacklog(b, whole, e, 20, 50_000, 4000)
			b.ReportMetric(got.desk, "deliveries/s")
			b.ReportMetric(got.bare, "without-deliveries/s")
			b.ReportMetric(got.ratio, "x-without")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func BenchmarkDeliveries(b *testing.B)            { benchmarkDeliveries(b, true) }
func BenchmarkDeliveriesOfNewClaims(b *testing.B) { benchmarkDeliveries(b, false) }

func benchmarkDeliveries(b *testing.B, whole bool) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			got := compareDeliveries(b, size{pairs: 5}, e, 20_000, whole)
			b.ReportMetric(got.desk, "deliveries/s")
			b.ReportMetric(got.bare, "bare-posts/s")
			b.ReportMetric(got.ratio, "of-bare")
			b.ReportMetric(0, "ns/op")
		}
	})
}

// closedPort is an address of this machine at which nobody listens.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return "http://" + l.Addr().String() + "/"
}

// compareSubscriber measures claims that somebody shall hear of against claims of which nobody does, on one desk. The
// receiver is out of order, so that what is measured is the claim and not the calls.
func compareSubscriber(t testing.TB, n size, e desktest.Engine) ratios {
	t.Helper()
	d := startDelivering(t, e, "1h")
	url := closedPort(t)
	o := n.load()
	return compare(t, n, func() turn { return ask(t, d.server, o, example) }, func() turn { return ask(t, d.server, o, func(int) load.Request { return claimFor(url) }) })
}

func BenchmarkClaimsWithASubscriber(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			r := compareSubscriber(b, whole, e)
			b.ReportMetric(micros(r.cpuEach), "cpu-µs/req")
			b.ReportMetric(micros(r.baselineEach), "without-cpu-µs/req")
			b.ReportMetric(r.cpu, "x-without")
			b.ReportMetric(0, "ns/op")
		}
	})
}

// latencies are the medians of the time from a claim's answer to its webhook, beside a black hole and without one.
type latencies struct{ with, without, ratio float64 }

// compareBlackHole lets 99 receivers hear of claims, in turns with and without a hundredth that takes connections and never
// answers.
func compareBlackHole(t testing.TB, n size, e desktest.Engine, claims int) latencies {
	t.Helper()
	var mu sync.Mutex
	came := map[string]time.Time{}
	r := startReceiver(t)
	r.onPath = func(_, ticket string) {
		mu.Lock()
		defer mu.Unlock()
		came[ticket] = time.Now()
	}
	hole, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes the connections, nobody reads them
	must(t, err)
	t.Cleanup(func() { hole.Close() })
	d := startDelivering(t, e, "1h")
	client := desktest.NewClient(d.url, d.key)
	turn := func(beside bool) time.Duration {
		answered := map[string]time.Time{}
		for i := range claims {
			if beside && i%10 == 0 {
				client.Post(t, "/api/omnichannel/claims", string(claimFor("http://"+hole.Addr().String()+"/").Body)).Want(t, http.StatusCreated)
			}
			answer := client.Post(t, "/api/omnichannel/claims", string(claimFor(fmt.Sprintf("%s/%d", r.URL, rand.IntN(99))).Body)).Want(t, http.StatusCreated)
			answered[answer.Text("ticketNumber")] = time.Now()
		}
		r.await(t, claims)
		mu.Lock()
		defer mu.Unlock()
		var took []time.Duration
		for ticket, at := range answered {
			took = append(took, max(0, came[ticket].Sub(at)))
		}
		return median(took)
	}
	turn(false)
	var with, without, ratio []float64
	for range n.pairs {
		w, o := turn(true), turn(false)
		with, without = append(with, w.Seconds()*1e3), append(without, o.Seconds()*1e3)
		ratio = append(ratio, float64(w+time.Microsecond)/float64(o+time.Microsecond))
	}
	return latencies{median(with), median(without), median(ratio)}
}

func BenchmarkDeliveriesBesideABlackHole(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			got := compareBlackHole(b, whole, e, 200)
			b.ReportMetric(got.with, "median-ms")
			b.ReportMetric(got.without, "without-median-ms")
			b.ReportMetric(got.ratio, "x-without")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestTheMeasurementsOfDeliveriesRun(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		if got := compareDeliveries(t, small, e, 200, true); got.desk <= 0 || got.bare <= 0 {
			t.Errorf("deliveries: %+v", got)
		}
		if got := compareBacklog(t, small, e, 2, 50, 100); got.desk <= 0 || got.ratio <= 0 {
			t.Errorf("beside what waits: %+v", got)
		}
		if got := compareSubscriber(t, small, e); got.perSecond <= 0 {
			t.Errorf("claims with a subscriber: %+v", got)
		}
		if got := compareBlackHole(t, small, e, 20); got.with < 0 || got.without < 0 || got.ratio <= 0 {
			t.Errorf("beside a black hole: %+v", got)
		}
	})
}
