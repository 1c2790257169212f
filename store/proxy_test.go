package store_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
)

// proxy stands between a store and PostgreSQL and spoils the answer to a COMMIT once, when it is told to.
type proxy struct {
	listener net.Listener
	server   string
	spoil    atomic.Pointer[func(client, server net.Conn, answer []byte) (handled bool)]
}

// spoiled opens a proxy before a database and returns it with the address to use.
func spoiled(t *testing.T, database string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(database)
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p := &proxy{listener: l, server: u.Host}
	t.Cleanup(func() { l.Close() })
	go p.run()
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *proxy) run() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(server, client)
			server.Close()
		}()
		go func() {
			p.answers(client, server)
			client.Close()
			server.Close()
		}()
	}
}

// answers passes the server's messages on: a letter, a length, a content.
func (p *proxy) answers(client, server net.Conn) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		message := append(head, make([]byte, binary.BigEndian.Uint32(head[1:])-4)...)
		if _, err := io.ReadFull(server, message[5:]); err != nil {
			return
		}
		if message[0] == 'C' && bytes.Equal(message[5:], []byte("COMMIT\x00")) {
			if spoil := p.spoil.Swap(nil); spoil != nil && (*spoil)(client, server, message) {
				return
			}
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

// next says what happens to the next answer to a COMMIT, and to the connection after it.
func (p *proxy) next(fn func(client, server net.Conn, answer []byte) bool) { p.spoil.Store(&fn) }

// fatal is how PostgreSQL says that it ends a connection.
func fatal() []byte {
	fields := "SFATAL\x00VFATAL\x00C57P01\x00Mterminating connection due to administrator command\x00\x00"
	return append([]byte{'E', 0, 0, 0, byte(len(fields) + 4)}, fields...)
}
