package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// sequencedAtOnce bounds the work of one run of the sequencer, and so how long its lock is held.
const sequencedAtOnce = 500

// Sequence numbers committed events and seals committed audit entries, behind the commits that made them: one place
// of the whole installation gives the numbers, so that no writer waits for a counter. seal makes an entry's link from
// the previous one's and the entry. It returns how much there was to do; 0 also when another node is at it.
func (s *Store) Sequence(ctx context.Context, seal func(previous string, e desk.AuditEntry) string) (int, error) {
	numbered, sealed, err := s.sequence(ctx, seal)
	return numbered + sealed, err
}

// sequence is Sequence with its two results apart: how many events were numbered, and how many entries sealed.
func (s *Store) sequence(ctx context.Context, seal func(previous string, e desk.AuditEntry) string) (numbered, sealed int, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		numbered, sealed = 0, 0
		var events, entries int64
		var mac string
		err := tx.one(`SELECT event_number, audit_number, audit_mac FROM sequencer WHERE id = 1`+s.engine.dialect().skipLocked, nil, &events, &entries, &mac)
		if err != nil {
			return nilIfNotFound(err) // not found: another node holds it
		}
		if numbered, err = tx.numberEvents(events); err != nil {
			return err
		}
		if sealed, mac, err = tx.sealEntries(entries, mac, seal); err != nil || numbered+sealed == 0 {
			return err
		}
		tx.exec(`UPDATE sequencer SET event_number = $1, audit_number = $2, audit_mac = $3 WHERE id = 1`, events+int64(numbered), entries+int64(sealed), mac)
		if notify := s.engine.dialect().notify; notify != "" && numbered > 0 { // nobody waits for seals
			tx.exec(notify)
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	s.metrics.numbered.Add(float64(numbered))
	s.metrics.sealed.Add(float64(sealed))
	return numbered, sealed, nil
}

func nilIfNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// numberEvents gives the next numbers to events that have none: within a ticket in its own order, over tickets in the
// order of time as far as it is known.
func (tx *Tx) numberEvents(last int64) (int, error) {
	pending, err := tx.pendingEvents()
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	heads, err := tx.feedHeads(pending)
	if err != nil {
		return 0, err
	}
	moved := map[string]bool{}
	for _, e := range pending {
		last++
		feed := int64(0)
		if head, has := heads[e.PartnerID]; has && e.Type.Public() {
			feed, heads[e.PartnerID], moved[e.PartnerID] = head+1, head+1, true
		}
		tx.exec(`UPDATE event SET number = $1, feed_number = $2 WHERE ticket_id = $3 AND seq = $4`, last, feed, e.TicketID, e.Seq)
	}
	for partner := range moved {
		tx.exec(`UPDATE partner SET feed_head = $1 WHERE id = $2`, heads[partner], partner)
	}
	return len(pending), nil
}

// pendingEvents reads events without a number. The index gives a ticket's events in their order, so that no limit can
// take a later one without the earlier.
func (tx *Tx) pendingEvents() ([]desk.Event, error) {
	var pending []desk.Event
	err := tx.each(`SELECT ticket_id, seq, type, partner_id, at FROM event WHERE number = 0 ORDER BY ticket_id, seq LIMIT $1`,
		[]any{sequencedAtOnce}, func(scan func(dest ...any) error) error {
			var e desk.Event
			var when int64
			err := scan(&e.TicketID, &e.Seq, &e.Type, &e.PartnerID, &when)
			e.At = at(when)
			pending = append(pending, e)
			return err
		})
	// A ticket's time never runs backwards, so that this keeps its events in their order.
	slices.SortStableFunc(pending, func(a, b desk.Event) int { return a.At.Compare(b.At) })
	return pending, err
}

// feedHeads reads the newest feed number of each partner among the events. One whose partner is not known has no feed:
// it must not keep all the others from theirs.
func (tx *Tx) feedHeads(events []desk.Event) (map[string]int64, error) {
	heads, looked := map[string]int64{}, map[string]bool{}
	for _, e := range events {
		if looked[e.PartnerID] {
			continue
		}
		looked[e.PartnerID] = true
		var head int64
		err := tx.one(`SELECT feed_head FROM partner WHERE id = $1`, []any{e.PartnerID}, &head)
		if err == nil {
			heads[e.PartnerID] = head
		} else if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return heads, nil
}

// sealEntries chains audit entries that have no number yet.
func (tx *Tx) sealEntries(last int64, mac string, seal func(string, desk.AuditEntry) string) (int, string, error) {
	pending, err := tx.auditEntries(`SELECT `+auditColumns+` FROM audit WHERE number = 0 ORDER BY id LIMIT $1`, sequencedAtOnce)
	for _, e := range pending {
		last++
		e.Number = last
		mac = seal(mac, e)
		tx.exec(`UPDATE audit SET number = $1, mac = $2 WHERE id = $3`, last, mac, e.ID)
	}
	return len(pending), mac, err
}

// RunSequencer keeps numbering and sealing until ctx ends: at once after a commit of this process, and every so often
// for those of others. numbered is called after each run that numbered events.
func (s *Store) RunSequencer(ctx context.Context, seal func(previous string, e desk.AuditEntry) string, every time.Duration, numbered func()) {
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
		case <-tick.C:
		}
		for ctx.Err() == nil {
			events, entries, err := s.sequence(ctx, seal)
			if err != nil && ctx.Err() == nil {
				s.log.Warn("numbering events failed, trying again", "error", err)
			}
			if events+entries == 0 {
				break
			}
			if events > 0 {
				numbered()
			}
		}
	}
}
