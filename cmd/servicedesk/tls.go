package main

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// certificate is a TLS certificate that is read again when its files change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	mu                sync.Mutex
	current           *tls.Certificate
	read              [2]fs.FileInfo // the files that were read last, whether they could be used or not
	looked            time.Time
}

// loadCertificate reads the files; they must be good at the start.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(c.files()); err != nil {
		return nil, fmt.Errorf("the certificate (SERVICEDESK_TLS_CERT, SERVICEDESK_TLS_KEY) cannot be used: %w", err)
	}
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// expiry is a metric of when the certificate in use expires.
func (c *certificate) expiry() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "servicedesk_certificate_expiry_timestamp_seconds",
		Help: "When the TLS certificate in use expires, in seconds since 1970."}, func() float64 {
		c.mu.Lock()
		defer c.mu.Unlock()
		return float64(c.current.Leaf.NotAfter.Unix())
	})
}

// get returns the certificate for a handshake. It looks at the files at most once a second; new ones that cannot be
// used are reported once, and the old certificate stays until they are changed again.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < time.Second {
		return c.current, nil
	}
	c.looked = time.Now()
	files := c.files()
	if sameFile(files[0], c.read[0]) && sameFile(files[1], c.read[1]) {
		return c.current, nil
	}
	if err := c.load(files); err != nil {
		c.log.Error("the new certificate cannot be used, the old one stays", "error", err, "expires", c.current.Leaf.NotAfter)
	} else {
		c.log.Info("certificate read again", "expires", c.current.Leaf.NotAfter)
	}
	return c.current, nil
}

// load reads the certificate from files that were looked at before: what is written meanwhile is seen the next time.
func (c *certificate) load(files [2]fs.FileInfo) error {
	c.read = files
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.current = &pair
	}
	return err
}

// files looks at the files, behind their links; nil for one that is not there.
func (c *certificate) files() (files [2]fs.FileInfo) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			files[i] = info
		}
	}
	return files
}

// sameFile reports whether a file is unchanged. Its time alone does not tell: a link may come to show another file of
// the same age, and two writes may fall into one tick of the file system's clock.
func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
