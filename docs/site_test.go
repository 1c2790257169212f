package docs_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/docs"
)

const publicURL = "https://desk.example"

// theSite is the site that all tests look at: to make it takes longer than most of them.
var theSite = sync.OnceValues(func() (*docs.Site, error) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		return nil, err
	}
	return docs.New(docs.Options{Document: text, PublicURL: publicURL + "/", Version: "1.2.3"})
})

func newSite(t *testing.T) *docs.Site {
	t.Helper()
	site, err := theSite()
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// ask sends a request to the site.
func ask(t *testing.T, site *docs.Site, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

// page is one page of the site, read.
type page struct {
	text string
	root *html.Node
	ids  map[string]bool // of its places
}

// crawl returns every page that can be reached from the first one, by path.
func crawl(t *testing.T) map[string]page {
	t.Helper()
	pages, err := allPages()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// allPages reads them once for all tests, which only look at them.
var allPages = sync.OnceValues(func() (map[string]page, error) {
	site, err := theSite()
	if err != nil {
		return nil, err
	}
	pages := map[string]page{}
	waiting := []string{docs.Root}
	for len(waiting) > 0 {
		path := waiting[0]
		waiting = waiting[1:]
		if _, known := pages[path]; known {
			continue
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			return nil, fmt.Errorf("%s answers %d", path, w.Code)
		}
		root, err := html.Parse(bytes.NewReader(w.Body.Bytes()))
		if err != nil {
			return nil, err
		}
		p := page{text: w.Body.String(), root: root, ids: map[string]bool{}}
		for n := range elements(root, "") {
			p.ids[attribute(n, "id")] = true
		}
		pages[path] = p
		for n := range elements(root, "a") {
			if to := attribute(n, "href"); strings.HasPrefix(to, docs.Root) {
				to, _, _ = strings.Cut(to, "#")
				waiting = append(waiting, to)
			}
		}
	}
	return pages, nil
})

// elements goes through the elements of a page; name "" means all.
func elements(root *html.Node, name string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && (name == "" || n.Data == name) && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf returns the text inside an element, its spaces made single.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// byID finds an element.
func byID(root *html.Node, id string) *html.Node {
	for n := range elements(root, "") {
		if attribute(n, "id") == id {
			return n
		}
	}
	return nil
}

func TestAllPagesCanBeReachedFromTheFirst(t *testing.T) {
	var got []string
	for path := range crawl(t) {
		got = append(got, path)
	}
	slices.Sort(got)
	want := []string{
		"/docs", "/docs/api", "/docs/backup", "/docs/data-protection", "/docs/delivery", "/docs/getting-started", "/docs/id/backup", "/docs/id/data-protection", "/docs/id/delivery", "/docs/id/installing",
		"/docs/id/operating", "/docs/id/sociomile", "/docs/installing", "/docs/operating", "/docs/sociomile", "/docs/testing", "/docs/webhooks",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestEveryOperationIsOnTheReferencePageWithAllItsAnswers(t *testing.T) {
	reference := crawl(t)[docs.Root+"/api"].root
	operations(loadDocument(t), func(method, path string, op *openapi3.Operation) {
		section := byID(reference, op.OperationID)
		if section == nil {
			t.Errorf("%s %s is missing", method, path)
			return
		}
		text := textOf(section)
		for _, want := range []string{op.Summary, method + " " + path, publicURL} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", op.OperationID, want)
			}
		}
		for _, p := range op.Parameters {
			if !strings.Contains(text, p.Value.Name) {
				t.Errorf("%s does not name the parameter %s", op.OperationID, p.Value.Name)
			}
		}
		for status := range op.Responses.Map() {
			if byID(section, op.OperationID+"-"+status) == nil {
				t.Errorf("%s does not show the answer %s", op.OperationID, status)
			}
		}
	})
}

func TestEveryExampleIsOnTheReferencePage(t *testing.T) {
	reference := crawl(t)[docs.Root+"/api"].root
	shown := map[string][]any{}
	for section := range elements(reference, "article") {
		for code := range elements(section, "code") {
			if text := textOf(code); strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
				shown[attribute(section, "id")] = append(shown[attribute(section, "id")], text)
			}
		}
	}
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		for name, e := range media.Examples {
			want := asJSON(t, e.Value.Value)
			if !slices.ContainsFunc(shown[operation], func(text any) bool { return cmp.Equal(want, decoded(text.(string))) }) {
				t.Errorf("%s %s: the example %s is not shown", operation, status, name)
			}
		}
	})
}

func TestEveryFieldOfRequestsIsOnTheReferencePage(t *testing.T) {
	reference := crawl(t)[docs.Root+"/api"].root
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		if status != "" {
			return
		}
		names := map[string]bool{}
		for n := range elements(byID(reference, operation), "code") {
			if attribute(n, "class") == "name" {
				names[textOf(n)] = true
			}
		}
		fieldPaths(media.Schema.Value, "", func(path string) {
			if !names[path] {
				t.Errorf("%s: the field %s is not shown", operation, path)
			}
		})
	})
}

func TestFieldsAreMarkedWhereTheyAreTheException(t *testing.T) {
	reference := crawl(t)[docs.Root+"/api"].root
	marks := map[string]string{} // of the claim's fields, request and answer
	for row := range elements(byID(reference, "createClaim"), "tr") {
		var name, mark string
		for n := range elements(row, "") {
			switch class := attribute(n, "class"); {
			case class == "name":
				name = textOf(n)
			case strings.HasPrefix(class, "req"):
				mark = textOf(n)
			}
		}
		marks[name] = mark
	}
	for name, want := range map[string]string{
		"nominal": "required", "jenisTransaksi": "conditional", "atmId": "", "ticketNumber": "", "warnings": "optional",
	} {
		if got, shown := marks[name]; got != want || !shown {
			t.Errorf("%s is marked %q, want %q", name, got, want)
		}
	}
}

