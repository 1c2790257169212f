package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"banksulutgo.co.id/servicedesk/durable"
)

// What reaches the disk is seen by the power cuts of internal/soak; these tests are about all else.

func TestFoldersAreMadeForTheirOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 { // and again
		if err := durable.MakeFolder(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", folder, info, err)
		}
	}
}

func TestAFolderInTheWayOfAFileIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.MakeFolder(filepath.Join(file, "below")); err == nil {
		t.Error("a folder was made below a file")
	}
}

func TestAPublishedFileReplacesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "name")
	for i, content := range []string{"first", "second"} {
		temp, err := durable.WriteTemp(folder, "x-*.partial", []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(temp); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		if err := durable.Publish(temp, path); errors.Is(err, fs.ErrExist) != (i == 1) {
			t.Errorf("publishing %s: %v", content, err)
		}
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "first" {
		t.Errorf("%s %v", content, err)
	}
}

func TestAFileThatCannotBeWrittenLeavesNothing(t *testing.T) {
	if _, err := durable.WriteTemp(filepath.Join(t.TempDir(), "nowhere"), "x-*", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that does not exist: %v", err)
	}
	if err := durable.Sync(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what does not exist: %v", err)
	}
}
