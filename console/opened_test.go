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
)

var rowPath = regexp.MustCompile(`data-path="([^"]+)"`)

// listed are the addresses to which the rows of a list lead.
func (v *visit) listed(t *testing.T, path string) (paths []string) {
	t.Helper()
	_, page := v.get(t, path)
	for _, row := range rowPath.FindAllStringSubmatch(page, -1) {
		paths = append(paths, html.UnescapeString(row[1]))
	}
	return paths
}

var besideLink = regexp.MustCompile(`id="(before|after)" href="/tickets/(\d+)\?`)

// beside are the numbers of the tickets to which the arrows of a ticket's page lead.
func beside(page string) map[string]string {
	numbers := map[string]string{}
	for _, link := range besideLink.FindAllStringSubmatch(page, -1) {
		numbers[link[1]] = link[2]
	}
	return numbers
}

func TestAListIsKeptWhenATicketLeavesIt(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	partner := m.Actor(m.NewKey(t, "Partner", "omnichannel:*"))
	var numbers []string
	for range 3 {
		numbers = append(numbers, strconv.FormatInt(m.ticket(t, partner, "").Number, 10))
		m.Clock.Advance(time.Minute)
	}
	v := m.enter(t, "ani")
	for _, c := range []struct{ list, name, before, after string }{
		{"/tickets?assignee=none&status=active&order=due", "Belum Ditugaskan", numbers[0], numbers[2]},
		{"/tickets", "Semua Tiket", numbers[2], numbers[0]},
	} {
		path := v.listed(t, c.list)[1]
		_, page := v.get(t, path)
		want := map[string]string{"before": c.before, "after": c.after}
		check := func(when string) {
			t.Helper()
			if got := beside(page); got["before"] != want["before"] || got["after"] != want["after"] {
				t.Errorf("%s, %s: beside it are %v, want %v", c.list, when, got, want)
			}
			shows(t, page, `">‹ `+c.name+`</a>`, "Kirim dan berikutnya")
			if !regexp.MustCompile(`aria-current="page">[^\n]*` + c.name + `</a>`).MatchString(page) {
				t.Errorf("%s, %s: the menu does not say where the reader is", c.list, when)
			}
		}
		check("when it was opened")
		list := path[strings.Index(path, "?list=")+len("?list="):]
		list, err := url.QueryUnescape(list)
		must(t, err)
		_, to, _ := v.post(t, "/tickets/"+numbers[1]+"/take", url.Values{"list": {list}})
		_, page = v.get(t, to)
		check("after it was taken")
		m.Clock.Advance(time.Minute)
		v.post(t, "/tickets/"+numbers[1]+"/reply", url.Values{"kind": {"note"}, "text": {"Halo"}, "list": {list}})
		_, page = v.get(t, to)
		check("after a note")
		v.post(t, "/tickets/"+numbers[1]+"/assign", url.Values{"assignee": {""}})
		m.Clock.Advance(time.Minute)
		for _, number := range []string{numbers[0], numbers[1], numbers[2]} { // the lists are as they were
			v.post(t, "/tickets/"+number+"/reply", url.Values{"kind": {"note"}, "text": {"Halo"}})
			m.Clock.Advance(time.Minute)
		}
	}
}

func TestAFilterOffersStatusesInTheOrderOfWork(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	_, page := m.enter(t, "ani").get(t, "/tickets")
	var got []string
	for _, offered := range regexp.MustCompile(`name="status" value="([A-Z_]+)"`).FindAllStringSubmatch(page, -1) {
		got = append(got, offered[1])
	}
	if want := "OPEN IN_PROGRESS PENDING ON_HOLD RESOLVED CLOSED CANCELLED"; strings.Join(got, " ") != want {
		t.Errorf("it offers %q, want %q", got, want)
	}
	shows(t, page, `#i-save"/></svg>Simpan tampilan`, `#i-filter"/></svg>Saring`)
}

func TestASavedViewIsWhereTheReaderIs(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	m.ticket(t, m.Actor(m.NewKey(t, "Partner", "omnichannel:*")), "")
	v := m.enter(t, "ani")
	current := regexp.MustCompile(`aria-current="page">[^\n]*Punyaku</a>`)
	status, to, _ := v.post(t, "/views", url.Values{"name": {"Punyaku"}, "query": {"status=OPEN"}})
	if status != http.StatusSeeOther {
		t.Fatalf("saving a view is answered %d", status)
	}
	_, page := v.get(t, to)
	if !current.MatchString(page) {
		t.Error("a view is not highlighted right after it was saved")
	}
	_, page = v.get(t, v.listed(t, to)[0])
	shows(t, page, `">‹ Punyaku</a>`)
	if !current.MatchString(page) {
		t.Error("a view is not highlighted on the page of its ticket")
	}
}
