package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAssetsAreServedAsWhatTheyAre(t *testing.T) {
	var assets Assets
	style := assets.AddHashed("/x/static", "x.css", "text/css", []byte("body{}"))
	other := new(Assets).AddHashed("/x/static", "x.css", "text/css", []byte("body{ }"))
	assets.Add("/x", "text/html", []byte("<p>"))
	if style == other || len(style) != len("/x/static/x.0123456789abcdef.css") {
		t.Errorf("the names of two contents are %s and %s", style, other)
	}
	for _, c := range []struct {
		method, path, known string // known: If-None-Match
		status              int
		cache, body         string
	}{
		{"GET", style, "", 200, "public, max-age=31536000, immutable", "body{}"},
		{"HEAD", style, "", 200, "public, max-age=31536000, immutable", ""},
		{"GET", style, `"` + digest([]byte("body{}")) + `"`, 304, "public, max-age=31536000, immutable", ""},
		{"GET", "/x", "", 200, "no-cache", "<p>"},
		{"GET", "/x", `"other"`, 200, "no-cache", "<p>"},
		{"POST", "/x", "", 405, "", "Method not allowed\n"},
		{"GET", other, "", 0, "", ""},
		{"GET", "/x/static/x.css", "", 0, "", ""},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		if c.known != "" {
			r.Header.Set("If-None-Match", c.known)
		}
		w := httptest.NewRecorder()
		found := assets.Serve(w, r)
		if found != (c.status != 0) || found != assets.Has(c.path) {
			t.Errorf("%s %s: found %v", c.method, c.path, found)
		}
		if found && (w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Cache-Control") != c.cache || w.Header().Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s %s: %d %q %v", c.method, c.path, w.Code, w.Body, w.Header())
		}
		if c.status == http.StatusMethodNotAllowed && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("the methods are not told: %v", w.Header())
		}
	}
}
