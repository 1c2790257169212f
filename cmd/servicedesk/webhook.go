package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/webhook"
)

// secretFile defines the flag that names a file with the secret of a webhook; what it returns reads the file, and returns
// an empty secret when none was named.
func secretFile(flags *flag.FlagSet, usage string) func() (string, error) {
	name := flags.String("secret-file", "", "`file` with the webhook secret; "+usage)
	return func() (string, error) {
		if *name == "" {
			return "", nil
		}
		text, err := os.ReadFile(*name)
		if err != nil {
			return "", fmt.Errorf("--secret-file: %w", err)
		}
		secret := strings.TrimSpace(string(text))
		if err := webhook.CheckSecret(secret); err != nil {
			return "", fmt.Errorf("--secret-file %s: %w; copy it whole, as apikey create printed it", *name, err)
		}
		return secret, nil
	}
}

func listenWebhookCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	l := &webhook.Listener{Out: p.stdout}
	address := flags.String("listen", "127.0.0.1:9000", "`address` to receive on")
	flags.IntVar(&l.Status, "answer", 0, "`status` of each answer; 500 plays a receiver that is out of order. Without it 200, and 401 to what is not verified")
	flags.BoolVar(&l.JSON, "json", false, "print JSON, a line for each webhook")
	secret := secretFile(flags, "without one nothing is verified")
	_, err := parse(flags, args, 0)
	if err != nil {
		return err
	}
	if l.Status != 0 && (l.Status < 200 || l.Status > 599) {
		return usageError{flags.Name(), "--answer must be a status from 200 to 599"}
	}
	if l.Secret, err = secret(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "Waiting for webhooks at http://%s/ until you stop it (Ctrl-C).\n", listener.Addr())
	s := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func sendWebhookCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	address := flags.String("url", "", "`address` of the receiver")
	kind := flags.String("event", "", "`type` of the event, for example STATUS_CHANGED; else all of them, in the order of a ticket's life")
	secret := secretFile(flags, "without one a secret is made and printed")
	if _, err := parse(flags, args, 0); err != nil {
		return err
	}
	if *address == "" {
		return usageError{flags.Name(), "--url is needed: the address of the receiver"}
	}
	key, err := secret()
	if err != nil {
		return err
	}
	if key == "" {
		key = auth.NewWebhookSecret()
		fmt.Fprintf(p.stderr, "Signed with the secret %s\n", key)
	}
	samples, err := webhook.Samples(time.Now())
	if err != nil {
		return err
	}
	client, sent, refused := webhook.NewClient(guard.ForOperator(guard.Options{})), 0, 0
	for _, e := range samples {
		if *kind != "" && string(e.Type) != *kind {
			continue
		}
		sent++
		good, err := p.sendSample(ctx, client, *address, key, e)
		if err != nil {
			return err
		}
		if !good {
			refused++
		}
	}
	switch {
	case sent == 0:
		return usageError{flags.Name(), fmt.Sprintf("--event %q is none of TICKET_CREATED, STATUS_CHANGED, COMMENT_ADDED, TICKET_RESOLVED, TICKET_CLOSED", *kind)}
	case refused > 0:
		return exit(1)
	}
	return nil
}

// sendSample sends one event and prints what came of it; good is false when the receiver did not take it.
func (p *program) sendSample(ctx context.Context, client *webhook.Client, address, secret string, e desk.Event) (good bool, err error) {
	header, err := webhook.Headers(webhook.Message{ID: e.ID(), Body: e.Body}, time.Now(), secret)
	if err != nil {
		return false, err
	}
	start := time.Now()
	answer, err := client.Post(ctx, address, header, e.Body)
	if err != nil {
		fmt.Fprintf(p.stdout, "%-16s not delivered: %s\n", e.Type, err)
		return false, nil
	}
	fmt.Fprintf(p.stdout, "%-16s %d after %s  %s\n", e.Type, answer.Status, time.Since(start).Round(time.Millisecond), answer.Said)
	return answer.Good(), nil
}

// headerFlags are the headers given at the command line.
type headerFlags struct{ http.Header }

func (h headerFlags) String() string { return "" }

func (h headerFlags) Set(text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return errors.New("must look like 'Name: value'")
	}
	h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// verifiedOut is what `webhook verify --json` prints.
type verifiedOut struct {
	OK    bool           `json:"ok"`
	Steps []webhook.Step `json:"steps"`
	Own   string         `json:"computed,omitempty"` // what is to be said of the signature that the caller's program computed
}

func verifyWebhookCommand(_ context.Context, p *program, flags *flag.FlagSet, args []string) error {
	header, now := headerFlags{http.Header{}}, time.Now()
	flags.Var(header, "header", "`header` of the webhook as it came, 'X-Webhook-Signature: …'; can be given several times")
	computed := flags.String("computed", "", "`signature` that your own program computed: the usual mistakes are looked for")
	flags.Func("at", "`time` at which it came (2024-12-19T15:30:00Z); else now", func(text string) (err error) {
		now, err = time.Parse(time.RFC3339, text)
		return err
	})
	asJSON := flags.Bool("json", false, "print JSON")
	secret := secretFile(flags, "needed")
	rest, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	key, err := secret()
	if err != nil {
		return err
	}
	if key == "" {
		return usageError{flags.Name(), "--secret-file is needed: a file with the secret that apikey create printed"}
	}
	body, err := p.readBody(rest[0])
	if err != nil {
		return err
	}
	out := verifiedOut{Steps: webhook.Examine(key, header.Header, body, now)}
	out.OK = webhook.Passed(out.Steps)
	if *computed != "" {
		out.Own = webhook.Mistake(key, *computed, header.Header, body)
	}
	return p.printVerifiedWebhook(out, *computed != "", *asJSON)
}

// readBody reads a body from a file, or from standard input.
func (p *program) readBody(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}

// printVerifiedWebhook says which steps hold; exit status 1 when one does not.
func (p *program) printVerifiedWebhook(out verifiedOut, compared, asJSON bool) error {
	if compared && out.Own == "" {
		out.Own = "no usual mistake explains it: look at the key and the bytes that your program uses"
	}
	if asJSON {
		e := json.NewEncoder(p.stdout)
		e.SetEscapeHTML(false)
		if err := e.Encode(out); err != nil {
			return err
		}
	} else {
		webhook.PrintSteps(p.stdout, out.Steps)
		if compared {
			fmt.Fprintf(p.stdout, "Your own signature: %s.\n", out.Own)
		}
	}
	if !out.OK {
		return exit(1)
	}
	return nil
}
