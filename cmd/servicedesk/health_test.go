package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/web"
)

func TestNotReadyTellsNothingOfTheCause(t *testing.T) {
	h := newReadiness(func(context.Context) error { return errors.New("dial tcp 10.0.0.5: refused") })
	answer := httptest.NewRecorder()
	web.New(web.Options{Log: slog.New(slog.DiscardHandler)}).Handle("readyz", readOnly(h.answer)).ServeHTTP(answer, httptest.NewRequest("GET", "/readyz", nil))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "5" || strings.Contains(answer.Body.String(), "10.0.0.5") {
		t.Errorf("status %d with %s", answer.Code, answer.Body)
	}
}

func TestPathsThatTheRouterWouldCleanAreNotPlain(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/docs": true, "/docs/": true, "/a.b/..c/d..": true, "/.well-known/x": true,
		"": false, "*": false, "//": false, "/a//b": false, "/./a": false, "/a/.": false, "/a/..": false, "/../a": false, "docs": false,
	} {
		if got := plainPath(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
