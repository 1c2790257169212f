package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/outbox"
)

func TestWaitsAreThoseOfTheListAFifthMoreOrLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := outbox.Waits(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(100*24*time.Hour)).Draw(t, "wait"))
		}), 0, 12).Draw(t, "waits"))
		n := rapid.IntRange(1, 15).Draw(t, "n")
		asked := time.Duration(rapid.Int64().Draw(t, "asked"))
		wait, left := list.After(n, asked, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		if left != (n <= len(list)) {
			t.Fatalf("after failure %d of %d waits: left %v", n, len(list), left)
		}
		if !left {
			return
		}
		least := max(time.Duration(float64(list[n-1])*0.8), min(asked, 24*time.Hour))
		most := max(time.Duration(float64(list[n-1])*1.2), min(asked, 24*time.Hour), time.Millisecond)
		if wait < least || wait > most {
			t.Fatalf("wait %v is not from %v to %v", wait, least, most)
		}
	})
}

func TestAWindowGrowsWithSuccessesAndShrinksWithFailures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := desktest.Start
		p := outbox.NewPeer(now)
		begun, failures, tickets := 0, 0, map[string]bool{}
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			if room := p.Room(now); room > 0 && rapid.Bool().Draw(t, "begin") {
				p.Begin()
				begun++
			} else if begun > 0 {
				ok, ticket := rapid.Bool().Draw(t, "ok"), fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "ticket"))
				wasOpen := p.Open()
				p.End(ok, ticket, now)
				begun--
				if ok {
					failures, tickets = 0, map[string]bool{}
				} else {
					failures++
					tickets[ticket] = true
				}
				if opened := p.Open() && !wasOpen; opened && (failures < outbox.OpensAfter || len(tickets) < 3) {
					t.Fatalf("the circuit opened after %d failures over %d tickets", failures, len(tickets))
				}
				if ok && p.Open() {
					t.Fatal("the circuit is open after a success")
				}
			}
			if begun > 16 {
				t.Fatalf("%d calls are under way", begun)
			}
			if p.Open() && p.Room(now) > 0 {
				t.Fatal("an open circuit has room before its probe")
			}
		}
	})
}

func TestAnOpenCircuitHasRoomForOneProbe(t *testing.T) {
	now := desktest.Start
	p := outbox.NewPeer(now)
	for i := range outbox.OpensAfter {
		p.Begin()
		p.End(false, fmt.Sprint(i), now)
	}
	for _, c := range []struct {
		after time.Duration
		begin bool
		want  int
	}{{0, false, 0}, {59 * time.Second, false, 0}, {time.Minute, false, 1}, {time.Minute, true, 0}} {
		if c.begin {
			p.Begin()
		}
		if room := p.Room(now.Add(c.after)); room != c.want {
			t.Errorf("%v after the circuit opened there is room for %d, want %d", c.after, room, c.want)
		}
	}
	p.End(true, "x", now)
	if room := p.Room(now); room < 1 || room > 2 {
		t.Errorf("when the target is back there is room for %d calls, want a careful beginning", room)
	}
}
