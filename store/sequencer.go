package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Sealer makes an audit entry's link of the chain from the previous one's and the entry.
type Sealer = func(previous string, e desk.AuditEntry) string

// sequencedAtOnce bounds the work of one run of the sequencer, and so how long its lock is held.
const sequencedAtOnce = 500

// sequencePause is between two runs of the sequencer behind the commits: what comes meanwhile shares a run, and the next
// commit need not wait for the disk behind each run's.
const sequencePause = 5 * time.Millisecond

// Sequence numbers committed events and seals committed audit entries, behind the commits that made them: one place
// of the whole installation gives the numbers, so that no writer waits for a counter. It returns how much there was to
// do; 0 also when another node is at it.
func (s *Store) Sequence(ctx context.Context, seal Sealer) (int, error) {
	did, err := s.sequence(ctx, seal)
	return did.numbered + did.sealed, err
}

// sequenced is what a run of the sequencer did.
type sequenced struct {
	numbered, sealed int  // events and entries
	busy             bool // nothing, for somebody else has the sequencer's lock
}

// full reports whether there may be more to do.
func (d sequenced) full() bool { return max(d.numbered, d.sealed) == sequencedAtOnce }

func (s *Store) sequence(ctx context.Context, seal Sealer) (did sequenced, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		did = sequenced{}
		w, err := tx.work()
		if err != nil || !w.ours || len(w.events)+len(w.entries) == 0 {
			did.busy = !w.ours
			return err
		}
		numbered, sealed := len(w.events), len(w.entries)
		did.numbered, did.sealed = numbered, sealed
		tx.numberEvents(w.last.events, w.pending)
		mac := chain(w.last.entries, w.last.mac, w.entries, seal)
		tx.sql.ExecRows(sealRows, sealed, func(n int) []any {
			e := &w.entries[n]
			return []any{e.ID, e.Number, e.MAC}
		})
		tx.advance(given{w.last.events + int64(numbered), w.last.entries + int64(sealed), mac})
		if notify := s.engine.Dialect().Notify; notify != "" && numbered > 0 { // nobody waits for seals
			tx.sql.Exec(notify)
		}
		return nil
	})
	if err != nil {
		return sequenced{}, err
	}
	s.metrics.numbered.Add(float64(did.numbered))
	s.metrics.sealed.Add(float64(did.sealed))
	return did, nil
}

// errNoSequencer says that what the sequencer gave out last is nowhere to be found.
var errNoSequencer = errors.New("store: the table sequencer has lost its row; restore a backup")

// given is what the sequencer gave out last.
type given struct {
	events, entries int64
	mac             string
}

// given returns the statement that reads what was given out last, and keeps others from giving out more. It finds nothing
// while another node does that.
func (s *Store) given() string {
	return `SELECT event_number, audit_number, audit_mac FROM sequencer WHERE id = 1` + s.engine.Dialect().SkipLocked
}

// advance notes what was given out.
func (tx *Tx) advance(last given) {
	tx.sql.Exec(`UPDATE sequencer SET event_number = $1, audit_number = $2, audit_mac = $3 WHERE id = 1`, last.events, last.entries, last.mac)
}

// work is what waits for the sequencer.
type work struct {
	ours bool // no other node is at it
	last given
	pending
	entries []desk.AuditEntry
}

// work reads what waits, in one round trip.
func (tx *Tx) work() (w work, err error) {
	tx.sql.Look(tx.store.given(), nil, func(scan func(dest ...any) error) error {
		w.ours = true
		return scan(&w.last.events, &w.last.entries, &w.last.mac)
	})
	tx.sql.Look(pendingEvents, []any{sequencedAtOnce}, w.pending.scan)
	w.entries, err = tx.auditEntries(`SELECT `+auditColumns+` FROM audit WHERE number = 0 ORDER BY id LIMIT $1`, sequencedAtOnce)
	if err == nil && !w.ours && tx.store.engine.Dialect().SkipLocked == "" {
		err = errNoSequencer
	}
	return w, err
}

