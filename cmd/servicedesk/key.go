package main

import (
	"context"
	"flag"
	"fmt"

	"banksulutgo.co.id/servicedesk/app"
)

func rotateMasterCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		rotated, err := app.RotateMasterKey(ctx, o.store, operator(), c.keyFile)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, `The installation has a new master key, in %[1]s (fingerprint %[2]s).
Nodes that run go on. Copy the file to the other nodes before they are started again.
The old key is in %[1]s.%[3]s: backups made until now need it.
`, c.keyFile, rotated.New, rotated.Old)
		return err
	})
}
