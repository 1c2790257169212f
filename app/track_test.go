package app_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// visitor is somebody on the tracking page, at an address.
func visitor(address string) desk.Actor {
	return desk.Visitor(netip.MustParseAddr(address), "request-of-visitor")
}

// opened makes a ticket of an actor and returns its number and tracking code.
func opened(t testing.TB, d *desktest.Desk, actor desk.Actor) (number, code string) {
	t.Helper()
	o, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), app.Once[app.Opened]{})
	must(t, err)
	return strconv.FormatInt(o.Ticket.Number, 10), o.TrackingCode
}

// signature is what a link is signed with.
func signature(t testing.TB, link, number string) string {
	t.Helper()
	signature, found := strings.CutPrefix(link, "/tickets/"+number+"?t=")
	if !found {
		t.Fatalf("%s is no link to %s", link, number)
	}
	return signature
}

func TestATrackingCodeLeadsToWhatItsCustomerMayKnow(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, staff, who := allOf(t, d, "Partner"), bank(t, d), visitor("192.0.2.1")
		o, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), app.Once[app.Opened]{})
		must(t, err)
		number := of(o.Ticket).Ticket
		changeStatus(t, d, staff, o.Ticket, desk.InProgress)
		for _, c := range []struct {
			by   desk.Actor
			what app.NewComment
		}{
			{actor, app.NewComment{Content: "It still crashes"}},
			{staff, app.NewComment{Content: "Looks like fraud", Internal: true}},
			{staff, app.NewComment{Content: "Please send a picture"}},
			{actor, app.NewComment{Content: "Here", Author: "Her husband"}},
		} {
			_, err := d.App.AddComment(t.Context(), c.by, of(o.Ticket), c.what)
			must(t, err)
		}
		d.Clock.Advance(time.Hour)
		changeStatus(t, d, staff, o.Ticket, desk.Pending)
		link, err := d.App.Track(t.Context(), who, number, strings.ToLower(strings.ReplaceAll(o.TrackingCode, "-", " ")))
		must(t, err)
		d.Clock.Advance(30*time.Minute - time.Second)
		got, err := d.App.ReadTracked(t.Context(), who, number, signature(t, link, number))
		must(t, err)

		started := desktest.Start
		due := started.Add(8 * time.Hour)
		want := app.Tracked{Number: o.Ticket.Number, Status: desk.Pending, Service: map[desk.Language]string{desk.English: "Mobile Banking Support", desk.Indonesian: "Mobile Banking (BSGtouch)"}, CreatedAt: started,
			Promise: desk.Promise{Due: due, First: due, Waits: []desk.Wait{{From: started.Add(time.Hour)}}},
			Steps:   []desk.Step{{At: started, Status: desk.Open}, {At: started, Status: desk.InProgress}, {At: started.Add(time.Hour), Status: desk.Pending}}}
		said := [][2]string{{"", "It still crashes"}, {"Core Banking", "Please send a picture"}, {"Her husband", "Here"}}
		var heard [][2]string
		for _, c := range got.Comments {
			heard = append(heard, [2]string{c.Author, c.Content})
		}
		if diff := cmp.Diff(said, heard); diff != "" {
			t.Errorf("comments (-want +got):\n%s", diff)
		}
		got.Comments = nil
		want.Promise.Due, want.Promise.First = got.Promise.Due, got.Promise.First // their rules are tested in desk
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if !o.Ticket.Clocks.ResolutionDue.Equal(got.Promise.Due) {
			t.Errorf("promised for %v, want %v", got.Promise.Due, o.Ticket.Clocks.ResolutionDue)
		}
		readsWritten(t, d, behind(t, d))
		if diff := cmp.Diff([]string{entry(who, number)}, behind(t, d).audited(t, "ticket.track")); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
		d.Clock.Advance(time.Second)
		_, err = d.App.ReadTracked(t.Context(), who, number, signature(t, link, number))
		mustFail(t, err, desk.Forbidden, "after half an hour")
	})
}

