package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
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
	case "env":
		helpEnv(w)
		return nil
	}
	found := false
	for _, c := range commands() {
		if c.name == topic || strings.HasPrefix(c.name, topic+" ") {
			fmt.Fprintf(w, "%s\n    %s\n", strings.TrimSpace("servicedesk "+c.name+" "+c.usage), c.summary)
			found = true
		}
		if c.name == topic {
			p.helpFlags(w, c)
		}
	}
	if !found {
		return usageError{"", fmt.Sprintf("there is no help about %q; did you mean %q?", topic, nearest(about[0], append(firstWords(commands()), "config", "env")))}
	}
	return nil
}

// helpFlags prints the flags of a command. A command that is asked for help defines them and does nothing else.
func (p *program) helpFlags(w io.Writer, c command) {
	flags := c.flags()
	_ = c.run(context.Background(), p, flags, []string{"--help"}) // says that help was asked for
	flags.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		name := strings.TrimSpace("--" + f.Name + " " + kind)
		if i := slices.IndexFunc(settings(), func(s setting) bool { return s.flag == f.Name }); i >= 0 && f.DefValue == "" {
			text += " (" + settings()[i].name + ")"
		} else if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "    %-24s %s\n", name, text)
	})
}

func (p *program) helpAll(w io.Writer) {
	fmt.Fprintf(w, "servicedesk %s: the omnichannel service desk\n\nCommands:\n", version)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-18s  %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
  help COMMAND        how a command is used
  help config         every setting with its default
  help env            the same as a file of settings to begin with

Commands about data take --data, --database and --env-file like serve, and work while the desk is served and while it is not.
Start with:  servicedesk serve
`)
}

func (p *program) helpConfig(w io.Writer) {
	fmt.Fprint(w, "Settings are environment variables; the common ones are flags too. An empty variable is as good as none\n(but for the metrics address, which it turns off).\n\n")
	for _, s := range settings() {
		name := s.name
		if s.flag != "" {
			name += "  (--" + s.flag + ")"
		}
		standard := s.standard
		if standard == "" {
			standard = "empty"
		}
		fmt.Fprintf(w, "%s\n    %s\n    default: %s\n", name, strings.ReplaceAll(s.help, "`", ""), standard)
		if err := s.set(&config{}, s.standard); err == errLater {
			fmt.Fprint(w, "    has no effect in this version\n")
		}
	}
	fmt.Fprint(w, `
They can be in a file of NAME=value lines too, which --env-file names (servicedesk help env prints one). When no setting
is given at all, /etc/servicedesk/servicedesk.env is read, if there is one. The environment wins over a file, a flag over
both. For s3:// attachments, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read as well.
`)
}
