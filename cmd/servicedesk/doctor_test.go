package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/doctor"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// diagnosis is what `doctor --json` prints.
type diagnosis struct {
	OK     bool             `json:"ok"`
	Checks []doctor.Finding `json:"checks"`
}

// diagnose runs doctor on an installation; its exit status must agree with what it says.
func diagnose(t *testing.T, in desktest.Installation, args ...string) diagnosis {
	t.Helper()
	ran := in.Run(t, append([]string{"doctor", "--json"}, args...)...)
	var d diagnosis
	if err := json.Unmarshal([]byte(ran.Stdout), &d); err != nil {
		t.Fatalf("doctor printed %q, %q: %v", ran.Stdout, ran.Stderr, err)
	}
	if d.OK != (ran.Status == 0) || ran.Status > 1 {
		t.Errorf("exit status %d, ok %v", ran.Status, d.OK)
	}
	for _, f := range d.Checks {
		if (f.Verdict == doctor.OK) != (f.Do == "") || f.Fact == "" {
			t.Errorf("it does not say what to do, or says it without need: %+v", f)
		}
	}
	return d
}

// want looks for a finding.
func (d diagnosis) want(t *testing.T, check string, v doctor.Verdict, fact string) {
	t.Helper()
	for _, f := range d.Checks {
		if f.Check == check && f.Verdict == v && strings.Contains(f.Fact, fact) {
			return
		}
	}
	t.Errorf("there is no %s of %s with %q in %+v", v, check, fact, d.Checks)
}

// listed is what is in and below a folder; nothing when it does not exist.
func listed(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

func TestDoctorFindsADeskWellWhileItIsServedAndWhileItIsNot(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		p := in.Serve(t)
		d := diagnose(t, in, "--deep")
		d.want(t, "server", doctor.OK, "serves the desk")
		d.want(t, "database", doctor.OK, map[desktest.Engine]string{desktest.SQLite: "SQLite 3.", desktest.PostgreSQL: "PostgreSQL "}[e])
		d.want(t, "master key", doctor.OK, "belongs to the database")
		d.want(t, "attachments", doctor.OK, "written, read back and removed")
		d.want(t, "key place", doctor.Warning, "in the data folder")
		if !d.OK {
			t.Errorf("a healthy desk is ill: %+v", d)
		}
		p.Stop(t)
		before := listed(t, in.Folder)
		d = diagnose(t, in)
		d.want(t, "server", doctor.Warning, "no desk is served")
		if !d.OK {
			t.Errorf("a stopped desk is ill: %+v", d)
		}
		if after := listed(t, in.Folder); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("it left something: %q", after)
		}
	})
}

func TestDoctorInstallsNothing(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		for range 2 {
			d := diagnose(t, in)
			d.want(t, "master key", doctor.OK, "the first start makes it")
			if !d.OK {
				t.Errorf("a machine without a desk is ill: %+v", d)
			}
			if made := listed(t, in.Folder); len(made) != 1 || made[0] != in.Folder { // WalkDir names the root that it misses
				t.Errorf("it made %q", made)
			}
			if _, err := os.Stat(in.Folder); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it made the data folder (%v)", err)
			}
		}
	})
}

func TestDoctorNamesWhatIsWrong(t *testing.T) {
	served := desktest.NewInstallation(t, desktest.SQLite)
	served.NewKey(t, "x")
	other := desktest.NewInstallation(t, desktest.SQLite)
	other.NewKey(t, "x")
	with := func(in desktest.Installation, env ...string) desktest.Installation {
		in.Env = append(append([]string{}, in.Env...), env...)
		return in
	}
	for _, c := range []struct {
		name  string
		in    desktest.Installation
		check string
		v     doctor.Verdict
		fact  string
	}{
		{"a mistyped setting", with(served, "SERVICEDESK_LISTN=:80"), "settings", doctor.Failed, "unknown setting SERVICEDESK_LISTN"},
		{"half a certificate", with(served, "SERVICEDESK_TLS_CERT=x"), "settings", doctor.Failed, "must be set together"},
		{"an unused setting", with(served, "SERVICEDESK_MAIL_FROM=x"), "settings", doctor.Warning, "SERVICEDESK_MAIL_FROM has no effect"},
		{"a connector without an address", with(served, "OMNI_ENABLED=true"), "settings", doctor.Failed, "OMNI_API_URL is missing"},
		{"open to everybody", with(served, "SERVICEDESK_LISTEN=:8080"), "listening", doctor.Warning, "without TLS"},
		{"behind a proxy", with(served, "SERVICEDESK_LISTEN=:8080", "SERVICEDESK_TRUSTED_PROXIES=10.0.0.1"), "listening", doctor.OK, "behind trusted proxies"},
		{"metrics for everybody", with(served, "SERVICEDESK_METRICS_LISTEN=0.0.0.0:9464"), "metrics", doctor.Warning, "others than this machine"},
		{"every proxy", with(served, "SERVICEDESK_TRUSTED_PROXIES=0.0.0.0/0"), "proxies", doctor.Warning, "trusts everybody"},
		{"nothing ends TLS", with(served, "SERVICEDESK_PUBLIC_URL=https://desk.example.org"), "public URL", doctor.Warning, "neither a certificate nor a trusted proxy"},
		{"a certificate that is not there", with(served, "SERVICEDESK_TLS_CERT=/nowhere/c", "SERVICEDESK_TLS_KEY=/nowhere/k"), "certificate", doctor.Failed, "no such file"},
		{"somebody else's key", with(served, "SERVICEDESK_KEY_FILE="+filepath.Join(other.Folder, "key")), "master key", doctor.Failed, "another installation's"},
		{"a lost key", with(served, "SERVICEDESK_KEY_FILE=/nowhere/key"), "master key", doctor.Failed, "missing"},
		{"no such database", with(served, "SERVICEDESK_DATABASE=postgres://desk:s3cret@127.0.0.1:1/desk"), "database", doctor.Failed, "PostgreSQL does not answer"},
		{"attachments out of reach", with(served, "SERVICEDESK_BLOBS=s3://bucket?endpoint=http://127.0.0.1:1"), "attachments", doctor.Failed, ""},
		{"attachments nowhere", with(served, "SERVICEDESK_BLOBS=/proc/nowhere"), "attachments", doctor.Warning, "does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := diagnose(t, c.in)
			d.want(t, c.check, c.v, c.fact)
			for _, f := range d.Checks {
				if strings.Contains(f.Fact+f.Do, "s3cret") {
					t.Errorf("it tells a password: %+v", f)
				}
			}
		})
	}
}

func TestDoctorSeesADamagedDatabaseAndADamagedFolder(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.NewKey(t, "x")
	if err := os.Chmod(in.Folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(headsFile(&config{data: in.Folder}), []byte("no head\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in.Folder, "servicedesk.db"), []byte("no database at all, but some text that is long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := diagnose(t, in)
	d.want(t, "data folder", doctor.Warning, "mode 0755")
	d.want(t, "database", doctor.Failed, "")
	d.want(t, "audit heads", doctor.Failed, "damaged")
}

func TestDoctorPrintsALineForEachFindingAndWhatToDo(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_LISTEN=0.0.0.0:80"}
	ran := in.Run(t, "doctor")
	if ran.Status != 0 || !strings.Contains(ran.Stdout, "\nwarning  listening     0.0.0.0:80 without TLS") ||
		!strings.Contains(ran.Stdout, "\n                       -> set SERVICEDESK_TLS_CERT") || !strings.HasSuffix(ran.Stdout, ", 0 failed\n") {
		t.Errorf("%+v", ran)
	}
}