func TestALinkOpensItsOwnTicketAlone(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, who := allOf(t, d, "Partner"), visitor("192.0.2.1")
		number, code := opened(t, d, actor)
		other, _ := opened(t, d, actor)
		link, err := d.App.Track(t.Context(), who, number, code)
		must(t, err)
		good := signature(t, link, number)
		expiry, mac, _ := strings.Cut(good, ".")
		decoy := d.App.TrackingLink(&desk.Ticket{ID: "decoy", Number: 99999}, d.Clock.Now().Add(time.Hour))
		for what, c := range map[string][2]string{
			"what stands for no ticket": {"99999", signature(t, decoy, "99999")},
			"another ticket":            {other, good}, "no ticket": {"99999", good}, "no number": {"abc", good}, "another spelling": {"0" + number, good},
			"another time": {number, "zzzzzz." + mac}, "no time": {number, "." + mac}, "no MAC": {number, expiry}, "another MAC": {number, expiry + "." + strings.Repeat("A", len(mac))},
			"nothing": {number, ""}, "the code": {number, code},
		} {
			_, err := d.App.ReadTracked(t.Context(), who, c[0], c[1])
			if e, _ := errors.AsType[*desk.Error](err); e == nil || e.Code != desk.Forbidden || e.Text != desk.LinkEnded {
				t.Errorf("%s: got %v", what, err)
			}
		}
		_, err = d.App.ReadTracked(t.Context(), who, number, good)
		must(t, err)
	})
}

func TestAWrongCodeAndAnUnknownNumberCannotBeToldApart(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		number, code := opened(t, d, allOf(t, d, "Partner"))
		test, testCode := opened(t, d, d.Actor(d.NewTestKey(t, "Partner", "omnichannel:*")))
		for i, c := range [][2]string{{number, "ABCD-2345"}, {number, ""}, {number, code + "2"}, {"12345", code}, {test, testCode}, {number + "x", code}, {"", code}, {"\x00", code}} {
			_, err := d.App.Track(t.Context(), visitor(fmt.Sprintf("192.0.2.%d", i)), c[0], c[1])
			if diff := cmp.Diff(error(desk.Fail(desk.Forbidden, desk.TrackingRefused)), err); diff != "" {
				t.Errorf("%q: %v", c, err)
			}
		}
	})
}

func TestTrackingCodesCannotBeGuessedThrough(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		number, code := opened(t, d, allOf(t, d, "Partner"))
		from := 0
		elsewhere := func() desk.Actor { from++; return visitor(fmt.Sprintf("198.51.%d.%d", from/250, from%250)) }
		try := func(who desk.Actor, number, code string) (wait time.Duration) {
			t.Helper()
			_, err := d.App.Track(t.Context(), who, number, code)
			var e *desk.Error
			if errors.As(err, &e) && e.Code == desk.TooMany {
				if e.Text != desk.TriedTooOften || e.Args[0] != strconv.Itoa(int((e.RetryAfter+time.Minute-1)/time.Minute)) {
					t.Errorf("told %v", e)
				}
				return e.RetryAfter
			}
			if code == "" {
				mustFail(t, err, desk.Forbidden, "a wrong code")
			} else {
				must(t, err)
			}
			return 0
		}
		want := func(what string, got, want time.Duration) {
			t.Helper()
			if got != want {
				t.Errorf("%s: waits %v, want %v", what, got, want)
			}
		}
		for range 4 {
			want("within the tries of a number", try(elsewhere(), number, ""), 0)
		}
		want("the right code", try(elsewhere(), number, code), 0)
		for _, n := range []string{number, "99999"} {
			for range 5 {
				want("within the tries of a number", try(elsewhere(), n, ""), 0)
			}
			want("behind them", try(elsewhere(), n, ""), 5*time.Minute)
			want("the right code behind them", try(elsewhere(), n, code), 5*time.Minute)
		}
		one := visitor("2001:db8::1")
		for i := range 20 {
			want("within the tries of an address", try(one, strconv.Itoa(20000+i), ""), 0)
		}
		want("behind them", try(one, "30000", ""), time.Minute)
		want("from the same network", try(visitor("2001:db8::ffff:1"), "30000", ""), time.Minute)
		want("from another network", try(visitor("2001:db8:0:1::1"), "30000", ""), 0)
		for i := range 264 {
			want("within all tries", try(elsewhere(), strconv.Itoa(40000+i), ""), 0)
		}
		want("behind them", try(elsewhere(), "50000", ""), time.Second)
		d.Clock.Advance(5 * time.Minute)
		want("the right code later", try(elsewhere(), number, code), 0)
		if names := behind(t, d).rows(t, `SELECT name FROM throttle`); slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "10001") || strings.Contains(n, "2001:") }) {
			t.Errorf("what was tried is stored in clear: %q", names)
		}
	})
}

