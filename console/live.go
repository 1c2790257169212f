package console

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// How live pages are told.
const (
	tellEvery  = 500 * time.Millisecond // at most so often
	readEvery  = 40 * time.Millisecond  // at most so often a node is read by its lists, all together, while tickets go on changing
	liveMost   = 64                     // live pages of one person on a node; who works has fewer
	liveFreed  = 5 * time.Second        // after which one more may be tried
	lookEvery  = 10 * time.Second       // at the session, and at who else looks at the ticket
	ticketsIn  = 60                     // one piece of news: a page shows no more
	liveBegins = "retry: 2000\n\n"      // milliseconds after which the browser comes again
	eventsType = "text/event-stream"
)

// told is one piece of news for a page.
type told struct {
	Tickets []int64 `json:"tickets,omitempty"` // that changed, the newest changes last
	Many    bool    `json:"many,omitempty"`    // more than are listed, or nobody knows which: everything is to be read again
	Moved   bool    `json:"moved,omitempty"`   // a ticket was handed on, maybe out of the reader's sight: lists are to be read again
	Bell    bool    `json:"bell,omitempty"`    // the reader may have a new notice
}

// live tells a page what happens to tickets in the reader's sight, from a place on; a page that shows a ticket is also told
// who else looks at it. It ends when the session does.
func (s *Server) live(r *request) (web.Answer, error) {
	after, err := strconv.ParseInt(cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")), 10, 64)
	if err != nil {
		after = s.feed.place(r.Context())
	}
	f := &follower{Server: s, r: r, after: after}
	if number, ok := strings.CutPrefix(r.URL.Query().Get("about"), "ticket:"); ok {
		if f.ticketID, err = s.staff.Locate(r.Context(), r.actor, number); err != nil {
			return web.Answer{}, err
		}
		f.number, _ = strconv.ParseInt(number, 10, 64) // it was located by its number, or by a reference that no page knows
	}
	if r.Method != http.MethodHead && !s.feed.enter(r.actor.ID) {
		return web.Answer{}, &desk.Error{Code: desk.TooMany, Text: desk.TooManyPages, Args: []string{strconv.Itoa(liveMost)}, RetryAfter: liveFreed}
	}
	return web.Answer{Status: http.StatusOK, Type: eventsType, Header: http.Header{"X-Accel-Buffering": {"no"}},
		Stream: func(out *web.Stream) error {
			defer s.feed.pages.Leave(r.actor.ID)
			f.out = out
			return f.follow()
		}}, nil
}

// follower tells one page.
type follower struct {
	*Server
	r        *request
	out      *web.Stream
	after    int64
	ticketID string // that the page shows; empty: none
	number   int64  // of that ticket
}

// follow tells until the reader goes away, the session ends or the program stops.
func (f *follower) follow() error {
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-f.stopping: // a reader that does not take what is sent must not hold up the program's end
			f.out.End()
		case <-ended:
		}
	}()
	looks := time.NewTicker(f.lookEvery)
	defer looks.Stop()
	defer f.leave()
	if _, err := io.WriteString(f.out, liveBegins); err != nil {
		return err
	}
	if err := f.look(); err != nil {
		return err
	}
	var rested <-chan time.Time // nil: the page may be told something now
	for {
		next := f.feed.hub.Next()
		if rested == nil {
			told, err := f.tell()
			if err != nil {
				return err
			}
			if told {
				rested = time.After(f.rest())
			}
		}
		if rested != nil {
			next = nil
		}
		select {
		case <-next:
		case <-rested:
			rested = nil
		case <-looks.C:
			if err := f.look(); err != nil {
				return err
			}
		case <-f.stopping:
			return web.ErrEnded
		case <-f.r.Context().Done():
			return web.ErrEnded
		}
	}
}

// rest is how long the page is left alone after it was told something: many pages must not keep the node busy.
func (f *follower) rest() time.Duration {
	if f.ticketID != "" {
		return tellEvery // of what happens it reads little
	}
	return max(tellEvery, time.Duration(f.feed.pages.Open())*readEvery)
}

// tell tells what is new to the reader, and reports whether it told anything. The place goes with it also when nothing is
// in the reader's sight: a page that comes again goes on there. A page about a ticket is told what concerns it.
func (f *follower) tell() (done bool, err error) {
	news, end, whole := f.feed.after(f.after)
	if end == f.after {
		return false, nil
	}
	sight := f.r.actor.Sight()
	t := told{Many: !whole}
	for _, n := range news {
		mine := n.Ticket.AssigneeID == f.r.actor.ID
		t.Bell = t.Bell || mine || n.Type == desk.TicketAssigned
		if !sight.Sees(n.Ticket) {
			t.Moved = t.Moved || n.Type == desk.TicketAssigned
			continue
		}
		if i := slices.Index(t.Tickets, n.Ticket.Number); i >= 0 {
			t.Tickets = slices.Delete(t.Tickets, i, i+1)
		}
		t.Tickets = append(t.Tickets, n.Ticket.Number)
	}
	if len(t.Tickets) > ticketsIn {
		t.Tickets, t.Many = t.Tickets[len(t.Tickets)-ticketsIn:], true
	}
	f.after = end
	if f.ticketID != "" && !t.Many && !t.Bell && !slices.Contains(t.Tickets, f.number) {
		return false, nil
	}
	return true, f.send("change", t)
}

// send sends one event, with the place up to which the page knows everything.
func (f *follower) send(event string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f.out, "id: "+strconv.FormatInt(f.after, 10)+"\nevent: "+event+"\ndata: "+string(body)+"\n\n")
	return err
}

// look ends a page whose session has ended, and tells who else looks at the ticket.
func (f *follower) look() error {
	session, err := f.staff.Session(f.r.Context(), f.r.token)
	if desk.Is(err, desk.Unauthorized) || err == nil && !session.Ready() {
		if err := f.send("signed-out", struct{}{}); err != nil {
			return err
		}
		return web.ErrEnded
	}
	if err != nil {
		return err
	}
	f.r.actor = session.Actor(f.r.visitor)
	if f.ticketID == "" {
		_, err = io.WriteString(f.out, ": alive\n\n")
		return err
	}
	others, err := f.staff.Watch(f.r.Context(), f.r.actor, f.ticketID)
	if err != nil {
		return err
	}
	names := make([]string, len(others))
	for i, w := range others {
		names[i] = w.Name
	}
	return f.send("watching", names)
}

// leave takes the reader from those who look at the ticket.
func (f *follower) leave() {
	if f.ticketID == "" {
		return
	}
	if err := f.staff.Leave(context.WithoutCancel(f.r.Context()), f.r.actor, f.ticketID); err != nil {
		f.log.Warn("who looks at a ticket could not be noted", "error", err)
	}
}
