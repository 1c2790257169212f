package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// diagnosis is what `doctor --json` prints.
type diagnosis struct {
	OK     bool      `json:"ok"`
	Checks []finding `json:"checks"`
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
		if (f.Verdict == fine) != (f.Do == "") || f.Fact == "" {
			t.Errorf("it does not say what to do, or says it without need: %+v", f)
		}
	}
	return d
}

// want looks for a finding.
func (d diagnosis) want(t *testing.T, check string, v verdict, fact string) {
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
		d.want(t, "server", fine, "serves the desk")
		d.want(t, "database", fine, map[desktest.Engine]string{desktest.SQLite: "SQLite 3.", desktest.PostgreSQL: "PostgreSQL "}[e])
		d.want(t, "master key", fine, "belongs to the database")
		d.want(t, "attachments", fine, "written, read back and removed")
		d.want(t, "key place", doubted, "in the data folder")
		if !d.OK {
			t.Errorf("a healthy desk is ill: %+v", d)
		}
		p.Stop(t)
		before := listed(t, in.Folder)
		d = diagnose(t, in)
		d.want(t, "server", doubted, "no desk is served")
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
			d.want(t, "master key", fine, "the first start makes it")
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
		v     verdict
		fact  string
	}{
		{"a mistyped setting", with(served, "SERVICEDESK_LISTN=:80"), "settings", failed, "unknown setting SERVICEDESK_LISTN"},
		{"half a certificate", with(served, "SERVICEDESK_TLS_CERT=x"), "settings", failed, "must be set together"},
		{"an unused setting", with(served, "OMNI_ENABLED=true"), "settings", doubted, "OMNI_ENABLED has no effect"},
		{"open to everybody", with(served, "SERVICEDESK_LISTEN=:8080"), "listening", doubted, "without TLS"},
		{"behind a proxy", with(served, "SERVICEDESK_LISTEN=:8080", "SERVICEDESK_TRUSTED_PROXIES=10.0.0.1"), "listening", fine, "behind trusted proxies"},
		{"metrics for everybody", with(served, "SERVICEDESK_METRICS_LISTEN=0.0.0.0:9464"), "metrics", doubted, "others than this machine"},
		{"every proxy", with(served, "SERVICEDESK_TRUSTED_PROXIES=0.0.0.0/0"), "proxies", doubted, "trusts everybody"},
		{"nothing ends TLS", with(served, "SERVICEDESK_PUBLIC_URL=https://desk.example.org"), "public URL", doubted, "neither a certificate nor a trusted proxy"},
		{"a certificate that is not there", with(served, "SERVICEDESK_TLS_CERT=/nowhere/c", "SERVICEDESK_TLS_KEY=/nowhere/k"), "certificate", failed, "no such file"},
		{"somebody else's key", with(served, "SERVICEDESK_KEY_FILE="+filepath.Join(other.Folder, "key")), "master key", failed, "another installation's"},
		{"a lost key", with(served, "SERVICEDESK_KEY_FILE=/nowhere/key"), "master key", failed, "missing"},
		{"no such database", with(served, "SERVICEDESK_DATABASE=postgres://desk:s3cret@127.0.0.1:1/desk"), "database", failed, "PostgreSQL does not answer"},
		{"attachments out of reach", with(served, "SERVICEDESK_BLOBS=s3://bucket?endpoint=http://127.0.0.1:1"), "attachments", failed, ""},
		{"attachments nowhere", with(served, "SERVICEDESK_BLOBS=/proc/nowhere"), "attachments", doubted, "does not exist"},
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
	d.want(t, "data folder", doubted, "mode 0755")
	d.want(t, "database", failed, "")
	d.want(t, "audit heads", failed, "damaged")
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

// chained makes certificates for a name, the last one signed by itself, each other by the next.
func chained(t *testing.T, until time.Time, names ...string) tls.Certificate {
	t.Helper()
	var pair tls.Certificate
	var parent *x509.Certificate
	var parentKey *ecdsa.PrivateKey
	for i := len(names) - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), DNSNames: []string{names[i]}, NotBefore: until.Add(-100 * 24 * time.Hour), NotAfter: until,
			IsCA: i > 0, BasicConstraintsValid: true}
		template.Subject.CommonName = names[i]
		if parent == nil {
			parent, parentKey = template, key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
		if err != nil {
			t.Fatal(err)
		}
		if parent, err = x509.ParseCertificate(raw); err != nil {
			t.Fatal(err)
		}
		pair.Certificate, pair.PrivateKey, pair.Leaf, parentKey = append([][]byte{raw}, pair.Certificate...), key, parent, key
	}
	return pair
}

func TestACertificateIsJudgedByItsWorstFault(t *testing.T) {
	now := time.Now()
	day := 24 * time.Hour
	mixed := chained(t, now.Add(60*day), "desk.example", "one.authority", "two.authority")
	mixed.Certificate[1], mixed.Certificate[2] = mixed.Certificate[2], mixed.Certificate[1]
	for name, c := range map[string]struct {
		pair tls.Certificate
		url  string
		want verdict
		fact string
	}{
		"expired":        {chained(t, now.Add(-day), "desk.example"), "", failed, "expired"},
		"of the future":  {chained(t, now.Add(200*day), "desk.example"), "", failed, "valid from"},
		"another name":   {chained(t, now.Add(60*day), "desk.example"), "https://other.example", failed, "not for other.example"},
		"out of order":   {mixed, "https://desk.example", doubted, "not in order"},
		"expires soon":   {chained(t, now.Add(3*day+time.Hour), "desk.example"), "https://desk.example:8443", doubted, "expires in 3 days"},
		"its own signer": {chained(t, now.Add(60*day+time.Hour), "desk.example"), "https://desk.example", doubted, "valid for 60 days, but this machine does not trust"},
	} {
		if v, fact, do := judgeCertificate(c.pair, c.url, now); v != c.want || !strings.Contains(fact, c.fact) || do == "" {
			t.Errorf("%s: %s, %s -> %s", name, v, fact, do)
		}
	}
}

func TestADiskIsJudgedByTheTimesOfItsSyncs(t *testing.T) {
	for took, want := range map[time.Duration]verdict{0: doubted, 5 * time.Microsecond: doubted, 200 * time.Microsecond: fine, 8 * time.Millisecond: fine, 50 * time.Millisecond: doubted} {
		v, fact, do := judgeSpeed([]time.Duration{took / 2, took, 10 * took})
		if v != want || !strings.Contains(fact, "commits a second") || (do == "") != (want == fine) {
			t.Errorf("%v: %s, %s -> %s", took, v, fact, do)
		}
	}
}

func TestMemoryIsWhatTheMachineOrItsControlGroupHas(t *testing.T) {
	for _, c := range []struct {
		info, limit string
		want        uint64
	}{
		{"MemTotal:        2048 kB\nMemFree: 1 kB\n", "max\n", 2 << 20},
		{"MemTotal:        2048 kB\n", "1048576\n", 1 << 20},
		{"MemTotal:        2048 kB\n", "", 2 << 20},
		{"nonsense", "", 0},
	} {
		read := func(name string) ([]byte, error) {
			if name == "/proc/meminfo" {
				return []byte(c.info), nil
			}
			if c.limit == "" {
				return nil, os.ErrNotExist
			}
			return []byte(c.limit), nil
		}
		if got, err := memoryOf(read); got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%q, %q: %d (%v)", c.info, c.limit, got, err)
		}
	}
}

func TestSizesAreWordedForPeople(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 kB", 1536: "1.5 kB", 5 << 30: "5.0 GB", 3 << 40: "3.0 TB", 5 << 50: "5120.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}
