package soak_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// disk is what the power cut leaves of a folder, in the strictest model:
//
//   - What was written to a file is on the disk when an fsync of that file, begun after the write ended, has ended well.
//   - A name is in its folder, or gone from it, when an fsync of that folder, begun after, has ended well. An fsync of a
//     file does not save its name, and a rename between two folders is two changes.
//   - When an fsync fails, what it should have saved is lost, and a later fsync does not bring it back.
//
// Everything else may be lost, or be there in any part and order: each change of a folder by itself, each write in blocks.
type disk struct {
	root  string
	top   *node
	seq   int           // the last change
	syncs map[*call]int // fsyncs under way: the last change when they began
	state int           // how often what is surely on the disk has changed
}

// node is a file or a folder.
type node struct {
	names   map[string]*node // of a folder: as the program sees it; nil for a file
	size    int64            // of a file: as the program sees it
	kept    []byte           // of a file: what is surely on the disk
	saved   map[string]*node // of a folder: the names that surely are
	pending []change         // in order
}

// change is one that may be lost.
type change struct {
	seq  int
	name string // of a folder: which name, and what it stands for from now on; nil: for nothing
	node *node
	at   int64 // of a file: where data is written
	data []byte
	size int64 // of a file, when cut: its new size
	cut  bool
}

func newDisk(root string) *disk {
	return &disk{root: root, top: newFolder(), syncs: map[*call]int{}}
}

func newFolder() *node { return &node{names: map[string]*node{}, saved: map[string]*node{}} }

// find finds what a path stands for, as the program sees it; nil when that is nothing, or outside.
func (d *disk) find(path string) *node {
	inside, err := filepath.Rel(d.root, path)
	if err != nil || strings.HasPrefix(inside, "..") || !filepath.IsAbs(path) {
		return nil
	}
	n := d.top
	for part := range strings.SplitSeq(inside, "/") {
		if part == "." {
			continue
		}
		if n == nil || n.names == nil {
			return nil
		}
		n = n.names[part]
	}
	return n
}

func (d *disk) next() int {
	d.seq++
	return d.seq
}

// name lets a path stand for something, or for nothing.
func (d *disk) name(seq int, path string, n *node) {
	folder := d.find(filepath.Dir(path))
	if folder == nil {
		return // outside
	}
	base := filepath.Base(path)
	if n == nil {
		delete(folder.names, base)
	} else {
		folder.names[base] = n
	}
	folder.pending = append(folder.pending, change{seq: seq, name: base, node: n})
}

// write notes that a file was written to.
func (d *disk) write(path string, at int64, data []byte) error {
	n := d.find(path)
	if n == nil {
		return d.outside(path)
	}
	if at < 0 {
		at = n.size // our files are written from their begin to their end, or appended to
	}
	n.size = max(n.size, at+int64(len(data)))
	n.pending = append(n.pending, change{seq: d.next(), at: at, data: data})
	return nil
}

// outside returns an error for a file that is inside, and that the model saw nobody make.
func (d *disk) outside(path string) error {
	if strings.HasPrefix(path, d.root+"/") {
		return fmt.Errorf("the model of the disk does not know %s, which is written to", path)
	}
	return nil
}

func (d *disk) truncate(path string, size int64) {
	if n := d.find(path); n != nil && n.names == nil {
		n.size = size
		n.pending = append(n.pending, change{seq: d.next(), cut: true, size: size})
	}
}

// apply takes a moment of the trace. It returns an error for a call that the model does not know.
func (d *disk) apply(m moment) error {
	c := m.call
	if !m.end {
		if c.name == "fsync" || c.name == "fdatasync" {
			d.syncs[c] = d.seq
		}
		return nil
	}
	if c.name == "fsync" || c.name == "fdatasync" {
		d.sync(c)
		return nil
	}
	if c.result < 0 {
		return nil
	}
	switch c.name {
	case "open":
		d.open(c.path(-1, 0), c.args[1])
	case "openat":
		d.open(c.path(0, 1), c.args[2])
	case "write":
		return d.write(c.file(0), -1, c.data(1)[:c.result])
	case "pwrite64":
		return d.write(c.file(0), c.number(3), c.data(1)[:c.result])
	case "ftruncate":
		d.truncate(c.file(0), c.number(1))
	case "mkdir":
		d.name(d.next(), c.path(-1, 0), newFolder())
	case "mkdirat":
		d.name(d.next(), c.path(0, 1), newFolder())
	case "unlink", "rmdir":
		d.name(d.next(), c.path(-1, 0), nil)
	case "unlinkat":
		d.name(d.next(), c.path(0, 1), nil)
	case "linkat":
		d.name(d.next(), c.path(2, 3), d.find(c.path(0, 1)))
	case "rename":
		d.rename(c.path(-1, 0), c.path(-1, 1))
	case "renameat", "renameat2":
		d.rename(c.path(0, 1), c.path(2, 3))
	case "mmap":
		return d.mapped(c)
	default:
		return d.foreign(c)
	}
	return nil
}

