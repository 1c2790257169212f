package console_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// worked is a ticket of the call centre that Ani works, by forms without scripts.
type worked struct {
	managed
	*visit
	ani  desk.Agent
	path string
}

func newWorked(t *testing.T) worked {
	t.Helper()
	m := newManaged(t, desktest.SQLite)
	ani := m.employ(t, "ani", desk.RoleAgent, "CALL_CENTER")
	ticket := m.ticket(t, m.Actor(m.NewKey(t, "Partner", "omnichannel:*")), "")
	return worked{m, m.enter(t, "ani"), ani, "/tickets/" + numberOf(ticket)}
}

func (w worked) number() string { return strings.TrimPrefix(w.path, "/tickets/") }

// to gives the ticket statuses, one after the other.
func (w worked) to(t *testing.T, statuses ...desk.Status) {
	t.Helper()
	for _, status := range statuses {
		_, err := w.App.ChangeStatus(t.Context(), w.ani.Actor(), app.Change{Ticket: w.number()}, status, "sebab")
		must(t, err)
	}
}

func (w worked) ticket(t *testing.T) *desk.Ticket {
	t.Helper()
	work, err := w.Staff.Work(t.Context(), w.ani.Actor(), w.number())
	must(t, err)
	return work.Ticket
}

// inside is the element of a page that has an id.
func inside(t *testing.T, page, id string) string {
	t.Helper()
	var b strings.Builder
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		if attribute["id"] == id {
			must(t, html.Render(&b, n))
		}
	})
	if b.Len() == 0 {
		t.Fatalf("nothing has the id %s", id)
	}
	return b.String()
}

// chosen are the values of what is checked in a page, or selected.
func chosen(t *testing.T, page, name string) (values []string) {
	t.Helper()
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		_, checked := attribute["checked"]
		_, selected := attribute["selected"]
		if checked && attribute["name"] == name || selected && attribute["value"] != "" {
			values = append(values, attribute["value"])
		}
	})
	return values
}

func TestNoStatusIsChosenBeforeTheAgentChooses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		way   []desk.Status
		order []string
	}{
		"open":     {nil, []string{"IN_PROGRESS", "PENDING", "ON_HOLD", "RESOLVED", "CANCELLED"}},
		"pending":  {[]desk.Status{desk.Pending}, []string{"OPEN", "IN_PROGRESS", "RESOLVED", "CANCELLED"}},
		"resolved": {[]desk.Status{desk.Resolved}, []string{"IN_PROGRESS", "CLOSED"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorked(t)
			w.to(t, c.way...)
			_, page := w.get(t, w.path)
			popup := inside(t, page, "do-status")
			if got := chosen(t, popup, "status"); len(got) > 0 {
				t.Errorf("%v is chosen", got)
			}
			var order []string
			elements(t, popup, func(_ *html.Node, attribute map[string]string) {
				if attribute["name"] == "status" {
					order = append(order, attribute["value"])
				}
			})
			if strings.Join(order, " ") != strings.Join(c.order, " ") {
				t.Errorf("the order is %v, want %v", order, c.order)
			}
			if name == "resolved" {
				shows(t, popup, "Dalam Proses (buka kembali)")
			}
			before := w.ticket(t).Status
			status, _, page := w.post(t, w.path+"/status", nil)
			if after := w.ticket(t).Status; status != http.StatusBadRequest || after != before {
				t.Errorf("a form without a choice: %d, %s", status, after)
			}
			shows(t, inside(t, page, "do-status"), "Pilih status baru.", " open")
		})
	}
}

func TestAStatusThatCannotBeTakenBackIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		way            []desk.Status
		to             desk.Status
		form, reply    string
		said, finished string
	}{
		{[]desk.Status{desk.Resolved}, desk.Closed, "/status", "", "do-status", "Tiket yang ditutup tidak dapat dibuka lagi."},
		{nil, desk.Cancelled, "/status", "", "do-status", "Tiket yang dibatalkan tidak dapat dibuka lagi."},
		{[]desk.Status{desk.Resolved}, desk.Closed, "/reply", "Selesai.", "compose", "Tiket yang ditutup tidak dapat dibuka lagi."},
	} {
		w := newWorked(t)
		w.to(t, c.way...)
		form := url.Values{"status": {string(c.to)}, "kind": {"reply"}, "text": {c.reply}, "reason": {"nasabah setuju"}}
		status, _, page := w.post(t, w.path+c.form, form)
		if got := w.ticket(t); status != http.StatusBadRequest || got.Status == c.to {
			t.Errorf("%s to %s, unconfirmed: %d, %s", c.form, c.to, status, got.Status)
		}
		asked := inside(t, page, c.said)
		shows(t, asked, c.finished, `class="check final shown"`, "nasabah setuju", c.reply)
		if got := chosen(t, asked, "status"); len(got) != 1 || got[0] != string(c.to) {
			t.Errorf("%s shows again with %v chosen", c.form, got)
		}
		form.Set("final", "yes")
		w.post(t, w.path+c.form, form)
		if got := w.ticket(t).Status; got != c.to {
			t.Errorf("%s to %s, confirmed: %s", c.form, c.to, got)
		}
	}
}