func TestAVisitorMayDoNothingElse(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		ticket, who := openedTicket(t, d, allOf(t, d, "Partner")), visitor("192.0.2.1")
		_, err := d.App.ReadTicket(t.Context(), who, of(ticket).Ticket)
		mustFail(t, err, desk.Forbidden, "reading")
		_, err = d.App.ChangeStatus(t.Context(), who, of(ticket), desk.Cancelled, "")
		mustFail(t, err, desk.Forbidden, "changing")
		_, err = d.App.AddComment(t.Context(), who, of(ticket), app.NewComment{Content: "x"})
		mustFail(t, err, desk.Forbidden, "writing")
		if who.Works() || who.Manages() || !who.Sight().None() {
			t.Error("a visitor is taken for somebody")
		}
	})
}

func TestAnotherTrackingCodeEndsTheOldOneAndItsLinks(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		core, partner, who := bank(t, d), allOf(t, d, "Partner"), visitor("192.0.2.1")
		ticket := openedTicket(t, d, partner)
		c := of(ticket)
		old := ticket.Private.TrackingCode
		link, err := d.App.Track(t.Context(), who, c.Ticket, old)
		must(t, err)
		for range 5 {
			_, err := d.App.Track(t.Context(), visitor("192.0.2.2"), c.Ticket, "ABCD-2345")
			mustFail(t, err, desk.Forbidden, "a guess")
		}
		_, err = d.App.RenewTrackingCode(t.Context(), partner, c)
		mustFail(t, err, desk.Forbidden, "a partner")
		_, err = d.App.RenewTrackingCode(t.Context(), core, app.Change{Ticket: c.Ticket, Version: ticket.Version + 1})
		mustFail(t, err, desk.Stale, "who read another version")

		c.Version = ticket.Version
		c.Once = app.Once[app.Changed]{ID: "renew", Operation: "renew", Word: func(c app.Changed) (app.Answer, error) {
			return app.Answer{Status: 200, Body: []byte(c.TrackingCode)}, nil
		}}
		changed, err := d.App.RenewTrackingCode(t.Context(), core, c)
		must(t, err)
		if changed.TrackingCode == "" || changed.TrackingCode == old || changed.Ticket.Customer.Email != "" || changed.Ticket.Version != ticket.Version+1 {
			t.Errorf("the code %q became %q, version %d", old, changed.TrackingCode, changed.Ticket.Version)
		}
		_, err = d.App.RenewTrackingCode(t.Context(), core, c)
		if before, ok := errors.AsType[*app.Replay](err); !ok || string(before.Answer.Body) != changed.TrackingCode {
			t.Errorf("sent twice: %v", err)
		}
		_, err = d.App.Track(t.Context(), who, c.Ticket, changed.TrackingCode) // though its number was tried too often
		must(t, err)
		_, err = d.App.Track(t.Context(), who, c.Ticket, old)
		mustFail(t, err, desk.Forbidden, "the old code")
		_, err = d.App.ReadTracked(t.Context(), who, c.Ticket, signature(t, link, c.Ticket))
		mustFail(t, err, desk.Forbidden, "a link of the old code")

		found, err := d.App.FindTickets(t.Context(), partner, app.Find{By: map[desk.LookupKind]string{desk.ByEmail: ticket.Private.Email}, Limit: 5})
		must(t, err)
		if ticket.Private.Email == "" || len(found.Tickets) != 1 {
			t.Errorf("%d tickets of %q are found", len(found.Tickets), ticket.Private.Email)
		}
		if diff := cmp.Diff([]desk.EventType{desk.TicketCreated, desk.CodeRenewed}, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{entry(core, c.Ticket)}, behind(t, d).audited(t, "tracking.renew")); diff != "" {
			t.Error(diff)
		}
	})
}
