package web

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// watch is a clock that is set by hand.
type watch struct{ at time.Time }

func newWatch() *watch { return &watch{time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)} }

func (w *watch) now() time.Time { return w.at }

// taken takes tokens and words what came of it: the seconds to wait, 0 when they were given, and the headers.
func taken(l *Limiter, k desk.APIKey, tokens int) string {
	header := http.Header{}
	wait := time.Duration(0)
	var e *desk.Error
	if errors.As(l.Take(k, tokens, header), &e) {
		wait = e.RetryAfter
	}
	return fmt.Sprint(wait, " ", header.Get("RateLimit-Policy"), " ", header.Get("RateLimit"))
}

func TestABucketIsEmptiedAndFillsUpWithTime(t *testing.T) {
	w, k := newWatch(), desk.APIKey{ID: "k", Rate: 20}
	l := NewLimiter(w.now)
	for _, step := range []struct {
		after  time.Duration
		tokens int
		want   string
	}{
		{0, 1, `0s "default";q=100;w=5 "default";r=99;t=1`},
		{0, 99, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{0, 1, `1s "default";q=100;w=5 "default";r=0;t=5`},
		{49 * time.Millisecond, 1, `1s "default";q=100;w=5 "default";r=0;t=5`},
		{time.Millisecond, 1, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{0, 100, `5s "default";q=100;w=5 "default";r=0;t=5`},
		{0, 21, `2s "default";q=100;w=5 "default";r=0;t=5`},
		{2 * time.Second, 0, `0s "default";q=100;w=5 "default";r=40;t=3`},
		{0, 41, `1s "default";q=100;w=5 "default";r=40;t=3`},
		{0, 40, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{0, 0, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{time.Hour, 0, `0s "default";q=100;w=5 "default";r=100;t=0`},
		{0, 101, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{4999 * time.Millisecond, 1000, `1s "default";q=100;w=5 "default";r=99;t=1`},
		{time.Millisecond, 1000, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{0, -50, `0s "default";q=100;w=5 "default";r=0;t=5`},
		{0, 1, `1s "default";q=100;w=5 "default";r=0;t=5`},
		{-time.Hour, 1, `1s "default";q=100;w=5 "default";r=0;t=5`},
	} {
		w.at = w.at.Add(step.after)
		if got := taken(l, k, step.tokens); got != step.want {
			t.Errorf("%d after %v: got %s, want %s", step.tokens, step.after, got, step.want)
		}
	}
}

func TestThePolicyPromisesNoMoreThanIsGiven(t *testing.T) {
	for rate, want := range map[int]string{
		1: `"default";q=100;w=100`, 3: `"default";q=100;w=34`, 20: `"default";q=100;w=5`, 30: `"default";q=150;w=5`, 1000: `"default";q=5000;w=5`,
	} {
		header := http.Header{}
		if err := NewLimiter(newWatch().now).Take(desk.APIKey{Rate: rate}, 1, header); err != nil || header.Get("RateLimit-Policy") != want {
			t.Errorf("%d/s: got %v, %v", rate, header, err)
		}
	}
}

func TestAKeyWithoutARateIsNotLimited(t *testing.T) {
	l := NewLimiter(newWatch().now)
	for _, rate := range []int{0, -1} {
		if got := taken(l, desk.APIKey{ID: "k", Rate: rate}, 1e6); got != "0s  " || len(l.buckets) != 0 {
			t.Errorf("%d/s: got %s, %d buckets", rate, got, len(l.buckets))
		}
	}
}

func TestTheRefusalSaysHowLongToWait(t *testing.T) {
	l, k := NewLimiter(newWatch().now), desk.APIKey{ID: "k", Rate: 20}
	taken(l, k, 100)
	door, _ := newDoor(Options{})
	got := ask(t, "GET", start(t, door.Handle("x", func(r *Request) (Answer, error) { return Answer{}, l.Take(k, 50, r.Limits) })), nil, "X-Request-Id: 1")
	want := `{"success":false,"message":"Too many requests. Try again in 3 seconds","requestId":"1"}`
	if got.status != 429 || got.body != want || got.header.Get("Retry-After") != "3" || got.header.Get("RateLimit") != `"default";r=0;t=5` ||
		got.header.Get("RateLimit-Policy") != `"default";q=100;w=5` {
		t.Errorf("got %+v", got)
	}
}

func TestKeysDoNotShareABucketAndEachHasOne(t *testing.T) {
	l := NewLimiter(newWatch().now)
	for range 3 {
		for i := range 100 {
			k := desk.APIKey{ID: fmt.Sprint(i), Rate: 20}
			if err := l.Take(k, 33, http.Header{}); err != nil {
				t.Errorf("key %d: %v", i, err)
			}
		}
	}
	if len(l.buckets) != 100 {
		t.Errorf("%d buckets for 100 keys", len(l.buckets))
	}
}

func TestAChangedRateHoldsAtOnce(t *testing.T) {
	w := newWatch()
	l := NewLimiter(w.now)
	taken(l, desk.APIKey{ID: "k", Rate: 20}, 100)
	for _, step := range []struct {
		rate, tokens int
		want         string
	}{
		{200, 1000, `0s "default";q=1000;w=5 "default";r=0;t=5`},
		{200, 1, `1s "default";q=1000;w=5 "default";r=0;t=5`},
		{1, 100, `0s "default";q=100;w=100 "default";r=0;t=100`},
		{1, 2, `2s "default";q=100;w=100 "default";r=0;t=100`},
		{0, 1000, `0s  `},
	} {
		if got := taken(l, desk.APIKey{ID: "k", Rate: step.rate}, step.tokens); got != step.want {
			t.Errorf("%d/s, %d tokens: got %s, want %s", step.rate, step.tokens, got, step.want)
		}
	}
	if len(l.buckets) != 1 {
		t.Errorf("%d buckets", len(l.buckets))
	}
}

var limitHeader = regexp.MustCompile(`^"default";r=\d+;t=\d+$`)

// The model counts in nanotokens, where everything is a whole number.
func TestTheLimiterGivesWhatABucketHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, k := newWatch(), desk.APIKey{ID: "k", Rate: rapid.IntRange(1, 500).Draw(t, "rate")}
		l, full := NewLimiter(w.now), int64(k.Burst())*1e9
		held := full
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			pause := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3e9), rapid.Int64Range(0, 1000)).Draw(t, "pause")
			w.at = w.at.Add(time.Duration(pause))
			held = min(full, held+pause*int64(k.Rate))
			tokens := rapid.IntRange(0, k.Burst()).Draw(t, "tokens")
			short, header := int64(tokens)*1e9-held, http.Header{}
			err := l.Take(k, tokens, header)
			if near := short > -1e4 && short < 1e4; (err == nil) != (short <= 0) && !near {
				t.Fatalf("%d tokens of %d nanotokens: %v", tokens, held, err)
			}
			if !limitHeader.MatchString(header.Get("RateLimit")) {
				t.Fatalf("RateLimit: %s", header.Get("RateLimit"))
			}
			if err == nil {
				held = max(0, held-int64(tokens)*1e9)
				continue
			}
			wait := err.(*desk.Error).RetryAfter
			if least := time.Duration(float64(short) / float64(k.Rate)); wait < least-time.Millisecond || wait > least+time.Second+time.Millisecond || wait%time.Second != 0 {
				t.Fatalf("wait %v for %v", wait, least)
			}
			if rapid.Bool().Draw(t, "waits") {
				w.at = w.at.Add(wait)
				if err := l.Take(k, tokens, header); err != nil {
					t.Fatalf("after waiting %v as told: %v", wait, err)
				}
				held = min(full, held+int64(wait)*int64(k.Rate)) - int64(tokens)*1e9
			}
		}
	})
}

func TestNoTokenIsLostOrGivenTwiceWhenManyTakeAtOnce(t *testing.T) {
	l, k := NewLimiter(newWatch().now), desk.APIKey{ID: "k", Rate: 200}
	var given atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 500 {
				if l.Take(k, i+1, http.Header{}) == nil {
					given.Add(int64(i) + 1)
				}
			}
		})
	}
	all.Wait()
	if given.Load() != 1000 {
		t.Errorf("%d tokens were given of 1000", given.Load())
	}
}

func BenchmarkTake(b *testing.B) {
	l, k, header := NewLimiter(time.Now), desk.APIKey{ID: "k", Rate: 1e6}, http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Take(k, 1, header); err != nil {
			b.Fatal(err)
		}
	}
}
