package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/mask"
)

// Limits of one attempt.
const (
	attemptLimit = 15 * time.Second // in all, from the name's look-up to the end of the answer
	answerRead   = 64 << 10         // bytes of an answer that are read at most
	answerKept   = 512              // characters of it that are kept, for people
)

// Client calls targets. It follows no redirect, inflates nothing, and goes past the proxies of the environment.
type Client struct {
	http *http.Client
}

// NewClient makes a client that calls only what a guard lets it.
func NewClient(g *guard.Guard) *Client {
	t := g.Transport()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 1024, 128 // several endpoints may be at one host
	return &Client{&http.Client{Transport: t, Timeout: attemptLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is what a target answered.
type Answer struct {
	Status int
	Header http.Header
	Said   string // how its body begins, for people; without card numbers
}

// Good reports whether the target took the message: any 2xx. A redirect is none.
func (a Answer) Good() bool { return a.Status >= 200 && a.Status <= 299 }

// Post makes one attempt to deliver a body. Of the address the error shows host and IP at most: the rest may hold a secret of
// the target. It is for the operator: partners are not told what answers inside a network.
func (c *Client) Post(ctx context.Context, address string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("the address cannot be read")
	}
	request.Header = header.Clone()
	request.Header.Set("User-Agent", "ServiceDesk-Webhook/1")
	answer, err := c.http.Do(request)
	if err != nil {
		return Answer{}, withoutAddress(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, answerRead)) // the status has said already what counts
	return Answer{Status: answer.StatusCode, Header: answer.Header, Said: mask.Beginning(string(said), answerKept)}, nil
}

// withoutAddress takes the address out of an error of net/http.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
