package web

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
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
	d.begin(r, d.most)
	if encoding == "" || encoding == "identity" {
		return &r.body, r.ContentLength, nil
	}
	inflated, err := gzip.NewReader(&r.body)
	if err != nil {
		return nil, 0, d.bodyError(err)
	}
	return inflated, -1, nil
}

// begin lets a body of at most so many bytes come.
func (d *Door) begin(r *Request, most int64) {
	r.body = wire{from: r.Body, most: most, left: most, control: r.control, slow: d.slow, until: time.Now().Add(wholeBody)}
}

// isJSON reports whether the body says that it is JSON, or does not say what it is. A charset is not looked at: JSON is
// UTF-8 (RFC 8259, section 8.1), and clients that write another one there out of habit send UTF-8 too.
func isJSON(header http.Header) bool {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || strings.EqualFold(kind, "application/json")
}

// readAll reads to the end. Room is made for what arrives, never for what was announced: a caller that sends nothing
// holds next to nothing.
func (d *Door) readAll(r *Request, source io.Reader, announced int64) ([]byte, error) {
	var parts [][]byte
	var part []byte
	length := int64(0)
	for {
		if len(part) == cap(part) {
			var err error
			if parts, err = d.more(r, parts, length, announced); err != nil {
				return nil, err
			}
			part = parts[len(parts)-1]
		}
		n, err := source.Read(part[len(part):cap(part)])
		part, length = part[:len(part)+n], length+int64(n)
		parts[len(parts)-1] = part
		switch {
		case length > d.most:
			return nil, tooLarge()
		case err == io.EOF && len(parts) == 1:
			return part, nil
		case err == io.EOF:
			return d.join(r, parts, length, length)
		case err != nil:
			return nil, d.bodyError(err)
		}
	}
}

// more makes room for more of a body: another part or, as soon as half of what was announced is there, the whole of
// it, so that less is copied and thrown away. The last part has a byte too many, so that the end is seen in it.
func (d *Door) more(r *Request, parts [][]byte, length, announced int64) ([][]byte, error) {
	if announced > wholePart && length <= announced && 2*length >= announced {
		whole, err := d.join(r, parts, length, announced+1)
		return [][]byte{whole}, err
	}
	size := int64(firstPart)
	if announced >= 0 {
		size = min(wholePart, announced+1)
	}
	size = min(max(size, length), mostPart)
	if err := d.Reserve(r, size); err != nil {
		return nil, err
	}
	return append(parts, make([]byte, 0, size)), nil
}

// join makes one of all parts, with room for size bytes.
func (d *Door) join(r *Request, parts [][]byte, length, size int64) ([]byte, error) {
	held := r.taken
	if err := d.Reserve(r, size); err != nil {
		return nil, err
	}
	whole := make([]byte, 0, size)
	for i, part := range parts {
		whole, parts[i] = append(whole, part...), nil // the collector may have it
	}
	d.giveBack(r, held)
	return whole, nil
}

func tooLarge() error {
	return desk.Fail(desk.TooLarge, desk.BodyTooLarge, strconv.Itoa(MaxBody>>20))
}

// bodyError words why a body could not be read.
func (d *Door) bodyError(err error) error {
	var told *desk.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, os.ErrDeadlineExceeded):
		return d.tooSlow(err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return &desk.Error{Code: desk.Invalid, Text: desk.BadEncoding, Err: err}
	}
	return &desk.Error{Code: desk.Invalid, Text: desk.BodyCut, Err: err}
}
