package sociomile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/guard"
)

const success = `{"success":true,"message":"success","data":{"ticketId":"` + ticketID + `","ticket_number":32197},"code":200}`

func clientOf(c Config) *Client {
	if c.Token == "" {
		c.Token = token
	}
	return NewClient(c, guard.ForOperator(guard.Options{}))
}

// provider is a server that answers with a handler, and its client.
func provider(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return clientOf(Config{CreateURL: s.URL + "/bank-sulut/create"})
}

// wire is a server that does with each connection, in its order, what act says, and its client. count is of connections.
func wire(t *testing.T, timeout time.Duration, act func(c net.Conn, nth int32)) (*Client, *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	count := new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			nth := count.Add(1)
			go func() { defer c.Close(); act(c, nth) }()
		}
	}()
	return clientOf(Config{CreateURL: "http://" + l.Addr().String() + "/bank-sulut/create", Timeout: timeout}), count
}

// take reads one request off a connection, to its end.
func take(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body) // what is not read shows as a reset
	}
}

// hang keeps a connection open until the other side closes it.
func hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func TestACallIsWhatTheContractSays(t *testing.T) {
	for name, c := range map[string]struct {
		header                bool
		query, inHeader, path string
		route                 Route
	}{
		"create, query":  {query: "client_secret_key=made-up-token%2F42", path: "/bank-sulut/create", route: CreateRoute},
		"create, header": {header: true, inHeader: token, path: "/bank-sulut/create", route: CreateRoute},
		"status, query":  {query: "client_secret_key=made-up-token%2F42", path: "/bank-sulut/update-status", route: StatusRoute},
	} {
		requests, bodies := make(chan *http.Request, 1), make(chan string, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			requests <- r
			bodies <- string(body)
			io.WriteString(w, success)
		}))
		client := clientOf(Config{CreateURL: s.URL + "/bank-sulut/create", Header: c.header})
		a := client.Post(t.Context(), c.route, []byte(`{"a":1}`))
		s.Close()
		got, body := <-requests, <-bodies
		if a.Class != Sent || a.Err != nil || body != `{"a":1}` {
			t.Fatalf("%s: %+v, body %s", name, a, body)
		}
		if got.Method != "POST" || got.URL.Path != c.path || got.URL.RawQuery != c.query || got.Header.Get("Client-Secret-Key") != c.inHeader ||
			got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Accept-Encoding") != "identity" || got.ContentLength != 7 {
			t.Errorf("%s: %s %s %v", name, got.Method, got.URL, got.Header)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var visits atomic.Int32
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer behind.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		a := provider(t, http.RedirectHandler(behind.URL+"/?client_secret_key="+token, status).ServeHTTP).Post(t.Context(), CreateRoute, nil)
		if a.Class != Gateway || a.Status != status || visits.Load() != 0 || a.Said != "redirects to "+behind.URL+"/" {
			t.Errorf("%d: %+v, %d visits", status, a, visits.Load())
		}
	}
}

