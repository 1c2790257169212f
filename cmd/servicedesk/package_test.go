package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// debianPackage builds the Debian package of the program under test, packed quickly rather than well.
func debianPackage(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(output(t, "../../scripts/deb.sh", desktest.Program(t), "v1.2.3-4-gabc", t.TempDir()))
}

// output runs something that has to succeed and returns what it printed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), "COMPRESSION=-Znone", "SOURCE_DATE_EPOCH=1772438400"), &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, complaints.String())
	}
	return string(out)
}

func TestTheDebianPackageHoldsWhatAnOperatorNeeds(t *testing.T) {
	t.Parallel()
	file := debianPackage(t)
	if !strings.HasPrefix(filepath.Base(file), "servicedesk_1.2.3+4+gabc_") {
		t.Errorf("it is called %s", filepath.Base(file))
	}
	modes := map[string]string{}
	for line := range strings.Lines(output(t, "dpkg-deb", "--contents", file)) {
		fields := strings.Fields(line)
		if name := fields[len(fields)-1]; !strings.HasSuffix(name, "/") {
			modes[name] = fields[0] + " " + fields[1]
		}
	}
	want := map[string]string{
		"./usr/bin/servicedesk":                     "-rwxr-xr-x root/root",
		"./lib/systemd/system/servicedesk.service":  "-rw-r--r-- root/root",
		"./etc/servicedesk/servicedesk.env":         "-rw-r----- root/root", // its group is given by postinst
		"./usr/share/man/man1/servicedesk.1.gz":     "-rw-r--r-- root/root",
		"./usr/share/doc/servicedesk/copyright":     "-rw-r--r-- root/root",
		"./usr/share/doc/servicedesk/changelog.gz":  "-rw-r--r-- root/root",
		"./usr/share/lintian/overrides/servicedesk": "-rw-r--r-- root/root",
	}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for field, want := range map[string]string{"Package": "servicedesk", "Version": "1.2.3+4+gabc", "Depends": "adduser, init-system-helpers (>= 1.54~)"} {
		if got := strings.TrimSpace(output(t, "dpkg-deb", "--field", file, field)); got != want {
			t.Errorf("%s is %q", field, got)
		}
	}
	if again := debianPackage(t); output(t, "sha256sum", file)[:64] != output(t, "sha256sum", again)[:64] {
		t.Error("the same program makes two different packages")
	}
}

func TestThePackagedSettingsAreThoseOfTheProgramInItsPlaces(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	output(t, "dpkg-deb", "--extract", debianPackage(t), root)
	text, err := os.ReadFile(filepath.Join(root, "etc/servicedesk/servicedesk.env"))
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := parseEnvFile(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := loaded(pairs)
	if err != nil {
		t.Fatal(err)
	}
	want, err := loaded(nil)
	if err != nil {
		t.Fatal(err)
	}
	want.data, want.keyFile, want.blobs = "/var/lib/servicedesk", "/var/lib/servicedesk-key/key", "/var/lib/servicedesk/blobs"
	want.logJSON = true
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config{}, connectorConfig{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range append(settingNames(), foreignVariables()...) {
		if strings.Count("\n"+strings.ReplaceAll(string(text), "\n#", "\n"), "\n"+name+"=") != 1 {
			t.Errorf("%s is not in the file, or twice", name)
		}
	}
}

func TestTheManualPageTellsEveryCommandAndSetting(t *testing.T) {
	t.Parallel()
	page := output(t, "../../packaging/manual.sh", desktest.Program(t), "1.2.3")
	page = strings.ReplaceAll(page, `\-`, "-")
	for _, c := range commands() {
		if !strings.Contains(page, "\nservicedesk "+strings.TrimSpace(c.name+" "+c.usage)+"\n") {
			t.Errorf("%s is not told", c.name)
		}
	}
	for _, name := range settingNames() {
		if !strings.Contains(page, "\n"+name) {
			t.Errorf("%s is not told", name)
		}
	}
}

// The maintainer scripts and the unit name places; these are where the settings put things, and when the program
// stops by itself.
func TestTheUnitAndTheScriptsAgreeWithTheSettings(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("../../packaging", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	unit := read("servicedesk.service")
	for _, want := range []string{
		"Type=notify", "ExecStart=/usr/bin/servicedesk serve --env-file " + machineFile, "User=servicedesk", "StateDirectory=servicedesk servicedesk-key",
		"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "SystemCallFilter=@system-service",
	} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit lacks %q", want)
		}
	}
	if stop := 2*drainWithin + lastRequestsWithin; stop.Seconds() >= 90 || !strings.Contains(unit, "TimeoutStopSec=90") {
		t.Errorf("the program may need %v to stop, and the unit does not wait that long", stop)
	}
	if postrm := read("debian/postrm"); strings.Contains(postrm, "rm -r") || !strings.Contains(postrm, "was kept") {
		t.Error("purging may remove data")
	}
	if read("debian/conffiles") != machineFile+"\n" {
		t.Error("the settings are no conffile")
	}
	for _, script := range []string{"debian/postinst", "debian/prerm", "debian/postrm"} {
		output(t, "sh", "-n", filepath.Join("../../packaging", script))
	}
}
