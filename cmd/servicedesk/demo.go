package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/docs"
)

// demoClock is the wall clock; while demo data is made it stands at the moment of the day that is being told.
type demoClock struct{ fixed atomic.Pointer[time.Time] }

// Now returns the time.
func (c *demoClock) Now() time.Time {
	if t := c.fixed.Load(); t != nil {
		return *t
	}
	return time.Now()
}

// demo fills an empty desk and returns what tells, once the desk is served, how to try it.
func (p *program) demo(ctx context.Context, o *opened, clock *demoClock) (func(url string) error, error) {
	s, err := readStory()
	if err != nil {
		return nil, err
	}
	told, err := o.fillDemo(context.WithoutCancel(ctx), s, clock) // half a story would stay for ever
	if err != nil {
		return nil, fmt.Errorf("the demo data cannot be made: %w", err)
	}
	key, err := o.demoKey(ctx, s.partners[0])
	if err != nil {
		return nil, fmt.Errorf("the demo key cannot be made: %w", err)
	}
	return func(url string) error { return p.printDemo(url, key, o.config.demoKeyFile(), told) }, nil
}

// fillDemo tells the story on a desk that has no tickets, and returns how many there are of it; 0 when the desk had
// some, which stay as they are.
func (o *opened) fillDemo(ctx context.Context, s *story, clock *demoClock) (int, error) {
	page, err := o.app.ListTickets(ctx, manager(desk.Agent{Name: "demo"}), app.List{Limit: 1})
	if err != nil || len(page.Tickets) > 0 {
		return 0, err
	}
	defer clock.fixed.Store(nil)
	t := &teller{app: o.app, store: o.store, clock: clock, partners: map[string]desk.Actor{}, agents: map[string]desk.Actor{}, tickets: map[string]toldTicket{}}
	return len(s.claims) + len(s.tickets), t.tell(ctx, s, time.Now())
}

// manager is an employee who may do with tickets what the console will let employees do.
func manager(a desk.Agent) desk.Actor {
	return desk.Actor{Kind: desk.ByAgent, ID: a.ID, Name: a.Name, Permissions: desk.Permissions{desk.MayManage}}
}

// demoKeyFile is where the key for trying is kept.
func (c *config) demoKeyFile() string { return filepath.Join(c.data, "demo-key") }

// demoKey returns the key of an earlier start while it is usable, else a new one.
func (o *opened) demoKey(ctx context.Context, partner row) (string, error) {
	file := o.config.demoKeyFile()
	kept, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	permissions, err := desk.ParsePermissions(partner["permissions"])
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(kept))
	if key, _, err := o.app.Authenticate(ctx, text, netip.AddrFrom4([4]byte{127, 0, 0, 1})); err == nil && key.Permissions.String() == permissions.String() {
		return text, nil
	}
	created, err := o.app.CreateKey(ctx, operator(), app.NewKey{Name: "demo", Partner: partner["name"], Permissions: permissions, Rate: 20})
	if err != nil {
		return "", err
	}
	return created.Text, writePrivate(file, created.Text+"\n")
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
func (p *program) printDemo(url, key, file string, told int) error {
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

Open a claim, and again whenever you like:

  curl -sS '%s/claims' -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"namaNasabah": "Budi Contoh", "mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": 500000, "nomorRekening": "0010200000999", "claimReason": "Saldo terpotong, uang tidak keluar", "channelReferenceId": "demo-claim"}'

Read it:

  curl -sS '%s/tickets/demo-claim' -H 'Authorization: Bearer %s'

Read the feed, what happened to the partner's tickets; with &wait=30 the answer waits for news:

  curl -sS '%s/events?after=0&limit=5' -H 'Authorization: Bearer %s'

`, news, url, url+docs.Root, key, file, base, key, base, key, base, key)
	return err
}
