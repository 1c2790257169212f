package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestTheDemoIsABankThatOneCanTry(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		p := in.Serve(t, "--demo")
		told := awaitDemo(t, p)
		if !strings.HasPrefix(told, "The desk has 60 new tickets") || !strings.Contains(told, "Docs     "+p.URL+"/docs\n") {
			t.Errorf("the demo begins with:\n%s", told)
		}
		key := keptKey(t, in)
		if !strings.Contains(told, "API key  "+key+"\n") {
			t.Errorf("the key %s is not told:\n%s", key, told)
		}
		commands := curlCommands(t, told)
		if len(commands) != 3 {
			t.Fatalf("%d commands to try in:\n%s", len(commands), told)
		}
		claimed := curl(t, commands[0], http.StatusCreated)
		if read := curl(t, commands[1], http.StatusOK); read.member(t, "ticketNumber") != claimed.member(t, "ticketNumber") {
			t.Errorf("claimed %s, read %s", claimed.Body, read.Body)
		}
		if page := parseFeed(t, curl(t, commands[2], http.StatusOK)); len(page.Events) != 5 || page.Events[0].Event != "TICKET_CREATED" || !page.More {
			t.Errorf("the feed is %+v", page)
		}
		checkFeed(t, newCaller(t, p, key))
		checkDemo(t, in, p)
		p.Stop(t)
		if verified := in.MustRun(t, "audit", "verify", "--json"); !strings.Contains(verified, `"unsealed":0`) {
			t.Errorf("the audit trail of the demo: %s", verified)
		}
	})
}

func TestASecondDemoAddsNothingAndKeepsItsKeyWhileThatIsUsable(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Serve(t, "--demo").Stop(t)
	first := keptKey(t, in)
	p := in.Serve(t, "--demo")
	if told := awaitDemo(t, p); !strings.HasPrefix(told, "The desk has tickets already, nothing was added to it.") || !strings.Contains(told, first) {
		t.Errorf("the second start says:\n%s", told)
	}
	all := in.NewKey(t, "all", "--permissions", "omnichannel:manage").Key
	if n := len(newCaller(t, p, all).tickets(t)); n != 60 {
		t.Errorf("there are %d tickets after the second start", n)
	}
	var keys []struct{ ID, Name, Prefix string }
	if err := json.Unmarshal([]byte(in.MustRun(t, "apikey", "list", "--json")), &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if strings.HasPrefix(first, k.Prefix) {
			in.MustRun(t, "apikey", "revoke", k.ID)
		}
	}
	p.Stop(t)
	p = in.Serve(t, "--demo")
	told := awaitDemo(t, p)
	second := keptKey(t, in)
	if second == first || !strings.Contains(told, second) {
		t.Errorf("a key that was revoked is told again:\n%s", told)
	}
	newCaller(t, p, second).must(t, http.StatusOK, "GET", base+"/tickets/list", "")
}

func TestADeskWithTicketsIsNoDemo(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	own := in.NewKey(t, "own").Key
	p := in.Serve(t)
	newCaller(t, p, own).must(t, http.StatusCreated, "POST", base+"/claims", claim("own"))
	p.Stop(t)
	p = in.Serve(t, "--demo")
	awaitDemo(t, p)
	all := in.NewKey(t, "all", "--permissions", "omnichannel:manage").Key
	if got := newCaller(t, p, all).tickets(t); len(got) != 1 {
		t.Errorf("there are tickets %v", got)
	}
}

// awaitDemo waits for all that the demo prints.
func awaitDemo(t *testing.T, p *desktest.Process) string {
	t.Helper()
	desktest.Await(t, 10*time.Second, "the demo tells how to try it", func() bool { return strings.Contains(p.Stdout.String(), "/events?") })
	return p.Stdout.String()
}

// keptKey is the demo's key, which nobody else may read.
func keptKey(t *testing.T, in desktest.Installation) string {
	t.Helper()
	file := filepath.Join(in.Folder, "demo-key")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v (%v)", info.Mode(), err)
	}
	return strings.TrimSpace(string(text))
}

func curlCommands(t *testing.T, told string) []string {
	t.Helper()
	return regexp.MustCompile(`(?m)^ *curl .*$`).FindAllString(told, -1)
}

// curl does what a curl command asks for. The shell takes the command apart, as it does for those who copy and paste.
func curl(t *testing.T, command string, status int) answer {
	t.Helper()
	words, err := exec.Command("sh", "-c", `curl() { printf '%s\0' "$@"; }; `+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	method, address, body, header := http.MethodGet, "", "", http.Header{}
	args := bytes.Split(bytes.TrimSuffix(words, []byte{0}), []byte{0})
	for i := 0; i < len(args); i++ {
		switch arg := string(args[i]); arg {
		case "-sS":
		case "-H":
			i++
			name, value, _ := strings.Cut(string(args[i]), ": ")
			header.Set(name, value)
		case "-d":
			i++
			method, body = http.MethodPost, string(args[i])
		default:
			address = arg
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	a, err := read(response)
	if err != nil || a.Status != status {
		t.Fatalf("%s\ncame to status %d: %s (%v)", command, a.Status, a.Body, err)
	}
	return a
}

// checkFeed goes through the feed, which tells the story in the order of time.
func checkFeed(t *testing.T, c caller) {
	t.Helper()
	var page struct {
		Events []struct{ Timestamp string }
		More   bool
	}
	a := c.must(t, http.StatusOK, "GET", base+"/events?limit=500", "")
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(page.Events); i++ {
		if before, at := page.Events[i-1].Timestamp, page.Events[i].Timestamp; at < before {
			t.Errorf("event %d is of %s, the one before it of %s", i, at, before)
		}
	}
	if len(page.Events) < 100 || page.More {
		t.Errorf("there are %d events, more: %v", len(page.Events), page.More)
	}
}

// checkDemo looks whether the tickets show what the desk is about.
func checkDemo(t *testing.T, in desktest.Installation, p *desktest.Process) {
	t.Helper()
	all := newCaller(t, p, in.NewKey(t, "all", "--permissions", "omnichannel:manage").Key)
	var page struct {
		Tickets []struct {
			TicketNumber, Status, Priority, CreatedAt string
			SLA                                       struct{ IsBreached bool }
		}
	}
	a := all.must(t, http.StatusOK, "GET", base+"/tickets/list?limit=200", "")
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Fatal(err)
	}
	seen, breached := map[string]int{}, 0
	for _, ticket := range page.Tickets {
		seen[ticket.Status]++
		seen[ticket.Priority]++
		if ticket.SLA.IsBreached {
			breached++
		}
	}
	for _, word := range []string{"OPEN", "IN_PROGRESS", "PENDING", "ON_HOLD", "RESOLVED", "CLOSED", "CANCELLED", "LOW", "MEDIUM", "HIGH", "CRITICAL"} {
		if seen[word] == 0 {
			t.Errorf("no ticket is %s", word)
		}
	}
	if breached < 3 || breached > 20 {
		t.Errorf("%d tickets are breached", breached)
	}
	detail := all.must(t, http.StatusOK, "GET", base+"/tickets/wa-70002", "")
	for _, want := range []string{`"filename":"bukti-qris.png"`, `"isFromSupport":true`, `"isFromSupport":false`, `"author":"Dewi Lontoh"`, `"author":"Novita Sumual"`} {
		if !strings.Contains(detail.Body, want) {
			t.Errorf("no %s in %s", want, detail.Body)
		}
	}
	if strings.Contains(detail.Body, "nomor kasus") {
		t.Error("an internal note is shown to partners")
	}
}
