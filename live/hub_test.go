package live

import "testing"

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
