package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

func fakeSociomileCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	settings := fake.Settings{Scenario: fake.Working, Duplicates: true}
	address := flags.String("listen", "127.0.0.1:9100", "`address` to answer at")
	flags.Func("scenario", "`name` of how it behaves to begin with: "+scenarioNames()+"; working when not given", func(name string) (err error) {
		settings.Scenario, err = fake.ParseScenario(name)
		return err
	})
	flags.StringVar(&settings.Token, "token", fake.DefaultToken, "`text` that callers have to send, as OMNI_API_TOKEN; a made-up one will do")
	auth := flags.String("auth", string(fake.Both), "`way` in which the token has to come: query, header, both")
	if _, err := parse(flags, args, 0); err != nil {
		return err
	}
	provider := fake.New(fake.Options{})
	settings.Auth = fake.Auth(*auth)
	if err := provider.Set(settings); err != nil {
		return usageError{flags.Name(), "--auth: " + err.Error()}
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s (--listen): %w", *address, err)
	}
	p.introduceFake("http://"+listener.Addr().String(), settings)
	s := &http.Server{Handler: provider, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func diagnoseCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	asJSON := flags.Bool("json", false, "print JSON")
	var o sociomile.DiagnoseOptions
	flags.BoolVar(&o.CreateTicket, "create-test-ticket", false, "create one ticket at the provider too, marked as a test; without it nothing is created")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	if !*asJSON {
		o.Tell = p.printLook
	}
	d := sociomile.Diagnose(ctx, c.omni, guard.ForOperator(guard.Options{}), o)
	if *asJSON {
		err = p.printJSON(d)
	} else {
		_, err = fmt.Fprintf(p.stdout, "\n%s\n%s\n", d.English, d.Indonesian)
	}
	if err == nil && d.ExitStatus != 0 {
		err = exit(d.ExitStatus)
	}
	return err
}

// printLook prints a finding of a diagnosis as soon as it is there: the next one may take long.
func (p *program) printLook(f sociomile.Finding) {
	slow := ""
	if f.Slow {
		slow = fmt.Sprintf(" (slow: %d ms)", f.TookMs)
	}
	fmt.Fprintf(p.stdout, "%-8s %-12s %s%s\n", f.Mark, f.Check, f.Fact, slow)
}

// scenarioNames lists the scenarios of the stand-in.
func scenarioNames() string {
	var names []string
	for _, s := range fake.Scenarios() {
		names = append(names, string(s.Name))
	}
	return strings.Join(names, ", ")
}

// introduceFake prints how the stand-in is used.
func (p *program) introduceFake(base string, s fake.Settings) {
	create, status := fake.CreatePath, fake.StatusPath
	if s.Scenario == fake.Moved {
		create, status = fake.MovedCreate, fake.MovedStatus
	}
	fmt.Fprintf(p.stderr, `This is no real provider: what it takes reaches nobody. It plays %[2]s until you stop it (Ctrl-C).

  OMNI_API_URL=%[1]s%[3]s
  OMNI_UPDATE_STATUS_URL=%[1]s%[4]s

What it received:  %[1]s%[5]s  (JSON: %[6]s)
Other scenarios:   curl %[1]s%[7]s
Switch to one:     curl %[1]s%[7]s -d '{"scenario":"route-missing","appearsAfter":"30s"}'
`, base, s.Scenario, create, status, fake.PagePath, fake.ReceivedPath, fake.ScenarioPath)
}
