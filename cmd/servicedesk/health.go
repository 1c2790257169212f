package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// readyFor is how long an answer of the readiness check holds, so that a hundred load balancers cost one check.
// readyWithin is how long a check may take: what hangs is not ready.
const (
	readyFor    = time.Second
	readyWithin = 3 * time.Second
)

// errSlow is what a check that hangs comes to.
var errSlow = errors.New("the readiness check takes too long")

// readiness tests what the desk cannot do without: store, disk, keys.
type readiness struct {
	check func(ctx context.Context) error
	mu    sync.Mutex
	last  *checkup
}

// checkup is one run of the check.
type checkup struct {
	done chan struct{} // closed when err is set
	at   time.Time     // when it began
	err  error
}

// newReadiness makes a readiness that is tested by check.
func newReadiness(check func(ctx context.Context) error) *readiness {
	return &readiness{check: check}
}

// answer answers GET /readyz: 200 when the desk can take a request, else 503. What is wrong is in the log.
func (h *readiness) answer(r *web.Request) (web.Answer, error) {
	if err := h.look(r.Context()); err != nil {
		return web.Answer{}, &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: err}
	}
	return web.Answer{Status: http.StatusOK, Body: []byte(`{"success":true,"status":"ready"}`)}, nil
}

// look waits for the newest checkup, which everybody who asks shares.
func (h *readiness) look(ctx context.Context) error {
	c := h.newest()
	late := time.NewTimer(time.Until(c.at.Add(readyWithin)))
	defer late.Stop()
	select {
	case <-c.done:
		return c.err
	case <-late.C:
		return errSlow
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newest begins a checkup unless one is under way, however long, or has just been done.
func (h *readiness) newest() *checkup {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.last; c != nil {
		select {
		case <-c.done:
			if time.Since(c.at) < readyFor {
				return c
			}
		default:
			return c
		}
	}
	c := &checkup{done: make(chan struct{}), at: time.Now()}
	h.last = c
	go func() {
		defer close(c.done)
		c.err = h.check(context.Background())
	}()
	return c
}

// alive answers GET /healthz: the process runs.
func alive(*web.Request) (web.Answer, error) {
	return web.Answer{Status: http.StatusOK, Body: []byte(`{"success":true,"status":"alive"}`)}, nil
}

// readOnly refuses methods that change something.
func readOnly(h web.Handler) web.Handler {
	return func(r *web.Request) (web.Answer, error) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return web.Answer{}, &desk.Error{Code: desk.WrongMethod, Text: desk.MethodNotAllowed, Args: []string{r.Method, http.MethodGet}, Allow: http.MethodGet}
		}
		return h(r)
	}
}

// plainPath reports whether the router takes a path as it is.
func plainPath(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.Contains(p, "//") && !strings.Contains(p+"/", "/./") && !strings.Contains(p+"/", "/../")
}
