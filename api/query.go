package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// query is the query of a request that is being read; what is wrong with it is noted.
type query struct {
	values url.Values
	faults desk.Faults
}

// readQuery begins to read the query of a request. A parameter that the operation does not know is a fault: whoever
// writes `cursor` for `after` would read the same page for ever.
func readQuery(r *web.Request, known ...string) *query {
	q := &query{}
	var err error
	if q.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		q.faults.Add("query", desk.QueryInvalid)
	}
	var unknown []string
	for name := range q.values {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	text := desk.ParameterUnknown
	if len(known) == 0 {
		text = desk.ParameterNone
	}
	for _, name := range unknown[:min(len(unknown), 10)] {
		q.faults.Add(showable(name), text, strings.Join(known, ", ")) // two may look alike
	}
	return q
}

// showable is a name that anybody may have made up, as it may be told: without what cannot be seen.
func showable(name string) string {
	visible := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, name)
	masked, _ := desk.MaskCards(visible)
	return masked
}

// bare is the handler of an operation without parameters: it refuses them all.
func bare(h web.Handler) web.Handler {
	return func(r *web.Request) (web.Answer, error) {
		if err := readQuery(r).faults.Err(); err != nil {
			return web.Answer{}, err
		}
		return h(r)
	}
}

// whole reads a whole number within bounds.
func (q *query) whole(name string, otherwise, from, to int) int {
	given := q.values.Get(name)
	if given == "" {
		return otherwise
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < from || n > to {
		q.faults.Add(name, desk.MustBeWhole, strconv.Itoa(from), strconv.Itoa(to))
		return otherwise
	}
	return n
}
