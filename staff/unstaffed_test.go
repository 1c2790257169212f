package staff_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

func TestTicketsOfGroupsWithoutAnybodyAreCountedForWhoLeads(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		gone := hired(t, d.Desk, "gone@bank.example", desk.RoleAgent, "CALL_CENTER")
		hired(t, d.Desk, "audit@bank.example", desk.RoleAuditor, "ATM_SERVICES")
		hired(t, d.Desk, "ani@bank.example", desk.RoleAgent, "CARD_SERVICES")
		plain := func(*desk.TicketDraft) {}
		d.given(t, d.open(t, "INQUIRY", plain), gone.ID)
		d.Clock.Advance(365 * 24 * time.Hour)
		d.open(t, "INQUIRY", plain)
		d.open(t, "COMPLAINT", plain) // nobody was ever there
		d.became(t, d.open(t, "ATM_ISSUE", plain), desk.InProgress)
		d.became(t, d.open(t, "ATM_ISSUE", plain), desk.Resolved)
		d.open(t, "CARD_ISSUE", plain)
		counted := func() map[string]staff.Tally {
			t.Helper()
			found, err := d.Unstaffed(t.Context(), leads("CARD_SERVICES"))
			succeed(t, err)
			tallies := map[string]staff.Tally{}
			for _, u := range found {
				tallies[u.Group.Code] = u.Tally
			}
			return tallies
		}
		want := map[string]staff.Tally{"DUKUNGAN_LAYANAN": {New: 1}, "ATM_SERVICES": {Working: 1}}
		if diff := cmp.Diff(want, counted()); diff != "" {
			t.Errorf("with somebody in the call centre: %s", diff)
		}
		_, err := d.ChangePerson(t.Context(), operator, gone.ID, staff.PersonChange{Active: new(bool)})
		succeed(t, err)
		want["CALL_CENTER"] = staff.Tally{New: 2, Overdue: 1}
		if diff := cmp.Diff(want, counted()); diff != "" {
			t.Errorf("after he left: %s", diff)
		}
		refusedWith(t, second(d.Unstaffed(t.Context(), agentOf("CALL_CENTER"))), desk.Forbidden, desk.RoleCannot, "an agent")
		refusedWith(t, second(d.StaffedGroups(t.Context(), auditor())), desk.Forbidden, desk.RoleCannot, "an auditor")
	})
}
