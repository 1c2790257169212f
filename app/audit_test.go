package app_test

import (
	"context"
	"encoding/hex"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestEveryReadOfPersonalDataIsNotedWithWhatWasShown(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		draft := ticketDraft()
		draft.Attachments = []desk.Attachment{textFile("content")}
		opened, err := d.App.OpenTicket(t.Context(), actor, draft, once(t, "req_1", "POST /tickets", `{}`, wordOpened))
		must(t, err)
		number := of(opened.Ticket).Ticket
		d.Clock.Advance(time.Second)
		openedTicket(t, d, actor) // a second ticket
		_, err = d.App.ReadStatus(t.Context(), actor, number, "")
		must(t, err)
		_, err = d.App.ReadClaim(t.Context(), actor, number)
		must(t, err)
		detail, err := d.App.ReadTicket(t.Context(), core, number)
		must(t, err)
		_, err = d.App.ReadAttachment(t.Context(), actor, number, detail.Attachments[0].ID)
		must(t, err)
		_, _, err = d.App.ReadRequest(t.Context(), actor, "req_1")
		must(t, err)
		_, err = d.App.ListTickets(t.Context(), actor, app.List{Limit: 1})
		must(t, err)
		_, err = d.App.FindTickets(t.Context(), actor, app.Find{By: map[desk.LookupKind]string{desk.ByEmail: "sarah.j@email.com", desk.ByPhone: "08123456789"}, Limit: 10})
		must(t, err)
		for _, v := range verbs { // what shows nothing is not noted
			if v.about && v.needs == desk.MayRead {
				mustFail(t, v.call(t, d, actor, "99999"), desk.NotFound, v.name)
			}
		}
		readsWritten(t, d, db)
		for action, want := range map[string][]string{
			"ticket.status": {entry(actor, number), entry(actor, number)}, "ticket.read": {entry(core, number)}, "attachment.read": {entry(actor, number)},
			"request.read": {entry(actor, number)}, "ticket.search": {entry(actor, "")},
		} {
			if diff := cmp.Diff(want, db.audited(t, action)); diff != "" {
				t.Errorf("%s: %s", action, diff)
			}
		}
		listed := db.rows(t, `SELECT detail FROM audit WHERE action = 'ticket.list' AND actor_id = $1`, actor.ID)
		found := db.rows(t, `SELECT detail FROM audit WHERE action = 'ticket.search'`)
		if diff := cmp.Diff([]string{"shown: 10001", "by email phone, shown: 10002 10001"}, append(listed, found...)); diff != "" {
			t.Error(diff)
		}
	})
}

// What a caller names in a refused request may be anything. It must neither reach the trail as it is nor hold it up.
func TestARefusalIsNotedWhateverTheCallerNamed(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		targets := map[string]string{
			"10001": "10001", "": "", "wa_1": "wa_1", "nul\x00": "nul\uFFFD", "broken\xff\xfe": "broken\uFFFD", "4111111111111111": "****1111", "x 4111-1111-1111-1111\x00": "x ****1111\uFFFD",
			strings.Repeat("é", 70_000): strings.Repeat("é", 128) + "…",
		}
		for target := range targets {
			actor.RequestID = requestID(target)
			d.App.NoteRefusal(actor, "GET /tickets", target, desk.NotFound)
		}
		readsWritten(t, d, db)
		for target, want := range targets {
			got := db.rows(t, `SELECT target, outcome, actor_id FROM audit WHERE action = 'GET /tickets' AND request_id = $1`, requestID(target))
			if diff := cmp.Diff([]string{want + "|not_found|" + actor.ID}, got); diff != "" || !utf8.ValidString(want) {
				t.Error(diff)
			}
		}
		d.Sequence(t)
		if v := verify(t, d); v.Broken != nil || v.Unsealed > 0 {
			t.Errorf("the trail: %+v", v)
		}
	})
}

// requestID is a plain id made of any text.
func requestID(text string) string { return hex.EncodeToString([]byte(text[:min(len(text), 40)])) }

