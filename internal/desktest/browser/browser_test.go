package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// poor is a page with an input that nobody names, a text that is hard to read, and a script that fails.
const poor = `<!doctype html><html lang="en"><head><title>Poor</title></head><body style="background: #fff"><main>
<h1>Poor</h1><p style="color: #bbb">faint</p><form><input name="q"></form></main><script>throw new Error("broken")</script></body></html>`

func servePoor(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, poor)
}

func TestWhatKeepsPeopleOutIsFound(t *testing.T) {
	b := Serve(t, http.HandlerFunc(servePoor))
	b.Show(t, "/favicon.ico", Narrow, "light")
	if faint := b.faint(t); len(faint) != 1 || !strings.HasPrefix(faint[0], "P. 1.") {
		t.Errorf("faint texts: %q", faint)
	}
	barriers := strings.Join(b.barriers(t), "\n")
	for _, rule := range []string{"critical: label: ", "serious: color-contrast: "} {
		if !strings.Contains(barriers, rule) {
			t.Errorf("%q is not among the findings:\n%s", rule, barriers)
		}
	}
	if said := b.Heard(); len(said) != 1 || !strings.Contains(said[0], "Error: broken") {
		t.Errorf("the console said %q", said)
	}
	if said := b.Heard(); len(said) != 0 {
		t.Errorf("the console said %q twice", said)
	}
}

func TestAPictureIsPNG(t *testing.T) {
	b := Serve(t, http.HandlerFunc(servePoor))
	b.Show(t, "/favicon.ico", Narrow, "dark")
	if picture := b.Picture(t); !strings.HasPrefix(string(picture), "\x89PNG") {
		t.Errorf("the picture begins with %q", picture[:min(8, len(picture))])
	}
}
