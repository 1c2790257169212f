package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/webhook"
)

func TestEachStepThatFailsSaysWhatItMostLikelyIs(t *testing.T) {
	body := samples(t)[1].Body
	m := webhook.Message{ID: "t-2", Body: body}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	without := func(name string) func(http.Header) { return func(h http.Header) { h.Del(name) } }
	for name, c := range map[string]struct {
		secret string
		body   []byte
		change func(http.Header)
		later  time.Duration
		step   string // that fails
		says   string
	}{
		"nothing":            {},
		"another secret":     {secret: otherSecret, step: webhook.SignatureHeader, says: "another key's"},
		"an ended secret":    {secret: otherSecret, step: webhook.SignatureHeader, says: "it was rotated (try the one before, and the newest)"},
		"the same elsewhere": {secret: otherSecret, step: webhook.StandardHeader, says: "when the secret was rotated try the newest"},
		"the new of two": {secret: otherSecret, change: func(h http.Header) {
			h.Set(webhook.StandardHeader, headers(t, m, at, secret, otherSecret).Get(webhook.StandardHeader))
		}, step: webhook.SignatureHeader, says: "until the overlap ends this header is made with the old one"},
		"the old of two": {change: func(h http.Header) {
			h.Set(webhook.StandardHeader, headers(t, m, at, secret, otherSecret).Get(webhook.StandardHeader))
		}},
		"half a secret":       {secret: secret[:20], step: "secret", says: "copy it whole"},
		"a line break":        {body: append(bytes.Clone(body), '\n'), step: webhook.SignatureHeader, says: "a line break was added"},
		"the same":            {body: append(bytes.Clone(body), '\n'), step: "body", says: "white space"},
		"formatted":           {body: pretty.Bytes(), step: webhook.SignatureHeader, says: "formatted anew"},
		"formatted body":      {body: pretty.Bytes(), step: "body", says: "formatted anew"},
		"a mark":              {body: append([]byte("\uFEFF"), body...), step: webhook.SignatureHeader, says: "byte order mark"},
		"no body":             {body: []byte{}, step: "body", says: "empty"},
		"half a body":         {body: body[:20], step: "body", says: "no JSON"},
		"no signature":        {change: without(webhook.SignatureHeader), step: webhook.SignatureHeader, says: "missing"},
		"a cut signature":     {change: func(h http.Header) { h.Set(webhook.SignatureHeader, "abc") }, step: webhook.SignatureHeader, says: "3 characters"},
		"upper case":          {change: func(h http.Header) { h.Set(webhook.SignatureHeader, strings.Repeat("AB", 32)) }, step: webhook.SignatureHeader, says: "lower-case"},
		"an old one":          {later: time.Hour, step: webhook.TimestampHeader, says: "1h0m0s old"},
		"a late clock":        {later: -time.Hour, step: webhook.TimestampHeader, says: "set the clock"},
		"no time":             {change: without(webhook.TimestampHeader), step: webhook.TimestampHeader, says: "no time"},
		"no id":               {change: without(webhook.IDHeader), step: webhook.StandardHeader, says: webhook.IDHeader + " is missing"},
		"no standard":         {change: without(webhook.StandardHeader), step: webhook.StandardHeader, says: "missing"},
		"another scheme":      {change: func(h http.Header) { h.Set(webhook.StandardHeader, "v2,abc") }, step: webhook.StandardHeader, says: "v1,"},
		"a wrong one":         {change: func(h http.Header) { h.Set(webhook.StandardHeader, "v1,abc") }, step: webhook.StandardHeader, says: "none of its signatures fits"},
		"a right one of many": {change: func(h http.Header) { h.Set(webhook.StandardHeader, "v1,abc "+h.Get(webhook.StandardHeader)+" v2,x") }},
		"the document's alone": {change: func(h http.Header) {
			for _, name := range []string{webhook.IDHeader, webhook.TimestampHeader, webhook.StandardHeader} {
				h.Del(name)
			}
		}},
	} {
		h := headers(t, m, at, secret)
		if c.change != nil {
			c.change(h)
		}
		if c.body == nil {
			c.body = body
		}
		if c.secret == "" {
			c.secret = secret
		}
		steps := webhook.Examine(c.secret, h, c.body, at.Add(c.later))
		if webhook.Passed(steps) != (c.step == "") {
			t.Errorf("%s: %+v", name, steps)
		}
		for _, s := range steps {
			if s.Name == c.step && (s.OK || !strings.Contains(s.Detail, c.says)) {
				t.Errorf("%s: %+v, want it to fail and to say %q", name, s, c.says)
			}
		}
	}
}

func TestTheUsualMistakesAreRecognised(t *testing.T) {
	body := samples(t)[1].Body
	h := headers(t, webhook.Message{ID: "t-2", Body: body}, at, secret)
	decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	hexOf := func(key, content []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write(content)
		return hex.EncodeToString(mac.Sum(nil))
	}
	raw, _ := hex.DecodeString(hexOf([]byte(secret), body))
	var sorted map[string]any
	if err := json.Unmarshal(body, &sorted); err != nil {
		t.Fatal(err)
	}
	alphabetical, _ := json.Marshal(sorted)
	for computed, says := range map[string]string{
		hexOf([]byte(secret), body):                                                        "it is right",
		strings.ToUpper(hexOf([]byte(secret), body)):                                       "upper case",
		"sha256=" + hexOf([]byte(secret), body):                                            "sha256=",
		base64.StdEncoding.EncodeToString(raw):                                             "base64 instead of hex",
		hexOf(decoded, body):                                                               "decoded bytes",
		hexOf([]byte(strings.TrimPrefix(secret, "whsec_")), body):                          "without whsec_",
		hexOf([]byte(secret+"\n"), body):                                                   "white space behind the secret",
		hexOf([]byte(secret), append(bytes.Clone(body), '\n')):                             "line break behind it",
		hexOf([]byte(secret), alphabetical):                                                "names in another order",
		hexOf([]byte(secret), nil):                                                         "over nothing",
		hexOf(decoded, append([]byte("t-2."+h.Get(webhook.TimestampHeader)+"."), body...)): "over id, timestamp and body",
		h.Get(webhook.StandardHeader):                                                      "right as " + webhook.StandardHeader,
		strings.Repeat("0", 64):                                                            "",
		"":                                                                                 "",
	} {
		if got := webhook.Mistake(secret, computed, h, body); !strings.Contains(got, says) || says == "" && got != "" {
			t.Errorf("%.20s…: %q, want %q", computed, got, says)
		}
	}
}

func TestAMistakeOverABodyThatIsNoJSONIsNotTakenForAnotherOne(t *testing.T) {
	mac := hmac.New(sha256.New, []byte(secret))
	if got := webhook.Mistake(secret, hex.EncodeToString(mac.Sum(nil)), http.Header{}, []byte("no JSON")); !strings.Contains(got, "over nothing") {
		t.Errorf("got %q", got)
	}
}
