package portal_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/portal"
)

func TestTheRightCodeLeadsToTheTicketForHalfAnHour(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for _, path := range []string{"/tickets", "/tickets/" + of.number} {
			body := "code=" + strings.ToLower(of.code) + map[bool]string{true: "&number=+%23" + of.number}[path == "/tickets"]
			a := c.ask(t, "POST", path, body, "Content-Type: application/x-www-form-urlencoded")
			link := a.header.Get("Location")
			if a.status != http.StatusSeeOther || !strings.HasPrefix(link, "/tickets/"+of.number+"?t=") || strings.Contains(link, of.code) || a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %d %v", path, a.status, a.header)
			}
			for range 2 {
				if a := c.ask(t, "GET", link, ""); a.status != 200 || !strings.Contains(textOf(t, a.body), "Pengaduan "+of.number) || a.header.Get("Referrer-Policy") != "no-referrer" {
					t.Fatalf("%d %v %s", a.status, a.header, a.body)
				}
			}
			c.Clock.Advance(30 * time.Minute)
			a = c.ask(t, "GET", link, "")
			if text := textOf(t, a.body); a.status != 403 || !strings.Contains(text, "Tautan ini sudah tidak berlaku.") || strings.Contains(text, "Mobile") {
				t.Errorf("after half an hour: %d %s", a.status, text)
			}
		}
	})
}

func TestTheLinkOfAnAnswerOfTheAPIOpens(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		created := c.NewKey(t, "Another", "omnichannel:*")
		a := c.Client(created.Text).Post(t, "/claims", `{"namaNasabah":"A","mediaTransaksi":"QRIS","nominal":1,"description":"D"}`)
		path := a.Text("trackingUrl")
		if page := c.ask(t, "GET", path, ""); page.status != 200 || !slices.Contains(attributes(t, page.body, "input", "value"), strings.TrimPrefix(path, "/tickets/")) {
			t.Errorf("%s: %d %s", path, page.status, page.body)
		}
	})
}

func TestWhatIsWrongLooksTheSame(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		test := c.open(t, c.Actor(c.NewTestKey(t, "Partner", "omnichannel:*")))
		want := ""
		for i, tried := range [][2]string{{of.number, "ABCD-2345"}, {of.number, ""}, {"99999", of.code}, {test.number, test.code}, {"abc", of.code}, {"", of.code}, {"0" + of.number, of.code}, {"1e4", "x"}} {
			a := c.try(t, tried[0], tried[1], i)
			a.header.Del("Content-Length")
			got := fmt.Sprint(a.status, a.header, strings.Replace(a.body, `value="`+tried[0]+`"`, `value=""`, 1))
			if i == 0 {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tried, diff)
			}
		}
		page := c.try(t, "99999", "", 99).body
		if diff := cmp.Diff([]string{"number-hint error", "code-hint error"}, attributes(t, page, "input", "aria-describedby")); diff != "" {
			t.Errorf("what the inputs are described by (-want +got):\n%s", diff)
		}
		if !strings.Contains(want, "Nomor pengaduan atau kode pantau salah.") || !strings.HasPrefix(want, "403") {
			t.Errorf("told %s", want)
		}
		for _, number := range []string{of.number, "99999", test.number, "abc"} {
			a := c.ask(t, "GET", "/tickets/"+number, "")
			if b := c.ask(t, "GET", "/tickets/77777", ""); a.status != 200 || strings.Replace(a.body, number, "", 1) != strings.Replace(b.body, "77777", "", 1) {
				t.Errorf("%s is asked for in another way than another number: %d %s", number, a.status, a.body)
			}
		}
	})
}

func TestWhoTriesTooOftenIsToldToWait(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for _, number := range []string{of.number, "99999"} {
			for i := range 5 {
				if a := c.try(t, number, "", i); a.status != 403 {
					t.Fatalf("try %d: %d", i, a.status)
				}
			}
			a := c.try(t, number, of.code, 9)
			if a.status != 429 || a.header.Get("Retry-After") != "300" || a.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(textOf(t, a.body), "Coba lagi dalam 5 menit") {
				t.Errorf("%s: %d %v %s", number, a.status, a.header, a.body)
			}
		}
		if a := c.ask(t, "GET", c.link(of), ""); a.status != 200 {
			t.Errorf("a signed link counts as a try: %d", a.status)
		}
		c.Clock.Advance(5 * time.Minute)
		if a := c.try(t, of.number, of.code, 9); a.status != 303 {
			t.Errorf("after five minutes: %d", a.status)
		}
		for i := range 5 {
			if a := c.try(t, of.number, "", i); a.status != 403 {
				t.Errorf("the right code gave no tries back: %d at %d", a.status, i)
			}
		}
	})
}

