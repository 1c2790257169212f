package load

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRequestsComeAtARateThatAnswersDoNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, requests = 100, 400
		r := &run{options: Options{PerSecond: rate, Requests: requests}, due: time.Now()}
		began, last := time.Now(), time.Now()
		for n := range requests {
			got, due, more := r.take()
			if got != n || !more || due.Before(last) || !sleepUntil(t.Context(), due) || time.Now().Before(due) {
				t.Fatalf("request %d is number %d, due at %v after %v", n, got, due, last)
			}
			last = due
		}
		if got := requests / time.Since(began).Seconds(); got < rate*0.7 || got > rate*1.4 {
			t.Errorf("%.0f requests a second, want about %d", got, rate)
		}
		if _, _, more := r.take(); more {
			t.Error("there are more requests than were asked for")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if sleepUntil(ctx, time.Now().Add(time.Hour)) || sleepUntil(ctx, time.Now()) {
			t.Error("somebody waits for a run that ended")
		}
	})
}
