package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"servicedesk": main})
}

// tidy removes what the tests built.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	status := m.M.Run()
	if err := desktest.RemoveProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(status, 1)
	}
	return status
}

func TestTheCommandLineSaysWhatItCanDoAndWhatWasWrong(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts("script", func(*testscript.Env) {}))
}

func TestCommandsAboutDataDoTheSameOnEachEngine(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		testscript.Run(t, scripts("data", func(env *testscript.Env) {
			if e == desktest.PostgreSQL {
				env.Setenv("SERVICEDESK_DATABASE", desktest.Postgres(t))
			}
		}))
	})
}

// scripts runs the files of a folder of testdata, each with an empty data folder and the environment that prepare makes. The
// program there is the one of the tests: under the race detector each of its processes would sleep a second before it ends.
func scripts(folder string, prepare func(*testscript.Env)) testscript.Params {
	return testscript.Params{
		Dir: filepath.Join("testdata", folder),
		Setup: func(env *testscript.Env) error {
			env.Setenv("SERVICEDESK_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("GORACE", "atexit_sleep_ms=10")
			env.Setenv("SERVICEDESK_LISTEN", "127.0.0.1:0")
			env.Setenv("SERVICEDESK_METRICS_LISTEN", "127.0.0.1:0")
			prepare(env)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "field": field, "mode": mode},
	}
}

// exits is the script command `exits STATUS PROGRAM ARG…`: the program has to end with this very status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARG…")
	}
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		status = ended.ExitCode()
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}

// field is the script command `field NAME VARIABLE`: it keeps a member of the JSON object that was printed last.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME VARIABLE")
	}
	var printed map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &printed))
	value, given := printed[args[0]]
	if !given {
		ts.Fatalf("no member %q in %v", args[0], printed)
	}
	ts.Setenv(args[1], fmt.Sprint(value))
}

// mode is the script command `mode PERMISSIONS FILE`: the file has to have them, as in 0600.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERMISSIONS FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has permissions %s, want %s", args[1], got, args[0])
	}
}
