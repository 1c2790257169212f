package docs_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/docs"
)

// browser is a tab of a real browser that looks at a running site.
type browser struct {
	ctx  context.Context
	base string

	mu         sync.Mutex
	complaints []string // of the console: violations of the policy, errors, warnings
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	server := httptest.NewServer(newSite(t))
	t.Cleanup(server.Close)
	b := &browser{base: server.URL}
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

// hear keeps what the console says.
func (b *browser) hear(event any) {
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

// heard returns what the console said since the last call.
func (b *browser) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.complaints
	b.complaints = nil
	return said
}

// open shows a page at a width, in a colour scheme.
func (b *browser) open(t *testing.T, path string, width int64, scheme string) {
	t.Helper()
	feature := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{feature}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		t.Fatal(err)
	}
	blank, size, page := chromedp.Navigate("about:blank"), chromedp.EmulateViewport(width, 900), chromedp.Navigate(b.base+path)
	if err := chromedp.Do(b.ctx, blank, size, page); err != nil {
		t.Fatal(err)
	}
}

// evaluate runs JavaScript in the page.
func evaluate[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestPagesFitTheirWindowInBothColourSchemesWithoutAComplaint(t *testing.T) {
	paths := []string{docs.Root + "/nothing"}
	for path := range crawl(t, newSite(t)) {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	b := newBrowser(t)
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			for _, path := range paths {
				t.Run(fmt.Sprintf("%s %d %s", path, width, scheme), func(t *testing.T) {
					b.open(t, path, width, scheme)
					if got := evaluate[int64](t, b, `document.documentElement.scrollWidth`); got != width {
						t.Errorf("the page is %d wide in a window of %d", got, width)
					}
					brightness := evaluate[float64](t, b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0,3).reduce((a, c) => a + Number(c), 0) / 3`)
					if dark := brightness < 128; dark != (scheme == "dark") {
						t.Errorf("the brightness of the background is %v", brightness)
					}
					said := slices.DeleteFunc(b.heard(), func(s string) bool { return path == docs.Root+"/nothing" && s == notFound })
					if len(said) > 0 {
						t.Errorf("the console says %q", said)
					}
				})
			}
		}
	}
}

// notFound is what the console says of a page that answers 404.
const notFound = "Failed to load resource: the server responded with a status of 404 (Not Found)"

// contrastScript finds texts that are hard to read: a contrast below 4.5 to their background (WCAG 2.2, 1.4.3).
const contrastScript = `(() => {
  const parse = c => c.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.add(e.tagName + "." + e.className + " " + contrast.toFixed(2));
  }
  return [...found];
})()`

func TestTextsCanBeReadInBothColourSchemes(t *testing.T) {
	b := newBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, path := range []string{"/docs", "/docs/api", "/docs/operating"} {
			b.open(t, path, 1440, scheme)
			if faint := evaluate[[]string](t, b, contrastScript); len(faint) > 0 {
				t.Errorf("%s, %s: too little contrast: %q", path, scheme, faint)
			}
		}
	}
}

func TestAnAddressOfAnErrorOpensItsFold(t *testing.T) {
	b := newBrowser(t)
	b.open(t, "/docs/api#updateTicket-412", 1440, "light")
	const isOpen = `document.getElementById("updateTicket-412").open`
	if !evaluate[bool](t, b, isOpen) {
		t.Error("the answer 412 stays folded")
	}
	if evaluate[bool](t, b, `document.getElementById("updateTicket-400").open`) {
		t.Error("the answer 400 is open although nobody asked for it")
	}
}

func TestEverySampleHasACopyButton(t *testing.T) {
	b := newBrowser(t)
	for _, path := range []string{"/docs/api", "/docs/getting-started"} {
		b.open(t, path, 1440, "light")
		samples := evaluate[int](t, b, `document.querySelectorAll("pre, [data-copy]").length`)
		buttons := evaluate[int](t, b, `document.querySelectorAll("button.copy").length`)
		if samples == 0 || samples != buttons {
			t.Errorf("%s has %d samples and %d buttons", path, samples, buttons)
		}
	}
	const text = `navigator.clipboard.writeText = async text => { window.copied = text }; ` +
		`document.querySelector("pre + button").click(); [window.copied, document.querySelector("pre").textContent]`
	b.open(t, "/docs/operating", 1440, "light")
	got := evaluate[[]string](t, b, text)
	if diff := cmp.Diff([]string{"servicedesk serve", "servicedesk serve"}, got); diff != "" {
		t.Errorf("copied and shown (-want +got):\n%s", diff)
	}
}
