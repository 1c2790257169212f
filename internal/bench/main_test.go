package bench

import (
	"fmt"
	"os"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// baselineVariable makes this test binary serve the baseline instead of running tests, as a process of its own.
const baselineVariable = "BENCH_SERVE_BASELINE"

func TestMain(m *testing.M) {
	if os.Getenv(baselineVariable) != "" {
		if err := serveBaseline(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	status := m.Run()
	if err := desktest.RemoveProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}
