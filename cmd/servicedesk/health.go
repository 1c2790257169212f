package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// readyFor is how long an answer of the readiness check holds, so that a hundred load balancers cost one check.
const readyFor = time.Second

// readiness tests what the desk cannot do without: store, disk, keys.
type readiness struct {
	app  *app.App
	log  *slog.Logger
	node string
	mu   sync.Mutex
	at   time.Time
	err  error
}

// answer answers GET /readyz: 200 when the desk can take a request, else 503. What is wrong is in the log.
func (h *readiness) answer(r *web.Request) (web.Answer, error) {
	if err := h.check(r.Context()); err != nil {
		return web.Answer{}, &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: err}
	}
	return web.Answer{Status: http.StatusOK, Body: []byte(`{"success":true,"status":"ready"}`)}, nil
}

func (h *readiness) check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.node == "" {
		h.node = rand.Text()[:8]
	}
	if time.Since(h.at) > readyFor {
		h.err, h.at = h.app.Ready(context.WithoutCancel(ctx), h.node), time.Now()
	}
	return h.err
}

// alive answers GET /healthz: the process runs.
func alive(*web.Request) (web.Answer, error) {
	return web.Answer{Status: http.StatusOK, Body: []byte(`{"success":true,"status":"alive"}`)}, nil
}

// plainPath reports whether the router takes a path as it is.
func plainPath(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.Contains(p, "//") && !strings.Contains(p+"/", "/./") && !strings.Contains(p+"/", "/../")
}
