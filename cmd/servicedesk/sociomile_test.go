package main

import (
	"bufio"
	"context"
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
