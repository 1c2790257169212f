package web

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"banksulutgo.co.id/servicedesk/desk"
)

// Limiter counts the requests of each API key on this node: a token bucket a key.
type Limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket // by the key's id: as many as there are keys
	clock   func() time.Time
}

type bucket struct {
	*rate.Limiter
	rate int
}

// NewLimiter makes a limiter that reads the time from clock.
func NewLimiter(clock func() time.Time) *Limiter {
	return &Limiter{buckets: map[string]*bucket{}, clock: clock}
}

// Take takes tokens for a request of a key and notes in header how many are left. It returns an Error of code TooMany
// when there are not enough; nothing is taken then. A request that costs more than the bucket holds takes a full one.
func (l *Limiter) Take(k desk.APIKey, tokens int, header http.Header) error {
	if k.Rate <= 0 {
		return nil
	}
	b, now := l.bucket(k), l.clock()
	tokens = min(max(0, tokens), k.Burst())
	taken := b.AllowN(now, tokens)
	left := b.TokensAt(now)
	describe(k, left, header)
	if taken {
		return nil
	}
	return tooMany(max(1, secondsFor(k, float64(tokens)-left)))
}

// simulatedRate is how many requests a second a key without a limit would have, for Refuse.
const simulatedRate = 20

// Refuse notes in header, and returns, what Take would when the bucket of a key were empty.
func Refuse(k desk.APIKey, header http.Header) error {
	if k.Rate <= 0 {
		k.Rate = simulatedRate
	}
	describe(k, 0, header)
	return tooMany(1)
}

func tooMany(seconds int) error {
	return &desk.Error{Code: desk.TooMany, Text: desk.RateLimited, Args: []string{strconv.Itoa(seconds)}, RetryAfter: time.Duration(seconds) * time.Second}
}

// Raise takes what a request costs more than the one token that was taken for it. When there are not enough, the error
// is that of Take for the whole, and the one is given back: who tries again in the time that is told gets through.
func (l *Limiter) Raise(k desk.APIKey, tokens int, header http.Header) error {
	if k.Rate <= 0 {
		return nil
	}
	l.bucket(k).AllowN(l.clock(), -1)
	return l.Take(k, tokens, header)
}

// describe writes the headers of draft-ietf-httpapi-ratelimit-headers: how many requests (q) are allowed in how many
// seconds (w), how many remain (r), and in how many seconds the bucket is full again (t).
func describe(k desk.APIKey, left float64, header http.Header) {
	quota := k.Burst()
	header.Set("RateLimit-Policy", `"default";q=`+strconv.Itoa(quota)+`;w=`+strconv.Itoa(secondsFor(k, float64(quota))))
	header.Set("RateLimit", `"default";r=`+strconv.Itoa(int(left))+`;t=`+strconv.Itoa(secondsFor(k, float64(quota)-left)))
}

// secondsFor is how many whole seconds a key's bucket needs for so many tokens.
func secondsFor(k desk.APIKey, tokens float64) int { return int(math.Ceil(tokens / float64(k.Rate))) }

// bucket returns the bucket of a key, made anew when the key's rate changed.
func (l *Limiter) bucket(k desk.APIKey) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[k.ID]
	if !ok || b.rate != k.Rate {
		b = &bucket{rate.NewLimiter(rate.Limit(k.Rate), k.Burst()), k.Rate}
		l.buckets[k.ID] = b
	}
	return b
}