func TestReadsAreRefusedWhenTooManyCannotBeNotedAndNoneIsLost(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		db.do(t, `ALTER TABLE audit RENAME TO hidden`)
		d.App.NoteRefusal(actor, "refused", "", desk.NotFound)
		until(t, "a failure to write it", func() bool { return strings.Contains(d.Log.String(), "trying again") })
		const noted = 4097 // one that is tried again and again, and those that wait
		for range noted - 1 {
			d.App.NoteRefusal(actor, "refused", "", desk.NotFound)
		}
		if strings.Contains(d.Log.String(), "could not be noted") {
			t.Error("less than 4096 entries may wait")
		}
		d.App.NoteRefusal(actor, "refused", "", desk.NotFound)
		if !strings.Contains(d.Log.String(), "could not be noted") {
			t.Error("more than 4096 entries wait")
		}
		for _, v := range verbs {
			err := v.call(t, d, actor, of(ticket).Ticket)
			if v.needs == desk.MayRead && v.name != "Feed" && err == nil {
				t.Errorf("%s shows what cannot be noted", v.name)
			}
		}
		got, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
		if !desk.Is(err, desk.Unavailable) || got.Ticket != nil {
			t.Errorf("got %v, %v; want Unavailable alone", got.Ticket, err)
		}
		db.do(t, `ALTER TABLE hidden RENAME TO audit`)
		until(t, "the next read", func() bool {
			_, err := d.App.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
			return err == nil
		})
		until(t, "the writing of all that was noted", func() bool {
			return db.one(t, `SELECT COUNT(*) FROM audit WHERE action = 'refused'`) == strconv.Itoa(noted)
		})
	})
}

// stopping makes verbs whose noted reads are written only when KeepAudit is called, with a context that has ended.
func stopping(t *testing.T, d *desktest.Desk) (*app.App, context.Context) {
	t.Helper()
	place, err := blob.Open(t.Context(), filepath.Join(d.Folder, "blobs"), blob.Options{Seal: d.Keyring.SealBytes, Open: d.Keyring.OpenBytes})
	must(t, err)
	a, err := app.New(t.Context(), app.Options{Store: d.Store, Keyring: d.Keyring, Blobs: place, Log: slog.New(slog.NewJSONHandler(d.Log, nil))})
	must(t, err)
	ended, stop := context.WithCancel(t.Context())
	stop()
	return a, ended
}

func TestNotedReadsAreWrittenWhenTheProgramStops(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		a, ended := stopping(t, d)
		ticket := openedTicket(t, d, actor)
		read := func(n int) {
			for range n {
				_, err := a.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
				must(t, err)
			}
		}
		read(300) // more than one batch
		a.KeepAudit(ended)
		if n := len(db.audited(t, "ticket.status")); n != 300 {
			t.Errorf("%d of 300 reads are in the trail", n)
		}
		read(10)
		db.do(t, `ALTER TABLE audit RENAME TO hidden`)
		kept := make(chan struct{})
		go func() { defer close(kept); a.KeepAudit(ended) }()
		until(t, "a failure", func() bool { return strings.Contains(d.Log.String(), "trying again") })
		db.do(t, `ALTER TABLE hidden RENAME TO audit`)
		<-kept
		if n := len(db.audited(t, "ticket.status")); n != 310 {
			t.Errorf("%d of 310 reads are in the trail after a failure", n)
		}
	})
}

func TestAProgramThatCannotWriteItsTrailStopsAndSaysWhatIsLost(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	actor := allOf(t, d, "Partner")
	a, ended := stopping(t, d)
	for range 7 {
		_, err := a.ListTickets(t.Context(), actor, app.List{Limit: 1})
		must(t, err)
	}
	behind(t, d).do(t, `ALTER TABLE audit RENAME TO hidden`)
	a.KeepAudit(ended)
	if log := d.Log.String(); !strings.Contains(log, `"entries":7`) || !strings.Contains(log, "are lost") {
		t.Errorf("the log does not tell of it: %s", log)
	}
}
