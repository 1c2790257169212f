package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// pair is where a test keeps a certificate and its key.
type pair struct{ cert, key string }

func newPair(t *testing.T) pair {
	folder := t.TempDir()
	return pair{filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")}
}

// write makes a certificate of a name and puts it in place as a certificate client does, one file after the other.
func (p pair) write(t *testing.T, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{p.cert: {Type: "CERTIFICATE", Bytes: cert}, p.key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file+".new", pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	files.write(t, "first.example")
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=" + files.cert, "SERVICEDESK_TLS_KEY=" + files.key}
	p := in.Serve(t)
	if name := servedName(t, p); name != "first.example" {
		t.Fatalf("the certificate is of %s", name)
	}
	files.write(t, "second.example")
	desktest.Await(t, 10*time.Second, "the new certificate is served", func() bool { return servedName(t, p) == "second.example" })
	p.Stop(t)
}

// servedName is whose certificate a desk shows.
func servedName(t *testing.T, p *desktest.Process) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(p.URL, "https://"), &tls.Config{InsecureSkipVerify: true}) // whose it is is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestTheOldCertificateStaysWhileTheNewOneCannotBeUsed(t *testing.T) {
	files := newPair(t)
	files.write(t, "first.example")
	var log bytes.Buffer
	c, err := loadCertificate(files.cert, files.key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		c.looked = time.Time{} // as if a second had passed
		served, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return served.Leaf.Subject.CommonName
	}
	if err := os.WriteFile(files.cert, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := name(); got != "first.example" || strings.Count(log.String(), "the old one stays") != 1 {
			t.Errorf("the certificate is of %s, the log says %s", got, log.String())
		}
	}
	if err := os.Remove(files.key); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "first.example" || strings.Count(log.String(), "the old one stays") != 2 {
		t.Errorf("the certificate is of %s, the log says %s", got, log.String())
	}
	files.write(t, "second.example")
	if got := name(); got != "second.example" {
		t.Errorf("the certificate is of %s", got)
	}
}

// A certificate client keeps each version in an archive and lets links show the newest; nothing says that a newer
// version has a later time.
func TestACertificateBehindLinksIsServedWhenTheLinksAreTurned(t *testing.T) {
	t.Parallel()
	live, age := newPair(t), time.Now().Add(-24*time.Hour)
	turn := func(name string) {
		t.Helper()
		version := newPair(t)
		version.write(t, name)
		for link, file := range map[string]string{live.cert: version.cert, live.key: version.key} {
			if err := errors.Join(os.Chtimes(file, age, age), os.Symlink(file, link+".new"), os.Rename(link+".new", link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	turn("first.example")
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=" + live.cert, "SERVICEDESK_TLS_KEY=" + live.key}
	p := in.Serve(t)
	for _, name := range []string{"second.example", "third.example"} {
		turn(name)
		desktest.Await(t, 10*time.Second, name+" is served", func() bool { return servedName(t, p) == name })
	}
	p.Stop(t)
}

func TestACertificateThatIsWrittenSlowlyIsServedWhenItIsWhole(t *testing.T) {
	t.Parallel()
	files, next := newPair(t), newPair(t)
	files.write(t, "first.example")
	next.write(t, "second.example")
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=" + files.cert, "SERVICEDESK_TLS_KEY=" + files.key}
	p := in.Serve(t)
	for source, target := range map[string]string{next.cert: files.cert, next.key: files.key} {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(text) / 2, len(text)} {
			complaints := strings.Count(p.Log.String(), "the old one stays") + strings.Count(p.Log.String(), "read again")
			if err := os.WriteFile(target, text[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			desktest.Await(t, 10*time.Second, "the desk has seen the file", func() bool {
				if name := servedName(t, p); name != "first.example" && name != "second.example" {
					t.Errorf("it serves %s", name)
				}
				return strings.Count(p.Log.String(), "the old one stays")+strings.Count(p.Log.String(), "read again") > complaints
			})
		}
	}
	if name := servedName(t, p); name != "second.example" {
		t.Errorf("it serves %s", name)
	}
	p.Stop(t)
}

func TestTheMetricsTellWhenTheCertificateExpires(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	files.write(t, "first.example")
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=" + files.cert, "SERVICEDESK_TLS_KEY=" + files.key}
	p := in.Serve(t)
	_, rest, found := strings.Cut(metricsOf(t, p), "\nservicedesk_certificate_expiry_timestamp_seconds ")
	value, _, _ := strings.Cut(rest, "\n")
	expires, wrong := strconv.ParseFloat(value, 64)
	if left := expires - float64(time.Now().Unix()); !found || wrong != nil || left < 3000 || left > 3601 {
		t.Errorf("it expires in %v seconds (%v)", left, wrong)
	}
	p.Stop(t)
}

func TestTheFilesOfACertificateAreNotReadAgainForEveryHandshake(t *testing.T) {
	files := newPair(t)
	files.write(t, "first.example")
	c, err := loadCertificate(files.cert, files.key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.looked = time.Now()
	files.write(t, "second.example")
	served, err := c.get(nil)
	if err != nil || served.Leaf.Subject.CommonName != "first.example" {
		t.Errorf("got %v (%v)", served.Leaf.Subject, err)
	}
}

func TestAProgramWithABadCertificateDoesNotStart(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=/nowhere/cert.pem", "SERVICEDESK_TLS_KEY=/nowhere/key.pem"}
	ran := in.Run(t, "serve")
	if ran.Status != 1 || !strings.Contains(ran.Stderr, "the certificate (SERVICEDESK_TLS_CERT, SERVICEDESK_TLS_KEY) cannot be used") || strings.Contains(ran.Stderr, `"msg":"serving"`) {
		t.Errorf("it came to %+v", ran)
	}
}
