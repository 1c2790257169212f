// Command servicedesk is the service desk: one program that serves the OMNI API and manages its installation.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"banksulutgo.co.id/servicedesk/desk"
)

// version is set by the build.
var version = "development"

// exit is how a command ends with a status of its own; what there was to say has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a mistake at the command line: told with a hint at the help, exit status 2.
type usageError struct{ command, text string }

func (e usageError) Error() string { return e.text }

// program is what a command works with.
type program struct {
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
	machineFile    string // of settings, when nobody gives any
	settingsFrom   string // the file that was read; empty: none
	self           string // path of this program, by which it starts itself; empty: it does not
}

// command is one thing that the program can be told to do.
type command struct {
	name    string // of one or two words
	usage   string // what follows the name
	summary string
	run     func(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error
}

// commands lists what the program can do.
func commands() []command {
	return []command{
		{"serve", "[--listen A] [--data D] [--database URL] [--demo]", "serve the desk until SIGTERM", serveCommand},
		{"apikey create", "--name N --permissions P,… [--partner P] [--test | --sociomile] [--allow-ip CIDR,…] [--rate-limit N] [--expires 90d] [--json]", "make an API key; it is shown once", createKeyCommand},
		{"apikey list", "[--json]", "list the API keys", listKeysCommand},
		{"apikey revoke", "ID", "end an API key on every node within a second", revokeKeyCommand},
		{"apikey rotate", "ID [--json]", "replace an API key, which ends at once; the webhook secret stays", rotateKeyCommand},
		{"user create", "--email E --name N --role ROLE --password-stdin [--groups A,B] [--branch C]", "make an employee who can sign in and be given tickets", createUserCommand},
		{"user list", "[--json]", "list the employees", listUsersCommand},
		{"user disable", "EMAIL", "keep an employee from signing in, and end what sessions there are", disableUserCommand},
		{"user enable", "EMAIL", "let an employee sign in again", enableUserCommand},
		{"user password", "EMAIL --password-stdin", "give an employee another password, and end what sessions there are", userPasswordCommand},
		{"user reset-factor", "EMAIL", "remove the second factor of an employee who lost it, and end what sessions there are", resetFactorCommand},
		{"key rotate", "", "put a new master key in the place of the installation's key file", rotateMasterCommand},
		{"audit verify", "[--heads FILE] [--json]", "check the whole audit trail against its seals", verifyAuditCommand},
		{"bench", "--key-file FILE [--url U] [--do WHAT] [--callers N] [--for T] [--requests N] [--rate N] [--json]", "put a desk for tests under load and measure its answers", benchCommand},
		{"backup", "FILE [--verify] [--without-key] [--json]", "write everything into one file while the desk is served, or verify such a file; - is standard output", backupCommand},
		{"restore", "FILE [--skip-numbers N] [--json]", "bring a backup into an empty place, on either engine", restoreCommand},
		{"purge", "[--dry-run]", "remove what the desk keeps for a time only, as serve does every hour", purgeCommand},
		{"doctor", "[--deep] [--json]", "look whether the desk and what it stands on are well", doctorCommand},
		{"webhook listen", "[--listen A] [--secret-file FILE] [--answer STATUS] [--json]", "receive webhooks, print and verify them: for those who build a receiver", listenWebhookCommand},
		{"webhook send", "--url U [--secret-file FILE] [--event TYPE]", "send signed samples of every event to a receiver that is being built", sendWebhookCommand},
		{"webhook verify", "FILE --secret-file FILE --header 'Name: value' … [--computed X] [--at TIME] [--json]", "verify a webhook that was received and say which step fails; FILE holds the exact body, - is standard input", verifyWebhookCommand},
		{"sociomile diagnose", "[--json] [--create-test-ticket]", "find out why tickets do not reach Sociomile and whom to ask what; exit status 0: the create route is there, 1: it answers otherwise, 2: not reached or not configured", diagnoseCommand},
		{"sociomile map", "[FILE]", "print the map of fields and states to begin one's own with, or say what is wrong with the one in FILE", mapCommand},
		{"sociomile queue", "--since DATE [--until DATE] [--send] [--json]", "list the tickets that should have gone to Sociomile and did not, and with --send let them go", queueCommand},
		{"sociomile reconcile", "--from FILE [--columns number=C,id=C,ticket=C,status=C] [--separator S] [--since DATE] [--until DATE] [--preview] [--queue-missing] [--json]", "compare the provider's export with the desk; exit status 0: they agree, 1: they differ, 2: the file cannot be read", reconcileCommand},
		{"sociomile fake", "[--listen A] [--scenario S] [--token T] [--auth query|header|both]", "play the provider of Sociomile, its failures too: for development and tests", fakeSociomileCommand},
		{"hash", "", "hash passwords for the desk, which starts this itself and gives it the time that nobody else wants", hashCommand},
		{"version", "", "print the program's version", versionCommand},
	}
}

func main() {
	syscall.Umask(0o077) // what the program writes is nobody else's to read
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a program that takes too long to stop
	p := &program{env: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, machineFile: machineFile, self: "/proc/self/exe"}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// run runs the command that the arguments name and returns the exit status: 0 done, 1 failed, 2 not understood.
func (p *program) run(ctx context.Context, args []string) int {
	err := p.dispatch(ctx, args)
	var status exit
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "servicedesk: %s\nSee: %s\n", usage.text, strings.TrimSpace("servicedesk help "+usage.command))
		return 2
	case errors.Is(err, context.Canceled):
		return 1
	}
	fmt.Fprintf(p.stderr, "servicedesk: %s\n", plain(err))
	return 1
}

