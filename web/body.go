package web

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// MaxBody is the largest request body in bytes, also after it was inflated (the spec, section 3).
const MaxBody = 75 << 20

// A body is read in parts, each as long as all before it together. In bytes:
const (
	firstPart = 4 << 10  // when nobody said how long the body is
	wholePart = 64 << 10 // up to here, a body of announced length is one part
	mostPart  = 1 << 20
)

// budget is the memory that bodies in flight may take together. An eighth is kept for what begins, so that a storm of
// attachments does not keep out the short bodies, which are one part.
type budget struct {
	left atomic.Int64
	kept int64
}

func (b *budget) fill(n int64) { b.kept = n / 8; b.left.Store(n) }

// take reserves bytes, on top of what was taken before for the same body; false, and nothing reserved, when there are
// not enough left.
func (b *budget) take(n, before int64) bool {
	kept := b.kept
	if before == 0 {
		kept = 0
	}
	for {
		left := b.left.Load()
		if left-kept < n {
			return false
		}
		if b.left.CompareAndSwap(left, left-n) {
			return true
		}
	}
}

// giveBack returns bytes that were taken.
func (b *budget) giveBack(n int64) { b.left.Add(n) }

// Body is the body of a request. Release gives its memory back to the budget; call it when nothing refers to it.
// A second call does nothing, and a forgotten one is made up for when the request was answered.
type Body struct {
	Bytes   []byte
	Release func()
}

// ReadBody reads a JSON body, inflated when it is gzipped. It returns an Error of code Unsupported (neither JSON nor
// gzip), TooLarge, Unavailable (too many bodies in flight), or Invalid (cut, or not what it says).
func (d *Door) ReadBody(r *Request) (Body, error) {
	body := Body{Release: func() { d.release(r) }}
	source, announced, err := d.open(r)
	if err == nil {
		body.Bytes, err = d.readAll(r, source, announced)
	}
	if err != nil {
		body.Release()
	}
	return body, err
}

// release gives back what the body of a request has taken.
func (d *Door) release(r *Request) {
	d.budget.giveBack(r.taken)
	r.taken = 0
}

// open begins to read a body. It returns what the content is read from, and its length when that was announced, else -1.
func (d *Door) open(r *Request) (io.Reader, int64, error) {
	if !isJSON(r.Header) {
		return nil, 0, desk.Fail(desk.Unsupported, desk.NotJSON)
	}
	encoding := strings.ToLower(strings.Join(r.Header.Values("Content-Encoding"), ","))
	switch encoding {
	case "", "identity", "gzip", "x-gzip":
	default:
		return nil, 0, desk.Fail(desk.Unsupported, desk.BadEncoding)
	}
	if r.ContentLength > d.most {
		return nil, 0, tooLarge()
	}
	r.body = wire{from: r.Body, left: d.most}
	if encoding == "" || encoding == "identity" {
		return &r.body, r.ContentLength, nil
	}
	inflated, err := gzip.NewReader(&r.body)
	if err != nil {
		return nil, 0, bodyError(err)
	}
	return inflated, -1, nil
}

// isJSON reports whether the body says that it is JSON, or does not say what it is. A charset is not looked at: JSON is
// UTF-8 (RFC 8259, section 8.1), and clients that write another one there out of habit send UTF-8 too.
func isJSON(header http.Header) bool {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || strings.EqualFold(kind, "application/json")
}

// wire is a body as the caller sends it, and remembers what became of it.
type wire struct {
	from  io.Reader // nil until somebody wants to read
	left  int64     // bytes that it may still have
	ended bool      // nothing more comes
}

// Read reads on. It fails with an Error of code TooLarge when more came than may come.
func (b *wire) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.left -= int64(n)
	b.ended = err != nil
	if b.left < 0 {
		return n, tooLarge()
	}
	return n, err
}

// readAll reads to the end. Room is made for what arrives, never for what was announced: a caller that sends nothing
// holds next to nothing.
func (d *Door) readAll(r *Request, source io.Reader, announced int64) ([]byte, error) {
	var parts [][]byte
	var part []byte
	length := 0
	for {
		if len(part) == cap(part) {
			var err error
			if part, err = d.part(r, length, announced); err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		n, err := source.Read(part[len(part):cap(part)])
		part, length = part[:len(part)+n], length+n
		parts[len(parts)-1] = part
		switch {
		case int64(length) > d.most:
			return nil, tooLarge()
		case err == io.EOF:
			return d.join(r, parts, length)
		case err != nil:
			return nil, bodyError(err)
		}
	}
}

// part makes room for the next part of a body. The last one has a byte too many, so that the end is seen in it.
func (d *Door) part(r *Request, length int, announced int64) ([]byte, error) {
	size, rest := int64(firstPart), announced+1-int64(length)
	if announced >= 0 {
		size = wholePart
	}
	size = min(max(size, int64(length)), mostPart)
	if rest > 0 {
		size = min(size, rest)
	}
	if err := d.take(r, size); err != nil {
		return nil, err
	}
	return make([]byte, 0, size), nil
}

// join makes one of all parts.
func (d *Door) join(r *Request, parts [][]byte, length int) ([]byte, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	held := r.taken
	if err := d.take(r, int64(length)); err != nil {
		return nil, err
	}
	whole := make([]byte, 0, length)
	for i, part := range parts {
		whole, parts[i] = append(whole, part...), nil // the collector may have it
	}
	d.budget.giveBack(held)
	r.taken -= held
	return whole, nil
}

// take reserves bytes of the budget for a request.
func (d *Door) take(r *Request, n int64) error {
	if !d.budget.take(n, r.taken) {
		return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"2"}, RetryAfter: 2 * time.Second,
			Err: errors.New("the budget for bodies in flight is used up")}
	}
	r.taken += n
	return nil
}

func tooLarge() error {
	return desk.Fail(desk.TooLarge, desk.BodyTooLarge, strconv.Itoa(MaxBody>>20))
}

// bodyError words why a body could not be read.
func bodyError(err error) error {
	var told *desk.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return &desk.Error{Code: desk.Invalid, Text: desk.BadEncoding, Err: err}
	}
	return &desk.Error{Code: desk.Invalid, Text: desk.BodyCut, Err: err}
}
