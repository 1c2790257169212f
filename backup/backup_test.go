package backup_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/backup"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files is the place of a desk's attachments.
func files(t testing.TB, d *desktest.Desk) blob.Store {
	t.Helper()
	place, err := blob.Open(t.Context(), filepath.Join(d.Folder, "blobs"), sealing(d))
	must(t, err)
	return place
}

func sealing(d *desktest.Desk) blob.Options {
	return blob.Options{Seal: d.Keyring.SealBytes, Open: d.Keyring.OpenBytes}
}

func source(t testing.TB, d *desktest.Desk) backup.Source {
	t.Helper()
	return backup.Source{Store: d.Store, Blobs: files(t, d), Program: "test", Engine: string(d.Engine),
		KeyFile: filepath.Join(d.Folder, "key"), HeadsFile: filepath.Join(d.Folder, "audit-heads.jsonl")}
}

// create makes a backup of a desk.
func create(t testing.TB, s backup.Source) (string, backup.Made) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.tar")
	made, err := backup.Create(t.Context(), file, s)
	must(t, err)
	return file, made
}

// open makes a ticket with a file.
func open(d *desktest.Desk, actor desk.Actor, name, content string) (*desk.Ticket, error) {
	opened, err := d.App.OpenTicket(context.Background(), actor, desk.TicketDraft{Channel: "EMAIL", ServiceType: "MOBILE_BANKING", Description: "Gagal ünïcode \"'\\",
		Customer: desk.Customer{Name: "Sarah", Email: "sarah@bank.example"}, Metadata: desk.Metadata{JSON: "{}"},
		Attachments: []desk.Attachment{{Filename: name, MIME: "text/plain", Content: []byte(content), Size: int64(len(content)), DeclaredSize: -1}},
	}, app.Once[app.Opened]{})
	return opened.Ticket, err
}

// filled is a desk with tickets, files, an exported head and a sealed audit trail.
func filled(t testing.TB, e desktest.Engine) (*desktest.Desk, desk.Actor) {
	t.Helper()
	d := desktest.NewDesk(t, e)
	actor := d.Actor(d.NewKey(t, "Partner", "omnichannel:*"))
	for i := range 5 {
		_, err := open(d, actor, "bukti.txt", fmt.Sprint("content ", i/2)) // some of them shared
		must(t, err)
	}
	d.Sequence(t)
	_, err := d.App.ExportHead(t.Context(), filepath.Join(d.Folder, "audit-heads.jsonl"))
	must(t, err)
	return d, actor
}

// everything is what a database holds, by table, as texts in order.
func everything(t testing.TB, s *store.Store) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	must(t, s.Snapshot(t.Context(), func(sn *store.Snapshot) error {
		for _, table := range sn.Tables {
			must(t, sn.Rows(table, func(values []any) error {
				var words []string
				for _, value := range values {
					switch v := value.(type) {
					case *string:
						words = append(words, strconv.Quote(*v))
					case *int64:
						words = append(words, fmt.Sprint(*v))
					case *bool:
						words = append(words, fmt.Sprint(*v))
					}
				}
				all[table.Name] = append(all[table.Name], strings.Join(words, " "))
				return nil
			}))
			slices.Sort(all[table.Name])
		}
		return nil
	}))
	return all
}

// restored is a desk made of a backup in a new place.
type restored struct {
	store *store.Store
	app   *app.App
	blobs blob.Store
}

