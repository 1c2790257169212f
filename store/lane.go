package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// OpenLane lets the events of a new ticket go to the target that it names.
func (tx *Tx) OpenLane(ticketID, targetID string) {
	tx.sql.Exec(`INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at) VALUES ($1, $2, '', 1, 1, 0, 0, 0, 0, 0, 0)`, ticketID, targetID)
}

// owe notes for every target that is told of an event that it is owed: for the endpoints of the partner, and for the
// address that the ticket names. The sequencer does it, which sees each event once and in a ticket's own order; so nobody
// can miss one. The lane's row is locked before it is read: whoever settles it at the same moment sees the new tail. One that
// holds nothing goes on with what is owed now: what happened since was not owed, though it may be wanted by now. A CROSS JOIN
// is one that SQLite does not turn around: it would read all lanes and look for each among the rows.
var owe = sql.Over(`WITH v (ticket_id, seq, partner_id, type, own, now) AS (VALUES `, 6, []string{"text", "bigint", "text", "text", "boolean", "bigint"}, `)
 INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at)
 SELECT ticket_id, target_id, '', MIN(seq), MIN(seq), MAX(seq), 0, MAX(now), 0, 0, 0 FROM (
 SELECT v.ticket_id, t.id AS target_id, v.seq, v.now FROM v JOIN target t ON t.partner_id = v.partner_id AND t.kind = 'registered' AND t.deleted_at = 0
 WHERE (t.events = '' OR REPLACE(t.events, v.type, '') <> t.events) AND (t.echo OR NOT v.own)
 UNION ALL SELECT v.ticket_id, l.target_id, v.seq, v.now FROM v CROSS JOIN lane l CROSS JOIN target t WHERE l.ticket_id = v.ticket_id AND l.again = '' AND l.tail < v.seq
 AND t.id = l.target_id AND t.kind <> 'registered' AND (t.events = '' OR REPLACE(t.events, v.type, '') <> t.events)
 ) AS owed WHERE TRUE GROUP BY ticket_id, target_id ORDER BY ticket_id, target_id
 ON CONFLICT (ticket_id, target_id, again) DO UPDATE SET head = CASE WHEN lane.head > lane.tail THEN excluded.head ELSE lane.head END, tail = excluded.tail,
 due = CASE WHEN lane.due = 0 AND lane.dead_at = 0 THEN excluded.due ELSE lane.due END`)

func (tx *Tx) owe(events []desk.Event) {
	public := make([]desk.Event, 0, len(events))
	for _, e := range events {
		if e.Type.Public() {
			public = append(public, e)
		}
	}
	now := sql.Micros(tx.store.Now())
	tx.sql.ExecRows(owe, len(public), func(n int) []any {
		e := &public[n]
		return []any{e.TicketID, e.Seq, e.PartnerID, string(e.Type), e.Actor.PartnerID != "" && e.Actor.PartnerID == e.PartnerID, now}
	})
}

// DueTarget is a target for which something is owed.
type DueTarget struct {
	desk.Target
	Due time.Time // when the first of its lanes is due that no node has; zero: nodes have all of them
}

// DueTargets reads the targets for which something is owed now or later, whatever their state. It looks at one row of each,
// and those that nodes have, however many lanes wait.
func (s *Store) DueTargets(ctx context.Context) ([]DueTarget, error) {
	var found []DueTarget
	err := s.Read(ctx, func(tx *Tx) error {
		found = nil
		return tx.sql.Each(`WITH RECURSIVE walk (id) AS (SELECT (SELECT l.target_id FROM lane l WHERE l.due > 0 AND l.target_id > '' ORDER BY l.target_id LIMIT 1)
 UNION ALL SELECT (SELECT l.target_id FROM lane l WHERE l.due > 0 AND l.target_id > walk.id ORDER BY l.target_id LIMIT 1) FROM walk WHERE walk.id IS NOT NULL)
 SELECT `+targetColumns+`, COALESCE((SELECT l.due FROM lane l WHERE l.target_id = t.id AND l.due > 0 AND l.lease <= $1 ORDER BY l.due LIMIT 1), 0) FROM walk JOIN target t ON t.id = walk.id
 LEFT JOIN api_key k ON k.id = t.key_id WHERE t.deleted_at = 0`, []any{sql.Micros(s.Now())}, func(scan func(dest ...any) error) error {
			var d DueTarget
			var due int64
			dest, done := scanTarget(&d.Target, &due)
			err := scan(dest...)
			done()
			d.Due = sql.At(due)
			found = append(found, d)
			return err
		})
	})
	return found, err
}

