package console_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// What the console of a browser says of a page that answers 409 or 400.
const (
	conflict = "Failed to load resource: the server responded with a status of 409 (Conflict)"
	invalid  = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
)

// keys presses keys one after the other, wherever the focus is. A key types nothing when a script takes it for itself, as
// with people: chromedp's own KeyEvent types always.
func keys(t *testing.T, tab *browser.Tab, keys string, modifiers ...chromedp.Modifier) {
	t.Helper()
	for _, key := range keys {
		events := kb.Encode(key)
		down, up := events[0], events[len(events)-1]
		if char := events[1]; char.Type == kb.KeyChar && len(modifiers) == 0 {
			down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, char.Text, char.UnmodifiedText
		}
		for _, e := range []*input.DispatchKeyEventParams{down, up} {
			chromedp.KeyModifiers(modifiers...)(e)
			_, err := chromedp.Call(tab.Context(), input.DispatchKeyEvent, *e)
			must(t, err)
		}
	}
}

// wantQuiet fails the test when the console of a browser said something else.
func wantQuiet(t *testing.T, tab *browser.Tab, expected ...string) {
	t.Helper()
	if said, want := strings.Join(tab.Heard(), "\n"), strings.Join(expected, "\n"); said != want {
		t.Errorf("the console says %q, want %q", said, want)
	}
}

const loaded = `document.readyState === "complete" && `

