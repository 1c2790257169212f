package store

import (
	"context"
	"errors"
	"sync"

	"banksulutgo.co.id/servicedesk/desk"
)

// numbersAtOnce is how many ticket numbers a node takes at a time. Numbers that it did not use when it stopped
// cleanly are given back; after a crash they stay unused.
const numbersAtOnce = 100

// Names of the counters that ticket numbers are taken from.
const (
	realCounter = "ticket"
	testCounter = "test ticket"
)

// errNoNumbers says that the numbers of tests come next.
var errNoNumbers = errors.New("store: there are no more ticket numbers; the counter 'ticket' has been damaged")

// numberBlock holds the ticket numbers that this node took from a counter and has not used yet.
type numberBlock struct {
	counter string

	mu    sync.Mutex
	next  int64
	end   int64       // the first number that is not ours
	spare *spareBlock // the next block, taken or being taken; nil when none is
}

// spareBlock is a block of numbers that is being taken. Everybody who waits for it hears the same outcome.
type spareBlock struct {
	known     chan struct{} // closed when what follows stands
	next, end int64
	err       error
}

// failed reports whether it is known that there is no block.
func (b *spareBlock) failed() bool { return b.isKnown() && b.err != nil }

func (b *spareBlock) isKnown() bool {
	select {
	case <-b.known:
		return true
	default:
		return false
	}
}

// TakeNumber returns a ticket number that nobody else has or will have: decimal, increasing on this node, with gaps.
// It needs no transaction of its own, but for one every hundred numbers, taken ahead. It returns an Error of code
// Unavailable when the database cannot be used.
func (s *Store) TakeNumber(ctx context.Context) (int64, error) {
	return s.takeNumber(ctx, &s.numbers)
}

// TakeTestNumber is TakeNumber for tickets that are tests: no other ticket ever has one of these numbers.
func (s *Store) TakeTestNumber(ctx context.Context) (int64, error) {
	return s.takeNumber(ctx, &s.testNumbers)
}

func (s *Store) takeNumber(ctx context.Context, from *numberBlock) (int64, error) {
	for {
		number, wait := from.take(func(b *spareBlock) { s.takeBlock(from.counter, b) })
		if wait == nil {
			return number, nil
		}
		select {
		case <-wait.known:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if wait.err != nil {
			return 0, wait.err
		}
	}
}

// take returns the next number, or the block to wait for. The next block is begun when half of this one is used, and
// again when that failed.
func (b *numberBlock) take(begin func(*spareBlock)) (int64, *spareBlock) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spare == nil && b.end-b.next <= numbersAtOnce/2 || b.spare != nil && b.spare.failed() {
		b.spare = &spareBlock{known: make(chan struct{})}
		go begin(b.spare)
	}
	if b.next == b.end {
		if !b.spare.isKnown() || b.spare.err != nil {
			return 0, b.spare
		}
		b.next, b.end, b.spare = b.spare.next, b.spare.end, nil
	}
	b.next++
	return b.next - 1, nil
}

// takeBlock takes the next numbers durably, before any of them is used.
func (s *Store) takeBlock(counter string, b *spareBlock) {
	defer close(b.known)
	var last int64
	b.err = s.writeAlone(context.Background(), func(tx *Tx) error {
		err := tx.sql.One(`UPDATE counter SET value = value + $1 WHERE name = $2 RETURNING value`, []any{numbersAtOnce, counter}, &last)
		if err == nil && counter == realCounter && last >= desk.FirstTestNumber {
			err = errNoNumbers
		}
		return err
	})
	b.next, b.end = last-numbersAtOnce+1, last+1
}

// returnNumbers gives back what this node took last, if nobody took more since, so that a restart leaves no gap.
func (s *Store) returnNumbers() {
	s.returnTo(&s.numbers)
	s.returnTo(&s.testNumbers)
}

func (s *Store) returnTo(b *numberBlock) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spare != nil {
		<-b.spare.known
		if b.spare.err == nil {
			s.returnBlock(b.counter, b.spare.next, b.spare.end)
		}
	}
	s.returnBlock(b.counter, b.next, b.end)
	b.next, b.end, b.spare = 0, 0, nil
}

// returnBlock gives numbers back, unless others were taken after them.
func (s *Store) returnBlock(counter string, next, end int64) {
	if next == end {
		return
	}
	_ = s.writeAlone(context.Background(), func(tx *Tx) error { // a gap is allowed
		tx.sql.Exec(`UPDATE counter SET value = $1 WHERE name = $2 AND value = $3`, next-1, counter, end-1)
		return nil
	})
}

// StartNumbers sets the number of the first ticket, on a database that has none yet.
func (tx *Tx) StartNumbers(first int64) {
	tx.sql.Exec(`INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, realCounter, first-1)
}
