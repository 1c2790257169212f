package main

import (
	"context"
	"flag"
	"fmt"

	"banksulutgo.co.id/servicedesk/app"
)

// auditOut is what `audit verify --json` prints.
type auditOut struct {
	OK       bool    `json:"ok"`
	Entries  int64   `json:"entries"`
	Unsealed int     `json:"unsealed"`
	Heads    int     `json:"heads"`
	BrokenAt *int64  `json:"brokenAt"`
	Why      *string `json:"why"`
}

func verifyAuditCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	file := flags.String("heads", "", "`file` of exported heads; else audit-heads.jsonl in the data folder")
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	named := *file != ""
	if !named {
		*file = headsFile(c)
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		heads, err := app.ReadHeads(*file)
		if err != nil {
			return err
		}
		if named && len(heads) == 0 {
			return fmt.Errorf("there is no exported head in %s: without one, an end that was cut off cannot be seen", *file)
		}
		verified, err := o.app.VerifyAudit(ctx, heads, func(done int64) {
			if done%100_000 == 0 {
				fmt.Fprintf(p.stderr, "%d entries checked\n", done)
			}
		})
		if err != nil {
			return err
		}
		return p.printVerified(verified, len(heads), *asJSON)
	})
}

// printVerified says whether the chain holds; exit status 1 when it does not.
func (p *program) printVerified(v app.Verified, heads int, asJSON bool) error {
	out := auditOut{OK: v.Broken == nil, Entries: v.Entries, Unsealed: v.Unsealed, Heads: heads}
	if v.Broken != nil {
		out.BrokenAt, out.Why = &v.Broken.Number, &v.Broken.Why
	}
	switch {
	case asJSON:
		if err := p.printJSON(out); err != nil {
			return err
		}
	case out.OK && heads == 0:
		fmt.Fprintf(p.stdout, "The audit trail holds: %d entries. No head was exported yet to compare with: an end that was cut off with care would not be seen.\n", v.Entries)
	case out.OK:
		fmt.Fprintf(p.stdout, "The audit trail holds: %d entries, compared with %d exported heads.\n", v.Entries, heads)
	default:
		fmt.Fprintf(p.stdout, "The audit trail is broken at entry %d: %s. The %d entries before it hold.\n", v.Broken.Number, v.Broken.Why, v.Entries)
	}
	if v.Unsealed > 0 && !asJSON {
		fmt.Fprintf(p.stdout, "%d entries at the end are not sealed yet; the running desk seals them within a second.\n", v.Unsealed)
	}
	if !out.OK {
		return exit(1)
	}
	return nil
}
