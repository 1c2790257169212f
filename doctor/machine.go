package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What a desk should have.
const (
	enoughFiles = 4096 // every connection is one
	enoughSpace = 1 << 30
	enoughShare = 10 // percent of a disk, or of its inodes
)

// A disk whose syncs are quicker than any keeps what it acknowledged in memory of its own, at best; one whose syncs are
// slower holds up every write.
const (
	syncs    = 150
	tooQuick = 20 * time.Microsecond
	tooSlow  = 20 * time.Millisecond
)

// machine looks at the memory, the limits and the clock.
func (d *doctor) machine() {
	if memory, err := memoryOf(os.ReadFile); err == nil && memory < d.Memory+d.Memory/2 {
		d.note("memory", Warning, size(memory)+" in all", "give the desk "+size(2*d.Memory)+" or more: large requests are refused when many come at once")
	} else if err == nil {
		d.note("memory", OK, size(memory)+" in all", "")
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil {
		if files.Max < enoughFiles {
			d.note("open files", Warning, fmt.Sprintf("at most %d", files.Max), fmt.Sprintf("raise the limit to %d or more (LimitNOFILE= of the service, ulimit -Hn): every connection is one", enoughFiles))
		} else {
			d.note("open files", OK, fmt.Sprintf("up to %d", files.Max), "")
		}
	}
	d.clock()
}

// memoryOf is how much memory there is, in bytes: that of the machine, or of its control group when that has a limit.
func memoryOf(read func(string) ([]byte, error)) (uint64, error) {
	text, err := read("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(text, []byte("MemTotal:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("/proc/meminfo does not tell the memory")
	}
	kilobytes, err := strconv.ParseUint(string(fields[0]), 10, 64)
	memory := kilobytes << 10
	if limit, missing := read("/sys/fs/cgroup/memory.max"); missing == nil {
		if bytes, unlimited := strconv.ParseUint(strings.TrimSpace(string(limit)), 10, 64); unlimited == nil {
			memory = min(memory, bytes)
		}
	}
	return memory, err
}

// clock looks whether the clock can be right.
func (d *doctor) clock() {
	now := time.Now()
	if year := now.Year(); year < 2026 || year > 2100 {
		d.note("clock", Failed, "it says "+now.UTC().Format(time.RFC3339), "set it: every deadline and every entry of the audit trail depends on it")
		return
	}
	told := now.UTC().Format(time.RFC3339)
	switch synchronised, known := clockSynchronised(); {
	case known && !synchronised:
		d.note("clock", Warning, told+", not synchronised with a time server", "run chrony or systemd-timesyncd (timedatectl set-ntp true), here or on the machine that hosts this one")
	case known:
		d.note("clock", OK, told+", synchronised", "")
	default:
		d.note("clock", OK, told+"; whether it is synchronised is not known here", "")
	}
}

// dataFolder looks at the folder, the disk under it, and how fast that is.
func (d *doctor) dataFolder() {
	folder := d.Data
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.newFolder(folder)
		return
	case err != nil:
		d.note("data folder", Failed, err.Error(), "run the command as the user of the desk")
		return
	case !info.IsDir():
		d.note("data folder", Failed, folder+" is no folder", "name another one in SERVICEDESK_DATA")
		return
	}
	took, err := syncTimes(folder, syncs)
	if err != nil {
		d.note("data folder", Failed, err.Error(), "let the user of the desk write to the folder; check that the disk is neither full nor mounted read-only")
		return
	}
	switch mode := info.Mode().Perm(); {
	case mode&0o077 != 0:
		d.note("data folder", Warning, fmt.Sprintf("%s may be used by others (mode %04o)", folder, mode), "chmod 700 "+folder)
	default:
		d.note("data folder", OK, folder, "")
	}
	d.fileSystem(folder)
	d.space("space", folder)
	d.speed(took)
}

// newFolder looks at the place of a data folder that the first start will make.
func (d *doctor) newFolder(folder string) {
	above := folder
	for {
		if _, err := os.Stat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	const writeAndEnter = 3
	if err := syscall.Access(above, writeAndEnter); err != nil {
		d.note("data folder", Failed, fmt.Sprintf("%s does not exist, and cannot be made in %s: %v", folder, above, err),
			"make it for the user of the desk (install -d -m 700 -o USER "+folder+"), or name another one in SERVICEDESK_DATA")
		return
	}
	d.note("data folder", OK, folder+" does not exist; the first start makes it", "")
	d.fileSystem(above)
	d.space("space", above)
}

// fileSystem looks what kind of disk a folder is on.
func (d *doctor) fileSystem(folder string) {
	name, kind := fileSystemOf(folder)
	switch {
	case kind == inMemory:
		d.note("file system", Warning, name+": nothing in it outlives the machine's next start", "use a folder on a disk")
	case kind == overNetwork && d.Database == "":
		d.note("file system", Warning, name+": SQLite's locks and syncs cannot be trusted over a network", "use a local disk, or PostgreSQL")
	case name != "":
		d.note("file system", OK, name, "")
	}
}

// space looks how much room is left on a folder's disk.
func (d *doctor) space(check, folder string) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || s.Blocks == 0 {
		return
	}
	left := uint64(s.Bavail) * uint64(s.Bsize)
	share := int(100 * float64(s.Bavail) / float64(s.Blocks))
	inodes := 100
	if s.Files > 0 { // some file systems do not count them
		inodes = int(100 * float64(s.Ffree) / float64(s.Files))
	}
	v, do := OK, ""
	switch {
	case left < 1<<20 || inodes == 0 && s.Ffree == 0:
		v, do = Failed, "free some: nothing can be written"
	case left < enoughSpace || share < enoughShare || inodes < enoughShare:
		v, do = Warning, "free some, or enlarge the disk: when it is full, every write is refused"
	}
	d.note(check, v, fmt.Sprintf("%s (%d%%) free, %d%% of the inodes", size(left), share, inodes), do)
}

// syncTimes appends 4 kB to a probe file and syncs it, again and again, and returns how long each took, in order of size.
func syncTimes(folder string, times int) (took []time.Duration, err error) {
	f, err := os.CreateTemp(folder, ".doctor-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := bytes.Repeat([]byte{0xa5}, 4096)
	for end := time.Now().Add(3 * time.Second); len(took) < times && time.Now().Before(end); {
		start := time.Now()
		if _, err := f.Write(page); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took, nil
}

// speed says what the times of syncs allow.
func (d *doctor) speed(took []time.Duration) {
	v, fact, do := judgeSpeed(took)
	d.note("disk speed", v, fact, do)
}

func judgeSpeed(took []time.Duration) (v Verdict, fact, do string) {
	half, most := took[len(took)/2], took[len(took)-1]
	fact = fmt.Sprintf("a sync takes %v (the slowest of %d: %v): about %d commits a second, which many writes share",
		half.Round(time.Microsecond), len(took), most.Round(10*time.Microsecond), time.Second/max(half, 1))
	switch {
	case half < tooQuick:
		return Warning, fact, "no disk is that quick: make sure that what it acknowledges outlives a power cut (a write cache with a battery, no volatile or virtual one)"
	case half > tooSlow:
		return Warning, fact, "every write waits for it: use an SSD, or a controller whose cache has a battery"
	}
	return OK, fact, ""
}

// size words a number of bytes.
func size(bytes uint64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	n, i := float64(bytes), 0
	for ; n >= 1024 && i < len(units)-1; i++ {
		n /= 1024
	}
	return strconv.FormatFloat(n, 'f', min(i, 1), 64) + " " + units[i]
}
