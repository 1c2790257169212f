package live

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestSomebodyHasSoManyStreamsAndOthersTheirOwn(t *testing.T) {
	var streams Streams
	var entered atomic.Int64
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			if streams.Enter("ani", 3) {
				entered.Add(1)
			}
		})
	}
	asking.Wait()
	if got := entered.Load(); got != 3 {
		t.Errorf("%d streams were let in, want 3", got)
	}
	if !streams.Enter("budi", 1) || streams.Open() != 4 {
		t.Errorf("%d streams are open after somebody else's first, want 4", streams.Open())
	}
	streams.Leave("ani")
	if !streams.Enter("ani", 3) || streams.Enter("ani", 3) {
		t.Error("a stream that was left makes room for one")
	}
	for range 3 {
		streams.Leave("ani")
	}
	streams.Leave("budi")
	if streams.Open() != 0 || len(streams.of) != 0 {
		t.Errorf("all have left, and %d are open: %v", streams.Open(), streams.of)
	}
}
