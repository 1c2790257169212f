package soak_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// traced are the system calls that change what is on the disk, or send an answer. mmap is there to see that no data file
// is changed behind their back.
const traced = "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,sync_file_range,truncate,ftruncate," +
	"fallocate,copy_file_range,sendfile,splice,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,mmap"

// underStrace is the command that a program is started with to be traced into a file. -D lets the program be the process
// that was started, so that it can be killed and asked for its status as ever.
func underStrace(trace string, more ...string) []string {
	return append([]string{"strace", "-D", "-f", "-q", "--seccomp-bpf", "-y", "-xx", "-s", "99999999", "-o", trace, "-e", "trace=" + traced}, more...)
}

// call is a system call of a trace. It has two moments: between them it may have happened or not.
type call struct {
	name   string
	args   []string
	result int
}

// moment is the begin or the end of a call.
type moment struct {
	*call
	end bool
}

var traceLine = regexp.MustCompile(`^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$`)

// readTrace reads the calls of a trace as begins and ends, in their order.
func readTrace(t *testing.T, path string) []moment {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	var moments []moment
	open := map[string]*call{} // by thread
	unfinished := map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 1<<20), 1<<30)
	for lines.Scan() {
		parts := traceLine.FindStringSubmatch(lines.Text())
		if parts == nil {
			continue // a signal or an end
		}
		thread, rest := parts[1], parts[4]
		if c := open[thread]; parts[2] != "" && c != nil {
			delete(open, thread)
			must(t, c.finish(unfinished[thread]+rest))
			moments = append(moments, moment{c, true})
			continue
		}
		c := &call{name: parts[3]}
		moments = append(moments, moment{c, false})
		if before, cut := strings.CutSuffix(rest, " <unfinished ...>"); cut {
			c.args, unfinished[thread], open[thread] = strings.Split(before, ", "), before, c
			continue
		}
		must(t, c.finish(rest))
		moments = append(moments, moment{c, true})
	}
	must(t, lines.Err())
	return moments
}

// finish reads the rest of a line: `arguments) = result`. A call that the end of the program cut off has no result.
func (c *call) finish(text string) error {
	i := strings.LastIndex(text, " = ")
	if i < 0 {
		return fmt.Errorf("the trace has no result in %.200q", text)
	}
	c.args = strings.Split(strings.TrimSuffix(strings.TrimRight(text[:i], " "), ")"), ", ")
	result, _, _ := strings.Cut(text[i+3:], " ")
	result, _, _ = strings.Cut(result, "<")
	if result == "?" {
		c.result = -1
		return nil
	}
	n, err := strconv.ParseInt(result, 0, 64)
	c.result = int(n)
	return err
}

// data is the argument that is a text.
func (c *call) data(i int) []byte {
	if i >= len(c.args) {
		return nil
	}
	text := strings.Trim(c.args[i], `"`)
	raw, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		panic(fmt.Sprintf("the trace has an argument %.100q of %s: %v", c.args[i], c.name, err))
	}
	return raw
}

// number is an argument that is a number.
func (c *call) number(i int) int64 {
	n, err := strconv.ParseInt(c.args[i], 0, 64)
	if err != nil {
		panic(fmt.Sprintf("the trace has an argument %.100q of %s: %v", c.args[i], c.name, err))
	}
	return n
}

var descriptor = regexp.MustCompile(`^(?:-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?$`)

// file is the path behind a descriptor; empty when the file has no name any more.
func (c *call) file(i int) string {
	parts := descriptor.FindStringSubmatch(c.args[i])
	if parts == nil || parts[2] != "" {
		return ""
	}
	name, err := hex.DecodeString(strings.ReplaceAll(parts[1], `\x`, ""))
	if err != nil {
		return ""
	}
	return string(name)
}

// path is a path that is given relative to the folder of a descriptor.
func (c *call) path(folder, name int) string {
	path := string(c.data(name))
	if !filepath.IsAbs(path) && folder >= 0 {
		path = filepath.Join(c.file(folder), path)
	}
	return filepath.Clean(path)
}
