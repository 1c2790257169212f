package web

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// MaxBody is the largest request body in bytes, also after it was inflated (the spec, section 3).
const MaxBody = 75 << 20

// budget is the memory that bodies in flight may take together.
type budget struct{ left atomic.Int64 }

// take reserves bytes; false when there are not enough left.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// Body is the body of a request. Release gives its memory back to the budget; call it when nothing refers to it.
type Body struct {
	Bytes   []byte
	Release func()
}

// ReadBody reads a JSON body, inflated when it is gzipped. It returns an Error of code Unsupported (neither JSON nor
// gzip), TooLarge, Unavailable (too many bodies in flight), or Invalid (cut, or not what it says).
func (d *Door) ReadBody(r *Request) (Body, error) {
	none := Body{Release: func() {}}
	if given := r.Header.Get("Content-Type"); given != "" {
		if kind, _, err := mime.ParseMediaType(given); err != nil || kind != "application/json" {
			return none, desk.Fail(desk.Unsupported, desk.NotJSON)
		}
	}
	if r.ContentLength > MaxBody {
		return none, tooLarge()
	}
	source := io.Reader(r.Body)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		inflated, err := gzip.NewReader(io.LimitReader(r.Body, MaxBody+1))
		if err != nil {
			return none, desk.Fail(desk.Invalid, desk.BadEncoding)
		}
		source = inflated
	default:
		return none, desk.Fail(desk.Unsupported, desk.BadEncoding)
	}
	return d.readAll(source, r.ContentLength)
}

// readAll reads to the end. The buffer grows with what arrives, never with what was announced, and every growth is
// taken from the budget first.
func (d *Door) readAll(source io.Reader, announced int64) (Body, error) {
	taken := int64(0)
	release := func() { d.budget.left.Add(taken); taken = 0 }
	fail := func(err error) (Body, error) {
		release()
		return Body{Release: func() {}}, err
	}
	size := min(max(announced+1, 2<<10), 64<<10)
	var buffer []byte
	for {
		if len(buffer) == cap(buffer) {
			if !d.budget.take(size) {
				return fail(&desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"2"}, RetryAfter: 2 * time.Second,
					Err: errors.New("the budget for bodies in flight is used up")})
			}
			taken += size
			grown := make([]byte, len(buffer), int64(len(buffer))+size)
			copy(grown, buffer)
			buffer, size = grown, int64(cap(grown))
		}
		n, err := source.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > MaxBody:
			return fail(tooLarge())
		case err == io.EOF:
			return Body{Bytes: buffer, Release: release}, nil
		case err != nil:
			return fail(bodyError(err))
		}
	}
}

func tooLarge() error {
	return desk.Fail(desk.TooLarge, desk.BodyTooLarge, strconv.Itoa(MaxBody>>20))
}

// bodyError words why a body could not be read.
func bodyError(err error) error {
	var tooMany *http.MaxBytesError
	switch {
	case errors.As(err, &tooMany):
		return tooLarge()
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return &desk.Error{Code: desk.Invalid, Text: desk.BadEncoding, Err: err}
	}
	return &desk.Error{Code: desk.Invalid, Text: desk.BodyCut, Err: err}
}

func newRequestID() string { return strings.ToLower(rand.Text()[:20]) }
