package web

import (
	"fmt"
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
	buckets map[string]*bucket
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
// when there are not enough; nothing is taken then.
func (l *Limiter) Take(k desk.APIKey, tokens int, header http.Header) error {
	if k.Rate <= 0 {
		return nil
	}
	b, now := l.bucket(k), l.clock()
	reservation := b.ReserveN(now, tokens)
	wait := reservation.DelayFrom(now)
	if !reservation.OK() || wait > 0 {
		reservation.CancelAt(now)
		seconds := max(1, int(math.Ceil(wait.Seconds())))
		l.describe(k, b, now, header)
		return &desk.Error{Code: desk.TooMany, Text: desk.RateLimited, Args: []string{strconv.Itoa(seconds)}, RetryAfter: time.Duration(seconds) * time.Second}
	}
	l.describe(k, b, now, header)
	return nil
}

// describe writes the headers of draft-ietf-httpapi-ratelimit-headers: what is allowed and what is left of it.
func (l *Limiter) describe(k desk.APIKey, b *bucket, now time.Time, header http.Header) {
	left := max(0, int(b.TokensAt(now)))
	full := int(math.Ceil(float64(k.Burst()-left) / float64(k.Rate)))
	header.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, k.Burst(), max(1, k.Burst()/k.Rate)))
	header.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, left, full))
}

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
