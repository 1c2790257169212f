package fake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"
)

// What is kept at most.
const (
	keptCalls  = 100_000   // and as many tickets and changes of status
	keptOfBody = 4 << 10   // bytes of the body of a call
	keptBytes  = 128 << 20 // of the bodies of tickets
)

// Call is a call that came.
type Call struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Status   int       `json:"status"` // that was answered; 0: the connection was cut
	Scenario Scenario  `json:"scenario"`
	Auth     Auth      `json:"auth,omitempty"` // how a token came, right or wrong; empty: none did
	Body     string    `json:"body,omitempty"` // its first 4096 bytes
}

// Ticket is a ticket that was stored.
type Ticket struct {
	At       time.Time      `json:"at"`
	ID       string         `json:"ticketId"`
	Number   int64          `json:"ticket_number"`
	Type     string         `json:"ticketType"`
	Helpdesk int64          `json:"nomorTicketHelpdesk"` // 0: a call, which need not have one
	Customer string         `json:"namaNasabah"`
	Branch   string         `json:"branchName"`
	Body     map[string]any `json:"body"` // every field that came

	size int // of the body, in bytes
}

// Update is a change of status that was stored.
type Update struct {
	At         time.Time `json:"at"`
	TicketID   string    `json:"sociomile_ticket_id"`
	Helpdesk   string    `json:"bsg_ticket_id"`
	Status     string    `json:"status"`
	Agent      string    `json:"agent"`
	Technician string    `json:"namaTeknisi"`
}

// Double is a ticket of the helpdesk that was stored more than once.
type Double struct {
	Helpdesk int64 `json:"nomorTicketHelpdesk"`
	Times    int   `json:"times"`
}

// Received is what came since the start or the last reset: counters of everything, and the newest 100,000 of each list, the
// oldest of them first.
type Received struct {
	Counts  map[string]int `json:"counts"` // by method and route: "POST /helpdesk/create"
	Calls   int            `json:"calls"`
	Created int            `json:"created"`
	Updated int            `json:"updated"`
	Doubles []Double       `json:"doubles"`
	Tickets []Ticket       `json:"tickets"`
	Updates []Update       `json:"updates"`
	Newest  []Call         `json:"newest"`
}

// record is what a provider remembers.
type record struct {
	counts  map[string]int
	calls   int
	created int
	updated int
	tickets []Ticket
	bytes   int // of their bodies
	known   map[string]bool
	stored  map[int64]*copies // by the helpdesk's number
	updates []Update
	newest  []Call
}

// copies are the tickets that were stored under one number of the helpdesk.
type copies struct {
	first Ticket
	times int
}

func newRecord() record {
	return record{counts: map[string]int{}, known: map[string]bool{}, stored: map[int64]*copies{}}
}

// Received is a copy of what came.
func (p *Provider) Received() Received {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := Received{Counts: maps.Clone(p.counts), Calls: p.calls, Created: p.created, Updated: p.updated, Doubles: []Double{},
		Tickets: append([]Ticket{}, p.tickets...), Updates: append([]Update{}, p.updates...), Newest: append([]Call{}, p.newest...)}
	for number, c := range p.stored {
		if c.times > 1 {
			got.Doubles = append(got.Doubles, Double{number, c.times})
		}
	}
	slices.SortFunc(got.Doubles, func(a, b Double) int { return cmp.Compare(a.Helpdesk, b.Helpdesk) })
	return got
}

// Reset forgets what came, tickets too; the settings stay.
func (p *Provider) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.record, p.posts = newRecord(), 0
}

// note keeps a call.
func (r *record) note(c Call) {
	r.calls++
	r.counts[counted(c)]++
	r.newest = newestOf(append(r.newest, c))
}

// counted is what a call counts as: callers make up methods and paths, and must not fill the memory with them.
func counted(c Call) string {
	method, path := "other", "other"
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, c.Method) {
		method = c.Method
	}
	if slices.Contains([]string{BasePath, CreatePath, StatusPath, MovedCreate, MovedStatus}, c.Path) {
		path = c.Path
	}
	return method + " " + path
}

// add stores a ticket, and forgets the oldest when there are too many.
func (r *record) add(t Ticket) {
	r.created++
	r.tickets, r.bytes, r.known[t.ID] = append(r.tickets, t), r.bytes+t.size, true
	if t.Helpdesk != 0 {
		c := r.stored[t.Helpdesk]
		if c == nil {
			c = &copies{first: t}
			r.stored[t.Helpdesk] = c
		}
		c.times++
	}
	for len(r.tickets) > keptCalls || r.bytes > keptBytes {
		r.forget(r.tickets[0])
		r.tickets = dropFirst(r.tickets)
	}
}

func (r *record) forget(t Ticket) {
	delete(r.known, t.ID)
	r.bytes -= t.size
	if c := r.stored[t.Helpdesk]; c != nil {
		if c.times--; c.times == 0 {
			delete(r.stored, t.Helpdesk)
		}
	}
}

// newestOf is a list without its oldest when there are too many.
func newestOf[T any](list []T) []T {
	if len(list) > keptCalls {
		return dropFirst(list)
	}
	return list
}

// dropFirst is a list without its first. What that held can be collected; its place is when the list grows next.
func dropFirst[T any](list []T) []T {
	var none T
	list[0] = none
	return list[1:]
}