func TestAnAgentWorksByKeyboardAlone(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina, budi := f.hire(t, "Rina", desk.RoleAgent, claims), f.hire(t, "Budi", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	f.Clock.Advance(time.Minute) // the other one is due later
	second := f.claim(t, "Sarah Johnson")
	tab := f.open(t)
	tab.Show(t, "/sign-in", browser.Wide, "light")
	until(t, tab, loaded+`document.activeElement.id === "email"`)
	keys(t, tab, rina.Email)
	until(t, tab, `document.querySelector("#email").value === "`+rina.Email+`"`)
	keys(t, tab, kb.Tab+passphrase+kb.Enter)
	until(t, tab, loaded+has("h1", "Dasbor"))
	keys(t, tab, "gq")
	until(t, tab, loaded+has("h1", "Belum Ditugaskan"))
	keys(t, tab, "jjk")
	until(t, tab, `document.querySelector(".row.at").id === "t`+number+`" && document.activeElement.closest(".row.at")`)
	keys(t, tab, "o")
	until(t, tab, loaded+`document.querySelector("#take")`)
	keys(t, tab, "m")
	until(t, tab, loaded+has(".message.good", "Tiket Anda ambil alih."))
	keys(t, tab, "r")
	keys(t, tab, "Kami periksa?"+kb.Enter+"Salam, j o m")
	keys(t, tab, kb.Enter, chromedp.ModifierCtrl)
	until(t, tab, loaded+has(".message.good", "Balasan terkirim untuk ")+" && "+`document.querySelector(".said.bank .text").textContent === "Kami periksa?\nSalam, j o m"`)
	keys(t, tab, "n")
	keys(t, tab, "catatan"+kb.Escape)
	until(t, tab, `document.activeElement === document.body`)
	keys(t, tab, "n")
	keys(t, tab, kb.Enter, chromedp.ModifierCtrl)
	until(t, tab, loaded+has(".message.good", "Catatan tersimpan pada "+number)+" && "+`document.querySelector(".said.note .text").textContent === "catatan"`)
	keys(t, tab, "s"+kb.Enter) // nothing is chosen yet
	until(t, tab, `document.querySelector("#do-status[open] [name=status]") === document.activeElement && !document.querySelector("#do-status :checked")`)
	keys(t, tab, kb.ArrowDown+kb.Enter)
	until(t, tab, loaded+has(".message.good", "Status diubah.")+" && "+has(".head .badge", "Ditangguhkan"))
	keys(t, tab, "pj"+kb.Escape)
	until(t, tab, `!document.querySelector("details.pop[open]") && document.activeElement.closest("#do-priority")`)
	keys(t, tab, "a"+"B")
	until(t, tab, `document.getElementById("assignee").value === "`+budi.ID+`"`)
	keys(t, tab, kb.Tab+kb.Enter)
	until(t, tab, loaded+has(".message.good", "Penanggung jawab diubah.")+" && "+has("#part-ticket", "Budi"))
	keys(t, tab, "/"+second+kb.Enter)
	until(t, tab, loaded+has("#part-customer", "Sarah Johnson"))
	wantQuiet(t, tab)
}

func TestThePaletteAndTheHelpAreReachedByKeys(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	_, err := f.App.Assign(t.Context(), f.hire(t, "Budi", desk.RoleAgent, claims).Actor(), app.Change{Ticket: number}, app.Assignment{GivenAgent: true, AssigneeID: rina.ID}) // so that the bell has a number
	must(t, err)
	tab := f.open(t)
	f.signIn(t, tab, rina)
	keys(t, tab, "k", chromedp.ModifierCtrl)
	until(t, tab, `document.querySelector("#palette[open] #palette-input") === document.activeElement && document.querySelectorAll("[role=option]").length > 5`)
	if names := browser.Evaluate[[]string](t, tab, `[...document.querySelectorAll("[role=option]")].map(o => o.textContent)`); !slices.Contains(names, "Pemberitahuan") || slices.Contains(names, "1") {
		t.Errorf("the palette offers %q", names)
	}
	tab.Accessible(t)
	keys(t, tab, number+kb.Enter)
	until(t, tab, loaded+has("#part-customer", "Ahmad Suryanto"))
	keys(t, tab, "k", chromedp.ModifierCtrl)
	keys(t, tab, "unit"+kb.ArrowDown+kb.ArrowUp+kb.Enter)
	until(t, tab, `document.querySelector("#do-group[open] select") === document.activeElement`)
	keys(t, tab, kb.Escape+"k", chromedp.ModifierCtrl)
	keys(t, tab, kb.Escape)
	until(t, tab, `!document.querySelector("dialog[open]")`)
	keys(t, tab, "?")
	until(t, tab, `document.getElementById("keys").open`)
	tab.Accessible(t)
	keys(t, tab, " ") // the first thing there: the switch of the shortcuts
	keys(t, tab, kb.Escape)
	until(t, tab, `!document.getElementById("keys").open && document.getElementById("keys-off").checked`)
	keys(t, tab, "r?")
	if browser.Evaluate[bool](t, tab, `document.getElementById("keys").open || document.activeElement.id === "text"`) {
		t.Error("letters do something after they were switched off")
	}
	tab.Do(t, chromedp.Reload())
	keys(t, tab, "r")
	keys(t, tab, "k", chromedp.ModifierCtrl)
	until(t, tab, `document.getElementById("palette").open`)
	keys(t, tab, "dasbor"+kb.Enter)
	until(t, tab, loaded+has("h1", "Dasbor"))
	wantQuiet(t, tab)
}

func TestAnAgentWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina, budi := f.hire(t, "Rina", desk.RoleAgent, claims, "DUKUNGAN_LAYANAN"), f.hire(t, "Budi", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	tab := f.open(t)
	if _, err := chromedp.Call(tab.Context(), emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	f.signIn(t, tab, rina)
	click := func(selector, want string) {
		t.Helper()
		tab.Do(t, chromedp.Click(selector))
		until(t, tab, loaded+want)
	}
	click(`.side a[href="/tickets"]`, has(".row", "Ahmad Suryanto"))
	tab.Do(t, chromedp.Click("#filter summary"), chromedp.Click("#filter [name=status][value=RESOLVED]"))
	click("#filter button.primary", has(".empty", "Tidak ada tiket dalam daftar ini."))
	click(`.chip[href="/tickets"]`, has(".row", "Ahmad Suryanto"))
	click("#t"+number+" a", `document.querySelector("#take")`)
	tab.Do(t, chromedp.SendKeys("#text", "Kami periksa."), chromedp.SetValue("#then", "IN_PROGRESS"))
	click("#send", has(".message.good", "Balasan terkirim untuk ")+" && "+has(".said.bank", "Kami periksa.")+" && "+has(".head .badge", "Dalam Proses"))
	tab.Do(t, chromedp.Click("#do-status summary"), chromedp.Click("#do-status [value=ON_HOLD]"), chromedp.SendKeys("#status-reason", "menunggu vendor"))
	click("#do-status button.primary", has(".message.good", "Status diubah.")+" && "+has(".happened", "menunggu vendor"))
	tab.Do(t, chromedp.Click("#do-assign summary"), chromedp.SetValue("#assignee", budi.ID))
	click("#do-assign button.primary", has(".message.good", "Penanggung jawab diubah."))
	f.unmask(t, tab)
	click(`.tools a[href="/tickets/new"]`, has("h1", "Tiket baru"))
	tab.Do(t, chromedp.SendKeys("#name", "Sarah Johnson"), chromedp.SendKeys("#phone", "08123456789"), chromedp.SendKeys("#description", "Antrean di loket terlalu lama."))
	click("main form button.primary", has("h1", "Tiket dibuat")+" && "+has("dd.mono", ""))
	f.Index(t)
	tab.Do(t, chromedp.SendKeys("#find", "antrean"+kb.Enter))
	until(t, tab, loaded+has(".row", "Sarah Johnson")+" && "+has("mark", "Antrean"))
	click(".row a", has(".card", "Antrean di loket terlalu lama."))
	wantQuiet(t, tab)
}

func TestAReplyIsStoppedWhenSomebodyElseAnsweredFirst(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina, budi := f.hire(t, "Rina", desk.RoleAgent, claims), f.hire(t, "Budi", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	tab := f.open(t)
	other := f.beside(t, tab)
	f.signIn(t, tab, rina)
	f.signIn(t, other, budi)
	tab.Show(t, "/tickets/"+number, browser.Wide, "light")
	other.Show(t, "/tickets/"+number, browser.Wide, "light")
	until(t, other, has("#watching", "Rina sedang melihat tiket ini"))
	tab.Do(t, chromedp.SendKeys("#text", "Draf saya."))
	until(t, tab, has("#draft-state", "Tersimpan sebagai draf"))
	tab.Do(t, chromedp.Reload())
	until(t, tab, has("#draft-state", "Draf Anda dimuat")+` && document.getElementById("text").value === "Draf saya."`)

	release := f.hold() // else the page would show it before the agent can send
	defer release()
	other.Do(t, chromedp.SendKeys("#text", "Budi lebih dulu."), chromedp.Click("#send"))
	until(t, other, loaded+has(".message.good", "Balasan terkirim untuk "))
	tab.Do(t, chromedp.Click("#send"))
	until(t, tab, loaded+has("#compose .message.warn", "ada 2 hal baru")+" && "+has(".said.bank", "Budi lebih dulu.")+` && document.getElementById("text").value === "Draf saya."`)
	release()
	wantQuiet(t, tab, conflict)
	f.say(t, budi, number, "Budi sekali lagi.")
	until(t, tab, has(".said.bank", "Budi sekali lagi.")) // seen, so that it stops nothing
	tab.Do(t, chromedp.Click("#send"))
	until(t, tab, loaded+has(".message.good", "Balasan terkirim untuk ")+" && "+has(".said.bank", "Draf saya."))
	tab.Do(t, chromedp.Reload())
	until(t, tab, loaded+`document.getElementById("text").value === ""`)
	until(t, tab, has("#watching", "Budi sedang melihat tiket ini"))
	wantQuiet(t, tab)
	wantQuiet(t, other)
}

func TestNothingIsSentWhileThePageMayBeBehind(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina, budi := f.hire(t, "Rina", desk.RoleAgent, claims), f.hire(t, "Budi", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	tab := f.open(t)
	f.signIn(t, tab, rina)
	tab.Show(t, "/tickets/"+number, browser.Wide, "light")
	tab.Do(t, chromedp.SendKeys("#text", "Tulisan saya."))
	f.cut()
	until(t, tab, `document.querySelector(".offline").checkVisibility() && document.querySelector("#send").disabled && document.querySelector("#take").disabled`)
	tab.Accessible(t)
	f.say(t, budi, number, "Kabar selagi putus.")
	browser.Evaluate[bool](t, tab, `new MutationObserver(() => { window.knew ??= document.getElementById("talk").textContent.includes("Kabar selagi putus.") })
		.observe(document.getElementById("send"), { attributeFilter: ["disabled"] }); true`)
	f.restore()
	until(t, tab, `!document.querySelector(".offline").checkVisibility() && !document.querySelector("#send").disabled && !document.querySelector("#take").disabled`)
	if !browser.Evaluate[bool](t, tab, `window.knew`) {
		t.Error("the page let the agent send before it had caught up")
	}
	tab.Heard() // that there was no connection
	tab.Do(t, chromedp.Click("#send"))
	until(t, tab, loaded+has(".message.good", "Balasan terkirim untuk ")+" && "+has(".said.bank", "Tulisan saya."))
	wantQuiet(t, tab)
}

func TestAPageThatAFormLedToCanBeReadAgain(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina, budi := f.hire(t, "Rina", desk.RoleAgent, claims), f.hire(t, "Budi", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	_, err := f.App.ChangeStatus(t.Context(), budi.Actor(), app.Change{Ticket: number}, desk.InProgress, "")
	must(t, err)
	tab := f.open(t)
	f.signIn(t, tab, rina)
	tab.Show(t, "/tickets/"+number+"?list=status%3Dactive", browser.Wide, "light")
	f.unmask(t, tab)
	browser.Evaluate[bool](t, tab, `document.getElementById("main").focus(), true`) // as who clicks between the texts does
	f.say(t, budi, number, "Kabar.")
	until(t, tab, has(".said.bank", "Kabar.")+" && "+has("b.mono", account))
	if got := browser.Evaluate[string](t, tab, `location.pathname + location.search`); got != "/tickets/"+number+"?list=status%3Dactive" {
		t.Errorf("the page is at %s", got)
	}
	tab.Do(t, chromedp.Click("#send"))
	until(t, tab, loaded+has("#compose .message.bad", ""))
	tab.Do(t, chromedp.Reload())
	until(t, tab, loaded+`!document.querySelector("#compose .message.bad")`)
	wantQuiet(t, tab, invalid)
}
