package soak_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// request is how a write is asked for.
func (w write) request() (method, path string, body []byte) {
	id := ""
	if w.Keyed {
		id = w.ID
	}
	integration := map[string]any{"requestId": id}
	if w.Hook != "" {
		integration["webhookUrl"] = w.Hook
	}
	files := []any{map[string]any{"filename": w.attachment(), "mimeType": "text/plain", "content": base64.StdEncoding.EncodeToString(w.content())}}
	var asked map[string]any
	switch w.Kind {
	case claim:
		method, path = http.MethodPost, "/claims"
		asked = map[string]any{"namaNasabah": "Budi", "mediaTransaksi": "QRIS", "nominal": w.nominal(), "channelReferenceId": w.ID, "integration": integration}
	case ticket:
		method, path = http.MethodPost, "/tickets"
		asked = map[string]any{
			"channel": "PHONE", "serviceType": "INQUIRY", "customer": map[string]any{"name": "Maria Lontoh"}, "channelReferenceId": w.ID,
			"ticket": map[string]any{"description": w.text()}, "attachments": files, "integration": integration,
		}
	case comment:
		asked = map[string]any{"action": "ADD_COMMENT", "comment": w.text(), "integration": integration}
	case file:
		asked = map[string]any{"action": "ADD_ATTACHMENT", "attachments": files, "integration": integration}
	case cancel:
		asked = map[string]any{"action": "UPDATE_STATUS", "status": "CANCELLED", "integration": integration}
	}
	if !w.Kind.opens() {
		method, path = http.MethodPatch, "/tickets/"+w.Ticket
	}
	body, err := json.Marshal(asked)
	if err != nil {
		panic(err) // maps of texts and numbers
	}
	return method, path, body
}

// load is what callers do to a desk at once.
type load struct {
	client *desktest.Client
	ledger *ledger
	over   chan struct{} // closed when the callers shall stop
	most   int           // writes of each caller; 0: until over

	mu     sync.Mutex
	faults []error // answers that the desk may not give
	refuse int     // answers with 503
}

// run lets callers write until each has done its part, the load is over, or the desk is gone.
func (l *load) run(callers int) {
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			c := caller{load: l, random: rand.New(rand.NewPCG(uint64(i), rand.Uint64()))}
			for n := 0; (l.most == 0 || n < l.most) && !l.ended() && c.next(); n++ {
			}
		})
	}
	running.Wait()
}

func (l *load) ended() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// stopAfter ends a load after a while.
func (l *load) stopAfter(while time.Duration) {
	<-time.After(while)
	close(l.over)
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Errorf(format, args...))
}

// check fails the test when the desk gave an answer that it may not give.
func (l *load) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range l.faults {
		t.Error(err)
	}
}

// caller is one of the callers. It changes its own tickets only, one thing after the other.
type caller struct {
	*load
	random *rand.Rand
	open   []string // numbers of its tickets that can be changed
}

// next asks for something; false when the desk is gone.
func (c *caller) next() bool {
	choice := c.random.IntN(10)
	switch {
	case choice == 9:
		return c.batch()
	case choice < 2 || len(c.open) == 0:
		return c.one(write{Kind: claim, Keyed: c.random.IntN(3) > 0})
	case choice < 4:
		return c.one(write{Kind: ticket, Keyed: true})
	}
	at := c.random.IntN(len(c.open))
	w := write{Kind: comment, Keyed: true, Ticket: c.open[at]}
	switch choice {
	case 7:
		w.Kind = file
	case 8:
		w.Kind = cancel
		c.open = append(c.open[:at], c.open[at+1:]...)
	case 6:
		w.Keyed = false
	}
	return c.one(w)
}

// one asks for a write; a keyed one again and again while the desk says that it cannot answer now.
func (c *caller) one(w write) bool {
	w, err := c.ledger.ask(w)
	if err != nil {
		c.fault("the client's own ledger: %w", err)
		return false
	}
	for {
		number, outcome := c.send(w)
		if outcome == told && w.Kind.opens() {
			c.open = append(c.open, number)
		}
		if outcome != refused || !w.Keyed || c.ended() {
			return outcome != gone
		}
		<-time.After(20 * time.Millisecond)
	}
}

// outcome is what became of a request.
type outcome int

const (
	told    outcome = iota // answered with a success
	refused                // answered with 503
	gone                   // no answer, or one that must not be: nobody knows
)

