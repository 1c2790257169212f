package main_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// rounds is how often a test kills the program.
func rounds(normally int) int {
	if os.Getenv("SERVICEDESK_SOAK") == "full" {
		return 50 * normally
	}
	return normally
}

func TestAClaimThatWasStoredAndNotAnsweredIsTheSameTicketAfterACrash(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner").Key
		p := in.Serve(t)
		for round := range rounds(3) {
			id := fmt.Sprintf("stored-%d", round)
			send(t, p, key, claim(id)) // the answer is never read
			before := newCaller(t, p, key)
			var stored answer
			desktest.Await(t, 10*time.Second, "the claim is stored", func() bool {
				var err error
				stored, err = before.do(http.MethodGet, base+"/requests/"+id, "")
				return err == nil && stored.Status == http.StatusOK
			})
			p.Kill()
			p = in.Serve(t)
			after := newCaller(t, p, key)
			again := after.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim(id))
			if again.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("round %d: the claim that was stored was made again", round)
			}
			number := again.member(t, "ticketNumber")
			if want := stored.member(t, "ticketNumber"); number != want {
				t.Errorf("round %d: ticket %s, stored was %s", round, number, want)
			}
			if got := after.tickets(t)[id]; len(got) != 1 || got[0] != number {
				t.Errorf("round %d: there are tickets %v, want %s alone", round, got, number)
			}
		}
	})
}

func TestClaimsAreTicketsExactlyOnceWheneverTheProgramIsKilled(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner").Key
		p := in.Serve(t)
		numbers := map[string]string{}
		for round := range rounds(5) {
			told := claimUntilKilled(t, p, key, round)
			p = in.Serve(t)
			after := newCaller(t, p, key)
			for id, number := range told {
				again := after.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim(id))
				numbers[id] = again.member(t, "ticketNumber")
				if number != "" && number != numbers[id] {
					t.Errorf("%s was told to be ticket %s, after the crash it is %s", id, number, numbers[id])
				}
			}
		}
		stored := newCaller(t, p, key).tickets(t)
		for id, number := range numbers {
			if got := stored[id]; len(got) != 1 || got[0] != number {
				t.Errorf("%s is tickets %v, want %s alone", id, got, number)
			}
		}
		if len(stored) != len(numbers) {
			t.Errorf("there are %d tickets, want %d", len(stored), len(numbers))
		}
		p.Stop(t)
		if ran := in.Run(t, "audit", "verify", "--json"); ran.Status != 0 || !strings.Contains(ran.Stdout, `"unsealed":0`) {
			t.Errorf("the audit trail after the crashes: %+v", ran)
		}
	})
}

// claimUntilKilled sends claims at once and kills the program at some moment. It returns what was claimed, with the
// number of the ticket where the answer arrived.
func claimUntilKilled(t *testing.T, p *desktest.Process, key string, round int) map[string]string {
	t.Helper()
	const at = 8
	told := map[string]string{}
	var mu sync.Mutex
	var readers sync.WaitGroup
	for i := range at {
		id := fmt.Sprintf("crash-%d-%d", round, i)
		conn := send(t, p, key, claim(id))
		mu.Lock()
		told[id] = ""
		mu.Unlock()
		readers.Go(func() {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || response.StatusCode != http.StatusCreated {
				return // killed before
			}
			var body [512]byte
			n, _ := response.Body.Read(body[:]) // the number is in its first bytes, or the answer is cut
			_, rest, _ := strings.Cut(string(body[:n]), `"ticketNumber":"`)
			number, _, whole := strings.Cut(rest, `"`)
			mu.Lock()
			defer mu.Unlock()
			if whole {
				told[id] = number
			}
		})
	}
	<-time.After(time.Duration(rand.IntN(12_000)) * time.Microsecond)
	p.Kill()
	readers.Wait()
	return told
}

// send sends a claim over a connection of its own and returns without having read anything.
func send(t *testing.T, p *desktest.Process, key, body string) net.Conn {
	t.Helper()
	address := strings.TrimPrefix(p.URL, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s/claims HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		base, address, key, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
