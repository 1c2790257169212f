package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/web"
)

// listed is the parameter that is a list: given several times, all of them count.
const listed = "status"

// query is the query of a request that is being read; what is wrong with it is noted.
type query struct {
	values url.Values
	faults desk.Faults
}

// readQuery begins to read the query of a request. A parameter that the operation does not know is a fault: whoever
// writes `cursor` for `after` would read the same page for ever. So is one that is given twice, of which one would not count.
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
	for _, name := range known {
		if len(q.values[name]) > 1 && name != listed {
			q.faults.Add(name, desk.ParameterRepeated)
		}
	}
	slices.Sort(unknown)
	text := desk.ParameterUnknown
	if len(known) == 0 {
		text = desk.ParameterNone
	}
	for _, name := range unknown[:min(len(unknown), 10)] {
		shown, _ := mask.Cards(mask.Showable(name)) // as it is told: two may look alike
		q.faults.Add(shown, text, strings.Join(known, ", "))
	}
	return q
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

// cursor reads a place in the feed that was given under a name; 0 is its beginning.
func (q *query) cursor(name, given string) int64 {
	if given == "" {
		return 0
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 0 {
		q.faults.Add(name, desk.CursorInvalid)
	}
	return n
}
