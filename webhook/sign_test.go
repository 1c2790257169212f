package webhook_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/webhook"
)

const (
	secret      = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	otherSecret = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

var at = time.Date(2024, 12, 19, 15, 30, 0, 0, time.UTC)

func headers(t *testing.T, m webhook.Message, when time.Time, secrets ...string) http.Header {
	t.Helper()
	h, err := webhook.Headers(m, when, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func samples(t *testing.T) []desk.Event {
	t.Helper()
	events, err := webhook.Samples(at)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// The example of the Standard Webhooks specification.
func TestTheExampleOfStandardWebhooksIsSignedAsPrinted(t *testing.T) {
	m := webhook.Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)}
	got, err := webhook.SignStandard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", m, time.Unix(1614265330, 0))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// The snippet of the API document (Webhook Security), run by Node on the samples.
func TestTheDocumentsSnippetVerifiesEverySample(t *testing.T) {
	const snippet = `const crypto = require('crypto');
const WEBHOOK_SECRET = process.argv[1];
for (const line of require('fs').readFileSync(0, 'utf8').trimEnd().split('\n')) {
  const payload = JSON.parse(line);
  const signature = crypto
    .createHmac('sha256', WEBHOOK_SECRET)
    .update(JSON.stringify(payload))
    .digest('hex');
  console.log(signature);
}`
	var bodies bytes.Buffer
	var want []string
	for _, e := range samples(t) {
		bodies.Write(append(e.Body, '\n'))
		want = append(want, webhook.Sign(secret, e.Body))
	}
	node := exec.CommandContext(t.Context(), "node", "-e", snippet, secret)
	node.Stdin = &bodies
	out, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	if got := strings.Fields(string(out)); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the snippet computes %v, want %v", got, want)
	}
}

func TestEachAttemptIsSignedAnewAndRotationCarriesBothSecrets(t *testing.T) {
	m := webhook.Message{ID: "t-1", Body: []byte(`{"event":"TICKET_CREATED"}`)}
	first, later, both := headers(t, m, at, secret), headers(t, m, at.Add(time.Minute), secret), headers(t, m, at, otherSecret, secret)
	if first.Get(webhook.SignatureHeader) != later.Get(webhook.SignatureHeader) || first.Get(webhook.IDHeader) != later.Get(webhook.IDHeader) {
		t.Error("id and signature of the document change from attempt to attempt")
	}
	if first.Get(webhook.StandardHeader) == later.Get(webhook.StandardHeader) || first.Get(webhook.TimestampHeader) == later.Get(webhook.TimestampHeader) {
		t.Error("the timestamp of an attempt is not its own")
	}
	for _, s := range []string{secret, otherSecret} {
		if steps := webhook.Examine(s, both, m.Body, at); !steps[4].OK || steps[2].OK != (s == otherSecret) {
			t.Errorf("with two secrets: %+v", steps)
		}
	}
}

func TestWhatIsNoSecretSignsNothing(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "secret", strings.TrimPrefix(secret, "whsec_"), "whsec_!!!", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23))} {
		if _, err := webhook.Headers(webhook.Message{ID: "1"}, at, bad); !errors.Is(err, webhook.ErrSecret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := webhook.Headers(webhook.Message{ID: "1"}, at); !errors.Is(err, webhook.ErrSecret) {
		t.Errorf("no secret: %v", err)
	}
}

func TestSamplesTellTheLifeOfATicket(t *testing.T) {
	var kinds []string
	for _, e := range samples(t) {
		kinds = append(kinds, string(e.Type))
	}
	if got, want := strings.Join(kinds, " "), "TICKET_CREATED STATUS_CHANGED COMMENT_ADDED STATUS_CHANGED TICKET_RESOLVED STATUS_CHANGED TICKET_CLOSED"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAWebhookThatWasTouchedIsNotVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events, err := webhook.Samples(at)
		if err != nil {
			t.Fatal(err)
		}
		e := rapid.SampledFrom(events).Draw(t, "event")
		h, err := webhook.Headers(webhook.Message{ID: e.ID(), Body: e.Body}, at, secret)
		if err != nil {
			t.Fatal(err)
		}
		if steps := webhook.Examine(secret, h, e.Body, at); !webhook.Passed(steps) {
			t.Fatalf("untouched: %+v", steps)
		}
		touched := bytes.Clone(e.Body)
		touched[rapid.IntRange(0, len(touched)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if steps := webhook.Examine(secret, h, touched, at); webhook.Passed(steps) || steps[2].OK || steps[4].OK {
			t.Fatalf("a changed body is verified: %+v", steps)
		}
	})
}
