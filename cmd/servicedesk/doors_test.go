package main_test

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

func TestEachAddressServesWhatIsMeantForIt(t *testing.T) {
	t.Parallel()
	p := desktest.NewInstallation(t, desktest.SQLite).Serve(t)
	front, metrics := newCaller(t, p, ""), newCaller(t, p, "")
	metrics.url = p.Metrics
	for _, c := range []struct {
		of          caller
		method      string
		path        string
		status      int
		contentType string
		body        string // begins with
	}{
		{front, "GET", "/healthz", 200, "application/json", `{"success":true,"status":"alive"}`},
		{front, "GET", "/readyz", 200, "application/json", `{"success":true,"status":"ready"}`},
		{front, "GET", "/docs", 200, "text/html", "<!doctype html>"},
		{front, "GET", "/docs/api", 200, "text/html", "<!doctype html>"},
		{front, "GET", "/tickets", 200, "text/html", "<!doctype html>"},
		{front, "GET", "/tickets/10001", 200, "text/html", "<!doctype html>"},
		{front, "GET", "/tickets/10001/x", 404, "text/html", "<!doctype html>"},
		{front, "PUT", "/tickets/10001", 405, "text/html", "<!doctype html>"},
		{front, "GET", "/portal/static/x.css", 404, "text/html", "<!doctype html>"},
		{front, "GET", "/docs/nonsense", 404, "text/html", "<!doctype html>"},
		{front, "GET", "/api/omnichannel/openapi.yaml", 200, "application/yaml", "openapi: "},
		{front, "GET", "/api/omnichannel/openapi.json", 200, "application/json", `{`},
		{front, "GET", "/api/omnichannel/events", 401, "application/json", `{"success":false,"message":"Unauthorized"`},
		{front, "GET", "/metrics", 404, "application/json", `{"success":false,"message":"Not found`},
		{front, "GET", "/nonsense", 404, "application/json", `{"success":false,"message":"Not found`},
		{front, "GET", "/api/omnichannel/nonsense", 404, "application/json", `{"success":false,`},
		{front, "GET", "//healthz", 404, "application/json", `{"success":false,`},
		{front, "GET", "/api/../healthz", 404, "application/json", `{"success":false,`},
		{front, "GET", "/debug/pprof/", 404, "application/json", `{"success":false,`},
		{front, "DELETE", "/api/omnichannel/claims", 405, "application/json", `{"success":false,`},
		{front, "POST", "/healthz", 405, "application/json", `{"success":false,`},
		{front, "DELETE", "/", 404, "application/json", `{"success":false,`},
		{metrics, "GET", "/metrics", 200, "text/plain", "# HELP "},
		{metrics, "GET", "/healthz", 404, "text/plain", "404"},
		{metrics, "GET", "/api/omnichannel/openapi.json", 404, "text/plain", "404"},
	} {
		a, err := c.of.do(c.method, c.path, "")
		if err != nil || a.Status != c.status || !strings.HasPrefix(a.Header.Get("Content-Type"), c.contentType) || !strings.HasPrefix(strings.ToLower(a.Body), strings.ToLower(c.body)) {
			t.Errorf("%s %s: status %d, %s, %.80q (%v)", c.method, c.path, a.Status, a.Header.Get("Content-Type"), a.Body, err)
		}
	}
	a := metrics.must(t, 200, "GET", "/metrics", "")
	for _, name := range []string{"servicedesk_http_request_seconds_count", "go_goroutines", "process_open_fds"} {
		if !strings.Contains(a.Body, name) {
			t.Errorf("no %s among the metrics", name)
		}
	}
}

func TestWhatGoServesItselfIsAnsweredInTheFormOfEveryError(t *testing.T) {
	t.Parallel()
	p := desktest.NewInstallation(t, desktest.SQLite).Serve(t)
	for sent, want := range map[string]string{
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":          "404 Not Found",
		"GET /docs HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n":             "400 Bad Request",
		"GET http:///docs?%zz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n": "200 OK",
		"nonsense\r\n\r\n": "400 Bad Request",
	} {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if c.Close(); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 "+want) || want != "200 OK" && !strings.Contains(string(got), `{"success":false,"message":`) {
			t.Errorf("%q is answered with %.300s (%v), want %s", sent, got, err, want)
		}
	}
}