// send sends a write once.
func (l *load) send(w write) (number string, o outcome) {
	w.Batch = ""
	method, path, body := w.request()
	r, err := l.client.With("X-Request-Id", w.ID).Send(method, path, body)
	if err != nil {
		l.unanswered(err)
		return "", gone
	}
	return l.settle(w, r.Status, r.Header.Get("Retry-After"), r.Body)
}

// unanswered tells a connection that broke from an answer that breaks the contract.
func (l *load) unanswered(err error) {
	if contractBroken.MatchString(err.Error()) {
		l.fault("%w", err)
	}
}

var (
	contractBroken = regexp.MustCompile(`contract:`)
	internalText   = regexp.MustCompile(`(?i)sqlite|postgres|sqlstate|disk|i/o|input/output|eio\b|enospc|space left|errno|/tmp|\.go:|file|wal\b|database`)
)

// settle judges an answer: a success is noted, a refusal must have the form that the document promises.
func (l *load) settle(w write, status int, retryAfter string, body []byte) (number string, o outcome) {
	var said struct {
		Success      bool   `json:"success"`
		TicketNumber string `json:"ticketNumber"`
		Message      string `json:"message"`
		RequestID    string `json:"requestId"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		l.fault("%s is answered with %d and %q: %w", w.ID, status, body, err)
		return "", gone
	}
	switch status {
	case http.StatusOK, http.StatusCreated:
		if err := l.ledger.tell(w, said.TicketNumber); err != nil {
			l.fault("the client's own ledger: %w", err)
			return "", gone
		}
		return said.TicketNumber, told
	case http.StatusServiceUnavailable:
		l.mu.Lock()
		l.refuse++
		l.mu.Unlock()
		if said.Success || said.Message == "" || said.RequestID == "" || retryAfter == "" || internalText.Match(body) {
			l.fault("%s is refused with Retry-After %q and %s", w.ID, retryAfter, body)
		}
		return "", refused
	}
	l.fault("%s (%s) is answered with %d: %s", w.ID, w.Kind, status, body)
	return "", gone
}

// batch opens three tickets and comments one, in one request.
func (c *caller) batch() bool {
	parts := []write{{Kind: claim, Keyed: true}, {Kind: ticket, Keyed: true}, {Kind: claim, Keyed: true}}
	if len(c.open) > 0 {
		parts = append(parts, write{Kind: comment, Keyed: true, Ticket: c.open[0]})
		c.open = c.open[1:] // until the answer: nothing else may happen to it meanwhile
	}
	batch, operations := "", make([]map[string]any, len(parts))
	for i, w := range parts {
		w.Batch = batch
		w, err := c.ledger.ask(w)
		if err != nil {
			c.fault("the client's own ledger: %w", err)
			return false
		}
		batch = cmp.Or(batch, "batch-"+w.ID)
		w.Batch = batch
		method, path, body := w.request()
		parts[i], operations[i] = w, map[string]any{"id": w.ID, "method": method, "path": path, "body": json.RawMessage(body)}
	}
	return c.sendBatch(batch, parts, operations)
}

func (c *caller) sendBatch(id string, parts []write, operations []map[string]any) bool {
	body, err := json.Marshal(map[string]any{"operations": operations})
	if err != nil {
		panic(err) // maps of texts
	}
	r, err := c.client.With("X-Request-Id", id).Send(http.MethodPost, "/batch", body)
	if err != nil {
		c.unanswered(err)
		return false
	}
	if r.Status == http.StatusServiceUnavailable { // the key could not be looked up
		_, o := c.settle(parts[0], r.Status, r.Header.Get("Retry-After"), r.Body)
		return o != gone
	}
	var said struct {
		Results []struct {
			ID     string
			Status int
			Body   json.RawMessage
		}
	}
	if err := json.Unmarshal(r.Body, &said); err != nil || len(said.Results) != len(parts) {
		c.fault("batch %s is answered with %d and %s: %v", id, r.Status, r.Body, err)
		return false
	}
	for i, w := range parts {
		number, o := c.settle(w, said.Results[i].Status, "inside a batch", said.Results[i].Body)
		if o == told {
			c.open = append(c.open, number)
		}
	}
	return true
}

// repeat asks again for every keyed write whose answer never came, until each is answered with a success.
func (l *load) repeat(t *testing.T, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for _, w := range l.ledger.pending() {
		for {
			_, o := l.send(w)
			if o == told {
				break
			}
			if o == gone || time.Now().After(deadline) {
				l.check(t)
				t.Fatalf("%s (%s) is not done when it is asked again: outcome %d", w.ID, w.Kind, o)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}
