package store

import (
	"context"
	"sync"
)

// numbersAtOnce is how many ticket numbers a node takes at a time. Numbers that it did not use when it stopped
// cleanly are given back; after a crash they stay unused.
const numbersAtOnce = 100

// numberBlock holds the ticket numbers that this node took and has not used yet.
type numberBlock struct {
	mu    sync.Mutex
	next  int64
	end   int64           // the first number that is not ours
	spare chan blockTaken // the next block, being taken; nil when none is
}

// blockTaken is a block of numbers, or why there is none.
type blockTaken struct {
	next, end int64
	err       error
}

// TakeNumber returns a ticket number that nobody else has or will have: decimal, increasing on this node, with gaps.
// It needs no transaction of its own, but for one every hundred numbers, taken ahead. It returns an Error of code
// Unavailable when the database cannot be used.
func (s *Store) TakeNumber(ctx context.Context) (int64, error) {
	b := &s.numbers
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spare == nil && b.end-b.next <= numbersAtOnce/2 {
		b.spare = make(chan blockTaken, 1)
		go s.takeBlock(context.WithoutCancel(ctx), b.spare)
	}
	if b.next == b.end {
		taken := <-b.spare
		b.spare = nil
		if taken.err != nil {
			return 0, taken.err
		}
		b.next, b.end = taken.next, taken.end
	}
	b.next++
	return b.next - 1, nil
}

// takeBlock takes the next numbers durably, before any of them is used.
func (s *Store) takeBlock(ctx context.Context, to chan<- blockTaken) {
	var last int64
	err := s.writeAlone(ctx, func(tx *Tx) error {
		return tx.one(`UPDATE counter SET value = value + $1 WHERE name = 'ticket' RETURNING value`, []any{numbersAtOnce}, &last)
	})
	to <- blockTaken{next: last - numbersAtOnce + 1, end: last + 1, err: err}
}

// returnNumbers gives back what this node took last, if nobody took more since, so that a restart leaves no gap.
func (s *Store) returnNumbers() {
	b := &s.numbers
	b.mu.Lock()
	defer b.mu.Unlock()
	blocks := []blockTaken{{next: b.next, end: b.end}}
	if b.spare != nil {
		blocks = append(blocks, <-b.spare)
		b.spare = nil
	}
	for i := len(blocks) - 1; i >= 0; i-- {
		block := blocks[i]
		if block.err != nil || block.next == block.end {
			continue
		}
		_ = s.writeAlone(context.Background(), func(tx *Tx) error { // a gap is allowed
			tx.exec(`UPDATE counter SET value = $1 WHERE name = 'ticket' AND value = $2`, block.next-1, block.end-1)
			return nil
		})
	}
	b.next, b.end = 0, 0
}

// StartNumbers sets the number of the first ticket, on a database that has none yet.
func (tx *Tx) StartNumbers(first int64) {
	tx.exec(`INSERT INTO counter (name, value) VALUES ('ticket', $1) ON CONFLICT (name) DO NOTHING`, first-1)
}
