package soak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// recording is a run of the program from its very first start, seen from below: what it did to the disk, and when it
// sent which answer.
type recording struct {
	root     string // what the trace calls the folder in which all is
	moments  []moment
	told     int            // the moment at which the key was told
	answered map[string]int // the moment at which a success was sent, by X-Request-Id
	writes   []write
	key      string
	strict   []int // the cuts before which what is surely on the disk changes, and the end
}

// firstStart makes a key in a new installation and serves it, as one traced command; the key is told in a file.
const firstStart = `"$0" apikey create --name partner --permissions 'omnichannel:*' --rate-limit 0 --json >'%s' && exec "$0" "$@"`

// record runs a program (empty: the released one) under a load of some writes by each caller, stops it and reads its
// trace. inject are more arguments of strace.
func record(t *testing.T, program string, most int, inject ...string) *recording {
	t.Helper()
	folder := t.TempDir()
	root, trace, told := filepath.Join(folder, "disk"), filepath.Join(folder, "trace"), filepath.Join(folder, "told")
	must(t, os.Mkdir(root, 0o700))
	in := desktest.Installation{Folder: filepath.Join(root, "data"), Program: program}
	in.Under = append(underStrace(trace, inject...), "sh", "-c", fmt.Sprintf(firstStart, told))
	p := in.Serve(t)
	text, err := os.ReadFile(told)
	must(t, err)
	var key desktest.Key
	must(t, json.Unmarshal(text, &key))
	l := &load{client: desktest.NewClient(p.URL, key.Key), ledger: newLedger(t, "p"), over: make(chan struct{}), most: most}
	l.run(callers)
	l.check(t)
	p.Stop(t)
	r := &recording{root: root, moments: readTrace(t, trace), answered: map[string]int{}, writes: l.ledger.all(t), key: key.Key}
	r.index(t, told)
	must(t, os.Remove(trace))
	return r
}

var (
	success   = regexp.MustCompile(`^HTTP/1\.1 20[01] `)
	requestID = regexp.MustCompile(`(?m)^X-Request-Id: (\S+?)\r?$`)
)

// index finds the moments of the answers and of the changes of what is surely on the disk.
func (r *recording) index(t *testing.T, told string) {
	t.Helper()
	d := newDisk(r.root)
	for i, m := range r.moments {
		if m.name == "write" && !m.end {
			if m.file(0) == told {
				r.told = i
			}
			if data := m.data(1); success.Match(data) {
				head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
				if id := requestID.FindSubmatch(head); id != nil {
					if _, before := r.answered[string(id[1])]; !before {
						r.answered[string(id[1])] = i
					}
				}
			}
		}
		before := d.state
		must(t, d.apply(m))
		if d.state != before {
			r.strict = append(r.strict, i)
		}
	}
	r.strict = append(r.strict, len(r.moments))
	if r.told == 0 || len(r.answered) == 0 {
		t.Fatal("the trace has no answers")
	}
}

// toldBefore is the ledger as it stood before a moment, had the client read every answer that was sent by then.
func (r *recording) toldBefore(moment int) (writes []write, n int) {
	writes = slices.Clone(r.writes)
	for i, w := range writes {
		at, sent := r.answered[w.ID]
		if w.Batch != "" {
			at, sent = r.answered[w.Batch]
		}
		if writes[i].Told = w.Told && sent && at < moment; writes[i].Told {
			n++
		}
	}
	return writes, n
}

// cut is one power cut: before a moment, with a luck.
type cut struct {
	before int
	luck
}

// cuts goes through the recording and, at each cut (in order), opens what is left and returns what is wrong with it.
func (r *recording) cuts(t *testing.T, cuts []cut, each func(c cut, wrong []string) bool) {
	t.Helper()
	d, at := newDisk(r.root), 0
	for _, c := range cuts {
		for ; at < c.before; at++ {
			must(t, d.apply(r.moments[at]))
		}
		folder := filepath.Join(memoryFolder(t), "left")
		d.leave(t, folder, c.luck)
		wrong := r.open(t, folder, c.before)
		must(t, os.RemoveAll(filepath.Dir(folder)))
		if !each(c, wrong) {
			return
		}
	}
}

