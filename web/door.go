// Package web is what the doors in share: the strict JSON step, the one place that turns an error into an answer, the
// request log, rate limits, and the reading of bodies within limits.
package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
)

// Request is an HTTP request with what the door found out about it.
type Request struct {
	*http.Request
	Parsed   Value  // the body, of a request inside another one
	ID       string // of this request: taken from the caller or made
	Actor    desk.Actor
	Key      desk.APIKey   // that the actor used
	Address  netip.Addr    // where it came from
	Language desk.Language // of messages
	Limits   http.Header   // rate limit headers of the answer
	Ticket   int64         // number of the ticket that it turned out to be about, for the log; 0: none

	Simulated string // the fault that a test key asked for: neither counted nor logged as one of the desk; empty: none
	Lost      bool   // instead of the answer, the connection is closed

	control *http.ResponseController
	stream  *Stream // that its answer is written to; nil: the answer is whole
	body    wire
	taken   int64 // bytes of the budget that the body holds, with what was made of it
}

// Answer is an answer that was made completely before a byte of it is sent, but for the body of a stream.
type Answer struct {
	Status int
	Type   string // of the body; default application/json; charset=utf-8
	Header http.Header
	Body   []byte
	Tag    string // weak ETag; empty: none

	// Stream, unless it is nil, writes the body instead of Body, after the head was sent. It is called once, and not for
	// HEAD. What it returns, ErrEnded apart, is logged: nobody can be told.
	Stream func(*Stream) error
}

// Handler answers a request, or returns an error that the door words.
type Handler func(*Request) (Answer, error)

// Options are what New needs.
type Options struct {
	Log            *slog.Logger          // default slog.Default()
	Metrics        prometheus.Registerer // default: none
	TrustedProxies []netip.Prefix        // whose X-Forwarded-For is believed; default none
	BodyBudget     int64                 // bytes of bodies in flight; default 384 MiB, half of it for one key
	SlowBody       time.Duration         // within which 64 KiB of a body must come; default 20 s
	Clock          func() time.Time      // default time.Now
}

// Door turns handlers into HTTP handlers.
type Door struct {
	log      *slog.Logger
	proxies  []netip.Prefix
	budget   *budget
	slow     time.Duration // see Options.SlowBody
	clock    func() time.Time
	most     int64         // bytes of a body
	patience time.Duration // with callers that are answered and still send
	take     time.Duration // in which callers must take what a stream sends
	seconds  *prometheus.HistogramVec
	streams  prometheus.Gauge
}

// New makes a door.
func New(o Options) *Door {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.BodyBudget == 0 {
		o.BodyBudget = 384 << 20
	}
	if o.SlowBody == 0 {
		o.SlowBody = slowBody
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	d := &Door{log: o.Log, proxies: o.TrustedProxies, budget: newBudget(o.BodyBudget), slow: o.SlowBody, clock: o.Clock, most: MaxBody, patience: lingerTime, take: takeWithin}
	d.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "servicedesk_http_request_seconds", Help: "Time to answer a request, by operation and status.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16)}, []string{"operation", "status"})
	d.streams = prometheus.NewGauge(prometheus.GaugeOpts{Name: "servicedesk_http_streams", Help: "Answers that are being streamed."})
	if o.Metrics != nil {
		o.Metrics.MustRegister(d.seconds, d.streams, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "servicedesk_http_body_bytes_free", Help: "Memory for request bodies in flight that nobody holds.",
		}, func() float64 { return float64(d.budget.free()) }))
	}
	return d
}

// Handle serves a handler under the name of its operation: gives the request its id, words errors, answers, logs one
// line and counts.
func (d *Door) Handle(operation string, h Handler) http.Handler {
	return d.handle(operation, h, wordJSON)
}

