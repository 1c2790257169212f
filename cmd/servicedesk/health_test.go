package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"banksulutgo.co.id/servicedesk/web"
)

func TestAHundredWhoAskAtOnceCostOneCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		h := newReadiness(func(context.Context) error {
			checks.Add(1)
			<-time.After(100 * time.Millisecond)
			return nil
		})
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() {
				if err := h.look(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if n := checks.Load(); n != 1 {
			t.Errorf("%d checks", n)
		}
		<-time.After(readyFor)
		if err := h.look(t.Context()); err != nil || checks.Load() != 2 {
			t.Errorf("a second later: %v, %d checks", err, checks.Load())
		}
	})
}

func TestACheckThatHangsIsNotReadyAndIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		mended := make(chan struct{})
		h := newReadiness(func(context.Context) error {
			checks.Add(1)
			<-mended
			return nil
		})
		for range 3 {
			asked := time.Now()
			if err := h.look(t.Context()); !errors.Is(err, errSlow) || time.Since(asked) > readyWithin {
				t.Errorf("after %v: %v", time.Since(asked), err)
			}
			<-time.After(readyFor)
		}
		if n := checks.Load(); n != 1 {
			t.Errorf("%d checks hang", n)
		}
		close(mended)
		synctest.Wait()
		if err := h.look(t.Context()); err != nil || checks.Load() != 2 {
			t.Errorf("when it is mended: %v, %d checks", err, checks.Load())
		}
	})
}

func TestAFailedCheckIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("disk full")
		h := newReadiness(func(context.Context) error { return failure })
		if err := h.look(t.Context()); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
		failure = nil
		<-time.After(readyFor)
		if err := h.look(t.Context()); err != nil {
			t.Errorf("when it is mended: %v", err)
		}
	})
}

func TestWhoGoesAwayDoesNotWaitForTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		h := newReadiness(func(context.Context) error { <-forever; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.look(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

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
