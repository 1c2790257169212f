package console_test

import (
	"strconv"
	"strings"
	"testing"

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
