package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
	"banksulutgo.co.id/servicedesk/staff"
)

var countLink = regexp.MustCompile(`<a class="[a-z]*" href="([^"]+)">(\d+)</a></td>`)

func TestEveryNumberOfTheLoadLeadsToAsManyTickets(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
		m.employ(t, "dewi", desk.RoleSupervisor, "CALL_CENTER")
		ani, gone := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER"), m.employ(t, "gone", desk.RoleAgent, "ATM_SERVICES")
		for _, has := range []string{ani.ID, ani.ID, gone.ID, ""} {
			m.ticket(t, partner, has)
		}
		m.Clock.Advance(365 * 24 * time.Hour)
		m.ticket(t, partner, ani.ID)
		v := m.enter(t, "dewi")
		_, page := v.get(t, "/load")
		shows(t, page, "Call Center", ">ani</a>", ">gone</a>", "bukan anggota", "Belum ditugaskan")
		links := countLink.FindAllStringSubmatch(page, -1)
		if len(links) < 8 {
			t.Errorf("only %d numbers lead anywhere", len(links))
		}
		for _, link := range links {
			_, list := v.get(t, html.UnescapeString(link[1]))
			if got := strconv.Itoa(strings.Count(list, `<li class="row"`)); got != link[2] {
				t.Errorf("%s leads to %s tickets, want %s", link[1], got, link[2])
			}
		}
	})
}

func TestASupervisorReturnsTicketsAndSeesWhich(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
		m.employ(t, "dewi", desk.RoleSupervisor, "CALL_CENTER")
		ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
		first, second := m.ticket(t, partner, ani.ID), m.ticket(t, partner, ani.ID)
		v := m.enter(t, "dewi")
		_, page := v.get(t, "/load")
		shows(t, page, `action="/load/`+ani.ID+`/return"`, ">Kembalikan 2<", "Kembalikan 2 tiket ani yang belum selesai", ">Tandai tidak hadir<")
		if _, to, _ := v.post(t, "/load/"+ani.ID+"/away", url.Values{"away": {"yes"}}); to != "/load?done=away" {
			t.Errorf("marking her absent leads to %q", to)
		}
		_, page = v.get(t, "/load")
		shows(t, page, "tidak hadir", ">Tandai hadir<")
		if status, _, _ := v.post(t, "/load/"+m.employ(t, "other", desk.RoleAgent, "CARD_SERVICES").ID+"/away", url.Values{"away": {"yes"}}); status != http.StatusForbidden {
			t.Errorf("marking somebody of another group absent is answered %d", status)
		}
		_, _, page = v.post(t, "/load/"+ani.ID+"/return", url.Values{"name": {"ani"}, "back": {"https://evil.example/"}})
		shows(t, page, "2 tiket ani kini tanpa penanggung jawab.", strconv.FormatInt(first.Number, 10), strconv.FormatInt(second.Number, 10), `href="/load"`)
		if strings.Contains(page, "evil.example") {
			t.Error("the page leads elsewhere")
		}
		_, _, page = v.post(t, "/load/"+ani.ID+"/return", nil)
		shows(t, page, "Tidak ada tiket yang perlu dikembalikan.")
		if status, _, _ := v.post(t, "/load/nobody/return", nil); status != http.StatusNotFound {
			t.Errorf("nobody's tickets: %d", status)
		}
	})
}

func TestTheLoadShowsEveryGroupInSightThatHasTickets(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	dewi := m.employ(t, "dewi", desk.RoleSupervisor, "CARD_SERVICES")
	ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	branch := desk.OmniBranch
	_, err := m.Staff.ChangePerson(t.Context(), atCommand, dewi.ID, staff.PersonChange{Branch: &branch})
	must(t, err)
	m.ticket(t, partner, "")
	m.ticket(t, partner, ani.ID)
	_, page := m.enter(t, "dewi").get(t, "/load")
	shows(t, page, `id="group-CALL_CENTER"`, "Bukan unit Anda", `id="group-CARD_SERVICES"`, ">ani</a>")
	if strings.Contains(page, "/load/"+ani.ID+"/away") || strings.Contains(page, `id="group-ATM_SERVICES"`) {
		t.Error("she leads somebody of another group, or is shown a group without tickets")
	}
}

