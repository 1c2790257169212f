package console_test

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
)

func TestTheDashboardOffersWhatCanBeWorkedOn(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	waits, next := m.ticket(t, partner, ani.ID), m.ticket(t, partner, ani.ID)
	_, err := m.App.ChangeStatus(t.Context(), ani.Actor(), app.Change{Ticket: strconv.FormatInt(waits.Number, 10)}, desk.Pending, "")
	must(t, err)
	v := m.enter(t, "ani")
	rows := v.listed(t, "/")
	if len(rows) != 1 || !strings.HasPrefix(rows[0], "/tickets/"+strconv.FormatInt(next.Number, 10)+"?") {
		t.Errorf("the dashboard offers %q, want the ticket that waits for nobody", rows)
	}
	_, page := v.get(t, rows[0])
	shows(t, page, `">‹ Tiket Saya</a>`)
}

var tallyLink = regexp.MustCompile(`<a class="card tally [a-z]*" href="([^"]+)"><span class="muted">([^<]+)</span><b>(\d+)</b>`)

func TestEveryNumberOfTheDashboardLeadsToAsManyTickets(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	for range 2 {
		m.ticket(t, partner, "") // will be overdue
	}
	m.Clock.Advance(30 * 24 * time.Hour)
	near := m.ticket(t, partner, ani.ID)
	m.Clock.Advance(near.Clocks.ResponseDue.Sub(m.Clock.Now()) - time.Minute)
	m.ticket(t, partner, "")
	v := m.enter(t, "ani")
	_, page := v.get(t, "/")
	want := map[string]string{"Tiket saya": "1", "Lewat tenggat": "2", "Hampir jatuh tempo": "1", "Belum ditugaskan": "3"}
	for _, link := range tallyLink.FindAllStringSubmatch(page, -1) {
		name := link[2]
		if link[3] != want[name] {
			t.Errorf("%s: %s, want %s", name, link[3], want[name])
		}
		delete(want, name)
		_, list := v.get(t, html.UnescapeString(link[1]))
		if got := strconv.Itoa(strings.Count(list, `<li class="row"`)); got != link[3] {
			t.Errorf("%s counts %s and leads to %s tickets", name, link[3], got)
		}
		if title := regexp.MustCompile(`<h1>([^<]+)</h1>`).FindStringSubmatch(list); !strings.EqualFold(title[1], name) {
			t.Errorf("%s leads to %q", name, title[1])
		}
	}
	if len(want) > 0 {
		t.Errorf("not on the dashboard: %v", want)
	}
	urgent := regexp.MustCompile(`href="([^"]+)"[^>]*>[^\n]*Mendesak</a>`).FindStringSubmatch(page)
	if urgent == nil {
		t.Fatal("the menu has no list of what is urgent")
	}
	_, list := v.get(t, html.UnescapeString(urgent[1]))
	if got := strings.Count(list, `<li class="row"`); got != 3 {
		t.Errorf("urgent are %d tickets, want those that are overdue or nearly", got)
	}
	shows(t, list, "<h1>Mendesak</h1>")
}

// cut lists the entries of the menu that are not wholly seen, and says whether the dashboard's numbers are in two columns.
const cut = `(() => {
  const wrong = [...document.querySelectorAll(".side a")].filter(a => { const b = a.getBoundingClientRect(); return b.right > innerWidth || b.left < 0 || b.width < 20; }).map(a => a.textContent);
  for (const l of document.querySelectorAll(".side ul")) if (l.scrollWidth > l.clientWidth) wrong.push("the menu scrolls sideways");
  const tiles = [...document.querySelectorAll(".tally")].map(e => e.getBoundingClientRect().top);
  if (tiles.length && (tiles[0] !== tiles[1] || tiles[2] !== tiles[3])) wrong.push("numbers are one below the other");
  return wrong;
})()`

func TestTheMenuHidesNothingOnSmallScreens(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	operator := desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator", Permissions: desk.RoleAdmin.Permissions()}
	must(t, f.Staff.SetFactorRoles(t.Context(), operator, nil))
	rina := f.hire(t, "Rina", desk.RoleAdmin, claims)
	number := f.claim(t, "Ahmad Suryanto")
	for _, name := range []string{"Kritis di kantor saya", endless[:60]} {
		_, err := f.Staff.SaveView(t.Context(), rina.Actor(), name, "", desk.View{})
		must(t, err)
	}
	tab := f.open(t)
	f.signIn(t, tab, rina)
	for _, path := range []string{"/", "/tickets/" + number} {
		for _, width := range []int64{browser.Narrow, browser.Middle} {
			tab.Show(t, path, width, "light")
			if wrong := browser.Evaluate[[]string](t, tab, cut); len(wrong) > 0 {
				t.Errorf("%s at %d: %q", path, width, wrong)
			}
			tab.Fits(t, width, "light")
		}
	}
}
