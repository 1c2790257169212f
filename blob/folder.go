package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/durable"
)

const (
	tempFolder = "tmp"          // beside the blobs: a rename does not cross file systems
	tempAge    = 24 * time.Hour // older files there were left by a crash: no write takes so long
)

// folder keeps blobs as files. Several nodes may share it.
type folder struct {
	root    string
	options Options

	mu      sync.Mutex
	durable map[string]bool // folders known to be recorded on the disk

	failures atomic.Int64 // syncs of folders that failed; one of them may lose the names of others too
}

// openFolder makes the folder ready and removes what writes that a crash ended left behind.
func openFolder(location string, o Options) (*folder, error) {
	root, err := filepath.Abs(location)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, options: o, durable: make(map[string]bool)}
	if err := durable.MakeFolder(root); err != nil {
		return nil, err
	}
	temp := filepath.Join(root, tempFolder)
	if err := durable.MakeFolder(temp); err != nil {
		return nil, err
	}
	_, err = removeOld(temp)
	return f, err
}

// Put stores a content. It does not ask first whether the file is there: its name may never have reached the disk, and
// after a sync that failed no later one brings it there. Writing it again harms nobody, and repairs a damaged file.
func (f *folder) Put(ctx context.Context, content []byte) (string, error) {
	name, err := NameOf(content)
	if err != nil {
		return "", err
	}
	if err := f.write(ctx, place(name), f.options.Seal(content, name)); err != nil {
		return "", err
	}
	return name, nil
}

// Get reads a content and verifies it.
func (f *folder) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	sealed, err := f.read(ctx, place(name))
	if err != nil {
		return nil, err
	}
	return f.options.unseal(sealed, name)
}

// Sealed reads a blob as it is stored.
func (f *folder) Sealed(ctx context.Context, name string) ([]byte, error) {
	return readWhole(ctx, f, f.options, name)
}

// PutSealed stores what Sealed returned.
func (f *folder) PutSealed(ctx context.Context, name string, sealed []byte) error {
	stored, err := putWhole(ctx, f, f.options, name, sealed)
	if err != nil || !stored {
		return err
	}
	if err := f.settle(path.Dir(place(name))); err != nil {
		return unavailable(ctx, "store a blob", err)
	}
	return nil
}

// Remove removes a file.
func (f *folder) Remove(ctx context.Context, name string) error { return removeBlob(ctx, f, name) }

// Sweep removes old temporary files.
func (f *folder) Sweep(ctx context.Context) (int, error) {
	removed, err := removeOld(filepath.Join(f.root, tempFolder))
	if err != nil {
		return removed, unavailable(ctx, "remove temporary files", err)
	}
	return removed, nil
}

// Check tries the folder.
func (f *folder) Check(ctx context.Context) error { return check(ctx, f, f.options) }

// write puts a whole file in its place, durably: the data, then the name, then the folders above it.
// After a failure nothing counts as stored; the next try writes everything anew.
func (f *folder) write(ctx context.Context, at string, sealed []byte) error {
	before := f.failures.Load()
	err := f.makeAbove(path.Dir(at))
	if err != nil {
		return unavailable(ctx, "store a blob", err)
	}
	temp, err := durable.WriteTemp(filepath.Join(f.root, tempFolder), "blob-*", sealed)
	if err != nil {
		return unavailable(ctx, "store a blob", err)
	}
	if err = ctx.Err(); err == nil {
		err = os.Rename(temp, f.path(at))
	}
	if err != nil {
		os.Remove(temp)
		return unavailable(ctx, "store a blob", err)
	}
	if err := f.sync(path.Dir(at), before); err != nil {
		return unavailable(ctx, "store a blob", err)
	}
	return nil
}

// sync makes durable which names a folder holds. It fails too when any sync failed since there were before failures: the
// kernel tells one caller only, and forgets what it could not write.
func (f *folder) sync(at string, before int64) error {
	if err := durable.Sync(f.path(at)); err != nil {
		f.failures.Add(1)
		return err
	}
	if f.failures.Load() != before {
		return errors.New("another sync failed meanwhile")
	}
	return nil
}

// read returns a file as it was written.
func (f *folder) read(ctx context.Context, at string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, unavailable(ctx, "read a blob", err)
	}
	file, err := os.Open(f.path(at))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, unavailable(ctx, "read a blob", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unavailable(ctx, "read a blob", err)
	}
	sealed, err := readSealed(file, info.Size())
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, unavailable(ctx, "read a blob", err)
	}
	return sealed, err
}

// remove does not make the removal durable: what a power cut brings back is removed again.
func (f *folder) remove(ctx context.Context, at string) error {
	if err := os.Remove(f.path(at)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable(ctx, "remove a blob", err)
	}
	return nil
}

func (f *folder) path(at string) string { return filepath.Join(f.root, filepath.FromSlash(at)) }

// settle makes durable that a folder and those above it hold what they hold.
func (f *folder) settle(at string) error {
	if err := f.makeAbove(at); err != nil {
		return err
	}
	return f.sync(at, f.failures.Load())
}

// makeAbove makes the folder at and those between it and the root. One that is there may have been made a moment
// ago by somebody who has not synced it yet, so each is synced once by every process that relies on it.
func (f *folder) makeAbove(at string) error {
	if at == "." {
		return nil
	}
	if err := f.makeAbove(path.Dir(at)); err != nil {
		return err
	}
	before := f.failures.Load()
	err := os.Mkdir(f.path(at), 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err != nil && f.isDurable(at) {
		return nil
	}
	if err := f.sync(path.Dir(at), before); err != nil {
		os.Remove(f.path(at)) // if nobody uses it: a later sync would not bring this name to the disk, only a new one
		return err
	}
	f.setDurable(at)
	return nil
}

func (f *folder) isDurable(at string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.durable[at]
}

func (f *folder) setDurable(at string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable[at] = true
}

// removeOld removes files that were left in the folder for temporary files, and returns how many. Their age is measured
// by the clock of the file system, which is the same for all nodes.
func removeOld(temp string) (removed int, err error) {
	mark, err := durable.WriteTemp(temp, "blob-*", nil)
	if err != nil {
		return 0, err
	}
	defer os.Remove(mark)
	now, err := os.Stat(mark)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || now.ModTime().Sub(info.ModTime()) < tempAge {
			continue // also when another node was faster to remove it
		}
		if err := os.Remove(filepath.Join(temp, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
