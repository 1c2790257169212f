package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // instead of Package, in the output of a build
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// key names a test, a package (no test) or a build.
type key struct{ unit, test string }

func (e event) key() key {
	if e.Package == "" {
		return key{e.ImportPath, e.Test}
	}
	return key{e.Package, e.Test}
}

// report counts tests and keeps what a test prints until its outcome is known: only failures are shown.
type report struct {
	out            io.Writer
	passed, failed int
	pending        map[key]*strings.Builder // what unfinished tests and packages printed
	broken         map[string]bool          // packages in which a test failed
}

func newReport(out io.Writer) *report {
	return &report{out: out, pending: map[key]*strings.Builder{}, broken: map[string]bool{}}
}

// read takes events until the input ends. A line that is no event is printed as it is.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) line(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(r.out, line)
		return
	}
	switch e.Action {
	case "output", "build-output":
		r.keep(e)
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
	case "build-fail":
		r.show(e.key())
	}
}

func (r *report) keep(e event) {
	text := r.pending[e.key()]
	if text == nil {
		text = &strings.Builder{}
		r.pending[e.key()] = text
	}
	text.WriteString(e.Output)
}

// show prints what was kept and forgets it.
func (r *report) show(k key) {
	if text := r.pending[k]; text != nil {
		fmt.Fprint(r.out, text)
	}
	delete(r.pending, k)
}

func (r *report) endTest(e event) {
	switch e.Action {
	case "pass":
		r.passed++
		delete(r.pending, e.key())
	case "fail":
		r.failed++
		r.broken[e.Package] = true
		r.show(e.key())
	case "skip": // neither: a skipped test proves nothing
		r.show(e.key())
	}
}

// endPackage counts a package that failed without a failing test (it did not build, it timed out, it called
// os.Exit) as one failure, and then shows what its unfinished tests had printed.
func (r *report) endPackage(e event) {
	if e.Action == "fail" {
		if !r.broken[e.Package] {
			r.failed++
		}
		r.showAll(e.Package)
	}
	delete(r.pending, e.key())
	if e.Action != "skip" { // a package without tests
		fmt.Fprintf(r.out, "%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
}

func (r *report) showAll(unit string) {
	kept := slices.SortedFunc(maps.Keys(r.pending), func(a, b key) int { return strings.Compare(a.test, b.test) })
	for _, k := range kept {
		if k.unit == unit {
			r.show(k)
		}
	}
}

// summary is the last line of a run.
func (r *report) summary() string {
	return fmt.Sprintf("%d passed, %d failed", r.passed, r.failed)
}
