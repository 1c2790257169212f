package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/demo"
	"banksulutgo.co.id/servicedesk/docs"
)

// demo fills an empty desk and returns what tells, once the desk is served, how to try it.
func (p *program) demo(ctx context.Context, o *opened, clock *demo.Clock) (func(url string) error, error) {
	signIns, hash, err := o.demoPassword(ctx)
	if err != nil {
		return nil, fmt.Errorf("the password of the demo cannot be made: %w", err)
	}
	d, err := demo.New(demo.Options{App: o.app, Operator: operator(), Clock: clock, Number: o.number, Password: hash})
	if err != nil {
		return nil, err
	}
	told, err := d.Fill(context.WithoutCancel(ctx)) // half a story would stay for ever
	if err == nil && told > 0 {
		err = errors.Join(o.staff.SetFactorRoles(ctx, operator(), nil), signIns.keep())
	}
	if err != nil {
		return nil, fmt.Errorf("the demo data cannot be made: %w", err)
	}
	file := filepath.Join(o.config.data, "demo-key")
	key, err := keepKey(ctx, d, file)
	if err != nil {
		return nil, fmt.Errorf("the demo key cannot be made: %w", err)
	}
	return func(url string) error { return p.printDemo(url, key, file, signIns.tell(told > 0), told) }, nil
}

// demoSignIn is the password of everybody in the demo, and the file that keeps it.
type demoSignIn struct {
	password, file string
	kept           bool
}

// demoPassword reads the demo's password that an earlier start kept, or makes one, with its hash.
func (o *opened) demoPassword(ctx context.Context) (demoSignIn, string, error) {
	s := demoSignIn{file: filepath.Join(o.config.data, "demo-password"), password: strings.ToLower(rand.Text()[:16])}
	content, err := os.ReadFile(s.file)
	if err == nil {
		s.password, s.kept = strings.TrimSpace(string(content)), true
	} else if !errors.Is(err, os.ErrNotExist) {
		return s, "", err
	}
	hash, err := auth.NewHasher(auth.HasherOptions{Waiting: 1}).Hash(ctx, s.password)
	return s, hash, err
}

func (s demoSignIn) keep() error { return writePrivate(s.file, s.password+"\n") }

// tell says how somebody signs in.
func (s demoSignIn) tell(fresh bool) string {
	if !fresh && !s.kept {
		return "make yourself a sign-in: servicedesk user create"
	}
	return fmt.Sprintf("grace.wowor@bank.example (agent), dewi.lontoh@bank.example (supervisor), admin@bank.example\n           password %s (kept in %s)", s.password, s.file)
}

// keepKey returns the key that a file keeps from an earlier start while it is usable, else a new one, which it keeps there.
func keepKey(ctx context.Context, d *demo.Demo, file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	kept := strings.TrimSpace(string(content))
	key, err := d.Key(ctx, kept)
	if err != nil || key == kept {
		return key, err
	}
	return key, writePrivate(file, key+"\n")
}

// writePrivate replaces a file by one that only its owner may read, at once as a whole.
func writePrivate(file, text string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// printDemo says where the desk is and how to try it; the commands work by copy and paste.
func (p *program) printDemo(url, key, file, signIn string, told int) error {
	news := fmt.Sprintf("The desk has %d new tickets: the last days of a bank in Manado. All names and numbers are invented.", told)
	if told == 0 {
		news = "The desk has tickets already, nothing was added to it."
	}
	base := url + api.Base
	_, err := fmt.Fprintf(p.stdout, `%s

  Desk     %s
  Docs     %s
  API key  %s
           (may create, read and update; kept in %s)
  Console  %s/sign-in
           %s

Open a claim, and again whenever you like:

  curl -sS '%s/claims' -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"namaNasabah": "Budi Contoh", "mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": 500000, "nomorRekening": "0010200000999", "claimReason": "Saldo terpotong, uang tidak keluar", "channelReferenceId": "demo-claim"}'

Read it:

  curl -sS '%s/tickets/demo-claim' -H 'Authorization: Bearer %s'

Read the feed, what happened to the partner's tickets; with &wait=30 the answer waits for news:

  curl -sS '%s/events?after=0&limit=5' -H 'Authorization: Bearer %s'

`, news, url, url+docs.Root, key, file, url, signIn, base, key, base, key, base, key)
	return err
}
