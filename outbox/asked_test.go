package outbox_test

import (
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/outbox"
)

func TestRetryAfterIsSecondsOrADateOfHTTP(t *testing.T) {
	now := time.Date(1994, 11, 6, 8, 49, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"37":                             37 * time.Second,
		"Sun, 06 Nov 1994 08:49:37 GMT":  37 * time.Second,
		"Sunday, 06-Nov-94 08:49:37 GMT": 37 * time.Second,
		"Sun Nov  6 08:49:37 1994":       37 * time.Second,
		"Sun, 06 Nov 1994 08:48:37 GMT":  0,
		"1994-11-06T08:49:37Z":           0,
		"3.7":                            0,
	} {
		if got := outbox.RetryAfter(text, now); got != want {
			t.Errorf("after %q: %v, want %v", text, got, want)
		}
	}
}
