package web

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhatIsNoHTTPIsRefusedInTheFormOfEveryError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door, _ := newDoor(Options{})
	server := &http.Server{Handler: door.Handle("x", fine), MaxHeaderBytes: 4096, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(PlainErrors(l)) }()
	const bad, large = `{"success":false,"message":"The request is no valid HTTP/1.1","requestId":"`, `{"success":false,"message":"The headers of the request are too large","requestId":"`
	for sent, want := range map[string]string{
		"\x16\x03\x01\r\n\r\n":                                                      "400 Bad Request " + bad,
		"GET / HTTP/1.1\r\n\r\n":                                                    "400 Bad Request " + bad,
		"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n":                                      "400 Bad Request " + bad,
		"GET / HTTP/9.9\r\nHost: x\r\n\r\n":                                         "400 Bad Request " + bad,
		"GET / HTTP/1.1\r\nHost: x\r\nX Y: 1\r\n\r\n":                               "400 Bad Request " + bad,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n":                  "400 Bad Request " + bad,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n":                "400 Bad Request " + bad,
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 9000) + "\r\n\r\n": "431 Request Header Fields Too Large " + large,
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                    `200 OK {"success":true}`,
	} {
		if got := raw(t, "http://"+l.Addr().String(), sent); !strings.HasPrefix(got, want) {
			t.Errorf("%.60q: got %s", sent, got)
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Error(err)
	}
}
