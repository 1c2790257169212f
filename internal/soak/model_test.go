package soak_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// traceOf writes lines as strace does, texts and paths in hexadecimal: what stands between ‹ and ›.
func traceOf(t *testing.T, lines ...string) []moment {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		for {
			before, rest, more := strings.Cut(line, "‹")
			text.WriteString(before)
			if !more {
				break
			}
			inside, after, _ := strings.Cut(rest, "›")
			for _, b := range []byte(inside) {
				fmt.Fprintf(&text, `\x%02x`, b)
			}
			line = after
		}
		text.WriteByte('\n')
	}
	path := filepath.Join(t.TempDir(), "trace")
	must(t, os.WriteFile(path, []byte(text.String()), 0o600))
	return readTrace(t, path)
}

// The calls of the tests below, on files in /r.
const (
	makeF   = `1 open("‹/r/f›", O_RDWR|O_CREAT, 0600) = 3<‹/r/f›>`
	writeF  = `1 write(3<‹/r/f›>, "‹data›", 4) = 4`
	overF   = `1 pwrite64(3<‹/r/f›>, "‹XY›", 2, 1) = 2`
	syncF   = `1 fsync(3<‹/r/f›>) = 0`
	failF   = `1 fsync(3<‹/r/f›>) = -1 EIO (Input/output error) (INJECTED)`
	syncR   = `1 fsync(4<‹/r›>) = 0`
	makeD   = `1 mkdirat(AT_FDCWD<‹/x›>, "‹/r/d›", 0700) = 0`
	syncD   = `1 fsync(4<‹/r/d›>) = 0`
	moveF   = `1 renameat(AT_FDCWD<‹/x›>, "‹/r/f›", AT_FDCWD<‹/x›>, "‹/r/d/g›") = 0`
	renameF = `1 rename("‹/r/f›", "‹/r/g›") = 0`
	removeF = `1 unlinkat(AT_FDCWD<‹/x›>, "‹/r/f›", 0) = 0`
	cutF    = `1 ftruncate(3<‹/r/f›>, 2) = 0`
)

func TestOnlyWhatWasSyncedSurelySurvivesACut(t *testing.T) {
	tests := []struct {
		name  string
		trace []string
		want  map[string]string
	}{
		{"nothing is synced", []string{makeF, writeF}, map[string]string{}},
		{"a sync of a file does not save its name", []string{makeF, writeF, syncF}, map[string]string{}},
		{"a sync of the folder does not save the data", []string{makeF, writeF, syncR}, map[string]string{"f": ""}},
		{"both are synced", []string{makeF, writeF, syncF, syncR}, map[string]string{"f": "data"}},
		{"a write after the sync", []string{makeF, writeF, syncF, syncR, overF}, map[string]string{"f": "data"}},
		{"a write over another", []string{makeF, writeF, overF, syncF, syncR}, map[string]string{"f": "dXYa"}},
		{"a file is cut short", []string{makeF, writeF, cutF, syncF, syncR}, map[string]string{"f": "da"}},
		{"a write that had not ended when the sync began", []string{makeF, syncR, `1 write(3<‹/r/f›>, "‹data›", 4 <unfinished ...>`,
			`2 fsync(3<‹/r/f›> <unfinished ...>`, `1 <... write resumed>) = 4`, `2 <... fsync resumed>) = 0`}, map[string]string{"f": ""}},
		{"a sync that has not ended", []string{makeF, syncR, writeF, `2 fsync(3<‹/r/f›> <unfinished ...>`}, map[string]string{"f": ""}},
		{"a half of a write", []string{makeF, syncR, `1 write(3<‹/r/f›>, "‹data›", 4) = 2`, syncF}, map[string]string{"f": "da"}},
		{"what a failed sync lost stays lost", []string{makeF, syncR, writeF, failF, syncF}, map[string]string{"f": ""}},
		{"what is written anew after a failed sync is kept", []string{makeF, syncR, writeF, failF, overF, syncF}, map[string]string{"f": "\x00XY"}},
		{"a new name in the same folder", []string{makeF, writeF, syncF, syncR, renameF}, map[string]string{"f": "data"}},
		{"a new name that is synced", []string{makeF, writeF, syncF, syncR, renameF, syncR}, map[string]string{"g": "data"}},
		{"a move of which the target is synced", []string{makeF, writeF, syncF, makeD, syncR, moveF, syncD}, map[string]string{"f": "data", "d/g": "data"}},
		{"a move into a folder whose own name is not synced", []string{makeF, writeF, syncF, makeD, moveF, syncD}, map[string]string{}},
		{"a file that is removed", []string{makeF, writeF, syncF, syncR, removeF}, map[string]string{"f": "data"}},
		{"a file that is durably removed", []string{makeF, writeF, syncF, syncR, removeF, syncR}, map[string]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, left(t, test.trace, luck{})); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithFullLuckACutLeavesWhatTheProgramSaw(t *testing.T) {
	all := luck{random: rand.New(rand.NewPCG(1, 1)), share: 2, block: 3}
	got := left(t, []string{makeF, writeF, overF, makeD, moveF}, all)
	if diff := cmp.Diff(map[string]string{"d/g": "dXYa"}, got); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestTheModelRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, line := range []string{
		`1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3<‹/r/f›>, 0) = 0x7f0000000000`,
		`1 pwritev(3<‹/r/f›>, [{iov_base="‹x›", iov_len=1}], 1, 0) = 1`,
		`1 pwrite64(3<‹/r/unseen›>, "‹x›", 1, 0) = 1`,
	} {
		d := newDisk("/r")
		var err error
		for _, m := range traceOf(t, makeF, line) {
			if err == nil {
				err = d.apply(m)
			}
		}
		if err == nil {
			t.Errorf("accepted: %s", line)
		}
	}
}

// left is what a cut at the end of a trace leaves, by path.
func left(t *testing.T, trace []string, l luck) map[string]string {
	t.Helper()
	d := newDisk("/r")
	for _, m := range traceOf(t, trace...) {
		must(t, d.apply(m))
	}
	folder := filepath.Join(t.TempDir(), "left")
	d.leave(t, folder, l)
	found := map[string]string{}
	must(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, path))
		found[path] = string(content)
		return err
	}))
	return found
}
