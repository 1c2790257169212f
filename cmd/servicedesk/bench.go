package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/load"
)

// benchRun is what the bench command was asked for.
type benchRun struct {
	load.Options
	do      string
	keyFile string
	json    bool
}

func benchCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	b, err := parseBench(flags, args)
	if err != nil {
		return err
	}
	what, found := load.FindWorkload(b.do)
	if !found {
		return usageError{flags.Name(), fmt.Sprintf("--do %q is none of %s", b.do, strings.Join(workloadNames(), ", "))}
	}
	if b.keyFile != "" {
		key, err := os.ReadFile(b.keyFile)
		if err != nil {
			return fmt.Errorf("--key-file: %w", err)
		}
		b.Key = strings.TrimSpace(string(key))
	}
	if b.Key == "" {
		return usageError{flags.Name(), "an API key is needed: --key-file FILE, made with servicedesk apikey create … --rate-limit 0"}
	}
	subject := load.Subject{Run: "bench-" + strings.ToLower(rand.Text())[:10]}
	if what.Needs {
		if subject.Numbers, err = b.tickets(ctx); err != nil {
			return err
		}
	}
	if what.Makes {
		fmt.Fprintln(p.stderr, "The tickets that this makes are real and stay: use a desk for tests.")
	}
	if !b.json {
		fmt.Fprintf(p.stderr, "%s, %d callers\n", what.Summary, b.Callers)
		b.Progress = func(r load.Result) {
			fmt.Fprintf(p.stderr, "  %4.0f s  %d requests, %.0f/s, %d failed\n", r.Took.Seconds(), r.Requests, r.Rate, r.Failed)
		}
	}
	result, err := load.Run(ctx, b.Options, what.Source(subject))
	if err != nil {
		return err
	}
	return p.printBench(result, b)
}

func parseBench(flags *flag.FlagSet, args []string) (*benchRun, error) {
	b := &benchRun{}
	flags.StringVar(&b.URL, "url", "http://127.0.0.1:8080", "`address` of the desk")
	flags.StringVar(&b.keyFile, "key-file", "", "`file` with the API key; one without a rate limit (--rate-limit 0)")
	flags.StringVar(&b.do, "do", "claims", "`what` is asked: "+strings.Join(workloadNames(), ", ")+"; claims, tickets and comments are stored and stay")
	flags.IntVar(&b.Callers, "callers", 64, "`how many` ask at the same time")
	flags.DurationVar(&b.For, "for", 10*time.Second, "`how long`; with --requests: at most")
	flags.IntVar(&b.Requests, "requests", 0, "`how many` requests; 0: as many as fit into the time")
	flags.Float64Var(&b.PerSecond, "rate", 0, "`how many` requests a second at most, at random moments, and answers are timed from these on; 0: each caller asks again at once")
	flags.BoolVar(&b.Insecure, "insecure", false, "do not check the certificate of the desk")
	flags.BoolVar(&b.json, "json", false, "print the result as JSON; times in nanoseconds")
	if _, err := parse(flags, args, 0); err != nil {
		return nil, err
	}
	if b.Callers < 1 || b.Callers > 10_000 {
		return nil, usageError{flags.Name(), "--callers must be between 1 and 10000"}
	}
	if b.For <= 0 || b.Requests < 0 || b.PerSecond < 0 || b.PerSecond > 1e6 {
		return nil, usageError{flags.Name(), "--for must be positive, --requests not negative, and --rate between 0 and 1000000"}
	}
	return b, nil
}

func workloadNames() []string {
	var names []string
	for _, w := range load.Workloads() {
		names = append(names, w.Name)
	}
	return names
}

// tickets asks the desk for tickets to read and change.
func (b *benchRun) tickets(ctx context.Context) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/api/omnichannel/tickets/list?limit=100&status=OPEN", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+b.Key)
	transport := guard.ForOperator(guard.Options{}).Transport()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: b.Insecure}
	client := http.Client{Timeout: time.Minute, Transport: transport}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var list struct {
		Message string
		Tickets []struct{ TicketNumber string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s does not answer as a desk: %w", b.URL, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s: %s", b.URL, answer.Status, list.Message)
	}
	if len(list.Tickets) == 0 {
		return nil, errors.New("the key has no open tickets: make some first with --do claims --requests 100")
	}
	var numbers []string
	for _, t := range list.Tickets {
		numbers = append(numbers, t.TicketNumber)
	}
	slices.Sort(numbers)
	return numbers, nil
}

// printBench prints what was measured. A run in which something failed does not end with status 0.
func (p *program) printBench(r load.Result, b *benchRun) error {
	if b.json {
		if err := json.NewEncoder(p.stdout).Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprint(p.stdout, r)
	}
	if r.Failed > 0 {
		return exit(1)
	}
	return nil
}
