package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Delivery is an event that is owed to a target, or was.
type Delivery struct {
	Event        desk.Event // its ticket, seq, type and time
	TicketNumber int64
	Cursor       int64 // of the event in its partner's feed
	State        DeliveryState
	Tries        int       // how often it failed so far; 0 once it is delivered
	Next         time.Time // when it is tried next; zero: not before something else happens, or it is tried now
	Attempts     []Attempt // the oldest first; those that the log still has
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of deliveries.
const (
	DeliveryPending   DeliveryState = "PENDING"   // it is tried, or waits for its turn
	DeliveryFailed    DeliveryState = "FAILED"    // it failed too often and waits for a person, and so do the later ones of its ticket
	DeliveryDelivered DeliveryState = "DELIVERED" // the target took it
	DeliverySkipped   DeliveryState = "SKIPPED"   // somebody did without it
)

// ClassSkipped is the class of the entry in the log of attempts by which somebody did without an event.
const ClassSkipped = "SKIPPED"

// LanePlace is the place of a lane among those of a target and a state.
type LanePlace struct {
	At       time.Time
	TicketID string
	Again    string
}

// scannedAtOnce is how many rows are looked at for one answer: events of a partner's feed for a page of deliveries (of a
// target that only some tickets name, a page may hold few), or attempts.
const scannedAtOnce = 500

const deliveredEvent = `SELECT e.ticket_id, e.seq, e.type, e.feed_number, e.at, k.number, `

// standing returns the columns that tell where a lane stands, which may not be there.
func standing(lane string) string {
	return strings.ReplaceAll(`COALESCE(x.head, 0), COALESCE(x.tries, 0), COALESCE(CASE WHEN x.lease > 0 THEN 0 ELSE x.due END, 0), COALESCE(x.dead_at, 0)`, "x", lane)
}

// sent is the condition that an event e of a lane l was, or will be, sent to its target t, as the target is now, if the target
// wanted it when it happened.
const sent = `e.seq >= l.first AND e.seq <= l.tail AND e.public AND (t.events = '' OR REPLACE(t.events, e.type, '') <> t.events) AND (t.echo OR ` + foreign + `)`

// foreign is the condition that an event e is not the doing of its own partner.
const foreign = `NOT EXISTS (SELECT 1 FROM api_key a WHERE a.id = e.actor_id AND a.partner_id = e.partner_id)`

// told are the public events that the target $1 was told of, or is owed: those of the lane l of their ticket, those that somebody
// asked for, whether or not the target wants them, each in a lane o of its own, and those that it got, or should have got
// because somebody asked, some time before.
const told = ` FROM event e JOIN ticket k ON k.id = e.ticket_id JOIN target t ON t.id = $1
 LEFT JOIN lane l ON l.ticket_id = e.ticket_id AND l.target_id = t.id AND l.again = '' AND ` + sent + `
 LEFT JOIN lane o ON o.ticket_id = e.ticket_id AND o.target_id = t.id AND o.again = CAST(e.seq AS text)
 WHERE e.public AND e.feed_number > 0 AND (l.head IS NOT NULL OR o.head IS NOT NULL
 OR (SELECT 1 FROM attempt a WHERE a.ticket_id = e.ticket_id AND a.target_id = t.id AND a.seq = e.seq AND (a.again <> '' OR a.status BETWEEN 200 AND 299 OR a.class = '` + ClassSkipped + `') LIMIT 1) IS NOT NULL) `

// Deliveries reads what a target was told, newest first, from before a place in its partner's feed (0: the end). It
// returns the place from which to go on, 0 at the end; a page may hold fewer than there are, or none.
func (tx *Tx) Deliveries(t desk.Target, before int64, limit int) (found []Delivery, next int64, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	scanned, last := 0, int64(0)
	err = tx.sql.Each(`SELECT COUNT(*), COALESCE(MIN(feed_number), 0) FROM (SELECT feed_number FROM event WHERE partner_id = $1 AND feed_number < $2 AND feed_number > 0 ORDER BY feed_number DESC LIMIT $3) AS page`,
		[]any{t.PartnerID, before, scannedAtOnce}, func(scan func(dest ...any) error) error { return scan(&scanned, &last) })
	if err != nil {
		return nil, 0, err
	}
	found, err = tx.deliveries(t, deliveredEvent+standing("l")+`, `+standing("o")+told+`
 AND e.partner_id = $2 AND e.feed_number < $3 AND e.feed_number >= $4 ORDER BY e.feed_number DESC LIMIT $5`, t.PartnerID, before, last, limit)
	switch {
	case len(found) == limit && limit > 0:
		next = found[limit-1].Cursor
	case scanned == scannedAtOnce:
		next = last
	}
	return found, next, err
}

// TicketDeliveries reads what a target was told of a ticket, and what it is owed, the oldest first, behind the event of a
// seq. It returns the seq from which to go on, 0 at the end.
func (tx *Tx) TicketDeliveries(t desk.Target, ticketID string, after int64, limit int) (found []Delivery, next int64, err error) {
	found, err = tx.deliveries(t, deliveredEvent+standing("l")+`, `+standing("o")+told+`
 AND e.ticket_id = $2 AND e.seq > $3 ORDER BY e.seq LIMIT $4`, ticketID, after, limit)
	if len(found) == limit && limit > 0 {
		next = found[limit-1].Event.Seq
	}
	return found, next, err
}

// Undelivered reads what a target is owed and does not have, ticket by ticket, of those that failed or those that still
// wait, behind a place; it returns the place of the last one, and whether there may be more.
func (tx *Tx) Undelivered(t desk.Target, state DeliveryState, after LanePlace, tickets int) (found []Delivery, last LanePlace, more bool, err error) {
	order := "due"
	if state == DeliveryFailed {
		order = "dead_at"
	}
	page := `(SELECT ticket_id, target_id, again, first, head, tail, tries, due, lease, dead_at FROM lane WHERE target_id = $1 AND ` + order + ` > 0 AND (` + order + `, ticket_id, again) > ($2, $3, $4)
 AND (again = '' OR again = CAST(head AS text)) ORDER BY ` + order + `, ticket_id, again LIMIT $5) AS l`
	rows, args := 0, []any{sql.Micros(after.At), after.TicketID, after.Again, tickets}
	err = tx.sql.Each(`SELECT `+order+`, ticket_id, again FROM `+page, append([]any{t.ID}, args...), func(scan func(dest ...any) error) error {
		var when int64
		err := scan(&when, &last.TicketID, &last.Again)
		rows++
		last.At = sql.At(when)
		return err
	})
	if err != nil || rows == 0 {
		return nil, after, false, err
	}
	found, err = tx.deliveries(t, deliveredEvent+standing("l")+`, 0, 0, 0, 0 FROM `+page+` JOIN event e ON e.ticket_id = l.ticket_id AND e.seq >= l.head JOIN ticket k ON k.id = l.ticket_id JOIN target t ON t.id = l.target_id
 WHERE l.again = CAST(e.seq AS text) OR l.again = '' AND `+sent+` ORDER BY l.`+order+`, l.ticket_id, l.again, e.seq`, args...)
	return found, last, rows == tickets, err
}

// deliveries reads the deliveries of a query, with their attempts. The first argument of the query is the target.
func (tx *Tx) deliveries(t desk.Target, query string, args ...any) (found []Delivery, err error) {
	err = tx.sql.Each(query, append([]any{t.ID}, args...), func(scan func(dest ...any) error) error {
		var d Delivery
		var when int64
		var lane, again place
		err := scan(&d.Event.TicketID, &d.Event.Seq, &d.Event.Type, &d.Cursor, &when, &d.TicketNumber, &lane.head, &lane.tries, &lane.due, &lane.dead, &again.head, &again.tries, &again.due, &again.dead)
		d.Event.At = sql.At(when)
		if d.stand(lane); again.head > 0 && d.State != DeliveryPending && d.State != DeliveryFailed {
			d.stand(again)
		}
		found = append(found, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, tx.readAttempts(t, found)
}

// readAttempts adds their attempts to deliveries.
func (tx *Tx) readAttempts(t desk.Target, found []Delivery) error {
	places := map[string]*Delivery{}
	for i := range found {
		places[found[i].Event.ID()] = &found[i]
	}
	tx.sql.LookAtRows(attemptsOf, len(found), func(n int) []any { return []any{found[n].Event.TicketID, t.ID, found[n].Event.Seq} }, func(scan func(dest ...any) error) error {
		a := Attempt{LaneID: LaneID{TargetID: t.ID}}
		var when, took int64
		err := scan(&a.TicketID, &a.Seq, &a.Again, &a.Fence, &when, &took, &a.Class, &a.Status, &a.Said, &a.Doubtful)
		a.At, a.Took = sql.At(when), time.Duration(took)*time.Microsecond
		if d := places[a.TicketID+"-"+strconv.FormatInt(a.Seq, 10)]; d != nil {
			d.Attempts = append(d.Attempts, a)
		}
		return err
	})
	err := tx.sql.Send()
	for i := range found {
		found[i].end()
	}
	return err
}

// end decides by the attempts what became of a delivery that no lane owes.
func (d *Delivery) end() {
	good, skipped := slices.ContainsFunc(d.Attempts, Attempt.good), slices.ContainsFunc(d.Attempts, Attempt.skipped)
	switch {
	case d.State == DeliveryPending || d.State == DeliveryFailed:
	case good:
		d.State = DeliveryDelivered
	case skipped:
		d.State = DeliverySkipped
	case d.State == "":
		d.State = DeliveryFailed
	}
}

func (a Attempt) skipped() bool { return a.Class == ClassSkipped }

func (a Attempt) good() bool { return a.Status >= 200 && a.Status <= 299 }

var attemptsOf = sql.Over(`SELECT a.ticket_id, a.seq, a.again, a.fence, a.at, a.took, a.class, a.status, a.said, a.doubtful FROM (VALUES `, 3, []string{"text", "text", "bigint"},
	`) AS v JOIN attempt a ON a.ticket_id = v.column1 AND a.target_id = v.column2 AND a.seq = v.column3 ORDER BY a.ticket_id, a.seq, a.at, a.fence`)

// place is where a lane stands, in the columns of standing.
type place struct{ head, tries, due, dead int64 }

// stand decides where the delivery stands by a lane. What it owes no more was delivered; of what it never owed, that is not
// known.
func (d *Delivery) stand(in place) {
	d.State, d.Tries, d.Next = DeliveryPending, 0, time.Time{}
	switch {
	case in.head == 0:
		d.State = ""
	case d.Event.Seq < in.head:
		d.State = DeliveryDelivered
	case in.dead > 0:
		d.State = DeliveryFailed
	}
	if d.Event.Seq != in.head {
		return
	}
	d.Tries = int(in.tries)
	if d.State == DeliveryPending {
		d.Next = sql.At(in.due)
	}
}

// Lane is where the deliveries of a ticket to a target stand.
type Lane struct {
	LaneID
	Head, Tail int64
	Fence      int64
	Taken      bool // a node has it
	Dead       bool
	Next       int64 // seq of the first owed event that the target wants, from the one on that was asked for; 0: none
}

// LaneOf reads and locks the lane of a ticket to a target, or ErrNotFound, and what it owes from a seq on.
func (tx *Tx) LaneOf(t desk.Target, ticketID string, from int64) (Lane, error) {
	return tx.lane(LaneID{TicketID: ticketID, TargetID: t.ID}, from)
}

// LaneAgain reads and locks the lane in which a single event is sent to a target once more, or ErrNotFound.
func (tx *Tx) LaneAgain(t desk.Target, ticketID string, seq int64) (Lane, error) {
	return tx.lane(LaneID{TicketID: ticketID, TargetID: t.ID, Again: strconv.FormatInt(seq, 10)}, seq)
}

func (tx *Tx) lane(id LaneID, from int64) (Lane, error) {
	l := Lane{LaneID: id}
	var lease, dead int64
	err := tx.sql.One(`SELECT head, tail, fence, lease, dead_at FROM lane WHERE ticket_id = $1 AND target_id = $2 AND again = $3`+tx.store.engine.Dialect().ForUpdate,
		[]any{id.TicketID, id.TargetID, id.Again}, &l.Head, &l.Tail, &l.Fence, &lease, &dead)
	if err != nil {
		return l, err
	}
	l.Taken, l.Dead = lease > sql.Micros(tx.store.Now()), dead > 0
	err = tx.sql.One(`SELECT COALESCE(MIN(o.seq), 0) FROM event o JOIN lane l ON l.ticket_id = $1 AND l.target_id = $2 AND l.again = $3 JOIN target t ON t.id = l.target_id WHERE `+wanted+` AND o.seq >= $4`,
		[]any{id.TicketID, id.TargetID, id.Again, from}, &l.Next)
	return l, err
}

// Revive lets a lane try its next event at once, with all its attempts.
func (tx *Tx) Revive(l LaneID, when time.Time) {
	tx.sql.Exec(`UPDATE lane SET tries = 0, dead_at = 0, due = $1 WHERE ticket_id = $2 AND target_id = $3 AND again = $4 AND tail >= head`, sql.Micros(when), l.TicketID, l.TargetID, l.Again)
}

// SkipNext lets a lane do without its next event. Nobody may have the lane; who had it and comes back later settles nothing.
func (tx *Tx) SkipNext(l Lane, when time.Time) {
	l.Fence++
	tx.sql.Exec(`UPDATE lane SET fence = $1 WHERE ticket_id = $2 AND target_id = $3 AND again = $4`, l.Fence, l.TicketID, l.TargetID, l.Again)
	tx.settle([]Settled{{LaneID: l.LaneID, Fence: l.Fence, Head: l.Next + 1}}, when)
	tx.insertAttempts([]Attempt{{LaneID: l.LaneID, Seq: l.Next, Fence: l.Fence, At: when, Class: ClassSkipped}}) // behind the last one
}

// SendAgain owes an event of a ticket to a target once more, whether or not it got it, besides what it is owed anyway. The
// fence of the lane begins with the time: the log of attempts tells it from those of the same event before.
func (tx *Tx) SendAgain(ticketID, target string, seq int64, when time.Time) {
	tx.sql.Exec(`INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at) VALUES ($1, $2, $3, $4, $4, $4, 0, $5, $5, 0, 0)
 ON CONFLICT (ticket_id, target_id, again) DO UPDATE SET tries = 0, due = excluded.due, dead_at = 0 WHERE lane.dead_at > 0`, ticketID, target, strconv.FormatInt(seq, 10), seq, sql.Micros(when))
}

// SendRangeAgain owes to a target once more what it was told from one place of its partner's feed to another, both
// included; what is undelivered stays as it is. An endpoint is told also of what happened before it was registered.
func (tx *Tx) SendRangeAgain(t desk.Target, from, until int64, when time.Time) (tickets int, err error) {
	lanes := ` LEFT JOIN lane l ON l.ticket_id = e.ticket_id AND l.target_id = $1 AND l.again = ''`
	if t.Kind == desk.TicketTarget {
		lanes = ` JOIN lane l ON l.ticket_id = e.ticket_id AND l.target_id = $1 AND l.again = ''`
	}
	err = tx.sql.Each(`INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at)
 SELECT e.ticket_id, CAST($1 AS text), CAST($2 AS text), MIN(e.seq), MIN(e.seq), MAX(e.seq), 0, CAST($3 AS bigint), CAST($3 AS bigint), 0, 0 FROM event e`+lanes+`
 WHERE e.partner_id = $4 AND e.feed_number >= $5 AND e.feed_number <= $6 AND e.feed_number > 0 AND (l.head IS NULL OR e.seq < l.head OR l.head > l.tail)
 AND ($7 = '' OR REPLACE($7, e.type, '') <> $7) AND ($8 OR `+foreign+`) GROUP BY e.ticket_id
 ON CONFLICT (ticket_id, target_id, again) DO UPDATE SET tries = 0, due = excluded.due, dead_at = 0 WHERE lane.dead_at > 0 RETURNING 1`,
		[]any{t.ID, fmt.Sprintf("%d-%d", from, until), sql.Micros(when), t.PartnerID, from, until, eventList(t.Events), t.Echo}, counting(&tickets))
	return tickets, err
}

// ProbeAt lets a target whose circuit is open be tried at a time, unless it is tried before.
func (tx *Tx) ProbeAt(target string, when time.Time) {
	tx.sql.Exec(`UPDATE target SET probe_at = $1 WHERE id = $2 AND opened_at > 0 AND probe_at > $1`, sql.Micros(when), target)
}

// counting returns what counts the rows that a statement gives back.
func counting(rows *int) func(scan func(dest ...any) error) error {
	return func(scan func(dest ...any) error) error {
		var one int
		*rows++
		return scan(&one)
	}
}

// ReviveAll lets lanes of a target try at once that wait for a person or for their next attempt, and returns how many.
func (s *Store) ReviveAll(ctx context.Context, target string, limit int) (revived int, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		revived = 0
		now := sql.Micros(s.Now())
		for _, which := range []string{`dead_at > 0 ORDER BY dead_at`, `due > 0 AND due > $1 AND lease = 0 ORDER BY due`} {
			err := tx.sql.Each(`UPDATE lane SET tries = 0, dead_at = 0, due = $1 WHERE (ticket_id, target_id, again) IN
 (SELECT ticket_id, target_id, again FROM lane WHERE target_id = $2 AND `+which+` LIMIT $3`+s.engine.Dialect().SkipLocked+`) RETURNING 1`,
				[]any{now, target, limit - revived}, counting(&revived))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return revived, err
}

// AttemptTargets lists the targets of which the log of deliveries tells.
func (s *Store) AttemptTargets(ctx context.Context) (ids []string, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		ids = nil
		return tx.sql.Each(`WITH RECURSIVE walk (id) AS (SELECT MIN(target_id) FROM attempt
 UNION ALL SELECT (SELECT MIN(a.target_id) FROM attempt a WHERE a.target_id > walk.id) FROM walk WHERE walk.id IS NOT NULL)
 SELECT id FROM walk WHERE id IS NOT NULL`, nil, func(scan func(dest ...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// OldAttempts counts the entries of a target in the log of deliveries that are older than a time.
func (tx *Tx) OldAttempts(target string, before time.Time) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM attempt WHERE target_id = $1 AND at < $2`, []any{target, sql.Micros(before)}, &n)
	return n, err
}

// ForgetAttempts removes old entries of a target from the log of deliveries, at most limit, and returns how many.
func (s *Store) ForgetAttempts(ctx context.Context, target string, before time.Time, limit int) (gone int, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		gone = 0
		return tx.sql.Each(`DELETE FROM attempt WHERE (ticket_id, target_id, seq, again, fence) IN
 (SELECT ticket_id, target_id, seq, again, fence FROM attempt WHERE target_id = $1 AND at < $2 ORDER BY at LIMIT $3) RETURNING 1`,
			[]any{target, sql.Micros(before), limit}, counting(&gone))
	})
	return gone, err
}

// DeletedTarget reads the id and the partner of the target that was deleted first, if that was before a time, or ErrNotFound.
func (tx *Tx) DeletedTarget(before time.Time) (t desk.Target, err error) {
	err = tx.sql.One(`SELECT id, partner_id FROM target WHERE deleted_at > 0 AND deleted_at < $1 ORDER BY deleted_at LIMIT 1`, []any{sql.Micros(before)}, &t.ID, &t.PartnerID)
	return t, err
}

// ForgetTarget removes what a deleted target left of the tickets of which some places of its partner's feed tell, behind one
// of them; nothing else leads to lanes that owe nothing. At the end of the feed it removes the target itself. It returns
// how many rows it removed.
func (s *Store) ForgetTarget(ctx context.Context, t desk.Target, after, places int64) (gone int, end bool, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		head, err := tx.FeedEnd(t.PartnerID)
		if err != nil {
			return err
		}
		gone, end = 0, after+places >= head
		err = tx.sql.Each(`DELETE FROM lane WHERE target_id = $1 AND ticket_id IN (SELECT ticket_id FROM event WHERE partner_id = $2 AND feed_number > $3 AND feed_number <= $4 AND feed_number > 0) RETURNING 1`,
			[]any{t.ID, t.PartnerID, after, after + places}, counting(&gone))
		if end {
			gone++
			tx.sql.Exec(`DELETE FROM target WHERE id = $1`, t.ID)
		}
		return err
	})
	return gone, end, err
}
