package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"banksulutgo.co.id/servicedesk/web"
)

// lastRequestsWithin is how long connections that are open when the program stops may bring one more request: a client
// that keeps its connection may be sending at this very moment, and closing it would leave that request unanswered.
const lastRequestsWithin = time.Second

// entrance is an address that the program listens at, with what is served there.
type entrance struct {
	http     *http.Server
	listener net.Listener
	log      *slog.Logger
	open     atomic.Int64 // connections
}

// listen opens the addresses of the desk and of the metrics; the first serves nothing yet.
func (s *server) listen() ([]*entrance, error) {
	front, err := s.listenAt(s.config.listen, "SERVICEDESK_LISTEN")
	if err != nil {
		return nil, err
	}
	entrances := []*entrance{front}
	if s.config.tlsCert != "" {
		c, err := loadCertificate(s.config.tlsCert, s.config.tlsKey, s.log)
		if err != nil {
			return nil, errors.Join(err, closeAll(entrances))
		}
		front.http.TLSConfig = c.config()
		s.metrics.MustRegister(c.expiry())
	}
	if s.config.metricsListen == "" {
		return entrances, nil
	}
	metrics, err := s.listenAt(s.config.metricsListen, "SERVICEDESK_METRICS_LISTEN; empty turns metrics off")
	if err != nil {
		return nil, errors.Join(err, closeAll(entrances))
	}
	metrics.http.Handler = s.metricsHandler()
	return append(entrances, metrics), nil
}

// listenAt opens an address; setting is how it is changed. What a slow or hostile client can hold is bounded.
func (s *server) listenAt(address, setting string) (*entrance, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s (%s): %w", address, setting, err)
	}
	d := &entrance{listener: listener, log: s.log, http: &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a body of 75 MB over a slow line
		WriteTimeout:      6 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// `OPTIONS *` is answered like any other request that nobody knows.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}}
	d.http.ConnState = d.count
	return d, nil
}

func closeAll(entrances []*entrance) error {
	var err error
	for _, d := range entrances {
		err = errors.Join(err, d.listener.Close())
	}
	return err
}

// count keeps the number of open connections.
func (d *entrance) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.open.Add(-1)
	}
}

// serve answers requests until the entrance is closed. From stopping on, every answer asks its client to close the
// connection.
func (d *entrance) serve(stopping <-chan struct{}) error {
	next := d.http.Handler
	d.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stopping:
			w.Header().Set("Connection", "close")
		default:
		}
		next.ServeHTTP(w, r)
	})
	serve := func(l net.Listener) error { return web.ServePlain(d.http, l) }
	if d.http.TLSConfig != nil { // what is encrypted cannot be worded anew
		serve = func(l net.Listener) error { return d.http.ServeTLS(l, "", "") }
	}
	err := serve(d.listener)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// drain closes the address, gives open connections a moment for their last requests, and returns when all that came is
// answered. Who has not sent the whole of a request when ctx ends is cut off: nothing of it was begun.
func (d *entrance) drain(ctx context.Context) error {
	err := d.listener.Close()
	enough, cancel := context.WithTimeout(ctx, lastRequestsWithin)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for wait := true; wait; wait = d.open.Load() > 0 && enough.Err() == nil {
		select { // once at least: a connection may have been accepted and not be counted yet
		case <-enough.Done():
		case <-look.C:
		}
	}
	if errors.Is(err, net.ErrClosed) { // the entrance failed before
		err = nil
	}
	shut := d.http.Shutdown(ctx)
	if errors.Is(shut, context.DeadlineExceeded) {
		d.log.Warn("connections were cut off that did not finish their requests in time", "connections", d.open.Load())
		shut = d.http.Close()
	}
	return errors.Join(err, shut)
}

// metricsHandler serves /metrics.
func (s *server) metricsHandler() http.Handler {
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	return mux
}

// publicAddress is where the desk is reached: the setting, else where it listens.
func (c *config) publicAddress(listening net.Addr) string {
	if c.publicURL != "" {
		return c.publicURL
	}
	scheme := "http"
	if c.tlsCert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(c.listen) // checked when it was read
	if host == "" {
		host = "localhost"
	}
	if _, actual, err := net.SplitHostPort(listening.String()); err == nil {
		port = actual // port 0 is any free one, and a port may be given by name
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
