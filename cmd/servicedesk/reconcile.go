package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"banksulutgo.co.id/servicedesk/sociomile"
)

const (
	faultsTold = 100 // rows that cannot be used; of more it is said how many
	queuedBy   = 200 // tickets
)

// reconciliation is what the provider's export is compared by.
type reconciliation struct {
	*program
	file, columns string
	separator     rune
	of            sociomile.Period
	preview       bool
	queue         bool
	asJSON        bool
}

func reconcileCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	r := reconciliation{program: p}
	flags.StringVar(&r.file, "from", "", "`file` that the provider exported, CSV in UTF-8 or Windows-1252")
	flags.StringVar(&r.columns, "columns", "", "`columns` by name or place: number= (the bank's own number), id=, ticket= (the provider's number), status=; without it the file is shown only")
	flags.Func("separator", "`character` between columns: comma, semicolon or tab; else it is found out", func(text string) error {
		r.separator = map[string]rune{"comma": ',', ",": ',', "semicolon": ';', ";": ';', "tab": '\t', "\t": '\t'}[text]
		if r.separator == 0 {
			return fmt.Errorf("%q is none of comma, semicolon, tab", text)
		}
		return nil
	})
	since := momentFlag(flags, "since", "`day` (of WITA) or time: tickets made before are not expected in the file", false)
	until := momentFlag(flags, "until", "`day`, which counts whole, or time: tickets sent later are not expected in the file; else the time of the file", true)
	flags.BoolVar(&r.preview, "preview", false, "show the columns and the first rows, and do nothing else")
	flags.BoolVar(&r.queue, "queue-missing", false, "let the tickets go once more that the provider has not, although they were sent")
	flags.BoolVar(&r.asJSON, "json", false, "print JSON, a line for each ticket and one for all")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	if r.file == "" {
		return usageError{flags.Name(), "--from is needed: the file that the provider exported"}
	}
	r.of = sociomile.Period{Since: *since, Until: *until}
	sheet, close, err := r.open()
	if err != nil {
		return r.unreadable(err)
	}
	defer close()
	if r.preview || r.columns == "" {
		return r.show(sheet)
	}
	columns, err := sheet.Find(r.columns)
	if err != nil {
		return usageError{flags.Name(), "--columns: " + err.Error()}
	}
	if err := c.mustBeInstalled(); err != nil {
		return err
	}
	export, err := r.read(sheet, columns)
	if err != nil {
		return r.unreadable(err)
	}
	return p.withExisting(ctx, c, func(o *opened) error { return r.compare(ctx, o, export) })
}

// unreadable tells of a file that cannot be read: exit status 2.
func (r *reconciliation) unreadable(err error) error {
	fmt.Fprintf(r.stderr, "servicedesk: %s cannot be read: %v\n", r.file, err)
	return exit(2)
}

// open opens the file. Tickets that were sent after it was written cannot be in it.
func (r *reconciliation) open() (sheet *sociomile.Sheet, close func() error, err error) {
	f, err := os.Open(r.file)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		sheet, err = sociomile.OpenSheet(f, r.separator)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if r.of.Until.IsZero() {
		r.of.Until = info.ModTime()
	}
	return sheet, f.Close, nil
}

// show shows the columns of the file, which of them is probably which, and its first rows.
func (r *reconciliation) show(sheet *sociomile.Sheet) error {
	guess, err := sheet.Show(r.stdout)
	if err != nil {
		return r.unreadable(err)
	}
	if _, found := guess[sociomile.OurNumber]; !found {
		_, err = fmt.Fprint(r.stdout, "\nNo column looks like the bank's own ticket number (nomorTicketHelpdesk): say which one it is, --columns number=…,id=…\n")
	} else {
		_, err = fmt.Fprintf(r.stdout, "\nNothing was compared. If that is right:\n  servicedesk sociomile reconcile --from %s --columns %s\n", r.file, guess)
	}
	return err
}

// read reads the rows of the file, and names those that cannot be used.
func (r *reconciliation) read(sheet *sociomile.Sheet, columns sociomile.Columns) (*sociomile.Export, error) {
	faults := 0
	export, err := sheet.Read(columns, func(line int, why error) {
		if faults++; faults <= faultsTold {
			fmt.Fprintf(r.stderr, "line %d: %v\n", line, why)
		}
	}, func(rows int) {
		if rows%rowsTold == 0 {
			fmt.Fprintf(r.stderr, "%d rows read\n", rows)
		}
	})
	if faults > faultsTold {
		fmt.Fprintf(r.stderr, "and %d more rows that cannot be used\n", faults-faultsTold)
	}
	if err == nil && export.Usable() == 0 {
		err = errors.New("no row has a number of the bank's: is number=… the right column?")
	}
	return export, err
}

// compare compares the tickets, and lets those go once more that are missing when that is asked for. It does not so when a
// row cannot be used: it may be the one that seems to be missing.
func (r *reconciliation) compare(ctx context.Context, o *opened, export *sociomile.Export) error {
	report := sociomile.Report{Out: r.stdout, JSON: r.asJSON}
	var again []string
	queued := 0
	send := func(atLeast int) error {
		if len(again) < atLeast {
			return nil
		}
		n, err := o.app.ForwardAgain(ctx, operator(), again)
		again, queued = again[:0], queued+n
		return err
	}
	totals, err := export.Compare(o.app.ForwardsByNumber(ctx), r.of, func(c sociomile.Compared) error {
		if c.Verdict == sociomile.NotTheirs && r.queue && export.Faulty == 0 {
			again = append(again, c.Ours.TicketID)
		}
		return errors.Join(report.Ticket(c), send(queuedBy))
	})
	if err := errors.Join(err, send(1)); err != nil {
		return err
	}
	s := export.Summary(totals, queued)
	if err := report.Summary(s, r.of, r.queue); err != nil {
		return err
	}
	if s.Differ {
		return exit(1)
	}
	return nil
}
