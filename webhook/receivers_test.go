package webhook_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/webhook"
)

// receiver is a sample of the guide: the language of its block, the file it is put into, and how it is run there.
type receiver struct {
	language, file string
	run            func(port string) []string
}

var receivers = []receiver{
	{"go", "main.go", func(string) []string { return []string{"./receiver"} }},
	{"javascript", "receiver.js", func(string) []string { return []string{"node", "receiver.js"} }},
	{"python", "receiver.py", func(string) []string { return []string{"python3", "receiver.py"} }},
	{"php", "receiver.php", func(port string) []string { return []string{"php", "-S", "127.0.0.1:" + port, "receiver.php"} }},
}

// start runs a sample as the guide prints it and returns its address.
func (r receiver) start(t *testing.T) (address string, printed *bytes.Buffer) {
	t.Helper()
	guide, err := os.ReadFile("../docs/guides/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```"+r.language+"\n(.*?)```").FindAllSubmatch(guide, -1)
	if len(blocks) != 1 {
		t.Fatalf("the guide has %d samples in %s, want one", len(blocks), r.language)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, r.file), blocks[0][1], 0o600); err != nil {
		t.Fatal(err)
	}
	if r.language == "go" {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", "receiver", "main.go")
		build.Dir = folder
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	port := freePort(t)
	command := r.run(port)
	p := exec.CommandContext(t.Context(), command[0], command[1:]...)
	p.Dir, p.Env, printed = folder, append(os.Environ(), "PORT="+port, "WEBHOOK_SECRET="+secret, "PYTHONUNBUFFERED=1"), &bytes.Buffer{}
	p.Stdout, p.Stderr = printed, printed
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	awaitListener(t, "127.0.0.1:"+port)
	return "http://127.0.0.1:" + port + "/", printed
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// awaitListener tries until somebody listens.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	late, again := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("nobody listens at %s", address)
		}
	}
}

func TestTheReceiversOfTheGuideTakeWhatWasSignedAndNothingElse(t *testing.T) {
	for _, r := range receivers {
		t.Run(r.language, func(t *testing.T) {
			t.Parallel()
			address, printed := r.start(t)
			send := func(body []byte, h http.Header) int {
				answer, err := client().Post(t.Context(), address, h, body)
				if err != nil {
					t.Fatalf("%v\n%s", err, printed)
				}
				return answer.Status
			}
			for _, e := range samples(t) {
				h := headers(t, webhook.Message{ID: e.ID(), Body: e.Body}, at, secret)
				for range 2 { // the same may come twice
					if status := send(e.Body, h); status != http.StatusNoContent {
						t.Errorf("%s: %d\n%s", e.Type, status, printed)
					}
				}
				wrong := map[string]http.Header{"no signature": h.Clone(), "half a signature": h.Clone(), "another secret": headers(t, webhook.Message{ID: e.ID(), Body: e.Body}, at, otherSecret)}
				wrong["no signature"].Del(webhook.SignatureHeader)
				wrong["half a signature"].Set(webhook.SignatureHeader, h.Get(webhook.SignatureHeader)[:32])
				for name, h := range wrong {
					if status := send(e.Body, h); status != http.StatusUnauthorized {
						t.Errorf("%s: %d, want 401", name, status)
					}
				}
				if status := send(append(bytes.Clone(e.Body), ' '), h); status != http.StatusUnauthorized {
					t.Errorf("a changed body: %d, want 401", status)
				}
			}
		})
	}
}
