package console_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// The demo shows what the agents' guide tells. `make screenshots` keeps the pictures in docs/images.
func TestTheDemoShowsThePicturesOfTheGuide(t *testing.T) {
	in := desktest.NewInstallation(t, desktest.SQLite)
	p := in.Serve(t, "--demo")
	var password []byte
	desktest.Await(t, patience, "the demo has a password", func() (ok bool) {
		content, err := os.ReadFile(filepath.Join(in.Folder, "demo-password"))
		password = content
		return err == nil
	})
	tab := browser.Open(t, p.URL)
	tab.Show(t, "/sign-in", browser.Wide, "light")
	tab.Do(t, chromedp.SendKeys("#email", "grace.wowor@bank.example"), chromedp.SendKeys("#password", strings.TrimSpace(string(password))), chromedp.Click(".form button.primary"))
	until(t, tab, has("h1", "Dasbor"))
	for _, shot := range []struct{ name, path, shows string }{
		{"agent-home", "/", has(".tally", "Tiket saya")},
		{"agent-list", "/tickets?status=active&order=due", has(".row", "Card Services")},
		{"agent-ticket", "/tickets/10052", has(".said.bank", "Kas ATM")},
	} {
		tab.Show(t, shot.path, browser.Wide, "light")
		until(t, tab, shot.shows)
		picture := tab.Picture(t)
		if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
			t.Errorf("%s: %v", shot.name, err)
		}
		if folder := os.Getenv("SERVICEDESK_PICTURES"); folder != "" {
			must(t, os.WriteFile(filepath.Join(folder, shot.name+".png"), picture, 0o644))
		}
	}
	p.Stop(t)
	must(t, desktest.RemoveProgram())
}
