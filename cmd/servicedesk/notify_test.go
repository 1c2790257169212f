package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// listening is a supervisor's socket, and what came to it.
func listening(t *testing.T) (path string, told <-chan string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	states := make(chan string, 1000)
	go func() {
		defer close(states)
		state := make([]byte, 4096)
		for {
			n, err := conn.Read(state)
			if err != nil {
				return
			}
			states <- string(state[:n])
		}
	}()
	return path, states
}

// heard waits for a message.
func heard(t *testing.T, told <-chan string, want string) {
	t.Helper()
	var before []string
	late := time.After(30 * time.Second)
	for {
		select {
		case state := <-told:
			if slices.Contains(strings.Split(state, "\n"), want) {
				return
			}
			before = append(before, state)
		case <-late:
			t.Fatalf("%s never came, but %q", want, before)
		}
	}
}

func TestASupervisorHearsThatTheDeskIsReadyLivesAndStops(t *testing.T) {
	t.Parallel()
	socket, told := listening(t)
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=200000"}
	p := in.Serve(t)
	heard(t, told, "READY=1")
	heard(t, told, "WATCHDOG=1")
	heard(t, told, "WATCHDOG=1")
	p.Terminate(t)
	heard(t, told, "STOPPING=1")
	if status := p.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestASupervisorThatIsGoneStopsNothing(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "nobody")}
	p := in.Serve(t)
	p.Stop(t)
	if log := p.Log.String(); !strings.Contains(log, "telling the supervisor failed") {
		t.Errorf("the log does not tell: %s", log)
	}
}
