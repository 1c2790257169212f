package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestABodyOverTheBudgetIsRefusedForTheMoment(t *testing.T) {
	d, lines := newDoor(Options{BodyBudget: 100_000})
	url := start(t, d.Handle("x", func(r *Request) (Answer, error) {
		body, err := d.ReadBody(r)
		defer body.Release()
		return Answer{Status: 200, Body: fmt.Append(nil, len(body.Bytes))}, err
	}))
	for size, want := range map[int]string{
		40_000: "40000",
		99_999: `{"success":false,"message":"The service cannot answer at this moment. Try again in 2 seconds","requestId":"1"}`,
	} {
		got := ask(t, "POST", url, strings.NewReader(strings.Repeat("x", size)), "X-Request-Id: 1")
		if got.body != want || (got.status == 503) != (got.header.Get("Retry-After") == "2") {
			t.Errorf("%d bytes: got %d %s", size, got.status, got.body)
		}
		if line := lines.fields(t); got.status == 503 && line["error"] != "unavailable: the budget for bodies in flight is used up" {
			t.Errorf("logged %v", line)
		}
	}
	if left := d.budget.free(); left != 100_000 {
		t.Errorf("the budget has %d bytes left", left)
	}
}

// stalling is a body that sends some bytes and then nothing until it is closed.
func stalling(d *Door, announced int64) (send func(n int), end func()) {
	pipe, in := io.Pipe()
	r := incoming(pipe)
	r.ContentLength = announced
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = d.ReadBody(r)
	}()
	send = func(n int) {
		for _, size := range []int{n, 1} { // the second one is taken when there was room made for it
			_, _ = in.Write(make([]byte, size))
		}
	}
	return send, func() { _ = in.CloseWithError(errors.New("gone")); <-done }
}

func TestASlowCallerHoldsLittleMoreThanItSent(t *testing.T) {
	for _, announced := range []int64{-1, MaxBody} {
		for _, sent := range []int{0, 100, 10_000, 1_000_000, 30_000_000} {
			d, _ := newDoor(Options{})
			send, end := stalling(d, announced)
			send(sent)
			if held, most := defaultBudget-d.budget.free(), int64(min(max(wholePart, 2*(sent+1)), sent+1+mostPart)); held > most || held < int64(sent) {
				t.Errorf("%d bytes of %d: %d held, want at most %d", sent, announced, held, most)
			}
			end()
			if left := d.budget.free(); left != defaultBudget {
				t.Errorf("the budget has %d bytes left", left)
			}
		}
	}
}

func TestAThousandSilentCallersLeaveRoomForOthers(t *testing.T) {
	d, _ := newDoor(Options{})
	for range 1000 {
		send, end := stalling(d, MaxBody)
		send(0)
		defer end()
	}
	if got := receive(t, d, incoming(repeated([]byte("x"), 50<<20))); len(got) != 50<<20 {
		t.Errorf("got %d bytes: %.100s", len(got), got)
	}
}

// ofKey is a request of an API key with a body of announced length.
func ofKey(key string, size int) *Request {
	r := incoming(repeated([]byte("x"), int64(size)))
	r.ContentLength, r.Key.ID = int64(size), key
	return r
}

func TestOneKeyHoldsAtMostItsShareOfTheBudget(t *testing.T) {
	const budget = 16 << 20
	d, lines := newDoor(Options{BodyBudget: budget})
	var refusal error
	for refusal == nil {
		_, refusal = d.ReadBody(ofKey("greedy", 1<<20))
	}
	if !desk.Is(refusal, desk.Unavailable) || !errors.Is(refusal, errShare) {
		t.Errorf("got %v", refusal)
	}
	for refusal = nil; refusal == nil; {
		_, refusal = d.ReadBody(ofKey("greedy", 30_000))
	}
	if held := budget - d.budget.free(); held < budget/2-2<<20 || held > budget/2+budget/16 {
		t.Errorf("the key holds %d bytes", held)
	}
	for _, size := range []int{100, 50_000, 2 << 20} {
		body, err := d.ReadBody(ofKey("other", size))
		if err != nil || len(body.Bytes) != size {
			t.Errorf("%d bytes of another key: %v", size, err)
		}
		body.Release()
	}
	if d.budget.held["other"] != 0 || len(d.budget.held) != 1 {
		t.Errorf("held: %v", d.budget.held)
	}
	if len(lines) > 0 {
		t.Errorf("logged %v", lines.fields(t))
	}
}

func TestWhatIsMadeOfABodyCountsAndIsGivenBackWithIt(t *testing.T) {
	d, _ := newDoor(Options{BodyBudget: 1 << 20})
	r := ofKey("a", 50_000)
	body, err := d.ReadBody(r)
	if err := errors.Join(err, d.Reserve(r, 100_000)); err != nil || r.taken != 150_001 {
		t.Errorf("took %d: %v", r.taken, err)
	}
	if err := d.Reserve(r, 500_000); !desk.Is(err, desk.Unavailable) || r.taken != 150_001 {
		t.Errorf("took %d: %v", r.taken, err)
	}
	body.Release()
	if d.budget.free() != 1<<20 || r.taken != 0 {
		t.Errorf("%d bytes left, %d taken", d.budget.free(), r.taken)
	}
}

