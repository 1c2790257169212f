package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// streams is a handler whose answer is streamed.
func streams(write func(*Stream) error) Handler {
	return answers(Answer{Status: http.StatusOK, Type: "text/event-stream", Header: http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept"}}, Stream: write})
}

// say writes a part of a stream.
func say(s *Stream, part string) error {
	_, err := io.WriteString(s, part)
	return err
}

// open asks for a stream and returns its answer, of which only the head has come for sure.
func open(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, zstd")
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func TestAStreamIsSentPartByPartAsItIsWritten(t *testing.T) {
	door, lines := newDoor(Options{})
	parts := make(chan string)
	url := start(t, compressed(t, door.Handle("x", streams(func(s *Stream) error {
		for part := range parts {
			s.Events++
			if err := say(s, part); err != nil {
				return err
			}
		}
		return nil
	}))))
	answer := open(t, http.DefaultClient, url)
	in := bufio.NewReader(answer.Body)
	for _, part := range []string{"a\n", strings.Repeat("long ", 1000) + "\n", "b\n"} {
		parts <- part
		if got, err := in.ReadString('\n'); got != part || err != nil {
			t.Errorf("got %.20q, %v", got, err)
		}
	}
	close(parts)
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("at the end %q, %v", rest, err)
	}
	answer.Header.Del("Date")
	answer.Header.Del("X-Request-Id")
	want := http.Header{"Cache-Control": {"no-store"}, "Content-Type": {"text/event-stream"}, "X-Content-Type-Options": {"nosniff"},
		"Vary": {"Accept-Encoding", "Accept", "Authorization, X-API-Key, Accept-Language"}}
	if diff := cmp.Diff(want, answer.Header); diff != "" || !answer.Close {
		t.Errorf("closed %v, -want +got\n%s", answer.Close, diff)
	}
	if line := lines.fields(t); line["events"] != 3.0 || line["bytes"] != 5005.0 || line["status"] != 200.0 || line["level"] != "INFO" || line["error"] != nil {
		t.Errorf("logged %v", line)
	}
}

func TestHEADOfAStreamGivesItsHeadAlone(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "HEAD", start(t, compressed(t, door.Handle("x", streams(func(*Stream) error { panic("it was streamed") })))), nil)
	if got.status != 200 || got.header.Get("Content-Type") != "text/event-stream" || got.header.Get("Content-Length") != "" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %+v", got)
	}
}

// A server ends what takes longer than its timeouts; over HTTP/2 each write has a deadline that also counts while
// nothing is written.
func TestAStreamOutlivesTheTimeoutsOfTheServer(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		door, _ := newDoor(Options{})
		door.take = 100 * time.Millisecond
		server := httptest.NewUnstartedServer(compressed(t, door.Handle("x", streams(func(s *Stream) error {
			for range 3 {
				if err := say(s, "x"); err != nil {
					return err
				}
				<-time.After(3 * door.take)
			}
			return nil
		}))))
		server.Config.ReadTimeout, server.Config.WriteTimeout, server.EnableHTTP2 = door.take, door.take, http2
		server.StartTLS()
		answer := open(t, server.Client(), server.URL)
		body, err := io.ReadAll(answer.Body)
		if string(body) != "xxx" || err != nil || (answer.ProtoMajor == 2) != http2 {
			t.Errorf("over %s: got %q, %v", answer.Proto, body, err)
		}
		server.Close()
	}
}

// deaf asks for a path and never reads. Its system takes little of what is sent.
func deaf(t *testing.T, url string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	if err == nil {
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

func TestACallerThatDoesNotReadIsGivenUpAndHoldsNoMemory(t *testing.T) {
	door, lines := newDoor(Options{})
	door.take = 300 * time.Millisecond
	part, sent := strings.Repeat("x", 64<<10), 0
	var held runtime.MemStats
	runtime.ReadMemStats(&held)
	before := held.HeapAlloc
	deaf(t, start(t, door.Handle("x", streams(func(s *Stream) error {
		for {
			if err := say(s, part); err != nil {
				runtime.GC()
				runtime.ReadMemStats(&held)
				return err
			}
			sent += len(part)
		}
	}))))
	line := lines.fields(t)
	if text, _ := line["error"].(string); line["code"] != "too_slow" || line["level"] != "INFO" || !strings.Contains(text, "did not take what was sent") {
		t.Errorf("logged %v", line)
	}
	if sent > 64<<20 {
		t.Errorf("%d bytes were taken from a stream that nobody read", sent)
	}
	if held.HeapAlloc > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, held.HeapAlloc)
	}
}

