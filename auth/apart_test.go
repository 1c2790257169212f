package auth

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// hashes makes this test binary a process that hashes passwords.
const hashes = "serve-hashes"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == hashes {
		if err := ServeHashes(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const somebodys = "kata sandi rahasia"

// taken takes the only seat of a Hasher and gives it back, to look at its process.
func taken(h *Hasher) seat {
	s := <-h.seats
	defer func() { h.seats <- s }()
	return *s
}

func TestPasswordsAreHashedInAProcessThatGetsWhatNobodyElseWants(t *testing.T) {
	apart, here := NewHasher(HasherOptions{Apart: []string{os.Args[0], hashes}}), NewHasher(HasherOptions{})
	hash, err := apart.Hash(t.Context(), somebodys)
	if err != nil {
		t.Fatal(err)
	}
	first := taken(apart).helper
	if first == nil {
		t.Fatal("no process was started")
	}
	for password, want := range map[string]bool{somebodys: true, "another password": false} {
		for name, h := range map[string]*Hasher{"apart": apart, "here": here} {
			if ok, err := h.Verify(t.Context(), hash, password); ok != want || err != nil {
				t.Errorf("%s, %s: %v (%v)", name, password, ok, err)
			}
		}
	}
	for pid, want := range map[int]uint32{first.cmd.Process.Pid: unix.SCHED_IDLE, os.Getpid(): unix.SCHED_NORMAL} {
		if got, err := unix.SchedGetAttr(pid, 0); err != nil || got.Policy != want {
			t.Errorf("process %d is scheduled by policy %d, want %d (%v)", pid, got.Policy, want, err)
		}
	}
	if taken(apart).helper != first {
		t.Error("every password has a process of its own")
	}
}

func TestAProcessThatEndedIsStartedAnew(t *testing.T) {
	h := NewHasher(HasherOptions{Apart: []string{os.Args[0], hashes}, Log: slog.New(slog.DiscardHandler)})
	hash, err := h.Hash(t.Context(), somebodys)
	if err != nil {
		t.Fatal(err)
	}
	first := taken(h).helper
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), hash, somebodys); !ok || err != nil {
		t.Errorf("%v (%v)", ok, err)
	}
	if second := taken(h).helper; second == nil || second == first {
		t.Errorf("the process is %v", second)
	}
}

func TestPasswordsAreHashedHereWhenNoProcessDoesIt(t *testing.T) {
	for name, command := range map[string][]string{
		"not there": {"/nothing/here"}, "ends at once": {"true"}, "says something else": {"sh", "-c", "cat >&2 & echo '{\"Sum\":\"AAAA\"}'; wait"}, "says no JSON": {"sh", "-c", "echo hello"},
		"gets no time": {"sleep", "100"},
	} {
		var log bytes.Buffer
		h := NewHasher(HasherOptions{Apart: command, Log: slog.New(slog.NewTextHandler(&log, nil))})
		hash, err := h.Hash(t.Context(), somebodys)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := NewHasher(HasherOptions{}).Verify(t.Context(), hash, somebodys); !ok || err != nil {
			t.Errorf("%s: %v (%v)", name, ok, err)
		}
		if said := log.String(); !strings.Contains(said, "sign-ins take time from requests") || strings.Contains(said, somebodys) {
			t.Errorf("%s: the log says %q", name, said)
		}
	}
}

func TestTheProcessEndsWhenNobodyNeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		began := time.Now()
		if err := ServeHashes(t.Context(), r, io.Discard); err != nil || time.Since(began) != idleApart {
			t.Errorf("it ended after %v (%v)", time.Since(began), err)
		}
		w.Close()
		synctest.Wait()
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	if err := ServeHashes(ctx, r, io.Discard); err != nil {
		t.Error(err)
	}
	w.Close()
}

func TestTheProcessRefusesWhatTheProgramDoesNotAsk(t *testing.T) {
	for asked, want := range map[string]string{
		"":      "",
		"hello": "invalid character",
		`{"Memory":9999999,"Time":1,"Threads":1}`: "a hash may not take m=9999999,t=1,p=1",
		`{"Memory":64,"Time":1,"Threads":0}`:      "a hash may not take m=64,t=1,p=0",
	} {
		err := ServeHashes(t.Context(), strings.NewReader(asked), io.Discard)
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) && want != "" {
			t.Errorf("%q: %v, want %q", asked, err, want)
		}
	}
}
