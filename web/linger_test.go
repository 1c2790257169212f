package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

const unauthorized = `{"success":false,"message":"Unauthorized","requestId":"1"}`

// refusals are handlers that do not read the whole of a body, by what they answer with.
var refusals = map[int]struct {
	handler func(*Door) Handler
	head    string
}{
	200: {func(*Door) Handler { return answers(Answer{Status: 200, Body: []byte(long)}) }, "Accept-Encoding: gzip\r\n"},
	400: {reads, "Content-Encoding: gzip\r\n"},
	401: {func(*Door) Handler { return fails(desk.Fail(desk.Unauthorized, desk.UnauthorizedText)) }, ""},
	413: {reads, ""},
	415: {reads, "Content-Type: text/plain\r\n"},
	500: {func(*Door) Handler { return nil }, ""},
	503: {func(d *Door) Handler { d.budget = newBudget(200_000); return reads(d) }, ""},
}

// reads is a handler that wants the body.
func reads(d *Door) Handler {
	return func(r *Request) (Answer, error) {
		body, err := d.ReadBody(r)
		return Answer{Status: 200, Body: fmt.Append(nil, len(body.Bytes))}, err
	}
}

// stubborn sends a request to the end before it looks for an answer, as many clients do, and returns the status.
func stubborn(t *testing.T, url, path, head string, length int, chunked bool) int {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := bufio.NewWriter(c)
	fmt.Fprintf(w, "POST %s HTTP/1.1\r\nHost: x\r\n%s", path, head)
	body := io.WriteCloser(struct {
		io.Writer
		io.Closer
	}{w, io.NopCloser(nil)})
	if chunked {
		fmt.Fprint(w, "Transfer-Encoding: chunked\r\n\r\n")
		body = httputil.NewChunkedWriter(w)
	} else {
		fmt.Fprintf(w, "Content-Length: %d\r\n\r\n", length)
	}
	_, err = io.Copy(body, repeated([]byte("x"), int64(length)))
	err = errors.Join(err, body.Close())
	if chunked {
		fmt.Fprint(w, "\r\n")
	}
	if err = errors.Join(err, w.Flush()); err != nil {
		t.Fatalf("the connection ended before everything was sent: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("everything was sent, but the answer is lost: %v", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatalf("the answer broke off: %v", err)
	}
	return answer.StatusCode
}

func TestAClientThatLooksForAnAnswerOnlyAtTheEndGetsIt(t *testing.T) {
	h := http.NewServeMux() // of one server: it waits half a second for its connections to end
	url := start(t, compressed(t, h))
	for status, c := range refusals {
		lengths := []int{6 << 20}
		if status == 401 {
			lengths = append(lengths, 1, 100_000, 300_000) // net/http takes as much as 256 kB by itself
		}
		for _, length := range lengths {
			for _, chunked := range []bool{false, true} {
				d, _ := newDoor(Options{})
				if status == 413 {
					d.most = int64(length) * 2 / 3
				}
				path := fmt.Sprintf("/%d/%d/%v", status, length, chunked)
				h.Handle(path, d.Handle("x", c.handler(d)))
				t.Run(path, func(t *testing.T) {
					if got := stubborn(t, url, path, c.head, length, chunked); got != status {
						t.Errorf("got %d", got)
					}
				})
			}
		}
	}
}

func TestAClientThatLooksForAnAnswerWhileItSendsGetsItAtOnce(t *testing.T) {
	d, _ := newDoor(Options{})
	d.patience = time.Hour
	url := start(t, d.Handle("x", fails(desk.Fail(desk.Unauthorized, desk.UnauthorizedText))))
	body, in := io.Pipe() // nothing is sent before the answer is there
	defer in.Close()
	r, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 50 << 20
	r.Header.Set("X-Request-Id", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if content, err := io.ReadAll(answer.Body); answer.StatusCode != 401 || string(content) != unauthorized || err != nil || !answer.Close {
		t.Errorf("got %d %s, %v; closed: %v", answer.StatusCode, content, err, answer.Close)
	}
}

func TestTheClientOfGoGetsEveryRefusalOfALongBody(t *testing.T) {
	d, _ := newDoor(Options{})
	url := start(t, compressed(t, d.Handle("x", fails(desk.Fail(desk.Unauthorized, desk.UnauthorizedText)))))
	for range 10 {
		answer, err := http.Post(url, "application/json", repeated([]byte("x"), 3<<20))
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != 401 {
			t.Errorf("got %d", answer.StatusCode)
		}
	}
}

func TestAClientThatAsksBeforeItSendsIsSpared(t *testing.T) {
	d, lines := newDoor(Options{})
	d.patience = time.Hour
	url := start(t, compressed(t, d.Handle("x", fails(desk.Fail(desk.Unauthorized, desk.UnauthorizedText)))))
	body := &countingReader{from: repeated([]byte("x"), 3<<20)}
	r, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != 401 || body.n != 0 {
		t.Errorf("got %d after %d bytes", answer.StatusCode, body.n)
	}
	lines.next(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if sent, err := io.ReadAll(c); !strings.HasPrefix(string(sent), "HTTP/1.1 401 ") || strings.Contains(string(sent), "100 Continue") || err != nil {
		t.Errorf("got %s, and the end of the connection as %v", sent, err)
	}
}

func TestPatienceWithWhatNobodyWantsIsLimited(t *testing.T) {
	for name, endless := range map[string]io.Reader{"in time": strings.NewReader("x"), "in size": &repeater{piece: make([]byte, 64<<10)}} {
		d, _ := newDoor(Options{})
		d.most, d.patience = 1<<20, time.Hour
		if name == "in time" {
			d.patience = 20 * time.Millisecond
		}
		s := httptest.NewServer(d.Handle("x", fails(desk.Fail(desk.Unauthorized, desk.UnauthorizedText))))
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n")
		go func() { _, _ = io.Copy(c, endless) }()
		if _, err := io.Copy(io.Discard, c); err != nil && name == "in time" {
			t.Errorf("%s: %v", name, err)
		}
		s.Close() // waits for the handler
		c.Close()
	}
}

func TestNoMemoryIsHeldForWhoIsAnsweredAndStillSends(t *testing.T) {
	d, _ := newDoor(Options{BodyBudget: 2 << 20})
	url := start(t, d.Handle("x", reads(d)))
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", MaxBody)
	if _, err := io.Copy(c, repeated([]byte("x"), 3<<20)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != 503 {
		t.Fatal(answer, err)
	}
	if left := d.budget.free(); left != 2<<20 {
		t.Errorf("%d bytes are left", left)
	}
}

func TestRefusalsOfLongBodiesArriveOverHTTP2(t *testing.T) {
	d, _ := newDoor(Options{})
	d.most = 1 << 20
	s := httptest.NewUnstartedServer(compressed(t, d.Handle("x", reads(d))))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	for _, announced := range []int64{-1, 8 << 20} {
		r, err := http.NewRequestWithContext(context.Background(), "POST", s.URL, repeated([]byte("x"), 8<<20))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = announced
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != 413 || answer.ProtoMajor != 2 {
			t.Errorf("got %d over %s", answer.StatusCode, answer.Proto)
		}
	}
}