func TestEndFreesAStreamThatWaitsForItsCaller(t *testing.T) {
	door, lines := newDoor(Options{})
	door.take = time.Hour
	written := make(chan *Stream)
	deaf(t, start(t, door.Handle("x", streams(func(s *Stream) error {
		for {
			if err := say(s, strings.Repeat("x", 1<<20)); err != nil {
				return errors.Join(err, say(s, "more"))
			}
			written <- s
		}
	}))))
	s := <-written
	for waits := false; !waits; {
		select {
		case <-written:
		case <-time.After(300 * time.Millisecond):
			waits = true
		}
	}
	asked := time.Now()
	s.End()
	if line := lines.fields(t); line["error"] != nil || line["level"] != "INFO" {
		t.Errorf("logged %v", line)
	}
	if took := time.Since(asked); took > 10*endWithin {
		t.Errorf("it took %v", took)
	}
}

func TestWhatIsWrongWithAStreamIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		write func(*Stream) error
		level string
		code  any
	}{
		"nothing":           {func(*Stream) error { return nil }, "INFO", nil},
		"an end":            {func(s *Stream) error { s.End(); return say(s, "x") }, "INFO", nil},
		"a key that ended":  {func(*Stream) error { return desk.Fail(desk.Unauthorized, desk.UnauthorizedText) }, "INFO", "unauthorized"},
		"a busy database":   {func(*Stream) error { return desk.Fail(desk.Unavailable, desk.TryLater, "1") }, "ERROR", "unavailable"},
		"a foreign error":   {func(*Stream) error { return errors.New("disk") }, "ERROR", "internal"},
		"a panic":           {func(*Stream) error { panic("mistake") }, "ERROR", "internal"},
		"a panic at an end": {func(s *Stream) error { s.End(); panic("mistake") }, "ERROR", "internal"},
	} {
		door, lines := newDoor(Options{})
		if got := ask(t, "GET", start(t, door.Handle("x", streams(c.write))), nil); got.status != 200 || got.body != "" {
			t.Errorf("%s: got %+v", name, got)
		}
		if line := lines.fields(t); line["level"] != c.level || line["code"] != c.code || line["status"] != 200.0 || line["events"] != 0.0 {
			t.Errorf("%s: logged %v", name, line)
		}
	}
}

func TestACallerThatLeavesAStreamIsNoError(t *testing.T) {
	door, lines := newDoor(Options{})
	url := start(t, door.Handle("x", streams(func(s *Stream) error {
		for {
			if err := say(s, "x"); err != nil {
				return err
			}
		}
	})))
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	answer.Body.Close()
	if line := lines.fields(t); line["error"] != nil || line["level"] != "INFO" {
		t.Errorf("logged %v", line)
	}
}

func TestTheMediaTypeIsTheOneThatIsWantedMore(t *testing.T) {
	const page, stream = "application/json", "text/event-stream"
	for accept, want := range map[string]string{
		"": page, "*/*": page, "text/*": page, "text/html": page, "text/event-stream": stream, "Text/Event-Stream;q=0.1": stream,
		"text/event-stream, */*":                      stream,
		"text/event-stream, application/json":         stream,
		"application/json, text/event-stream":         page,
		"application/json;q=0.5,text/event-stream":    stream,
		"text/event-stream;q=0.5, application/json":   page,
		"text/event-stream;q=0":                       page,
		"text/event-streams":                          page,
		"text/html, application/json;q=0.9, */*;q=.8": page,
	} {
		if got := Preferred(&http.Request{Header: http.Header{"Accept": {accept}}}, page, stream); got != want {
			t.Errorf("%q: got %s", accept, got)
		}
	}
	if got := Preferred(&http.Request{Header: http.Header{"Accept": {"text/html", "text/event-stream"}}}, page, stream); got != stream {
		t.Errorf("two headers: got %s", got)
	}
}
