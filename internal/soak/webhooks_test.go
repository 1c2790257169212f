package soak_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// lease is how long a node has what it delivers; then another one takes it up (outbox).
const lease = time.Minute

// owed is an event of the feed, with the bytes that webhooks of it carry.
type owed struct{ id, ticket, body string }

// newHookedDesk makes a desk whose tickets name a receiver.
func newHookedDesk(t *testing.T, in desktest.Installation, hangs int) (*desk, *receiver) {
	t.Helper()
	in.Env = append(in.Env, "SERVICEDESK_WEBHOOK_ALLOW_NETS=127.0.0.0/8", "SERVICEDESK_WEBHOOK_PROBE=100ms",
		"SERVICEDESK_WEBHOOK_RETRY=50ms,100ms,200ms"+strings.Repeat(",400ms", 50))
	d := newDesk(t, in)
	r := newReceiver(t, d.secret, hangs)
	d.ledger.hooks = r.hooks()
	return d, r
}

// feed reads what a receiver should have heard.
func (d *desk) feed(t *testing.T, p *desktest.Process) (feed []owed) {
	t.Helper()
	in := &inspection{client: desktest.NewClient(p.URL, d.key)}
	for after, more := "0", true; more; {
		var page struct {
			Events []json.RawMessage
			Cursor string
			More   bool
		}
		if !in.get(http.MethodGet, "/events?limit=500&after="+after, "", &page) {
			t.Fatal(in.wrong)
		}
		for _, text := range page.Events {
			var e entry
			must(t, json.Unmarshal(text, &e))
			_, body, _ := strings.Cut(string(text), fmt.Sprintf(`"id":%q,`, e.ID))
			feed = append(feed, owed{e.ID, e.TicketNumber, "{" + body})
		}
		after, more = page.Cursor, page.More
	}
	return feed
}

// doubtful reads which events were sent by a program that did not know whether they had been sent before.
func (d *desk) doubtful(t *testing.T) map[string]bool {
	t.Helper()
	rows, err := d.SQL(t).QueryContext(t.Context(), `SELECT ticket_id, seq FROM attempt WHERE doubtful`)
	must(t, err)
	doubtful := map[string]bool{}
	for rows.Next() {
		var ticket string
		var seq int64
		must(t, rows.Scan(&ticket, &seq))
		doubtful[fmt.Sprintf("%s-%d", ticket, seq)] = true
	}
	must(t, rows.Err())
	return doubtful
}

