package soak_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/webhook"
)

// receiver is what a partner runs that wants to hear of its tickets, with moods. It keeps account of what it got and what it
// answered.
type receiver struct {
	address string
	secret  string

	mu      sync.Mutex
	moment  int // counts arrivals and what was taken
	arrived int
	heard   map[string]*hearing // by id
	moods   map[string]int      // how often it was in which mood
	hangs   int                 // how many more attempts run into their limit
	wrong   []string
}

// hearing is an event as it came.
type hearing struct {
	body  string
	first int   // moment at which it came first
	taken []int // moments at which the receiver took it: before it began to answer with a success
}

// newReceiver starts a receiver. Some attempts, hangs in number, get no answer at all.
func newReceiver(t *testing.T, secret string, hangs int) *receiver {
	t.Helper()
	r := &receiver{secret: secret, heard: map[string]*hearing{}, moods: map[string]int{}, hangs: hangs}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.address = server.URL
	return r
}

// hooks are the addresses of a receiver whose character differs.
func (r *receiver) hooks() []string {
	return []string{r.address + "/steady", r.address + "/moody", r.address + "/moodier", r.address + "/down-at-times"}
}

// mood is how a receiver treats an attempt. take notes that it took the event.
type mood struct {
	name  string
	treat func(w http.ResponseWriter, r *http.Request, take func())
}

func plain(code int) func(http.ResponseWriter, *http.Request, func()) {
	return func(w http.ResponseWriter, _ *http.Request, _ func()) { w.WriteHeader(code) }
}

// takings are the moods in which it takes an event, failings those in which it does not.
var takings = []mood{
	{"takes it", func(w http.ResponseWriter, _ *http.Request, take func()) {
		take()
		w.WriteHeader(http.StatusNoContent)
	}},
	{"takes it after a while, if the caller is still there", func(_ http.ResponseWriter, r *http.Request, take func()) {
		if pass(r.Context()) {
			take()
		}
	}},
	{"takes it and answers after a while", func(_ http.ResponseWriter, r *http.Request, take func()) {
		take()
		pass(r.Context())
	}},
	{"takes it and breaks off behind the status", func(w http.ResponseWriter, _ *http.Request, take func()) {
		take()
		answer(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	}},
}

var failings = []mood{
	{"500", plain(http.StatusInternalServerError)}, {"503", plain(http.StatusServiceUnavailable)}, {"404", plain(http.StatusNotFound)},
	{"302", func(w http.ResponseWriter, r *http.Request, _ func()) {
		http.Redirect(w, r, "/steady", http.StatusFound)
	}},
	{"429", func(w http.ResponseWriter, _ *http.Request, _ func()) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}},
	{"breaks off", func(w http.ResponseWriter, _ *http.Request, _ func()) { answer(w, "HTTP/1.1 20") }},
	{"resets", func(w http.ResponseWriter, _ *http.Request, _ func()) { answer(w, "") }},
}

var hanging = mood{"hangs", func(_ http.ResponseWriter, r *http.Request, _ func()) { <-r.Context().Done() }}

// pass lets up to a fifth of a second pass; false when the caller went away meanwhile.
func pass(ctx context.Context) bool {
	select {
	case <-time.After(time.Duration(rand.IntN(200)) * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

// answer writes the bytes of an answer and closes the connection; without any it resets it.
func answer(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // HTTP/1.1 can do it
	}
	if tcp, ok := conn.(*net.TCPConn); ok && text == "" {
		_ = tcp.SetLinger(0) // the caller may be gone
	}
	_, _ = io.WriteString(conn, text)
	_ = conn.Close()
}

// ServeHTTP takes an event, or does not.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the caller was killed in the middle
	}
	id := req.Header.Get(webhook.IDHeader)
	r.arrive(id, string(body), req.Header)
	r.choose(req.URL.Path).treat(w, req, func() { r.take(id) })
}

// arrive notes an attempt.
func (r *receiver) arrive(id, body string, header http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if steps := webhook.Examine(r.secret, header, []byte(body), time.Now()); !webhook.Passed(steps) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s is not signed as it should be: %+v", id, steps))
	}
	r.moment++
	r.arrived++
	h := r.heard[id]
	if h == nil {
		h = &hearing{body: body, first: r.moment}
		r.heard[id] = h
	}
	if h.body != body {
		r.wrong = append(r.wrong, fmt.Sprintf("%s came as\n%s\nand then as\n%s", id, h.body, body))
	}
}

func (r *receiver) take(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moment++
	r.heard[id].taken = append(r.heard[id].taken, r.moment)
}