func TestAnAnswerIsReadAndUnpackedToALimit(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	bomb := packed(strings.Repeat(" ", 1<<20) + success)
	for name, c := range map[string]struct {
		encoding, body string
		want           Class
	}{
		"packed although not asked for": {"gzip", packed(success), Sent},
		"packed in other letters":       {"X-GZIP", packed(success), Sent},
		"packed, then cut":              {"gzip", packed(success)[:60], BadBody},
		"said to be packed":             {"gzip", success, Sent},
		"said to be packed and empty":   {"gzip", "", BadBody},
		"as large as may be":            {"", strings.Repeat(" ", 64<<10-len(success)) + success, Sent},
		"larger":                        {"", strings.Repeat(" ", 64<<10) + success, BadBody},
		"a bomb":                        {"gzip", bomb, BadBody},
		"packed in another way":         {"br", "\x0b\x02\x80", BadBody},
	} {
		a := provider(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", c.encoding)
			io.WriteString(w, c.body)
		}).Post(t.Context(), CreateRoute, nil)
		if a.Class != c.want || a.Err != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestWhetherTheCallWentOutDecidesWhatAFailureMeans(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
	const short = 200 * time.Millisecond
	for name, c := range map[string]struct {
		act  func(c net.Conn, nth int32)
		body int // bytes
		want Class
	}{
		"cut after the body":         {func(c net.Conn, _ int32) { take(c) }, 100, UnknownOutcome},
		"no answer after the body":   {func(c net.Conn, _ int32) { take(c); hang(c) }, 100, UnknownOutcome},
		"garbage after the body":     {func(c net.Conn, _ int32) { take(c); io.WriteString(c, "4111111111111111 "+token+"\r\n\r\n") }, 100, UnknownOutcome},
		"cut inside the headers":     {func(c net.Conn, _ int32) { take(c); io.WriteString(c, head[:20]) }, 100, UnknownOutcome},
		"cut inside the answer":      {func(c net.Conn, _ int32) { take(c); io.WriteString(c, head+success[:40]) }, 100, UnknownOutcome},
		"stuck inside the answer":    {func(c net.Conn, _ int32) { take(c); io.WriteString(c, head+success[:40]); hang(c) }, 100, UnknownOutcome},
		"cut behind all that counts": {func(c net.Conn, _ int32) { take(c); io.WriteString(c, head+success) }, 100, Sent},
		"cut inside a refusal": {func(c net.Conn, _ int32) {
			take(c)
			io.WriteString(c, strings.Replace(head, "200 OK", "503 No", 1)+"<htm")
		}, 100, Gateway},
		"the body is taken by nobody": {func(c net.Conn, _ int32) { <-t.Context().Done() }, 64 << 20, Network},
		"cut while the body was sent": {func(c net.Conn, _ int32) { _, _ = c.Read(make([]byte, 100)) }, 64 << 20, Network},
		"answered before the body ended": {func(c net.Conn, _ int32) {
			_, _ = c.Read(make([]byte, 100))
			io.WriteString(c, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
			hang(c)
		}, 1 << 20, Refused},
	} {
		client, count := wire(t, short, c.act)
		a := client.Post(t.Context(), CreateRoute, bytes.Repeat([]byte(" "), c.body))
		if a.Class != c.want || count.Load() != 1 || (a.Err == nil) != (c.want == Refused) {
			t.Errorf("%s: %+v in %d calls, want %s", name, a, count.Load(), c.want)
		}
		if text := fmt.Sprint(a.Err); strings.Contains(text, "made-up") || strings.Contains(text, "411111") {
			t.Errorf("%s: the error shows %s", name, text)
		}
	}
}

// A server closes a connection that it has just used when the next call comes. Only what each connection carries tells how
// often a ticket was sent.
func TestNothingIsSentTwiceByItself(t *testing.T) {
	var posts atomic.Int32
	client, connections := wire(t, time.Minute, func(c net.Conn, _ int32) {
		in := bufio.NewReader(c)
		for answered := false; ; answered = true {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			posts.Add(1)
			if answered {
				return // the second call on a connection is taken and cut
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(success), success)
		}
	})
	for range 20 {
		if a := client.Post(t.Context(), CreateRoute, []byte(`{}`)); a.Class != Sent {
			t.Fatalf("%+v", a)
		}
	}
	if posts.Load() != 20 || connections.Load() != 20 {
		t.Errorf("20 calls were sent as %d, over %d connections", posts.Load(), connections.Load())
	}
}

func TestWhatCannotBeReachedIsToldWithoutToken(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	var refused *guard.Refused
	var unknown x509.UnknownAuthorityError
	var dns *net.DNSError
	for name, c := range map[string]struct {
		config Config
		as     any
		says   string
	}{
		"refused":         {Config{CreateURL: gone.URL + "/create"}, nil, "connection refused"},
		"no TLS there":    {Config{CreateURL: strings.Replace(plain.URL, "http", "https", 1)}, nil, "TLS handshake"},
		"wrong authority": {Config{CreateURL: secure.URL}, &unknown, "certificate"},
		"metadata":        {Config{CreateURL: "http://169.254.169.254/create"}, &refused, "169.254.169.254"},
		"no such name":    {Config{CreateURL: "http://no-such-host.invalid/create"}, &dns, "no-such-host"},
		"not configured":  {Config{}, nil, "OMNI_API_URL"},
		"bad header":      {Config{CreateURL: plain.URL, Header: true, Token: token + "\n"}, nil, "header"},
	} {
		a := clientOf(c.config).Post(t.Context(), CreateRoute, []byte(`{}`))
		if a.Class != Network || a.Status != 0 || a.Err == nil || !strings.Contains(a.Err.Error(), c.says) || strings.Contains(a.Err.Error(), "made-up") {
			t.Errorf("%s: %+v", name, a)
		} else if c.as != nil && !errors.As(a.Err, c.as) {
			t.Errorf("%s: %v does not wrap its cause", name, a.Err)
		}
	}
}

func TestWhoeverStopsACallGetsWhatIsKnown(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if a := clientOf(Config{CreateURL: "http://127.0.0.1:1/create"}).Post(stopped, CreateRoute, nil); a.Class != Network {
		t.Errorf("stopped before it began: %+v", a)
	}
	running, stop := context.WithCancel(t.Context())
	client, _ := wire(t, time.Minute, func(c net.Conn, _ int32) { take(c); stop(); hang(c) })
	if a := client.Post(running, CreateRoute, []byte(`{}`)); a.Class != UnknownOutcome || !errors.Is(a.Err, context.Canceled) {
		t.Errorf("stopped while it waited: %+v", a)
	}
}

func TestAProbeIsHarmlessAndAsksByGetWhenOptionsProveNothing(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, body) }
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	missing := `{"status":false,"message":"","errors":{"file":"` + lumen + `","message":"","line":229}}`
	for name, c := range map[string]struct {
		options, get http.HandlerFunc
		want         Class
		asked        []string
	}{
		"there":                  {answer(405, `{}`), nil, Sent, []string{"OPTIONS"}},
		"missing":                {answer(404, missing), nil, RouteMissing, []string{"OPTIONS"}},
		"OPTIONS for all":        {answer(204, ``), answer(404, missing), RouteMissing, []string{"OPTIONS", "GET"}},
		"OPTIONS for all, there": {answer(200, ``), answer(405, `{}`), Sent, []string{"OPTIONS", "GET"}},
		"OPTIONS cut":            {cut, answer(401, `{}`), Sent, []string{"OPTIONS", "GET"}},
		"down":                   {answer(502, `<html>`), answer(502, `<html>`), Gateway, []string{"OPTIONS", "GET"}},
		"cut":                    {cut, cut, UnknownOutcome, []string{"OPTIONS", "GET"}},
	} {
		methods := make(chan string, 10)
		a := provider(t, func(w http.ResponseWriter, r *http.Request) {
			methods <- r.Method
			if r.Method == http.MethodGet {
				c.get(w, r)
				return
			}
			c.options(w, r)
		}).Probe(t.Context(), CreateRoute)
		var asked []string
		for range len(methods) {
			asked = append(asked, <-methods)
		}
		if diff := cmp.Diff(c.asked, asked); diff != "" || a.Class != c.want {
			t.Errorf("%s: %+v\n%s", name, a, diff)
		}
		if name == "missing" && (a.File != lumen || a.Line != 229) {
			t.Errorf("the evidence is lost: %+v", a)
		}
	}
	if a := clientOf(Config{CreateURL: "http://127.0.0.1:1/create"}).Probe(t.Context(), CreateRoute); a.Class != Network {
		t.Errorf("nobody there: %+v", a)
	}
}
