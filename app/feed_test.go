package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// steps is how many changes each writer of the feed's test makes: a few, or with SERVICEDESK_SOAK=full many.
func steps() int {
	if os.Getenv("SERVICEDESK_SOAK") == "full" {
		return 150
	}
	return 3
}

// reader follows a feed as a partner does who stops now and then and goes on from what was saved.
type reader struct {
	actor  desk.Actor
	nodes  []*desktest.Desk
	random *rand.Rand
	events []store.FeedEvent
	saved  int
	first  map[int64]string // cursor -> the event that it stood for when it was first given out
}

// read reads a page of random size on a random node; it reports whether there was one.
func (r *reader) read(t *testing.T) bool {
	after := int64(0)
	if len(r.events) > 0 {
		after = r.events[len(r.events)-1].Cursor
	}
	page, more, err := r.nodes[r.random.IntN(len(r.nodes))].App.Feed(t.Context(), r.actor, after, 1+r.random.IntN(20))
	if err != nil {
		t.Error(err)
		return false
	}
	if more && len(page) == 0 {
		t.Error("there is more, but nothing came")
	}
	for _, e := range page {
		if known, ok := r.first[e.Cursor]; ok && known != e.ID || e.Cursor <= after {
			t.Errorf("cursor %d stands for %s, stood for %s, came after %d", e.Cursor, e.ID, known, after)
		}
		r.first[e.Cursor], after = e.ID, e.Cursor
	}
	r.events = append(r.events, page...)
	return len(page) > 0
}

// follow reads until stop is closed, lagging, saving its place and going back to it at random.
func (r *reader) follow(t *testing.T, stop <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select { // it lags
		case <-tick.C:
		case <-stop:
			return
		}
		switch r.random.IntN(8) {
		case 0:
			r.saved = len(r.events)
		case 1:
			r.events = r.events[:r.saved] // it crashed
		default:
			r.read(t)
		}
	}
}

// work lets one writer live: it opens tickets and changes them, in public and inside the bank.
func work(t *testing.T, d *desktest.Desk, actor, core desk.Actor, random *rand.Rand) {
	draft := ticketDraft()
	draft.ChannelReference = "ref"
	var ticket *desk.Ticket
	for i := range steps() {
		d.Clock.Advance(time.Duration(random.IntN(12)-4) * time.Millisecond) // the clocks of nodes differ, and are set back
		var err error
		switch kind := random.IntN(5); {
		case i == 0 || kind == 0:
			var opened app.Opened
			if opened, err = d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{}); err == nil {
				ticket = opened.Ticket
			}
		case kind == 1:
			_, err = d.App.AddComment(t.Context(), core, of(ticket), app.NewComment{Content: "a note", Internal: true})
		case kind == 2:
			_, err = d.App.ChangeStatus(t.Context(), core, of(ticket), desk.Resolved, "")
			if err == nil {
				_, err = d.App.ChangeStatus(t.Context(), core, of(ticket), desk.InProgress, "again")
			}
		default:
			_, err = d.App.AddComment(t.Context(), actor, of(ticket), app.NewComment{Content: fmt.Sprint("word ", i)})
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAFeedTellsEveryEventOnceInOrderWhoeverWritesAndReads(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		nodes := []*desktest.Desk{d}
		if e == desktest.PostgreSQL {
			nodes = append(nodes, d.Node(t))
		}
		core := bank(t, d)
		var readers []*reader
		for i, actor := range []desk.Actor{allOf(t, d, "A"), allOf(t, d, "B"), allOf(t, d, "C"), core} {
			readers = append(readers, &reader{actor: actor, nodes: nodes, random: rand.New(rand.NewPCG(1, uint64(i))), first: map[int64]string{}})
		}
		stop := make(chan struct{})
		var following sync.WaitGroup
		for _, r := range readers {
			following.Go(func() { r.follow(t, stop) })
		}
		sequencing, stopSequencers := context.WithCancel(t.Context())
		for _, node := range nodes {
			following.Go(func() { node.Store.RunSequencer(sequencing, node.App.Seal, 10*time.Millisecond, func() {}) })
		}
		inParallel(64, func(i int) {
			work(t, nodes[i%len(nodes)], readers[i%3].actor, core, rand.New(rand.NewPCG(2, uint64(i))))
		})
		d.Sequence(t)
		close(stop)
		stopSequencers()
		following.Wait()
		d.Sequence(t)
		db := behind(t, d)
		if left := db.one(t, `SELECT COUNT(*) FROM event WHERE number = 0 OR public <> (feed_number > 0)`); left != "0" {
			t.Errorf("%s events are numbered wrongly", left)
		}
		for _, r := range readers {
			for r.read(t) {
			}
			r.compare(t, db)
		}
		if v := verify(t, d); v.Broken != nil || v.Unsealed > 0 {
			t.Errorf("the audit trail that was sealed meanwhile: %+v %+v", v, v.Broken)
		}
	})
}