// owing counts the lanes that do not rest.
func (d *desk) owing(t *testing.T) (n int) {
	t.Helper()
	db := d.SQL(t)
	must(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM lane WHERE due > 0 OR dead_at > 0 OR head <= tail`).Scan(&n))
	must(t, db.Close())
	return n
}

// settle waits until everything was delivered, ends the program, and compares what the receiver heard with the feed.
func (d *desk) settle(t *testing.T, r *receiver, rounds int, nodes ...*desktest.Process) {
	t.Helper()
	d.check(t, nodes[0])
	feed := d.feed(t, nodes[0])
	late := r.missing(feed)
	desktest.Await(t, 2*lease+time.Minute, "the receiver has heard everything", func() bool { return r.missing(feed) == 0 })
	desktest.Await(t, 2*lease, "nothing is owed any more", func() bool {
		<-time.After(100 * time.Millisecond)
		return d.owing(t) == 0
	})
	for _, p := range nodes {
		p.Stop(t)
	}
	doubtful := d.doubtful(t)
	wrong, twice := r.check(feed, doubtful)
	for _, w := range wrong {
		t.Error(w)
	}
	if len(feed) < 10*rounds || inFull() && len(doubtful) == 0 {
		t.Errorf("%d events, %d of them in doubt once: too few to prove anything", len(feed), len(doubtful))
	}
	t.Logf("%d rounds: %d writes acknowledged, %d events heard in %d attempts, %d of them late at the end, %d once in doubt, %d taken more than once; %v",
		rounds, d.ledger.told(), len(feed), r.arrived, late, len(doubtful), twice, r.moods)
}

// endForgotten ends what a node that stands still has begun in the database, as the server does by itself after a minute.
const endForgotten = `SELECT pg_terminate_backend(pid, 5000) FROM (SELECT DISTINCT a.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE c.relnamespace = current_schema()::regnamespace AND a.state = 'idle in transaction' AND a.state_change < clock_timestamp() - interval '500 milliseconds') AS forgotten`

// endLeases lets nodes have nothing any more that they took for more than some seconds, as if a minute had passed since they
// died or stood still. What others hold at this moment stays as it is.
func (d *desk) endLeases(t *testing.T) {
	t.Helper()
	db, skip, now := d.SQL(t), "", time.Now()
	if d.Database != "" {
		skip = " FOR UPDATE SKIP LOCKED"
		_, err := db.ExecContext(t.Context(), endForgotten)
		must(t, err)
	}
	_, err := db.ExecContext(t.Context(), fmt.Sprintf(`UPDATE lane SET lease = %d WHERE (ticket_id, target_id, again) IN (SELECT ticket_id, target_id, again FROM lane WHERE lease > %d%s)`,
		now.UnixMicro(), now.Add(5*time.Second).UnixMicro(), skip))
	must(t, err)
	must(t, db.Close())
}

func TestReceiversHearEverythingInOrderWheneverTheProgramDies(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, r := newHookedDesk(t, desktest.NewInstallation(t, e), size(0, 10))
		rounds := size(3, 100)
		p := d.Serve(t)
		for range rounds {
			d.harm(t, p, p.Kill)
			if !inFull() { // else a minute passes again and again
				d.endLeases(t)
			}
			p = d.Serve(t)
		}
		d.settle(t, r, rounds, p)
	})
}

func TestReceiversShowWhatAWeakerProgramDoesNotTellThem(t *testing.T) {
	t.Parallel()
	weaker := []struct {
		name, shows string
		edit        desktest.Edit
	}{
		{"what is taken up counts as delivered", "is missing", desktest.Edit{File: "store/lane.go", Old: "fence = v.column4, head = v.column5,", New: "fence = v.column4, head = v.column5 + 1,"}},
		{"what broke off counts as delivered", "is missing", desktest.Edit{File: "outbox/land.go", Old: "case l.Done:", New: `case l.Done || l.Class == "BROKEN_OFF":`}},
		{"nobody notes that an attempt begins", "no attempt says", desktest.Edit{File: "store/lane.go", Old: "l.fence, l.lease > 0,", New: "l.fence, FALSE,"}},
	}
	for _, weak := range weaker[:size(1, len(weaker))] {
		t.Run(weak.name, func(t *testing.T) {
			t.Parallel()
			in := desktest.NewInstallation(t, desktest.SQLite)
			in.Program = desktest.Weakened(t, weak.edit)
			d, r := newHookedDesk(t, in, 0)
			p := d.Serve(t)
			for range 3 {
				d.harm(t, p, p.Kill)
				d.endLeases(t)
				p = d.Serve(t)
			}
			d.check(t, p)
			feed := d.feed(t, p)
			<-time.After(3 * time.Second) // what is lost does not come
			p.Stop(t)
			wrong, _ := r.check(feed, d.doubtful(t))
			if !strings.Contains(strings.Join(wrong, "\n"), weak.shows) {
				t.Errorf("this test would not notice; it found %q", wrong)
			}
		})
	}
}

func TestReceiversHearEverythingInOrderThoughANodeStandsStillAndAnotherDies(t *testing.T) {
	t.Parallel()
	d, r := newHookedDesk(t, desktest.NewInstallation(t, desktest.PostgreSQL), 0)
	other := d.Node(t)
	first, second := d.Serve(t), other.Serve(t)
	rounds := size(1, 3)
	for range rounds {
		d.atWork(t, first, second, func() { // as a machine does whose hypervisor moves it
			must(t, syscall.Kill(first.PID(), syscall.SIGSTOP))
			<-time.After(time.Duration(size(1, 70)) * time.Second)
			if !inFull() {
				d.endLeases(t)
			}
			feed := d.feed(t, second)
			desktest.Await(t, lease+30*time.Second, "the other node has delivered all", func() bool { return r.missing(feed) == 0 })
			must(t, syscall.Kill(first.PID(), syscall.SIGCONT))
		})
		d.atWork(t, first, second, second.Kill)
		second = other.Serve(t)
	}
	if !inFull() {
		d.endLeases(t)
	}
	d.settle(t, r, rounds, first, second)
}

// atWork lets callers write to two nodes, and at some moment something happen to one of them.
func (d *desk) atWork(t *testing.T, first, second *desktest.Process, happens func()) {
	t.Helper()
	loads := []*load{d.newLoad(first), d.newLoad(second)}
	var running sync.WaitGroup
	for _, l := range loads {
		l.most = size(40, 200) // enough for a node that stands still for long
		running.Go(func() { l.run(callers / 2) })
	}
	<-time.After(time.Duration(100+rand.IntN(300)) * time.Millisecond)
	happens()
	for _, l := range loads {
		l.stopAfter(50 * time.Millisecond)
	}
	running.Wait()
	for _, l := range loads {
		l.check(t)
	}
}
