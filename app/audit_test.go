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
		const waiting = 40
		a := verbsOf(t, d, waiting)
		keeping, stop := context.WithCancel(t.Context())
		kept := make(chan struct{})
		go func() { defer close(kept); a.KeepAudit(keeping) }()
		defer func() { stop(); <-kept }()
		read := func() error {
			got, err := a.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
			if err != nil && got.Ticket != nil {
				t.Error("what could not be noted was shown")
			}
			return err
		}
		db.do(t, `ALTER TABLE audit RENAME TO hidden`)
		must(t, read())
		until(t, "a failure to write it", func() bool { return strings.Contains(d.Log.String(), "trying again") })
		for range waiting {
			must(t, read())
		}
		mustFail(t, read(), desk.Unavailable, "one read more than may wait")
		watched := &desktest.Desk{App: a}
		for _, v := range verbs {
			if v.needs == desk.MayRead && v.name != "Feed" {
				if err := v.call(t, watched, actor, of(ticket).Ticket); err == nil {
					t.Errorf("%s shows what cannot be noted", v.name)
				}
			}
		}
		db.do(t, `ALTER TABLE hidden RENAME TO audit`)
		until(t, "the next read", func() bool { return read() == nil })
		until(t, "the writing of all that was noted", func() bool {
			return db.one(t, `SELECT COUNT(*) FROM audit WHERE action = 'ticket.status'`) == strconv.Itoa(1+waiting+1)
		})
	})
}

// verbsOf makes verbs over a desk's database whose noted reads are written only when the test calls KeepAudit.
func verbsOf(t *testing.T, d *desktest.Desk, readsInMemory int) *app.App {
	t.Helper()
	place, err := blob.Open(t.Context(), filepath.Join(d.Folder, "blobs"), blob.Options{Seal: d.Keyring.SealBytes, Open: d.Keyring.OpenBytes})
	must(t, err)
	a, err := app.New(t.Context(), app.Options{Store: d.Store, Keyring: d.Keyring, Blobs: place, Log: slog.New(slog.NewJSONHandler(d.Log, nil)), ReadsInMemory: readsInMemory})
	must(t, err)
	return a
}

// over is a context that has ended, as when the program stops.
func over(t *testing.T) context.Context {
	ended, stop := context.WithCancel(t.Context())
	stop()
	return ended
}

func TestNotedReadsAreWrittenWhenTheProgramStops(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		a, ended := verbsOf(t, d, 0), over(t)
		ticket := openedTicket(t, d, actor)
		read := func(n int) {
			for range n {
				_, err := a.ReadStatus(t.Context(), actor, of(ticket).Ticket, "")
				must(t, err)
			}
		}
		read(1100) // more than one batch
		a.KeepAudit(ended)
		if n := len(db.audited(t, "ticket.status")); n != 1100 {
			t.Errorf("%d of 1100 reads are in the trail", n)
		}
		read(10)
		db.do(t, `ALTER TABLE audit RENAME TO hidden`)
		kept := make(chan struct{})
		go func() { defer close(kept); a.KeepAudit(ended) }()
		until(t, "a failure", func() bool { return strings.Contains(d.Log.String(), "trying again") })
		db.do(t, `ALTER TABLE hidden RENAME TO audit`)
		<-kept
		if n := len(db.audited(t, "ticket.status")); n != 1110 {
			t.Errorf("%d of 1110 reads are in the trail after a failure", n)
		}
	})
}

func TestAProgramThatCannotWriteItsTrailStopsAndSaysWhatIsLost(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	actor := allOf(t, d, "Partner")
	a, ended := verbsOf(t, d, 0), over(t)
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
