package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/web"
)

// beaten serves a desk's API with streams that beat when the test says so.
func beaten(t *testing.T, d *desktest.Desk, stopping <-chan struct{}) (url string, beats chan time.Time, log *desktest.Log) {
	t.Helper()
	beats, log = make(chan time.Time), &desktest.Log{}
	door := web.New(web.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	return serveAPI(t, api.Options{App: d.App, Door: door, Numbered: d.Numbered, Stopping: stopping,
		Beat: func() (<-chan time.Time, func()) { return beats, func() {} }}), beats, log
}

// tell numbers what happened and wakes the streams.
func tell(t *testing.T, d *desktest.Desk) {
	t.Helper()
	d.Sequence(t)
	d.Numbered.Publish() // where the commit itself numbers, Sequence finds nothing
}

// nextEvents reads so many events of a stream.
func nextEvents(t *testing.T, s *desktest.Stream, n int) (events []string) {
	t.Helper()
	for range n {
		e, err := s.NextEvent()
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e.InPage())
	}
	return events
}

// wantPage fails the test unless a page of the feed has exactly these events.
func wantPage(t *testing.T, c *desktest.Client, path string, events []string) {
	t.Helper()
	if page := string(c.Get(t, path).Want(t, 200).Body); !strings.Contains(page, `"events":[`+strings.Join(events, ",")+`],`) {
		t.Errorf("the page is\n%s\nthe stream had\n%s", page, strings.Join(events, "\n"))
	}
}

func TestAStreamCarriesTheBytesOfThePageAndOnlyWhatTheReaderMaySee(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, stranger, core := partner(t, d, "partner"), partner(t, d, "stranger"), manager(t, d, "core")
		number := opened(t, c, "/tickets", aTicket)
		core.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"line\nbreak, \u2028, <b> & \"quotes\""}`).Want(t, 200)
		core.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"internal","internal":true}`).Want(t, 200)
		tell(t, d)
		own, all := c.Stream(t, "/events"), core.Stream(t, "/events?after=1")
		others := stranger.Stream(t, "/events?after=0")
		if first, err := own.Next(); first != (desktest.Streamed{Retry: "3000"}) || err != nil {
			t.Errorf("a stream begins with %+v, %v", first, err)
		}
		before := nextEvents(t, own, 2)
		opened(t, stranger, "/tickets", aTicket)
		tell(t, d)
		core.Patch(t, "/tickets/"+number, change(desk.Resolved)).Want(t, 200)
		tell(t, d)
		wantPage(t, c, "/events", append(before, nextEvents(t, own, 2)...))
		wantPage(t, stranger, "/events", nextEvents(t, others, 1))
		wantPage(t, core, "/events?after=1", nextEvents(t, all, 4))
	})
}

// comer reads a stream, goes away, and comes again with the last id.
type comer struct {
	random *rand.Rand
	nodes  []*desktest.Client
	seen   map[string]bool // event ids
	last   int             // cursor
}

// follow reads so many events in streams of random lengths.
func (c *comer) follow(events int) error {
	for c.last < events {
		client := c.nodes[c.random.IntN(len(c.nodes))].With("Last-Event-ID", strconv.Itoa(c.last))
		s, err := client.OpenStream("/events?after=0") // the URL stays what it was
		if err != nil {
			return err
		}
		for range min(1+c.random.IntN(30), events-c.last) {
			e, err := s.NextEvent()
			if err != nil {
				return errors.Join(err, fmt.Errorf("after %d", c.last))
			}
			if e.Cursor != strconv.Itoa(c.last+1) || c.seen[e.WebhookID] {
				return fmt.Errorf("after %d came %+v", c.last, e)
			}
			c.last++
			c.seen[e.WebhookID] = true
		}
		s.Close()
	}
	return nil
}

func TestAReaderThatComesAgainMissesNothingWhileManyWrite(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		const writers, each = 8, 25
		nodes := []*desktest.Desk{d}
		if d.Engine == desktest.PostgreSQL {
			nodes = append(nodes, d.Node(t))
		}
		key := keyOf(t, d, "partner", everything)
		reader := &comer{random: rand.New(rand.NewPCG(1, 2)), seen: map[string]bool{}}
		working, stop := context.WithCancel(t.Context())
		var background, writing sync.WaitGroup
		for _, node := range nodes {
			reader.nodes = append(reader.nodes, node.Client(key))
			background.Go(func() { node.Store.RunSequencer(working, node.App.Seal, 5*time.Millisecond, node.Numbered.Publish) })
			background.Go(func() { node.Store.Listen(working, node.Numbered.Publish) })
		}
		for w := range writers {
			writing.Go(func() {
				for range each {
					if r, err := reader.nodes[w%len(nodes)].Send("POST", "/tickets", []byte(aTicket)); err != nil || r.Status != 201 {
						t.Errorf("status %d, %v", r.Status, err)
					}
				}
			})
		}
		if err := reader.follow(writers * each); err != nil {
			t.Error(err)
		}
		writing.Wait()
		stop()
		background.Wait()
	})
}

