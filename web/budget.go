package web

import (
	"errors"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// budget is the memory that bodies in flight, and what is made of them, may take together. An eighth is kept for what
// begins, so that a storm of attachments does not keep out the short bodies, which are one part. One API key gets half:
// a partner whose uploads stall keeps nobody out but itself (docs/decisions/0013).
type budget struct {
	mu    sync.Mutex
	left  int64
	kept  int64            // for what begins
	share int64            // of one key
	held  map[string]int64 // by the key's id; nobody's is not counted
}

func newBudget(n int64) *budget {
	return &budget{left: n, kept: n / 8, share: n / 2, held: map[string]int64{}}
}

// Why a reservation is refused; for the log.
var (
	errBudget = errors.New("the budget for bodies in flight is used up")
	errShare  = errors.New("the key holds its share of the budget for bodies in flight")
)

// take reserves bytes for a key, on top of what was taken before for the same body. When there are not enough left, it
// returns an error and reserves nothing.
func (b *budget) take(key string, n, before int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, share := b.kept, b.share
	if before == 0 && n <= wholePart {
		kept, share = 0, b.share+b.kept/2
	}
	switch {
	case b.left-kept < n:
		return errBudget
	case key != "" && b.held[key]+n > share:
		return errShare
	}
	b.left -= n
	if key != "" {
		b.held[key] += n
	}
	return nil
}

// giveBack returns bytes that were taken for a key.
func (b *budget) giveBack(key string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
	if key == "" {
		return
	}
	if b.held[key] -= n; b.held[key] <= 0 {
		delete(b.held, key) // keys come and go
	}
}

// free is how many bytes nobody holds.
func (b *budget) free() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left
}

// Reserve takes bytes of the memory for bodies in flight for what is made of a body; they are given back with the body.
// It returns an Error of code Unavailable when there are not enough left.
func (d *Door) Reserve(r *Request, n int64) error {
	if err := d.budget.take(r.Key.ID, n, r.taken); err != nil {
		return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"2"}, RetryAfter: 2 * time.Second, Err: err}
	}
	r.taken += n
	return nil
}

// release gives back what a request has taken.
func (d *Door) release(r *Request) { d.giveBack(r, r.taken) }

func (d *Door) giveBack(r *Request, n int64) {
	if n > 0 {
		d.budget.giveBack(r.Key.ID, n)
		r.taken -= n
	}
}
