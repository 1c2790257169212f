package console_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

// crooked lists what of the rows of a page is broken over lines, or lies over something else.
const crooked = `(() => {
  const wrong = [], box = e => e.getBoundingClientRect();
  for (const row of document.querySelectorAll(".row")) {
    const parts = [...row.querySelectorAll(".number, .sla, .prio, .when, .state .badge, .who")].filter(e => box(e).width > 0);
    for (const e of parts) if (box(e).height > 26) wrong.push("broken: " + e.textContent);
    for (const [i, a] of parts.entries()) for (const b of parts.slice(i + 1)) {
      const p = box(a), q = box(b);
      if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom) wrong.push("over each other: " + a.textContent + " and " + b.textContent);
    }
    if (box(row.querySelector(".title a")).width < 60) wrong.push("no room for the title");
  }
  if (!document.querySelector(".row")) wrong.push("no rows");
  return wrong;
})()`

func TestRowsOfTicketsLieStraightAtEveryWidth(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	tabs := map[desk.Language]*browser.Tab{desk.Indonesian: f.open(t)}
	tabs[desk.English] = f.beside(t, tabs[desk.Indonesian])
	operator := desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}
	var number string
	for range 3 {
		number = f.claim(t, "Ahmad Suryanto")
		f.Clock.Advance(31*24*time.Hour + 18*time.Hour + 43*time.Minute) // long overdue, in three months
	}
	for l, tab := range tabs {
		a, err := f.App.CreateAgent(t.Context(), operator, desk.Agent{Email: string(l) + "@bank.example", Name: "Rina Wowor-Kandou", Role: desk.RoleAgent, Groups: []string{claims}, Password: cheapHash, Language: l}, false)
		must(t, err)
		f.signIn(t, tab, a)
		for _, path := range []string{"/tickets", "/search?q=" + account, "/tickets/" + number + "/customer"} {
			tab.Show(t, path, browser.Wide, "light")
			for _, width := range []int64{browser.Wide, 1366, 1200, 1024, browser.Middle, browser.Narrow} {
				tab.Turn(t, width, "light")
				if wrong := browser.Evaluate[[]string](t, tab, crooked); len(wrong) > 0 {
					t.Errorf("%s in %s at %d: %q", path, l, width, wrong)
				}
				tab.Fits(t, width, "light")
			}
			tab.Turn(t, browser.Wide, "light")
			if heads := browser.Evaluate[string](t, tab, `document.querySelector(".heads").innerText`); heads == "" {
				t.Errorf("%s has no headings", path)
			}
		}
	}
}

var madeText = regexp.MustCompile(`<time class="when" datetime="[^"]+" title="Dibuat: [^"]+ WITA"><span class="visually">Dibuat: </span>([^<]+)</time>`)

func TestListsTellWhenTicketsWereMade(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	var want []string
	old := m.Clock.Now()
	m.ticket(t, partner, "")
	m.Clock.Advance(400 * 24 * time.Hour)
	m.ticket(t, partner, "")
	m.Clock.Advance(3 * 24 * time.Hour)
	number := m.ticket(t, partner, "").Number
	m.Clock.Advance(2 * time.Hour)
	months := [...]string{"", "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"}
	day := func(at time.Time) string {
		at = at.In(desk.WITA())
		return fmt.Sprint(at.Day(), " ", months[at.Month()])
	}
	want = []string{"2 jam lalu", day(old.Add(400 * 24 * time.Hour)), day(old) + " " + fmt.Sprint(old.In(desk.WITA()).Year())}
	v := m.enter(t, "ani")
	for _, path := range []string{"/tickets", "/tickets?status=active&order=due", fmt.Sprint("/tickets/", number, "/customer")} {
		_, page := v.get(t, path)
		for i, made := range madeText.FindAllStringSubmatch(page, -1) {
			if path == "/tickets" && made[1] != want[i] {
				t.Errorf("the ticket in row %d was made %q, want %q", i, made[1], want[i])
			}
		}
		if len(madeText.FindAllString(page, -1)) == 0 {
			t.Errorf("%s does not tell when tickets were made", path)
		}
	}
	_, page := v.get(t, "/search?q=zzzz")
	shows(t, page, "Tidak ada tiket yang cocok")
}

func TestASearchTellsHowManyItFound(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	f.claim(t, "Ahmad Suryanto")
	f.claim(t, "Sarah Johnson")
	tab := f.open(t)
	f.signIn(t, tab, rina)
	tab.Show(t, "/search?q="+account, browser.Wide, "light")
	until(t, tab, has("[role=status]", "2 tiket ditemukan"))
	for range 49 {
		f.claim(t, "Sarah Johnson")
	}
	tab.Show(t, "/search?q="+account, browser.Wide, "light")
	if found := browser.Evaluate[string](t, tab, `document.querySelector("[role=status].muted").textContent`); found != "50+ tiket ditemukan" {
		t.Errorf("of 51 it says %q", found)
	}
}