// How pending rows get their numbers and seals, many at once.
var (
	numberRows = sql.Over(`UPDATE event SET number = v.column3, feed_number = v.column4 FROM (VALUES `, 4, []string{"text", "bigint", "bigint", "bigint"},
		`) AS v WHERE event.ticket_id = v.column1 AND event.seq = v.column2`)
	sealRows = sql.Over(`UPDATE audit SET number = v.column2, mac = v.column3 FROM (VALUES `, 3, []string{"text", "bigint", "text"}, `) AS v WHERE audit.id = v.column1`)
)

// pending are events without a number.
type pending struct {
	events []desk.Event
	feeds  map[string]feed // of their partners
}

// feed is what the sequencer knows of a partner's feed.
type feed struct {
	head  int64 // the newest number
	tests bool  // the partner's tickets are tests
}

// pendingEvents reads them. The index gives a ticket's events in their order, so that no limit can take a later one
// without the earlier.
const pendingEvents = `SELECT e.ticket_id, e.seq, e.type, e.partner_id, e.at, COALESCE(k.partner_id, ''), COALESCE(p.feed_head, -1), COALESCE(p.test_of, '') <> ''
 FROM event e LEFT JOIN partner p ON p.id = e.partner_id LEFT JOIN api_key k ON k.id = e.actor_id
 WHERE e.number = 0 ORDER BY e.ticket_id, e.seq LIMIT $1`

func (p *pending) scan(scan func(dest ...any) error) error {
	var e desk.Event
	var when int64
	var of feed
	err := scan(&e.TicketID, &e.Seq, &e.Type, &e.PartnerID, &when, &e.Actor.PartnerID, &of.head, &of.tests)
	e.At = sql.At(when)
	p.events = append(p.events, e)
	if p.feeds == nil {
		p.feeds = map[string]feed{}
	}
	if of.head >= 0 {
		p.feeds[e.PartnerID] = of
	}
	return err
}

// numberEvents gives the next numbers to pending events, within a ticket in its own order, over tickets in the order of
// time as far as it is known; and notes to whom they are owed.
func (tx *Tx) numberEvents(last int64, p pending) {
	// A ticket's time never runs backwards, so that this keeps its events in their order.
	slices.SortStableFunc(p.events, func(a, b desk.Event) int { return a.At.Compare(b.At) })
	tx.giveNumbers(last, p)
	tx.sql.ExecRows(numberRows, len(p.events), func(n int) []any {
		e := &p.events[n]
		return []any{e.TicketID, e.Seq, e.Number, e.FeedNumber}
	})
	tx.owe(p.events)
}

// giveNumbers gives events the numbers after the last one, and those of their partners' feeds. One whose partner is not
// known has no feed: it must not keep all the others from theirs. The number of a test is negative: whoever reads the order
// of the installation does not meet it.
func (tx *Tx) giveNumbers(last int64, p pending) {
	moved := map[string]bool{}
	for i := range p.events {
		e := &p.events[i]
		last++
		e.Number = last
		of, has := p.feeds[e.PartnerID]
		if of.tests {
			e.Number = -last
		}
		if has && e.Type.Public() {
			of.head++
			e.FeedNumber, p.feeds[e.PartnerID], moved[e.PartnerID] = of.head, of, true
		}
	}
	for partner := range moved {
		tx.sql.Exec(`UPDATE partner SET feed_head = $1 WHERE id = $2`, p.feeds[partner].head, partner)
	}
}

