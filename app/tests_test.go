package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// tester is the test key of a partner.
func tester(t testing.TB, d *desktest.Desk, partner string) desk.Actor {
	t.Helper()
	return d.Actor(d.NewTestKey(t, partner, "omnichannel:*"))
}

func TestATestKeyBelongsToAPartnerOfItsOwn(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		first, live, second := d.NewTestKey(t, "Partner", desk.MayRead), d.NewKey(t, "Partner", desk.MayRead), d.NewTestKey(t, "Partner", desk.MayCreate)
		switch {
		case first.Key.PartnerID != second.Key.PartnerID || first.Key.PartnerID == live.Key.PartnerID:
			t.Errorf("the partners are %s, %s for tests and %s", first.Key.PartnerID, second.Key.PartnerID, live.Key.PartnerID)
		case !first.Key.Test || live.Key.Test || !strings.HasPrefix(first.Text, "bsg_test_") || strings.HasPrefix(live.Text, "bsg_test_"):
			t.Errorf("keys %+v and %+v", first.Key, live.Key)
		}
		rotated, err := d.App.RotateKey(t.Context(), operator, first.Key.ID)
		must(t, err)
		k, actor, err := d.App.Authenticate(t.Context(), rotated.Text, home)
		must(t, err)
		if !strings.HasPrefix(rotated.Text, "bsg_test_") || !k.Test || !actor.Test || actor.PartnerID != first.Key.PartnerID || actor.PartnerName != "Partner" {
			t.Errorf("the rotated key is %+v and acts as %+v", k, actor)
		}
		listed, err := d.App.Keys(t.Context())
		must(t, err)
		var seen []string
		for _, k := range listed {
			seen = append(seen, fmt.Sprint(k.PartnerName, " ", k.Test, " ", k.RevokedAt.IsZero()))
		}
		slices.Sort(seen)
		if diff := cmp.Diff([]string{"Partner false true", "Partner true false", "Partner true true", "Partner true true"}, seen); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
	})
}

func TestWhatATestKeyCannotBeIsRefused(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		d.NewTestKey(t, "Partner", desk.MayRead)
		d.NewKey(t, "Taken (test)", desk.MayRead)
		before := behind(t, d).stored(t)
		for what, c := range map[string]struct {
			key  app.NewKey
			path string
		}{
			"one that manages":                 {app.NewKey{Name: "x", Test: true, Permissions: desk.Permissions{desk.MayRead, desk.MayManage}}, "permissions"},
			"one that may do all":              {app.NewKey{Name: "x", Test: true, Permissions: desk.Permissions{"*"}}, "permissions"},
			"the provider's":                   {app.NewKey{Name: "x", Test: true, Sociomile: true, Permissions: desk.Permissions{desk.MayRead}}, "sociomile"},
			"a real key of the tests' partner": {app.NewKey{Name: "x", Partner: "Partner (test)", Permissions: desk.Permissions{desk.MayManage}}, "partner"},
			"tests of tests":                   {app.NewKey{Name: "x", Partner: "Partner (test)", Test: true, Permissions: desk.Permissions{desk.MayRead}}, "partner"},
			"a name that somebody real has":    {app.NewKey{Name: "x", Partner: "Taken", Test: true, Permissions: desk.Permissions{desk.MayRead}}, "partner"},
		} {
			_, err := d.App.CreateKey(t.Context(), operator, c.key)
			mustFail(t, err, desk.Invalid, what)
			if got := faultPaths(err); !slices.Equal(got, []string{c.path}) {
				t.Errorf("%s: the error names %v, want %s", what, got, c.path)
			}
		}
		if diff := cmp.Diff(before, behind(t, d).stored(t)); diff != "" {
			t.Errorf("something was stored (-want +got):\n%s", diff)
		}
	})
}

func TestTestsArePurgedWholeAndTheirFeedGoesOnWithoutAGap(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db, live, actor := behind(t, d), allOf(t, d, "Partner"), tester(t, d, "Partner")
		for _, who := range []desk.Actor{live, actor} {
			opened, err := d.App.OpenTicket(t.Context(), who, ticketDraft(), once(t, "same id", "POST /tickets", `{}`, wordOpened))
			must(t, err)
			_, err = attach(t, d, who, opened.Ticket, "of "+who.Name)
			must(t, err)
			_, err = attach(t, d, who, opened.Ticket, "shared")
			must(t, err)
			changeStatus(t, d, who, opened.Ticket, desk.Cancelled)
		}
		d.Sequence(t)
		audited := db.one(t, `SELECT COUNT(*) FROM audit`)
		d.Clock.Advance(30*24*time.Hour - time.Second)
		fresh := openedTicket(t, d, actor)
		d.Clock.Advance(2 * time.Second)
		db.do(t, `UPDATE request SET created_at = created_at + 3600000000 WHERE partner_id = '`+live.PartnerID+`'`) // not yet 30 days old
		due, err := d.App.PurgeDue(t.Context())
		must(t, err)
		did, err := d.App.Purge(t.Context())
		must(t, err)
		if diff := cmp.Diff([]app.Purged{{Tests: 1, Requests: 1}, {Tests: 1, Requests: 1}}, []app.Purged{due, did}); diff != "" {
			t.Errorf("due and purged (-want +got):\n%s", diff)
		}
		d.Clock.Advance(25 * time.Hour)
		did, err = d.App.Purge(t.Context())
		if err != nil || did.Files != 1 || len(blobs(t, d)) != 2 {
			t.Errorf("a day later: %+v, %v; files left: %d, want the two of the real ticket", did, err, len(blobs(t, d)))
		}
		d.Sequence(t)
		for table, want := range map[string]string{"ticket": "2", "ticket_lookup": "6", "attachment": "2", "event": "5", "comment": "0"} {
			if got := db.one(t, `SELECT COUNT(*) FROM `+table); got != want {
				t.Errorf("%s rows are left in %s, want %s", got, table, want)
			}
		}
		if now := db.one(t, `SELECT COUNT(*) FROM audit WHERE action <> 'ticket.create' OR target <> '`+of(fresh).Ticket+`'`); now != audited {
			t.Errorf("the audit trail had %s entries and has %s", audited, now)
		}
		for _, c := range []struct {
			actor desk.Actor
			after int64
			want  []int64 // cursors; nil: refused
		}{{actor, 0, []int64{3}}, {actor, 1, []int64{3}}, {actor, 2, []int64{3}}, {actor, 3, []int64{}}, {actor, 4, nil}, {live, 0, []int64{1, 2}}, {live, 3, nil}} {
			events, _, err := d.App.Feed(t.Context(), c.actor, c.after, 10)
			got := []int64{}
			for _, e := range events {
				got = append(got, e.Cursor)
			}
			if refused := desk.Is(err, desk.Invalid); refused != (c.want == nil) || !refused && !slices.Equal(got, c.want) {
				t.Errorf("%s after %d reads %v (%v), want %v", c.actor.Name, c.after, got, err, c.want)
			}
		}
		d.Clock.Advance(31 * 24 * time.Hour)
		_, err = d.App.Purge(t.Context())
		must(t, err)
		if events, _, err := d.App.Feed(t.Context(), actor, 3, 10); len(events) != 0 || err != nil {
			t.Errorf("after everything was purged a reader gets %d events, %v", len(events), err)
		}
		if opened := openedTicket(t, d, actor); opened.Number <= fresh.Number {
			t.Errorf("ticket %d got a number after %d", opened.Number, fresh.Number)
		}
	})
}
