// Package load puts a desk under load and measures how it answers. It knows nothing of the desk but HTTP: what is
// asked comes from a Source. One connection a caller is kept open, and requests are written as they are: the less the
// measuring costs, the more of the machine is the desk's.
package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
)

// answerWithin is how long one answer may take before it counts as failed.
const answerWithin = 60 * time.Second

// Request is one request to be sent.
type Request struct {
	Method string // GET, POST, PATCH
	Path   string // with the query
	Body   []byte // JSON; nil: none
}

// Source makes the requests of a run. It is called with the number of the request, from 0, by all callers at once.
type Source func(n int) Request

// Options say how much load there shall be.
type Options struct {
	URL       string        // of the desk, without a path
	Key       string        // API key; empty: none is sent
	Callers   int           // who ask at the same time, each one thing after the other; default 64
	Requests  int           // how many requests in all; 0: as many as fit into For
	For       time.Duration // how long; 0: until Requests were made
	PerSecond float64       // how many requests a second at most, at random moments; what an answer takes counts from the moment on; 0: as many as there are answers
	Insecure  bool          // does not check the certificate of an https URL
	// Progress is called every second while it goes on. Default: nobody is told.
	Progress func(Result)
}

// Run asks until the requests were made, the time is over or ctx ends, and returns what was measured. It returns an
// error when the desk cannot be reached at all; answers that are no success are counted in the result.
func Run(ctx context.Context, o Options, source Source) (Result, error) {
	target, err := newTarget(o)
	if err != nil {
		return Result{}, err
	}
	if o.Callers == 0 {
		o.Callers = 64
	}
	if o.Requests == 0 && o.For == 0 {
		return Result{}, errors.New("load: say how many requests, or for how long")
	}
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	r := &run{options: o, target: target, source: source, started: time.Now()}
	callers := make([]*caller, o.Callers)
	for i := range callers {
		callers[i] = &caller{run: r}
		if err := callers[i].connect(ctx); err != nil {
			return Result{}, fmt.Errorf("%s cannot be reached: %w", o.URL, err)
		}
	}
	r.started = time.Now()
	r.due = r.started
	stop := r.report()
	var asking sync.WaitGroup
	for _, c := range callers {
		asking.Go(func() { c.ask(ctx) })
	}
	asking.Wait()
	stop()
	return r.result(), nil
}

// run is what the callers of a run share.
type run struct {
	options Options
	target  target
	source  Source
	started time.Time
	next    atomic.Int64
	mu      sync.Mutex
	counted tally
	due     time.Time // of the newest request, when they come at a rate
}

// take returns the number of the next request, and when it is due; false when there are enough.
func (r *run) take() (n int, due time.Time, more bool) {
	n = int(r.next.Add(1)) - 1
	due = time.Now()
	if r.options.PerSecond > 0 {
		r.mu.Lock()
		r.due = r.due.Add(time.Duration(rand.ExpFloat64() * float64(time.Second) / r.options.PerSecond))
		due = r.due
		r.mu.Unlock()
	}
	return n, due, r.options.Requests == 0 || n < r.options.Requests
}

// sleepUntil waits for a moment; false when ctx ends before.
func sleepUntil(ctx context.Context, moment time.Time) bool {
	left := time.Until(moment)
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// note counts an outcome.
func (r *run) note(status int, took time.Duration, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counted.note(status, took, text)
}

func (r *run) result() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counted.result(time.Since(r.started))
}

// report tells the progress every second; the function returned ends that.
func (r *run) report() (stop func()) {
	if r.options.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.options.Progress(r.result())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		telling.Wait()
	}
}

// target is whom the requests go to.
type target struct {
	address string
	tls     *tls.Config // nil: plain
	head    string      // the headers of every request
}

func newTarget(o Options) (target, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return target{}, fmt.Errorf("%q is no address like http://127.0.0.1:8080", o.URL)
	}
	port := u.Port()
	t := target{head: "Host: " + u.Host + "\r\nUser-Agent: servicedesk-bench\r\n"}
	if o.Key != "" {
		t.head += "Authorization: Bearer " + o.Key + "\r\n"
	}
	if u.Scheme == "https" {
		t.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: o.Insecure}
		if port == "" {
			port = "443"
		}
	}
	if port == "" {
		port = "80"
	}
	t.address = net.JoinHostPort(u.Hostname(), port)
	return t, nil
}

// caller asks over a connection of its own.
type caller struct {
	run    *run
	conn   net.Conn
	forget func() bool // ends what closes conn at the end of the run
	reader *bufio.Reader
	buffer []byte
}

func (c *caller) connect(ctx context.Context) (err error) {
	dialer := guard.ForOperator(guard.Options{}).Dialer()
	dialer.Timeout = answerWithin
	if c.run.target.tls != nil {
		c.conn, err = (&tls.Dialer{NetDialer: dialer, Config: c.run.target.tls}).DialContext(ctx, "tcp", c.run.target.address)
	} else {
		c.conn, err = dialer.DialContext(ctx, "tcp", c.run.target.address)
	}
	if err != nil {
		return err
	}
	c.reader = bufio.NewReader(c.conn)
	conn := c.conn
	c.forget = context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever waits for an answer shall not wait on
	return nil
}

// ask asks one thing after the other. A connection that failed is made anew with the next request.
func (c *caller) ask(ctx context.Context) {
	defer func() { c.drop() }()
	for ctx.Err() == nil {
		n, start, more := c.run.take()
		if !more || !sleepUntil(ctx, start) {
			return
		}
		request := c.run.source(n)
		status, text, err := c.exchange(ctx, request)
		if err != nil {
			c.drop()
			if ctx.Err() != nil {
				return // not a failure of the desk
			}
			text = err.Error()
		}
		c.run.note(status, time.Since(start), text)
	}
}

func (c *caller) drop() {
	if c.conn != nil {
		c.forget()
		_ = c.conn.Close() // nothing that it has is wanted
		c.conn = nil
	}
}

// exchange sends a request and reads its answer: the status and, unless it is a success, the body.
func (c *caller) exchange(ctx context.Context, r Request) (status int, text string, err error) {
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return 0, "", err
		}
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, "", err
	}
	if _, err := c.conn.Write(c.wire(r)); err != nil {
		return 0, "", err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
		if err != nil {
			return 0, "", err
		}
		text = string(body)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.Close {
		c.drop()
	}
	return answer.StatusCode, text, err
}

// wire is a request as it is sent.
func (c *caller) wire(r Request) []byte {
	b := append(c.buffer[:0], r.Method...)
	b = append(append(append(b, ' '), r.Path...), " HTTP/1.1\r\n"...)
	b = append(b, c.run.target.head...)
	if r.Body != nil {
		b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(r.Body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), r.Body...)
	c.buffer = b
	return b
}
