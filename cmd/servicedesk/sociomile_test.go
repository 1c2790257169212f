package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// served runs `sociomile fake` with arguments until the test ends, and returns its address and what it printed.
func served(t *testing.T, args ...string) (address, printed string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	told, telling := io.Pipe()
	ended := make(chan int)
	go func() {
		p := &program{stderr: telling}
		ended <- p.run(ctx, append([]string{"sociomile", "fake", "--listen", "127.0.0.1:0"}, args...))
	}()
	t.Cleanup(func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("it ended with %d", status)
		}
	})
	lines := bufio.NewReader(told)
	for !strings.Contains(printed, "Switch to one") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		printed += line
	}
	return regexp.MustCompile(`http://[0-9.:]+`).FindString(printed), printed
}

func TestTheStandInSaysHowItIsUsedAndIsSo(t *testing.T) {
	t.Parallel()
	address, printed := served(t, "--scenario", "moved", "--token", "made-up", "--auth", "header")
	for _, want := range []string{"no real provider", "plays moved", "OMNI_API_URL=" + address + "/api/helpdesk/create\n", address + "/_page"} {
		if !strings.Contains(printed, want) {
			t.Errorf("it does not print %q: %s", want, printed)
		}
	}
	switching := regexp.MustCompile(`curl (\S+) -d '(.*)'`).FindStringSubmatch(printed)
	for _, c := range []struct {
		method, url, token, body string
		status                   int
	}{
		{"GET", address + "/", "", "", 200},
		{"GET", address + fake.CreatePath, "made-up", "", 404},
		{"GET", address + fake.MovedCreate, "made-up", "", 405},
		{"GET", address + fake.MovedCreate, "other", "", 401},
		{"POST", switching[1], "", switching[2], 200},
		{"GET", address + fake.MovedCreate, "made-up", "", 404},
		{"GET", address + fake.PagePath, "", "", 200},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("client-secret-key", c.token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s %s came to %d, want %d", c.method, c.url, answer.StatusCode, c.status)
		}
	}
}

func TestADiagnosisSaysWhatAndEndsSo(t *testing.T) {
	t.Parallel()
	const token = "made-up-token-4711"
	for _, c := range []struct {
		scenario, auth string
		args           []string
		status         int
		says           []string
	}{
		{"working", "query", nil, 0, []string{"ok       create ", "The provider works: nobody has to be asked.\nPenyedia berfungsi: "}},
		{"working", "header", nil, 1, []string{"It is a setting of ours: the provider takes our token as header", "Ini soal setelan kita: "}},
		{"route-missing", "both", nil, 1, []string{"failed   create ", "RoutesRequests.php, line 229", "It is the provider's fault: ", "Ini kesalahan penyedia: "}},
		{"auth", "both", []string{"--json"}, 1, []string{`"fault":"WRONG_TOKEN","whose":"ours"`}},
		{"gateway", "both", []string{"--json"}, 1, []string{`"fault":"GATEWAY"`}},
		{"cut", "both", nil, 2, []string{"the connection was cut"}},
		{"working", "both", []string{"--create-test-ticket"}, 0, []string{"ok       test ticket ", "it is the provider's ticket 32197"}},
		{"validation", "both", []string{"--create-test-ticket"}, 1, []string{"failed   test ticket ", "answered 422", `{"connectID":["The selected`}},
	} {
		t.Run(c.scenario+" "+c.auth+strings.Join(c.args, ""), func(t *testing.T) {
			address, _ := served(t, "--scenario", c.scenario, "--token", token, "--auth", c.auth)
			var out, errors bytes.Buffer
			p := &program{stdout: &out, stderr: &errors, env: []string{"OMNI_API_URL=" + address + fake.CreatePath, "OMNI_API_TOKEN=" + token, "OMNI_CONNECT_ID=c-1", "SERVICEDESK_DATA=" + t.TempDir()}}
			if status := p.run(t.Context(), append([]string{"sociomile", "diagnose"}, c.args...)); status != c.status {
				t.Errorf("exit status %d, want %d: %s%s", status, c.status, &out, &errors)
			}
			for _, says := range c.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("it does not print %q: %s", says, &out)
				}
			}
			if strings.Contains(out.String()+errors.String(), token) {
				t.Errorf("it prints the token: %s%s", &out, &errors)
			}
			if json.Valid(out.Bytes()) != (len(c.args) == 1 && c.args[0] == "--json") {
				t.Errorf("it prints %s", &out)
			}
		})
	}
}
