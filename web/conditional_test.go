package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzhttp"
)

// compressed wraps a handler as cmd/servicedesk does.
func compressed(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		t.Fatal(err)
	}
	return zip(h)
}

// tagged answers with a body and its tag, of version 7.
func tagged(body string) Handler {
	return answers(Answer{Status: http.StatusOK, Body: []byte(body), Tag: Tag(7, []byte(body)), Header: http.Header{"Cache-Control": {"private, max-age=1"}}})
}

var long = `{"text":"` + strings.Repeat("a long answer, ", 500) + `"}`

// encodings are what clients accept, and whether the long answer is compressed for them.
var encodings = map[string]string{"Accept-Encoding: identity": "", "Accept-Encoding: gzip": "gzip", "Accept-Encoding: gzip, deflate, br, zstd": "zstd"}

func TestWhoHasTheAnswerIsToldSoWithoutABody(t *testing.T) {
	door, lines := newDoor(Options{})
	ours := Tag(7, []byte(long))
	h := door.Handle("x", func(r *Request) (Answer, error) {
		r.Limits.Set("RateLimit", "x")
		return tagged(long)(r)
	})
	url := start(t, compressed(t, h))
	for given, want := range map[string]int{
		ours: 304, strings.TrimPrefix(ours, "W/"): 304, "*": 304, `"other", ` + ours: 304, ours + `,"x"`: 304, `W/"a,b",` + ours: 304,
		"": 200, `"other"`: 200, Tag(8, []byte(long)): 200, Tag(7, []byte("x")): 200, strings.Trim(ours, `W/"`): 200,
		strings.ToUpper(ours): 200, `"x` + strings.TrimPrefix(ours, `W/"`): 200, strings.TrimSuffix(ours, `"`) + `-gzip"`: 200,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			for encoding := range encodings {
				got := ask(t, method, url, nil, "If-None-Match: "+given, encoding)
				if got.status != want || got.header.Get("ETag") != ours || got.header.Get("Cache-Control") != "private, max-age=1" || got.header.Get("RateLimit") != "x" {
					t.Errorf("%s %s %s: got %d %v", method, given, encoding, got.status, got.header)
				}
				if want == 304 && (got.body != "" || got.header.Get("Content-Type")+got.header.Get("Content-Encoding")+got.header.Get("Content-Length") != "") {
					t.Errorf("%s %s %s: the 304 has content: %v %.50s", method, given, encoding, got.header, got.body)
				}
				if line := lines.fields(t); line["status"] != float64(want) || (line["bytes"] == 0.0) != (want == 304 || method == "HEAD") {
					t.Errorf("%s %s: logged %v", method, given, line)
				}
			}
		}
	}
}

func TestSeveralHeadersOfTagsAreOneList(t *testing.T) {
	door, _ := newDoor(Options{})
	got := ask(t, "GET", start(t, door.Handle("x", tagged("x"))), nil, `If-None-Match: "other"`, "If-None-Match: "+Tag(7, []byte("x")))
	if got.status != 304 {
		t.Errorf("got %d", got.status)
	}
}

func TestOnlyGoodAnswersToReadsDependOnWhatTheCallerHas(t *testing.T) {
	door, _ := newDoor(Options{})
	for name, c := range map[string]struct {
		method string
		answer Answer
	}{
		"a write":         {"PATCH", Answer{Status: 200, Tag: `W/"1-x"`}},
		"a creation":      {"GET", Answer{Status: 201, Tag: `W/"1-x"`}},
		"an error":        {"GET", Answer{Status: 404, Tag: `W/"1-x"`}},
		"without any tag": {"GET", Answer{Status: 200}},
	} {
		if got := ask(t, c.method, start(t, door.Handle("x", answers(c.answer))), nil, "If-None-Match: *"); got.status != c.answer.Status {
			t.Errorf("%s: got %d", name, got.status)
		}
	}
}