// LaneID names a lane.
type LaneID struct{ TicketID, TargetID, Again string }

// Taken is the first event of a lane, which a node has for a time.
type Taken struct {
	LaneID
	Due      time.Time
	Event    desk.Event // ticket, seq, type, time and body
	Tail     int64      // seq of the newest event of the lane
	Tries    int        // how often the event failed before
	Fence    int64
	Doubtful bool // an attempt before was begun, and nobody knows how it ended
	Row      int  // how many events of the lane the node delivered before this one without giving the lane back
}

// Settled is what became of a lane that was taken.
type Settled struct {
	LaneID
	Fence int64
	Head  int64     // the event that comes next
	Tries int       // how often it failed
	Due   time.Time // when it may be taken again; zero: at once if there is one
	Dead  time.Time // since when it waits for a person; zero: it does not
	Then  Then      // what else is stored, whoever has the lane by now; nil: nothing
	Keep  *Keep     // the node goes on with the next event, if there is one and the target is as it was; nil: it gives the lane back
}

// Then stores what belongs to the end of an attempt. It may run twice.
type Then func(tx *Tx, now time.Time) error

// Keep is what goes on with a lane that is settled.
type Keep struct {
	Version int64         // of the target
	Row     int           // of what is taken
	Lease   time.Duration // for how long the node has it
}

// Attempt is one attempt to deliver an event.
type Attempt struct {
	LaneID
	Seq      int64
	Fence    int64
	At       time.Time
	Took     time.Duration
	Class    string // what came of it: a word of webhook, FAULT of outbox, or ClassSkipped
	Status   int    // HTTP; 0: none
	Said     string // how the answer began
	Doubtful bool
}

// Want asks for due lanes of a target.
type Want struct {
	Target desk.Target
	Most   int
	From   time.Time     // those that were due before are passed by: it spares PostgreSQL what is left of them in its index
	Lease  time.Duration // for how long the node has what it takes
	Probe  time.Time     // when the circuit is open: the next probe after this one, which only one node makes
}

// Mark changes the circuit of a target, or disables it.
type Mark struct {
	TargetID string
	Opened   time.Time // its circuit opens, unless another node had a success since Since; zero: it closes
	Since    time.Time
	Probe    time.Time
	Gone     bool  // it is disabled instead, while it is of the Version
	Version  int64 // of the target
}

// Turn is one transaction of a node that delivers: what it settles, and what it takes next.
type Turn struct {
	Attempts []Attempt
	Settled  []Settled
	Marks    []Mark
	Wants    []Want
}

// Turn does a turn, and returns what was taken. What another node has, or took since, is left to it.
func (s *Store) Turn(ctx context.Context, turn Turn) (taken []Taken, err error) {
	write := s.writeAlone // it locks lanes, for which joined writes should not wait
	if s.engine.Dialect().Serial {
		write = s.writeQuietly
	}
	slices.SortFunc(turn.Settled, func(a, b Settled) int { // all lock lanes in one order
		return cmp.Or(strings.Compare(a.TicketID, b.TicketID), strings.Compare(a.TargetID, b.TargetID), strings.Compare(a.Again, b.Again))
	})
	err = write(ctx, func(tx *Tx) error {
		now := s.Now()
		tx.insertAttempts(turn.Attempts)
		tx.settle(turn.Settled, now)
		for _, m := range turn.Marks {
			tx.mark(m, now)
		}
		if err := tx.then(turn.Settled, now); err != nil {
			return err
		}
		taken, err = tx.take(turn, now)
		return err
	})
	return taken, err
}

var insertAttempts = sql.Inserting("attempt", `ticket_id, target_id, seq, again, fence, at, took, class, status, said, doubtful`, ` ON CONFLICT (ticket_id, target_id, seq, again, fence) DO NOTHING`)

