package main

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/demo"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/docs"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/portal"
	"banksulutgo.co.id/servicedesk/web"
	"banksulutgo.co.id/servicedesk/webhook"
)

// How often the program does its own work, and how long it waits for requests when it stops.
const (
	sequenceEvery = 250 * time.Millisecond
	closeEvery    = time.Minute
	simulateEvery = time.Second
	indexGather   = 500 * time.Millisecond // how long new tickets wait for others that are made findable with them
	indexLook     = 5 * time.Millisecond   // how often it looks how many wait for a commit
	indexCrowd    = 8                      // from so many on tickets are not made findable
	indexQuiet    = 4                      // looks in a row at which there were fewer: they are then
	indexPatience = 10 * time.Second       // how long they give way at most
	indexAgain    = 5 * time.Second        // whether the node that makes them findable is still there
	drainWithin   = 30 * time.Second
)

func serveCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	withDemo := flags.Bool("demo", false, "fill an empty desk with a bank's days and print a key and commands to try")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	held, err := lock(c)
	if err != nil {
		return err
	}
	defer held.Close()
	limitMemory()
	clock := &demo.Clock{}
	o, err := p.open(ctx, c, withAttachments, clock.Now)
	if err != nil {
		return err
	}
	s := &server{opened: o, hub: &live.Hub{}, supervisor: p.supervisor(o.log), stopping: make(chan struct{}), tune: func() { p.tuneToServe(c) }, ready: func(string) error { return nil }}
	if s.deliveries, s.mapFile, err = o.outbox(ctx); err == nil && *withDemo {
		s.ready, err = p.demo(ctx, o, clock)
	}
	if err == nil {
		err = s.serve(ctx)
	}
	return errors.Join(err, o.store.Close())
}

// server is the running program.
type server struct {
	*opened
	hub        *live.Hub
	deliveries *outbox.Runner
	mapFile    *mapFile // of the connector
	console    *console.Server
	supervisor supervisor
	stopping   chan struct{}          // closed when the program shall stop
	tune       func()                 // called when everything is made
	ready      func(url string) error // called when the desk is served at url
	work       sync.WaitGroup
}

// serve listens until ctx ends, then drains: requests that were begun are answered, what was noted is written.
func (s *server) serve(ctx context.Context) error {
	entrances, err := s.listen()
	if err != nil {
		return err
	}
	url := s.config.publicAddress(entrances[0].listener.Addr())
	if entrances[0].http.Handler, err = s.handler(url); err != nil {
		return errors.Join(err, closeAll(entrances))
	}
	s.tune()
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	s.startWork(working)
	failed := make(chan error, len(entrances))
	for _, d := range entrances {
		go func() { failed <- d.serve(s.stopping) }()
	}
	s.logStart(entrances)
	err = s.ready(url)
	if err == nil {
		s.supervisor.tell("READY=1\nSTATUS=serving at " + url)
		select {
		case <-ctx.Done():
			s.supervisor.tell("STOPPING=1\nSTATUS=answering the last requests")
			s.log.Info("stopping: no new connections, open requests are answered")
		case err = <-failed:
		}
	}
	close(s.stopping)
	return errors.Join(err, s.drain(entrances, stopWork))
}

func (s *server) logStart(entrances []*entrance) {
	for _, name := range s.config.unused {
		s.log.Warn("a setting has no effect in this version", "setting", name)
	}
	attrs := []any{"version", version, "address", entrances[0].listener.Addr().String(), "database", s.config.databaseName()}
	if len(entrances) > 1 {
		attrs = append(attrs, "metrics", entrances[1].listener.Addr().String())
	}
	s.log.Info("serving", attrs...)
}

// drain answers what was begun, and then ends the program's own work.
func (s *server) drain(entrances []*entrance, stopWork func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	var drained sync.WaitGroup
	errs := make([]error, len(entrances))
	for i, d := range entrances {
		drained.Go(func() { errs[i] = d.drain(ctx) })
	}
	drained.Wait()
	err := errors.Join(errs...)
	stopWork()
	s.work.Wait()
	return errors.Join(err, s.sealRest())
}

// sealRest numbers and seals what the last requests left, with time of its own: draining may have used up all of its.
func (s *server) sealRest() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	return s.number(ctx)
}

// number numbers and seals all that was committed.
func (o *opened) number(ctx context.Context) error {
	for {
		if n, err := o.store.Sequence(ctx, o.app.Seal); n == 0 || err != nil {
			return err
		}
	}
}

// startWork starts what the program does by itself.
func (s *server) startWork(ctx context.Context) {
	for _, work := range []func(context.Context){
		func(ctx context.Context) { s.store.RunSequencer(ctx, s.app.Seal, sequenceEvery, s.numbered) },
		func(ctx context.Context) { s.store.Listen(ctx, s.numbered) },
		s.deliveries.Run, func(ctx context.Context) { s.mapFile.watch(ctx, s.opened) },
		s.console.Run, s.app.Watch, s.app.KeepAudit, s.closeResolved, s.tellDeadlines, s.simulate, s.exportHeads, s.purge, s.watchConnector, s.supervisor.watch, s.index,
	} {
		s.work.Go(func() { work(ctx) })
	}
}

// numbered wakes those who wait for events.
func (s *server) numbered() {
	s.hub.Publish()
	s.deliveries.Wake()
}

// webhooks makes what calls partners; open decrypts what it needs of a target.
func (o *opened) webhooks(open func(desk.Target, time.Time) (string, []string, error)) *webhook.Deliverer {
	return webhook.NewDeliverer(o.caller, open, o.store.Now)
}

