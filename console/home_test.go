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
