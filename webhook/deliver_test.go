package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/webhook"
)

// sent is what comes of one attempt at an address of this machine, signed with a secret, of which decrypting ends with an error.
func sent(t *testing.T, url, secret string, unreadable error) outbox.Outcome {
	t.Helper()
	g := guard.ForPartners(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	open := func(desk.Target, time.Time) (string, []string, error) { return url, []string{secret}, unreadable }
	d := webhook.NewDeliverer(webhook.NewClient(g), open, func() time.Time { return at })
	return d.Send(t.Context(), desk.Target{ID: "x"}, webhook.Message{ID: "1", Body: []byte(`{}`)})
}

// answering is a receiver that answers always the same.
func answering(t *testing.T, status int, header, value, said string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(header, value)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(said)) // of a test
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestTheCauseOfAFailureIsForTheOperatorAndNotForThePartner(t *testing.T) {
	broken := errors.New("the key of 2024 is not there")
	for name, c := range map[string]struct {
		url, secret string
		unreadable  error
		class, says string
	}{
		"address": {"", secret, broken, webhook.Unreadable, broken.Error()},
		"secret":  {"http://127.0.0.1:1/", "whsec_!", nil, webhook.Unreadable, "secret"},
		"inside":  {"http://10.9.8.7/?token=hidden", secret, nil, webhook.NotAllowed, "10.9.8.7"},
		"nobody":  {"http://127.0.0.1:1/?token=hidden", secret, nil, webhook.NoConnect, "127.0.0.1:1"},
	} {
		got := sent(t, c.url, c.secret, c.unreadable)
		if got.Class != c.class || got.Done || got.Err == nil || !strings.Contains(got.Err.Error(), c.says) {
			t.Errorf("%s: %+v", name, got)
		} else if strings.Contains(got.Said, got.Err.Error()) || strings.Contains(got.Err.Error(), "hidden") {
			t.Errorf("%s: the partner reads %q, the operator %q", name, got.Said, got.Err)
		}
	}
	for _, status := range []int{200, 500} {
		if got := sent(t, answering(t, status, "X", "x", ""), secret, nil); got.Err != nil {
			t.Errorf("an answer of status %d is told as %v", status, got.Err)
		}
	}
}

func TestACardNumberIsMaskedWhereverAnAnswerIsCut(t *testing.T) {
	const card = "4111 1111 1111 1111"
	for before := 480; before <= 520; before++ {
		said := strings.Repeat("x", before) + " " + card + strings.Repeat(" more", 20)
		url := answering(t, 200, "X", "x", said)
		posted, err := client().Post(t.Context(), url, http.Header{}, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{posted.Said, sent(t, url, secret, nil).Said} {
			if digits := strings.Count(text, "1") + strings.Count(text, "4"); digits > 10 {
				t.Errorf("with %d characters before it %d digits are kept: %s", before, digits, text[len(text)-30:])
			}
		}
	}
}

func TestALongRowOfDigitsThatIsCutIsNoCardNumber(t *testing.T) {
	said := strings.Repeat("x", 495) + " 4111111111111111" + "2345"
	if got := sent(t, answering(t, 200, "X", "x", said), secret, nil).Said; strings.Contains(got, "4111111111111111") {
		t.Errorf("kept is %s", got[490:])
	}
}

func TestRetryAfterIsReadHoweverLongItIs(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                      0,
		"soon":                  0,
		"0":                     0,
		"-5":                    0,
		"-99999999999999999999": 0,
		"90":                    90 * time.Second,
		"2147483648":            2147483648 * time.Second,
		"9223372036":            9223372036 * time.Second,
		"9223372037":            9223372036 * time.Second, // as long as a Duration is
		"99999999999999999999":  9223372036 * time.Second,
		at.Add(-time.Hour).Format(http.TimeFormat): 0,
		at.Add(time.Hour).Format(http.TimeFormat):  time.Hour,
	} {
		if got := sent(t, answering(t, 503, "Retry-After", text, ""), secret, nil); got.Wait != want || got.Class != webhook.Busy {
			t.Errorf("after %q: %s, %v; want %v", text, got.Class, got.Wait, want)
		}
	}
}
