package web

import (
	"bytes"
	"net"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
)

// PlainErrors returns a listener on whose connections the errors that net/http words by itself, when a request is no
// HTTP, have the form of every error. They are written in one piece, with these lines and no others behind the status.
func PlainErrors(l net.Listener) net.Listener { return plainListener{l} }

type plainListener struct{ net.Listener }

// Accept waits for the next connection.
func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return plainConn{c}, nil
}

// plainConn is a connection on which an error of net/http is worded anew.
type plainConn struct{ net.Conn }

// plainHead is what net/http writes behind the status of an error of its own.
const plainHead = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write passes on what is written. A first piece of an answer of our own always has a Date.
func (c plainConn) Write(p []byte) (int, error) {
	if len(p) > 512 || !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) || !bytes.Contains(p, []byte(plainHead)) || bytes.Contains(p, []byte("\r\nDate:")) {
		return c.Conn.Write(p)
	}
	line, _, _ := strings.Cut(string(p[len("HTTP/1.1 "):]), "\r\n")
	status, text := line[:min(3, len(line))], desk.NotHTTP
	if status == "431" {
		text = desk.HeaderTooLarge
	}
	if status != "431" {
		status = "400" // 501 and 505 are the client's fault too
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
func (c plainConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
