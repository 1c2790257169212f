package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
)

// userOut is an employee as the command line prints one. The names are part of the command line's form: scripts depend on
// them.
type userOut struct {
	ID           string    `json:"id"`
	Email        string    `json:"email"`
	Name         string    `json:"name"`
	Role         desk.Role `json:"role"`
	Groups       []string  `json:"groups"`
	Branch       string    `json:"branch"`
	Active       bool      `json:"active"`
	Away         bool      `json:"away"`
	SecondFactor bool      `json:"secondFactor"`
	CreatedAt    *string   `json:"createdAt"`
	LastSeenAt   *string   `json:"lastSeenAt"`
}

func createUserCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	email := flags.String("email", "", "`e-mail` address")
	name := flags.String("name", "", "`name` as colleagues and customers see it")
	role := flags.String("role", "", "`role`: agent, supervisor, admin or auditor")
	groups := flags.String("groups", "", "`codes` of the support groups, with commas, as TECH_SUPPORT,CALL_CENTER")
	branch := flags.String("branch", "", "`code` of the office")
	fromStdin := flags.Bool("password-stdin", false, "read the password from standard input")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	n := staff.NewPerson{Email: strings.TrimSpace(*email), Name: strings.TrimSpace(*name), Role: desk.Role(*role), Groups: codes(*groups), Branch: strings.TrimSpace(*branch)}
	if !*fromStdin {
		return passwordMissing("user create")
	}
	if err := (desk.Agent{Email: n.Email, Name: n.Name, Role: n.Role}).Check(); err != nil {
		return usageError{"user create", plain(err)}
	}
	if n.Password, err = p.readPassword(); err != nil {
		return err
	}
	return p.with(ctx, c, func(o *opened) error {
		created, _, err := o.staff.CreatePerson(ctx, operator(), n)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "User %s (%s) is made, with role %s.\n", created.Email, created.Name, created.Role)
		return err
	})
}

// codes reads a list with commas.
func codes(list string) (found []string) {
	for code := range strings.SplitSeq(list, ",") {
		if code = strings.TrimSpace(code); code != "" {
			found = append(found, code)
		}
	}
	return found
}

func passwordMissing(command string) error {
	return usageError{command, "--password-stdin is required: passwords do not belong on the command line"}
}

// readPassword reads a password, one line. An empty one is refused: the desk would make one that nobody is told.
func (p *program) readPassword() (string, error) {
	password, err := readLine(p.stdin)
	if err != nil {
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	return password, auth.CheckPassword(password)
}

// hashCommand works for another process of this program.
func hashCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	if _, err := parse(flags, args, 0); err != nil {
		return err
	}
	return auth.ServeHashes(ctx, p.stdin, p.stdout)
}

func listUsersCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		people, err := o.staff.People(ctx, operator())
		if err != nil {
			return err
		}
		if *asJSON {
			out := []userOut{}
			for _, person := range people {
				out = append(out, wordUser(person))
			}
			return p.printJSON(out)
		}
		return p.printUsers(people)
	})
}

func wordUser(u staff.Person) userOut {
	return userOut{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Groups: append([]string{}, u.Groups...), Branch: u.Branch, Active: u.Active,
		Away: u.Away, SecondFactor: u.HasFactor, CreatedAt: stamp(u.Since), LastSeenAt: stamp(u.SeenAt)}
}

func (p *program) printUsers(people []staff.Person) error {
	if len(people) == 0 {
		_, err := fmt.Fprintln(p.stdout, "There are no users. Make one with: servicedesk user create --email E --name N --role admin --password-stdin")
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EMAIL\tNAME\tROLE\tGROUPS\tBRANCH\tSECOND FACTOR\tLAST SEEN\tSTATE")
	for _, u := range people {
		factor, seen, state := "no", "never", "active"
		if u.HasFactor {
			factor = "yes"
		}
		if !u.SeenAt.IsZero() {
			seen = desk.FormatTime(u.SeenAt)
		}
		switch {
		case !u.Active:
			state = "disabled"
		case u.Away:
			state = "away"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", u.Email, u.Name, u.Role, strings.Join(u.Groups, ","), u.Branch, factor, seen, state)
	}
	return w.Flush()
}

func disableUserCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	return p.switchUser(ctx, flags, args, false, "is disabled; who was signed in is not any more")
}

func enableUserCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	return p.switchUser(ctx, flags, args, true, "is enabled")
}

// switchUser lets a user sign in, or not.
func (p *program) switchUser(ctx context.Context, flags *flag.FlagSet, args []string, active bool, done string) error {
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	return p.withUser(ctx, c, rest[0], done, func(o *opened, u staff.Person) error {
		_, err := o.staff.ChangePerson(ctx, operator(), u.ID, staff.PersonChange{Active: &active})
		return err
	})
}

func userPasswordCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	fromStdin := flags.Bool("password-stdin", false, "read the password from standard input")
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	if !*fromStdin {
		return passwordMissing("user password")
	}
	password, err := p.readPassword()
	if err != nil {
		return err
	}
	return p.withUser(ctx, c, rest[0], "has another password; who was signed in is not any more", func(o *opened, u staff.Person) error {
		_, err := o.staff.ResetPassword(ctx, operator(), u.ID, password)
		return err
	})
}

func resetFactorCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	return p.withUser(ctx, c, rest[0], "has no second factor any more; who was signed in is not any more", func(o *opened, u staff.Person) error {
		return o.staff.ResetFactor(ctx, operator(), u.ID)
	})
}

// withUser does something about the user of an e-mail, and says that it is done.
func (p *program) withUser(ctx context.Context, c *config, email, done string, do func(*opened, staff.Person) error) error {
	return p.withExisting(ctx, c, func(o *opened) error {
		u, err := o.staff.PersonByEmail(ctx, operator(), email)
		if desk.Is(err, desk.NotFound) {
			return errors.New("there is no user of this e-mail; servicedesk user list shows all")
		}
		if err == nil {
			err = do(o, u)
		}
		if err == nil {
			_, err = fmt.Fprintf(p.stdout, "User %s %s.\n", u.Email, done)
		}
		return err
	})
}
