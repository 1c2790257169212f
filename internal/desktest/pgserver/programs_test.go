package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgramsAreFoundInPathFirstAndThenTheNewestOfDebian(t *testing.T) {
	tests := []struct {
		name      string
		installed []string
		want      string // the folder, "" for none
	}{
		{"path before debian", []string{"bin/initdb", "bin/postgres", "debian/15/bin/initdb", "debian/15/bin/postgres"}, "bin"},
		{"newest by number, not by text", []string{"debian/9/bin/initdb", "debian/9/bin/postgres", "debian/15/bin/initdb", "debian/15/bin/postgres"}, "debian/15/bin"},
		{"a client alone is no server", []string{"bin/initdb", "debian/17/bin/psql", "debian/15/bin/initdb", "debian/15/bin/postgres"}, "debian/15/bin"},
		{"nothing", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for _, path := range test.installed {
				install(t, filepath.Join(root, path))
			}
			got, err := search([]string{filepath.Join(root, "bin")}, filepath.Join(root, "debian"))
			if test.want == "" {
				if !errors.Is(err, ErrNotInstalled) {
					t.Fatalf("got %v, %v, want ErrNotInstalled", got, err)
				}
				return
			}
			if want := filepath.Join(root, test.want, "initdb"); err != nil || got.initdb != want {
				t.Errorf("got %q, %v, want %q", got.initdb, err, want)
			}
		})
	}
}

func TestAMissingServerIsToldWithTheCommandThatInstallsIt(t *testing.T) {
	_, err := search(nil, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "apt-get update && apt-get install --yes postgresql") {
		t.Errorf("the error is %v, want the command to run", err)
	}
}

func TestTheServerIsNeverRunAsRoot(t *testing.T) {
	user, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	runsAs := os.Geteuid()
	if user.credential != nil {
		runsAs = int(user.credential.Uid)
	}
	if runsAs == 0 {
		t.Error("the server would run as root")
	}
}

func install(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