func TestAPopupThatCannotBeTakenIsShownAgainWithItsChoice(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	w.to(t, desk.Resolved)
	stale := url.Values{"version": {"1"}}
	with := func(name, value string) url.Values {
		form := url.Values{name: {value}}
		for k, v := range stale {
			form[k] = v
		}
		return form
	}
	for popup, c := range map[string]struct {
		form   url.Values
		status int
		fault  string
		choice string
	}{
		"status":   {url.Values{"status": {"IN_PROGRESS"}}, http.StatusBadRequest, "Alasan wajib diisi.", "IN_PROGRESS"},
		"assign":   {with("assignee", w.ani.ID), http.StatusConflict, "Tiket telah berubah", w.ani.ID},
		"group":    {with("group", "NETWORK_ADMIN"), http.StatusConflict, "Tiket telah berubah", "NETWORK_ADMIN"},
		"priority": {with("priority", "CRITICAL"), http.StatusConflict, "Tiket telah berubah", "CRITICAL"},
	} {
		status, _, page := w.post(t, w.path+"/"+popup, c.form)
		if status != c.status {
			t.Errorf("%s: %d, want %d", popup, status, c.status)
		}
		shown := inside(t, page, "do-"+popup)
		shows(t, shown, " open", c.fault)
		if got := chosen(t, shown, popup); len(got) != 1 || got[0] != c.choice {
			t.Errorf("%s shows again with %v chosen, want %s", popup, got, c.choice)
		}
		if strings.Contains(inside(t, page, "compose"), c.fault) {
			t.Errorf("the fault of %s stands in the composer", popup)
		}
	}
}

func TestWhatWasDoneIsToldOfTheTicketItWasDoneTo(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	next := numberOf(w.managed.ticket(t, w.Actor(w.NewKey(t, "Other", "omnichannel:*")), ""))
	for kind, text := range map[string]string{"note": "Catatan tersimpan pada " + w.number() + ".", "reply": "Balasan terkirim untuk " + w.number() + "."} {
		form := url.Values{"kind": {kind}, "text": {"Halo"}, "next": {"1"}, "after": {"/tickets/" + next + "?list=status%3Dactive"}}
		_, to, _ := w.post(t, w.path+"/reply", form)
		if !strings.HasPrefix(to, "/tickets/"+next) {
			t.Fatalf("%s and next leads to %s", kind, to)
		}
		_, page := w.get(t, to)
		shows(t, page, text)
	}
	for _, made := range []string{"replied:<b>", "replied:", "replied:-1", "nothing:1", "noted:1:2"} {
		if _, page := w.get(t, w.path+"?done="+url.QueryEscape(made)); strings.Contains(page, `class="message good`) {
			t.Errorf("%q says something", made)
		}
	}
}

func TestAReplyToANewTicketBeginsTheWorkUnlessTheAgentSaysOtherwise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		want   desk.Status
	}{
		"a reply, as the page has it":   {nil, desk.InProgress},
		"a note, as the page has it":    {map[string]string{"kind": "note"}, desk.Open},
		"a reply, and the status stays": {map[string]string{"status": ""}, desk.Open},
		"a note, with a status":         {map[string]string{"kind": "note", "status-else": "ON_HOLD"}, desk.OnHold},
		"nothing written is no reply":   {map[string]string{"text": ""}, desk.Open},
	} {
		w := newWorked(t)
		_, page := w.get(t, w.path)
		form := url.Values{"text": {"Halo"}}
		elements(t, inside(t, page, "compose"), func(n *html.Node, attribute map[string]string) {
			_, checked := attribute["checked"]
			if n.Data == "input" && (attribute["type"] == "hidden" || checked) {
				form.Set(attribute["name"], attribute["value"])
			}
			if n.Data == "select" {
				form[attribute["name"]] = append(chosen(t, inside(t, page, attribute["id"]), ""), "")[:1]
			}
		})
		for field, value := range c.change {
			form.Set(field, value)
		}
		w.post(t, w.path+"/reply", form)
		if got := w.ticket(t).Status; got != c.want {
			t.Errorf("%s: the ticket is %s, want %s", name, got, c.want)
		}
	}
}

func TestTheDeadlinesOfATicketAreSummedInWords(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	said := func(want ...string) {
		t.Helper()
		_, page := w.get(t, w.path)
		shows(t, inside(t, page, "part-sla"), want...)
	}
	hours := w.ticket(t).PolicyHours
	response := time.Duration(hours) * time.Hour / 4
	w.Clock.Advance(response + 10*time.Hour)
	w = worked{w.managed, w.enter(t, "ani"), w.ani, w.path}
	said("terlambat 10 j", "25% dari janji layanan "+strconv.Itoa(hours)+" jam")
	w.to(t, desk.Pending)
	w.Clock.Advance(20 * time.Minute)
	said("dijeda 20 menit", "tenggat yang belum lewat bergeser")
	w.to(t, desk.Cancelled)
	said("dibatalkan sebelum dijawab")
	if _, page := w.get(t, w.path); strings.Contains(page, "dijawab 2") {
		t.Error("a cancelled ticket says when it was answered")
	}
}

func TestHandingATicketOnSaysToWhomAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	budi := w.employ(t, "budi", desk.RoleAgent, "CALL_CENTER")
	_, page := w.get(t, w.path)
	if got := chosen(t, inside(t, page, "assignee"), ""); len(got) > 0 {
		t.Errorf("%v is chosen", got)
	}
	shows(t, inside(t, page, "do-priority"), "Tenggat tidak berubah.")
	if status, _, page := w.post(t, w.path+"/assign", nil); status != http.StatusBadRequest || !strings.Contains(inside(t, page, "do-assign"), "Pilih penanggung jawab.") {
		t.Errorf("nobody was chosen: %d", status)
	}
	step := func(form, field, value, note, does, says string) {
		t.Helper()
		status, to, _ := w.post(t, w.path+"/"+form, url.Values{field: {value}, "note": {note}})
		if status != http.StatusSeeOther {
			t.Fatalf("%s: %d", form, status)
		}
		_, page := w.get(t, to)
		shows(t, page, says)
		if !strings.HasPrefix(to, w.path) {
			_, page = w.get(t, w.path)
		}
		shows(t, inside(t, page, "talk"), does, note)
	}
	step("priority", "priority", "CRITICAL", "nasabah tidak dapat makan", "menjadi Kritis", "Prioritas diubah.")
	step("assign", "assignee", budi.ID, "tolong telepon dahulu", "Ditugaskan kepada budi", "Penanggung jawab diubah.")
	step("assign", "assignee", "none", "", "Dikembalikan ke antrean Call Center", "Penanggung jawab diubah.")
	work, err := w.Staff.Work(t.Context(), w.ani.Actor(), w.number())
	must(t, err)
	if len(work.Comments) != 2 || work.Comments[0].Public || work.Comments[1].Public {
		t.Errorf("the notes are %+v", work.Comments)
	}
	status, to, _ := w.post(t, w.path+"/group", url.Values{"group": {"NETWORK_ADMIN"}, "note": {"jaringan cabang"}})
	_, page = w.get(t, to)
	shows(t, page, "Tiket "+w.number()+" dipindahkan ke unit Network Administration.")
	w.employ(t, "nina", desk.RoleAgent, "NETWORK_ADMIN")
	_, page = w.managed.enter(t, "nina").get(t, w.path)
	shows(t, inside(t, page, "talk"), "Dipindahkan ke unit Network Administration", "jaringan cabang")
	if status != http.StatusSeeOther || strings.Contains(page, "Ditugaskan kepada Network") {
		t.Errorf("moving: %d", status)
	}
}

func TestWhatTheCustomerSaidOnTheTelephoneIsTheCustomersWord(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	w.to(t, desk.InProgress, desk.Pending)
	form := url.Values{"kind": {"customer"}, "text": {"Kartunya sudah saya temukan."}}
	_, to, _ := w.post(t, w.path+"/reply", form)
	_, page := w.get(t, to)
	shows(t, page, "Kata nasabah tersimpan pada "+w.number()+".")
	shows(t, inside(t, page, "talk"), "<b>Sarah Johnson</b>", "dicatat oleh ani", "Kartunya sudah saya temukan.", "Status: Menunggu Nasabah menjadi Dalam Proses")
	if got := w.ticket(t).Status; got != desk.InProgress {
		t.Errorf("the ticket is %s", got)
	}
}

func TestWhatCannotBeSentWholeIsNotSentInPart(t *testing.T) {
	t.Parallel()
	w := newWorked(t)
	w.to(t, desk.Resolved)
	form := url.Values{"kind": {"reply"}, "text": {"Kami buka kembali."}, "status": {string(desk.InProgress)}}
	status, _, page := w.post(t, w.path+"/reply", form)
	if status != http.StatusBadRequest {
		t.Errorf("a reply that reopens without a reason is answered %d", status)
	}
	shows(t, inside(t, page, "compose"), "Kami buka kembali.", "Alasan wajib diisi")
	form.Set("reason", "nasabah keberatan")
	if status, _, page := w.post(t, w.path+"/reply", form); status != http.StatusSeeOther {
		t.Errorf("with a reason it is answered %d: %s", status, page)
	}
	work, err := w.Staff.Work(t.Context(), w.ani.Actor(), w.number())
	must(t, err)
	if len(work.Comments) != 1 || work.Ticket.Status != desk.InProgress {
		t.Errorf("the customer reads %d replies, the ticket is %s", len(work.Comments), work.Ticket.Status)
	}
}