func TestNothingIsShownThatIsNotTheCustomersToSee(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		c.say(t, c.partner, of, "Masih sama", false)
		c.say(t, c.bank, of, "SECRET-note", true)
		c.say(t, c.bank, of, "Mohon kirim tangkapan layar", false)
		_, err := c.App.Attach(t.Context(), c.partner, app.Change{Ticket: of.number}, []desk.Attachment{{Filename: "layar.txt", MIME: "text/plain", Content: []byte("x"), Size: 1, DeclaredSize: -1, Description: "SECRET-file"}})
		must(t, err)
		c.set(t, of, desk.InProgress, desk.Pending)
		for l, want := range map[string][]string{
			"id": {"Menunggu kelengkapan dari Anda", "Yang kami minta Mohon kirim tangkapan layar", "Mobile Banking (BSGtouch)", "Kamis, 19 Desember 2024 pukul 18.30 WITA",
				"Diterima 19 Desember 2024 pukul 18.30 WITA", "Anda 19 Desember 2024 pukul 18.30 WITA Masih sama", "Bank SulutGo · John Tech", "layar.txt", "kami menunggu Anda"},
			"en": {"Waiting for something from you", "Mobile Banking Support", "Thursday, 19 December 2024 at 18:30 WITA", "You 19 December 2024", "we have been waiting for you"},
		} {
			a := c.ask(t, "GET", c.link(of)+"&lang="+l, "")
			text := textOf(t, a.body)
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%s: %q is not on the page:\n%s", l, part, text)
				}
			}
			for _, secret := range []string{"SECRET", "secret", "+62", desk.ViaOmnichannel, "Sarah", of.code, of.ID, of.PartnerID, "<script", "style="} {
				if strings.Contains(a.body, secret) {
					t.Errorf("%s: %q is on the page:\n%s", l, secret, a.body)
				}
			}
		}
	})
}

func TestASettledTicketNamesThePathsAfterTheBank(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for _, step := range []struct {
			to    desk.Status
			paths bool
			says  string
		}{{desk.InProgress, false, "Sedang diproses"}, {desk.OnHold, false, "Menunggu konfirmasi pihak terkait"}, {desk.Resolved, true, "Selesai ditangani, menunggu konfirmasi Anda"}, {desk.Closed, true, "Selesai"}} {
			c.set(t, of, step.to)
			text := textOf(t, c.ask(t, "GET", c.link(of), "").body)
			if !strings.Contains(text, step.says) {
				t.Errorf("%s: %s", step.to, text)
			}
			for _, path := range []string{"APPK OJK", "LAPS SJK", "131"} {
				if strings.Contains(text, path) != step.paths {
					t.Errorf("%s: %s is named: %v", step.to, path, !step.paths)
				}
			}
		}
	})
}

func TestTheLanguageIsIndonesianUnlessEnglishIsAskedFor(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for _, try := range []struct{ query, accept, want string }{
			{"", "", "id"}, {"", "fr", "id"}, {"", "*", "id"}, {"", "en-US,en;q=0.9,id;q=0.8", "en"}, {"", "id,en;q=0.5", "id"},
			{"lang=en", "id", "en"}, {"lang=id", "en", "id"}, {"lang=fr", "", "id"},
		} {
			a := c.ask(t, "GET", "/tickets/10001?"+try.query, "", "Accept-Language: "+try.accept)
			if got := attributes(t, a.body, "html", "lang"); !slices.Equal(got, []string{try.want}) {
				t.Errorf("%+v: %q", try, got)
			}
		}
		a := c.ask(t, "GET", "/tickets?lang=en", "")
		if got := attributes(t, a.body, "form", "action"); !slices.Equal(got, []string{"/tickets?lang=en"}) {
			t.Errorf("the form goes to %q", got)
		}
		a = c.ask(t, "POST", "/tickets?lang=en", "number="+of.number+"&code="+of.code, "Content-Type: application/x-www-form-urlencoded")
		link := a.header.Get("Location")
		a = c.ask(t, "GET", link, "")
		if got := attributes(t, a.body, "html", "lang"); !slices.Equal(got, []string{"en"}) {
			t.Errorf("%s is in %q", link, got)
		}
		other := attributes(t, a.body, "a", "href")[2]
		if a := c.ask(t, "GET", "/tickets/"+of.number+other, ""); a.status != 200 || attributes(t, a.body, "html", "lang")[0] != "id" {
			t.Errorf("the other language is at %s: %d", other, a.status)
		}
	})
}