// feeds reads the feed of each partner among the events.
func (tx *Tx) feeds(events []desk.Event) (map[string]feed, error) {
	feeds, looked := map[string]feed{}, map[string]bool{}
	for _, e := range events {
		if looked[e.PartnerID] {
			continue
		}
		looked[e.PartnerID] = true
		var of feed
		err := tx.sql.One(`SELECT feed_head, test_of <> '' FROM partner WHERE id = $1`, []any{e.PartnerID}, &of.head, &of.tests)
		if err == nil {
			feeds[e.PartnerID] = of
		} else if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return feeds, nil
}

// chain seals entries behind the last one, and returns the seal of the newest.
func chain(last int64, mac string, entries []desk.AuditEntry, seal Sealer) string {
	for i := range entries {
		e := &entries[i]
		last++
		e.Number = last
		mac = seal(mac, *e)
		e.MAC = mac
	}
	return mac
}

// records are what a closure recorded, to be stored with its changes.
type records struct {
	tickets []*desk.Ticket
	events  []desk.Event
	entries []desk.AuditEntry
}

func (r *records) empty() bool { return len(r.tickets)+len(r.events)+len(r.entries) == 0 }

func (r *records) add(more records) {
	if r.empty() {
		*r = more
		return
	}
	r.tickets = append(r.tickets, more.tickets...)
	r.events, r.entries = append(r.events, more.events...), append(r.entries, more.entries...)
}

// conclude stores what the writes of a transaction recorded. Where transactions are one after the other, the sequencer
// works inside of them; so it does in one that stands alone and holds audit entries only.
func (tx *Tx) conclude(r records, alone bool) error {
	if r.empty() {
		return tx.sql.Err
	}
	tx.insertTickets(r.tickets)
	inside := tx.store.engine.Dialect().Serial || alone && len(r.events) == 0
	if seal := tx.store.sealer.Load(); seal != nil && inside {
		if err := tx.sequenceAtOnce(r, *seal); err != nil {
			return err
		}
	}
	tx.insertEvents(r.events)
	tx.insertEntries(r.entries)
	return tx.sql.Err
}

// sequenceAtOnce numbers and seals records before they are stored; while another node has the sequencer's lock it does
// nothing. Events that another process left without a number come first: they may be of the same tickets. Events must be
// given where transactions are one after the other only: elsewhere some of the same ticket may be on their way.
func (tx *Tx) sequenceAtOnce(r records, seal Sealer) error {
	var last given
	err := tx.sql.One(tx.store.given(), nil, &last.events, &last.entries, &last.mac)
	switch {
	case errors.Is(err, ErrNotFound) && tx.store.engine.Dialect().SkipLocked == "":
		return sql.Blame(errNoSequencer)
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	for len(r.events) > 0 {
		var left pending
		if err := tx.sql.Each(pendingEvents, []any{sequencedAtOnce}, left.scan); err != nil {
			return err
		}
		if len(left.events) == 0 {
			break
		}
		tx.numberEvents(last.events, left)
		last.events += int64(len(left.events))
	}
	feeds, err := tx.feeds(r.events)
	if err != nil {
		return err
	}
	tx.giveNumbers(last.events, pending{r.events, feeds})
	tx.owe(r.events)
	last.mac = chain(last.entries, last.mac, r.entries, seal)
	tx.advance(given{last.events + int64(len(r.events)), last.entries + int64(len(r.entries)), last.mac})
	return tx.sql.Err
}

// RunSequencer keeps numbering and sealing until ctx ends: at once after a commit of this process, and every so often
// for those of others. numbered is called after events were numbered. Where transactions are one after the other anyway,
// those of this process number and seal what they store.
func (s *Store) RunSequencer(ctx context.Context, seal Sealer, every time.Duration, numbered func()) {
	atOnce := s.engine.Dialect().Serial
	s.sealer.Store(&seal)
	defer s.sealer.Store(nil)
	wake := make(chan struct{}, 1)
	s.OnCommit(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			if atOnce {
				numbered()
				continue
			}
		case <-tick.C:
		}
		for again := true; again && ctx.Err() == nil; {
			again = s.sequenceAll(ctx, seal, numbered)
			select {
			case <-ctx.Done():
			case <-time.After(sequencePause):
			}
		}
	}
}

// sequenceAll numbers and seals what waits. It returns true when it could not, because somebody else had the lock: who that
// is may seal only, and tell nobody.
func (s *Store) sequenceAll(ctx context.Context, seal Sealer, numbered func()) (busy bool) {
	for ctx.Err() == nil {
		did, err := s.sequence(ctx, seal)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("numbering events failed, trying again", "error", err)
		}
		if did.numbered > 0 {
			numbered()
		}
		if !did.full() {
			return did.busy
		}
	}
	return false
}
