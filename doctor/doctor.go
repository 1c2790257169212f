// Package doctor looks at an installation and at what it stands on, and says what to do. It makes nothing but probe
// files, which it removes, and tells no secret.
package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"

	"banksulutgo.co.id/servicedesk/blob"
)

// Verdict is how serious a finding is.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning" // the desk works; an operator should know
	Failed  Verdict = "failed"  // the desk cannot work so, or may lose something
)

// Finding is what was found out about one thing. The names are part of the command line's form: scripts depend on them.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Fact    string  `json:"fact"`
	Do      string  `json:"do,omitempty"` // what to do about it; empty when it is well
}

// Options are the settings of the installation, each as the desk has it, checked.
type Options struct {
	Version  string   // of the program
	Source   string   // where the settings came from
	Unused   []string // settings that were given and have no effect
	Deep     bool     // check every page and index of the embedded database
	Listen   string   // address of the desk
	Metrics  string   // address of the metrics; empty: none
	URL      string   // public URL; empty: none was given
	Proxies  []netip.Prefix
	TLSCert  string
	TLSKey   string
	Data     string // data folder
	Database string // postgres:// URL; empty: SQLite in the data folder
	KeyFile  string
	Blobs    string // place of the attachments
	S3       blob.S3Options
	Lock     string // file that the serving program locks, and writes its number to
	Heads    string // file of the exported heads of the audit trail
	Memory   uint64 // bytes that the desk may use
}

// doctor is one examination.
type doctor struct {
	Options
	pid       int  // of the desk that is served from the data folder; 0: none
	installed bool // there is something in the database
	findings  []Finding
}

// Examine looks at everything, what the rest stands on first.
func Examine(ctx context.Context, o Options) []Finding {
	d := &doctor{Options: o}
	d.note("program", OK, fmt.Sprintf("servicedesk %s (%s, %s/%s)", o.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH), "")
	d.settings()
	d.machine()
	d.dataFolder()
	d.database(ctx)
	d.server(ctx)
	d.attachments(ctx)
	d.certificate()
	d.auditHeads()
	return d.findings
}

// note adds a finding. Errors of others may have several lines.
func (d *doctor) note(check string, v Verdict, fact, do string) {
	d.findings = append(d.findings, Finding{Check: check, Verdict: v, Fact: strings.Join(strings.Fields(fact), " "), Do: do})
}
