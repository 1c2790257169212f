package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// attach adds a text file to a ticket and returns its SHA-256.
func attach(t testing.TB, d *desktest.Desk, actor desk.Actor, ticket *desk.Ticket, text string) (string, error) {
	changed, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile(text)})
	if err != nil {
		return "", err
	}
	return changed.Attachments[0].SHA256, nil
}

// orphan stores a file for an attachment that is refused in the end.
func orphan(t testing.TB, d *desktest.Desk, actor desk.Actor, ticket *desk.Ticket, db database, text string) {
	t.Helper()
	db.do(t, `ALTER TABLE attachment RENAME TO hidden`)
	_, err := attach(t, d, actor, ticket, text)
	db.do(t, `ALTER TABLE hidden RENAME TO attachment`)
	mustFail(t, err, desk.Unavailable, "Attach")
}

// leave stores a file as an upload does that is refused in the end. While the purge removes it there is nothing to do.
func leave(d *desktest.Desk, place blob.Store, text string) error {
	name, err := blob.NameOf([]byte(text))
	if err != nil {
		return err
	}
	err = d.Store.Write(context.Background(), func(tx *store.Tx) error {
		tx.RegisterBlob(name, d.Store.Now())
		return nil
	})
	if err == nil {
		_, err = place.Put(context.Background(), []byte(text))
	}
	if errors.Is(err, store.ErrCondemned) {
		return nil
	}
	return err
}

func TestThePurgeRemovesWhatNobodyNeedsAndNothingElse(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db, actor := behind(t, d), allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		_, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), once(t, "old", "POST /tickets", `{}`, wordOpened))
		must(t, err)
		kept, err := attach(t, d, actor, ticket, "kept")
		must(t, err)
		orphan(t, d, actor, ticket, db, "orphan")
		leftover := filepath.Join(d.Folder, "blobs", "tmp", "blob-left")
		must(t, os.WriteFile(leftover, nil, 0o600))
		must(t, os.Chtimes(leftover, time.Time{}, time.Now().Add(-25*time.Hour)))

		d.Clock.Advance(29 * 24 * time.Hour)
		_, err = d.App.OpenTicket(t.Context(), actor, ticketDraft(), once(t, "new", "POST /tickets", `{}`, wordOpened))
		must(t, err)
		d.Clock.Advance(24*time.Hour + time.Second)
		due, err := d.App.PurgeDue(t.Context())
		must(t, err)
		purged, err := d.App.Purge(t.Context())
		must(t, err)
		if diff := cmp.Diff([]app.Purged{{Requests: 1, Files: 1}, {Requests: 1, Files: 1, Leftovers: 1}}, []app.Purged{due, purged}); diff != "" {
			t.Errorf("due and purged (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{kept}, blobs(t, d)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"new"}, db.rows(t, `SELECT id FROM request`)); diff != "" {
			t.Errorf("request ids (-want +got):\n%s", diff)
		}
		if purged, err = d.App.Purge(t.Context()); err != nil || purged != (app.Purged{}) {
			t.Errorf("a second run came to %+v, %v", purged, err)
		}
	})
}

func TestADeletedWebhookLeavesNothingBehindAndTakesNothingFromOthers(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db, actor, url := behind(t, d), allOf(t, d, "Partner"), "https://partner.example/hook"
		var ids [2]string // of the one that goes, and of the one that stays
		for i := range ids {
			made, err := d.App.RegisterTarget(t.Context(), actor, desk.TargetChange{URL: &url}, app.Once[app.ChangedTarget]{})
			must(t, err)
			ids[i] = made.Target.ID
		}
		var first *desk.Ticket
		for range 4 {
			first = openedTicket(t, d, actor)
		}
		d.Sequence(t)
		db.do(t, `UPDATE event SET feed_number = feed_number + 5000 WHERE feed_number > 2`) // far from each other
		db.do(t, `UPDATE partner SET feed_head = feed_head + 5000 WHERE feed_head > 2`)
		db.do(t, `UPDATE lane SET due = 0, head = 2`) // delivered
		_, err := d.App.SendAgain(t.Context(), actor, ids[0], app.Again{Event: first.ID + "-1"}, app.Once[app.SentAgain]{})
		must(t, err)
		must(t, d.App.DeleteTarget(t.Context(), actor, ids[0], app.Once[struct{}]{}))
		lanes := func() (of [2]int) {
			for i, id := range ids {
				of[i] = len(db.rows(t, `SELECT ticket_id FROM lane WHERE target_id = '`+id+`'`))
			}
			return of
		}
		for _, c := range []struct {
			after time.Duration
			gone  int
			left  [2]int
		}{{0, 0, [2]int{5, 4}}, {59 * time.Minute, 0, [2]int{5, 4}}, {2 * time.Minute, 6, [2]int{0, 4}}, {0, 0, [2]int{0, 4}}} {
			d.Clock.Advance(c.after)
			purged, err := d.App.Purge(t.Context())
			must(t, err)
			if got := lanes(); purged.Attempts != c.gone || got != c.left {
				t.Errorf("%v later %d rows went and %v lanes are left, want %d and %v", c.after, purged.Attempts, got, c.gone, c.left)
			}
		}
		if left := db.rows(t, `SELECT id FROM target`); len(left) != 1 || left[0] != ids[1] {
			t.Errorf("left are the targets %v", left)
		}
	})
}