// memoryFolder makes a folder, in memory where the machine has such a place: what is opened there needs no syncs.
func memoryFolder(t *testing.T) string {
	t.Helper()
	base := "/dev/shm"
	if _, err := os.Stat(base); err != nil {
		base = ""
	}
	folder, err := os.MkdirTemp(base, "servicedesk-cut-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(folder)) })
	return folder
}

// open starts the program on what a cut left and compares that with the answers that were sent before.
func (r *recording) open(t *testing.T, folder string, moment int) []string {
	t.Helper()
	in := desktest.Installation{Folder: filepath.Join(folder, "data")}
	p := in.Serve(t)
	defer p.Kill()
	if moment <= r.told {
		return nil // the program starts; nothing was promised yet
	}
	writes, _ := r.toldBefore(moment)
	wrong := inspect(desktest.NewClient(p.URL, r.key), writes)
	var verified struct{ OK bool }
	if ran := in.Run(t, "audit", "verify", "--json"); json.Unmarshal([]byte(ran.Stdout), &verified) != nil || !verified.OK {
		wrong = append(wrong, fmt.Sprintf("the audit trail: %+v", ran))
	}
	return wrong
}

// strictCuts are cuts after which only what is surely there is there: some of them, evenly, or all. Between two of
// them the same is on the disk, and fewer answers were sent: all of them are all cuts.
func (r *recording) strictCuts(most int) []cut {
	var cuts []cut
	for i := range min(most, len(r.strict)) {
		cuts = append(cuts, cut{before: r.strict[(i+1)*len(r.strict)/min(most, len(r.strict))-1]})
	}
	return cuts
}

// luckyCuts are cuts at any moment, evenly spread, after which a part of the rest is there too, in blocks.
func (r *recording) luckyCuts(n int, random *rand.Rand) []cut {
	var cuts []cut
	for i := range n {
		l := luck{random: random, share: []float64{0.2, 0.5, 0.9, 1}[random.IntN(4)], block: []int64{512, 4096}[random.IntN(2)]}
		cuts = append(cuts, cut{1 + (2*i+1)*len(r.moments)/(2*n), l})
	}
	return cuts
}

func TestNothingAcknowledgedIsLostWhenThePowerIsCut(t *testing.T) {
	t.Parallel()
	r := record(t, "", size(5, 25))
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := append(r.strictCuts(size(10, 1<<20)), r.luckyCuts(size(10, 500), random)...)
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.before - b.before })
	r.cuts(t, cuts, func(c cut, wrong []string) bool {
		_, promised := r.toldBefore(c.before)
		for _, w := range wrong {
			t.Errorf("cut before moment %d of %d (%d answers were sent, %.0f%% of the rest survived in blocks of %d, seed %d): %s",
				c.before, len(r.moments), promised, 100*c.share, c.block, seed, w)
		}
		return !t.Failed()
	})
	_, promised := r.toldBefore(len(r.moments))
	if want := len(r.writes) * 9 / 10; promised < want {
		t.Errorf("only %d of %d answers are in the trace", promised, len(r.writes))
	}
	t.Logf("%d cuts (%d strict of %d) in a run of %d system calls and %d answered writes: nothing lost",
		len(cuts), len(r.strictCuts(size(10, 1<<20))), len(r.strict), len(r.moments)/2, promised)
}

func TestAPowerCutShowsWhatAWeakerProgramLoses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]desktest.Edit{
		"commits do not wait for the disk": {File: "store/sqlite.go", Old: "synchronous(FULL)", New: "synchronous(NORMAL)"},
		"attachments are not synced":       {File: "blob/folder.go", Old: "err = file.Sync()", New: "err = nil"},
		"names of attachments are not synced": {File: "blob/folder.go", Old: "defer file.Close()\n\treturn file.Sync()",
			New: "return file.Close()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t, desktest.Weakened(t, edit), 4)
			lost := 0
			for _, c := range slices.Backward(r.strictCuts(12)) {
				r.cuts(t, []cut{c}, func(_ cut, wrong []string) bool { lost += len(wrong); return true })
				if lost > 0 {
					return
				}
			}
			t.Error("nothing was lost: this test would not notice")
		})
	}
}
