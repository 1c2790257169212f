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

// demo fills an empty desk and returns what tells, once the desk is served, how to try it.
func (p *program) demo(context.Context, *opened, *demoClock) (func(url string) error, error) {
	return func(string) error { return nil }, nil
}
