package web

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"banksulutgo.co.id/servicedesk/desk"
)

// ServePlain serves unencrypted requests until the server is closed, like its Serve. The errors that net/http words by
// itself, when a request is no HTTP or expects what nobody knows, get the form of every error.
func ServePlain(server *http.Server, l net.Listener) error {
	next, changed := server.Handler, server.ConnState
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, plainKey{}, c) }
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(plainKey{}).(*plainConn); ok {
			c.answering.Store(true)
		}
		next.ServeHTTP(w, r)
	})
	server.ConnState = func(c net.Conn, state http.ConnState) {
		if plain, ok := c.(*plainConn); ok && state == http.StateIdle {
			plain.answering.Store(false)
		}
		if changed != nil {
			changed(c, state)
		}
	}
	return server.Serve(plainListener{l})
}

// plainKey is under which a request's context holds its connection.
type plainKey struct{}

type plainListener struct{ net.Listener }

// Accept waits for the next connection.
func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &plainConn{Conn: c}, nil
}

// plainConn is a connection on which an error of net/http is worded anew. Between the beginning of a request's handler
// and the end of its answer all that is written is the answer's, whatever it looks like.
type plainConn struct {
	net.Conn
	answering atomic.Bool
}

// plainHead is what net/http writes behind the status of an error of its own.
const plainHead = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// refusedHead begins the answer of net/http to an Expect that it does not know.
const refusedHead = "HTTP/1.1 417 "

// Write passes on what is written.
func (c *plainConn) Write(p []byte) (int, error) {
	if c.answering.Load() || !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) || !bytes.Contains(p, []byte(plainHead)) && !bytes.HasPrefix(p, []byte(refusedHead)) {
		return c.Conn.Write(p)
	}
	line, _, _ := strings.Cut(string(p[len("HTTP/1.1 "):]), "\r\n")
	status, text := line[:min(3, len(line))], desk.NotHTTP
	if status == "431" {
		text = desk.HeaderTooLarge
	}
	if status != "431" {
		status = "400" // 417, 501 and 505 are the client's fault too
	}
	id := newRequestID()
	body := errorBody(desk.Fail(desk.Invalid, text), desk.English, id)
	answer := "HTTP/1.1 " + status + " " + map[string]string{"400": "Bad Request", "431": "Request Header Fields Too Large"}[status] +
		"\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\nX-Request-Id: " + id +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body)
	if _, err := c.Conn.Write([]byte(answer)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite ends what is written; net/http does so before it gives up a connection that still sends.
func (c *plainConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
