package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// How long a caller may take to read what a stream sends it.
const (
	takeWithin = 20 * time.Second
	endWithin  = time.Second // when the stream ends
)

// ErrEnded is why nothing can be written to a Stream any more: after its End, and when the caller went away. A stream
// that returns it ended as it should.
var ErrEnded = errors.New("the stream has ended")

// Stream is the body of an answer that is written while things happen. What is written is sent at once, and kept
// nowhere: a caller that does not read is waited for, and then given up.
type Stream struct {
	Events int // how many events it carried so far, for the log

	w       http.ResponseWriter
	control *http.ResponseController
	within  time.Duration // in which the caller must take what is written
	written int

	mu    sync.Mutex // held while a deadline is set: that of End is the last one
	ended bool
}

// Write sends a part of the body. It returns ErrEnded, or an Error of code TooSlow when the caller did not take the part
// in time.
func (s *Stream) Write(p []byte) (int, error) {
	if !s.wait(time.Now().Add(s.within)) {
		return 0, ErrEnded
	}
	n, err := s.w.Write(p)
	if err == nil {
		err = s.control.Flush()
	}
	s.written += n
	switch open := s.wait(time.Time{}); {
	case err == nil:
		return n, nil
	case open && errors.Is(err, os.ErrDeadlineExceeded):
		return n, &desk.Error{Code: desk.TooSlow, Err: fmt.Errorf("the caller did not take what was sent: %w", err)}
	}
	return n, ErrEnded
}

// wait sets until when the caller must have taken what is written; the zero time is for ever, which over HTTP/2 matters
// while nothing is written too. It reports false after End.
func (s *Stream) wait(until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		_ = s.control.SetWriteDeadline(until)
	}
	return !s.ended
}

// End leaves the caller a second for what is being written; nothing is written after that. It may be called while
// somebody else writes.
func (s *Stream) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		_ = s.control.SetWriteDeadline(time.Now().Add(endWithin))
	}
}

// stream sends the head of an answer and lets its Stream write the body. It returns the length of the body, and why it
// ended, unless that was ErrEnded.
func (d *Door) stream(w http.ResponseWriter, r *Request, a Answer) (int, error) {
	d.release(r)
	d.streams.Inc()
	defer d.streams.Dec()
	w = innermost(w)
	s := &Stream{w: w, control: http.NewResponseController(w), within: d.take}
	r.stream = s
	setHead(w.Header(), r, a)
	w.Header()["Content-Type"] = []string{a.Type}
	if r.ProtoMajor == 1 {
		w.Header()["Connection"] = []string{"close"} // the deadline of its end would be that of the next answer too
	}
	_ = s.control.SetReadDeadline(time.Time{}) // net/http would take its end for a caller that went away
	w.WriteHeader(a.Status)
	_ = s.control.Flush() // of a connection that is broken the first Write tells
	err := s.fill(a.Stream)
	s.End()
	if errors.Is(err, ErrEnded) {
		err = nil
	}
	return s.written, err
}

// fill lets a stream be written. A panic becomes an error.
func (s *Stream) fill(write func(*Stream) error) (err error) {
	defer recovered(&err)
	return write(s)
}

// innermost is the writer behind those that wrap it. They compress, or hold back what is short, and hide that the
// caller did not take what was sent.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, wraps := w.(interface{ Unwrap() http.ResponseWriter })
		if !wraps {
			return w
		}
		w = outer.Unwrap()
	}
}
