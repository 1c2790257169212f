package sociomile

import (
	"iter"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/store"
)

// Verdict says what became of a ticket when the desk's and the provider's tickets were compared.
type Verdict string

// The verdicts. All but Waiting are differences.
const (
	NotTheirs     Verdict = "MISSING"  // the desk has it marked as sent, the provider has it not
	Waiting       Verdict = "WAITING"  // it goes to the provider and was not sent yet; the provider has it not
	NotOurs       Verdict = "UNKNOWN"  // the provider has it with a number that no forwarded ticket has
	NotMarked     Verdict = "UNMARKED" // the provider has it, and the desk does not know that it was sent
	Twice         Verdict = "TWICE"    // the provider has several of it
	OtherID       Verdict = "OTHER_ID" // it is another one of the provider's
	OtherStatus   Verdict = "STATUS"   // the provider has another status than it was told last
	notLookedFor  Verdict = "UNLOOKED" // it was made before the time that is compared, or sent after it
	nothingToTell Verdict = "SAME"     // both agree
)

// Verdicts lists what is told, in the order in which totals are.
var Verdicts = []Verdict{NotTheirs, NotOurs, NotMarked, Twice, OtherID, OtherStatus, Waiting}

// Compared is a ticket of which there is something to tell.
type Compared struct {
	Verdict Verdict
	Number  int64
	Ours    store.ForwardEntry // zero: NotOurs
	Theirs  []Theirs           // none: NotTheirs, Waiting
}

// Theirs is a ticket as the provider has it. What its export does not hold is empty.
type Theirs struct {
	Line   int
	ID     string
	Number int64
	Status string
}

// Period says which tickets the provider's export is expected to hold.
type Period struct {
	Since time.Time // made then or later
	Until time.Time // sent before
}

// Totals count what was compared.
type Totals struct {
	Agree    int             // tickets that both have alike
	Outside  int             // tickets of the desk that the export is not expected to hold, and does not
	Verdicts map[Verdict]int // tickets of each
}

// Differ reports whether there is a difference.
func (t Totals) Differ() bool {
	for f, n := range t.Verdicts {
		if f != Waiting && n > 0 {
			return true
		}
	}
	return false
}

// Compare goes through the desk's tickets, which come in the order of their numbers, beside the provider's, and tells what
// there is to tell of each. An error of ours or of tell ends it.
func (x *Export) Compare(ours iter.Seq2[store.ForwardEntry, error], of Period, tell func(Compared) error) (Totals, error) {
	totals := Totals{Verdicts: map[Verdict]int{}}
	note := func(c Compared) error {
		switch c.Verdict {
		case nothingToTell:
			totals.Agree++
			return nil
		case notLookedFor:
			totals.Outside++
			return nil
		}
		totals.Verdicts[c.Verdict]++
		return tell(c)
	}
	at := 0
	for f, err := range ours {
		if err != nil {
			return totals, err
		}
		for at < len(x.rows) && x.rows[at].number < f.Number {
			c := x.take(&at)
			if err := note(c); err != nil {
				return totals, err
			}
		}
		c := Compared{Number: f.Number, Ours: f}
		if at < len(x.rows) && x.rows[at].number == f.Number {
			c = x.take(&at)
			c.Ours = f
		}
		c.Verdict = c.judge(of)
		if err := note(c); err != nil {
			return totals, err
		}
	}
	for at < len(x.rows) {
		if err := note(x.take(&at)); err != nil {
			return totals, err
		}
	}
	return totals, nil
}

// take takes what the provider has under the next number, each of its tickets once however many rows it has.
func (x *Export) take(at *int) Compared {
	c := Compared{Verdict: NotOurs, Number: x.rows[*at].number}
	for ; *at < len(x.rows) && x.rows[*at].number == c.Number; *at++ {
		r := x.rows[*at]
		t := Theirs{Line: int(r.line), ID: string(x.ids[r.id:][:r.length]), Number: r.ticket, Status: x.statuses[r.status]}
		if !slices.ContainsFunc(c.Theirs, t.same) {
			c.Theirs = append(c.Theirs, t)
		}
	}
	return c
}

// same reports whether two rows are of one ticket: by the ids, else by the provider's numbers. Rows without either are two.
func (t Theirs) same(other Theirs) bool {
	if t.ID != "" || other.ID != "" {
		return strings.EqualFold(t.ID, other.ID)
	}
	return t.Number != 0 && t.Number == other.Number
}

// judge says what there is to tell of a ticket of the desk.
func (c Compared) judge(of Period) Verdict {
	f := c.Ours
	switch {
	case len(c.Theirs) > 1:
		return Twice
	case len(c.Theirs) == 1 && f.SentAt.IsZero():
		return NotMarked
	case len(c.Theirs) == 1:
		return c.Theirs[0].judge(f)
	case f.CreatedAt.Before(of.Since) || !of.Until.IsZero() && !f.SentAt.Before(of.Until):
		return notLookedFor
	case f.SentAt.IsZero():
		return Waiting
	}
	return NotTheirs
}

// judge compares the provider's only ticket with the desk's. What one of them does not know is no difference.
func (t Theirs) judge(f store.ForwardEntry) Verdict {
	differ := func(a, b string) bool { return a != "" && b != "" && !strings.EqualFold(a, b) }
	switch {
	case differ(t.ID, f.ProviderID) || t.Number != 0 && f.ProviderNumber != 0 && t.Number != f.ProviderNumber:
		return OtherID
	case differ(t.Status, f.SentStatus):
		return OtherStatus
	}
	return nothingToTell
}