func TestLongBodiesLeaveRoomForShortOnes(t *testing.T) {
	d, _ := newDoor(Options{BodyBudget: 8 << 20})
	for _, size := range []int{3 << 20, 500_000, 100_000, 10_000} {
		for refused := false; !refused; {
			_, err := d.ReadBody(incoming(strings.NewReader(strings.Repeat("x", size))))
			refused = desk.Is(err, desk.Unavailable)
		}
	}
	if left := d.budget.free(); left < 1<<20 {
		t.Errorf("long bodies left %d bytes", left)
	}
	for range 25 {
		short := incoming(strings.NewReader(strings.Repeat("x", 40_000)))
		short.ContentLength = 40_000
		if body, err := d.ReadBody(short); len(body.Bytes) != 40_000 || err != nil {
			t.Fatalf("got %d bytes, %v", len(body.Bytes), err)
		}
	}
}

// drawHandler draws what a handler does with a body; whether it releases it is its own affair.
func drawHandler(t *rapid.T, d *Door) Handler {
	releases := rapid.IntRange(0, 3).Draw(t, "releases")
	reads := rapid.IntRange(0, 2).Draw(t, "reads")
	fate := rapid.SampledFrom([]string{"answer", "error", "panic", "nothing"}).Draw(t, "fate")
	return func(r *Request) (Answer, error) {
		for range reads {
			body, err := d.ReadBody(r)
			for range releases {
				body.Release()
			}
			if err != nil && fate == "error" {
				return Answer{}, err
			}
		}
		switch fate {
		case "answer":
			return Answer{Status: 200}, nil
		case "error":
			return Answer{}, desk.Fail(desk.Invalid, "x")
		case "panic":
			panic("x")
		}
		return Answer{}, nil
	}
}

// drawBody draws a request, good or bad in one of many ways.
func drawBody(t *rapid.T) *Request {
	content := bytes.Repeat([]byte("x"), rapid.IntRange(0, 300_000).Draw(t, "size"))
	var headers []string
	if rapid.Bool().Draw(t, "gzip") {
		headers, content = append(headers, "Content-Encoding: gzip"), zip(&testing.T{}, content)
	}
	if rapid.IntRange(0, 9).Draw(t, "type") == 0 {
		headers = append(headers, "Content-Type: text/plain")
	}
	sent := content[:len(content)-rapid.IntRange(0, min(3, len(content))).Draw(t, "cut")]
	var body io.Reader = bytes.NewReader(sent)
	if rapid.Bool().Draw(t, "breaks") {
		body = io.MultiReader(body, &failing{})
	}
	r := incoming(body, headers...)
	r.ContentLength = rapid.SampledFrom([]int64{-1, int64(len(content)), MaxBody, MaxBody + 1}).Draw(t, "announced")
	return r
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestTheBudgetIsWholeAfterAnySequenceOfRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, _ := newDoor(Options{BodyBudget: 400_000})
		for range rapid.IntRange(1, 8).Draw(t, "requests") {
			d.Handle("x", drawHandler(t, d)).ServeHTTP(httptest.NewRecorder(), drawBody(t).Request)
			if left := d.budget.free(); left != 400_000 {
				t.Fatalf("%d bytes are left", left)
			}
		}
	})
}

func TestTheBudgetIsNeverOverdrawnAndWholeAgainWhenManyReadAtOnce(t *testing.T) {
	const budget = 1 << 20
	d, _ := newDoor(Options{BodyBudget: budget})
	var read, refused atomic.Int64
	h := d.Handle("x", func(r *Request) (Answer, error) {
		body, err := d.ReadBody(r)
		if left := d.budget.free(); left < 0 {
			t.Errorf("the budget is overdrawn: %d", left)
		}
		if err != nil {
			refused.Add(1)
			return Answer{}, err
		}
		read.Add(1)
		body.Release()
		return Answer{Status: 200}, nil
	})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 50 {
				h.ServeHTTP(httptest.NewRecorder(), incoming(repeated([]byte("x"), 300_000)).Request)
			}
		})
	}
	all.Wait()
	if left := d.budget.free(); left != budget || read.Load() == 0 || read.Load()+refused.Load() != 800 {
		t.Errorf("%d bytes left, %d read, %d refused", left, read.Load(), refused.Load())
	}
}

// memoryUsed is what the process holds of the system's memory, in bytes.
func memoryUsed() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// peakOf returns the most memory that the process held while do ran, over what it held before.
func peakOf(do func()) int64 {
	runtime.GC()
	before, peak := memoryUsed(), int64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				peak = max(peak, memoryUsed())
			}
		}
	}()
	do()
	close(stop)
	<-stopped
	return peak - before
}

// The bound: twice the budget, as the collector lets the heap grow to twice of what is in use, and once more for
// buffers that were just left and not collected yet.
func TestSixtyFourOfTheLargestBodiesAtOnceStayWithinTheMemory(t *testing.T) {
	const callers, bound = 64, 3 * defaultBudget
	d, _ := newDoor(Options{})
	var begun, ended, all sync.WaitGroup
	var read atomic.Int64
	begun.Add(callers)
	ended.Add(callers)
	h := d.Handle("x", func(r *Request) (Answer, error) {
		begun.Done()
		begun.Wait()
		body, err := d.ReadBody(r)
		ended.Done()
		ended.Wait() // who was read stays in memory until nobody reads any more
		read.Add(int64(len(body.Bytes)))
		return Answer{Status: 200}, err
	})
	peak := peakOf(func() {
		for i := range callers {
			r := incoming(repeated([]byte("0123456789abcdef"), MaxBody/16)).Request
			if i%2 == 0 {
				r.ContentLength = MaxBody
			}
			all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
		}
		all.Wait()
	})
	t.Logf("%d bodies of %d were read, at most %d MB in use", read.Load()/MaxBody, callers, peak>>20)
	if read.Load() == 0 || peak > bound || d.budget.free() != defaultBudget {
		t.Errorf("%d bytes were read with %d MB in use (at most %d), and %d bytes of the budget are left",
			read.Load(), peak>>20, bound>>20, d.budget.free())
	}
}
