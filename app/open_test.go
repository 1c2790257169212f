package app_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestAClaimBecomesATicketWithItsEventAndAuditEntry(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		opened, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
		must(t, err)
		got, err := d.App.ReadTicket(t.Context(), actor, of(opened.Ticket).Ticket)
		must(t, err)
		k := got.Ticket
		want := []any{int64(10001), desk.Open, "KLAIM - OMNI - ATM - PEMBAYARAN", desk.CategoryServiceRequest, "OMNI", desk.Medium, actor.PartnerID, actor.ID, 72, desktest.Start.Add(72 * time.Hour)}
		if diff := cmp.Diff(want, []any{k.Number, k.Status, k.Title, k.Category, k.Branch.Code, k.Priority, k.PartnerID, k.KeyID, k.PolicyHours, k.Clocks.ResolutionDue}); diff != "" {
			t.Error(diff)
		}
		events := ticketEvents(t, d, k.ID)
		if len(events) != 1 || events[0].Type != desk.TicketCreated || events[0].Actor.ID != actor.ID || events[0].PartnerID != actor.PartnerID {
			t.Errorf("events %+v, want one TICKET_CREATED by the key", events)
		}
		if diff := cmp.Diff([]string{entry(actor, "10001")}, behind(t, d).audited(t, "ticket.create")); diff != "" {
			t.Error(diff)
		}
		if opened.TrackingCode == "" || got.Ticket.Private.TrackingCode != opened.TrackingCode {
			t.Errorf("tracking code %q, kept %q", opened.TrackingCode, got.Ticket.Private.TrackingCode)
		}
	})
}

func TestEveryFaultOfARequestIsNamedAndNothingIsStored(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		before := db.stored(t)
		claim := desk.ClaimDraft{MediaTransaksi: "ATM", ClaimDate: "yesterday", ChannelReference: "4111111111111111",
			Integration: desk.Integration{RequestID: "4111 1111 1111 1111", WebhookURL: "ftp://x"}}
		_, err := d.App.OpenClaim(t.Context(), actor, claim, once(t, "req_1", "POST /claims", `{}`, wordOpened))
		want := []string{"namaNasabah", "jenisTransaksi", "nominal", "claimDate", "channelReferenceId", "integration.webhookUrl", "integration.requestId"}
		if diff := cmp.Diff(want, faultPaths(err)); diff != "" || !desk.Is(err, desk.Invalid) {
			t.Errorf("%v: %s", err, diff)
		}
		draft := desk.TicketDraft{Channel: "PIGEON", ServiceType: "NONE", Customer: desk.Customer{Email: "no", Phone: "x"}, Priority: "SOON", Category: "X",
			Attachments: []desk.Attachment{textFile("fine"), file("a.html", "text/html", "<html>")}}
		_, err = d.App.OpenTicket(t.Context(), actor, draft, once(t, "req_2", "POST /tickets", `{}`, wordOpened))
		want = []string{"attachments.1.mimeType", "channel", "serviceType", "customer.name", "customer.email", "customer.phone", "ticket.description", "ticket.priority", "ticket.category"}
		if diff := cmp.Diff(want, faultPaths(err)); diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || len(blobs(t, d)) > 0 {
			t.Errorf("a refused request stored something: %s %v", diff, blobs(t, d))
		}
	})
}

func TestWarningsTellWhatThePartnerShouldKnowAndRefuseNothing(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		draft := ticketDraft()
		draft.Customer.Identifier, draft.Customer.BranchCode = "", "999"
		draft.Title = "Card 4111 1111 1111 1111"
		draft.Integration = desk.Integration{PartnerID: "SOMEBODY", APIVersion: "7"}
		draft.Attachments = []desk.Attachment{textFile("content")}
		draft.Attachments[0].DeclaredSize = 1024
		opened, err := d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
		must(t, err)
		var paths []string
		for _, w := range opened.Warnings {
			paths = append(paths, w.Path)
		}
		want := []string{"attachments.0.size", "ticket.title", "integration.partnerId", "integration.apiVersion", "customer.branchCode", "customer.identifier"}
		if diff := cmp.Diff(want, paths); diff != "" {
			t.Error(diff)
		}
		for _, own := range []string{"", actor.PartnerID, actor.PartnerName} {
			claim := claimDraft()
			claim.Integration = desk.Integration{PartnerID: own, APIVersion: "1.0"}
			claimed, err := d.App.OpenClaim(t.Context(), actor, claim, app.Once[app.Opened]{})
			if err != nil || len(claimed.Warnings) > 0 {
				t.Errorf("partner id %q: %v, %v", own, claimed.Warnings, err)
			}
		}
		k := opened.Ticket
		if k.Title != "Card ****1111" || k.Branch.Code != "999" || k.PartnerRef != "SOMEBODY" || !slices.Equal(k.Missing, []string{"customer.identifier"}) {
			t.Errorf("title %q, branch %q, partner %q, missing %q", k.Title, k.Branch.Code, k.PartnerRef, k.Missing)
		}
	})
}

