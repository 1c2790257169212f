package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/sociomile"
)

// rowsTold is after how many tickets or rows a long command says how far it is.
const rowsTold = 100_000

// momentFlag defines a flag that is a time, or a day of the bank: its beginning, or its end.
func momentFlag(flags *flag.FlagSet, name, usage string, end bool) *time.Time {
	var at time.Time
	flags.Func(name, usage, func(text string) error {
		moment, ok := desk.ParseTime(text)
		if !ok {
			return fmt.Errorf("%q is neither a day like 2026-01-31 nor a time like 2026-01-31T08:00:00+08:00", text)
		}
		if end && len(text) == len(time.DateOnly) {
			moment = moment.AddDate(0, 0, 1)
		}
		at = moment
		return nil
	})
	return &at
}

func mapCommand(_ context.Context, p *program, flags *flag.FlagSet, args []string) error {
	rest, err := parse(flags, args, min(len(args), 1))
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		_, err := fmt.Fprint(p.stdout, sociomile.DefaultMapJSON())
		return err
	}
	m, err := readMap(rest[0])
	if err != nil {
		return fmt.Errorf("the map in %s cannot be used:\n%w", rest[0], err)
	}
	_, err = fmt.Fprintf(p.stdout, "The map in %s can be used: a ticket has %d fields, a change of status %d.\n", rest[0], len(m.Create), len(m.Status))
	return err
}

// queuedOut is what `sociomile queue --json` prints last, and unforwardedOut a line for each ticket before.
type (
	queuedOut struct {
		Tickets int  `json:"tickets"`
		Queued  int  `json:"queued"`
		Enabled bool `json:"enabled"` // else nothing is sent before it is
	}
	unforwardedOut struct {
		Number  int64            `json:"number"`
		Service desk.ServiceType `json:"service"`
		Status  desk.Status      `json:"status"`
		Created string           `json:"created"`
	}
)

func queueCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	since := momentFlag(flags, "since", "`day` (of WITA) or time from which on tickets were made", false)
	until := momentFlag(flags, "until", "`day`, which counts whole, or time; else up to now", true)
	send := flags.Bool("send", false, "queue the tickets, with the statuses that they went through; without it they are listed only")
	asJSON := flags.Bool("json", false, "print JSON, a line for each ticket and one for all")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	if since.IsZero() {
		return usageError{flags.Name(), "--since is needed: the day from which on tickets were not forwarded"}
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		out := queuedOut{Enabled: c.connector.enabled}
		told := 0
		err := o.app.Unforwarded(ctx, desk.Forwarding{Services: c.omni.Services}, *since, *until, func(tickets []desk.Ticket, looked int) error {
			for _, t := range tickets {
				if err := p.printUnforwarded(t, *asJSON); err != nil {
					return err
				}
			}
			out.Tickets += len(tickets)
			if *send {
				queued, err := o.app.QueueForwards(ctx, operator(), tickets)
				out.Queued += queued
				if err != nil {
					return fmt.Errorf("%d tickets were queued, and then: %w", out.Queued, err)
				}
			}
			if looked/rowsTold > told {
				told = looked / rowsTold
				fmt.Fprintf(p.stderr, "%d tickets looked at, %d of them not forwarded\n", looked, out.Tickets)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return p.printQueued(out, *send, *asJSON)
	})
}

func (p *program) printUnforwarded(t desk.Ticket, asJSON bool) error {
	if asJSON {
		return p.printJSON(unforwardedOut{t.Number, t.ServiceType, t.Status, desk.FormatTime(t.CreatedAt)})
	}
	_, err := fmt.Fprintf(p.stdout, "%-10d  %s WITA  %-12s %s\n", t.Number, t.CreatedAt.In(desk.WITA()).Format(time.DateTime), t.Status, t.ServiceType)
	return err
}

func (p *program) printQueued(out queuedOut, send, asJSON bool) error {
	if asJSON {
		return p.printJSON(out)
	}
	fmt.Fprintf(p.stdout, "Not forwarded: %d tickets.", out.Tickets)
	switch {
	case send:
		fmt.Fprintf(p.stdout, " Queued: %d.\n", out.Queued)
	case out.Tickets > 0:
		fmt.Fprint(p.stdout, " Nothing was queued: the same command with --send does that.\n")
	default:
		fmt.Fprintln(p.stdout)
	}
	if !out.Enabled && out.Tickets > 0 {
		fmt.Fprint(p.stdout, "OMNI_ENABLED is not true: nothing is sent before the desk is served with it.\n")
	}
	return nil
}
