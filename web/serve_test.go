package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// logLines are what a door logs: a line a request, in the order in which they end.
type logLines chan []byte

func (l logLines) Write(p []byte) (int, error) {
	l <- bytes.Clone(p)
	return len(p), nil
}

// next waits for the next line.
func (l logLines) next(t testing.TB) string {
	t.Helper()
	select {
	case line := <-l:
		return string(line)
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was logged")
		return ""
	}
}

// fields waits for the next line and returns what it says.
func (l logLines) fields(t testing.TB) map[string]any {
	t.Helper()
	line, fields := l.next(t), map[string]any{}
	if err := json.Unmarshal([]byte(line), &fields); err != nil || strings.Count(line, "\n") != 1 {
		t.Fatalf("%q is not one line of JSON: %v", line, err)
	}
	return fields
}

// newDoor makes a door and gives what it logs.
func newDoor(o Options) (*Door, logLines) {
	lines := make(logLines, 10_000)
	o.Log = slog.New(slog.NewJSONHandler(lines, nil))
	return New(o), lines
}

// answers is a handler that always answers the same.
func answers(a Answer) Handler { return func(*Request) (Answer, error) { return a, nil } }

// fails is a handler that always fails.
func fails(err error) Handler { return func(*Request) (Answer, error) { return Answer{}, err } }

// start serves over TCP until the test ends and returns the URL.
func start(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// reply is an answer as a client got it.
type reply struct {
	status int
	header http.Header
	body   string
	length int64 // as announced; -1 when it was not
}

// ask sends a request whose headers are given as `Name: value`, and reads the whole answer, as it was sent.
func ask(t testing.TB, method, url string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("the answer broke off: %v", err)
	}
	return reply{answer.StatusCode, answer.Header, string(content), answer.ContentLength}
}

// usedAgain sends a request, reads the answer, and reports whether it went over a connection that was there already.
func usedAgain(t testing.TB, c *http.Client, r *http.Request) (reused bool) {
	t.Helper()
	r.RequestURI = ""
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
	answer, err := c.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return reused
}