func (d *Door) handle(operation string, h Handler, word wording) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		start := d.clock()
		r := d.request(w, hr)
		answer, err := run(h, r)
		if err != nil {
			answer = wordError(r, err, word)
		}
		answer = conditional(r, answer)
		if answer.Stream != nil && r.Method != http.MethodHead {
			d.observe(operation, answer.Status, d.clock().Sub(start)) // how long it lasts says nothing about the desk
			written, err := d.stream(w, r, answer)
			d.logRequest(r, operation, answer.Status, written, d.clock().Sub(start), err)
			return
		}
		written := 0
		if !r.Lost {
			written = send(w, r, answer)
		}
		d.release(r)
		took := d.clock().Sub(start)
		did := operation
		if r.Simulated != "" {
			did = simulated
		}
		d.observe(did, answer.Status, took)
		d.logRequest(r, did, answer.Status, written, took, err)
		if r.Lost {
			panic(http.ErrAbortHandler) // which the server takes for what it is: the connection is closed
		}
		d.linger(w, r)
	})
}

// simulated is what operations are called in log and metrics that end with a fault that a test key asked for: nobody shall
// be woken for it.
const simulated = "simulated"

// observe counts a request.
func (d *Door) observe(operation string, status int, took time.Duration) {
	d.seconds.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
}

// request finds out what every handler wants to know. One operation of a batch is its maker's in everything but its id.
func (d *Door) request(w http.ResponseWriter, hr *http.Request) *Request {
	r := &Request{Request: hr, Limits: w.Header(), control: http.NewResponseController(w)}
	if within, ok := hr.Context().Value(innerKey{}).(within); ok {
		outer := within.outer
		r.Parsed = within.body
		r.ID = cmp.Or(hr.Header.Get("X-Request-Id"), outer.ID)
		r.Actor, r.Key, r.Address, r.Language = outer.Actor, outer.Key, outer.Address, outer.Language
		return r
	}
	r.ID = requestID(hr.Header.Get("X-Request-Id"))
	r.Address = clientAddress(hr, d.proxies)
	r.Language = Language(hr, desk.English)
	return r
}

// innerKey is under which a request's context says that it is part of another request: within.
type innerKey struct{}

type within struct {
	outer *Request
	body  Value
}

// Within returns a context for a request that is made inside r, for its actor, with a body that is a part of r's: it is
// neither copied nor read again.
func (r *Request) Within(body Value) context.Context {
	return context.WithValue(r.Context(), innerKey{}, within{r, body})
}

// Inner reports whether r was made inside another request: it was authenticated and counted already.
func (r *Request) Inner() bool {
	_, ok := r.Context().Value(innerKey{}).(within)
	return ok
}

// run runs a handler. A panic, and an answer that cannot be sent, become errors.
func run(h Handler, r *Request) (a Answer, err error) {
	defer recovered(&err)
	a, err = h(r)
	e, ours := errors.AsType[*desk.Error](err)
	switch {
	case ours && e == nil:
		return a, errors.New("the handler returned a nil *desk.Error as its error")
	case err == nil && (a.Status < http.StatusOK || a.Status > 599):
		return a, fmt.Errorf("the handler answered with the status %d", a.Status)
	}
	return a, err
}

// recovered makes an error of a panic. It is deferred itself.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// setHead sets the headers of an answer but for those that describe its body.
func setHead(header http.Header, r *Request, a Answer) {
	vary := append(header["Vary"], a.Header["Vary"]...) // who compresses has said already that it does
	maps.Copy(header, a.Header)
	header["X-Request-Id"] = []string{r.ID} // the names are canonical, which Set would find out each time
	header["X-Content-Type-Options"] = []string{"nosniff"}
	if len(header["Cache-Control"]) == 0 {
		header["Cache-Control"] = []string{"private, no-cache"}
	}
	header["Vary"] = append(vary, "Authorization, X-API-Key, Accept-Language")
	if a.Tag != "" {
		header["Etag"] = []string{a.Tag}
	}
}

// send writes an answer and returns the length of what it wrote. Nothing is sent before the whole answer exists.
func send(w http.ResponseWriter, r *Request, a Answer) int {
	header := w.Header()
	setHead(header, r, a)
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
		w.WriteHeader(a.Status)
		return 0
	}
	if a.Type == "" {
		a.Type = "application/json; charset=utf-8"
	}
	header["Content-Type"] = []string{a.Type}
	if a.Stream == nil {
		header["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
	if r.Method == http.MethodHead {
		return 0
	}
	n, _ := w.Write(a.Body) // the caller went away: the log tells the bytes
	return n
}