// compare compares what was read with the table of events: nothing missing, nothing late, in each ticket's order.
func (r *reader) compare(t *testing.T, db database) {
	t.Helper()
	query, args := `SELECT ticket_id, seq, body, feed_number FROM event WHERE public AND partner_id = $1`, []any{r.actor.PartnerID}
	if r.actor.Manages() {
		query, args = `SELECT ticket_id, seq, body, number FROM event WHERE public`, nil
	}
	var want, got []string
	want = append(want, db.rows(t, query, args...)...)
	last := map[string]int{}
	for i, e := range r.events {
		ticket, seq, _ := strings.Cut(e.ID, "-")
		n, err := strconv.Atoi(seq)
		if err != nil || n <= last[ticket] {
			t.Errorf("event %s comes after %d of its ticket", e.ID, last[ticket])
		}
		last[ticket] = n
		if !r.actor.Manages() && e.Cursor != int64(i+1) {
			t.Fatalf("event %d has cursor %d: the feed has a gap", i+1, e.Cursor)
		}
		got = append(got, fmt.Sprintf("%s|%s|%s|%d", ticket, seq, e.Body, e.Cursor))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("%s read %d events of %d: %s", r.actor.Name, len(got), len(want), diff)
	}
}

func TestAFeedShowsAPartnerItsOwnAndTellsWhetherThereIsMore(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, other, core := allOf(t, d, "Partner"), allOf(t, d, "Other"), bank(t, d)
		ticket := openedTicket(t, d, actor)
		openedTicket(t, d, other)
		changeStatus(t, d, actor, ticket, desk.Cancelled)
		events, more, err := d.App.Feed(t.Context(), actor, 0, 10)
		if len(events) != 0 || more || err != nil {
			t.Errorf("before numbering: %d events, more %v, %v", len(events), more, err)
		}
		d.Sequence(t)
		for _, c := range []struct {
			actor desk.Actor
			after int64
			limit int
			want  int
			more  bool
		}{
			{actor, 0, 10, 2, false}, {actor, 0, 2, 2, false}, {actor, 0, 1, 1, true}, {actor, 1, 1, 1, false}, {actor, 2, 5, 0, false},
			{other, 0, 10, 1, false}, {core, 0, 10, 3, false}, {core, 0, 2, 2, true},
		} {
			events, more, err := d.App.Feed(t.Context(), c.actor, c.after, c.limit)
			if len(events) != c.want || more != c.more || err != nil {
				t.Errorf("%s after %d, at most %d: %d events, more %v, %v; want %d, %v", c.actor.Name, c.after, c.limit, len(events), more, err, c.want, c.more)
			}
		}
		var refused *desk.Error
		if _, _, err := d.App.Feed(t.Context(), actor, 3, 5); !errors.As(err, &refused) || refused.Code != desk.Invalid {
			t.Errorf("a cursor beyond the end: %v, want a refusal", err)
		}
	})
}
