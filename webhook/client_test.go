package webhook_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/webhook"
)

func client() *webhook.Client { return webhook.NewClient(guard.ForOperator(guard.Options{})) }

func TestASampleReachesTheListenerAndIsVerified(t *testing.T) {
	var out bytes.Buffer
	s := httptest.NewServer(&webhook.Listener{Secret: secret, Out: &out, Status: http.StatusAccepted, Clock: func() time.Time { return at }})
	defer s.Close()
	for _, e := range samples(t) {
		m := webhook.Message{ID: e.ID(), Body: e.Body}
		answer, err := client().Post(t.Context(), s.URL, headers(t, m, at, secret), m.Body)
		if err != nil || !answer.Good() || answer.Status != http.StatusAccepted {
			t.Fatalf("got %+v, %v", answer, err)
		}
		if text := out.String(); !strings.Contains(text, "verified\n") || strings.Contains(text, "NOT") || !strings.Contains(text, string(e.Body)) || !strings.Contains(text, e.ID()) {
			t.Errorf("the listener prints %q", text)
		}
		out.Reset()
	}
}

func TestAListenerSaysWhatFailedAndMovesNoCursor(t *testing.T) {
	var out bytes.Buffer
	for name, c := range map[string]struct {
		listener *webhook.Listener
		says     string
		answers  int
	}{
		"text":      {&webhook.Listener{Secret: otherSecret}, "FAILED", http.StatusUnauthorized},
		"no secret": {&webhook.Listener{}, "no secret was given", http.StatusOK},
		"JSON":      {&webhook.Listener{Secret: otherSecret, JSON: true}, `"verified":false`, http.StatusUnauthorized},
		"playing":   {&webhook.Listener{Secret: otherSecret, Status: http.StatusBadGateway}, "FAILED", http.StatusBadGateway},
	} {
		c.listener.Out = &out
		s := httptest.NewServer(c.listener)
		body := []byte("{\"a\":\"\x1b[2J\u202e\"}")
		if _, err := client().Post(t.Context(), s.URL, headers(t, webhook.Message{ID: "1\x1b", Body: body}, at, secret), body); err == nil {
			t.Errorf("%s: a header that cannot be sent was sent", name)
		}
		answer, err := client().Post(t.Context(), s.URL, headers(t, webhook.Message{ID: "1", Body: body}, at, secret), body)
		if err != nil || answer.Status != c.answers {
			t.Fatalf("%s: it answered %d, want %d (%v)", name, answer.Status, c.answers, err)
		}
		s.Close()
		text := out.String()
		if !strings.Contains(text, c.says) || strings.ContainsAny(text, "\x1b\u202e") && !json.Valid([]byte(text)) {
			t.Errorf("%s: the listener prints %q", name, text)
		}
		out.Reset()
	}
}

func TestARedirectIsAnAnswerAndNotFollowed(t *testing.T) {
	var visits atomic.Int32
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer behind.Close()
	s := httptest.NewServer(http.RedirectHandler(behind.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	answer, err := client().Post(t.Context(), s.URL, http.Header{}, []byte(`{}`))
	if err != nil || answer.Status != http.StatusTemporaryRedirect || answer.Good() || visits.Load() != 0 {
		t.Errorf("got %+v, %v and %d visits behind it", answer, err, visits.Load())
	}
}

func TestAnAnswerWithoutEndIsReadToItsLimit(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("so many words "), 1000)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	got, err := client().Post(t.Context(), s.URL, http.Header{}, []byte(`{}`))
	if err != nil || !got.Good() || len([]rune(got.Said)) != 513 || !strings.HasPrefix(got.Said, "so many words") {
		t.Errorf("%d characters, %v", len([]rune(got.Said)), err)
	}
}

func TestAnAnswerIsNotInflated(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, strings.Repeat("inflated ", 1000))
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	}))
	defer s.Close()
	got, err := client().Post(t.Context(), s.URL, http.Header{}, []byte(`{}`))
	if err != nil || got.Said == "" || strings.Contains(got.Said, "inflated") {
		t.Errorf("got %q, %v", got.Said, err)
	}
}

func TestNoErrorShowsTheAddress(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.Close()
	}))
	defer s.Close()
	for name, address := range map[string]string{"cut": s.URL + "/hook?token=hidden", "refused": "http://127.0.0.1:1/?token=hidden", "guarded": "http://169.254.169.254/?token=hidden",
		"no address": "http://[::1/?token=hidden", "control": "http://a\x00b/?token=hidden"} {
		_, err := client().Post(t.Context(), address, http.Header{}, []byte(`{}`))
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTenMegabytesOfHeadersAreNotRead(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for range 10 << 10 {
			if _, err := io.WriteString(conn, "X-More: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
		io.WriteString(conn, "Content-Length: 0\r\n\r\n") // a client that reads on has its answer
	}))
	defer s.Close()
	if answer, err := client().Post(t.Context(), s.URL, http.Header{}, []byte(`{}`)); err == nil {
		t.Errorf("10 MB of headers were read: %+v", answer)
	}
}
