package live

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestPublishWakesEverybodyWhoWaits(t *testing.T) {
	var hub Hub
	first, second := hub.Next(), hub.Next()
	hub.Publish()
	<-first
	<-second
}

func TestWhoAsksAfterAPublishWaitsForTheNext(t *testing.T) {
	var hub Hub
	hub.Publish()
	next := hub.Next()
	select {
	case <-next:
		t.Fatal("woken by a publish before the wait began")
	default:
	}
	hub.Publish()
	<-next
}

// Everybody sees the last of what was told, whenever they began to wait: who asks before looking cannot miss it.
func TestNothingIsMissedBetweenLookingAndWaiting(t *testing.T) {
	const news, waiters = 2000, 8
	var hub Hub
	var told atomic.Int64
	var waiting sync.WaitGroup
	for range waiters {
		waiting.Go(func() {
			for {
				next := hub.Next()
				if told.Load() == news {
					return
				}
				<-next
			}
		})
	}
	for range news {
		told.Add(1)
		hub.Publish()
	}
	waiting.Wait() // a missed publish would leave somebody here for ever
}
