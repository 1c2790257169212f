package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a TLS certificate that is read again when its files change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	mu                sync.Mutex
	current           *tls.Certificate
	changed           [2]time.Time // of the files that current was read from
	looked            time.Time
}

// loadCertificate reads the files; they must be good at the start.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("the certificate (SERVICEDESK_TLS_CERT, SERVICEDESK_TLS_KEY) cannot be used: %w", err)
	}
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get returns the certificate for a handshake. It looks at the files at most once a second; new ones that cannot be
// read are reported, and the old certificate stays.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) > time.Second {
		c.looked = time.Now()
		if c.times() != c.changed {
			if err := c.read(); err != nil {
				c.log.Error("the new certificate cannot be used, the old one stays", "error", err)
			} else {
				c.log.Info("certificate read again")
			}
		}
	}
	return c.current, nil
}

func (c *certificate) read() error {
	changed := c.times()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.current, c.changed = &pair, changed
	}
	return err
}

// times are when the files were changed.
func (c *certificate) times() (changed [2]time.Time) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			changed[i] = info.ModTime()
		}
	}
	return changed
}
