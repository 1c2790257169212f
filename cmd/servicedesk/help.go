package main

import (
	"fmt"
	"io"
	"strings"
)

// help prints what the program can do, one command, or the settings.
func (p *program) help(w io.Writer, about []string) error {
	topic := strings.Join(about, " ")
	switch topic {
	case "":
		p.helpAll(w)
		return nil
	case "config":
		p.helpConfig(w)
		return nil
	}
	found := false
	for _, c := range commands() {
		if c.name == topic || strings.HasPrefix(c.name, topic+" ") {
			fmt.Fprintf(w, "servicedesk %s %s\n    %s\n", c.name, c.usage, c.summary)
			found = true
		}
	}
	if !found {
		return usageError{"", fmt.Sprintf("there is no help about %q", topic)}
	}
	return nil
}

func (p *program) helpAll(w io.Writer) {
	fmt.Fprintf(w, "servicedesk %s: the omnichannel service desk\n\nCommands:\n", version)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-15s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
  help COMMAND    how a command is used
  help config     every setting with its default

Commands about data take --data and --database like serve, and work while the desk is served and while it is not.
Start with:  servicedesk serve
`)
}

func (p *program) helpConfig(w io.Writer) {
	fmt.Fprint(w, "Settings are environment variables; the common ones are flags too.\n\n")
	for _, s := range settings() {
		name := s.name
		if s.flag != "" {
			name += "  (--" + s.flag + ")"
		}
		standard := s.standard
		if standard == "" {
			standard = "empty"
		}
		fmt.Fprintf(w, "%s\n    %s\n    default: %s\n", name, s.help, standard)
		if err := s.set(&config{}, s.standard); err == errLater {
			fmt.Fprint(w, "    has no effect in this version\n")
		}
	}
	fmt.Fprint(w, `
For s3:// attachments, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read as well.
`)
}
