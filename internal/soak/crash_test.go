package soak_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

const callers = 12

// desk is an installation under test, with the client's ledger and what its reader of events has seen.
type desk struct {
	desktest.Installation
	key    string
	secret string // of the key's webhooks
	ledger *ledger
	seen   []entry // what the reader got, in order
	sound  map[string]bool
}

func newDesk(t *testing.T, in desktest.Installation) *desk {
	t.Helper()
	key := in.NewKey(t, "partner")
	return &desk{Installation: in, key: key.Key, secret: key.WebhookSecret, ledger: newLedger(t, "w"), sound: map[string]bool{}}
}

// newLoad makes a load on the desk as a process serves it. It lasts until its channel is closed.
func (d *desk) newLoad(p *desktest.Process) *load {
	return &load{client: desktest.NewClient(p.URL, d.key), ledger: d.ledger, over: make(chan struct{})}
}

// read follows the feed from where the reader stopped, until the desk is gone.
func (d *desk) read(c *desktest.Client, over <-chan struct{}) {
	for {
		in := &inspection{client: c}
		after := "0"
		if len(d.seen) > 0 {
			after = d.seen[len(d.seen)-1].Cursor
		}
		more, there := in.follow(after)
		d.seen = append(d.seen, more...)
		if !there {
			return
		}
		select {
		case <-over:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// check asks again for what was not answered, and then compares the whole desk with the ledger, what the reader saw
// with the feed, and the audit trail with its seals.
func (d *desk) check(t *testing.T, p *desktest.Process) {
	t.Helper()
	l := d.newLoad(p)
	l.repeat(t, time.Minute)
	l.check(t)
	in := inspect(l.client, d.ledger.all(t), d.sound)
	feed := in.feed(t)
	for _, wrong := range in.wrong {
		t.Error(wrong)
	}
	for i, e := range d.seen {
		if i >= len(feed) || feed[i] != e {
			t.Errorf("the reader saw %+v as event %d of the feed; it is not there", e, i+1)
			break
		}
	}
	d.checkAudit(t)
}

func (d *desk) checkAudit(t *testing.T) {
	t.Helper()
	var verified struct{ OK bool }
	ran := d.Run(t, "audit", "verify", "--json")
	if err := json.Unmarshal([]byte(ran.Stdout), &verified); err != nil || !verified.OK || ran.Status != 0 {
		t.Errorf("the audit trail: %+v", ran)
	}
}

// harm runs callers and a reader against a process, and harms it at some moment.
func (d *desk) harm(t *testing.T, p *desktest.Process, harm func()) {
	t.Helper()
	l := d.newLoad(p)
	done := make(chan struct{})
	go func() { defer close(done); d.read(desktest.NewClient(p.URL, d.key), l.over) }()
	go func() {
		<-time.After(time.Duration(20+rand.IntN(400)) * time.Millisecond)
		harm()
		l.stopAfter(time.Duration(rand.IntN(50)) * time.Millisecond)
	}()
	l.run(callers)
	<-l.over
	<-done
	l.check(t)
}

func TestWhatWasAcknowledgedIsThereOnceWheneverTheProgramIsKilled(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newDesk(t, desktest.NewInstallation(t, e))
		rounds := size(2, 100)
		p := d.Serve(t)
		for round := range rounds {
			d.harm(t, p, p.Kill)
			p = d.Serve(t)
			if d.check(t, p); t.Failed() {
				t.Fatalf("in round %d", round)
			}
			if round%10 == 9 {
				t.Log(d.summary(round + 1))
			}
		}
		clear(d.sound) // at the end every attachment once more
		d.check(t, p)
		if d.ledger.told() < 10*rounds || len(d.seen) == 0 {
			t.Errorf("%d writes were acknowledged and %d events read: too few to prove anything", d.ledger.told(), len(d.seen))
		}
		p.Stop(t)
		t.Log(d.summary(rounds))
	})
}

// summary says how much was tried.
func (d *desk) summary(rounds int) string {
	return fmt.Sprintf("%d rounds: %d writes, %d of them acknowledged, %d events seen by the reader; all there, once", rounds, len(d.ledger.order), d.ledger.told(), len(d.seen))
}
