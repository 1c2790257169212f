package console_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// exhibit is a page, or a state of one: where it is, what leads to it there, and what the console of the browser may say.
type exhibit struct {
	path   string
	then   []chromedp.Action[chromedp.Void]
	said   []string
	signed bool // it is looked at by those who work; else by somebody who is not signed in

	english bool // it is looked at in English too: other lengths of words may not fit
}

// gallery is a desk with much and long data, and the tabs of those who look at it: two who may do everything, each in a
// language, and nobody.
type gallery struct {
	*floor
	tabs             map[desk.Language]*browser.Tab
	nobody           *browser.Tab
	short, long, end string // numbers of tickets
	person, webhook  string // ids
}

// endless is a word without a place to break it.
var endless = strings.Repeat("sangatpanjangtanpaspasi", 8)

func newGallery(t *testing.T) *gallery {
	t.Helper()
	f := newFloor(t, desktest.SQLite)
	operator := desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator", Permissions: desk.RoleAdmin.Permissions()}
	must(t, f.Staff.SetFactorRoles(t.Context(), operator, nil))
	groups := slices.Sorted(maps.Keys(f.App.Reference().Groups))
	g := &gallery{floor: f, nobody: f.open(t), tabs: map[desk.Language]*browser.Tab{}}
	var workers []desk.Agent
	for l, name := range map[desk.Language]string{desk.Indonesian: "Ani", desk.English: "Bob " + endless} {
		a, err := f.App.CreateAgent(t.Context(), operator, desk.Agent{Email: string(l) + "@bank.example", Name: name, Role: desk.RoleAdmin, Groups: groups, Branch: "001",
			Password: cheapHash, Language: l}, false)
		must(t, err)
		workers = append(workers, a)
		g.tabs[l] = f.beside(t, g.nobody)
		f.signIn(t, g.tabs[l], a)
	}
	g.short = f.claim(t, "Ahmad Suryanto")
	g.end = f.claim(t, "Sarah Johnson")
	_, err := f.App.ChangeStatus(t.Context(), workers[0].Actor(), app.Change{Ticket: g.end}, desk.Cancelled, "salah kirim")
	must(t, err)
	g.long = f.longTicket(t, workers)
	g.person = workers[1].ID
	targets, _, err := f.App.TargetsOf(t.Context(), workers[0].Actor(), f.partner.PartnerID, "", 1)
	must(t, err)
	g.webhook = targets[0].Target.ID
	f.Index(t)
	return g
}

// longTicket makes a ticket whose every text is long, and news of it for everybody.
func (f *floor) longTicket(t *testing.T, workers []desk.Agent) string {
	t.Helper()
	o, err := f.App.OpenTicket(t.Context(), f.partner, desk.TicketDraft{Integration: desk.Integration{WebhookURL: "https://partner.example/" + endless}, Channel: "EMAIL", ServiceType: "COMPLAINT", Title: "Judul " + endless, Description: "Uraian\n" + endless,
		ChannelReference: "REF-" + endless[:90], Metadata: desk.Metadata{JSON: `{"` + endless + `":{"dalam":["` + endless + `",1,true]}}`},
		Customer: desk.Customer{Name: "Nama " + endless, Email: "x" + endless[:60] + "@email.com", Phone: "+628123456789", Identifier: endless[:100], Department: endless}}, app.Once[app.Opened]{})
	must(t, err)
	number := fmt.Sprint(o.Ticket.Number)
	for _, w := range workers {
		_, err := f.App.Assign(t.Context(), workers[0].Actor(), app.Change{Ticket: number}, app.Assignment{GivenAgent: true, AssigneeID: w.ID})
		must(t, err)
		f.say(t, w, number, "Balasan "+endless+"\nhttps://bank.example/"+endless)
		_, err = f.App.AddComment(t.Context(), w.Actor(), app.Change{Ticket: number}, app.NewComment{Content: "Catatan " + endless, Internal: true})
		must(t, err)
	}
	_, err = f.App.Attach(t.Context(), workers[0].Actor(), app.Change{Ticket: number}, []desk.Attachment{{Filename: endless + ".txt", MIME: "text/plain", Content: []byte("x"), DeclaredSize: -1}})
	must(t, err)
	_, err = f.App.ChangeStatus(t.Context(), workers[0].Actor(), app.Change{Ticket: number}, desk.InProgress, "alasan "+endless)
	must(t, err)
	_, err = f.Staff.SaveView(t.Context(), workers[0].Actor(), endless[:60], "*", desk.View{})
	must(t, err)
	return number
}

