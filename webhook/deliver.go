package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/outbox"
)

// What came of an attempt, in the log of deliveries.
const (
	Delivered   = "DELIVERED"     // 2xx
	Redirected  = "REDIRECTED"    // 3xx, which is not followed
	Refused     = "REFUSED"       // 4xx
	GoneForGood = "GONE"          // 410: the target is disabled
	Busy        = "BUSY"          // 429 or 503
	ServerError = "SERVER_ERROR"  // 5xx
	NotAllowed  = "NOT_ALLOWED"   // an address that partners' targets must not have
	NoHost      = "NO_HOST"       // its name could not be resolved
	NoConnect   = "NO_CONNECTION" // refused, or none within ten seconds
	NoTLS       = "TLS_FAILED"    // its certificate is not good for its name, or it speaks no TLS
	TimedOut    = "TIMED_OUT"     // no whole answer in time; whether it took the event is not known
	BrokenOff   = "BROKEN_OFF"    // the connection broke; likewise
	Unreadable  = "UNREADABLE"    // its address or secret cannot be decrypted: the operator must look
)

// Deliverer delivers events to targets.
type Deliverer struct {
	client *Client
	open   func(desk.Target, time.Time) (url string, secrets []string, err error)
	now    func() time.Time
}

// NewDeliverer makes a deliverer. open decrypts a target's address, and the secrets that sign at a time.
func NewDeliverer(c *Client, open func(desk.Target, time.Time) (url string, secrets []string, err error), now func() time.Time) *Deliverer {
	return &Deliverer{c, open, now}
}

// Handler is how the outbox delivers, with pauses after failed attempts and between probes.
func (d *Deliverer) Handler(waits outbox.Waits, probe time.Duration) outbox.Handler {
	return outbox.Handler{Deliver: d.Deliver, Limit: attemptLimit, Waits: waits, Probe: probe}
}

// Deliver makes one attempt.
func (d *Deliverer) Deliver(ctx context.Context, o outbox.Delivery) outbox.Outcome {
	return d.Send(ctx, o.Target, Message{ID: o.Event.ID(), Body: o.Event.Body})
}

// Send sends a message to a target, once.
func (d *Deliverer) Send(ctx context.Context, t desk.Target, m Message) outbox.Outcome {
	now := d.now()
	url, secrets, err := d.open(t, now)
	var header http.Header
	if err == nil {
		header, err = Headers(m, now, secrets...)
	}
	if err != nil {
		return outbox.Outcome{Class: Unreadable, Said: "the target cannot be decrypted", Err: err}
	}
	answer, err := d.client.Post(ctx, url, header, m.Body)
	if err != nil {
		return outbox.Outcome{Class: classOf(err), Said: explain(err), Err: err}
	}
	class := classOfStatus(answer.Status)
	return outbox.Outcome{Done: class == Delivered, Gone: class == GoneForGood, Class: class, Status: answer.Status, Said: answer.Said,
		Wait: outbox.RetryAfter(answer.Header.Get("Retry-After"), now)}
}

func classOfStatus(status int) string {
	switch {
	case status >= 200 && status <= 299:
		return Delivered
	case status == http.StatusGone:
		return GoneForGood
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return Busy
	case status >= 500:
		return ServerError
	case status >= 400:
		return Refused
	}
	return Redirected
}

func classOf(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout interface{ Timeout() bool }
	switch refused := (*guard.Refused)(nil); {
	case errors.As(err, &refused):
		return NotAllowed
	case errors.As(err, &dns):
		return NoHost
	case errors.As(err, &op) && op.Op == "dial":
		return NoConnect
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return NoTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	}
	return BrokenOff
}

// explain is an error as partners may read it in their log: not what answers inside a network.
func explain(err error) string {
	switch classOf(err) {
	case NotAllowed:
		return "the address is not reachable from the internet, and is not called"
	case NoHost:
		return "the name of the host could not be resolved"
	case NoConnect:
		return "no connection could be made"
	case NoTLS:
		return "no secure connection could be made: look at the certificate"
	case TimedOut:
		return "no whole answer came within " + attemptLimit.String()
	}
	return "the connection broke before an answer came"
}
