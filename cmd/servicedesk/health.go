package main

import (
	"context"
	"net/http"
	"strings"
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

// readiness tests what the desk cannot do without: store, disk, keys.
type readiness struct {
	checkup *web.Checkup[struct{}]
}

// newReadiness makes a readiness that is tested by check.
func newReadiness(check func(ctx context.Context) error) *readiness {
	return &readiness{web.NewCheckup(time.Now, readyFor, readyWithin, func(ctx context.Context) (struct{}, error) { return struct{}{}, check(ctx) })}
}

// answer answers GET /readyz: 200 when the desk can take a request, else 503. What is wrong is in the log.
func (h *readiness) answer(r *web.Request) (web.Answer, error) {
	if _, err := h.checkup.Look(r.Context()); err != nil {
		return web.Answer{}, &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: err}
	}
	return web.Answer{Status: http.StatusOK, Body: []byte(`{"success":true,"status":"ready"}`)}, nil
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
