package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// envFile writes a file of settings.
func envFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "servicedesk.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileOfSettingsIsReadAsItIsWritten(t *testing.T) {
	got, err := parseEnvFile([]byte(`
# a comment
; another one
SERVICEDESK_LISTEN=:443
  SERVICEDESK_DATA = "/srv/our desk"
SERVICEDESK_DATABASE='postgres://desk:p$ss"w#rd@db/desk?sslmode=require'
export SERVICEDESK_LOG=json,debug
SERVICEDESK_METRICS_LISTEN=
AWS_ACCESS_KEY_ID=AKIA
`))
	want := []string{"SERVICEDESK_LISTEN=:443", "SERVICEDESK_DATA=/srv/our desk",
		`SERVICEDESK_DATABASE=postgres://desk:p$ss"w#rd@db/desk?sslmode=require`, "SERVICEDESK_LOG=json,debug", "SERVICEDESK_METRICS_LISTEN=",
		"AWS_ACCESS_KEY_ID=AKIA"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAValueComesBackFromAFileOfSettings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ -&(-~]{0,30}`).Draw(t, "value") // all but the quote itself
		got, err := parseEnvFile([]byte("SERVICEDESK_DATABASE='" + value + "'\r\n"))
		if err != nil || len(got) != 1 || got[0] != "SERVICEDESK_DATABASE="+value {
			t.Fatalf("%q came back as %q (%v)", value, got, err)
		}
	})
}

func TestWhatAFileOfSettingsCannotMeanIsToldWithItsLineAndWithoutItsValue(t *testing.T) {
	for text, want := range map[string]string{
		"\nSERVICEDESK_DATABSE=secret":           "line 2: unknown setting SERVICEDESK_DATABSE; did you mean SERVICEDESK_DATABASE?",
		"postgres://desk:secret":                 "line 1: it must be NAME=value, or a comment that begins with #",
		"GOMEMLIMIT=secret":                      "line 1: unknown setting GOMEMLIMIT; did you mean",
		`SERVICEDESK_DATABASE="secret`:           "line 1: SERVICEDESK_DATABASE: the quotes must be around the whole value",
		`SERVICEDESK_DATABASE="secret" # remark`: "line 1: SERVICEDESK_DATABASE: the quotes must be around the whole value",
		`SERVICEDESK_DATABASE="secret"secret"`:   "line 1: SERVICEDESK_DATABASE: the quotes must be around the whole value",
	} {
		_, err := parseEnvFile([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheEnvironmentWinsOverTheFileAndAFlagOverBoth(t *testing.T) {
	path := envFile(t, "SERVICEDESK_LISTEN=:1\nSERVICEDESK_DATA=/file\nSERVICEDESK_LOG=json\nAWS_ACCESS_KEY_ID=file\nAWS_SECRET_ACCESS_KEY=file\n")
	p := &program{env: []string{"SERVICEDESK_DATA=/environment", "SERVICEDESK_LISTEN=:2", "AWS_ACCESS_KEY_ID=environment"}}
	c, _, err := p.load(flag.NewFlagSet("serve", flag.ContinueOnError), []string{"--env-file", path, "--listen", ":3"}, 0)
	if err != nil || c.listen != ":3" || c.data != "/environment" || !c.logJSON || p.whence() != path {
		t.Errorf("%+v from %s (%v)", c, p.whence(), err)
	}
	if id, secret := p.getenv("AWS_ACCESS_KEY_ID"), p.getenv("AWS_SECRET_ACCESS_KEY"); id != "environment" || secret != "file" {
		t.Errorf("%s, %s", id, secret)
	}
}

func TestTheMachinesOwnFileIsForThoseWhoGiveNoSettingThemselves(t *testing.T) {
	machine := envFile(t, "SERVICEDESK_DATA=/var/lib/servicedesk\nSERVICEDESK_KEY_FILE=/var/lib/servicedesk-key/key\n")
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		whole bool
	}{
		{"nothing is given", []string{"PATH=/bin", "AWS_ACCESS_KEY_ID=x"}, nil, true},
		{"a variable is given", []string{"SERVICEDESK_LOG=json"}, nil, false},
		{"a variable of the provider is given", []string{"OMNI_ENABLED=false"}, nil, false},
		{"a flag is given", nil, []string{"--data", "./data"}, false},
		{"no file is wanted", nil, []string{"--env-file", "none"}, false},
		{"another file is named", nil, []string{"--env-file=" + envFile(t, "")}, false},
	} {
		p := &program{env: c.env, machineFile: machine}
		got, _, err := p.load(flag.NewFlagSet("apikey list", flag.ContinueOnError), c.args, 0)
		if err != nil || (got.data == "/var/lib/servicedesk") != c.whole || (got.keyFile == "/var/lib/servicedesk-key/key") != c.whole {
			t.Errorf("%s: %+v (%v)", c.name, got, err)
		}
	}
}

func TestAFileThatIsNamedMustBeThereAndTheMachinesOwnNeedNot(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.env")
	p := &program{machineFile: missing}
	if _, _, err := p.load(flag.NewFlagSet("serve", flag.ContinueOnError), nil, 0); err != nil {
		t.Errorf("the machine's own: %v", err)
	}
	if _, _, err := p.load(flag.NewFlagSet("serve", flag.ContinueOnError), []string{"--env-file", missing}, 0); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a named one: %v", err)
	}
}

func TestAMistakeInTheFileIsAUsageErrorThatNamesIt(t *testing.T) {
	path := envFile(t, "SERVICEDESK_PORT=80\n")
	_, _, err := (&program{}).load(flag.NewFlagSet("serve", flag.ContinueOnError), []string{"--env-file", path}, 0)
	var usage usageError
	if !errors.As(err, &usage) || !strings.HasPrefix(usage.text, path+", line 1: unknown setting SERVICEDESK_PORT") {
		t.Error(err)
	}
}

func TestTheFileThatHelpPrintsHoldsEverySettingWithItsDefault(t *testing.T) {
	in := desktest.NewInstallation(t, desktest.SQLite)
	text := in.MustRun(t, "help", "env")
	if pairs, err := parseEnvFile([]byte(text)); err != nil || len(pairs) != 0 {
		t.Errorf("it sets %q (%v)", pairs, err)
	}
	var uncommented []string
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, "#"); found && !strings.HasPrefix(rest, " ") {
			uncommented = append(uncommented, rest)
		}
	}
	pairs, err := parseEnvFile([]byte(strings.Join(uncommented, "")))
	if err != nil || len(pairs) != len(settings())+len(foreignVariables()) {
		t.Fatalf("%d settings (%v): %q", len(pairs), err, pairs)
	}
	want, err := loaded(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded(pairs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(config{}, connectorConfig{})); diff != "" {
		t.Errorf("with every line in force (-defaults +got):\n%s", diff)
	}
}

func TestRootKeepsOutOfAFolderOfSomebodyElse(t *testing.T) {
	folder := t.TempDir()
	c := &config{data: folder}
	if err := os.Chown(folder, 54321, 54321); err != nil { // not root: the folder stays ours
		if err := c.checkUser(os.Geteuid()); err != nil {
			t.Error(err)
		}
		return
	}
	if err := c.checkUser(0); err == nil || !strings.Contains(err.Error(), "sudo -u #54321 servicedesk") {
		t.Errorf("root: %v", err)
	}
	if err := c.checkUser(54321); err != nil {
		t.Errorf("its owner: %v", err)
	}
	if err := (&config{data: filepath.Join(folder, "missing")}).checkUser(0); err != nil {
		t.Errorf("a new folder: %v", err)
	}
}

func TestNetworksOfIPv4MayBeWrittenAsIPv6(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.9/128": "192.0.2.9/32",
		"10.1.2.3/8": "10.0.0.0/8", "2001:db8::1/32": "2001:db8::/32", "::/0": "::/0", "fe80::1%eth0": "fe80::1/128",
	} {
		if got, err := parseNets(text); err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%s is %v (%v), want %s", text, got, err, want)
		}
	}
}