func TestTheRootLeadsToTheSignIn(t *testing.T) {
	t.Parallel()
	p := desktest.NewInstallation(t, desktest.SQLite).Serve(t)
	c := newCaller(t, p, "")
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if a := c.must(t, http.StatusSeeOther, "GET", "/", ""); a.Header.Get("Location") != "/sign-in" {
		t.Errorf("/ leads to %q", a.Header.Get("Location"))
	}
}

func TestNoMetricsAreServedWhenTheirAddressIsEmpty(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_METRICS_LISTEN="}
	p := in.Serve(t)
	if p.Metrics != "" {
		t.Errorf("metrics are served at %s", p.Metrics)
	}
	p.Stop(t)
}

func TestAnswersAreGzippedWhenAsked(t *testing.T) {
	t.Parallel()
	p := desktest.NewInstallation(t, desktest.SQLite).Serve(t)
	plain := newCaller(t, p, "")
	plain.client.Transport = &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	for _, path := range []string{"/api/omnichannel/openapi.json", "/docs"} {
		whole := plain.must(t, 200, "GET", path, "")
		if whole.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is encoded unasked", path)
		}
		request, err := http.NewRequest("GET", p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip")
		response, err := plain.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		zipped, err := gzip.NewReader(response.Body)
		if err != nil || response.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(response.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Fatalf("%s: %v with %v", path, err, response.Header)
		}
		text, err := io.ReadAll(zipped)
		if err != nil || string(text) != whole.Body {
			t.Errorf("%s is something else in gzip (%v)", path, err)
		}
		response.Body.Close()
	}
}

func TestADeskThatLostItsDatabaseIsNotReadyAndLivesOn(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop := server.Close
	t.Cleanup(func() { stop() })
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Database = server.URL()
	key := in.NewKey(t, "partner").Key
	p := in.Serve(t)
	c := newCaller(t, p, key)
	c.must(t, http.StatusCreated, "POST", base+"/claims", claim("before"))
	server.Close()
	stop = func() {}
	awaitStatus(t, c, "/readyz", http.StatusServiceUnavailable)
	notReady := c.must(t, http.StatusServiceUnavailable, "GET", "/readyz", "")
	if !strings.HasPrefix(notReady.Body, `{"success":false,"message":`) || notReady.Header.Get("Retry-After") == "" {
		t.Errorf("not ready is told as %s with %v", notReady.Body, notReady.Header)
	}
	c.must(t, http.StatusOK, "GET", "/healthz", "")
	refused := c.must(t, http.StatusServiceUnavailable, "POST", base+"/claims", claim("after"))
	for _, inner := range []string{"127.0.0.1", "connect", "postgres", "dial"} {
		if strings.Contains(refused.Body+notReady.Body, inner) {
			t.Errorf("%q is inner text: %s %s", inner, refused.Body, notReady.Body)
		}
	}
	p.Terminate(t)
	if status := p.Wait(t); status == -1 {
		t.Errorf("the program was ended by a signal:\n%s", p.Log)
	}
}

func TestADeskWithoutThePlaceOfItsAttachmentsIsReadyAgainWhenThatIsBack(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	p := in.Serve(t)
	c := newCaller(t, p, "")
	blobs := filepath.Join(in.Folder, "blobs")
	rename(t, blobs, blobs+"-away")
	if err := os.WriteFile(blobs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, c, "/readyz", http.StatusServiceUnavailable)
	c.must(t, http.StatusOK, "GET", "/healthz", "")
	if !strings.Contains(p.Log.String(), "attachments") {
		t.Error("the log does not say what is missing")
	}
	rename(t, blobs+"-away", blobs)
	awaitStatus(t, c, "/readyz", http.StatusOK)
	p.Stop(t)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func awaitStatus(t *testing.T, c caller, path string, status int) {
	t.Helper()
	desktest.Await(t, 20*time.Second, path+" changes", func() bool {
		a, err := c.do("GET", path, "")
		return err == nil && a.Status == status
	})
}