func TestWhoGoesAwayMayGiveBackTheOwnTickets(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		m := newManaged(t, e)
		partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
		ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
		m.ticket(t, partner, ani.ID)
		v := m.enter(t, "ani")
		_, page := v.get(t, "/account")
		shows(t, page, `name="return"`)
		if _, to, _ := v.post(t, "/account/away", url.Values{"away": {"yes"}}); to != "/account?done=away" {
			t.Errorf("going away leads to %q", to)
		}
		_, page = v.get(t, "/tickets?assignee=me")
		if strings.Count(page, `<li class="row"`) != 1 {
			t.Error("tickets were given back though nobody asked")
		}
		v.post(t, "/account/away", url.Values{"away": {"no"}})
		_, _, page = v.post(t, "/account/away", url.Values{"away": {"yes"}, "return": {"yes"}})
		shows(t, page, "1 tiket Anda kini tanpa penanggung jawab.")
		if p, err := m.Staff.Person(t.Context(), atCommand, ani.ID); err != nil || !p.Away {
			t.Errorf("the person is %+v (%v)", p, err)
		}
	})
}

func TestDeadlinesThatPassedAreToldInTheConsole(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	m.employ(t, "dewi", desk.RoleSupervisor, "CALL_CENTER")
	ticket := m.ticket(t, partner, "")
	for _, due := range []time.Time{ticket.Clocks.EscalationDue, ticket.Clocks.ResolutionDue} {
		m.Clock.Advance(due.Sub(m.Clock.Now()) + time.Second)
		if _, err := m.App.TellDeadlines(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, page := m.enter(t, "dewi").get(t, "/notices")
	shows(t, page, "Tenggat respons tiket terlewati", "Tiket memerlukan perhatian", "Tenggat penyelesaian tiket terlewati", `href="/tickets/`+strconv.FormatInt(ticket.Number, 10), "</span> Judul</span>")
}

func TestPagesOfWhoManagesFitAndCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	m.employ(t, "admin", desk.RoleAdmin, "CALL_CENTER", "ATM_SERVICES")
	ani := m.employ(t, "ani-dengan-nama-yang-panjang-sekali-tanpa-jeda", desk.RoleAgent, "CALL_CENTER", "ATM_SERVICES", "CARD_SERVICES", "TECH_SUPPORT")
	for range 3 {
		m.ticket(t, partner, ani.ID)
	}
	m.Clock.Advance(30 * 24 * time.Hour)
	m.ticket(t, partner, "")
	m.enter(t, ani.Name)
	tab := browser.Open(t, m.base)
	tab.Show(t, "/sign-in", browser.Wide, "light")
	browser.Evaluate[bool](t, tab, `fetch("/sign-in", {method: "POST", redirect: "manual", body: new URLSearchParams({email: "admin@bank.example", password: "`+passphrase+`"})}).then(() => true)`)
	for _, path := range []string{"/people", "/people/new", "/people/" + ani.ID, "/load"} {
		for _, width := range browser.Widths() {
			for _, scheme := range browser.Schemes() {
				t.Run(path+" "+strconv.FormatInt(width, 10)+" "+scheme, func(t *testing.T) {
					tab.Show(t, path, width, scheme)
					if at := browser.Evaluate[string](t, tab, `location.pathname + location.search`); at != path {
						t.Fatalf("the browser is at %s", at)
					}
					tab.Fits(t, width, scheme)
					tab.Readable(t)
					if wide := browser.Evaluate[[]string](t, tab, `[...document.querySelectorAll("th")].filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)`); len(wide) > 0 {
						t.Errorf("headings lie over each other: %q", wide)
					}
					if width == browser.Wide {
						tab.Accessible(t)
					}
				})
			}
		}
	}
}
