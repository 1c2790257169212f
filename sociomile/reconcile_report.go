package sociomile

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

// Report prints what a comparison came to, for people or as lines of JSON.
type Report struct {
	Out  io.Writer
	JSON bool
}

// side is what one side knows of a ticket.
type side struct {
	Line   int    `json:"line,omitempty"`
	ID     string `json:"id,omitempty"`
	Ticket int64  `json:"ticket,omitempty"`
	Status string `json:"status,omitempty"`
	SentAt string `json:"sentAt,omitempty"`
}

func (s side) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			parts = append(parts, name+" "+value)
		}
	}
	add("line", strconv.Itoa(s.Line))
	add("id", s.ID)
	add("ticket", strconv.FormatInt(s.Ticket, 10))
	add("status", s.Status)
	add("sent", s.SentAt)
	if len(parts) == 0 {
		return "not sent"
	}
	return strings.Join(parts, ", ")
}

// Ticket prints what there is to tell of a ticket.
func (r Report) Ticket(c Compared) error {
	out := struct {
		Verdict Verdict `json:"verdict"`
		Number  int64   `json:"number"`
		Ours    *side   `json:"ours"`
		Theirs  []side  `json:"theirs"`
	}{Verdict: c.Verdict, Number: c.Number, Theirs: []side{}}
	line := fmt.Sprintf("%-9s %-10d", c.Verdict, c.Number)
	if f := c.Ours; f.TicketID != "" {
		out.Ours = &side{ID: f.ProviderID, Ticket: f.ProviderNumber, Status: f.SentStatus}
		if !f.SentAt.IsZero() {
			out.Ours.SentAt = desk.FormatTime(f.SentAt)
		}
		line += "  ours: " + out.Ours.String()
	}
	for _, t := range c.Theirs {
		id, _ := mask.Cards(t.ID) // of a wrong column
		one := side{Line: t.Line, ID: id, Ticket: t.Number, Status: t.Status}
		out.Theirs = append(out.Theirs, one)
		line += "  theirs: " + one.String()
	}
	if r.JSON {
		return r.json(out)
	}
	_, err := fmt.Fprintln(r.Out, line)
	return err
}

func (r Report) json(v any) error {
	e := json.NewEncoder(r.Out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Summary is what a comparison came to in all.
type Summary struct {
	Differ   bool            `json:"differ"` // also when a row cannot be used
	Rows     int             `json:"rows"`
	Foreign  int             `json:"withoutOurNumber"`
	Faulty   int             `json:"faulty"`
	Agree    int             `json:"agree"`
	Outside  int             `json:"outsidePeriod"`
	Verdicts map[Verdict]int `json:"verdicts"`
	Queued   int             `json:"queued"`
}

// Summary sums up what a comparison of the export came to.
func (x *Export) Summary(t Totals, queued int) Summary {
	return Summary{Differ: t.Differ() || x.Faulty > 0, Rows: x.Rows, Foreign: x.Foreign, Faulty: x.Faulty, Agree: t.Agree, Outside: t.Outside, Verdicts: t.Verdicts, Queued: queued}
}

// meaning says what a verdict means, in a table of totals.
func (v Verdict) meaning() string {
	switch v {
	case NotTheirs:
		return "sent, but the provider has it not"
	case NotOurs:
		return "the provider has it, no forwarded ticket has the number"
	case NotMarked:
		return "the provider has it, but it is not marked as sent"
	case Twice:
		return "the provider has it several times"
	case OtherID:
		return "the provider has it under another id or number"
	case OtherStatus:
		return "the provider has another status than it was told last"
	}
	return "not sent yet, and the provider has it not: no difference"
}

// Summary prints what a comparison of tickets of a period came to, and what can be done. queue says whether what is missing was
// to go once more.
func (r Report) Summary(s Summary, of Period, queue bool) error {
	if r.JSON {
		return r.json(s)
	}
	fmt.Fprintf(r.Out, "\n%d rows, %d of them without a number of the bank's; %d cannot be used.\n", s.Rows, s.Foreign, s.Faulty)
	count := func(n int, v Verdict, meaning string) {
		if n > 0 {
			fmt.Fprintf(r.Out, "%9d  %-9s %s\n", n, v, meaning)
		}
	}
	count(s.Agree, "", "both have it alike")
	for _, v := range Verdicts {
		count(s.Verdicts[v], v, v.meaning())
	}
	count(s.Outside, "", "not expected in the file: made before --since, or sent after "+of.Until.In(desk.WITA()).Format(time.DateTime)+" WITA")
	switch missing := s.Verdicts[NotTheirs]; {
	case missing == 0:
	case !queue:
		fmt.Fprintf(r.Out, "To let the %d tickets go once more that the provider has not: the same command with --queue-missing.\n", missing)
	case s.Faulty > 0:
		fmt.Fprint(r.Out, "Nothing was queued: a row that cannot be used may be of a ticket that seems to be missing. Mend those rows first.\n")
	case s.Queued < missing:
		fmt.Fprintf(r.Out, "Queued once more: %d of %d. Of the others something is being sent at this moment.\n", s.Queued, missing)
	default:
		fmt.Fprintf(r.Out, "Queued once more: %d.\n", s.Queued)
	}
	return nil
}