func restore(t testing.TB, file string, e desktest.Engine) restored {
	t.Helper()
	folder := t.TempDir()
	o := store.Options{Folder: folder, Clock: desktest.NewClock().Now}
	if e == desktest.PostgreSQL {
		o.Database = desktest.Postgres(t)
	}
	c, err := backup.Read(t.Context(), file, nil)
	must(t, err)
	key := filepath.Join(folder, "key")
	must(t, os.WriteFile(key, c.Key, 0o600))
	master, err := auth.LoadMasterKey(key)
	must(t, err)
	ring, err := auth.OpenKeyring(master, c.DataKeys)
	must(t, err)
	var r restored
	r.blobs, err = blob.Open(t.Context(), filepath.Join(folder, "blobs"), blob.Options{Seal: ring.SealBytes, Open: ring.OpenBytes})
	must(t, err)
	must(t, backup.RestoreBlobs(t.Context(), file, r.blobs, nil))
	must(t, backup.RestoreRows(t.Context(), file, c, o, nil, nil))
	r.store, err = store.Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, r.store.Close()) })
	ring, err = app.Install(t.Context(), r.store, key, 1)
	must(t, err)
	r.app, err = app.New(t.Context(), app.Options{Store: r.store, Keyring: ring, Blobs: r.blobs})
	must(t, err)
	return r
}

func TestABackupIsRestoredOnEachEngineAsItWas(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, from desktest.Engine) {
		d, actor := filled(t, from)
		file, made := create(t, source(t, d))
		want := everything(t, d.Store)
		if made.Sums.Rows("ticket") != 5 || made.Sums.Blobs.Count != 3 || made.Sums.AllRows() < 100 {
			t.Errorf("the backup says that it holds %+v", made.Sums)
		}
		for _, to := range []desktest.Engine{desktest.SQLite, desktest.PostgreSQL} {
			r := restore(t, file, to)
			if diff := cmp.Diff(want, everything(t, r.store)); diff != "" {
				t.Errorf("rows in %s (-source +restored):\n%s", to, diff)
			}
			verified, err := r.app.VerifyAudit(t.Context(), []desk.ChainHead{{Number: made.Sums.Audit.Number, MAC: made.Sums.Audit.MAC}}, func(int64) {})
			if err != nil || verified.Broken != nil || verified.Entries < 6 {
				t.Errorf("the audit trail in %s: %+v, %v", to, verified, err)
			}
			checkFiles(t, r, actor)
		}
	})
}

// checkFiles reads the files of all tickets.
func checkFiles(t testing.TB, r restored, actor desk.Actor) {
	t.Helper()
	for number := int64(10001); number <= 10005; number++ {
		reference := strconv.FormatInt(number, 10)
		var ids []desk.Attachment
		must(t, r.store.Read(t.Context(), func(tx *store.Tx) error {
			ticket, err := tx.TicketByNumber(number, false)
			if err == nil {
				ids, err = tx.Attachments(ticket.ID)
			}
			return err
		}))
		file, err := r.app.ReadAttachment(t.Context(), actor, reference, ids[0].ID)
		if want := fmt.Sprint("content ", (number-10001)/2); err != nil || string(file.Content) != want {
			t.Errorf("the file of ticket %d is %q, %v; want %q", number, file.Content, err, want)
		}
	}
}

func TestABackupIsVerifiedAside(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _ := filled(t, e)
		file, made := create(t, source(t, d))
		var last backup.Progress
		c, err := backup.Read(t.Context(), file, func(p backup.Progress) { last = p })
		must(t, err)
		if diff := cmp.Diff(made, backup.Made{Description: c.Description, Sums: c.Sums, Bytes: c.Bytes}); diff != "" {
			t.Errorf("written and read (-written +read):\n%s", diff)
		}
		if info, err := os.Stat(file); err != nil || info.Size() != made.Bytes || info.Mode().Perm() != 0o600 || last.Rows != c.Sums.AllRows() {
			t.Errorf("the file has %v (%v), want %d bytes; %d rows were told", info, err, made.Bytes, last.Rows)
		}
		must(t, backup.VerifyRows(t.Context(), file, c, t.TempDir(), nil))
		must(t, backup.VerifyBlobs(t.Context(), file, sealing(d), nil))
		stranger := desktest.NewDesk(t, desktest.SQLite)
		if err := backup.VerifyBlobs(t.Context(), file, sealing(stranger), nil); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("with another key: %v, want ErrDamaged", err)
		}
	})
}

