package web

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// How fast a body must come: a step in every slowBody, and all of it within wholeBody. A caller that stops sending
// gives back the memory of what it sent so far.
const (
	bodyStep  = 64 << 10 // bytes
	slowBody  = 20 * time.Second
	wholeBody = 5 * time.Minute // 75 MB over a slow line
)

// wire is a body as the caller sends it, and remembers what became of it.
type wire struct {
	from  io.Reader // nil until somebody wants to read
	most  int64     // bytes that it may have
	left  int64     // of those, bytes that did not come
	ended bool      // nothing more comes

	control *http.ResponseController
	slow    time.Duration // within which a step must come
	until   time.Time     // when the last of it must be there
	step    int64         // bytes of this step that are still to come
}

// Read reads on. It fails with an Error of code TooLarge when more came than may come, and with os.ErrDeadlineExceeded
// when it comes too slowly.
func (b *wire) Read(p []byte) (int, error) {
	if b.step <= 0 {
		b.step = bodyStep
		next := time.Now().Add(b.slow)
		if next.After(b.until) {
			next = b.until
		}
		b.wait(next)
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	b.step -= int64(n)
	b.ended = err != nil
	if err == io.EOF {
		b.wait(time.Time{}) // the handler may take longer
	}
	if b.left < 0 {
		return n, tooLarge()
	}
	return n, err
}

// wait sets until when the connection may be read; the zero time is for ever. Requests that no connection brought have
// nothing to wait for.
func (b *wire) wait(until time.Time) {
	_ = b.control.SetReadDeadline(until)
}

// tooSlow words that a body came too slowly.
func (d *Door) tooSlow(err error) error {
	seconds := int(math.Ceil(d.slow.Seconds()))
	return &desk.Error{Code: desk.TooSlow, Text: desk.BodySlow, Args: []string{strconv.Itoa(bodyStep >> 10), strconv.Itoa(seconds)}, Err: err}
}
