package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// fileOf attaches a text to a ticket.
func fileOf(content string) string {
	return fmt.Sprintf(`{"action":"ADD_ATTACHMENT","attachments":[{"filename":"log.txt","mimeType":"text/plain","size":%d,"content":%q}]}`,
		len(content), base64.StdEncoding.EncodeToString([]byte(content)))
}

func TestABackupUnderLoadIsVerifiedAndServedElsewhere(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner").Key
		p := in.Serve(t)
		c := newCaller(t, p, key)
		number := c.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim("first")).member(t, "ticketNumber")
		c.must(t, http.StatusOK, http.MethodPatch, base+"/tickets/"+number, fileOf("isi berkas"))
		var acknowledged atomic.Int64
		stop := make(chan struct{})
		var writing sync.WaitGroup
		for w := range 3 {
			writing.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					if a, err := c.do(http.MethodPost, base+"/claims", claim(fmt.Sprint(w, "-", i))); err != nil || a.Status != http.StatusCreated {
						t.Errorf("a claim during the backup came to %d, %v", a.Status, err)
						return
					}
					acknowledged.Add(1)
				}
			})
		}
		desktest.Await(t, withinASecond*20, "there is load", func() bool { return acknowledged.Load() > 10 })
		before := acknowledged.Load()
		file := filepath.Join(t.TempDir(), "desk.tar")
		var made struct {
			Tickets, Attachments int64
			WithKey              bool
		}
		if err := json.Unmarshal([]byte(in.MustRun(t, "backup", file, "--json")), &made); err != nil {
			t.Fatal(err)
		}
		close(stop)
		writing.Wait()
		if made.Tickets < before+1 || made.Tickets > acknowledged.Load()+1 || made.Attachments != 1 || !made.WithKey {
			t.Errorf("the backup holds %+v; %d tickets were acknowledged before it", made, before+1)
		}
		other := desktest.SQLite
		if e == desktest.SQLite {
			other = desktest.PostgreSQL
		}
		elsewhere := desktest.NewInstallation(t, other)
		if out := elsewhere.MustRun(t, "backup", "--verify", file); !strings.Contains(out, "Everything holds") {
			t.Errorf("verified: %s", out)
		}
		elsewhere.MustRun(t, "restore", file)
		if ran := elsewhere.Run(t, "restore", file); ran.Status != 1 || !strings.Contains(ran.Stderr, "a restore replaces nothing") {
			t.Errorf("into a place that is not empty: %+v", ran)
		}
		served := elsewhere.Serve(t)
		after := newCaller(t, served, key) // the partner's old key
		if got := int64(len(after.tickets(t))); got != made.Tickets {
			t.Errorf("%d tickets are restored, want %d", got, made.Tickets)
		}
		checkRestored(t, after, number)
		served.Stop(t)
		if ran := elsewhere.Run(t, "audit", "verify", "--json"); ran.Status != 0 || !strings.Contains(ran.Stdout, `"unsealed":0`) {
			t.Errorf("the audit trail: %+v", ran)
		}
	})
}

// checkRestored reads the file of a restored ticket, repeats its claim, and makes a new one.
func checkRestored(t *testing.T, c caller, number string) {
	t.Helper()
	var ticket struct{ Attachments []struct{ ID string } }
	if err := json.Unmarshal([]byte(c.must(t, http.StatusOK, http.MethodGet, base+"/tickets/"+number, "").Body), &ticket); err != nil || len(ticket.Attachments) != 1 {
		t.Fatalf("the restored ticket is %+v, %v", ticket, err)
	}
	path := base + "/tickets/" + number + "/attachments/" + ticket.Attachments[0].ID
	if file := c.must(t, http.StatusOK, http.MethodGet, path, ""); file.Body != "isi berkas" {
		t.Errorf("the restored file is %q", file.Body)
	}
	again := c.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim("first"))
	if again.Header.Get("Idempotent-Replayed") != "true" || again.member(t, "ticketNumber") != number {
		t.Errorf("a claim of before the backup was made again: %s", again.Body)
	}
	if fresh := c.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim("after the restore")).member(t, "ticketNumber"); fresh <= "11001" {
		t.Errorf("the next ticket has number %s: it may have been given after the backup", fresh)
	}
}

func TestABackupWithoutItsKeyNeedsTheKeyFile(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.NewKey(t, "partner")
	file := filepath.Join(t.TempDir(), "desk.tar")
	if out := in.MustRun(t, "backup", file, "--without-key"); !strings.Contains(out, "The master key is not in it") {
		t.Errorf("the backup says %s", out)
	}
	stranger := desktest.NewInstallation(t, desktest.SQLite)
	stranger.NewKey(t, "makes a key file of its own")
	elsewhere := desktest.NewInstallation(t, desktest.SQLite)
	for _, step := range []struct {
		key, says string
		status    int
	}{
		{filepath.Join(elsewhere.Folder, "key"), "the master key is not in the backup", 1},
		{filepath.Join(stranger.Folder, "key"), "name that file with SERVICEDESK_KEY_FILE", 1},
		{filepath.Join(in.Folder, "key"), "", 0},
	} {
		elsewhere.Env = []string{"SERVICEDESK_KEY_FILE=" + step.key}
		verified, restored := elsewhere.Run(t, "backup", "--verify", file), elsewhere.Run(t, "restore", file)
		if verified.Status != step.status || restored.Status != step.status ||
			!strings.Contains(verified.Stdout, step.says) || !strings.Contains(restored.Stderr, step.says) {
			t.Errorf("with %s: verify %+v, restore %+v", step.key, verified, restored)
		}
	}
	outside := in
	outside.Env = []string{"SERVICEDESK_KEY_FILE=" + filepath.Join(t.TempDir(), "key")}
	if err := os.Rename(filepath.Join(in.Folder, "key"), strings.TrimPrefix(outside.Env[0], "SERVICEDESK_KEY_FILE=")); err != nil {
		t.Fatal(err)
	}
	if out := outside.MustRun(t, "backup", file+"2"); !strings.Contains(out, "lies outside of the data folder") {
		t.Errorf("with a key outside of the data folder: %s", out)
	}
}

func TestADamagedBackupDoesNotHold(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.NewKey(t, "partner")
	file := filepath.Join(t.TempDir(), "desk.tar")
	in.MustRun(t, "backup", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 1
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := desktest.NewInstallation(t, desktest.SQLite)
	if ran := elsewhere.Run(t, "backup", "--verify", file); ran.Status != 1 || !strings.Contains(ran.Stdout, "DOES NOT HOLD: the backup is damaged at byte") {
		t.Errorf("verify: %+v", ran)
	}
	if ran := elsewhere.Run(t, "restore", file); ran.Status != 1 || !strings.Contains(ran.Stderr, "the backup is damaged") {
		t.Errorf("restore: %+v", ran)
	}
	if _, err := os.Stat(filepath.Join(elsewhere.Folder, "key")); err == nil {
		t.Error("a damaged backup left its key")
	}
}