// choose picks a mood. The address tells the character: how often out of a hundred it fails, and whether for a time it does
// nothing else.
func (r *receiver) choose(path string) mood {
	r.mu.Lock()
	defer r.mu.Unlock()
	often := map[string]int{"/steady": 0, "/moody": 20, "/moodier": 50, "/down-at-times": 5}[path]
	if path == "/down-at-times" && r.arrived/50%2 == 1 {
		often = 100
	}
	m := takings[rand.IntN(len(takings))]
	switch {
	case r.hangs > 0 && rand.IntN(200) == 0:
		r.hangs--
		m = hanging
	case rand.IntN(100) < often:
		m = failings[rand.IntN(len(failings))]
	}
	r.moods[m.name]++
	return m
}

// missing counts the events that were never taken.
func (r *receiver) missing(feed []owed) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range feed {
		if h := r.heard[e.id]; h == nil || len(h.taken) == 0 {
			n++
		}
	}
	return n
}

// check compares what was heard with the feed: each event was taken, with the bytes of the feed, and came for the first
// time after all earlier ones of its ticket had been taken; nothing else came; and what was taken twice was sent again by a
// program that could not know better. It returns what is wrong, and how many events were taken more than once.
func (r *receiver) check(feed []owed, doubtful map[string]bool) (wrong []string, twice int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong = slices.Clone(r.wrong)
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	before, known := map[string]int{}, map[string]bool{}
	for _, e := range feed {
		known[e.id] = true
		h := r.heard[e.id]
		if h == nil || len(h.taken) == 0 {
			say("%s of ticket %s is missing", e.id, e.ticket)
			continue
		}
		if h.body != e.body {
			say("%s came as\n%s\nthe feed has\n%s", e.id, h.body, e.body)
		}
		if h.first < before[e.ticket] {
			say("%s of ticket %s came before the event before it was taken", e.id, e.ticket)
		}
		before[e.ticket] = h.taken[0]
		if len(h.taken) > 1 {
			twice++
			if !doubtful[e.id] {
				say("%s was taken %d times, and no attempt says that one before it was in doubt", e.id, len(h.taken))
			}
		}
	}
	for id := range r.heard {
		if !known[id] {
			say("nobody knows the event %s", id)
		}
	}
	return wrong, twice
}

func TestReceiversNoticeWhatTheyDidNotHearAsTheyShould(t *testing.T) {
	t.Parallel()
	secret := auth.NewWebhookSecret()
	feed := []owed{{"a-1", "1", `["a"]`}, {"b-1", "2", `["b"]`}, {"a-3", "1", `["c"]`}}
	for _, c := range []struct{ story, want string }{
		{"a-1 +a-1 b-1 +b-1 a-3 +a-3", ""},
		{"a-1 b-1 a-1 +a-1 a-3 +a-3 +b-1", ""},
		{"b-1 +b-1 b-1 +b-1 a-1 +a-1 a-3 +a-3", ""}, // in doubt
		{"a-1 +a-1 b-1 +b-1", "a-3 of ticket 1 is missing"},
		{"a-1 +a-1 b-1 +b-1 a-3", "a-3 of ticket 1 is missing"},
		{"a-1 b-1 +b-1 a-3 +a-1 +a-3", "came before the event before"},
		{"a-1 +a-1 b-1 +b-1 a-3 +a-3 a-3 +a-3", "no attempt says"},
		{"a-1 +a-1 b-1 +b-1 a-3 +a-3 a-2", "nobody knows"},
		{"a-1:[] +a-1 b-1 +b-1 a-3 +a-3", "the feed has"},
		{"a-1 +a-1 b-1 +b-1 a-3 +a-3 a-3:[]", "and then as"},
		{"a-1 +a-1 b-1 +b-1 a-3! +a-3", "is not signed"},
	} {
		r := &receiver{secret: secret, heard: map[string]*hearing{}}
		bodies := map[string]string{"a-1": `["a"]`, "b-1": `["b"]`, "a-3": `["c"]`, "a-2": `["d"]`}
		for step := range strings.FieldsSeq(c.story) {
			id, taken := strings.CutPrefix(step, "+")
			if taken {
				r.take(id)
				continue
			}
			id, forged := strings.CutSuffix(id, "!")
			id, body, _ := strings.Cut(id, ":")
			body = cmp.Or(body, bodies[id])
			h, err := webhook.Headers(webhook.Message{ID: id, Body: []byte(body)}, time.Now(), secret)
			must(t, err)
			if forged {
				h.Set(webhook.SignatureHeader, webhook.Sign("x", []byte(body)))
			}
			r.arrive(id, body, h)
		}
		wrong, _ := r.check(feed, map[string]bool{"b-1": true})
		if found := strings.Join(wrong, "\n"); len(wrong) > 0 != (c.want != "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", c.story, found, c.want)
		}
	}
}
