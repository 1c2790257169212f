package sociomile

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/mask"
)

// How much of what is wrong with fields a line of the log tells.
const (
	fieldsLogged = 8
	wordsLogged  = 120 // characters, for each field
)

// LogLine is the message of the log about a call, in the form that the bank's monitoring looks for (outage report,
// Monitoring Queries): it begins with `[Omni] Ticket created successfully: { ticketId: …, ticket_number: … }` or with
// `[Omni] Failed to create ticket: { status: false, … errors: { file: …`. It is one line, and no handler of slog escapes
// anything in it.
func (a Answer) LogLine(r Route) string {
	if a.Class != Sent && a.Class != Duplicate {
		return failures(r) + braces("status", "false", "class", string(a.Class), "code", positive(int64(a.Status)), "message", a.Said, "trace_id", a.TraceID,
			"errors", a.errors())
	}
	if r == StatusRoute {
		return "[Omni] Ticket status updated successfully: " + braces("status", "true", "class", string(a.Class))
	}
	words := "[Omni] Ticket created successfully: "
	if a.Class == Duplicate {
		words = "[Omni] Ticket exists already: "
	}
	return words + "{ ticketId: " + cmp.Or(plain(a.TicketID), "-") + ", ticket_number: " + cmp.Or(positive(a.TicketNumber), "-") + " }"
}

func failures(r Route) string {
	if r == StatusRoute {
		return "[Omni] Failed to update ticket: "
	}
	return "[Omni] Failed to create ticket: "
}

// errors is the inner part of a failure: where the provider's framework gave up, else what is wrong with the fields, else
// why there was no answer.
func (a Answer) errors() string {
	switch {
	case a.File != "":
		return braces("file", a.File, "message", a.Said, "line", positive(int64(a.Line)))
	case len(a.Fields) > 0:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(a.Fields))[:min(len(a.Fields), fieldsLogged)] {
			pairs = append(pairs, name, mask.Beginning(a.Fields[name], wordsLogged))
		}
		return braces(pairs...)
	case a.Err != nil:
		return braces("message", a.Err.Error())
	}
	return braces()
}

// braces writes names and values in braces; a value that is empty is left out. What is inside a value is no brace, but of
// errors, which is written already.
func braces(pairs ...string) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		switch {
		case value == "":
		case name == "errors":
			parts = append(parts, name+": "+value)
		default:
			parts = append(parts, plain(name)+": "+plain(value))
		}
	}
	if len(parts) == 0 {
		return "{ }"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// plain is a text without what a handler of the log would escape, and without braces.
func plain(text string) string {
	return strings.NewReplacer(`"`, "'", `\`, "/", "{", "(", "}", ")").Replace(mask.Showable(text))
}

// positive is a number that is known, as text.
func positive(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
