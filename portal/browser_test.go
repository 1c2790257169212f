package portal_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// refused is what the console says of a page that answers 403.
const refused = "Failed to load resource: the server responded with a status of 403 (Forbidden)"

// gallery makes a page of every kind, by name: its address, and what the console may say of it.
func (c *counter) gallery(t *testing.T) map[string][2]string {
	t.Helper()
	pages := map[string][2]string{"ask": {"/tickets"}, "ask with a number": {"/tickets/10001"}, "link ended": {"/tickets/10001?t=x", refused}, "missing": {"/tickets/a/b", browser.NotFound}}
	for name, path := range map[string][]desk.Status{"open": {}, "in progress": {desk.InProgress}, "pending": {desk.InProgress, desk.Pending},
		"on hold": {desk.InProgress, desk.OnHold}, "moved": {desk.InProgress, desk.Pending, desk.InProgress, desk.Resolved, desk.InProgress},
		"resolved": {desk.InProgress, desk.Resolved}, "closed": {desk.InProgress, desk.Resolved, desk.Closed}, "cancelled": {desk.Cancelled}} {
		of := c.open(t, c.partner)
		c.say(t, c.partner, of, "Aplikasi selalu tertutup sendiri saat saya membuka mutasi.", false)
		c.say(t, c.bank, of, "Terima kasih atas laporan Anda. Mohon kirimkan:\n- tangkapan layar saat aplikasi tertutup\n- jenis dan versi ponsel Anda", false)
		if name == "moved" {
			c.say(t, c.partner, of, strings.Repeat("sangatpanjangtanpaspasi", 20)+" <b>bukan tebal</b>", false)
		}
		c.set(t, of, path...)
		if name == "in progress" {
			c.Clock.Advance(30 * 24 * time.Hour)
		}
		pages[name] = [2]string{c.link(of)}
	}
	return pages
}

func TestPagesCanBeUsedByEverybody(t *testing.T) {
	c := newCounter(t, desktest.SQLite)
	pages, tab := c.gallery(t), browser.Serve(t, c.portal)
	for name, page := range pages {
		for i, scheme := range browser.Schemes() {
			l := []desk.Language{desk.Indonesian, desk.English}[i]
			path := page[0] + map[bool]string{true: "&", false: "?"}[strings.Contains(page[0], "?")] + "lang=" + string(l)
			t.Run(fmt.Sprint(name, " ", scheme, " ", l), func(t *testing.T) {
				var expected []string
				if page[1] != "" {
					expected = page[1:]
				}
				tab.Show(t, path, browser.Wide, scheme)
				for _, width := range []int64{browser.Wide, browser.Narrow / 2, browser.Narrow} { // half: as with letters of 200 %
					tab.Turn(t, width, scheme)
					tab.Fits(t, width, scheme, expected...)
					expected = nil
					picture(t, tab, fmt.Sprint(name, "-", width, "-", scheme, "-", l))
				}
				tab.Readable(t)
				tab.Accessible(t)
				if got := browser.Evaluate[string](t, tab, `document.documentElement.lang`); got != string(l) {
					t.Errorf("the page says that it is in %q", got)
				}
			})
		}
	}
}

// picture keeps what a page looks like in the folder that SERVICEDESK_PICTURES names, for people to look at.
func picture(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	if folder := os.Getenv("SERVICEDESK_PICTURES"); folder != "" {
		must(t, os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".png"), tab.Picture(t), 0o600))
	}
}

func TestACustomerComesFromTheFormToTheTicketAndBackWithTheBrowser(t *testing.T) {
	c := newCounter(t, desktest.SQLite)
	of := c.open(t, c.partner)
	referers := make(chan string, 100)
	tab := browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referers <- r.Referer()
		c.portal.ServeHTTP(w, r)
	}))
	tab.Show(t, "/tickets/"+of.number+"?lang=en", browser.Narrow, "light")
	tab.Do(t, chromedp.SendKeys("#code", strings.ToLower(of.code)), chromedp.Click("button"), chromedp.WaitVisible(".panel"))
	if got := browser.Evaluate[string](t, tab, `document.querySelector("h1").textContent + " " + document.documentElement.lang`); got != "Complaint "+of.number+" en" {
		t.Errorf("the page is %q", got)
	}
	tab.Do(t, chromedp.Reload())
	tab.Do(t, chromedp.Click(".language"), chromedp.WaitVisible(`html[lang="id"] .panel`))
	if said := tab.Heard(); len(said) != 0 {
		t.Errorf("the console says %q", said)
	}
	for len(referers) > 0 {
		if from := <-referers; strings.Contains(from, "t=") {
			t.Errorf("the link is told as where a request comes from: %s", from)
		}
	}
}
