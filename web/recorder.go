package web

import (
	"bytes"
	"net/http"
	"strings"
)

// Recorder is where the answer to a request inside another request goes.
type Recorder struct {
	Status int // 200 unless WriteHeader said something else first
	header http.Header
	body   bytes.Buffer
	wrote  bool
}

// NewRecorder makes an empty recorder.
func NewRecorder() *Recorder { return &Recorder{Status: http.StatusOK, header: http.Header{}} }

// Header returns the headers of the answer.
func (r *Recorder) Header() http.Header { return r.header }

// WriteHeader notes the status of the answer. As with a server, the first one stands, and an informational one
// (1xx) is not the answer yet.
func (r *Recorder) WriteHeader(status int) {
	if r.wrote || status < http.StatusOK {
		return
	}
	r.Status, r.wrote = status, true
}

// Write adds to the body of the answer.
func (r *Recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.body.Write(b)
}

// Body returns the recorded JSON body, or null when there is none or it is something else.
func (r *Recorder) Body() []byte {
	if r.body.Len() == 0 || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		return []byte("null")
	}
	return r.body.Bytes()
}
