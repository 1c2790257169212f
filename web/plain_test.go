package web

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestWhatIsNoHTTPIsRefusedInTheFormOfEveryError(t *testing.T) {
	door, _ := newDoor(Options{})
	url := servePlain(t, door.Handle("x", fine))
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
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: a cake\r\n\r\n":                      "400 Bad Request " + bad,
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                    `200 OK {"success":true}`,
	} {
		if got := raw(t, url, sent); !strings.HasPrefix(got, want) {
			t.Errorf("%.60q: got %s", sent, got)
		}
	}
}

// servePlain serves a handler as the program does, without encryption, and returns its address.
func servePlain(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, MaxHeaderBytes: 4096, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- ServePlain(server, l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// An attachment may hold what looks like an error of net/http, at any place of the pieces in which it is written.
func TestWhatAnAnswerHoldsIsNoErrorOfTheConnection(t *testing.T) {
	const looksLike = "HTTP/1.1 400 Bad Request" + plainHead + "400 Bad Request"
	door, _ := newDoor(Options{})
	url := servePlain(t, door.Handle("x", func(r *Request) (Answer, error) {
		before, err := strconv.Atoi(r.URL.Query().Get("before"))
		return Answer{Status: 200, Type: "text/plain", Body: []byte(strings.Repeat("x", before) + looksLike)}, err
	}))
	for before := 3000; before < 4300; before++ {
		r, err := http.Get(url + "?before=" + strconv.Itoa(before))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if r.Body.Close(); err != nil || strings.TrimLeft(string(body), "x") != looksLike {
			t.Fatalf("behind %d bytes: %q (%v)", before, strings.TrimLeft(string(body), "x"), err)
		}
	}
	const twice = "GET /?before=0 HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n" // an answer, and an error on the same connection
	if got := raw(t, url, twice); !strings.Contains(got, looksLike) || !strings.Contains(got, `"message":"The request is no valid HTTP/1.1"`) {
		t.Errorf("after an answer: %s", got)
	}
}
