package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// rounds is how often a test tries.
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
