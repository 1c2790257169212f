package soak_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
)

// counted is how verify.js ends.
type counted struct{ Checked, Verified, Wrong int }

// inNode lets verify.js read what tell writes, and returns what it found wrong and what it counted.
func inNode(t *testing.T, secret string, every int, tell func(io.Writer) error) (faults string, c counted) {
	t.Helper()
	library, err := filepath.Abs("../../build/node/node_modules/standardwebhooks")
	must(t, err)
	if _, err := os.Stat(library); err != nil {
		t.Fatalf("the official library of Standard Webhooks is not there: run `make setup`, which installs it from the npm registry (%v)", err)
	}
	p := exec.CommandContext(t.Context(), "node", "testdata/node/verify.js", secret, library, fmt.Sprint(every))
	var out, errs bytes.Buffer
	p.Stdout, p.Stderr = &out, &errs
	in, err := p.StdinPipe()
	must(t, err)
	must(t, p.Start())
	w := bufio.NewWriterSize(in, 1<<20)
	told := errors.Join(tell(w), w.Flush(), in.Close())
	if err := errors.Join(told, p.Wait()); err != nil {
		t.Fatalf("node: %v\n%s%s", err, out.String(), errs.String())
	}
	faults, last, found := strings.Cut(out.String(), `{"checked"`)
	if !found {
		t.Fatalf("node counted nothing:\n%s", out.String())
	}
	must(t, json.Unmarshal([]byte(`{"checked"`+last), &c))
	return faults, c
}

func TestReceiversInNodeVerifyEveryEventThatCanBeRecorded(t *testing.T) {
	t.Parallel()
	seed, events, secret := rand.Uint64(), size(5_000, 1_000_000), auth.NewWebhookSecret()
	kinds, bytes, began := map[string]int{}, 0, time.Now()
	faults, c := inNode(t, secret, size(10, 100), func(w io.Writer) error {
		h := &historian{Rand: rand.New(rand.NewPCG(seed, 0)), at: time.Date(2024, 12, 19, 15, 30, 0, 0, time.UTC)}
		for n := 0; n < events; {
			happened, err := h.next()
			if err != nil {
				return err
			}
			for _, e := range happened {
				if err := e.write(w, secret, time.Now()); err != nil {
					return err
				}
				kinds[string(e.Type)]++
				bytes += len(e.Body)
				n++
			}
		}
		return nil
	})
	t.Logf("seed %d: %+v; %d bytes in %v; by type %v", seed, c, bytes, time.Since(began).Round(time.Second), kinds)
	if c.Checked < events || c.Verified < events/size(10, 100) || c.Wrong > 0 {
		t.Errorf("node checked %d of %d events and found wrong:\n%s", c.Checked, events, faults)
	}
	if len(kinds) != 5 {
		t.Errorf("there were events of %d types, want 5: %v", len(kinds), kinds)
	}
}

// What tests the test: of two events that follow each other the first must be found right and the second wrong.
func TestReceiversInNodeFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	secret := auth.NewWebhookSecret()
	happened, err := (&historian{Rand: rand.New(rand.NewPCG(1, 2)), at: time.Now()}).next()
	must(t, err)
	const notPrinted, notSaid = "is not what JSON.stringify writes", "it says something else"
	for _, c := range []struct{ what, body, secret, found string }{
		{"escaped for HTML", `{"channelReferenceId":null,"data":{"title":"\u003cb"}}`, secret, notPrinted},
		{"an upper escape", `{"channelReferenceId":null,"data":{"title":"\u001F"}}`, secret, notPrinted},
		{"a space", `{"channelReferenceId": null,"data":{"title":""}}`, secret, notPrinted},
		{"a number", `{"data":{"title":""},"n":1.0}`, secret, notPrinted},
		{"no JSON", `{"data":`, secret, "no JSON"},
		{"no UTF-8", "{\"data\":{\"title\":\"\xff\"}}", secret, "not UTF-8"},
		{"another text", `{"channelReferenceId":null,"data":{"title":"never written"}}`, secret, notSaid},
		{"another secret", string(happened[0].Body), auth.NewWebhookSecret(), "official library refuses"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			faults, n := inNode(t, secret, 1, func(w io.Writer) error {
				changed := happened[0]
				changed.Body = []byte(c.body)
				return errors.Join(happened[0].write(w, secret, time.Now()), changed.write(w, c.secret, time.Now()))
			})
			if n.Checked != 2 || n.Wrong == 0 || !strings.Contains(faults, c.found) {
				t.Errorf("%+v, want one that %s; found: %s", n, c.found, faults)
			}
		})
	}
	t.Run("an old signature", func(t *testing.T) {
		t.Parallel()
		faults, c := inNode(t, secret, 1, func(w io.Writer) error { return happened[0].write(w, secret, time.Now().Add(-time.Hour)) })
		if c != (counted{1, 1, 1}) || !strings.Contains(faults, "official library refuses") {
			t.Errorf("%+v %s", c, faults)
		}
	})
}
