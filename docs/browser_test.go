package docs_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/docs"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

func TestPagesFitTheirWindowInBothColourSchemesWithoutAComplaint(t *testing.T) {
	paths := []string{docs.Root + "/nothing"}
	for path := range crawl(t) {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	b := browser.Serve(t, newSite(t))
	for _, path := range paths {
		b.Show(t, path, browser.Wide, "light")
		if path == docs.Root+"/nothing" {
			if said := b.Heard(); !slices.Equal(said, []string{browser.NotFound}) {
				t.Errorf("the console says %q of a page that is missing", said)
			}
		}
		for _, width := range browser.Widths() {
			for _, scheme := range browser.Schemes() {
				t.Run(fmt.Sprintf("%s %d %s", path, width, scheme), func(t *testing.T) {
					b.Turn(t, width, scheme)
					b.Fits(t, width, scheme)
				})
			}
		}
	}
}

// sampleOfOperations leaves every fifth operation of the reference: all are of one template, and axe takes the time of their
// number squared.
const sampleOfOperations = `document.querySelectorAll("article.op").forEach((e, i) => { if (i % 5) e.remove() }), true`

func TestPagesCanBeReadByEverybodyInBothColourSchemes(t *testing.T) {
	b := browser.Serve(t, newSite(t))
	for _, scheme := range browser.Schemes() {
		for _, path := range []string{"/docs", "/docs/api", "/docs/operating"} {
			t.Run(path+" "+scheme, func(t *testing.T) {
				b.Show(t, path, browser.Wide, scheme)
				b.Readable(t)
				if os.Getenv("SERVICEDESK_SOAK") != "full" {
					browser.Evaluate[bool](t, b, sampleOfOperations)
				}
				if scheme == "light" {
					b.Accessible(t) // takes seconds; that colours have contrast is known by now
				}
			})
		}
	}
}

func TestAnAddressOfAnErrorOpensItsFold(t *testing.T) {
	b := browser.Serve(t, newSite(t))
	b.Show(t, "/docs/api#updateTicket-412", browser.Wide, "light")
	const isOpen = `document.getElementById("updateTicket-412").open`
	if !browser.Evaluate[bool](t, b, isOpen) {
		t.Error("the answer 412 stays folded")
	}
	if browser.Evaluate[bool](t, b, `document.getElementById("updateTicket-400").open`) {
		t.Error("the answer 400 is open although nobody asked for it")
	}
}

func TestEverySampleHasACopyButton(t *testing.T) {
	b := browser.Serve(t, newSite(t))
	for _, path := range []string{"/docs/api", "/docs/getting-started"} {
		b.Show(t, path, browser.Wide, "light")
		samples := browser.Evaluate[int](t, b, `document.querySelectorAll("pre, [data-copy]").length`)
		buttons := browser.Evaluate[int](t, b, `document.querySelectorAll("button.copy").length`)
		if samples == 0 || samples != buttons {
			t.Errorf("%s has %d samples and %d buttons", path, samples, buttons)
		}
	}
	const text = `navigator.clipboard.writeText = async text => { window.copied = text }; ` +
		`document.querySelector("pre + button").click(); [window.copied, document.querySelector("pre").textContent]`
	b.Show(t, "/docs/operating", browser.Wide, "light")
	got := browser.Evaluate[[]string](t, b, text)
	if diff := cmp.Diff([]string{"servicedesk serve", "servicedesk serve"}, got); diff != "" {
		t.Errorf("copied and shown (-want +got):\n%s", diff)
	}
}
