package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// verb is something that somebody may ask of the desk, about the ticket that a reference means.
type verb struct {
	name  string
	needs desk.Permission
	about bool // it is about a ticket, which can be missing
	call  func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error
}

var verbs = []verb{
	{"OpenClaim", desk.MayCreate, false, func(t *testing.T, d *desktest.Desk, actor desk.Actor, _ string) error {
		_, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
		return err
	}},
	{"OpenTicket", desk.MayCreate, false, func(t *testing.T, d *desktest.Desk, actor desk.Actor, _ string) error {
		draft := ticketDraft()
		draft.Attachments = []desk.Attachment{textFile("opened by " + actor.Name)}
		_, err := d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
		return err
	}},
	{"ReadStatus", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ReadStatus(t.Context(), actor, reference, "")
		return err
	}},
	{"ReadStatus by reference", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ReadStatus(t.Context(), actor, "", reference)
		return err
	}},
	{"ReadClaim", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ReadClaim(t.Context(), actor, reference)
		return err
	}},
	{"ReadTicket", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ReadTicket(t.Context(), actor, reference)
		return err
	}},
	{"ReadAttachment", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ReadAttachment(t.Context(), actor, reference, "none")
		return err
	}},
	{"ReadRequest", desk.MayRead, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, _, err := d.App.ReadRequest(t.Context(), actor, reference)
		return err
	}},
	{"ListTickets", desk.MayRead, false, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ListTickets(t.Context(), actor, app.List{AfterAt: desktest.Start, AfterID: reference, Limit: 10})
		return err
	}},
	{"FindTickets", desk.MayRead, false, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.FindTickets(t.Context(), actor, app.Find{By: map[desk.LookupKind]string{desk.ByIdentifier: reference}, Before: reference, Limit: 10})
		return err
	}},
	{"Feed", desk.MayRead, false, func(t *testing.T, d *desktest.Desk, actor desk.Actor, _ string) error {
		_, _, err := d.App.Feed(t.Context(), actor, 0, 10)
		return err
	}},
	{"AddComment", desk.MayUpdate, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.AddComment(t.Context(), actor, app.Change{Ticket: reference}, app.NewComment{Content: "a word"})
		return err
	}},
	{"ChangeStatus", desk.MayUpdate, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.ChangeStatus(t.Context(), actor, app.Change{Ticket: reference}, desk.Pending, "")
		return err
	}},
	{"Attach", desk.MayUpdate, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.Attach(t.Context(), actor, app.Change{Ticket: reference}, []desk.Attachment{textFile("attached by " + actor.Name)})
		return err
	}},
	{"Assign", desk.MayManage, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.Assign(t.Context(), actor, app.Change{Ticket: reference}, app.Assignment{GroupCode: "CALL_CENTER"})
		return err
	}},
	{"Take", desk.MayManage, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.Take(t.Context(), actor, app.Change{Ticket: reference})
		return err
	}},
	{"SetPriority", desk.MayManage, true, func(t *testing.T, d *desktest.Desk, actor desk.Actor, reference string) error {
		_, err := d.App.SetPriority(t.Context(), actor, app.Change{Ticket: reference}, desk.Low)
		return err
	}},
}

func TestEveryVerbAsksForItsPermission(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		permissions := []desk.Permission{desk.MayCreate, desk.MayRead, desk.MayUpdate, desk.MayManage, "omnichannel:*", "*"}
		actors := map[desk.Permission]desk.Actor{}
		for _, p := range permissions {
			actors[p] = partner(t, d, string(p), p)
		}
		before := db.stored(t)
		for _, v := range verbs {
			for _, p := range permissions {
				if !(desk.Permissions{p}).Allow(v.needs) {
					mustFail(t, v.call(t, d, actors[p], "10001"), desk.Forbidden, v.name+" with "+string(p))
				}
			}
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || len(blobs(t, d)) > 0 {
			t.Errorf("a refused verb stored something: %s %v", diff, blobs(t, d))
		}
		for _, v := range verbs {
			for _, p := range permissions {
				if err := v.call(t, d, actors[p], "10001"); (desk.Permissions{p}).Allow(v.needs) && desk.Is(err, desk.Forbidden) {
					t.Errorf("%s with %s: %v", v.name, p, err)
				}
			}
		}
	})
}

// A ticket of somebody else, one that does not exist and a text that can be no ticket are told apart by nothing.
func TestWhatIsNotTheActorsOwnIsNotFoundAndNothingIsStored(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		draft := ticketDraft()
		draft.ChannelReference = "wa_1"
		foreign, err := d.App.OpenTicket(t.Context(), allOf(t, d, "Other"), draft, once(t, "req_1", "POST /tickets", `{}`, wordOpened))
		must(t, err)
		actor := allOf(t, d, "Partner")
		actor.Permissions = append(actor.Permissions, desk.MayCreate)
		before := db.stored(t)
		for _, reference := range []string{
			of(foreign.Ticket).Ticket, "wa_1", "req_1", "99999", "0", "-1", "010001", " 10001", "99999999999999999999", "nobody's",
			"", "nul\x00inside", "\x00", "broken \xff utf-8", "\u202e", strings.Repeat("9", 70_000), "' OR '1'='1", "%",
		} {
			for _, v := range verbs {
				if !v.about || v.needs == desk.MayManage {
					continue
				}
				mustFail(t, v.call(t, d, actor, reference), desk.NotFound, v.name+" of "+short(reference))
			}
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || len(blobs(t, d)) > 0 {
			t.Errorf("something was stored: %s %v", diff, blobs(t, d))
		}
	})
}

// An actor without a partner must not be taken for one who sees every partner's tickets.
func TestWhoBelongsToNoPartnerSeesNothing(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		draft := ticketDraft()
		draft.ChannelReference = "wa_1"
		opened, err := d.App.OpenTicket(t.Context(), allOf(t, d, "Partner"), draft, app.Once[app.Opened]{})
		must(t, err)
		d.Sequence(t)
		actor := desk.Actor{Kind: desk.ByAgent, ID: "agent", Permissions: desk.Permissions{"omnichannel:*"}}
		for _, reference := range []string{of(opened.Ticket).Ticket, "wa_1"} {
			for _, v := range verbs {
				if v.about && v.needs != desk.MayManage {
					mustFail(t, v.call(t, d, actor, reference), desk.NotFound, v.name)
				}
			}
		}
		listed, err := d.App.ListTickets(t.Context(), actor, app.List{Limit: 10})
		must(t, err)
		found, err := d.App.FindTickets(t.Context(), actor, app.Find{By: map[desk.LookupKind]string{desk.ByEmail: "sarah.j@email.com"}, Limit: 10})
		must(t, err)
		events, _, err := d.App.Feed(t.Context(), actor, 0, 10)
		must(t, err)
		if len(listed.Tickets)+len(found.Tickets)+len(events) > 0 {
			t.Errorf("%d tickets listed, %d found, %d events told", len(listed.Tickets), len(found.Tickets), len(events))
		}
	})
}

func TestAPlaceInAListThatCannotBeIsRefused(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		for _, v := range verbs {
			if v.name != "ListTickets" && v.name != "FindTickets" {
				continue
			}
			must(t, v.call(t, d, actor, strings.Repeat("z", 70_000)))
			for _, place := range []string{"nul\x00inside", "broken \xff utf-8"} {
				if err := v.call(t, d, actor, place); !slices.Equal(faultPaths(err), []string{"cursor"}) {
					t.Errorf("%s: got %v, want a fault of cursor", v.name, err)
				}
			}
		}
	})
}

func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), 40)], "?") }
