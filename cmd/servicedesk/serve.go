package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/docs"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/web"
)

// How often the program does its own work, and how long it waits for requests when it stops.
const (
	sequenceEvery = 250 * time.Millisecond
	closeEvery    = time.Minute
	drainWithin   = 30 * time.Second
)

func serveCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	demo := flags.Bool("demo", false, "fill an empty desk with demo data and print a key")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	held, err := lock(c)
	if err != nil {
		return err
	}
	defer held.Close()
	clock := &demoClock{}
	o, err := p.open(ctx, c, clock.Now)
	if err != nil {
		return err
	}
	s := &server{opened: o, program: p, hub: &live.Hub{}, stopping: make(chan struct{})}
	if *demo {
		if err := p.fillDemo(ctx, o, clock); err != nil {
			return errors.Join(err, o.store.Close())
		}
	}
	return errors.Join(s.serve(ctx), o.store.Close())
}

// server is the running program.
type server struct {
	*opened
	program  *program
	hub      *live.Hub
	stopping chan struct{}
	work     sync.WaitGroup
}

// serve listens until ctx ends, then drains: requests that were begun are answered, what was noted is written.
func (s *server) serve(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.config.listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s (SERVICEDESK_LISTEN): %w", s.config.listen, err)
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	s.startWork(working)
	main := s.httpServer(handler)
	failed := make(chan error, 2)
	go func() { failed <- s.listenAndServe(main, listener) }()
	metrics, err := s.serveMetrics(failed)
	if err != nil {
		return err
	}
	for _, name := range s.config.unused {
		s.log.Warn("a setting has no effect in this version", "setting", name)
	}
	s.log.Info("serving", "version", version, "address", listener.Addr().String(), "database", s.databaseName())
	select {
	case <-ctx.Done():
		s.log.Info("stopping: no new connections, open requests are answered")
	case err = <-failed:
	}
	close(s.stopping)
	return errors.Join(err, s.drain(main, metrics, stopWork))
}

// drain answers what was begun, and then ends the program's own work.
func (s *server) drain(main, metrics *http.Server, stopWork func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	err := main.Shutdown(ctx)
	if metrics != nil {
		err = errors.Join(err, metrics.Shutdown(ctx))
	}
	stopWork()
	s.work.Wait()
	for {
		if n, sealErr := s.store.Sequence(ctx, s.app.Seal); n == 0 || sealErr != nil {
			return errors.Join(err, sealErr)
		}
	}
}

// startWork starts what the program does by itself.
func (s *server) startWork(ctx context.Context) {
	for _, work := range []func(context.Context){
		func(ctx context.Context) { s.store.RunSequencer(ctx, s.app.Seal, sequenceEvery, s.hub.Publish) },
		func(ctx context.Context) { s.store.Listen(ctx, s.hub.Publish) },
		s.app.Watch, s.app.KeepAudit, s.closeResolved, s.exportHeads,
	} {
		s.work.Go(func() { work(ctx) })
	}
}

// closeResolved closes tickets whose time is over, every minute.
func (s *server) closeResolved(ctx context.Context) {
	every(ctx, closeEvery, func() {
		if n, err := s.app.CloseResolved(ctx); err != nil {
			s.log.Warn("closing resolved tickets failed, trying again", "error", err)
		} else if n > 0 {
			s.log.Info("resolved tickets closed", "tickets", n)
		}
	})
}

// exportHeads writes the head of the audit chain outside the database once a day, and at the start of a day's first hour.
func (s *server) exportHeads(ctx context.Context) {
	file, last := headsFile(s.config), ""
	every(ctx, closeEvery, func() {
		today := s.store.Now().Format(time.DateOnly)
		if today == last {
			return
		}
		head, err := s.app.ExportHead(ctx, file)
		if err != nil {
			s.log.Error("exporting the head of the audit trail failed, trying again", "file", file, "error", err)
			return
		}
		if head.Number > 0 {
			last = today
			s.log.Info("audit head", "number", head.Number, "mac", head.MAC, "file", file)
		}
	})
}

// headsFile is where the heads of the audit chain are exported to.
func headsFile(c *config) string { return filepath.Join(c.data, "audit-heads.jsonl") }

// every does something at once and then again and again until ctx ends.
func every(ctx context.Context, pause time.Duration, do func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// handler wires the doors.
func (s *server) handler() (http.Handler, error) {
	document, err := docs.DocumentJSON(api.Document)
	if err != nil {
		return nil, err
	}
	site, err := docs.New(docs.Options{Document: api.Document, PublicURL: s.config.publicURL, Version: version})
	if err != nil {
		return nil, err
	}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	door := web.New(web.Options{Log: s.log, Metrics: s.metrics, TrustedProxies: s.config.trustedProxies})
	omni := api.New(api.Options{App: s.app, Door: door, Limiter: web.NewLimiter(time.Now), Numbered: s.hub, Stopping: s.stopping, DocumentJSON: document})
	ready := &readiness{app: s.app, log: s.log}
	mux := http.NewServeMux()
	mux.Handle("/", omni)
	mux.Handle(docs.Root, site)
	mux.Handle(docs.Root+"/", site)
	mux.Handle("GET /{$}", http.RedirectHandler(docs.Root, http.StatusSeeOther))
	mux.Handle("GET /healthz", door.Handle("healthz", alive))
	mux.Handle("GET /readyz", door.Handle("readyz", ready.answer))
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, err
	}
	return withoutRedirects(mux, zip(mux), omni), nil
}

// withoutRedirects gives paths that the router would clean and redirect to the API, which answers in its own form.
func withoutRedirects(mux *http.ServeMux, next, omni http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plainPath(r.URL.Path) {
			omni.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// httpServer bounds what a slow or hostile client can hold.
func (s *server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a body of 75 MB over a slow line
		WriteTimeout:      6 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// listenAndServe serves with TLS when there is a certificate.
func (s *server) listenAndServe(h *http.Server, l net.Listener) error {
	var err error
	if s.config.tlsCert == "" {
		err = h.Serve(l)
	} else {
		var c *certificate
		if c, err = loadCertificate(s.config.tlsCert, s.config.tlsKey, s.log); err == nil {
			h.TLSConfig = c.config()
			err = h.ServeTLS(l, "", "")
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// serveMetrics serves /metrics on its own listener, unless there is none.
func (s *server) serveMetrics(failed chan<- error) (*http.Server, error) {
	if s.config.metricsListen == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", s.config.metricsListen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s (SERVICEDESK_METRICS_LISTEN; empty turns metrics off): %w", s.config.metricsListen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	h := s.httpServer(mux)
	go func() { failed <- s.listenAndServePlain(h, listener) }()
	return h, nil
}

func (s *server) listenAndServePlain(h *http.Server, l net.Listener) error {
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// databaseName says which database is used, without its address.
func (s *server) databaseName() string {
	if s.config.database == "" {
		return "sqlite"
	}
	return "postgresql"
}
