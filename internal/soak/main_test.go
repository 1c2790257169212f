package soak_test

import (
	"fmt"
	"os"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if err := desktest.RemoveProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// size picks how much a test does: normally, and in a soak.
func size(normal, full int) int {
	if inFull() {
		return full
	}
	return normal
}

// inFull reports whether this is a soak.
func inFull() bool { return os.Getenv("SERVICEDESK_SOAK") == "full" }
