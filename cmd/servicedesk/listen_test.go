package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client that never finishes its request must not turn a clean stop into a failure.
func TestAStopCutsOffWhoDoesNotFinishARequest(t *testing.T) {
	s := &server{opened: &opened{log: slog.New(slog.DiscardHandler), config: &config{}}}
	d, err := s.listenAt("127.0.0.1:0", "SERVICEDESK_LISTEN")
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	d.http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		_, _ = io.ReadAll(r.Body)
	})
	served := make(chan error, 1)
	go func() { served <- d.serve(make(chan struct{})) }()
	client, err := net.Dial("tcp", d.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 10\r\n\r\nhalf")
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := d.drain(ctx); err != nil {
		t.Errorf("the stop failed: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("serving ended with: %v", err)
	}
}
