package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// settings looks for settings that contradict each other or open the desk more than its operator may know.
func (d *doctor) settings() {
	d.note("settings", OK, "from "+d.Source, "")
	for _, name := range d.Unused {
		d.note("settings", Warning, name+" has no effect in this version", "take it away, or use a version that knows it")
	}
	d.listening()
	d.publicURL()
	for _, n := range d.Proxies {
		if n.Bits() == 0 {
			d.note("proxies", Warning, "SERVICEDESK_TRUSTED_PROXIES trusts everybody: whoever calls may claim any address",
				"name the addresses of your proxies, and nobody else's")
		}
	}
	if rest, err := filepath.Rel(d.Data, d.KeyFile); err == nil && filepath.IsLocal(rest) {
		d.note("key place", Warning, "the master key is in the data folder: who copies the folder has the key too",
			"move it elsewhere while the desk is stopped, and name the place in SERVICEDESK_KEY_FILE")
	}
}

// listening looks who can reach the desk.
func (d *doctor) listening() {
	switch {
	case d.TLSCert != "":
		d.note("listening", OK, d.Listen+", with TLS", "")
	case onlyHere(d.Listen):
		d.note("listening", OK, d.Listen+", which only this machine reaches", "")
	case len(d.Proxies) > 0:
		d.note("listening", OK, d.Listen+" without TLS, behind trusted proxies", "")
	default:
		d.note("listening", Warning, d.Listen+" without TLS: keys and customers' data cross the network in clear",
			"set SERVICEDESK_TLS_CERT and SERVICEDESK_TLS_KEY; or listen at 127.0.0.1 behind a proxy that ends TLS, and name it in SERVICEDESK_TRUSTED_PROXIES")
	}
	if d.Metrics != "" && !onlyHere(d.Metrics) {
		d.note("metrics", Warning, d.Metrics+": others than this machine may read the metrics",
			"keep the port to your monitoring with a firewall, or listen at 127.0.0.1")
	}
}

// onlyHere reports whether only this machine reaches an address.
func onlyHere(address string) bool {
	host, _, _ := net.SplitHostPort(address) // checked when it was read
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return host == "localhost"
}

// publicURL compares the address that links show with what is served.
func (d *doctor) publicURL() {
	secure := strings.HasPrefix(d.URL, "https://")
	switch {
	case d.URL == "":
	case d.TLSCert != "" && !secure:
		d.note("public URL", Warning, d.URL+" says http, and the desk is served with TLS", "let SERVICEDESK_PUBLIC_URL begin with https://")
	case d.TLSCert == "" && secure && len(d.Proxies) == 0:
		d.note("public URL", Warning, d.URL+" says https, but there is neither a certificate nor a trusted proxy",
			"name the proxy that ends TLS in SERVICEDESK_TRUSTED_PROXIES, or every caller seems to come from it; or set SERVICEDESK_TLS_CERT")
	default:
		d.note("public URL", OK, d.URL, "")
	}
}

// expiresSoon is when a certificate should have been renewed: those of a certificate client are, a month before.
const expiresSoon = 14 * 24 * time.Hour

// certificate looks at the certificate as a client will.
func (d *doctor) certificate() {
	if d.TLSCert == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(d.TLSCert, d.TLSKey)
	if err != nil {
		do := "SERVICEDESK_TLS_CERT is the certificate with its chain, SERVICEDESK_TLS_KEY its key, both as PEM"
		if errors.Is(err, fs.ErrPermission) {
			do = "let the user of the desk read the file, or copy it to a place where it can"
		}
		d.note("certificate", Failed, err.Error(), do)
		return
	}
	if info, err := os.Stat(d.TLSKey); err == nil && info.Mode().Perm()&0o007 != 0 {
		d.note("certificate", Warning, "everybody on this machine may read "+d.TLSKey, "chmod o= "+d.TLSKey)
	}
	v, fact, do := judgeCertificate(pair, d.URL, time.Now())
	d.note("certificate", v, fact, do)
}

// judgeCertificate says what is worst about a certificate.
func judgeCertificate(pair tls.Certificate, publicURL string, now time.Time) (v Verdict, fact, do string) {
	chain, leaf := x509.NewCertPool(), pair.Leaf
	ordered := true
	child := leaf
	for _, raw := range pair.Certificate[1:] {
		parent, err := x509.ParseCertificate(raw)
		if err != nil {
			return Failed, "the chain holds something that is no certificate: " + err.Error(), "put the certificate and its chain together again"
		}
		chain.AddCert(parent)
		ordered = ordered && child.CheckSignatureFrom(parent) == nil
		child = parent
	}
	host := ""
	if u, err := url.Parse(publicURL); err == nil {
		host = u.Hostname()
	}
	days := int(leaf.NotAfter.Sub(now).Hours() / 24)
	_, unknown := leaf.Verify(x509.VerifyOptions{Intermediates: chain, CurrentTime: now})
	switch {
	case now.After(leaf.NotAfter):
		return Failed, "it has expired on " + leaf.NotAfter.Format(time.DateOnly), "renew it; the desk takes the new files within seconds"
	case now.Before(leaf.NotBefore):
		return Failed, "it is valid from " + leaf.NotBefore.Format(time.DateOnly) + " on only", "check the clock of this machine"
	case host != "" && leaf.VerifyHostname(host) != nil:
		return Failed, fmt.Sprintf("it is not for %s, the host of SERVICEDESK_PUBLIC_URL, but for %s", host, strings.Join(leaf.DNSNames, ", ")), "get one for that name"
	case !ordered:
		return Warning, "its chain is not in order: each certificate must be followed by the one that signed it", "put the server's own first, then the intermediate ones"
	case leaf.NotAfter.Sub(now) < expiresSoon:
		return Warning, fmt.Sprintf("it expires in %d days", days), "renew it; the desk takes the new files within seconds"
	case unknown != nil:
		return Warning, fmt.Sprintf("valid for %d days, but this machine does not trust who signed it: %v", days, unknown),
			"if the bank's own authority signed it, callers must know that one; else add the intermediate certificates to the file"
	}
	return OK, fmt.Sprintf("valid for %d days, for %s", days, strings.Join(leaf.DNSNames, ", ")), ""
}
