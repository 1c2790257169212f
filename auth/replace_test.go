package auth

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// createdKeys makes two key files in a folder.
func createdKeys(t *testing.T) (path, next string, old, fresh MasterKey) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "key")
	next = path + ".new"
	var err error
	if old, err = CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	if fresh, err = CreateMasterKey(next); err != nil {
		t.Fatal(err)
	}
	return path, next, old, fresh
}

func mustBeKey(t *testing.T, path string, want MasterKey) {
	t.Helper()
	m, err := LoadMasterKey(path)
	if err != nil || m.Fingerprint() != want.Fingerprint() {
		t.Errorf("%s does not hold the key (%v)", filepath.Base(path), err)
	}
}

func TestAReplacedMasterKeyStaysBesideTheNewOne(t *testing.T) {
	path, next, old, fresh := createdKeys(t)
	for range 2 { // the second time there is nothing left to do
		if err := ReplaceMasterKey(path, next, fresh); err != nil {
			t.Fatal(err)
		}
		mustBeKey(t, path, fresh)
		mustBeKey(t, path+"."+old.Fingerprint(), old)
		if _, err := os.Stat(next); !os.IsNotExist(err) {
			t.Errorf("the file of the new key is still there (%v)", err)
		}
	}
}

func TestAMasterKeyIsReplacedAfterACrashBetweenTheSteps(t *testing.T) {
	path, next, old, fresh := createdKeys(t)
	if err := os.Link(path, path+"."+old.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceMasterKey(path, next, fresh); err != nil {
		t.Fatal(err)
	}
	mustBeKey(t, path, fresh)
	mustBeKey(t, path+"."+old.Fingerprint(), old)
}

func TestSeveralProcessesMayReplaceTheMasterKeyAtOnce(t *testing.T) {
	path, next, old, fresh := createdKeys(t)
	var replacing sync.WaitGroup
	for range 8 {
		replacing.Go(func() {
			if err := ReplaceMasterKey(path, next, fresh); err != nil {
				t.Error(err)
			}
		})
	}
	replacing.Wait()
	mustBeKey(t, path, fresh)
	mustBeKey(t, path+"."+old.Fingerprint(), old)
}

func TestTheMasterKeyStaysWhenThereIsNoneToReplaceIt(t *testing.T) {
	path, next, old, fresh := createdKeys(t)
	if err := os.Remove(next); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceMasterKey(path, next, fresh); err == nil {
		t.Error("a key that is not there was put in place")
	}
	mustBeKey(t, path, old)
}