func TestAStreamEndsWithItsKey(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		url, beats, log := beaten(t, d, nil)
		ends := func(how string, end func(key string) error, notice func()) {
			key := newKey(t, d, app.NewKey{Name: how, Permissions: []desk.Permission{everything}, Expires: d.Clock.Now().Add(time.Hour)})
			s := desktest.NewClient(url, key.Text).Stream(t, "/events")
			beats <- time.Time{} // a good key beats on
			opened(t, d.Client(key.Text), "/tickets", aTicket)
			if err := end(key.Key.ID); err != nil {
				t.Fatal(err)
			}
			d.Clock.Advance(2 * time.Second) // longer than a key is remembered
			notice()
			_, hint := s.Next()
			if next, err := s.Next(); hint != nil || err != io.EOF {
				t.Errorf("%s: %v, %+v, %v", how, hint, next, err)
			}
			line := `"partner":"` + how + `","events":0,"code":"unauthorized"`
			desktest.Await(t, 20*time.Second, line, func() bool { return strings.Contains(log.String(), line) })
		}
		beat := func() {
			go func() {
				select {
				case beats <- time.Time{}:
				case <-t.Context().Done(): // the beat before came late enough to see it
				}
			}()
		}
		revoke := func(key string) error { return d.App.RevokeKey(t.Context(), desk.System(), key) }
		expire := func(string) error { d.Clock.Advance(2 * time.Hour); return nil }
		ends("revoked, seen at a beat", revoke, beat)
		ends("revoked, seen at an event", revoke, func() { tell(t, d) })
		ends("expired", expire, beat)
	})
}

func TestAStreamEndsAtOnceWhenTheProgramStops(t *testing.T) {
	d := onDesk(t)
	stopping := make(chan struct{})
	url, _, _ := beaten(t, d, stopping)
	s := desktest.NewClient(url, keyOf(t, d, "partner", everything)).Stream(t, "/events")
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	close(stopping)
	if next, err := s.Next(); err != io.EOF || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %+v, %v", time.Since(start), next, err)
	}
}

func TestAStreamWithoutEventsSaysThatItLivesAndLooksAgain(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := keyOf(t, d, "partner", everything)
		url, beats, _ := beaten(t, d, nil)
		s := desktest.NewClient(url, key).Stream(t, "/events")
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
		beats <- time.Time{} // it has looked, and waits
		number := opened(t, d.Client(key), "/tickets", aTicket)
		if _, err := d.Store.Sequence(t.Context(), d.App.Seal); err != nil { // and nobody is told
			t.Fatal(err)
		}
		for range 14 {
			beats <- time.Time{}
		}
		if next, err := s.Next(); next.Comment != ": alive" || err != nil {
			t.Errorf("got %+v, %v", next, err)
		}
		if e, err := s.NextEvent(); !strings.Contains(e.Data, number) || err != nil {
			t.Errorf("got %+v, %v", e, err)
		}
	})
}

func TestAKeyHasTenStreamsOpenAtMost(t *testing.T) {
	d := onDesk(t)
	key := newKey(t, d, app.NewKey{Name: "reader", Partner: t.Name(), Permissions: []desk.Permission{desk.MayRead}, Rate: 20})
	url, _, _ := beaten(t, d, nil)
	c := desktest.NewClient(url, key.Text)
	first := c.Stream(t, "/events")
	if got := first.Header.Get("RateLimit"); !strings.HasPrefix(got, `"default";r=99;`) {
		t.Errorf("opening one leaves %s", got)
	}
	for range 9 {
		c.Stream(t, "/events")
	}
	c.With("Accept", "text/event-stream").Do(t, "HEAD", "/events", "").Want(t, 200)
	refused := c.With("Accept", "text/event-stream").Get(t, "/events")
	wantMessage(t, refused, 429, "10 streams of events are open with this key already. Close one or try again in 5 seconds")
	if refused.Header.Get("Retry-After") != "5" {
		t.Errorf("headers %v", refused.Header)
	}
	c.Get(t, "/events").Want(t, 200)
	desktest.NewClient(url, keyOf(t, d, "another", desk.MayRead)).Stream(t, "/events")
	first.Close()
	desktest.Await(t, 20*time.Second, "room for one more", func() bool {
		s, err := c.With("X-Request-Id", "again").OpenStream("/events")
		if err == nil {
			s.Close()
		}
		return err == nil
	})
}

func TestWhatCannotBeStreamedIsAnsweredInTheFormOfEveryError(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner").With("Accept", "text/event-stream")
		const cursor = "must be a cursor that this API gave out"
		wantFaults(t, c.Get(t, "/events?after=x"), map[string]string{"after": "After " + cursor})
		wantFaults(t, c.Get(t, "/events?after=5"), map[string]string{"after": "After " + cursor})
		wantFaults(t, c.With("Last-Event-ID", "5").Get(t, "/events?after=0"), map[string]string{"Last-Event-ID": "Last-Event-ID " + cursor})
		wantFaults(t, c.With("Last-Event-ID", "-1").Get(t, "/events"), map[string]string{"Last-Event-ID": "Last-Event-ID " + cursor})
		wantFaults(t, c.Get(t, "/events?limit=5"), map[string]string{"limit": "Unknown parameter limit. Known: after"})
		wantMessage(t, d.Client("").With("Accept", "text/event-stream").Get(t, "/events"), 401, "Unauthorized")
		creates := d.Client(keyOf(t, d, "creates", desk.MayCreate)).With("Accept", "text/event-stream")
		wantMessage(t, creates.Get(t, "/events"), 403, "Insufficient permissions to read omnichannel tickets")
		if head := c.Do(t, "HEAD", "/events", "").Want(t, 200); head.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD: %v", head.Header)
		}
		page := c.With("Accept", "application/json, text/event-stream").With("Last-Event-ID", "9").Get(t, "/events").Want(t, 200)
		wantBytes(t, page, `{"success":true,"events":[],"cursor":"0","more":false}`)
		batch := c.Post(t, "/batch", `{"operations":[{"id":"1","method":"GET","path":"/events?limit=1"}]}`).Want(t, 200)
		if batch.Text("results.0.body.cursor") != "0" {
			t.Errorf("in a batch: %s", batch.Body)
		}
	})
}