func (tx *Tx) insertAttempts(attempts []Attempt) {
	tx.sql.ExecRows(insertAttempts, len(attempts), func(n int) []any {
		a := &attempts[n]
		return []any{a.TicketID, a.TargetID, a.Seq, a.Again, a.Fence, sql.Micros(a.At), a.Took.Microseconds(), a.Class, a.Status, a.Said, a.Doubtful}
	})
}

// settleRows writes what became of lanes: of each only while nobody else took it. due is 0 for one that may go on
// at once, if there is something: the tail is that of the locked row. One that is kept has a new lease and its old place,
// so that no index is written.
var settleRows = sql.Over(`UPDATE lane SET head = v.column5, tries = v.column6, dead_at = v.column8,
 lease = CASE WHEN lane.tail >= v.column5 THEN v.column10 ELSE 0 END,
 due = CASE WHEN v.column8 > 0 THEN 0 WHEN v.column7 > 0 THEN v.column7 WHEN lane.tail < v.column5 THEN 0 WHEN v.column10 > 0 THEN lane.due ELSE v.column9 END FROM (VALUES `, 10,
	[]string{"text", "text", "text", "bigint", "bigint", "bigint", "bigint", "bigint", "bigint", "bigint"},
	`) AS v WHERE lane.ticket_id = v.column1 AND lane.target_id = v.column2 AND lane.again = v.column3 AND lane.fence = v.column4`)

func (tx *Tx) settle(settled []Settled, now time.Time) {
	tx.sql.ExecRows(settleRows, len(settled), func(n int) []any {
		l := &settled[n]
		lease := time.Time{}
		if l.Keep != nil {
			lease = now.Add(l.Keep.Lease)
		}
		return []any{l.TicketID, l.TargetID, l.Again, l.Fence, l.Head, l.Tries, sql.Micros(l.Due), sql.Micros(l.Dead), sql.Micros(now), sql.Micros(lease)}
	})
	for _, l := range settled {
		tx.endAgain(l.LaneID)
	}
}

