package main_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestSIGTERMUnderLoadAnswersEverythingThatWasBegun(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key, idle := in.NewKey(t, "partner").Key, in.NewKey(t, "waits").Key
		p := in.Serve(t)
		l := &load{t: t, p: p, key: key, acknowledged: map[string]string{}}
		l.start(8)
		waiting := waitForNews(t, p, idle, 4)
		desktest.Await(t, 20*time.Second, "the load is under way", func() bool { return l.count.Load() > 100 })
		asked := time.Now()
		p.Terminate(t)
		for range cap(waiting) {
			if w := <-waiting; w.err != nil || w.Status != http.StatusOK || w.at.Sub(asked) > 5*time.Second {
				t.Errorf("a reader that waits was answered after %v: status %d, %v", w.at.Sub(asked), w.Status, w.err)
			}
		}
		l.workers.Wait()
		if status := p.Wait(t); status != 0 {
			t.Errorf("exit status %d\n%s", status, p.Log)
		}
		if strings.Contains(p.Log.String(), `"level":"ERROR"`) {
			t.Errorf("errors in the log:\n%s", p.Log)
		}
		if ran := in.Run(t, "audit", "verify", "--json"); ran.Status != 0 || !strings.Contains(ran.Stdout, `"ok":true`) || !strings.Contains(ran.Stdout, `"unsealed":0`) {
			t.Errorf("the audit trail after the stop: %+v", ran)
		}
		l.compare(newCaller(t, in.Serve(t), key).tickets(t))
	})
}

// load sends claims without a pause until the program takes no more connections.
type load struct {
	t            *testing.T
	p            *desktest.Process
	key          string
	workers      sync.WaitGroup
	count        atomic.Int64
	mu           sync.Mutex
	acknowledged map[string]string // id -> ticket number
}

func (l *load) start(workers int) {
	for w := range workers {
		c := newCaller(l.t, l.p, l.key)
		l.workers.Go(func() {
			for i := 0; l.claim(c, fmt.Sprintf("load-%d-%d", w, i)); i++ {
			}
		})
	}
}

// claim sends a claim over the worker's connection. It reports false when the program takes no new connection; a
// request on an open one has to be answered, and well.
func (l *load) claim(c caller, id string) bool {
	open := false
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { open = open || info.Reused }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+base+"/claims", strings.NewReader(claim(id)))
	if err != nil {
		l.t.Error(err)
		return false
	}
	request.Header.Set("Authorization", "Bearer "+l.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	switch {
	case err != nil && open:
		l.t.Errorf("%s on an open connection: %v", id, err)
		return false
	case err != nil:
		return false
	}
	a, err := read(response)
	if err != nil || a.Status != http.StatusCreated {
		l.t.Errorf("%s: status %d, %v", id, a.Status, err)
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[id] = a.member(l.t, "ticketNumber")
	l.count.Add(1)
	return true
}

// compare finds every claim that was acknowledged among what is stored.
func (l *load) compare(stored map[string][]string) {
	for id, number := range l.acknowledged {
		if got := stored[id]; len(got) != 1 || got[0] != number {
			l.t.Errorf("%s was acknowledged as ticket %s, stored are %v", id, number, got)
		}
	}
}

// waited is the answer to a reader that waited for news.
type waited struct {
	answer
	at  time.Time
	err error
}

// waitForNews sends readers that wait half a minute for news that do not come.
func waitForNews(t *testing.T, p *desktest.Process, key string, readers int) <-chan waited {
	t.Helper()
	answers := make(chan waited, readers)
	var sent sync.WaitGroup
	sent.Add(readers)
	for range readers {
		c := newCaller(t, p, key)
		go func() {
			ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent.Done() }})
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+base+"/events?wait=30", nil)
			var w waited
			if err == nil {
				request.Header.Set("Authorization", "Bearer "+key)
				var response *http.Response
				if response, err = c.client.Do(request); err == nil {
					w.answer, err = read(response)
				}
			}
			w.err, w.at = err, time.Now()
			answers <- w
		}()
	}
	sent.Wait()
	return answers
}

func TestASignalWhileNothingHappensStopsAtOnce(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	p := in.Serve(t)
	asked := time.Now()
	p.Stop(t)
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if _, err := newCaller(t, p, "").do(http.MethodGet, "/healthz", ""); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the end: %v", err)
	}
}
