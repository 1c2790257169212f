package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

func TestARunFailsWhenItsCommandOrATestFails(t *testing.T) {
	t.Setenv(pgserver.Env, "postgres://unused") // these commands need no server
	const pass = `{"Action":"pass","Package":"p","Test":"TestA"}`
	tests := []struct {
		name, script, summary string
		failed                bool
	}{
		{"all well", "echo '" + pass + "'", "1 passed, 0 failed", false},
		{"the command fails though its tests pass", "echo '" + pass + "'; exit 3", "1 passed, 1 failed", true},
		{"a test fails though the command does not", `echo '{"Action":"fail","Package":"p","Test":"TestA"}'`, "0 passed, 1 failed", true},
		{"nothing ran", "exit 1", "0 passed, 1 failed", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			options := options{summary: filepath.Join(dir, "summary"), json: filepath.Join(dir, "json")}
			failed, err := run(t.Context(), options, []string{"sh", "-c", test.script})
			if err != nil || failed != test.failed {
				t.Fatalf("run: %v, %v, want %v", failed, err, test.failed)
			}
			if got := read(t, options.summary); got != test.summary+"\n" {
				t.Errorf("the summary file holds %q, want %q", got, test.summary)
			}
			if strings.Contains(test.script, "echo") && !strings.Contains(read(t, options.json), `"Package":"p"`) {
				t.Error("the file of events lacks the command's output")
			}
		})
	}
}

func TestWithoutASummaryTheExitOfTheCommandDecides(t *testing.T) {
	t.Setenv(pgserver.Env, "postgres://unused")
	for script, want := range map[string]bool{"exit 0": false, "exit 5": true} {
		if failed, err := run(t.Context(), options{}, []string{"sh", "-c", script}); err != nil || failed != want {
			t.Errorf("%s: %v, %v, want %v", script, failed, err, want)
		}
	}
	if _, err := run(t.Context(), options{}, []string{"no-such-program"}); err == nil {
		t.Error("a program that does not exist was run")
	}
}

func TestTheCommandGetsAServerOfItsOwn(t *testing.T) {
	t.Setenv(pgserver.Env, "")
	file := filepath.Join(t.TempDir(), "url")
	failed, err := run(t.Context(), options{}, []string{"sh", "-c", "printf %s \"$" + pgserver.Env + "\" > " + file})
	if err != nil || failed {
		t.Fatalf("run: %v, %v", failed, err)
	}
	if got := read(t, file); !strings.HasPrefix(got, "postgres://") {
		t.Errorf("the command was told of %q, want a URL", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
