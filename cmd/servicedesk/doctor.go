package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"
)

// verdict is how serious a finding is.
type verdict string

const (
	fine    verdict = "ok"
	doubted verdict = "warning"
	failed  verdict = "failed"
)

// finding is what doctor found out about one thing. The names are part of the command line's form: scripts depend on
// them.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Fact    string  `json:"fact"`
	Do      string  `json:"do,omitempty"` // what to do about it
}

// doctor looks at an installation and what it stands on. It makes nothing but probe files, which it removes.
type doctor struct {
	*program
	config    *config // nil while the settings cannot be read
	deep      bool
	pid       int  // of the desk that is served from the data folder; 0: none
	installed bool // there is something in the database
	findings  []finding
}

func doctorCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	deep := flags.Bool("deep", false, "check every page and index of the embedded database, which takes long on a large one")
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	var wrong usageError
	if err != nil && (!errors.As(err, &wrong) || wrong.command != "config") {
		return err
	}
	d := &doctor{program: p, config: c, deep: *deep}
	if d.note("program", fine, fmt.Sprintf("servicedesk %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH), ""); err != nil {
		d.note("settings", failed, wrong.text, "mend it (servicedesk help config) and ask again: everything else depends on the settings")
	} else {
		d.examine(ctx)
	}
	return d.tell(*asJSON)
}

// examine looks at everything, what the rest stands on first.
func (d *doctor) examine(ctx context.Context) {
	d.settings()
	d.machine()
	d.dataFolder()
	d.database(ctx)
	d.server(ctx)
	d.attachments(ctx)
	d.certificate()
	d.auditHeads()
}

// note adds a finding. Errors of others may have several lines.
func (d *doctor) note(check string, v verdict, fact, do string) {
	d.findings = append(d.findings, finding{Check: check, Verdict: v, Fact: strings.Join(strings.Fields(fact), " "), Do: do})
}

// count says how many findings have a verdict.
func (d *doctor) count(v verdict) (n int) {
	for _, f := range d.findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// tell prints the findings. The exit status is 1 when something failed.
func (d *doctor) tell(asJSON bool) error {
	wrong := d.count(failed)
	if asJSON {
		err := d.printJSON(struct {
			OK     bool      `json:"ok"`
			Checks []finding `json:"checks"`
		}{wrong == 0, d.findings})
		if err != nil {
			return err
		}
	} else {
		d.print()
	}
	if wrong > 0 {
		return exit(1)
	}
	return nil
}

func (d *doctor) print() {
	for _, f := range d.findings {
		fmt.Fprintf(d.stdout, "%-8s %-13s %s\n", f.Verdict, f.Check, f.Fact)
		if f.Do != "" {
			fmt.Fprintf(d.stdout, "%23s-> %s\n", "", f.Do)
		}
	}
	fmt.Fprintf(d.stdout, "%d ok, %d warnings, %d failed\n", d.count(fine), d.count(doubted), d.count(failed))
}