func (tx *Tx) then(settled []Settled, now time.Time) error {
	for _, l := range settled {
		if l.Then != nil {
			if err := l.Then(tx, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) mark(m Mark, now time.Time) {
	switch {
	case m.Gone:
		tx.sql.Exec(`UPDATE target SET state = 'disabled', why = $1, state_at = $2, opened_at = 0, probe_at = 0, version = version + 1 WHERE id = $3 AND version = $4`, desk.DisabledAsGone, sql.Micros(now), m.TargetID, m.Version)
	case m.Opened.IsZero():
		tx.sql.Exec(`UPDATE target SET opened_at = 0, probe_at = 0 WHERE id = $1 AND opened_at > 0`, m.TargetID)
	default:
		tx.sql.Exec(`UPDATE target SET opened_at = $1, probe_at = $2 WHERE id = $3 AND opened_at = 0
 AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.target_id = $3 AND a.at > $4 AND a.status BETWEEN 200 AND 299)`, sql.Micros(m.Opened), sql.Micros(m.Probe), m.TargetID, sql.Micros(m.Since))
	}
}

// The types that a target wants are kept in one text; no type's name is a part of another's. A type is in it when the text
// without the name is another one.

// wanted is the condition that an event o of a lane l is sent to its target t, as the target is now.
// One event that somebody asks for once more, by its seq, is sent whatever it is; of a range only what the target wants.
const wanted = `o.ticket_id = l.ticket_id AND o.seq >= l.head AND o.seq <= l.tail AND o.public
 AND (l.again = CAST(o.seq AS text) OR (t.events = '' OR REPLACE(t.events, o.type, '') <> t.events) AND (t.echo OR NOT EXISTS (SELECT 1 FROM api_key k WHERE k.id = o.actor_id AND k.partner_id = o.partner_id)))`

// keptRows reads the lanes that were kept, with their next events.
var keptRows = sql.Over(`SELECT l.ticket_id, l.target_id, l.again, `+laneColumns+`, t.version = v.column5 FROM (VALUES `, 5, []string{"text", "text", "text", "bigint", "bigint"},
	`) AS v JOIN lane l ON l.ticket_id = v.column1 AND l.target_id = v.column2 AND l.again = v.column3 AND l.fence = v.column4 AND l.lease > 0
 JOIN target t ON t.id = l.target_id LEFT JOIN event o ON o.ticket_id = l.ticket_id AND o.seq = l.head`)

// lookAtKept asks what comes next in the lanes that are kept: found and back have it when it is sent. Those whose target was changed
// are given back, for it may have another address or be disabled, and so are those whose next event it does not want.
func (tx *Tx) lookAtKept(settled []Settled, found *[]Taken, back *[]LaneID) {
	var keep []Settled
	rows := map[LaneID]int{}
	for _, l := range settled {
		if l.Keep != nil {
			keep = append(keep, l)
			rows[l.LaneID] = l.Keep.Row
		}
	}
	tx.sql.LookAtRows(keptRows, len(keep), func(n int) []any {
		l := &keep[n]
		return []any{l.TicketID, l.TargetID, l.Again, l.Fence, l.Keep.Version}
	}, func(scan func(dest ...any) error) error {
		var l dueLane
		same := false
		err := l.read(scan, []any{&l.TicketID, &l.TargetID, &l.Again}, &same)
		l.Row, l.Doubtful = rows[l.LaneID], false // what was begun came to its end
		if same && l.wanted {
			*found = append(*found, l.Taken)
		} else {
			*back = append(*back, l.LaneID)
		}
		return err
	})
}

// take takes the first events of due lanes, and those that come next in lanes that are kept.
func (tx *Tx) take(turn Turn, now time.Time) (taken []Taken, err error) {
	var due []dueLane
	var back []LaneID
	for _, w := range turn.Wants {
		if w.Probe.IsZero() || tx.mayProbe(w, now) {
			tx.lookAtDue(w, now, &due)
		}
	}
	tx.lookAtKept(turn.Settled, &taken, &back)
	if err := tx.sql.Send(); err != nil {
		return nil, err
	}
	for _, l := range back {
		tx.sql.Exec(`UPDATE lane SET lease = 0, due = $1 WHERE ticket_id = $2 AND target_id = $3 AND again = $4`, sql.Micros(now), l.TicketID, l.TargetID, l.Again)
	}
	kept := len(taken)
	for _, l := range due {
		if !l.wanted {
			if l, err = tx.passOver(l); err != nil {
				return nil, err
			}
		}
		if l.wanted {
			taken = append(taken, l.Taken)
		}
	}
	fresh, leases := taken[kept:], map[string]time.Duration{}
	for _, w := range turn.Wants {
		leases[w.Target.ID] = w.Lease
	}
	tx.sql.ExecRows(takeRows, len(fresh), func(n int) []any {
		t := &fresh[n]
		return []any{t.TicketID, t.TargetID, t.Again, t.Fence, t.Event.Seq, t.Tries, sql.Micros(now.Add(leases[t.TargetID]))}
	})
	return taken, tx.sql.Err
}

// dueLane is a lane that is due, with the event at its head, which its target may not want.
type dueLane struct {
	Taken
	wanted bool
}

// laneColumns are what a dueLane has of its lane l, of the event o at its head, and of its target t.
const laneColumns = `l.due, l.tail, l.tries, l.fence, l.lease > 0, COALESCE(o.seq, 0), COALESCE(o.type, ''), COALESCE(o.at, 0), COALESCE(o.body, ''), COALESCE(` + wanted + `, FALSE)`

// read reads a row of a lane's name, laneColumns and more.
func (l *dueLane) read(scan func(dest ...any) error, name []any, more ...any) error {
	var event eventRow
	var due int64
	err := scan(slices.Concat(name, []any{&due, &l.Tail, &l.Tries, &l.Fence, &l.Doubtful, &event.seq, &event.kind, &event.at, &event.body, &l.wanted}, more)...)
	l.Due, l.Event = sql.At(due), event.of(l.TicketID)
	return err
}

// lookAtDue reads and locks due lanes. There are none when the target was changed since it was read: it may have another
// address, or be disabled.
func (tx *Tx) lookAtDue(w Want, now time.Time, found *[]dueLane) {
	tx.sql.Look(`SELECT l.ticket_id, l.again, `+laneColumns+`
 FROM (SELECT ticket_id, again, head, tail, tries, fence, lease, due FROM lane WHERE target_id = $1 AND due > 0 AND due >= $2 AND due <= $3 AND lease <= $3 ORDER BY due LIMIT $4`+tx.store.engine.Dialect().SkipLocked+`) AS l
 JOIN target t ON t.id = $1 AND t.version = $5 LEFT JOIN event o ON o.ticket_id = l.ticket_id AND o.seq = l.head`,
		[]any{w.Target.ID, sql.Micros(w.From), sql.Micros(now), w.Most, w.Target.Version}, func(scan func(dest ...any) error) error {
			l := dueLane{Taken: Taken{LaneID: LaneID{TargetID: w.Target.ID}}}
			err := l.read(scan, []any{&l.TicketID, &l.Again})
			l.Fence++
			*found = append(*found, l)
			return err
		})
}

// eventRow is what is read of an event that is delivered.
type eventRow struct {
	seq, at    int64
	kind, body string
}

func (e eventRow) of(ticketID string) desk.Event {
	return desk.Event{TicketID: ticketID, Seq: e.seq, Type: desk.EventType(e.kind), At: sql.At(e.at), Body: []byte(e.body)}
}

// passOver goes on to the next event that the target wants, or lets the lane rest.
func (tx *Tx) passOver(l dueLane) (dueLane, error) {
	var event eventRow
	err := tx.sql.One(`SELECT o.seq, o.type, o.at, o.body FROM lane l JOIN target t ON t.id = l.target_id JOIN event o ON `+wanted+`
 WHERE l.ticket_id = $1 AND l.target_id = $2 AND l.again = $3 ORDER BY o.seq LIMIT 1`, []any{l.TicketID, l.TargetID, l.Again}, &event.seq, &event.kind, &event.at, &event.body)
	if errors.Is(err, ErrNotFound) {
		tx.rest(l.LaneID)
		return l, nil
	}
	l.Event, l.Tries, l.Doubtful, l.wanted = event.of(l.TicketID), 0, false, true
	return l, err
}

// rest lets a lane rest that holds nothing more that its target wants. It looks once more: an event may have been stored
// since the statement began that read the lane, or the target may want more now.
func (tx *Tx) rest(l LaneID) {
	tx.sql.Exec(`UPDATE lane AS l SET head = tail + 1, tries = 0, due = 0, lease = 0 WHERE l.ticket_id = $1 AND l.target_id = $2 AND l.again = $3
 AND NOT EXISTS (SELECT 1 FROM event o JOIN target t ON t.id = $2 WHERE `+wanted+`)`, l.TicketID, l.TargetID, l.Again)
	tx.endAgain(l)
}

// endAgain removes a lane of what was asked for once more, when all of it was sent.
func (tx *Tx) endAgain(l LaneID) {
	if l.Again != "" {
		tx.sql.Exec(`DELETE FROM lane WHERE ticket_id = $1 AND target_id = $2 AND again = $3 AND due = 0 AND dead_at = 0`, l.TicketID, l.TargetID, l.Again)
	}
}

var takeRows = sql.Over(`UPDATE lane SET fence = v.column4, head = v.column5, tries = v.column6, lease = v.column7 FROM (VALUES `, 7,
	[]string{"text", "text", "text", "bigint", "bigint", "bigint", "bigint"},
	`) AS v WHERE lane.ticket_id = v.column1 AND lane.target_id = v.column2 AND lane.again = v.column3`)

// mayProbe reports whether this node is the one that tries a single delivery now.
func (tx *Tx) mayProbe(w Want, now time.Time) bool {
	found := 0
	err := tx.sql.One(`SELECT 1 FROM target WHERE id = $1 AND opened_at > 0 AND probe_at <= $2`+tx.store.engine.Dialect().SkipLocked, []any{w.Target.ID, sql.Micros(now)}, &found)
	if err != nil {
		return false // an error has stopped the transaction
	}
	tx.sql.Exec(`UPDATE target SET probe_at = $1 WHERE id = $2`, sql.Micros(w.Probe), w.Target.ID)
	return true
}
