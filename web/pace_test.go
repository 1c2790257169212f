package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// slowly opens a connection, sends something and then nothing, and returns the answer with what came behind it.
func slowly(t *testing.T, url, sent string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Close {
		if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
			t.Errorf("behind the answer came %q, %v", rest, err)
		}
	}
	return answer, string(body)
}

func TestABodyThatStallsIsGivenUpAndItsMemoryGivenBack(t *testing.T) {
	d, lines := newDoor(Options{SlowBody: 20 * time.Millisecond})
	url := start(t, compressed(t, d.Handle("x", reads(d))))
	const head = "POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: 1\r\n"
	for _, sent := range []string{
		"Content-Length: 70000000\r\n\r\n" + strings.Repeat("x", 500_000),
		"Content-Length: 10\r\n\r\n", "Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n",
	} {
		const want = `{"success":false,"message":"The request body came too slowly. Send at least 64 kB in every 1 second","requestId":"1"}`
		if answer, body := slowly(t, url, head+sent); answer.StatusCode != 408 || body != want || !answer.Close {
			t.Errorf("%.60q: got %d %s, closed: %v", sent, answer.StatusCode, body, answer.Close)
		}
		if line := lines.fields(t); line["status"] != 408.0 || !strings.HasPrefix(fmt.Sprint(line["error"]), "too_slow: ") {
			t.Errorf("%.60q: logged %v", sent, line)
		}
		if left := d.budget.free(); left != defaultBudget {
			t.Errorf("%.60q: the budget has %d bytes left", sent, left)
		}
	}
}

func TestAnAnswerMayTakeLongerThanItsBody(t *testing.T) {
	d, _ := newDoor(Options{SlowBody: 20 * time.Millisecond})
	url := start(t, d.Handle("x", func(r *Request) (Answer, error) {
		body, err := d.ReadBody(r)
		select { // much longer than the body may take
		case <-time.After(100 * time.Millisecond):
		case <-r.Context().Done():
			return Answer{}, r.Context().Err()
		}
		return Answer{Status: 200, Body: body.Bytes}, err
	}))
	client := &http.Client{}
	for range 2 { // on one connection
		answer, err := client.Post(url, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if answer.Body.Close(); answer.StatusCode != 200 || string(body) != "{}" || err != nil {
			t.Errorf("got %d %s, %v", answer.StatusCode, body, err)
		}
	}
}

// waiting notes which deadlines are set.
type waiting struct {
	http.ResponseWriter
	set []time.Time
}

func (w *waiting) SetReadDeadline(at time.Time) error {
	w.set = append(w.set, at)
	return nil
}

func TestEveryStepOfABodyHasItsTimeAndTheWholeHasOneToo(t *testing.T) {
	now, w := time.Now(), &waiting{}
	body := &wire{from: repeated([]byte("x"), 3*bodyStep), left: MaxBody, control: http.NewResponseController(w), slow: time.Minute, until: now.Add(time.Second)}
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Fatal(err)
	}
	if n := len(w.set); n < 4 || !w.set[n-1].IsZero() || w.set[0] != body.until || !body.ended {
		t.Errorf("deadlines %v, want at least three of %v and one that ends them", w.set, body.until)
	}
	body = &wire{from: &late{}, left: MaxBody, control: http.NewResponseController(w), slow: time.Minute, until: now.Add(time.Hour)}
	if _, err := body.Read(make([]byte, 1)); err != os.ErrDeadlineExceeded || w.set[len(w.set)-1].Before(now.Add(time.Minute)) {
		t.Errorf("got %v, deadlines %v", err, w.set)
	}
	door := &Door{slow: time.Minute}
	if err := door.bodyError(fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded)); !desk.Is(err, desk.TooSlow) {
		t.Errorf("got %v", err)
	}
}

type late struct{}

func (*late) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
