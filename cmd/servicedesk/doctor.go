package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"banksulutgo.co.id/servicedesk/doctor"
)

func doctorCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	deep := flags.Bool("deep", false, "check every page and index of the embedded database, which takes long on a large one")
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	var wrong usageError
	if errors.As(err, &wrong) && wrong.command == "config" {
		return p.printFindings([]doctor.Finding{{Check: "settings", Verdict: doctor.Failed, Fact: wrong.text,
			Do: "mend it (servicedesk help config) and ask again: everything else depends on the settings"}}, *asJSON)
	}
	if err != nil {
		return err
	}
	return p.printFindings(doctor.Examine(ctx, doctor.Options{
		Version: version, Source: p.whence(), Unused: c.unused, Deep: *deep,
		Listen: c.listen, Metrics: c.metricsListen, URL: c.publicURL, Proxies: c.trustedProxies, TLSCert: c.tlsCert, TLSKey: c.tlsKey,
		Data: c.data, Database: c.database, KeyFile: c.keyFile, Blobs: c.blobs, S3: p.s3(),
		Lock: filepath.Join(c.data, lockFile), Heads: headsFile(c), Memory: memoryLimit,
	}), *asJSON)
}

// printFindings prints what doctor found. The exit status is 1 when something failed.
func (p *program) printFindings(findings []doctor.Finding, asJSON bool) error {
	count := map[doctor.Verdict]int{}
	for _, f := range findings {
		count[f.Verdict]++
	}
	wrong := count[doctor.Failed] > 0
	if asJSON {
		err := p.printJSON(struct {
			OK     bool             `json:"ok"`
			Checks []doctor.Finding `json:"checks"`
		}{!wrong, findings})
		if err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(p.stdout, "%-8s %-13s %s\n", f.Verdict, f.Check, f.Fact)
			if f.Do != "" {
				fmt.Fprintf(p.stdout, "%23s-> %s\n", "", f.Do)
			}
		}
		fmt.Fprintf(p.stdout, "%d ok, %d warnings, %d failed\n", count[doctor.OK], count[doctor.Warning], count[doctor.Failed])
	}
	if wrong {
		return exit(1)
	}
	return nil
}
