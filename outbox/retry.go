package outbox

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// DefaultWaits are the waits between the attempts to deliver a webhook (the spec, SERVICEDESK_WEBHOOK_RETRY).
var DefaultWaits = Waits{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// longestAsked is the longest wait that a target may ask for (Retry-After).
const longestAsked = 24 * time.Hour

// Waits are the pauses after the first, second, … failed attempt. After the attempt behind the last there is none any more.
type Waits []time.Duration

// after returns how long to wait after an attempt failed as the n-th (from 1) of its event: what the list says, a fifth
// more or less so that what failed together does not come back together, and not before the target asked for. It returns
// false when no attempt is left.
func (w Waits) after(n int, asked time.Duration, random *rand.Rand) (time.Duration, bool) {
	if n > len(w) {
		return 0, false
	}
	wait := time.Duration(float64(w[n-1]) * (0.8 + 0.4*random.Float64()))
	return max(wait, min(asked, longestAsked), time.Millisecond), true
}

// httpDates are the forms of a date in HTTP (RFC 9110, section 5.6.7).
var httpDates = []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC}

// RetryAfter reads the header Retry-After: how long a target asks to be left alone. It is a number of seconds, however
// large, or a date. What cannot be read asks for nothing.
func RetryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(0, seconds), math.MaxInt64/int64(time.Second))) * time.Second
	}
	for _, form := range httpDates {
		if at, err := time.Parse(form, text); err == nil {
			return max(0, at.Sub(now))
		}
	}
	return 0
}
