package webhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/mask"
)

// Listener is a receiver for those who build one: it prints every webhook that comes, and verifies it.
type Listener struct {
	Secret string           // empty: nothing is verified
	Status int              // of its answers; default 200, and 401 to what is not verified by the secret
	JSON   bool             // prints one line of JSON for each webhook
	Out    io.Writer        // where it prints
	Clock  func() time.Time // default time.Now

	mu sync.Mutex
}

// received is a webhook as a Listener prints it.
type received struct {
	At       time.Time         `json:"at"`
	Headers  map[string]string `json:"headers"`
	Body     string            `json:"body"`
	Steps    []Step            `json:"steps"`
	Verified *bool             `json:"verified"` // null when there was no secret to verify with
	Status   int               `json:"status"`
}

// ServeHTTP takes a webhook.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	now := time.Now()
	if l.Clock != nil {
		now = l.Clock()
	}
	got := received{At: now.UTC(), Headers: map[string]string{}, Body: string(body), Status: cmp.Or(l.Status, http.StatusOK)}
	for _, name := range []string{SignatureHeader, IDHeader, TimestampHeader, StandardHeader} {
		if value := r.Header.Get(name); value != "" {
			got.Headers[name] = value
		}
	}
	if l.Secret != "" {
		got.Steps = Examine(l.Secret, r.Header, body, now)
		got.Verified = new(Passed(got.Steps))
		if l.Status == 0 && !*got.Verified {
			got.Status = http.StatusUnauthorized
		}
	}
	l.print(got)
	w.WriteHeader(got.Status)
}

func (l *Listener) print(got received) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.JSON {
		_ = json.NewEncoder(l.Out).Encode(got)
		return
	}
	verdict := "not verified: no secret was given"
	if got.Verified != nil {
		verdict = map[bool]string{true: "verified", false: "NOT VERIFIED"}[*got.Verified]
	}
	fmt.Fprintf(l.Out, "%s  %s  answered %d  %s\n  %s\n", got.At.Format(time.TimeOnly), mask.Showable(got.Headers[IDHeader]), got.Status, verdict, mask.Showable(got.Body))
	if got.Verified != nil && !*got.Verified {
		PrintSteps(l.Out, got.Steps)
	}
}

// PrintSteps prints the steps of a verification, each on a line.
func PrintSteps(w io.Writer, steps []Step) {
	for _, s := range steps {
		fmt.Fprintf(w, "  %-6s %-20s %s\n", map[bool]string{true: "ok", false: "FAILED"}[s.OK], s.Name, s.Detail)
	}
}
