package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

// Icon is the mark of the desk, which stands on the pages of all doors.
//
//go:embed icon.svg
var Icon []byte

// IconType is the media type of Icon.
const IconType = "image/svg+xml"

// Assets are answers that do not change while the program runs, by path. They are added before any is served. The zero
// Assets has none.
type Assets struct {
	byPath map[string]asset
}

// asset is an answer that never changes.
type asset struct {
	body        []byte
	contentType string
	tag         string
	cache       string
}

// Add adds what is answered at a path. Browsers ask each time whether it is still the same.
func (a *Assets) Add(path, contentType string, body []byte) {
	a.put(path, asset{body: body, contentType: contentType, tag: digest(body), cache: "no-cache"})
}

// AddHashed adds a file to a folder under a name that changes with its content, so that browsers keep it for ever, and
// returns its path: `/docs/static` and `docs.css` become `/docs/static/docs.0123456789abcdef.css`.
func (a *Assets) AddHashed(folder, name, contentType string, body []byte) string {
	tag, extension := digest(body), path.Ext(name)
	at := folder + "/" + strings.TrimSuffix(name, extension) + "." + tag + extension
	a.put(at, asset{body: body, contentType: contentType, tag: tag, cache: "public, max-age=31536000, immutable"})
	return at
}

func (a *Assets) put(path string, added asset) {
	if a.byPath == nil {
		a.byPath = map[string]asset{}
	}
	a.byPath[path] = added
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// Has reports whether something is answered at a path.
func (a *Assets) Has(path string) bool {
	_, found := a.byPath[path]
	return found
}

// Serve answers GET and HEAD for a path that is among them, and 405 for other methods; found is false, and nothing is
// answered, when it is not.
func (a *Assets) Serve(w http.ResponseWriter, r *http.Request) (found bool) {
	answer, found := a.byPath[r.URL.Path]
	if !found {
		return false
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return true
	}
	h.Set("Content-Type", answer.contentType)
	h.Set("ETag", `"`+answer.tag+`"`)
	h.Set("Cache-Control", answer.cache)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(answer.body))
	return true
}