// fromRoutes are the exhibits of every page that can be asked for, by its pattern, so that none is forgotten.
func (g *gallery) fromRoutes(t *testing.T) map[string]exhibit {
	t.Helper()
	exhibits := map[string]exhibit{}
	for _, pattern := range g.pages.Patterns() {
		path, get := strings.CutPrefix(pattern, http.MethodGet+" ")
		if !get || slices.Contains([]string{"/live", "/tickets/{number}/files/{id}", "/sign-in", "/sign-in/code"}, path) {
			continue // no pages, or pages of those who are not signed in yet
		}
		path = strings.NewReplacer("{number}", g.long, "{$}", "", "/people/{id}", "/people/"+g.person, "/webhooks/{id}", "/webhooks/"+g.webhook).Replace(path)
		if strings.Contains(path, "{") {
			t.Errorf("nobody says which page to look at for %s", pattern)
		}
		exhibits[pattern] = exhibit{path: path, signed: true, english: true}
	}
	return exhibits
}

// exhibits are all pages and states of pages.
func (g *gallery) exhibits(t *testing.T) map[string]exhibit {
	t.Helper()
	click := func(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(selector) }
	free := evaluate(`document.querySelectorAll("[required]").forEach(e => e.required = false)`)
	all := g.fromRoutes(t)
	maps.Copy(all, map[string]exhibit{
		"ticket, short":    {path: "/tickets/" + g.short + "?list=order%3Ddue%26status%3Dactive&done=replied:" + g.short + "", signed: true},
		"ticket, finished": {path: "/tickets/" + g.end, signed: true},
		"ticket, menus": {path: "/tickets/" + g.long, signed: true, english: true, then: []chromedp.Action[chromedp.Void]{click(".unmask summary"), chromedp.SendKeys("#why-phone", "x"),
			click(".unmask button"), chromedp.WaitVisible("b.mono"), evaluate(`document.querySelectorAll("main details").forEach(d => d.open = true)`)}},
		"ticket, no reason":    {path: "/tickets/" + g.long, signed: true, said: []string{invalid}, then: []chromedp.Action[chromedp.Void]{free, click(".unmask summary"), click(".unmask button"), chromedp.WaitVisible(".fault")}},
		"ticket, refused":      {path: "/tickets/" + g.long, signed: true, said: []string{invalid}, then: []chromedp.Action[chromedp.Void]{click("#send"), chromedp.WaitVisible("#compose .message.bad")}},
		"list, filter":         {path: "/tickets?status=active&any.sla=breached&-priority=LOW&branch=001", signed: true, english: true, then: []chromedp.Action[chromedp.Void]{click("#filter summary")}},
		"list, save":           {path: "/tickets", signed: true, said: []string{invalid}, then: []chromedp.Action[chromedp.Void]{free, click("#save summary"), click("#save button"), chromedp.WaitVisible("#save .fault")}},
		"search, found":        {path: "/search?q=balasan", signed: true},
		"search, found nobody": {path: "/search?q=" + endless, signed: true},
		"new, refused":         {path: "/tickets/new", signed: true, said: []string{invalid}, then: []chromedp.Action[chromedp.Void]{free, click("main button.primary"), chromedp.WaitVisible(".message.bad")}},
		"new, made": {path: "/tickets/new", signed: true, then: []chromedp.Action[chromedp.Void]{chromedp.SendKeys("#name", "Ahmad"), chromedp.SendKeys("#description", "x"),
			click("main button.primary"), chromedp.WaitVisible("dd.mono")}},
		"missing":          {path: "/tickets/99999", signed: true, said: []string{browser.NotFound}},
		"own menu":         {path: "/help", signed: true, then: []chromedp.Action[chromedp.Void]{click("#me summary")}},
		"sign-in":          {path: "/sign-in"},
		"sign-in, refused": {path: "/sign-in", said: []string{unauthorized}, then: []chromedp.Action[chromedp.Void]{chromedp.SendKeys("#email", "x@y.id"), chromedp.SendKeys("#password", "x"), click(".form button"), chromedp.WaitVisible(".message.bad")}},
	})
	return all
}

const unauthorized = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"

// evaluate runs JavaScript in the page.
func evaluate(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](script+"; true")(ctx, target)
		return chromedp.Void{}, err
	}
}

