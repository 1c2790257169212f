package web

import (
	"io"
	"net/http"
	"time"
)

// lingerTime is for how long what nobody wants is still taken.
const lingerTime = 20 * time.Second

// linger takes what a caller still sends after it was answered, and forgets it. Many clients look for an answer only
// when they have sent everything: if the connection ended before, they would see it reset, and never why. The server
// of net/http takes 256 kB and waits half a second, which is too little for an attachment.
//
// The answer is sent before, so that clients that do look stop sending; when the rest is long, net/http adds
// `Connection: close` to it. A caller that waits for leave to send (Expect: 100-continue) has sent nothing.
func (d *Door) linger(w http.ResponseWriter, r *Request) {
	waits := r.body.from == nil && r.Header.Get("Expect") != ""
	if r.ProtoMajor != 1 || r.ContentLength == 0 || r.body.ended || waits {
		return
	}
	c := http.NewResponseController(w)
	if c.Flush() != nil || c.SetReadDeadline(time.Now().Add(d.patience)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, 2*d.most) // the answer is given: whatever goes wrong here changes nothing
}