func TestAFileThatThePurgeIsRemovingCanBeSentAgainAMomentLater(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db, actor := behind(t, d), allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		orphan(t, d, actor, ticket, db, "text")
		db.do(t, `UPDATE blob SET condemned = 'a run that was cut off'`)
		_, err := attach(t, d, actor, ticket, "text")
		mustFail(t, err, desk.Unavailable, "Attach")
		var told *desk.Error
		if !errors.As(err, &told) || told.RetryAfter <= 0 {
			t.Errorf("the caller is not told when to come again: %v", err)
		}
		d.Clock.Advance(time.Hour + time.Second)
		purged, err := d.App.Purge(t.Context()) // takes the work of the other run up
		if err != nil || purged.Files != 1 || len(blobs(t, d)) > 0 {
			t.Errorf("the next run came to %+v, %v", purged, err)
		}
		_, err = attach(t, d, actor, ticket, "text")
		must(t, err)
	})
}

func TestThePurgeGoesOnAfterAFailureWithWhatItCanDo(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db, actor := behind(t, d), allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		orphan(t, d, actor, ticket, db, "text")
		name := blobs(t, d)[0]
		at := filepath.Join(d.Folder, "blobs", name[:2], name[2:4], name)
		must(t, os.Remove(at))
		must(t, os.MkdirAll(filepath.Join(at, "in the way"), 0o700)) // cannot be removed as a file
		_, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), once(t, "old", "POST /tickets", `{}`, wordOpened))
		must(t, err)
		d.Clock.Advance(31 * 24 * time.Hour)
		if purged, err := d.App.Purge(t.Context()); err == nil || purged != (app.Purged{Requests: 1}) {
			t.Errorf("with a file that cannot be removed: %+v, %v", purged, err)
		}
		must(t, os.RemoveAll(at))
		d.Clock.Advance(2 * time.Hour)
		if purged, err := d.App.Purge(t.Context()); err != nil || purged != (app.Purged{Files: 1}) {
			t.Errorf("with a file that is gone already: %+v, %v", purged, err)
		}
	})
}

// Whatever the order of uploads, refused uploads, purges, crashes of purges and hours that pass: what a committed
// attachment names can be read.
func TestNoInterleavingOfUploadsAndPurgesLosesAFile(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		other := d.Node(t)
		db, actor := behind(t, d), allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		place, err := blob.Open(t.Context(), filepath.Join(d.Folder, "blobs"), blob.Options{Seal: d.Keyring.SealBytes, Open: d.Keyring.OpenBytes})
		must(t, err)
		named := map[string]string{} // file id by content
		check := func(rt *rapid.T) {
			for text, id := range named {
				if file, err := d.App.ReadAttachment(t.Context(), actor, of(ticket).Ticket, id); err != nil || string(file.Content) != text {
					rt.Fatalf("the file %q cannot be read: %v", text, err)
				}
			}
		}
		rapid.Check(t, func(rt *rapid.T) {
			texts := rapid.SampledFrom([]string{"a", "b", "c", rapid.StringMatching(`[d-i]`).Draw(rt, "text")})
			var at, purging sync.WaitGroup
			var mu sync.Mutex
			for i, step := range rapid.SliceOfN(rapid.SampledFrom([]string{"upload", "upload", "refused", "purge", "cut off", "hours"}), 1, 10).Draw(rt, "steps") {
				text, pause := texts.Draw(rt, "file"), rapid.IntRange(1, 30).Draw(rt, "pause")
				switch step {
				case "upload":
					at.Go(func() {
						changed, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile(text)})
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							named[text] = changed.Attachments[0].ID
						} else if !desk.Is(err, desk.Unavailable) {
							t.Errorf("upload: %v", err)
						}
					})
				case "refused":
					must(t, leave(d, place, text))
				case "purge":
					purging.Go(func() { _, _ = other.App.Purge(t.Context()) }) // it may fail where another run was faster
				case "cut off": // a run that condemned and removed, and did not come to forget
					db.do(t, fmt.Sprintf(`UPDATE blob SET condemned = 'cut off %d' WHERE NOT named AND condemned = ''`, i))
				case "hours":
					purging.Wait() // a run does not stand still for an hour, as an upload may
					d.Clock.Advance(time.Duration(pause) * time.Hour)
				}
			}
			at.Wait()
			purging.Wait()
			check(rt)
		})
		if len(named) < 3 {
			t.Errorf("only %d files were stored", len(named))
		}
	})
}
