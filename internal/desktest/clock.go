package desktest

import (
	"sync"
	"time"
)

// Clock is a clock that a test moves. It starts at Start and stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is the time at which a Clock starts: the moment of the API document's examples.
var Start = time.Date(2024, 12, 19, 10, 30, 0, 0, time.UTC)

// NewClock makes a clock that shows Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
