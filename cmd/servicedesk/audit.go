package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
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

func createUserCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	email := flags.String("email", "", "`e-mail` address")
	name := flags.String("name", "", "`name` as colleagues and customers see it")
	role := flags.String("role", "", "`role`: agent, supervisor, admin or auditor")
	fromStdin := flags.Bool("password-stdin", false, "read the password from standard input")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	if !*fromStdin {
		return usageError{"user create", "--password-stdin is required: passwords do not belong on the command line"}
	}
	agent := desk.Agent{Email: strings.TrimSpace(*email), Name: strings.TrimSpace(*name), Role: desk.Role(*role)}
	if err := agent.Check(); err != nil {
		return usageError{"user create", plain(err)}
	}
	if agent.Password, err = p.hashPassword(ctx); err != nil {
		return err
	}
	return p.with(ctx, c, func(o *opened) error {
		created, err := o.app.CreateAgent(ctx, operator(), agent, false)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "User %s (%s) is made, with role %s.\n", created.Email, created.Name, created.Role)
		return err
	})
}

// hashPassword reads a password, one line, and hashes it.
func (p *program) hashPassword(ctx context.Context) (string, error) {
	password, err := readLine(p.stdin)
	if err != nil {
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	if err := auth.CheckPassword(password); err != nil {
		return "", err
	}
	return auth.NewHasher(1, 0).Hash(ctx, password)
}
