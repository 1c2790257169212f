package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// machineFile is where an installed package keeps the settings of the machine's own desk.
const machineFile = "/etc/servicedesk/servicedesk.env"

// noFile is how --env-file says that no file is to be read.
const noFile = "none"

// foreignVariables are read from the environment too, under names that are not ours.
func foreignVariables() []string { return []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} }

// readEnvFile adds the settings of a file to the environment, in which what is given already stands. The file is the
// one that --env-file names. Else it is the machine's own, for whoever gives no setting himself: commands about an
// installed desk then find it as the service does, and what is said about another place is not mixed with it.
func (p *program) readEnvFile(named string, given bool) error {
	path := named
	switch {
	case named == noFile, named == "" && (given || p.ownSettings()):
		return nil
	case named == "":
		path = p.machineFile
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && named == "":
		return nil
	case errors.Is(err, fs.ErrPermission) && named == "":
		return fmt.Errorf("you may not read the settings of this machine's desk, %s; run the command as its user:\n    sudo -u servicedesk servicedesk …\n"+
			"or say yourself which desk is meant, with --data or --database", path)
	case err != nil:
		return fmt.Errorf("the file of settings cannot be read: %w", err)
	}
	pairs, err := parseEnvFile(text)
	if err != nil {
		return usageError{"config", fmt.Sprintf("%s, %v", path, err)}
	}
	p.settingsFrom = path
	p.env = append(pairs, p.env...)
	return nil
}

// ownSettings reports whether the environment has a setting of ours.
func (p *program) ownSettings() bool {
	return slices.ContainsFunc(p.env, func(pair string) bool { return isOurs(pair) })
}

// isOurs reports whether a variable belongs to the program.
func isOurs(name string) bool {
	return strings.HasPrefix(name, "SERVICEDESK_") || strings.HasPrefix(name, "OMNI_")
}

// parseEnvFile reads lines like NAME=value, as systemd and shells write them; the value may be in quotes. What the
// file cannot mean is an error, which does not repeat the line: there may be a password in it.
func parseEnvFile(text []byte) ([]string, error) {
	known := append(settingNames(), foreignVariables()...)
	var pairs []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		switch {
		case !found:
			return nil, fmt.Errorf("line %d: it must be NAME=value, or a comment that begins with #", number)
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("line %d: unknown setting %s; did you mean %s?", number, name, nearest(name, known))
		}
		value, err := unquote(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", number, name, err)
		}
		pairs = append(pairs, name+"="+value)
	}
	return pairs, lines.Err()
}

// unquote takes off the quotes around a value. There are no escapes, and nothing is expanded.
func unquote(value string) (string, error) {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return value, nil
	}
	if len(value) < 2 || value[len(value)-1] != value[0] || strings.Contains(value[1:len(value)-1], value[:1]) {
		return "", errors.New("the quotes must be around the whole value, and not be in it")
	}
	return value[1 : len(value)-1], nil
}

// helpEnv prints a file of settings in which every setting is a comment with its default.
func helpEnv(w io.Writer) {
	fmt.Fprint(w, `# Settings of ServiceDesk. A line is NAME=value; quotes around the value are allowed, nothing is expanded.
# Each setting stands here with its default. A change takes effect when the desk is started again.
`)
	for _, s := range settings() {
		standard := s.standard
		if strings.Contains(standard, "<") {
			standard = "" // what it depends on is in its help
		}
		fmt.Fprintf(w, "\n# %s\n", strings.ReplaceAll(s.help, "`", ""))
		if standard != s.standard {
			fmt.Fprintf(w, "# default: %s\n", s.standard)
		}
		if err := s.set(&config{}, s.standard); err == errLater {
			fmt.Fprint(w, "# has no effect in this version\n")
		}
		fmt.Fprintf(w, "#%s=%s\n", s.name, standard)
	}
	fmt.Fprint(w, "\n# who we are to the server of s3:// attachments\n")
	for _, name := range foreignVariables() {
		fmt.Fprintf(w, "#%s=\n", name)
	}
}

// envFileFlag defines --env-file.
func envFileFlag(flags *flag.FlagSet) *string {
	return flags.String("env-file", "", "`file` of settings, or none (see help config)")
}

// whence says where the settings came from, for the operator.
func (p *program) whence() string {
	return cmp.Or(p.settingsFrom, "flags, environment and defaults")
}
