package soak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// detail is what a desk shows of a ticket.
type detail struct {
	TicketNumber, TicketID, Status, ChannelReferenceID, Description string
	Metadata                                                        struct{ Nominal json.Number }
	Comments                                                        []struct{ ID, Content string }
	Attachments                                                     []struct{ ID, Filename string }
}

// inspection is all that a desk holds, as a client sees it, and what is wrong with that.
type inspection struct {
	client  *desktest.Client
	byRef   map[string][]string // numbers by channel reference, which is the id of the write
	tickets map[string]detail   // by number
	sound   map[string]bool     // ids of attachments that need not be downloaded again
	wrong   []string
}

// inspect reads a whole desk and compares it with what was asked and told. Nothing is wrong when every write that was
// told is there as it was asked, none is there twice, and there is nothing that nobody asked for. Attachments that are
// known to be sound are not downloaded; those that are found so become known.
func inspect(c *desktest.Client, writes []write, sound map[string]bool) *inspection {
	in := &inspection{client: c, byRef: map[string][]string{}, tickets: map[string]detail{}, sound: sound}
	if !in.list() || !in.read() {
		return in
	}
	asked := map[string]write{}
	for _, w := range writes {
		asked[w.ID] = w
		if w.Kind.opens() {
			in.opened(w)
		} else {
			in.changed(w)
		}
	}
	in.unasked(asked)
	in.download(asked)
	return in
}

func (in *inspection) say(format string, args ...any) bool {
	in.wrong = append(in.wrong, fmt.Sprintf(format, args...))
	return false
}

// get asks for a JSON answer; false when there is none.
func (in *inspection) get(method, path, body string, into any) bool {
	r, err := in.client.Send(method, path, []byte(body))
	if err != nil {
		return in.say("%s: %v", path, err)
	}
	if r.Status != http.StatusOK || json.Unmarshal(r.Body, into) != nil {
		return in.say("%s is answered with %d: %.200s", path, r.Status, r.Body)
	}
	return true
}

// list finds the numbers of all tickets.
func (in *inspection) list() bool {
	for cursor := ""; ; {
		var page struct {
			Tickets []struct{ TicketNumber, ChannelReferenceID string }
			Cursor  string
			More    bool
		}
		if !in.get(http.MethodGet, "/tickets/list?limit=200&cursor="+url.QueryEscape(cursor), "", &page) {
			return false
		}
		for _, t := range page.Tickets {
			if _, again := in.tickets[t.TicketNumber]; again {
				in.say("the number %s is given twice", t.TicketNumber)
			}
			in.tickets[t.TicketNumber] = detail{}
			in.byRef[t.ChannelReferenceID] = append(in.byRef[t.ChannelReferenceID], t.TicketNumber)
		}
		if cursor = page.Cursor; !page.More {
			return true
		}
	}
}

// read reads all tickets, a hundred at once.
func (in *inspection) read() bool {
	var numbers []string
	for number := range in.tickets {
		numbers = append(numbers, number)
	}
	for part := range slices.Chunk(numbers, 100) {
		var operations []map[string]string
		for _, number := range part {
			operations = append(operations, map[string]string{"id": number, "method": http.MethodGet, "path": "/tickets/" + number})
		}
		body, err := json.Marshal(map[string]any{"operations": operations})
		if err != nil {
			panic(err) // texts
		}
		var said struct {
			Results []struct {
				ID     string
				Status int
				Body   detail
			}
		}
		if !in.get(http.MethodPost, "/batch", string(body), &said) {
			return false
		}
		for _, r := range said.Results {
			if r.Status != http.StatusOK {
				return in.say("ticket %s is answered with %d", r.ID, r.Status)
			}
			in.tickets[r.ID] = r.Body
		}
	}
	return true
}

// opened compares what opened a ticket with the ticket.
func (in *inspection) opened(w write) {
	numbers := in.byRef[w.ID]
	switch {
	case len(numbers) > 1:
		in.say("%s is there %d times: %v", w.ID, len(numbers), numbers)
		return
	case len(numbers) == 0 && w.Told:
		in.say("%s was told to be ticket %s and is lost", w.ID, w.Ticket)
		return
	case len(numbers) == 0:
		return
	case w.Told && numbers[0] != w.Ticket:
		in.say("%s was told to be ticket %s and is %s", w.ID, w.Ticket, numbers[0])
	}
	d := in.tickets[numbers[0]]
	if w.Kind == claim && d.Metadata.Nominal.String() != fmt.Sprint(w.nominal()) {
		in.say("%s has the amount %s, asked was %d", w.ID, d.Metadata.Nominal, w.nominal())
	}
	if w.Kind == ticket && (d.Description != w.text() || d.files(w) != 1) {
		in.say("%s has the description %q and %d files", w.ID, d.Description, d.files(w))
	}
}

