package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

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
		want Verdict
		fact string
	}{
		"expired":        {chained(t, now.Add(-day), "desk.example"), "", Failed, "expired"},
		"of the future":  {chained(t, now.Add(200*day), "desk.example"), "", Failed, "valid from"},
		"another name":   {chained(t, now.Add(60*day), "desk.example"), "https://other.example", Failed, "not for other.example"},
		"out of order":   {mixed, "https://desk.example", Warning, "not in order"},
		"expires soon":   {chained(t, now.Add(3*day+time.Hour), "desk.example"), "https://desk.example:8443", Warning, "expires in 3 days"},
		"its own signer": {chained(t, now.Add(60*day+time.Hour), "desk.example"), "https://desk.example", Warning, "valid for 60 days, but this machine does not trust"},
	} {
		if v, fact, do := judgeCertificate(c.pair, c.url, now); v != c.want || !strings.Contains(fact, c.fact) || do == "" {
			t.Errorf("%s: %s, %s -> %s", name, v, fact, do)
		}
	}
}

func TestADiskIsJudgedByTheTimesOfItsSyncs(t *testing.T) {
	for took, want := range map[time.Duration]Verdict{0: Warning, 5 * time.Microsecond: Warning, 200 * time.Microsecond: OK, 8 * time.Millisecond: OK, 50 * time.Millisecond: Warning} {
		v, fact, do := judgeSpeed([]time.Duration{took / 2, took, 10 * took})
		if v != want || !strings.Contains(fact, "commits a second") || (do == "") != (want == OK) {
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
