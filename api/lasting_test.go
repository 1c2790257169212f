package api_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// lasting are the desks that outlive the test that asked for them first: to make one costs more than most tests.
var lasting = &lastingDesks{desks: map[desktest.Engine]*desktest.Desk{}}

// lastingDesks stands for the test that the desks belong to, and ends with the process.
type lastingDesks struct {
	testing.TB // for the one method that nobody else can have

	making sync.Mutex
	desks  map[desktest.Engine]*desktest.Desk

	mu    sync.Mutex
	after []func()
}

// desk returns the one desk on an engine.
func (l *lastingDesks) desk(e desktest.Engine) *desktest.Desk {
	l.making.Lock()
	defer l.making.Unlock()
	if l.desks[e] == nil {
		l.desks[e] = desktest.NewDesk(l, e)
	}
	return l.desks[e]
}

// Helper does nothing.
func (l *lastingDesks) Helper() {}

// Cleanup keeps what end does.
func (l *lastingDesks) Cleanup(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = append(l.after, f)
}

// TempDir makes a folder that end removes.
func (l *lastingDesks) TempDir() string {
	folder, err := os.MkdirTemp("", "servicedesk-api")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// Fatal ends the process: there is no test to fail.
func (l *lastingDesks) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Fatalf ends the process.
func (l *lastingDesks) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Errorf ends the process.
func (l *lastingDesks) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// end does what was to be done after the test, the last first.
func (l *lastingDesks) end() {
	for i := len(l.after) - 1; i >= 0; i-- {
		l.after[i]()
	}
}
