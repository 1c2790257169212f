package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// A node stands still in the middle of a call; another one takes the ticket up.
func TestASecondCallIsMadeOnlyForWhatWasBegunAndIsShown(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		begun, waiting := b.claim(t, ""), b.claim(t, "")
		must(t, b.provider.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both, Latency: time.Second}))
		b.Sequence(t)
		b.runner.Step(t.Context()) // the window lets two go: both are begun
		other := b.newConnector(b.Node(t).Store)
		b.Clock.Advance(b.runner.Lease() + time.Second)
		other.Look()
		other.Turn(t.Context())
		other.Stop(t.Context())
		b.runner.Stop(t.Context())
		got := b.provider.Received()
		for _, ticket := range []*desk.Ticket{begun, waiting} {
			if f := b.forward(t, ticket); !f.Doubtful || f.ProviderID == "" {
				t.Errorf("%d, called twice, is not shown as such: %+v", ticket.Number, f)
			}
		}
		if got.Created != 4 {
			t.Errorf("%d tickets at the provider, want two for each", got.Created)
		}
		later := b.claim(t, "")
		b.turns(t)
		if f := b.forward(t, later); f.Doubtful {
			t.Errorf("a ticket that was sent once is in doubt: %+v", f)
		}
	})
}

// oddAnswers makes answers that are nearly right, and others that are not.
func oddAnswers(random *rand.Rand) []byte {
	status := []string{"200 OK", "201 Created", "204 No Content", "301 Moved", "400 Bad", "401 No", "404 Not Found", "409 Conflict", "422 Bad", "429 Slow", "500 Oops", "503 Gone", "999 Odd", "abc"}
	kinds := []string{"application/json", "text/html", "application/json; charset=utf-16", "", "\x00"}
	bodies := []string{`{"success":true,"message":"success","data":{"ticketId":"0123456789abcdef01234567","ticket_number":32197},"code":200}`, `{"status":false,"errors":{"file":"/a/RoutesRequests.php","line":229}}`,
		`{"errors":{"namaNasabah":["required"]}}`, "<html>", "[[[[[[", `{"data":[]}`, `{"data":{"ticketId":7,"ticket_number":-1e999},"success":"yes"}`, `null`, "", strings.Repeat(`{"a":`, 5000)}
	body := []byte(bodies[random.IntN(len(bodies))])
	for range random.IntN(4) { // bytes change, and the end is missing
		if len(body) > 0 {
			body[random.IntN(len(body))] = byte(random.Uint32())
			body = body[:len(body)-random.IntN(len(body)/2+1)]
		}
	}
	length := len(body) + random.IntN(3) - 1
	encoding := []string{"", "", "", "Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"}[random.IntN(5)]
	answer := fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: %s\r\nRetry-After: %d\r\nContent-Length: %d\r\n%s\r\n%s", status[random.IntN(len(status))], kinds[random.IntN(len(kinds))],
		random.IntN(100)-50, max(0, length), encoding, body)
	return answer[:len(answer)-random.IntN(len(answer))*random.IntN(2)]
}

func TestNoAnswerOfTheProviderStopsALane(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		b := newBank(t, e)
		must(t, b.provider.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both}))
		seed, seen := rand.Uint64(), map[string]int{}
		random := rand.New(rand.NewPCG(seed, 0))
		for range 150 {
			answer := oddAnswers(random)
			b.odd.Store(&answer)
			ticket := b.claim(t, "")
			b.turns(t)
			b.odd.Store(nil)
			for range 2 {
				b.after(t, time.Hour)
			}
			classes := b.classes(t, ticket)
			seen[classes[0]]++
			if end := classes[len(classes)-1]; end != "DELIVERED" && end != "FAILED" || slices.Contains(classes, "FAULT") {
				t.Fatalf("seed %d: after %q: %v", seed, answer, classes)
			}
		}
		if len(seen) < 6 {
			t.Errorf("seed %d: the answers were of the classes %v alone", seed, seen)
		}
	})
}

// What the first node began is not known; that the second one failed in another way does not make it known.
func TestADoubtOutlivesTheFailuresBehindIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		for _, failing := range []fake.Scenario{fake.RouteMissing, fake.Gateway, fake.Validation} {
			b := newBank(t, e)
			ticket := b.claim(t, "")
			must(t, b.provider.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both, Latency: 300 * time.Millisecond}))
			b.Sequence(t)
			b.runner.Step(t.Context())
			desktest.Await(t, 10*time.Second, "the call has begun", func() bool { return b.provider.Received().Calls > 0 })
			must(t, b.provider.Set(fake.Settings{Scenario: failing, Auth: fake.Both}))
			other := b.newConnector(b.Node(t).Store)
			b.Clock.Advance(b.runner.Lease() + time.Second)
			other.Look()
			other.Turn(t.Context())
			other.Stop(t.Context())
			if f := b.forward(t, ticket); !f.Doubtful {
				t.Errorf("%s: the ticket is not in doubt: %+v", failing, f)
			}
			b.runner.Stop(t.Context())
		}
	})
}