// fieldPaths calls visit with the path of every field of a schema, as the page names it.
func fieldPaths(s *openapi3.Schema, prefix string, visit func(string)) {
	for name, p := range s.Properties {
		visit(prefix + name)
		inner, path := p.Value, prefix+name
		for inner.Items != nil {
			inner, path = inner.Items.Value, path+"[]"
		}
		fieldPaths(inner, path+".", visit)
	}
	for _, form := range s.OneOf {
		fieldPaths(form.Value, prefix, visit)
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	pages := crawl(t)
	served := []string{"/api/omnichannel/openapi.yaml", "/api/omnichannel/openapi.json"} // by the API itself
	for path, p := range pages {
		for n := range elements(p.root, "a") {
			to := attribute(n, "href")
			target, anchor, anchored := strings.Cut(to, "#")
			if target == "" {
				target = path
			}
			if slices.Contains(served, target) {
				continue
			}
			if _, known := pages[target]; !known {
				t.Errorf("%s links to %s, which is not there", path, to)
			} else if anchored && !pages[target].ids[anchor] {
				t.Errorf("%s links to %s, which has no such place", path, to)
			}
		}
	}
}

func TestAnchorsAreUnique(t *testing.T) {
	for path, p := range crawl(t) {
		seen := map[string]bool{}
		for n := range elements(p.root, "") {
			id := attribute(n, "id")
			if id != "" && seen[id] {
				t.Errorf("%s has two places named %s", path, id)
			}
			seen[id] = true
		}
	}
}

func TestPagesLoadOnlyFilesOfThisSite(t *testing.T) {
	site := newSite(t)
	for path, p := range crawl(t) {
		loaded := 0
		for n := range elements(p.root, "") {
			source := attribute(n, "src")
			if n.Data == "link" {
				source = attribute(n, "href")
			}
			if source == "" {
				continue
			}
			loaded++
			r, _ := ask(t, site, "GET", source)
			if !strings.HasPrefix(source, docs.Root+"/static/") || r.StatusCode != 200 {
				t.Errorf("%s loads %s, which answers %d", path, source, r.StatusCode)
			}
			if got := r.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("%s may be kept %q, want for ever: its name changes with it", source, got)
			}
		}
		if loaded < 3 {
			t.Errorf("%s loads %d files, want style sheet, script and icon", path, loaded)
		}
	}
}

func TestPagesHaveNothingThatTheirPolicyForbids(t *testing.T) {
	for path, p := range crawl(t) {
		for n := range elements(p.root, "") {
			if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
				t.Errorf("%s has an inline %s", path, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("%s has %s=%q in a %s", path, a.Key, a.Val, n.Data)
				}
			}
		}
	}
}

func TestPagesNameTheirLanguageAndHaveOneTitle(t *testing.T) {
	for path, p := range crawl(t) {
		want := "en"
		if strings.HasPrefix(path, "/docs/id/") {
			want = "id"
		}
		for n := range elements(p.root, "html") {
			if got := attribute(n, "lang"); got != want {
				t.Errorf("%s says its language is %q, want %q", path, got, want)
			}
		}
		if titles := slices.Collect(elements(p.root, "h1")); len(titles) != 1 {
			t.Errorf("%s has %d titles", path, len(titles))
		}
	}
}

func TestGuidesPrintThePublicURL(t *testing.T) {
	pages := crawl(t)
	for path, p := range pages {
		if strings.Contains(p.text, "{{") {
			t.Errorf("%s shows a placeholder", path)
		}
	}
	if !strings.Contains(textOf(pages["/docs/getting-started"].root), publicURL+"/api/omnichannel/claims") {
		t.Error("the first claim is not sent to the public URL")
	}
}

func TestAnswersCarryAPolicyAndATag(t *testing.T) {
	site := newSite(t)
	r, _ := ask(t, site, "GET", "/docs/api")
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "same-origin",
		"Cache-Control":          "no-cache",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	policy := r.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q is not strict", policy)
	}
	again, body := ask(t, site, "GET", "/docs/api", "If-None-Match", r.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("the same tag answers %d with %d bytes, want 304 with none", again.StatusCode, len(body))
	}
	if head, body := ask(t, site, "HEAD", "/docs/api"); head.StatusCode != 200 || body != "" {
		t.Errorf("HEAD answers %d with %d bytes, want 200 with none", head.StatusCode, len(body))
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	site := newSite(t)
	for _, c := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/docs/nothing", 404, ""},
		{"HEAD", "/docs/nothing", 404, ""},
		{"GET", "/docs/static/docs.css", 404, ""},
		{"GET", "/docs/", 301, "/docs"},
		{"GET", "/docs/api/", 301, "/docs/api"},
		{"GET", "/docs//", 301, "/docs"},
		{"GET", "/docs/nothing/", 404, ""},
		{"GET", "//evil.example/docs/", 404, ""},
		{"POST", "/docs", 405, ""},
	} {
		r := &http.Request{Method: c.method, URL: &url.URL{Path: c.path}, Header: http.Header{}}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s %s answers %d to %q, want %d to %q", c.method, c.path, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
	}
}

func TestThePublicURLHasADefault(t *testing.T) {
	site, err := docs.New(docs.Options{Document: documentText(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, body := ask(t, site, "GET", "/docs"); !strings.Contains(body, "http://127.0.0.1:8080/api/omnichannel") {
		t.Error("the overview does not print the default base URL")
	}
}
