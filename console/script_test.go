package console_test

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// evil is a text that runs a script wherever it is not made a text: in an element, a title, an attribute, an address.
const evil = `"'></title></textarea></script><script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1>{{.}}`

// shortEvil is one for fields that hold little.
const shortEvil = `'"><img src=x onerror=window.ran=1>`

// poison puts evil texts wherever somebody can put a text, and returns the ticket that has most of them.
func poison(t *testing.T, h *hall) *desk.Ticket {
	t.Helper()
	metadata, err := json.Marshal(map[string]any{evil: evil, "link": "javascript:window.ran=1", "nested": map[string]any{shortEvil: []string{evil}}})
	noError(t, err)
	draft := desk.TicketDraft{Channel: "EMAIL", ServiceType: "CARD_ISSUE", Title: evil, Description: evil, ChannelReference: shortEvil, Metadata: desk.Metadata{JSON: string(metadata)},
		Customer: desk.Customer{Name: evil, Email: "sarah@email.com", Phone: "+628123456789", Identifier: shortEvil, BranchCode: shortEvil, Department: evil}, Attachments: []desk.Attachment{aFile(shortEvil + ".txt")}}
	o, err := h.App.OpenTicket(t.Context(), h.partner, draft, app.Once[app.Opened]{})
	noError(t, err)
	draft.ChannelReference, draft.Attachments = "", nil // the same customer's, for the history
	_, err = h.App.OpenTicket(t.Context(), h.partner, draft, app.Once[app.Opened]{})
	noError(t, err)
	boss := h.employ(t, desk.Agent{Email: "boss@bank.example", Name: evil, Role: desk.RoleSupervisor, Groups: []string{"CARD_SERVICES"}})
	ani := h.employ(t, desk.Agent{Email: "ani@bank.example", Name: shortEvil, Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	change := app.Change{Ticket: numberOf(o.Ticket)}
	step := func(_ app.Changed, err error) { t.Helper(); noError(t, err) }
	step(h.App.AddComment(t.Context(), h.partner, change, app.NewComment{Content: evil, Author: evil}))
	step(h.App.AddComment(t.Context(), boss.Actor(), change, app.NewComment{Content: evil}))
	step(h.App.AddComment(t.Context(), boss.Actor(), change, app.NewComment{Content: evil, Internal: true}))
	step(h.App.ChangeStatus(t.Context(), boss.Actor(), change, desk.OnHold, evil))
	step(h.App.Assign(t.Context(), boss.Actor(), change, app.Assignment{GivenAgent: true, AssigneeID: ani.ID}))
	noError(t, h.Staff.KeepDraft(t.Context(), ani.Actor(), change.Ticket, false, evil))
	_, err = h.Staff.SaveView(t.Context(), boss.Actor(), shortEvil, "*", desk.View{All: []desk.Condition{{Field: desk.ViewBranch, Not: true, Values: []string{shortEvil}}}})
	noError(t, err)
	_, err = h.Staff.Watch(t.Context(), boss.Actor(), o.Ticket.ID)
	noError(t, err)
	h.Index(t)
	return o.Ticket
}

func TestNoTextOfAnybodyRunsAsAScript(t *testing.T) {
	h := openHall(t, desktest.SQLite, "")
	ticket := poison(t, h)
	tab := browser.Open(t, h.url)
	tab.Show(t, "/sign-in?"+url.Values{"next": {"/help?x=" + shortEvil}}.Encode(), browser.Wide, "light")
	tab.Do(t, chromedp.SendKeys("#email", "ani@bank.example"), chromedp.SendKeys("#password", hallPassword), chromedp.Click("main button.primary"), chromedp.WaitVisible(".side"))
	number := numberOf(ticket)
	q := url.Values{"q": {evil}}.Encode()
	for path, shown := range map[string][]string{
		"/tickets/" + number + "?" + url.Values{"list": {shortEvil}}.Encode(): {evil, shortEvil + ".txt"},
		"/tickets/" + number + "/customer":                                    {evil},
		"/tickets":                                                            {evil, shortEvil},
		"/tickets?" + url.Values{"branch": {shortEvil}, "assignee": {evil}}.Encode(): {shortEvil},
		"/search?" + q:                           {},
		"/search?q=Sarah+onerror":                {},
		"/":                                      {evil, shortEvil},
		"/notices":                               {evil},
		"/account":                               {shortEvil},
		"/tickets/new":                           {},
		"/help?done=" + url.QueryEscape(evil):    {},
		"/tickets?view=" + url.QueryEscape(evil): {evil},
		"/tickets/" + number + "/files/" + url.PathEscape(shortEvil):  {},
		"/tickets/" + url.PathEscape(shortEvil) + "?lang=" + "%22%3E": {},
	} {
		tab.Show(t, path, browser.Wide, "light")
		inert(t, tab, path, shown...)
	}
	followLive(t, h, tab, number)
}

// inert fails the test when a text became part of the page that a tab shows; some texts have to be there as texts.
func inert(t *testing.T, tab *browser.Tab, path string, shown ...string) {
	t.Helper()
	if browser.Evaluate[bool](t, tab, `window.ran !== undefined || document.querySelector("img[src=x], svg[onload], main script") !== null`) {
		t.Errorf("%s: a text became part of the page", path)
	}
	text := browser.Evaluate[string](t, tab, `[...document.querySelectorAll("details")].forEach(d => d.open = true) || document.body.textContent`)
	for _, want := range shown {
		if !strings.Contains(text, want) {
			t.Errorf("%s: %q is not shown as a text", path, want)
		}
	}
	for _, said := range tab.Heard() {
		if said != browser.NotFound && !strings.HasPrefix(said, "[DOM] Password forms should have") {
			t.Errorf("%s: the console says %q", path, said)
		}
	}
}

// followLive lets a page change in place, with what somebody adds meanwhile.
func followLive(t *testing.T, h *hall, tab *browser.Tab, number string) {
	t.Helper()
	tab.Show(t, "/tickets/"+number, browser.Wide, "light")
	const late = "late " + evil
	_, err := h.App.AddComment(t.Context(), h.partner, app.Change{Ticket: number}, app.NewComment{Content: late})
	noError(t, err)
	h.Sequence(t)
	comesTrue(t, "the new comment in the page", func() bool {
		return strings.Contains(browser.Evaluate[string](t, tab, `document.body.textContent`), late)
	})
	inert(t, tab, "the ticket, changed in place", late)
}

func TestTheTrackingPageShowsTextsAsTexts(t *testing.T) {
	h := openHall(t, desktest.SQLite, "")
	ticket := poison(t, h)
	tab := browser.Open(t, h.url)
	tab.Show(t, strings.TrimPrefix(h.App.TrackingLink(ticket, h.Clock.Now().Add(1000*60*60*1e9)), "https://desk.example"), browser.Narrow, "light")
	if text := browser.Evaluate[string](t, tab, `document.body.textContent`); !strings.Contains(text, evil) {
		t.Errorf("the comment is not shown: %s", text)
	}
	if browser.Evaluate[bool](t, tab, `window.ran !== undefined || document.querySelector("img[src=x], svg[onload]") !== null`) {
		t.Error("a text became part of the page")
	}
	for _, said := range tab.Heard() {
		t.Errorf("the console says %q", said)
	}
}

func TestFormsThatCannotBeTakenShowWhatWasWrittenAsText(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	ticket := poison(t, h)
	ani := h.arrive(t, "ani@bank.example")
	field := url.QueryEscape(evil)
	number := numberOf(ticket)
	for path, form := range map[string]string{
		"/sign-in":                         "email=" + field + "&password=x&next=" + field,
		"/views":                           "name=" + field + "&query=" + field + "&group=" + field,
		"/tickets/new":                     "serviceType=" + field + "&channel=" + field + "&name=" + field + "&nominal=" + field + "&description=" + field + "&title=" + field + "&once=" + field + "&priority=" + field,
		"/tickets/" + number + "/reply":    "version=99&text=" + field + "&kind=" + field + "&list=" + field + "&status=" + field + "&events=" + field,
		"/tickets/" + number + "/status":   "status=" + field + "&reason=" + field,
		"/tickets/" + number + "/priority": "priority=" + field,
		"/tickets/" + number + "/group":    "group=" + field,
		"/tickets/" + number + "/unmask":   "field=phone&reason=&list=" + field,
		"/account/language":                "language=" + field,
		"/account/factor":                  "sealed=" + field + "&code=" + field,
	} {
		got := ani.post(t, path, form)
		if got.status < 400 || strings.Contains(got.body, "<script>window") || strings.Contains(got.body, "<img src=x") || strings.Contains(got.body, "<svg onload") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
		noInlineCode(t, path, got.body)
	}
}

func TestFilesAreOnlySavedWhateverTheirName(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	ani := h.arrive(t, "ani@bank.example")
	for disposition, name := range map[string]string{
		`form-data; name="files"; filename="bukti.txt"`:                                              "bukti.txt",
		`form-data; name="files"; filename*=UTF-8''a%0D%0AX-Evil%3A%201%0D%0A%0D%0Ab.txt`:            "aX-Evil: 1b.txt",
		`form-data; name="files"; filename="../../etc/passwd.txt"`:                                   "passwd.txt",
		`form-data; name="files"; filename="C:\\Users\\x\\bukti.txt"`:                                "bukti.txt",
		`form-data; name="files"; filename="a\"; filename=evil.html; x=\".txt"`:                      `a"; filename=evil.html; x=".txt`,
		`form-data; name="files"; filename*=UTF-8''%E2%80%AEtxt.exe.txt`:                             "",
		`form-data; name="files"; filename*=UTF-8''kwitansi%20%E2%82%AC.txt`:                         "kwitansi €.txt",
		`form-data; name="files"; filename*=UTF-8''%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E.txt`: "<img src=x onerror=alert(1)>.txt",
		`form-data; name="files"; filename="` + strings.Repeat("x", 100) + `4111111111111111.txt"`:   strings.Repeat("x", 100) + "****1111.txt",
	} {
		ticket := h.complain(t, "CARD_ISSUE", "001")
		path := "/tickets/" + numberOf(ticket)
		if got := ani.upload(t, path+"/reply", url.Values{"kind": {"note"}}, disposition, "text/plain", []byte("content")); got.status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", disposition, got.status, textOf(t, got.body, "div", "grow"))
			continue
		}
		work, err := h.Staff.Work(t.Context(), desk.Agent{ID: "x", Role: desk.RoleAuditor}.Actor(), numberOf(ticket))
		noError(t, err)
		file := work.Attachments[0]
		if file.UploadedBy == h.partner.Name {
			file = work.Attachments[1]
		}
		got := ani.get(t, path+"/files/"+file.ID)
		hardened(t, disposition, got)
		how, parameters, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if err != nil || how != "attachment" || name != "" && parameters["filename"] != name || got.header.Get("X-Evil") != "" || got.body != "content" || got.header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %v, saved as %s, %v", disposition, err, got.header.Get("Content-Disposition"), got.header)
		}
		if strings.ContainsAny(parameters["filename"], "\r\n/\\\x00") {
			t.Errorf("%s: saved as %q", disposition, parameters["filename"])
		}
	}
	ticket := h.complain(t, "CARD_ISSUE", "001")
	for kind, content := range map[string]string{"text/html": "<script>alert(1)</script>", "image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "image/png": "<html>", "text/plain": "<!doctype html><script>alert(1)</script>"} {
		got := ani.upload(t, "/tickets/"+numberOf(ticket)+"/reply", url.Values{"kind": {"note"}}, `form-data; name="files"; filename="a.txt"`, kind, []byte(content))
		if got.status != http.StatusBadRequest {
			t.Errorf("a page as a file of %s is taken: %s", kind, strconv.Itoa(got.status))
		}
	}
}
