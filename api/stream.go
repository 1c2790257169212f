package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// eventStream is the media type of Server-Sent Events (HTML Living Standard, section 9.2).
const eventStream = "text/event-stream"

// How the feed is streamed.
const (
	streamPage    = 50                // events that are read and sent at once: what a caller that does not read holds
	streamsMost   = 10                // that are open at once with one key on one node
	streamFreed   = 5 * time.Second   // after which one more may be tried
	streamQuiet   = 15                // beats after which a stream without events says that it lives
	streamBegins  = "retry: 3000\n\n" // milliseconds in which a client shall come again when the stream ends
	streamLives   = ": alive\n\n"
	afterLastSeen = "Last-Event-ID"
)

// Beat begins to beat for a stream that was opened, which looks at its key at each beat, and returns how it is stopped.
type Beat func() (beats <-chan time.Time, stop func())

// everySecond beats as often as it takes to end a stream within a second after its key ended.
func everySecond() (<-chan time.Time, func()) {
	t := time.NewTicker(time.Second)
	return t.C, t.Stop
}

// streamEvents answers GET /events with what happened after a cursor and all that happens from then on. The header
// Last-Event-ID, which clients send when they come again, wins over the query of the URL that they were once given.
func (s *Server) streamEvents(r *web.Request) (web.Answer, error) {
	q := readQuery(r, "after")
	name, given := "after", q.values.Get("after")
	if seen := r.Header.Get(afterLastSeen); seen != "" {
		name, given = afterLastSeen, seen
	}
	after := q.cursor(name, given)
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	if _, _, err := s.app.Feed(r.Context(), r.Actor, after, 1); err != nil { // what fails now has to be told before the head is sent
		return web.Answer{}, renamed(err, name)
	}
	if r.Method != http.MethodHead {
		if !s.streams.Enter(r.Key.ID, streamsMost) {
			seconds := strconv.Itoa(int(streamFreed.Seconds()))
			return web.Answer{}, &desk.Error{Code: desk.TooMany, Text: desk.TooManyStreams, Args: []string{strconv.Itoa(streamsMost), seconds}, RetryAfter: streamFreed}
		}
	}
	return web.Answer{Status: http.StatusOK, Type: eventStream,
		Header: http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept"}, "X-Accel-Buffering": {"no"}}, // the last for nginx
		Stream: func(out *web.Stream) error {
			defer s.streams.Leave(r.Key.ID)
			return s.follow(r, out, after)
		}}, nil
}

// renamed gives the cursor that was refused the name under which it came.
func renamed(err error, name string) error {
	if e, ok := errors.AsType[*desk.Error](err); ok && len(e.Fields) > 0 {
		e.Fields[0].Path = name
	}
	return err
}

// follower sends the feed to one caller.
type follower struct {
	*Server
	r     *web.Request
	out   *web.Stream
	after int64 // the cursor up to which all was sent
	beats <-chan time.Time
	quiet int // beats since something was sent
}

// follow sends the feed from a cursor on until the caller goes away, its key ends or the program stops.
func (s *Server) follow(r *web.Request, out *web.Stream, after int64) error {
	beats, stop := s.beat()
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.stopping: // a caller that does not read must not hold up the program's end
			out.End()
		case <-ended:
		}
	}()
	f := &follower{Server: s, r: r, out: out, after: after, beats: beats}
	_, err := io.WriteString(out, streamBegins)
	for err == nil {
		next := s.numbered.Next()
		var more bool
		if more, err = f.send(); err == nil && !more {
			err = f.await(next)
		}
		if err == nil {
			err = f.authenticate()
		}
	}
	return err
}

// send sends a page of what follows, and reports whether there is more.
func (f *follower) send() (bool, error) {
	events, more, err := f.app.Feed(f.r.Context(), f.r.Actor, f.after, streamPage)
	if err != nil || len(events) == 0 {
		return false, err
	}
	var b []byte
	for _, e := range events {
		b = appendEvent(b, e)
	}
	last, n := events[len(events)-1].Cursor, len(events)
	if _, err := f.out.Write(b); err != nil { // while it waits, the events are held once, not twice
		return false, err
	}
	f.out.Events += n
	f.after, f.quiet = last, 0
	return more, nil
}

// await waits until there may be something to send. A stream that was quiet for long says that it lives, and looks
// again whether it missed something.
func (f *follower) await(next <-chan struct{}) error {
	for ; f.quiet < streamQuiet; f.quiet++ {
		select {
		case <-next:
			return nil
		case <-f.beats:
			if err := f.authenticate(); err != nil {
				return err
			}
		case <-f.stopping:
			return web.ErrEnded
		case <-f.r.Context().Done():
			return web.ErrEnded
		}
	}
	f.quiet = 0
	_, err := io.WriteString(f.out, streamLives)
	return err
}

// authenticate returns an error when the key of the stream has ended.
func (f *follower) authenticate() error {
	_, _, err := f.app.Authenticate(f.r.Context(), apiKey(f.r.Request), f.r.Address)
	return err
}

// appendEvent writes an event as it is streamed. Its data are the bytes that webhooks carry, in one line: they have no
// line break. Cursor and id stand beside them; the field of the id is an own one, which clients that do not know it
// have to ignore.
func appendEvent(b []byte, e app.FeedEvent) []byte {
	b = append(b, "webhook-id: "...)
	b = append(b, e.ID...)
	b = append(b, "\nid: "...)
	b = strconv.AppendInt(b, e.Cursor, 10)
	b = append(b, "\nevent: "...)
	b = append(b, e.Type...)
	b = append(b, "\ndata: "...)
	b = append(b, e.Body...)
	return append(b, "\n\n"...)
}
