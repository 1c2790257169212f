package main

import (
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/sociomile"
	"pgregory.net/rapid"
)

// loaded is the configuration that `serve` makes of an environment and arguments.
func loaded(env []string, args ...string) (*config, error) {
	p := &program{env: env}
	c, _, err := p.load(flag.NewFlagSet("serve", flag.ContinueOnError), args, 0)
	return c, err
}

func TestWithoutSettingsTheDefaultsOfTheHelpHold(t *testing.T) {
	c, err := loaded([]string{"PATH=/bin", "SERVICEDESKTOP=x", "omni_enabled=x"})
	if err != nil {
		t.Fatal(err)
	}
	want := &config{listen: "127.0.0.1:8080", data: "./data", keyFile: "data/key", blobs: "data/blobs", metricsListen: "127.0.0.1:9464",
		firstTicket: 10001, autoClose: 7 * 24 * time.Hour, waits: outbox.DefaultWaits, probe: 30 * time.Second, keepAttempts: 90 * 24 * time.Hour, testKeep: 30 * 24 * time.Hour,
		omni:      sociomile.Config{Timeout: 30 * time.Second, Services: []string{"CLAIM"}},
		connector: connectorConfig{waits: sociomile.Waits, probe: time.Minute, most: 4, alertAfter: 30 * time.Minute}}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config{}, connectorConfig{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSettingsAreTakenFromTheEnvironmentAndFlagsWin(t *testing.T) {
	c, err := loaded([]string{
		"SERVICEDESK_LISTEN=[::1]:80", "SERVICEDESK_DATA=/srv/desk", "SERVICEDESK_DATABASE=postgresql://db/desk", "SERVICEDESK_KEY_FILE=/run/key",
		"SERVICEDESK_BLOBS=s3://bucket", "SERVICEDESK_PUBLIC_URL=https://desk.example.org/", "SERVICEDESK_TRUSTED_PROXIES= 10.0.0.0/8, 192.0.2.1 ,",
		"SERVICEDESK_TLS_CERT=c.pem", "SERVICEDESK_TLS_KEY=k.pem", "SERVICEDESK_METRICS_LISTEN=", "SERVICEDESK_FIRST_TICKET_NUMBER=500",
		"SERVICEDESK_AUTO_CLOSE=36h", "SERVICEDESK_TEST_KEEP=3d", "SERVICEDESK_LOG=json,debug", "OMNI_ENABLED=true", "OMNI_TIMEOUT=45s", "OMNI_API_URL=https://provider.example/helpdesk/create",
		"OMNI_API_TOKEN=made-up", "OMNI_UPDATE_STATUS_URL=http://127.0.0.1:9/status", "OMNI_CONNECT_ID=c-1", "OMNI_AUTH=header",
		"OMNI_SERVICES= Pembukaan Rekening ,CLAIM,", "OMNI_PROBE=3m", "OMNI_CONCURRENCY=8", "OMNI_ALERT_URL=https://alerts.example/hook", "OMNI_ALERT_AFTER=1h",
		"SERVICEDESK_WEBHOOK_ALLOW_NETS=10.1.0.0/16", "SERVICEDESK_WEBHOOK_RETRY=1s, 1d", "SERVICEDESK_WEBHOOK_PROBE=2m", "SERVICEDESK_WEBHOOK_KEEP=0", "SERVICEDESK_MAIL_FROM=desk@bank.example",
	}, "--listen", ":8443", "--data=/srv/other")
	if err != nil {
		t.Fatal(err)
	}
	want := &config{listen: ":8443", data: "/srv/other", database: "postgresql://db/desk", keyFile: "/run/key", blobs: "s3://bucket",
		publicURL: "https://desk.example.org", trustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")},
		tlsCert: "c.pem", tlsKey: "k.pem", firstTicket: 500, autoClose: 36 * time.Hour, testKeep: 72 * time.Hour, logJSON: true, logLevel: slog.LevelDebug,
		allowNets: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, waits: outbox.Waits{time.Second, 24 * time.Hour}, probe: 2 * time.Minute,
		omni: sociomile.Config{CreateURL: "https://provider.example/helpdesk/create", StatusURL: "http://127.0.0.1:9/status", Token: "made-up", Header: true,
			ConnectID: "c-1", Timeout: 45 * time.Second, Services: []string{"Pembukaan Rekening", "CLAIM"}},
		connector: connectorConfig{enabled: true, waits: sociomile.Waits, probe: 3 * time.Minute, most: 8, alertURL: "https://alerts.example/hook", alertAfter: time.Hour},
		unused:    []string{"SERVICEDESK_MAIL_FROM"}}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config{}, connectorConfig{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeyAndAttachmentsAreInTheDataFolderUnlessTheyArePlacedElsewhere(t *testing.T) {
	c, err := loaded([]string{"SERVICEDESK_DATA=/srv/desk", "SERVICEDESK_BLOBS=/mnt/blobs"})
	if err != nil || c.keyFile != "/srv/desk/key" || c.blobs != "/mnt/blobs" {
		t.Errorf("key %s, attachments %s (%v)", c.keyFile, c.blobs, err)
	}
}

func TestAMistypedVariableIsAUsageErrorThatNamesTheNearest(t *testing.T) {
	for given, want := range map[string]string{
		"SERVICEDESK_LISTEN_ADDRESS": "SERVICEDESK_LISTEN",
		"SERVICEDESK_DATABSE":        "SERVICEDESK_DATABASE",
		"SERVICEDESK_ALLOW_NETS":     "SERVICEDESK_WEBHOOK_ALLOW_NETS",
		"SERVICEDESK_":               "SERVICEDESK_LOG",
		"OMNI_APIURL":                "OMNI_API_URL",
		"OMNI_URL":                   "OMNI_API_URL",
		"OMNI_UPDATE_STATUS":         "OMNI_UPDATE_STATUS_URL",
	} {
		_, err := loaded([]string{given + "=1"})
		var usage usageError
		if !errors.As(err, &usage) || usage.text != "unknown setting "+given+"; did you mean "+want+"?" {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestDurationsAreDaysOrWhatGoWrites(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "0": 0, "0d": 0, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "36500d": 36500 * 24 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v (%v)", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "36501d", "99999999999999999999d", "-5m", "7", "week", "1d12h"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestDurationsAreNeverNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{0,20}[.]?[0-9]{0,3}(d|h|m|s|ms|)`).Draw(t, "text")
		if d, err := parseDuration(text); err == nil && d < 0 {
			t.Fatalf("%q is %v", text, d)
		}
	})
}

func TestTheLogIsTextOrJSONAtALevel(t *testing.T) {
	for text, want := range map[string]config{
		"text": {}, "json": {logJSON: true}, "json,warn": {logJSON: true, logLevel: slog.LevelWarn}, "ERROR": {logLevel: slog.LevelError},
		"debug , text": {logLevel: slog.LevelDebug},
	} {
		var c config
		if err := setLog(&c, text); err != nil || c.logJSON != want.logJSON || c.logLevel != want.logLevel {
			t.Errorf("%s: JSON %v, level %v (%v)", text, c.logJSON, c.logLevel, err)
		}
	}
}

func TestDistanceIsWhatMistypingCosts(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"listen", "listn", 1}, {"kitten", "sitting", 5}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
	words := rapid.StringMatching(`[a-c]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := words.Draw(t, "a"), words.Draw(t, "b"), words.Draw(t, "c")
		if distance(a, b) != distance(b, a) || distance(a, c) > distance(a, b)+distance(b, c) || (distance(a, b) == 0) != (a == b) {
			t.Fatalf("no distance: %q %q %q", a, b, c)
		}
	})
}

func TestTheDeskIsReachedWhereItIsToldOrWhereItListens(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40123}
	for _, c := range []struct {
		config config
		want   string
	}{
		{config{listen: "127.0.0.1:0"}, "http://127.0.0.1:40123"},
		{config{listen: ":8080"}, "http://localhost:40123"},
		{config{listen: "[::1]:http"}, "http://[::1]:40123"},
		{config{listen: "desk.example.org:443", tlsCert: "c.pem"}, "https://desk.example.org:40123"},
		{config{listen: "127.0.0.1:0", publicURL: "https://desk.example.org"}, "https://desk.example.org"},
	} {
		if got := c.config.publicAddress(at); got != c.want {
			t.Errorf("%+v is reached at %s, want %s", c.config, got, c.want)
		}
	}
}

func TestEverySettingIsKnownOnceAndItsDefaultIsAccepted(t *testing.T) {
	names := map[string]bool{}
	for _, s := range settings() {
		if names[s.name] || names[s.flag] && s.flag != "" || s.help == "" {
			t.Errorf("%s is twice, or without help", s.name)
		}
		names[s.name], names[s.flag] = true, true
		if err := s.set(&config{}, s.standard); err != nil && err != errLater && !strings.Contains(s.standard, "<") {
			t.Errorf("the default of %s: %v", s.name, err)
		}
	}
}