func TestCompressedAnswersHaveTheSameTagAndVaryByEncoding(t *testing.T) {
	door, lines := newDoor(Options{})
	url := start(t, compressed(t, door.Handle("x", tagged(long))))
	for encoding, want := range encodings {
		got := ask(t, "GET", url, nil, encoding)
		if got.header.Get("Content-Encoding") != want || got.header.Get("ETag") != Tag(7, []byte(long)) {
			t.Errorf("%s: got %v", encoding, got.header)
		}
		if vary := strings.Join(got.header.Values("Vary"), ", "); vary != "Accept-Encoding, Authorization, X-API-Key, Accept-Language" {
			t.Errorf("%s: Vary: %s", encoding, vary)
		}
		if got.length >= 0 && got.length != int64(len(got.body)) || want != "" && len(got.body) >= len(long)/2 {
			t.Errorf("%s: %d bytes announced, %d sent", encoding, got.length, len(got.body))
		}
		if line := lines.fields(t); line["bytes"] != float64(len(long)) {
			t.Errorf("%s: logged %v", encoding, line)
		}
	}
	plain, err := gzip.NewReader(strings.NewReader(ask(t, "GET", url, nil, "Accept-Encoding: gzip").body))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(plain); string(content) != long || err != nil {
		t.Errorf("inflated to %.50s, %v", content, err)
	}
}

func TestShortAnswersAndErrorsAreNotCompressed(t *testing.T) {
	door, _ := newDoor(Options{})
	for _, h := range []Handler{fine, fails(failures[0].err), nil} {
		got := ask(t, "GET", start(t, compressed(t, door.Handle("x", h))), nil, "Accept-Encoding: gzip")
		if got.header.Get("Content-Encoding") != "" || got.length != int64(len(got.body)) || got.length == 0 {
			t.Errorf("got %v, %d bytes", got.header, len(got.body))
		}
	}
}

func TestHEADGivesTheHeadersOfTheUncompressedGETAndNoBody(t *testing.T) {
	door, _ := newDoor(Options{})
	for _, h := range []Handler{tagged("short"), tagged(long), fails(failures[0].err)} {
		url := start(t, compressed(t, door.Handle("x", h)))
		get := ask(t, "GET", url, nil, "X-Request-Id: 1")
		for encoding := range encodings {
			head := ask(t, "HEAD", url, nil, encoding, "X-Request-Id: 1")
			if head.body != "" || head.status != get.status || head.length != int64(len(get.body)) {
				t.Errorf("%s: got %d, length %d, %q", encoding, head.status, head.length, head.body)
			}
			get.header.Del("Date")
			head.header.Del("Date")
			if diff := cmp.Diff(get.header, head.header); diff != "" {
				t.Errorf("%s: -GET +HEAD\n%s", encoding, diff)
			}
		}
	}
}

func TestConnectionsStayOpenAfterAnswersOfEveryKind(t *testing.T) {
	door, _ := newDoor(Options{})
	h := http.NewServeMux()
	for path, handler := range map[string]Handler{
		"/short": fine, "/long": tagged(long), "/error": fails(failures[0].err), "/panic": nil, "/nothing": answers(Answer{Status: 204, Body: []byte("x")}),
		"/refused": func(r *Request) (Answer, error) { return Answer{}, tooLarge() },
	} {
		h.Handle(path, door.Handle(path, handler))
	}
	url := start(t, compressed(t, h))
	var reused []bool
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for _, request := range []string{"GET /short", "GET /long", "HEAD /long", "GET /error", "GET /panic", "POST /nothing", "POST /refused", "POST /error", "GET /short"} {
		method, path, _ := strings.Cut(request, " ")
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader(strings.Repeat("x", 100_000))
		}
		reused = append(reused, usedAgain(t, client, httptest.NewRequest(method, url+path, body)))
	}
	if want := append([]bool{false}, slices.Repeat([]bool{true}, 8)...); !slices.Equal(reused, want) {
		t.Errorf("got %v", reused)
	}
}
