package main

import (
	"context"
	"sync/atomic"
	"time"
)

// demoClock is the wall clock; while demo data is made it stands at the moment of the day that is being told.
type demoClock struct{ fixed atomic.Pointer[time.Time] }

// Now returns the time.
func (c *demoClock) Now() time.Time {
	if t := c.fixed.Load(); t != nil {
		return *t
	}
	return time.Now()
}

func (p *program) fillDemo(ctx context.Context, o *opened, clock *demoClock) error {
	return nil
}
