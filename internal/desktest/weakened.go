package desktest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Edit replaces a text in one of our source files; it must be there exactly once.
type Edit struct {
	File     string // path from the root of the repository
	Old, New string
}

// Weakened builds the program with an edit and returns its path, which lives as long as the test. The source stays as it
// is. It is for tests of tests: one that passes although the program lacks what it tests for proves nothing.
func Weakened(t testing.TB, edit Edit) string {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "banksulutgo.co.id/servicedesk").Output()
	must(t, err)
	source := filepath.Join(strings.TrimSpace(string(module)), edit.File)
	text, err := os.ReadFile(source)
	must(t, err)
	if n := strings.Count(string(text), edit.Old); n != 1 {
		t.Fatalf("%s has %q %d times, want once", edit.File, edit.Old, n)
	}
	folder := t.TempDir()
	edited, overlay, path := filepath.Join(folder, "edited.go"), filepath.Join(folder, "overlay.json"), filepath.Join(folder, "servicedesk")
	must(t, os.WriteFile(edited, []byte(strings.Replace(string(text), edit.Old, edit.New, 1)), 0o600))
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {source: edited}})
	must(t, err)
	must(t, os.WriteFile(overlay, replaced, 0o600))
	must(t, buildProgram("-overlay", overlay, "-o", path))
	return path
}
