// Package browser shows pages in a real browser and looks at them as people do: whether they fit, whether they can be
// read, and what the console says.
package browser

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The widths, in pixels, at which pages are looked at: of a telephone, of a tablet and of a desk.
const (
	Narrow = 390
	Middle = 768
	Wide   = 1440
)

// Widths lists both.
func Widths() []int64 { return []int64{Narrow, Wide} }

// Schemes lists what people can prefer of colours.
func Schemes() []string { return []string{"light", "dark"} }

// NotFound is what the console says of a page that answers 404; TooMany of one that answers 429.
const (
	NotFound = "Failed to load resource: the server responded with a status of 404 (Not Found)"
	TooMany  = "Failed to load resource: the server responded with a status of 429 (Too Many Requests)"
)

// Tab is a tab of a browser of its own, with a profile of its own.
type Tab struct {
	ctx  context.Context
	base string

	mu         sync.Mutex
	complaints []string // of the console: violations of the policy, errors, warnings
}

// Serve starts a server and a tab that looks at it. Both end with the test.
func Serve(t *testing.T, handler http.Handler) *Tab {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Open(t, server.URL)
}

// Open starts a tab that looks at a running server. It ends with the test.
func Open(t *testing.T, base string) *Tab {
	t.Helper()
	b := &Tab{base: base}
	var cancel context.CancelFunc
	b.ctx, cancel = chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	))
	t.Cleanup(cancel)
	if err := chromedp.Listen(b.ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	return b
}

// Beside opens another tab of the same browser, with a profile of its own: who signs in there is somebody else. It looks at
// the server at base, and ends with the test.
func (b *Tab) Beside(t *testing.T, base string) *Tab {
	t.Helper()
	b.Do(t) // starts the browser
	other := &Tab{base: base}
	var cancel context.CancelFunc
	other.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Listen(other.ctx, other.hear); err != nil {
		t.Fatal(err)
	}
	return other
}

// Context is the tab's, for actions of chromedp that are not here: typing, clicking, cookies.
func (b *Tab) Context() context.Context { return b.ctx }

// hear keeps what the console says.
func (b *Tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprint("console.", e.Type))
	}
}

// Heard returns what the console said since the last call.
func (b *Tab) Heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.complaints
	b.complaints = nil
	return said
}

// Show shows a page at a width, in a colour scheme.
func (b *Tab) Show(t *testing.T, path string, width int64, scheme string) {
	t.Helper()
	b.Do(t, chromedp.Navigate("about:blank"))
	b.Turn(t, width, scheme)
	b.Do(t, chromedp.Navigate(b.base+path))
}

// Turn gives the window another width, and prefers another colour scheme. The page stays.
func (b *Tab) Turn(t *testing.T, width int64, scheme string) {
	t.Helper()
	feature := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{feature}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		t.Fatal(err)
	}
	b.Do(t, chromedp.EmulateViewport(width, 900))
}

// Do does actions of chromedp in the tab.
func (b *Tab) Do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// Evaluate runs JavaScript in the page; a promise is awaited.
func Evaluate[T any](t *testing.T, b *Tab, script string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// stickingOut names elements that end beyond the window.
const stickingOut = `[...document.querySelectorAll("body *")].filter(e => !e.closest("svg, .side") && e.getBoundingClientRect().right > document.documentElement.clientWidth && e.checkVisibility())
  .map(e => e.tagName + "#" + e.id + "." + e.className + " " + e.textContent.trim().slice(0, 20)).slice(0, 8).join(", ")`

// Fits fails the test when the page is wider than its window, has not the background of its colour scheme, or made the
// console say something else than what is expected.
func (b *Tab) Fits(t *testing.T, width int64, scheme string, expected ...string) {
	t.Helper()
	if got := Evaluate[int64](t, b, `document.documentElement.scrollWidth`); got != width {
		t.Errorf("the page is %d wide in a window of %d: %s", got, width, Evaluate[string](t, b, stickingOut))
	}
	brightness := Evaluate[float64](t, b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0,3).reduce((a, c) => a + Number(c), 0) / 3`)
	if dark := brightness < 128; dark != (scheme == "dark") {
		t.Errorf("the brightness of the background is %v", brightness)
	}
	if said, want := strings.Join(b.Heard(), "\n"), strings.Join(expected, "\n"); said != want {
		t.Errorf("the console says %q, want %q", said, want)
	}
}

//go:embed contrast.js
var contrastScript string

// Readable fails the test when a text has a contrast below 4.5 to its background (WCAG 2.2, 1.4.3).
func (b *Tab) Readable(t *testing.T) {
	t.Helper()
	for _, text := range b.faint(t) {
		t.Errorf("too little contrast: %s", text)
	}
}

func (b *Tab) faint(t *testing.T) []string {
	t.Helper()
	return Evaluate[[]string](t, b, contrastScript)
}

//go:embed axe/axe.min.js
var axeScript string

// axeRun (axe-core, https://github.com/dequelabs/axe-core, its licence beside the script) lists the findings that keep somebody out: rule, what it asks for, and where it is broken.
const axeRun = `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
  .filter(v => v.impact === "serious" || v.impact === "critical")
  .map(v => v.impact + ": " + v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" ")))`

// Accessible fails the test when axe-core finds something serious or critical in the page as it is now.
func (b *Tab) Accessible(t *testing.T) {
	t.Helper()
	for _, barrier := range b.barriers(t) {
		t.Error(barrier)
	}
}

func (b *Tab) barriers(t *testing.T) []string {
	t.Helper()
	Evaluate[bool](t, b, axeScript+"; true")
	return Evaluate[[]string](t, b, axeRun)
}

// Picture is what the whole page looks like, as PNG.
func (b *Tab) Picture(t *testing.T) []byte {
	t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
