package sociomile

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
)

const (
	answerRead = 64 << 10    // bytes of an answer that are read at most, and inflated at most
	writeEnds  = time.Second // after a call failed, how long its last write may take to say so: its connection is closed
)

// Client calls the provider. It follows no redirect, and goes past the proxies of the environment.
type Client struct {
	config    Config
	transport http.RoundTripper // and no http.Client, whose errors show the address
	hide      hider
}

// NewClient makes a client that calls only what a guard lets it: one for addresses that the operator configured.
//
// Each call has a connection of its own. One that was used before may be closed by the provider in the moment of the next
// call: of that nobody can tell whether it was taken, and net/http sends some calls again by itself.
func NewClient(c Config, g *guard.Guard) *Client {
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	t := g.Transport()
	t.DisableKeepAlives, t.ForceAttemptHTTP2 = true, false
	return &Client{config: c, transport: t, hide: newHider(c.Token)}
}

// Post makes one call with a JSON body, within the configured time.
func (c *Client) Post(ctx context.Context, r Route, body []byte) Answer {
	return c.call(ctx, http.MethodPost, r, body, reply.class)
}

// Probe asks by harmless methods whether a route is there. The class is Sent when it is. OPTIONS comes first, and GET when
// that proves nothing: what is in front of the application may answer or refuse OPTIONS for each path alike.
func (c *Client) Probe(ctx context.Context, r Route) Answer {
	a := c.call(ctx, http.MethodOptions, r, nil, reply.proofByOptions)
	if a.Class == Sent || a.Class == RouteMissing || a.Class == Network {
		return a
	}
	return c.call(ctx, http.MethodGet, r, nil, reply.proof)
}

// call makes one call. What it cannot even begin is told as Network: nothing was sent.
func (c *Client) call(ctx context.Context, method string, r Route, body []byte, judge func(reply) Class) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	writing, ctx := watch(ctx)
	request, err := c.request(ctx, method, r, body)
	if err != nil {
		return Answer{Class: Network, Err: err}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		class := Network
		if writing.sent() {
			class = UnknownOutcome
		}
		return Answer{Class: class, Err: c.hide.error(c.explain(ctx, err))}
	}
	defer response.Body.Close()
	said, err := read(response)
	a := classify(readReply(r, response.StatusCode, response.Header, said), judge, c.hide, time.Now())
	if err != nil {
		a.Err = c.hide.error(c.explain(ctx, err))
		if a.Class == BadBody {
			a.Class = UnknownOutcome // what would have told is what is missing
		}
	}
	return a
}

func (c *Client) request(ctx context.Context, method string, r Route, body []byte) (*http.Request, error) {
	address, err := c.config.address(r)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of the provider cannot be called")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "ServiceDesk-Sociomile/1")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	c.config.authorize(request)
	return request, nil
}

// explain says of an error that the call's own time ran out, when it did.
func (c *Client) explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no whole answer came within %s (OMNI_TIMEOUT): %w", c.config.Timeout, err)
	}
	return err
}

// read is the content of an answer, or its beginning. What is packed although it was not asked for is unpacked as far as it
// can be. The error says why the rest did not come.
func read(response *http.Response) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(response.Body, answerRead))
	switch strings.ToLower(response.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		if z, bad := gzip.NewReader(bytes.NewReader(content)); bad == nil {
			content, _ = io.ReadAll(io.LimitReader(z, answerRead)) // what is broken in it shows when it is read as JSON
		}
	}
	return content, err
}

// writing follows how far a request went out.
type writing struct {
	begun atomic.Bool
	ended chan error
}

// watch makes a context whose request is followed.
func watch(ctx context.Context) (*writing, context.Context) {
	w := &writing{ended: make(chan error, 1)}
	return w, httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { w.begun.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			select {
			case w.ended <- info.Err:
			default: // the transport writes once on a connection of its own
			}
		},
	})
}

// sent reports, after a call failed, whether all of the request may have gone out.
func (w *writing) sent() bool {
	if !w.begun.Load() {
		return false
	}
	select {
	case err := <-w.ended:
		return err == nil
	case <-time.After(writeEnds):
		return true
	}
}

// hiddenError is an error whose text is safe to log.
type hiddenError struct {
	text  string
	cause error
}

// Error is the text in which nothing is to hide.
func (e *hiddenError) Error() string { return e.text }

// Unwrap is the error itself, for errors.As and errors.Is; its text may hold what the provider sent.
func (e *hiddenError) Unwrap() error { return e.cause }

func (h hider) error(err error) error { return &hiddenError{h.text(err.Error()), err} }
