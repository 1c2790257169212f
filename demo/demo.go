// Package demo fills an empty desk with the last days of a bank in Manado, so that there is something to look at and to
// try. The days are tables (*.csv), and they are told by the verbs that partners and employees use. All names and
// numbers are invented.
package demo

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

// Clock is the wall clock; while the story is told it stands at the moment of the day that is being told. Its zero value
// is ready to use.
type Clock struct{ fixed atomic.Pointer[time.Time] }

// Now returns the time.
func (c *Clock) Now() time.Time {
	if t := c.fixed.Load(); t != nil {
		return *t
	}
	return time.Now()
}

// Options say on which desk the story is told. All of them are required.
type Options struct {
	App      *app.App
	Operator desk.Actor                      // who makes the keys and the agents
	Clock    *Clock                          // the desk's
	Number   func(ctx context.Context) error // gives all that was committed its place in the feed and in the audit trail
	Password string                          // hash of the password of everybody in the story
}

// Demo is the story, and the desk on which it is told.
type Demo struct {
	Options
	story *story
}

// New reads the story. The error is about its tables, which are part of the program.
func New(o Options) (*Demo, error) {
	s, err := readStory()
	if err != nil {
		return nil, err
	}
	return &Demo{o, s}, nil
}

// Fill tells the story on a desk that has no tickets, and returns how many there are of it; 0 when the desk had some,
// which stay as they are. What was told before an error stays too.
func (d *Demo) Fill(ctx context.Context) (int, error) {
	page, err := d.App.ListTickets(ctx, manager(desk.Agent{Name: "demo"}), app.List{Limit: 1})
	if err != nil || len(page.Tickets) > 0 {
		return 0, err
	}
	defer d.Clock.fixed.Store(nil)
	t := &teller{Options: d.Options, partners: map[string]desk.Actor{}, agents: map[string]desk.Actor{}, tickets: map[string]toldTicket{}}
	return len(d.story.claims) + len(d.story.tickets), t.tell(ctx, d.story, d.Clock.Now())
}

// Key returns the key by which one tries what the story's first partner can do: the one that was kept from an earlier
// call, while it is usable on this machine and may do the same, else a new one.
func (d *Demo) Key(ctx context.Context, kept string) (string, error) {
	partner := d.story.partners[0]
	permissions, err := desk.ParsePermissions(partner["permissions"])
	if err != nil {
		return "", err
	}
	if key, _, err := d.App.Authenticate(ctx, kept, netip.AddrFrom4([4]byte{127, 0, 0, 1})); err == nil && key.Permissions.String() == permissions.String() {
		return kept, nil
	}
	created, err := d.App.CreateKey(ctx, d.Operator, app.NewKey{Name: "demo", Partner: partner["name"], Permissions: permissions, Rate: 20})
	if err != nil {
		return "", err
	}
	return created.Text, nil
}

// manager is an employee who may do with tickets what the console will let employees do.
func manager(a desk.Agent) desk.Actor {
	return desk.Actor{Kind: desk.ByAgent, ID: a.ID, Name: a.Name, Permissions: desk.Permissions{desk.MayManage}}
}