// mapped refuses a data file that is changed through memory; the wal-index (-shm) is, but is made anew after a crash.
func (d *disk) mapped(c *call) error {
	path := c.file(4)
	if path == "" || strings.HasSuffix(path, "-shm") || d.find(path) == nil || strings.Contains(c.args[3], "MAP_PRIVATE") {
		return nil
	}
	return fmt.Errorf("%s is mapped into memory: the trace does not see what is written", path)
}

// foreign refuses calls that the model does not know, unless they are about something else.
func (d *disk) foreign(c *call) error {
	for i := range c.args {
		if path := c.file(i); path != "" && d.find(path) != nil {
			return fmt.Errorf("the model of the disk does not know %s of %s", c.name, path)
		}
	}
	return nil
}

func (d *disk) open(path, flags string) {
	if strings.Contains(flags, "O_CREAT") && d.find(path) == nil {
		d.name(d.next(), path, &node{})
	}
	if strings.Contains(flags, "O_TRUNC") {
		d.truncate(path, 0)
	}
}

// rename is one change inside a folder, and two between folders.
func (d *disk) rename(from, to string) {
	n, seq := d.find(from), d.next()
	d.name(seq, to, n)
	if filepath.Dir(from) != filepath.Dir(to) {
		seq = d.next()
	}
	d.name(seq, from, nil)
}

// sync ends an fsync: what was pending when it began is saved, or lost when it failed.
func (d *disk) sync(c *call) {
	upTo := d.syncs[c]
	delete(d.syncs, c)
	n := d.find(c.file(0))
	if n == nil {
		return
	}
	i := 0
	for ; i < len(n.pending) && n.pending[i].seq <= upTo; i++ {
		if c.result == 0 {
			n.save(n.pending[i])
		}
	}
	if i > 0 {
		d.state++
	}
	n.pending = n.pending[i:]
}

func (n *node) save(c change) {
	if n.names == nil {
		n.kept = c.on(n.kept)
		return
	}
	named(n.saved, c)
}

func named(names map[string]*node, c change) {
	if c.node == nil {
		delete(names, c.name)
	} else {
		names[c.name] = c.node
	}
}

// on applies a change of a file to its content.
func (c change) on(content []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.cut {
		end = c.size
	}
	for int64(len(content)) < end {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	if c.cut {
		return content[:c.size]
	}
	copy(content[c.at:], c.data)
	return content
}

// luck decides what else survives a cut. The zero value lets nothing survive.
type luck struct {
	random *rand.Rand
	share  float64 // of what could be lost that is not
	block  int64   // bytes that survive or are lost together
}

func (l luck) survives() bool { return l.random != nil && l.random.Float64() < l.share }

// leave writes into a folder what a cut at this moment leaves.
func (d *disk) leave(t *testing.T, folder string, l luck) {
	t.Helper()
	must(t, os.Mkdir(folder, 0o700))
	must(t, d.top.leave(folder, l, map[int]bool{}))
}

// leave writes the content of a folder. lucky remembers what became of changes that are about two names.
func (n *node) leave(folder string, l luck, lucky map[int]bool) error {
	names := maps.Clone(n.saved)
	for _, c := range n.pending {
		if _, decided := lucky[c.seq]; !decided {
			lucky[c.seq] = l.survives()
		}
		if lucky[c.seq] {
			named(names, c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		path, child := filepath.Join(folder, name), names[name]
		if child.names == nil {
			if err := os.WriteFile(path, child.content(l), 0o600); err != nil {
				return err
			}
			continue
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		if err := child.leave(path, l, lucky); err != nil {
			return err
		}
	}
	return nil
}

// content is what is left of a file: what is saved, and of the rest those blocks that have luck.
func (n *node) content(l luck) []byte {
	content := slices.Clone(n.kept)
	for _, c := range n.pending {
		if c.cut {
			if l.survives() {
				content = c.on(content)
			}
			continue
		}
		for at := c.at; at < c.at+int64(len(c.data)) && l.random != nil; {
			end := min((at/l.block+1)*l.block, c.at+int64(len(c.data)))
			if l.survives() {
				content = change{at: at, data: c.data[at-c.at : end-c.at]}.on(content)
			}
			at = end
		}
	}
	return content
}