// plain words an error for the terminal: of a validation, what is wrong with each field.
func plain(err error) string {
	var e *desk.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err.Error()
	}
	var faults []string
	for _, f := range e.Fields {
		faults = append(faults, f.In(desk.English))
	}
	return strings.Join(faults, "; ")
}

func (p *program) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		p.help(p.stderr, nil)
		return exit(2)
	}
	if slices.Contains([]string{"help", "-h", "--help", "-help"}, args[0]) {
		return p.help(p.stdout, args[1:])
	}
	if args[0] == "--version" || args[0] == "-v" {
		args = []string{"version"}
	}
	c, rest, err := find(args)
	if err != nil {
		return err
	}
	err = c.run(ctx, p, c.flags(), rest)
	if errors.Is(err, flag.ErrHelp) {
		return p.help(p.stdout, strings.Fields(c.name))
	}
	return err
}

// flags makes the set that the command defines its flags in. It prints nothing by itself.
func (c command) flags() *flag.FlagSet {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// find picks the command of the longest name that the arguments begin with.
func find(args []string) (command, []string, error) {
	all := commands()
	for words := min(2, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		for _, c := range all {
			if c.name == name {
				return c, args[words:], nil
			}
		}
	}
	words := firstWords(all)
	if slices.Contains(words, args[0]) {
		return command{}, nil, usageError{args[0], fmt.Sprintf("%q needs one of its commands", args[0])}
	}
	return command{}, nil, usageError{"", fmt.Sprintf("unknown command %q; did you mean %q?", args[0], nearest(args[0], words))}
}

// firstWords are what a command line can begin with.
func firstWords(all []command) []string {
	var words []string
	for _, c := range all {
		word, _, _ := strings.Cut(c.name, " ")
		words = append(words, word)
	}
	return slices.Compact(words)
}

// parse reads the flags of a command, in any order with its arguments, of which there must be n.
func parse(flags *flag.FlagSet, args []string, n int) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{flags.Name(), err.Error()}
		}
		if args = flags.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	switch {
	case len(rest) > n:
		return nil, usageError{flags.Name(), fmt.Sprintf("%q is one argument too many for %s", rest[n], flags.Name())}
	case len(rest) < n:
		return nil, usageError{flags.Name(), flags.Name() + " needs an argument"}
	}
	return rest, nil
}

func versionCommand(_ context.Context, p *program, flags *flag.FlagSet, args []string) error {
	if _, err := parse(flags, args, 0); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "servicedesk %s\n", version)
	return nil
}

// readLine reads the first line of r, without its end.
func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