// The installation's reference data is what a bank edits; without it the answer says what an operator must mend.
func TestMissingReferenceDataIsToldAsTheDocumentSays(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		db := behind(t, d)
		for _, c := range []struct {
			statement string
			want      desk.Text
		}{
			{`DELETE FROM service WHERE type = 'CLAIM'`, desk.ClaimServiceNotFound},
			{`UPDATE agent SET active = FALSE WHERE role = 'system'`, desk.SystemUserNotFound},
		} {
			db.do(t, c.statement)
			node := d.Node(t) // reads the reference data anew
			draft := ticketDraft()
			draft.ServiceType = desk.ServiceClaim
			if c.want == desk.SystemUserNotFound {
				draft = ticketDraft()
			} else {
				_, err := node.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
				mustFail(t, err, desk.Misconfigured, "OpenClaim")
			}
			_, err := node.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
			if failed := new(desk.Error); !errors.As(err, &failed) || failed.Text != c.want || failed.Code != desk.Misconfigured {
				t.Errorf("%s: got %v, want %q", c.statement, err, c.want)
			}
		}
		if n := db.one(t, `SELECT COUNT(*) FROM ticket`); n != "0" {
			t.Errorf("%s tickets were made", n)
		}
	})
}

func TestTicketNumbersOfTwoNodesNeverMeet(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		nodes := []*desktest.Desk{d, d.Node(t)}
		seen := map[int64]bool{}
		for i := range 10 {
			ticket := openedTicket(t, nodes[i%2], actor)
			if seen[ticket.Number] || ticket.Number < 10001 {
				t.Fatalf("number %d was given twice, or is below the first", ticket.Number)
			}
			seen[ticket.Number] = true
		}
	})
}

func TestATicketIsFoundByNumberAndByReference(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, other := allOf(t, d, "Partner"), allOf(t, d, "Other")
		open := func(actor desk.Actor, reference string) *desk.Ticket {
			draft := ticketDraft()
			draft.ChannelReference = reference
			opened, err := d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
			must(t, err)
			return opened.Ticket
		}
		first, foreign := open(actor, "wa_1"), open(other, "wa_1")
		newest := open(actor, "wa_1")
		named := open(actor, strconv.FormatInt(first.Number, 10))    // a reference that is an own number
		stolen := open(actor, strconv.FormatInt(foreign.Number, 10)) // a reference that is another partner's number
		for _, c := range []struct {
			number, reference string
			want              *desk.Ticket
		}{
			{of(first).Ticket, "", first}, {"", "wa_1", newest}, {of(first).Ticket, "wa_1", first}, {of(newest).Ticket, "wa_1", newest},
			{of(first).Ticket, "wa_2", nil}, {of(foreign).Ticket, "wa_1", nil}, {"", of(first).Ticket, named}, {"", of(foreign).Ticket, stolen},
		} {
			got, err := d.App.ReadStatus(t.Context(), actor, c.number, c.reference)
			if c.want == nil {
				mustFail(t, err, desk.NotFound, c.number+" and "+c.reference)
			} else if err != nil || got.Ticket.Number != c.want.Number {
				t.Errorf("%q and %q: got %v, %v; want %d", c.number, c.reference, got.Ticket, err, c.want.Number)
			}
		}
		for path, want := range map[string]*desk.Ticket{of(first).Ticket: first, "wa_1": newest, of(foreign).Ticket: stolen} {
			if got, err := d.App.ReadClaim(t.Context(), actor, path); err != nil || got.Ticket.Number != want.Number {
				t.Errorf("path %s: got %v, %v; want %d", path, got.Ticket, err, want.Number)
			}
		}
		if got, err := d.App.ReadClaim(t.Context(), bank(t, d), "wa_1"); err != nil || got.Ticket.Number != newest.Number {
			t.Errorf("the bank finds %v, %v; want the newest of all partners", got.Ticket, err)
		}
	})
}

