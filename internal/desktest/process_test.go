package desktest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if err := desktest.RemoveProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func TestAProcessServesAnInstallationAgainAfterItWasKilled(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner")
		p := in.Serve(t)
		if got := list(t, p, key.Key); got != http.StatusOK {
			t.Fatalf("a key of the installation is answered with %d", got)
		}
		p.Kill()
		if status := p.Wait(t); status != -1 {
			t.Errorf("a killed program has status %d", status)
		}
		again := in.Serve(t)
		if got := list(t, again, key.Key); got != http.StatusOK {
			t.Errorf("after the restart the key is answered with %d", got)
		}
		again.Stop(t)
		if !strings.Contains(again.Log.String(), "stopping") {
			t.Error("the log does not tell of the stop")
		}
	})
}

func TestASecondNodeSharesInstallationAndKeys(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.PostgreSQL)
	key := in.NewKey(t, "partner")
	if got := list(t, in.Node(t).Serve(t), key.Key); got != http.StatusOK {
		t.Errorf("the second node answers the key with %d", got)
	}
}

func TestARunTellsStatusAndOutputOfACommand(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	if ran := in.Run(t, "help"); ran.Status != 0 || !strings.Contains(ran.Stdout, "serve") || ran.Stderr != "" {
		t.Errorf("help came to %+v", ran)
	}
	if ran := in.Run(t, "nonsense"); ran.Status != 2 || !strings.Contains(ran.Stderr, "nonsense") {
		t.Errorf("nonsense came to %+v", ran)
	}
}

func TestADumpHoldsWhatIsInTheTables(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.PostgreSQL)
	key := in.NewKey(t, "a name to look for")
	dump := desktest.Dump(t, in.Database)
	for _, want := range []string{"COPY ticket", key.ID, "a name to look for"} {
		if !strings.Contains(dump, want) {
			t.Errorf("%q is not in the dump", want)
		}
	}
	if strings.Contains(dump, key.Key) {
		t.Error("the dump holds a key in the clear")
	}
}

func TestAwaitAsksUntilItHolds(t *testing.T) {
	t.Parallel()
	asked := 0
	desktest.Await(t, time.Minute, "the third answer", func() bool { asked++; return asked == 3 })
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

// list is the status of a request that needs a good key.
func list(t *testing.T, p *desktest.Process, key string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/api/omnichannel/tickets/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