// ping tries a target with an event that did not happen.
func (o *opened) ping(ctx context.Context, t desk.Target, e desk.Event, open func(desk.Target, time.Time) (string, []string, error)) app.Ping {
	began := time.Now()
	got := o.webhooks(open).Send(ctx, t, webhook.Message{ID: e.ID(), Body: e.Body})
	if got.Err != nil {
		o.log.Warn("the test of a target had no answer", "target", t.ID, "class", got.Class, "error", got.Err)
	}
	return app.Ping{Delivered: got.Done, Class: got.Class, Status: got.Status, Said: got.Said, Took: time.Since(began)}
}

// outbox makes what delivers events, to partners and to the provider when that is wanted.
func (o *opened) outbox(ctx context.Context) (*outbox.Runner, *mapFile, error) {
	handler := o.webhooks(o.app.OpenTarget).Handler(o.config.waits, o.config.probe)
	handlers := map[desk.TargetKind]outbox.Handler{desk.RegisteredTarget: handler, desk.TicketTarget: handler}
	file := &mapFile{}
	if o.config.connector.enabled {
		connector, used, err := o.connector()
		if err == nil {
			err = o.store.MakeConnector(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
		handlers[desk.SociomileTarget], file = connector.Handler(), used
	}
	return outbox.New(outbox.Options{Store: o.store, Log: o.log, Metrics: o.metrics, Handlers: handlers}), file, nil
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

// tellDeadlines tells employees of deadlines that have passed, every minute.
func (s *server) tellDeadlines(ctx context.Context) {
	every(ctx, closeEvery, func() {
		if _, err := s.app.TellDeadlines(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("telling employees of deadlines failed, trying again", "error", err)
		}
	})
}

// index makes tickets findable by their words, behind their commits: soon after something happened, and those that were there
// before the index was. A node that meets another one at it leaves it to that for a while.
func (s *server) index(ctx context.Context) {
	told, due := 100, time.Now()
	for ctx.Err() == nil {
		s.giveWay(ctx, due.Add(indexPatience))
		news := s.hub.Next()
		done, err := s.app.IndexSome(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Warn("adding tickets to the search failed, trying again", "error", err)
		case done.Worked && done.Percent/10 != told/10:
			told = done.Percent
			s.log.Info("older tickets are added to the search", "percent", told)
		}
		switch {
		case err != nil || done.Elsewhere:
			await(ctx, indexAgain, nil)
		case !done.More:
			await(ctx, indexAgain, news)
			await(ctx, indexGather, nil)
			due = time.Now()
		}
	}
}

// giveWay waits until not many wait for a commit any more, but not beyond a time: to be found by words a few seconds later
// costs nobody as much as to be answered later.
func (s *server) giveWay(ctx context.Context, until time.Time) {
	for quiet := 0; quiet < indexQuiet && ctx.Err() == nil; quiet++ {
		await(ctx, indexLook, nil)
		if s.store.Waiting() >= indexCrowd && time.Now().Before(until) {
			quiet = -1
		}
	}
}

// await waits until a time is over, ctx ends, or something happens.
func await(ctx context.Context, length time.Duration, happens <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-happens:
	case <-time.After(length):
	}
}

// simulate works the tickets of test keys that ask for it, every second.
func (s *server) simulate(ctx context.Context) {
	every(ctx, simulateEvery, func() {
		if _, err := s.app.Simulate(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("working simulated tickets failed, trying again", "error", err)
		}
	})
}

// exportHeads writes the head of the audit chain outside the database once a day: when the program starts, and within a
// minute after midnight UTC.
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

// handler wires the doors of a desk that is reached at a URL.
func (s *server) handler(url string) (http.Handler, error) {
	document, err := docs.DocumentJSON(api.Document)
	if err != nil {
		return nil, err
	}
	site, err := docs.New(docs.Options{Document: api.Document, PublicURL: url, Version: version})
	if err != nil {
		return nil, err
	}
	door := web.New(web.Options{Log: s.log, Metrics: s.metrics, TrustedProxies: s.config.trustedProxies})
	omni := api.New(api.Options{App: s.app, Door: door, Limiter: web.NewLimiter(time.Now), Numbered: s.hub, Stopping: s.stopping, DocumentJSON: document})
	customers, err := portal.New(portal.Options{App: s.app, Door: door, PublicURL: url})
	if err != nil {
		return nil, err
	}
	s.console, err = console.New(console.Options{App: s.app, Staff: s.staff, Door: door, Public: customers, Numbered: s.hub, Stopping: s.stopping,
		PublicURL: url, Version: version, Log: s.log})
	if err != nil {
		return nil, err
	}
	ready := newReadiness(s.app.Ready)
	mux := http.NewServeMux()
	mux.Handle("/", omni)
	for _, pattern := range s.console.Patterns() {
		mux.Handle(pattern, s.console)
	}
	mux.Handle(docs.Root, site)
	mux.Handle(docs.Root+"/", site)
	for _, path := range []string{portal.Root, portal.Root + "/", portal.Static + "/"} {
		mux.Handle(path, customers)
	}
	mux.Handle("/healthz", door.Handle("healthz", readOnly(alive)))
	mux.Handle("/readyz", door.Handle("readyz", readOnly(ready.answer)))
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, err
	}
	return withoutRedirects(zip(mux), omni), nil
}

// withoutRedirects gives paths that the router would clean and redirect to the API, which answers in its own form.
func withoutRedirects(next, omni http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plainPath(r.URL.Path) {
			omni.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sqlite is the name of the database that is in the program.
const sqlite = "sqlite"

// databaseName says which database is used, without its address.
func (c *config) databaseName() string {
	if c.database == "" {
		return sqlite
	}
	return "postgresql"
}
