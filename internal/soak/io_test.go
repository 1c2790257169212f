package soak_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// failures are the ways in which a disk fails: system calls, and what they return then. The program changes files with
// these calls only, and the network with none of them.
var failures = []struct {
	name, calls, result string
	nth                 int // which one fails in the small size: one that is called under load, not only at the start
}{
	{"a sync fails", "fsync,fdatasync", "EIO", 11},
	{"a write to the database fails", "pwrite64", "EIO", 70},
	{"the database has no room", "pwrite64", "ENOSPC", 90},
	{"a file of the database cannot be opened", "open", "EIO", 1},
	{"a read of the database fails", "pread64", "EIO", 40},
	{"a file of attachments cannot be opened", "openat", "ENOSPC", 11},
	{"a name cannot be changed", "renameat,linkat,unlinkat,mkdirat,unlink", "EIO", 5},
}

// fails is the command that a program is started with so that some of its calls fail. strace counts in each thread.
func fails(calls, result, when string) []string {
	return []string{"strace", "-D", "-f", "-q", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=" + calls,
		"-e", "inject=" + calls + ":error=" + result + ":when=" + when}
}

// failed lets the program work on a failing disk, and afterwards on a sound one. When the disk fails once, the same
// process must come through; whatever it did, all that it acknowledged must be there afterwards, once.
func (d *desk) failed(t *testing.T, calls, result string, n int, once bool) (refused int) {
	t.Helper()
	when := fmt.Sprintf("%d+%d", n, n)
	if once {
		when = strconv.Itoa(n)
	}
	on := *d
	on.Under = fails(calls, result, when)
	if p, serving := on.Start(t); serving {
		l := on.newLoad(p)
		within := 500 * time.Millisecond
		if once {
			l.most, within = 3, 10*time.Second // long enough for every thread to meet its failure
		}
		go l.stopAfter(within)
		l.run(6)
		if once {
			l.repeat(t, 20*time.Second)
		}
		l.check(t)
		refused = l.refuse
		p.Kill()
	} else if p.Wait(t) != 1 || !strings.Contains(p.Log.String(), "servicedesk") {
		t.Errorf("the program did not start and ended with status %d and %q", p.Wait(t), p.Log)
	}
	p := d.Serve(t)
	d.check(t, p)
	p.Kill()
	if t.Failed() {
		t.Fatalf("%s: %s at %s", calls, result, when)
	}
	return refused
}

func TestWhatWasAcknowledgedIsThereWheneverTheDiskFails(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			told, refused, steps := 0, 0, steps(f.nth)
			for _, n := range steps {
				d := newDesk(t, desktest.NewInstallation(t, desktest.SQLite))
				refused += d.failed(t, f.calls, f.result, n, true) + d.failed(t, f.calls, f.result, n, false)
				told += d.ledger.told()
			}
			t.Logf("%d runs, %d writes acknowledged, %d answers were 503", 2*len(steps), told, refused)
		})
	}
}

// steps are the numbers n for which each n-th call fails.
func steps(small int) []int {
	if size(0, 1) == 0 {
		return []int{small}
	}
	var steps []int
	for n := 1; n < 400; n += 1 + n/4 {
		steps = append(steps, n)
	}
	return steps
}

func TestWhatSurvivedAFailedSyncSurvivesAPowerCut(t *testing.T) {
	t.Parallel()
	for _, n := range []int{17, 29, 41, 67}[:size(1, 4)] {
		r := record(t, run{most: size(3, 10), strace: []string{"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d+%d", n, n/2)}})
		r.cuts(t, r.strictCuts(size(3, 1<<20)), func(c cut, wrong []string) bool {
			for _, w := range wrong {
				t.Errorf("syncs fail from the %d-th on, cut before moment %d of %d: %s", n, c.before, len(r.moments), w)
			}
			return !t.Failed()
		})
	}
}

func TestADeskWhoseDiskIsFullRefusesAndGoesOnWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	d := newDesk(t, desktest.NewInstallation(t, desktest.SQLite))
	p := d.Serve(t)
	for range size(1, 20) {
		before := d.newLoad(p)
		before.most = 2
		before.run(6)
		before.check(t)
		room(t, p, "1000") // bytes: no file may be longer, neither database nor attachments
		full := d.newLoad(p)
		go full.stopAfter(300 * time.Millisecond)
		full.run(6)
		full.check(t)
		if full.refuse == 0 {
			t.Fatal("nothing was refused although there is no room")
		}
		room(t, p, "unlimited")
		d.check(t, p)
		if t.Failed() {
			return
		}
	}
	p.Kill()
	d.check(t, d.Serve(t))
}

// room sets how long the files of a process may become: a full disk that needs no privileges.
func room(t *testing.T, p *desktest.Process, bytes string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", strconv.Itoa(p.PID()), "--fsize="+bytes+":unlimited").CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v\n%s", err, out)
	}
}

func TestADeskWhoseDiskHasNoRoomForAttachmentsTakesTheRest(t *testing.T) {
	t.Parallel()
	d := newDesk(t, desktest.NewInstallation(t, desktest.SQLite))
	p := d.Serve(t)
	folder := d.Folder + "/blobs/tmp"
	must(t, os.RemoveAll(folder))
	must(t, os.WriteFile(folder, nil, 0o600)) // no file can be made in it, whoever we are
	l := d.newLoad(p)
	for _, w := range []write{{Kind: ticket, Keyed: true}, {Kind: claim, Keyed: true}} {
		asked, err := d.ledger.ask(w)
		must(t, err)
		if _, got := l.send(asked); (got == refused) != (w.Kind == ticket) {
			t.Errorf("%s comes to outcome %d", w.Kind, got)
		}
	}
	must(t, os.Remove(folder))
	must(t, os.Mkdir(folder, 0o700))
	d.check(t, p)
}
