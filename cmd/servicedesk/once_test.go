package main_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestManyRequestsWithOneIDAtOnceAreOneTicketAndOneAnswer(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner").Key
		callers := []caller{newCaller(t, in.Serve(t), key)}
		if e == desktest.PostgreSQL {
			callers = append(callers, newCaller(t, in.Node(t).Serve(t), key))
		}
		answers := claimTogether(callers, 200, claim("one"))
		first := 0
		for _, a := range answers {
			if a.Status != http.StatusCreated || a.Body != answers[0].Body {
				t.Fatalf("status %d with %s, another got %s", a.Status, a.Body, answers[0].Body)
			}
			if a.Header.Get("Idempotent-Replayed") == "" {
				first++
			}
		}
		if first != 1 {
			t.Errorf("%d answers say that they are the first", first)
		}
		for _, c := range callers {
			if got := c.tickets(t); len(got["one"]) != 1 || len(got) != 1 {
				t.Errorf("there are tickets %v", got)
			}
			other := c.must(t, http.StatusUnprocessableEntity, http.MethodPost, base+"/claims", strings.Replace(claim("one"), "50000", "50001", 1))
			if !strings.Contains(other.Body, `"errors":{"nominal":`) {
				t.Errorf("the difference is not named: %s", other.Body)
			}
		}
	})
}

// claimTogether sends the same claim many times at once, by all callers in turn.
func claimTogether(callers []caller, times int, body string) []answer {
	answers := make([]answer, times)
	var senders sync.WaitGroup
	start := make(chan struct{})
	for i := range times {
		senders.Go(func() {
			<-start
			a, err := callers[i%len(callers)].do(http.MethodPost, base+"/claims", body)
			if err != nil {
				a.Body = err.Error()
			}
			answers[i] = a
		})
	}
	close(start)
	senders.Wait()
	return answers
}