// changed compares a change with its ticket.
func (in *inspection) changed(w write) {
	d, there := in.tickets[w.Ticket]
	if !there { // as before anybody opened it, when nothing was told yet
		if w.Told {
			in.say("%s was told to change ticket %s, which is lost", w.ID, w.Ticket)
		}
		return
	}
	n := 0
	switch w.Kind {
	case comment:
		n = d.comments(w)
	case file:
		n = d.files(w)
	case cancel:
		if d.Status == "CANCELLED" {
			n = 1
		}
	}
	if n > 1 {
		in.say("%s is in ticket %s %d times", w.ID, w.Ticket, n)
	}
	if n == 0 && w.Told {
		in.say("%s (%s) was told and is not in ticket %s", w.ID, w.Kind, w.Ticket)
	}
}

func (d detail) comments(w write) (n int) {
	for _, c := range d.Comments {
		if c.Content == "[Via Omnichannel] "+w.text() {
			n++
		}
	}
	return n
}

func (d detail) files(w write) (n int) {
	for _, a := range d.Attachments {
		if a.Filename == w.attachment() {
			n++
		}
	}
	return n
}

// unasked finds what nobody asked for.
func (in *inspection) unasked(asked map[string]write) {
	for number, d := range in.tickets {
		if w := asked[d.ChannelReferenceID]; !w.Kind.opens() {
			in.say("nobody asked for ticket %s (%s)", number, d.ChannelReferenceID)
		}
		for _, c := range d.Comments {
			if w := asked[markOf(c.Content)]; w.Kind != comment || w.Ticket != number {
				in.say("nobody asked for the comment %q in ticket %s", c.Content, number)
			}
		}
		if w := asked[d.ChannelReferenceID]; d.Status != "OPEN" && d.Status != "CANCELLED" {
			in.say("ticket %s (%s) is %s", number, w.ID, d.Status)
		}
	}
}

// download reads every attachment and compares it with the file that was sent.
func (in *inspection) download(asked map[string]write) {
	for number, d := range in.tickets {
		for _, a := range d.Attachments {
			w, known := asked[strings.TrimSuffix(a.Filename, ".txt")]
			if in.sound[a.ID] {
				continue
			}
			if !known {
				in.say("nobody asked for the file %s in ticket %s", a.Filename, number)
				continue
			}
			r, err := in.client.Send(http.MethodGet, "/tickets/"+number+"/attachments/"+a.ID, nil)
			if err != nil || r.Status != http.StatusOK || !bytes.Equal(r.Body, w.content()) {
				in.say("the file %s of ticket %s is answered with %d and %d bytes (%v), want %d bytes", a.Filename, number, r.Status, len(r.Body), err, len(w.content()))
				continue
			}
			in.sound[a.ID] = true
		}
	}
}

// entry is an event of the feed.
type entry struct {
	Cursor, ID, Event, TicketNumber string
}

// follow reads the feed from a cursor to its end.
func (in *inspection) follow(after string) ([]entry, bool) {
	var all []entry
	for {
		var page struct {
			Events []entry
			Cursor string
			More   bool
		}
		if !in.get(http.MethodGet, "/events?limit=500&after="+after, "", &page) {
			return all, false
		}
		all = append(all, page.Events...)
		if after = page.Cursor; !page.More {
			return all, true
		}
	}
}

// feed waits until the whole feed of the tickets is numbered and returns it: each event of each ticket once, in the
// ticket's order, cursors without a gap.
func (in *inspection) feed(t *testing.T) []entry {
	t.Helper()
	want := 0
	for _, d := range in.tickets {
		want += d.events()
	}
	var feed []entry
	desktest.Await(t, 20*time.Second, fmt.Sprintf("the feed has %d events", want), func() bool {
		var ok bool
		feed, ok = in.follow("0")
		return !ok || len(feed) >= want
	})
	seen, counts, last := map[string]bool{}, map[string]int{}, map[string]int{}
	for i, e := range feed {
		if e.Cursor != fmt.Sprint(i+1) || seen[e.ID] {
			in.say("event %d of the feed has the cursor %s and the id %s", i+1, e.Cursor, e.ID)
		}
		seen[e.ID] = true
		var seq int
		_, err := fmt.Sscan(e.ID[strings.LastIndex(e.ID, "-")+1:], &seq)
		if counts[e.TicketNumber]++; err != nil || seq <= last[e.TicketNumber] || (counts[e.TicketNumber] == 1) != (e.Event == "TICKET_CREATED") {
			in.say("event %s (%s) of ticket %s is not in its place", e.ID, e.Event, e.TicketNumber)
		}
		last[e.TicketNumber] = seq
	}
	for number, d := range in.tickets {
		if counts[number] != d.events() {
			in.say("ticket %s has %d events in the feed, want %d", number, counts[number], d.events())
		}
	}
	return feed
}

// events is how many events of a ticket partners see.
func (d detail) events() int {
	n := 1 + len(d.Comments)
	if d.Status == "CANCELLED" {
		n++
	}
	return n
}