func TestABackupReplacesNothingAndLeavesNothingWhenItFails(t *testing.T) {
	d, _ := filled(t, desktest.SQLite)
	s := source(t, d)
	file, _ := create(t, s)
	before, err := os.ReadFile(file)
	must(t, err)
	if _, err := backup.Create(t.Context(), file, s); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another one: %v", err)
	}
	after, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the backup that was there is another one (%v)", err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := backup.Create(gone, filepath.Join(filepath.Dir(file), "other"), s); !errors.Is(err, context.Canceled) {
		t.Errorf("of somebody who is gone: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); err != nil || len(left) != 1 {
		t.Errorf("%v is left (%v), want the first backup alone", left, err)
	}
}

func TestAFileThatIsMissingOrDamagedIsNamedWithItsTicket(t *testing.T) {
	d, actor := filled(t, desktest.SQLite)
	ticket, err := open(d, actor, "struk.txt", "the only one")
	must(t, err)
	name, err := blob.NameOf([]byte("the only one"))
	must(t, err)
	at := filepath.Join(d.Folder, "blobs", name[:2], name[2:4], name)
	for what, spoil := range map[string]func() error{
		"damaged": func() error { return os.WriteFile(at, []byte("x"), 0o600) },
		"missing": func() error { return os.Remove(at) },
	} {
		must(t, spoil())
		_, err := backup.Create(t.Context(), filepath.Join(t.TempDir(), "b"), source(t, d))
		if want := fmt.Sprintf(`"struk.txt" of ticket %d`, ticket.Number); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %s", what, err, want)
		}
	}
}

func TestTheKeyIsInTheBackupOnlyWhenItIsAskedFor(t *testing.T) {
	d, _ := filled(t, desktest.SQLite)
	s := source(t, d)
	key, err := os.ReadFile(s.KeyFile)
	must(t, err)
	with, _ := create(t, s)
	s.KeyFile = ""
	without, _ := create(t, s)
	for file, want := range map[string][]byte{with: key, without: nil} {
		c, err := backup.Read(t.Context(), file, nil)
		must(t, err)
		text, err := os.ReadFile(file)
		must(t, err)
		if !bytes.Equal(c.Key, want) || c.WithKey != (want != nil) || bytes.Contains(text, key) != (want != nil) {
			t.Errorf("the key in the backup is %q, want %q", c.Key, want)
		}
	}
	stranger := desktest.NewDesk(t, desktest.SQLite)
	s.KeyFile = filepath.Join(stranger.Folder, "key")
	if _, err := backup.Create(t.Context(), filepath.Join(t.TempDir(), "b"), s); err == nil {
		t.Error("a key that is not the installation's was put into a backup")
	}
}

// Everything that was acknowledged before the backup began is in it, and nothing of what came later is there by half.
func TestABackupUnderLoadHoldsOneMoment(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, actor := filled(t, e)
		var acknowledged atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for w := range 3 {
			writers.Go(func() {
				for i := 0; ctx.Err() == nil && i < 100; i++ {
					if _, err := open(d, actor, "log.txt", fmt.Sprint(w, "-", i)); err != nil {
						t.Error(err)
					}
					acknowledged.Add(1)
				}
			})
		}
		for range 2 {
			before := acknowledged.Load()
			file, made := create(t, source(t, d))
			if got := made.Sums.Rows("ticket"); got < before+5 || made.Sums.Rows("event") != got || made.Sums.Rows("attachment") != got {
				t.Errorf("%d tickets were acknowledged; the backup has %d with %d events and %d attachments", before+5, got, made.Sums.Rows("event"), made.Sums.Rows("attachment"))
			}
			c, err := backup.Read(t.Context(), file, nil)
			must(t, err)
			must(t, backup.VerifyRows(t.Context(), file, c, t.TempDir(), nil))
			must(t, backup.VerifyBlobs(t.Context(), file, sealing(d), nil))
		}
		stop()
		writers.Wait()
	})
}
