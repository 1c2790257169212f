package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// awaitReceived waits until the stand-in of the provider has so many tickets and changes of status.
func awaitReceived(t *testing.T, provider *fake.Provider, tickets, statuses int) fake.Received {
	t.Helper()
	desktest.Await(t, 30*time.Second, fmt.Sprintf("the provider has %d tickets and %d changes of status", tickets, statuses), func() bool {
		got := provider.Received()
		return got.Created == tickets && got.Updated == statuses
	})
	return provider.Received()
}

// export writes what the provider would export now, but for tickets with some of its ids. The clock of file systems is some
// milliseconds behind the desk's: so the file is told its time.
func export(t *testing.T, provider *fake.Provider, more string, without ...string) (file string) {
	t.Helper()
	text := "\xEF\xBB\xBFTicket ID;Ticket Number;Nomor Ticket Helpdesk;Nama;nomorRekening\r\n"
	for _, of := range provider.Received().Tickets {
		if !strings.Contains(strings.Join(without, " "), of.ID) {
			text += fmt.Sprintf("%s;%d;%d;\"%s\";00123456789012\r\n", of.ID, of.Number, of.Helpdesk, of.Customer)
		}
	}
	file = filepath.Join(t.TempDir(), "export.csv")
	now := time.Now()
	if err := errors.Join(os.WriteFile(file, []byte(text+more), 0o600), os.Chtimes(file, now, now)); err != nil {
		t.Fatal(err)
	}
	return file
}

// verdicts are the first two words of the lines that tell of a ticket.
func verdicts(printed string) (words []string) {
	for _, line := range regexp.MustCompile(`(?m)^([A-Z_]+) +(\d+) `).FindAllStringSubmatch(printed, -1) {
		words = append(words, line[1]+" "+line[2])
	}
	return words
}

func TestWhatWasNotForwardedIsQueuedAndWhatTheProviderHasNotGoesOnceMore(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		provider := fake.New(fake.Options{Token: "made-up"})
		server := httptest.NewServer(provider)
		defer server.Close()
		in := desktest.NewInstallation(t, e)
		p := in.Serve(t)
		c := newCaller(t, p, in.NewKey(t, "partner", "--permissions", "omnichannel:*,omnichannel:manage").Key)
		var numbers []string
		for _, id := range []string{"a", "b", "c"} {
			numbers = append(numbers, c.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim(id)).member(t, "ticketNumber"))
		}
		c.must(t, http.StatusOK, http.MethodPatch, base+"/tickets/"+numbers[0], `{"action":"UPDATE_STATUS","status":"IN_PROGRESS"}`)
		day := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
		run := func(status int, args ...string) string {
			t.Helper()
			ran := in.Run(t, append([]string{"sociomile"}, args...)...)
			if ran.Status != status {
				t.Fatalf("%q ended with %d, want %d: %s%s", args, ran.Status, status, ran.Stdout, ran.Stderr)
			}
			return ran.Stdout
		}
		listed := run(0, "queue", "--since", day)
		for _, says := range []string{numbers[0] + " ", "IN_PROGRESS  CLAIM", "Not forwarded: 3 tickets. Nothing was queued: the same command with --send", "OMNI_ENABLED is not true"} {
			if !strings.Contains(listed, says) {
				t.Errorf("it does not print %q: %s", says, listed)
			}
		}
		if got := run(0, "queue", "--since", day, "--send"); !strings.Contains(got, "Not forwarded: 3 tickets. Queued: 3.\nOMNI_ENABLED is not true") {
			t.Errorf("queued: %s", got)
		}
		if got := run(0, "queue", "--since", day, "--send", "--json"); got != `{"tickets":0,"queued":0,"enabled":false}`+"\n" {
			t.Errorf("queued once more: %s", got)
		}
		p.Stop(t)
		in.Env = append(in.Env, "OMNI_ENABLED=true", "OMNI_API_URL="+server.URL+fake.CreatePath, "OMNI_API_TOKEN=made-up", "OMNI_CONNECT_ID=c-1", "OMNI_PROBE=1s")
		c.url = in.Serve(t).URL
		ids := map[string]string{}
		for _, of := range awaitReceived(t, provider, 3, 1).Tickets {
			ids[fmt.Sprint(of.Helpdesk)] = of.ID
		}
		for _, number := range numbers { // what the provider has may not be stored yet
			desktest.Await(t, 30*time.Second, "the desk knows that "+number+" was sent", func() bool {
				return strings.Contains(c.must(t, http.StatusOK, http.MethodGet, base+"/connector/tickets/"+number, "").Body, `"providerTicketId":"`)
			})
		}
		if err := provider.Set(fake.Settings{Scenario: fake.Working, Token: "made-up"}); err != nil { // it does not know a ticket again
			t.Fatal(err)
		}
		missing := ids[numbers[1]]
		file := export(t, provider, "other-id;99;"+numbers[2]+";Budi;\r\nchat-id;100;;Ani;\r\nforeign-id;101;999999;Ani;\r\n", missing)
		columns := regexp.MustCompile(`--columns (\S+)\n`).FindStringSubmatch(run(0, "reconcile", "--from", file))
		if len(columns) != 2 || columns[1] != "number=3,id=1,ticket=2" {
			t.Fatalf("proposed is %q", columns)
		}
		compare := []string{"reconcile", "--from", file, "--columns", columns[1]}
		want := []string{"MISSING " + numbers[1], "TWICE " + numbers[2], "UNKNOWN 999999"}
		for _, more := range []string{"--since=" + day, "--queue-missing"} {
			printed := run(1, append(compare, more)...)
			if diff := cmp.Diff(want, verdicts(printed)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", more, diff)
			}
			if queues := strings.Contains(printed, "\nQueued once more: 1.\n"); queues != (more == "--queue-missing") {
				t.Errorf("%s prints %s", more, printed)
			}
		}
		if diff := cmp.Diff(numbers[1], fmt.Sprint(awaitReceived(t, provider, 4, 1).Tickets[3].Helpdesk)); diff != "" {
			t.Errorf("sent once more (-want +got):\n%s", diff)
		}
		desktest.Await(t, 30*time.Second, "both agree", func() bool {
			ran := in.Run(t, append([]string{"sociomile"}, "reconcile", "--from", export(t, provider, "", missing), "--columns", columns[1])...)
			return ran.Status == 0 && strings.Contains(ran.Stdout, "\n        3            both have it alike\n")
		})
	})
}
