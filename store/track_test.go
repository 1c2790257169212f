package store_test

import (
	"fmt"
	"net/netip"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// The time that an answer takes shall not tell whether a number exists.
func TestAWrongCodeRunsTheStatementsOfAnUnknownNumber(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		opened, err := d.App.OpenClaim(t.Context(), d.Actor(d.NewKey(t, "Partner", "*")), desk.ClaimDraft{NamaNasabah: "A", MediaTransaksi: "QRIS",
			Nominal: desk.Rupiahs(1), NominalGiven: true, Description: "D"}, app.Once[app.Opened]{})
		check(t, err)
		var want []string
		for i, number := range []string{strconv.FormatInt(opened.Ticket.Number, 10), "99999", "9000000000001", "abc", ""} {
			r := recording(d.Store)
			_, err := d.App.Track(t.Context(), desk.Visitor(netip.MustParseAddr(fmt.Sprint("192.0.2.", i)), "r"), number, "ABCD-2345")
			if !desk.Is(err, desk.Forbidden) {
				t.Errorf("%s: %v", number, err)
			}
			var got []string
			for _, s := range r.all {
				got = append(got, s.text)
			}
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
				t.Errorf("%s (-want +got):\n%s", number, diff)
			}
		}
	})
}
