package blob_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
)

// startFolder makes a place in a folder that does not exist yet.
func startFolder(t *testing.T) place {
	root := filepath.Join(t.TempDir(), "new", "blobs")
	file := func(at string) string { return filepath.Join(root, filepath.FromSlash(at)) }
	return place{
		location: root,
		options:  options(t),
		list: func() []string {
			var found []string
			for at, d := range walk(t, root) {
				if !d.IsDir() {
					found = append(found, filepath.ToSlash(at))
				}
			}
			slices.Sort(found)
			return found
		},
		load: func(at string) []byte {
			stored, err := os.ReadFile(file(at))
			if err != nil {
				t.Fatal(err)
			}
			return stored
		},
		save: func(at string, stored []byte) {
			if err := os.WriteFile(file(at), stored, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// walk returns everything below a folder, by its path from there.
func walk(t *testing.T, root string) map[string]fs.DirEntry {
	t.Helper()
	found := make(map[string]fs.DirEntry)
	err := fs.WalkDir(os.DirFS(root), ".", func(at string, d fs.DirEntry, err error) error {
		found[at] = d
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFilesAndFoldersBelongToTheirOwnerOnly(t *testing.T) {
	p := startFolder(t)
	mustPut(t, mustOpen(t, p), "content")
	for at, d := range walk(t, p.location) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", at, got, want)
		}
	}
}

func TestABlobIsWrittenAgainForItsNameMayNotHaveReachedTheDisk(t *testing.T) {
	p := startFolder(t)
	store := mustOpen(t, p)
	name := mustPut(t, store, "content")
	at := p.list()[0]
	before := p.load(at)
	mustPut(t, store, "content")
	if string(before) == string(p.load(at)) {
		t.Error("the file was not written again")
	}
	mustHold(t, store, name, "content")
}

func TestStoreOpensAgainWithWhatItHolds(t *testing.T) {
	p := startFolder(t)
	name := mustPut(t, mustOpen(t, p), "content")
	mustHold(t, mustOpen(t, p), name, "content")
}

func TestOnlyOldTemporaryFilesAreRemovedAtTheStart(t *testing.T) {
	p := startFolder(t)
	mustOpen(t, p)
	for name, age := range map[string]time.Duration{"tmp/blob-old": 25 * time.Hour, "tmp/blob-new": time.Hour} {
		p.save(name, []byte("half a blob"))
		written := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(p.location, name), written, written); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, p)
	if got := p.list(); !slices.Equal(got, []string{"tmp/blob-new"}) {
		t.Errorf("%v is left, want only the new file: another node may be writing it", got)
	}
}

// A file where a folder should be makes every write below it fail, also for root.
func TestFailedWriteIsUnavailableAndLeavesNothing(t *testing.T) {
	for _, block := range []string{"ed", "ed/70", "tmp"} { // SHA-256 of "content" begins with ed70
		p := startFolder(t)
		store := mustOpen(t, p)
		blocked := filepath.Join(p.location, block)
		if err := os.RemoveAll(blocked); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(blocked), 0o700); err != nil {
			t.Fatal(err)
		}
		p.save(block, nil)
		_, err := store.Put(t.Context(), []byte("content"))
		if !desk.Is(err, desk.Unavailable) {
			t.Errorf("%s: got %v, want Unavailable", block, err)
		}
		if got := p.list(); !slices.Equal(got, []string{block}) {
			t.Errorf("%s: %v is left", block, got)
		}
		if err := os.Remove(blocked); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(p.location, "tmp"), 0o700); err != nil {
			t.Fatal(err)
		}
		mustHold(t, store, mustPut(t, store, "content"), "content")
	}
}

func TestUnreadableFileIsUnavailableAndNotMissing(t *testing.T) {
	p := startFolder(t)
	store := mustOpen(t, p)
	name := mustPut(t, store, "content")
	file := filepath.Join(p.location, filepath.FromSlash(p.list()[0]))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil { // opens, but cannot be read as a file
		t.Fatal(err)
	}
	if _, err := store.Get(t.Context(), name); !desk.Is(err, desk.Unavailable) || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a folder: got %v, want Unavailable", err)
	}
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(file), nil, 0o600); err != nil { // does not even open
		t.Fatal(err)
	}
	if _, err := store.Get(t.Context(), name); !desk.Is(err, desk.Unavailable) || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a file for a folder: got %v, want Unavailable", err)
	}
}

func TestFileTooLargeForABlobIsNotReadIntoMemory(t *testing.T) {
	p := startFolder(t)
	store := mustOpen(t, p)
	name := mustPut(t, store, "content")
	if err := os.Truncate(filepath.Join(p.location, filepath.FromSlash(p.list()[0])), 1<<42); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Get(t.Context(), name); !errors.Is(err, blob.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestPlaceThatCannotBeAFolderIsRefusedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{"", file, filepath.Join(file, "below"), "ftp://host/folder", "file:///folder", "S3://bucket"} {
		_, err := blob.Open(t.Context(), location, options(t))
		if err == nil {
			t.Errorf("%q was opened", location)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error has several lines: %q", location, err)
		}
	}
}
