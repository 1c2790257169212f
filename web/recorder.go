package web

import (
	"bytes"
	"mime"
	"net/http"
)

// Recorder is where the answer to a request inside another request goes.
type Recorder struct {
	Status int
	header http.Header
	body   bytes.Buffer
}

// NewRecorder makes an empty recorder.
func NewRecorder() *Recorder { return &Recorder{header: http.Header{}} }

// Header returns the headers of the answer.
func (r *Recorder) Header() http.Header { return r.header }

// WriteHeader notes the status of the answer.
func (r *Recorder) WriteHeader(status int) { r.Status = status }

// Write adds to the body of the answer.
func (r *Recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// Body returns the recorded JSON body, or null when there is none.
func (r *Recorder) Body() []byte {
	if r.body.Len() == 0 {
		return []byte("null")
	}
	return r.body.Bytes()
}

// Download is the Content-Disposition of a file that is to be saved under a name, never shown.
func Download(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}