// A view is a window in which pages are looked at.
type view struct {
	width  int64
	scheme string
}

// views are the windows for a language: over both, each width and each theme.
func views(l desk.Language) []view {
	switch {
	case l == desk.English && os.Getenv("SERVICEDESK_SOAK") != "full":
		return []view{{browser.Middle, "light"}}
	case l == desk.English:
		return []view{{browser.Middle, "light"}, {browser.Narrow, "dark"}}
	case os.Getenv("SERVICEDESK_SOAK") != "full":
		return []view{{browser.Narrow, "light"}, {browser.Wide, "dark"}}
	}
	return []view{{browser.Narrow, "light"}, {browser.Wide, "light"}, {browser.Wide, "dark"}}
}

func TestEveryPageFitsAndKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	all := g.exhibits(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := all[name]
		for l, tab := range g.tabs {
			if !e.signed {
				tab = g.nobody
			}
			if l == desk.English && !e.english {
				continue
			}
			t.Run(name+" "+string(l), func(t *testing.T) {
				tab.Show(t, e.path, browser.Wide, "light")
				within, stop := context.WithTimeout(tab.Context(), patience)
				defer stop()
				must(t, chromedp.Do(within, e.then...))
				look(t, tab, name+"-"+string(l), l, e.said...)
			})
		}
	}
}

// axes reports whether axe looks at a page in a theme: in one of them, and in a soak in both. It takes most of the time, and
// the languages differ in their words only.
func axes(l desk.Language, name, scheme string) bool {
	full := os.Getenv("SERVICEDESK_SOAK") == "full"
	return l == desk.Indonesian && (full || scheme == browser.Schemes()[len(name)%2])
}

// look looks at the page that a tab shows, in the windows for a language.
func look(t *testing.T, tab *browser.Tab, name string, l desk.Language, said ...string) {
	t.Helper()
	read := ""
	for _, v := range views(l) {
		tab.Turn(t, v.width, v.scheme)
		tab.Fits(t, v.width, v.scheme, said...)
		said = nil
		if read != v.scheme {
			tab.Readable(t)
			if axes(l, name, v.scheme) {
				tab.Accessible(t)
			}
			read = v.scheme
		}
		if folder := os.Getenv("SERVICEDESK_PICTURES"); folder != "" {
			file := strings.NewReplacer(" ", "-", "/", "_", "{", "", "}", "").Replace(fmt.Sprint(name, "-", v.width, "-", v.scheme, ".png"))
			must(t, os.WriteFile(filepath.Join(folder, file), tab.Picture(t), 0o600))
		}
	}
}

func TestPagesOfABeginnerFitAndKeepNobodyOut(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	tab := f.open(t)
	a, err := f.App.CreateAgent(t.Context(), desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"},
		desk.Agent{Email: "new@bank.example", Name: "Baru", Role: desk.RoleAgent, Password: cheapHash, Language: desk.English}, true)
	must(t, err)
	seen := func(name string) {
		t.Helper()
		look(t, tab, name, desk.Indonesian)
	}
	f.signIn(t, tab, a)
	until(t, tab, loaded+has("h1", "New password"))
	seen("password")
	tab.Do(t, chromedp.SendKeys("#old", passphrase), chromedp.SendKeys("#new", passphrase+" new"), chromedp.SendKeys("#again", passphrase+" new"), chromedp.Click(".form button.primary"))
	until(t, tab, loaded+has("h1", "Dashboard"))
	for _, path := range []string{"/", "/tickets", "/tickets?status=active", "/notices", "/search?q=x"} {
		tab.Show(t, path, browser.Wide, "light")
		seen("nothing in " + path)
	}
	f.enrol(t, tab)
	seen("codes")
	tab.Show(t, "/account", browser.Wide, "light")
	until(t, tab, has("p", "Recovery codes left: 10."))
	seen("account with a factor")
	tab.Do(t, chromedp.Click("#me summary"), chromedp.Click("#me button.item"))
	until(t, tab, loaded+`location.pathname === "/sign-in"`)
	tab.Heard() // that everything of the site was cleared
	tab.Do(t, chromedp.SendKeys("#email", a.Email), chromedp.SendKeys("#password", passphrase+" new"), chromedp.Click(".form button.primary"))
	until(t, tab, loaded+has("h1", "Verification code"))
	seen("code")
}
