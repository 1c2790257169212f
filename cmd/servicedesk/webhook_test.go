package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// webhookSecret is one that nobody uses.
const webhookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestSamplesThatAreSentReachTheListener(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(webhookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told, telling := io.Pipe()
	var printed bytes.Buffer
	ended := make(chan int)
	go func() {
		p := &program{stdout: &printed, stderr: telling}
		ended <- p.run(ctx, []string{"webhook", "listen", "--listen", "127.0.0.1:0", "--secret-file", secret, "--json", "--answer", "202"})
	}()
	line, err := bufio.NewReader(told).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://\S+`).FindString(line)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--url", address, "--secret-file", secret}, 0, "TICKET_CLOSED    202 after"},
		{[]string{"--url", address, "--event", "COMMENT_ADDED"}, 0, "COMMENT_ADDED    202 after"}, // by a secret that it makes
		{[]string{"--url", "http://169.254.169.254/", "--event", "COMMENT_ADDED"}, 1, "not delivered"},
	} {
		var out bytes.Buffer
		p := &program{stdout: &out, stderr: io.Discard}
		if status := p.run(t.Context(), append([]string{"webhook", "send"}, c.args...)); status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("send %v: exit status %d, %q; want %d and %q", c.args, status, out.String(), c.status, c.says)
		}
	}
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("the listener ended with %d", status)
	}
	var verified []bool
	for text := range strings.Lines(printed.String()) {
		var one struct{ Verified bool }
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		verified = append(verified, one.Verified)
	}
	if want := []bool{true, true, true, true, true, true, true, false}; !slices.Equal(verified, want) {
		t.Errorf("verified: %v, want %v", verified, want)
	}
}
