package console_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// complaint makes a confidential ticket of customer care.
func (m managed) complaint(t *testing.T, partner desk.Actor, title string) string {
	t.Helper()
	opened, err := m.App.OpenTicket(t.Context(), partner, desk.TicketDraft{Channel: "EMAIL", ServiceType: "COMPLAINT", Title: title, Description: "Uraian",
		Customer: desk.Customer{Name: "Sarah Johnson"}, Metadata: desk.Metadata{JSON: "{}"}}, app.Once[app.Opened]{})
	must(t, err)
	return strconv.FormatInt(opened.Ticket.Number, 10)
}

func TestATicketIsNotMovedOutOfEverybodysSight(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "ani", desk.RoleAgent, "DUKUNGAN_LAYANAN", "CALL_CENTER")
	m.employ(t, "budi", desk.RoleAgent, "ATM_SERVICES")
	number := m.complaint(t, m.Actor(m.NewKey(t, "Partner", "omnichannel:*")), "Rahasia sekali")
	v := m.enter(t, "ani")
	_, page := v.get(t, "/tickets/"+number)
	shows(t, page, ">Call Center</option>", ">Branch Operations (tidak ada petugas)</option>", ">ATM Services</option>", `<optgroup label="Anda tidak akan dapat melihat tiket ini lagi:">`)
	if own, others, _ := strings.Cut(page, "<optgroup"); !strings.Contains(own, ">Call Center</option>") || !strings.Contains(others, ">ATM Services</option>") {
		t.Error("the own groups are not told from those in which the ticket is out of sight")
	}
	status, _, page := v.post(t, "/tickets/"+number+"/group", url.Values{"group": {"BRANCH_OPS"}})
	if status != http.StatusBadRequest {
		t.Errorf("moving it to where nobody works is answered %d", status)
	}
	shows(t, page, "Unit kerja itu tidak ada petugasnya", "Rahasia sekali")
	if _, to, _ := v.post(t, "/tickets/"+number+"/group", url.Values{"group": {"ATM_SERVICES"}}); to != "/tickets?&done=group:"+number+":ATM_SERVICES" {
		t.Errorf("moving it to others leads to %q", to)
	}
}

func TestTicketsWhereNobodyWorksAreCountedForWhoCanMendIt(t *testing.T) {
	t.Parallel()
	m := newManaged(t, desktest.SQLite)
	m.employ(t, "admin", desk.RoleAdmin)
	m.employ(t, "dewi", desk.RoleSupervisor, "CALL_CENTER")
	v, hers := m.enter(t, "admin"), m.enter(t, "dewi")
	_, page := v.get(t, "/people")
	if strings.Contains(page, "Unit kerja tanpa petugas") {
		t.Error("a group is told of that has no tickets")
	}
	m.complaint(t, m.Actor(m.NewKey(t, "Partner", "omnichannel:*")), "Rahasia sekali")
	_, page = v.get(t, "/people")
	told := []string{"Unit kerja tanpa petugas", "Customer Care", "DUKUNGAN_LAYANAN", "1 belum selesai, 0 lewat tenggat"}
	shows(t, page, append(told, "centang unit itu")...)
	_, led := hers.get(t, "/load")
	shows(t, led, append(told, "Mintalah admin")...)
	for _, p := range []string{page, led} {
		if strings.Contains(p, "Rahasia sekali") || strings.Contains(p, "Sarah Johnson") {
			t.Error("what the ticket holds is told")
		}
	}
}
