package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// shown is the condition that an element lies in the window, and that nothing lies over its top.
func shown(selector string) string {
	return `(() => {
		const e = document.querySelector("` + selector + `"), box = e.getBoundingClientRect();
		const there = document.elementFromPoint(box.left + box.width / 2, box.top + 2);
		return box.top >= 0 && box.bottom <= innerHeight && (e.contains(there) || getComputedStyle(e).pointerEvents === "none");
	})()`
}

func TestWhatOpensAndWhatIsSaidIsInSightWhereverThePageIs(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	for range 15 {
		f.say(t, rina, number, "Kami masih memeriksa mesin ATM itu.")
	}
	tab := f.open(t)
	f.signIn(t, tab, rina)
	tab.Show(t, "/tickets/"+number, browser.Wide, "light")
	for key, id := range map[string]string{"s": "do-status", "p": "do-priority", "a": "do-assign", "t": "do-group"} {
		browser.Evaluate[bool](t, tab, `scrollTo(0, 700), true`)
		keys(t, tab, key)
		until(t, tab, `document.activeElement.closest("#`+id+`[open]") && `+shown("#"+id+" summary")+" && "+shown("#"+id+" .sheet"))
		keys(t, tab, "\x1b")
	}
	tab.Do(t, chromedp.Click("#do-status summary"), chromedp.Click("#do-status [value=ON_HOLD]"))
	until(t, tab, `!document.querySelector("#do-status .final").checkVisibility()`)
	tab.Do(t, chromedp.Click("#do-status [value=CANCELLED]"))
	until(t, tab, shown("#do-status .final"))
	tab.Do(t, chromedp.SendKeys("#text", "Baik."))
	until(t, tab, `!document.querySelector("#compose .final").checkVisibility()`)
	tab.Do(t, chromedp.SetValue("#then", "CANCELLED"))
	until(t, tab, shown("#compose .final"))
	tab.Do(t, chromedp.SetValue("#then", ""), chromedp.Click("#send"))
	until(t, tab, loaded+`location.hash === "#event-17" && scrollY > 0 && `+shown(".message.good"))
	wantQuiet(t, tab)
}

// The button stands where it stood, whatever the ticket can become and whatever is said of the draft.
func TestTheButtonThatSendsStaysWhereItIs(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	open, done := f.claim(t, "Ahmad Suryanto"), f.claim(t, "Sarah Johnson")
	_, err := f.App.ChangeStatus(t.Context(), rina.Actor(), app.Change{Ticket: done}, desk.InProgress, "")
	must(t, err)
	tab := f.open(t)
	f.signIn(t, tab, rina)
	at := func() string {
		return browser.Evaluate[string](t, tab, `(() => { const s = document.getElementById("send").getBoundingClientRect(), c = document.getElementById("compose").getBoundingClientRect();
			return [Math.round(c.right - s.right), Math.round(c.bottom - s.bottom)].join(" ") })()`)
	}
	for _, width := range []int64{1440, 768, 390} {
		var places []string
		for _, path := range []string{open, done, open + "?list=order%3Ddue"} {
			tab.Show(t, "/tickets/"+path, width, "light")
			places = append(places, at())
			browser.Evaluate[bool](t, tab, `document.getElementById("draft-state").textContent = "Draf belum tersimpan", true`)
			places = append(places, at())
		}
		for _, place := range places[1:] {
			if place != places[0] {
				t.Errorf("at %d the button is at %q", width, places)
			}
		}
	}
}

func TestTheReckoningOfADeadlineCanBeReadAtEveryWidth(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	tab := f.open(t)
	f.signIn(t, tab, rina)
	for _, width := range []int64{1440, 768, 390} {
		tab.Show(t, "/tickets/"+number, width, "light")
		if lines := browser.Evaluate[int](t, tab, `(() => { document.getElementById("spans").open = true; const why = document.querySelector(".spans .muted");
			return Math.round(why.getBoundingClientRect().height / parseFloat(getComputedStyle(why).lineHeight)) })()`); lines != 1 {
			t.Errorf("at %d a word takes %d lines", width, lines)
		}
	}
}

func TestKeysInTheHelpAreAsHighAsTheirLetters(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	tab := f.open(t)
	f.signIn(t, tab, rina)
	for _, width := range []int64{1440, 768, 390} {
		tab.Show(t, "/help", width, "light")
		if heights := browser.Evaluate[int](t, tab, `new Set([...document.querySelectorAll("main .keys kbd")].map(k => Math.round(k.getBoundingClientRect().height))).size`); heights != 1 {
			t.Errorf("at %d keys have %d heights", width, heights)
		}
	}
}