func TestErrorsArePages(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		const form = "Content-Type: application/x-www-form-urlencoded"
		for _, try := range []struct {
			method, path, body, header string
			status                     int
			says                       string
		}{
			{"GET", "/tickets/10001/x", "", "", 404, "Halaman tidak ditemukan"},
			{"GET", "/tickets/?lang=en", "", "", 404, "Page not found"},
			{"GET", portal.Static + "/portal.css", "", "", 404, "Halaman tidak ditemukan"},
			{"PUT", "/tickets/10001", "", "", 405, "GET, HEAD, POST"},
			{"POST", "/tickets?lang=en", "{}", "Content-Type: application/json", 415, "The form cannot be read"},
			{"POST", "/tickets?lang=en", "number=" + strings.Repeat("1", 5000), form, 413, "more text than is accepted"},
			{"POST", "/tickets?lang=en", "number=%00", form, 400, "The form cannot be read"},
		} {
			a := c.ask(t, try.method, try.path, try.body, try.header)
			if text := textOf(t, a.body); a.status != try.status || !strings.Contains(text, try.says) || !strings.Contains(text, "request-1") || a.header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s %s: %d %v %s", try.method, try.path, a.status, a.header, text)
			}
		}
		must(t, c.Store.Close())
		if a := c.try(t, "10001", "ABCD-2345", 0); a.status < 500 || !strings.Contains(textOf(t, a.body), "request-1") || strings.Contains(a.body, "sql") || strings.Contains(a.body, "closed") {
			t.Errorf("without a database: %d %s", a.status, a.body)
		}
	})
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for headers, status := range map[string]int{
			"Sec-Fetch-Site: cross-site": 403, "Sec-Fetch-Site: same-site": 403, "Origin: https://evil.example": 403, "Origin: null": 403,
			"Sec-Fetch-Site: same-origin": 303, "Origin: http://example.com": 303, "Origin: https://desk.example": 303, "Accept: */*": 303,
		} {
			a := c.try(t, of.number, of.code, 0, headers)
			if a.status != status || (status == 403) != strings.Contains(textOf(t, a.body), "bukan dari halaman kami") {
				t.Errorf("%s: %d, want %d: %s", headers, a.status, status, textOf(t, a.body))
			}
		}
	})
}

func TestEveryPageIsSmallAndKeepsToItself(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		for i := range 10 {
			c.say(t, []desk.Actor{c.partner, c.bank}[i%2], of, strings.Repeat("Mohon ditindaklanjuti. ", 20), false)
		}
		c.set(t, of, desk.InProgress, desk.Pending, desk.InProgress, desk.Resolved)
		for _, path := range []string{"/tickets", "/tickets/" + of.number, "/tickets/a/b", c.link(of)} {
			a := c.ask(t, "GET", path, "")
			size := len(a.body)
			for _, file := range append(attributes(t, a.body, "link", "href"), attributes(t, a.body, "img", "src")...) {
				f := c.ask(t, "GET", file, "")
				if f.status != 200 || f.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || f.header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s: %d %v", file, f.status, f.header)
				}
				size += len(f.body)
			}
			if size > 30_000 {
				t.Errorf("%s has %d bytes with its style and icon", path, size)
			}
			t.Logf("%s: %d bytes in all", path, size)
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options":  "nosniff", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
		}
	})
}

func TestNeitherCodesNorLinksAreLogged(t *testing.T) {
	onCounters(t, func(t *testing.T, c *counter) {
		of := c.open(t, c.partner)
		link := c.try(t, of.number, of.code, 0).header.Get("Location")
		c.ask(t, "GET", link, "")
		c.try(t, of.number, "ABCD-2345", 0)
		_, signature, _ := strings.Cut(link, "?t=")
		log := c.Log.String()
		for _, secret := range []string{of.code, signature, "ABCD-2345"} {
			if strings.Contains(log, secret) {
				t.Errorf("%q is in the log:\n%s", secret, log)
			}
		}
		if !strings.Contains(log, `"operation":"track","method":"GET","status":200`) || !strings.Contains(log, `"ticket":`+of.number) {
			t.Errorf("the log does not tell of the page:\n%s", log)
		}
	})
}