func TestAListShowsEachTicketOnceAndTellsWhetherThereIsMore(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		openedTicket(t, d, allOf(t, d, "Other"))
		var want []int64
		for range 5 {
			d.Clock.Advance(time.Second)
			want = append(want, openedTicket(t, d, actor).Number)
		}
		var got []int64
		list := app.List{Limit: 2, Statuses: []desk.Status{desk.Open, desk.Pending, desk.Open}}
		for range want {
			page, err := d.App.ListTickets(t.Context(), actor, list)
			must(t, err)
			for _, k := range page.Tickets {
				got, list.AfterAt, list.AfterID = append(got, k.Number), k.UpdatedAt, k.ID
			}
			if page.More != (len(got) < len(want)) {
				t.Errorf("after %d tickets: more is %v", len(got), page.More)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		page, err := d.App.ListTickets(t.Context(), actor, app.List{Limit: 10, Since: desktest.Start.Add(4 * time.Second)})
		if err != nil || len(page.Tickets) != 2 {
			t.Errorf("changed since the fourth second: %d tickets (%v), want 2", len(page.Tickets), err)
		}
	})
}

func TestTicketsAreFoundByAnySpellingOfAnIdentifier(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, other := allOf(t, d, "Partner"), allOf(t, d, "Other")
		mine := openedTicket(t, d, actor)
		openedTicket(t, d, other)
		claim := claimDraft()
		claim.NomorRekening = "001-0201 2345678"
		claimed, err := d.App.OpenClaim(t.Context(), actor, claim, app.Once[app.Opened]{})
		must(t, err)
		for _, c := range []struct {
			by   map[desk.LookupKind]string
			want []int64
		}{
			{map[desk.LookupKind]string{desk.ByEmail: " SARAH.J@email.com"}, []int64{mine.Number}},
			{map[desk.LookupKind]string{desk.ByPhone: "0812-345-6789"}, []int64{mine.Number}},
			{map[desk.LookupKind]string{desk.ByIdentifier: "cif789123", desk.ByPhone: "+62 812 3456789"}, []int64{mine.Number}},
			{map[desk.LookupKind]string{desk.ByIdentifier: "CIF789123", desk.ByPhone: "+62 812 0000000"}, nil},
			{map[desk.LookupKind]string{desk.ByAccount: "001.0201.2345678"}, []int64{claimed.Ticket.Number}},
			{map[desk.LookupKind]string{desk.ByIdentifier: " "}, nil},
		} {
			page, err := d.App.FindTickets(t.Context(), actor, app.Find{By: c.by, Limit: 10})
			must(t, err)
			var got []int64
			for _, k := range page.Tickets {
				got = append(got, k.Number)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%v: %s", c.by, diff)
			}
		}
		page, err := d.App.FindTickets(t.Context(), bank(t, d), app.Find{By: map[desk.LookupKind]string{desk.ByEmail: "sarah.j@email.com"}, Limit: 1})
		if err != nil || len(page.Tickets) != 1 || !page.More {
			t.Errorf("the bank finds %d tickets, more %v (%v); want 1 and more", len(page.Tickets), page.More, err)
		}
	})
}

func TestAnUnreadableRowIsAnErrorAndIsNotNotedAsRead(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		db := behind(t, d)
		db.do(t, `UPDATE ticket SET sealed = '1:1:AAAA'`)
		if got, err := d.App.ReadTicket(t.Context(), actor, of(ticket).Ticket); err == nil || got.Ticket != nil {
			t.Errorf("got %v, %v; want an error alone", got.Ticket, err)
		}
		readsWritten(t, d, db)
		if got := db.audited(t, "ticket.read"); len(got) > 0 {
			t.Errorf("the trail says that it was read: %v", got)
		}
	})
}
