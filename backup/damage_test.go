package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/backup"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// full reports whether the long tests shall run at full length.
func full() bool { return os.Getenv("SERVICEDESK_SOAK") == "full" }

// small is a backup of a desk, as bytes.
func small(t *testing.T) []byte {
	t.Helper()
	d, _ := filled(t, desktest.SQLite)
	file, _ := create(t, source(t, d))
	whole, err := os.ReadFile(file)
	must(t, err)
	return whole
}

// reads reads bytes as a backup.
func reads(t *testing.T, content []byte) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "b")
	must(t, os.WriteFile(file, content, 0o600))
	_, err := backup.Read(t.Context(), file, nil)
	return err
}

// offsets are places in a file to look at: one of every few blocks, in the long run all.
func offsets(size, blocks int) []int {
	every := 512 * blocks
	if full() {
		every = 1
	}
	var at []int
	for start := 0; start < size; start += every {
		at = append(at, start+rand.IntN(min(every, size-start)))
	}
	return at
}

func TestEveryByteThatIsNotTheOneThatWasWrittenIsFound(t *testing.T) {
	t.Parallel()
	whole := small(t)
	must(t, reads(t, whole))
	places := offsets(len(whole), 4)
	for start, entries := 0, entriesOf(t, whole); len(entries) > 0; entries = entries[1:] { // of each entry, the header and what it holds
		places = append(places, start+rand.IntN(512), start+rand.IntN(len(entries[0])))
		start += len(entries[0])
	}
	for _, at := range places {
		bit := byte(1) << rand.IntN(8)
		whole[at] ^= bit
		if err := reads(t, whole); err == nil {
			t.Errorf("a byte that was changed at %d of %d was not found", at, len(whole))
		} else if !errors.Is(err, backup.ErrDamaged) && !strings.Contains(err.Error(), "newer program") {
			t.Errorf("at %d: %v, want ErrDamaged", at, err)
		}
		whole[at] ^= bit
	}
}

// The first entry is read before anything can be compared with the sum at the end.
func TestADescriptionWithOneOtherBitIsFound(t *testing.T) {
	t.Parallel()
	whole := small(t)
	at := bytes.Index(whole, []byte(`"schema": `)) + len(`"schema": `)
	for bit := range 8 {
		changed := bytes.Clone(whole)
		changed[at] ^= 1 << bit
		if err := reads(t, changed); !errors.Is(err, backup.ErrDamaged) && (err == nil || !strings.Contains(err.Error(), "newer program")) {
			t.Errorf("schema version %q: %v, want ErrDamaged", changed[at], err)
		}
	}
}

func TestABackupThatWasCutOrWentOnIsFound(t *testing.T) {
	t.Parallel()
	whole := small(t)
	for _, length := range offsets(len(whole), 8) {
		if err := reads(t, whole[:length]); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("cut at %d of %d: %v, want ErrDamaged", length, len(whole), err)
		}
	}
	for _, more := range []string{"\x00", "x", strings.Repeat("\x00", 512)} {
		if err := reads(t, append(whole[:len(whole):len(whole)], more...)); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("with %d bytes more: %v, want ErrDamaged", len(more), err)
		}
	}
	if err := reads(t, whole[:len(whole)-512]); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("without its last block: %v, want ErrDamaged", err)
	}
}

func TestWhatIsNoBackupIsSaidToBeNone(t *testing.T) {
	t.Parallel()
	for what, content := range map[string]string{"empty": "", "a text": strings.Repeat("text ", 500), "zeros": strings.Repeat("\x00", 4096)} {
		if err := reads(t, []byte(content)); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", what, err)
		}
	}
	if _, err := backup.Read(t.Context(), filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Entries of whole headers that are left out, doubled or in another order.
func TestEntriesAreWhereTheyWereWritten(t *testing.T) {
	t.Parallel()
	whole := small(t)
	entries := entriesOf(t, whole)
	step := 5
	if full() {
		step = 1
	}
	for i := 0; i < len(entries)-1; i += step {
		for what, parts := range map[string][][]byte{
			"left out":  append(append([][]byte{}, entries[:i]...), entries[i+1:]...),
			"doubled":   append(append(append([][]byte{}, entries[:i+1]...), entries[i]), entries[i+1:]...),
			"exchanged": append(append(append([][]byte{}, entries[:i]...), entries[i+1], entries[i]), entries[i+2:]...),
		} {
			var content []byte
			for _, part := range parts {
				content = append(content, part...)
			}
			if err := reads(t, content); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("entry %d %s: %v, want ErrDamaged", i, what, err)
			}
		}
	}
}

// entriesOf cuts an archive into its entries; the last one is the end of the archive.
func entriesOf(t *testing.T, whole []byte) [][]byte {
	t.Helper()
	var entries [][]byte
	for at := 0; ; {
		if whole[at] == 0 {
			return append(entries, whole[at:])
		}
		var size int
		if _, err := fmt.Sscanf(string(whole[at+124:at+136]), "%o", &size); err != nil {
			t.Fatal(err)
		}
		end := at + 512 + (size+511)/512*512
		entries = append(entries, whole[at:end])
		at = end
	}
}

func TestARestoreThatWasCutOffIsRepeated(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _ := filled(t, desktest.SQLite)
		file, _ := create(t, source(t, d))
		c, err := backup.Read(t.Context(), file, nil)
		must(t, err)
		o := store.Options{Folder: t.TempDir()}
		if e == desktest.PostgreSQL {
			o.Database = desktest.Postgres(t)
		}
		cut := errors.New("the power went")
		place := files(t, desktest.NewDesk(t, desktest.SQLite))
		if err := backup.RestoreBlobs(t.Context(), file, place, nil); err == nil {
			t.Error("blobs were restored under another key")
		}
		if err := backup.RestoreRows(t.Context(), file, c, o, func(*store.Tx) error { return cut }, nil); !errors.Is(err, cut) {
			t.Errorf("got %v", err)
		}
		must(t, store.Empty(t.Context(), o))
		must(t, backup.RestoreRows(t.Context(), file, c, o, func(*store.Tx) error { return nil }, nil))
		if err := backup.RestoreRows(t.Context(), file, c, o, nil, nil); !errors.Is(err, store.ErrOccupied) {
			t.Errorf("into a place that is not empty: %v, want ErrOccupied", err)
		}
	})
}
