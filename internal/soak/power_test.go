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
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// run is what is to be recorded.
type run struct {
	program string                                  // another build; empty: the released one
	most    int                                     // writes of each caller
	strace  []string                                // more arguments of strace
	before  string                                  // what a shell does before the first start; @ is the folder in which all is
	place   func(root string) desktest.Installation // where everything is; nil: in the data folder
}

// all keeps everything in the data folder.
func all(root string) desktest.Installation {
	return desktest.Installation{Folder: filepath.Join(root, "data")}
}

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
	place    func(root string) desktest.Installation
}

// firstStart makes a key in a new installation and serves it, as one traced command; the key is told in a file.
const firstStart = `%s "$0" apikey create --name partner --permissions 'omnichannel:*' --rate-limit 0 --json >'%s' && exec "$0" "$@"`

// record runs the program under a load, stops it and reads its trace.
func record(t *testing.T, r run) *recording {
	t.Helper()
	if r.place == nil {
		r.place = all
	}
	folder := t.TempDir()
	root, trace, told := filepath.Join(folder, "disk"), filepath.Join(folder, "trace"), filepath.Join(folder, "told")
	must(t, os.Mkdir(root, 0o700))
	in := r.place(root)
	in.Program = r.program
	if r.before != "" {
		r.before = "umask 077; " + strings.ReplaceAll(r.before, "@", root) + " &&"
	}
	in.Under = append(underStrace(trace, r.strace...), "sh", "-c", fmt.Sprintf(firstStart, r.before, told))
	p := in.Serve(t)
	text, err := os.ReadFile(told)
	must(t, err)
	var key desktest.Key
	must(t, json.Unmarshal(text, &key))
	l := &load{client: desktest.NewClient(p.URL, key.Key), ledger: newLedger(t, "p"), over: make(chan struct{}), most: r.most}
	l.run(callers)
	l.check(t)
	p.Stop(t)
	seen := &recording{root: root, moments: readTrace(t, trace), answered: map[string]int{}, writes: l.ledger.all(t), key: key.Key, place: r.place}
	seen.index(t, told)
	must(t, os.Remove(trace))
	return seen
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
	in := r.place(folder)
	p := in.Serve(t)
	defer p.Kill()
	if moment <= r.told {
		return nil // the program starts; nothing was promised yet
	}
	writes, _ := r.toldBefore(moment)
	wrong := inspect(desktest.NewClient(p.URL, r.key), writes, map[string]bool{}).wrong
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
	r := record(t, run{most: size(5, 25)})
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := append(r.strictCuts(size(6, 1<<20)), r.luckyCuts(size(6, 500), random)...)
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.before - b.before })
	done := 0
	r.cuts(t, cuts, func(c cut, wrong []string) bool {
		if done++; done%100 == 0 {
			t.Logf("%d of %d cuts done", done, len(cuts))
		}
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
		len(cuts), len(r.strictCuts(size(6, 1<<20))), len(r.strict), len(r.moments)/2, promised)
}

func TestNothingIsLostWhenThePowerIsCutAfterAPredecessorWasKilled(t *testing.T) {
	t.Parallel()
	other := desktest.NewInstallation(t, desktest.SQLite)
	other.NewKey(t, "somebody")
	key, err := os.ReadFile(filepath.Join(other.Folder, "key"))
	must(t, err)
	r := record(t, run{
		most: 2,
		// What was made and not synced yet, by a program that was killed or by an operator's hand.
		before: "mkdir @/keys @/files @/files/tmp && echo '" + strings.TrimSpace(string(key)) + "' >@/keys/key",
		place: func(root string) desktest.Installation {
			in := all(root)
			in.Env = []string{"SERVICEDESK_KEY_FILE=" + filepath.Join(root, "keys", "key"), "SERVICEDESK_BLOBS=" + filepath.Join(root, "files")}
			return in
		},
	})
	for _, c := range r.strictCuts(size(2, 1<<20)) {
		r.cuts(t, []cut{c}, func(c cut, wrong []string) bool {
			for _, w := range wrong {
				t.Errorf("cut before moment %d of %d: %s", c.before, len(r.moments), w)
			}
			return true
		})
	}
}

func TestAPowerCutShowsWhatAWeakerProgramLoses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]desktest.Edit{
		"commits do not wait for the disk": {File: "store/internal/engine/sqlite.go", Old: "synchronous(FULL)", New: "synchronous(NORMAL)"},
		"files are not synced":             {File: "durable/durable.go", Old: "err = file.Sync()", New: "err = nil"},
		"names of files are not synced": {File: "durable/durable.go", Old: "defer file.Close()\n\treturn file.Sync()",
			New: "return file.Close()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t, run{program: desktest.Weakened(t, edit), most: 4})
			lost := 0
			for _, c := range slices.Backward(r.strictCuts(6)) {
				r.cuts(t, []cut{c}, func(_ cut, wrong []string) bool { lost += len(wrong); return true })
				if lost > 0 {
					return
				}
			}
			t.Error("nothing was lost: this test would not notice")
		})
	}
}
