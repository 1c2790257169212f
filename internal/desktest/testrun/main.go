// Command testrun runs a command, most often go test, with a PostgreSQL server at its side, so that all packages
// share one server. With -summary it reads the command's output as that of go test -json: it prints what failed
// and ends with the line "N passed, M failed".
//
//	testrun [-json FILE] [-summary FILE] COMMAND [ARGUMENT…]
//
// It exits with 1 when the command or a test failed, and with 2 when it could not run the command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

func main() {
	options := options{}
	flag.StringVar(&options.summary, "summary", "", "read go test -json from the command and write the last line to `FILE` too")
	flag.StringVar(&options.json, "json", "", "keep the command's output in `FILE`")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	failed, err := run(context.Background(), options, flag.Args())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	case failed:
		os.Exit(1)
	}
}

// options are the paths of files to write; an empty one is not written.
type options struct{ summary, json string }

// run reports whether the command or one of its tests failed.
func run(ctx context.Context, options options, command []string) (failed bool, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = os.Stdin
	cmd.Stderr = os.Stderr
	cmd.Env = os.Environ()
	if os.Getenv(pgserver.Env) == "" {
		server, err := pgserver.Start(ctx)
		if err != nil {
			return false, err
		}
		defer server.Close()
		cmd.Env = append(cmd.Env, pgserver.Env+"="+server.URL())
	}
	if options.summary == "" {
		cmd.Stdout = os.Stdout
		return exited(cmd.Run())
	}
	return runTests(cmd, options)
}

func runTests(cmd *exec.Cmd, options options) (failed bool, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	events := io.Reader(out)
	if options.json != "" {
		file, err := os.Create(options.json)
		if err != nil {
			return false, err
		}
		defer file.Close()
		events = io.TeeReader(out, file)
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	report := newReport(os.Stdout)
	readErr := report.read(events)
	failed, err = exited(cmd.Wait())
	if err := errors.Join(readErr, err); err != nil {
		return false, err
	}
	if failed && report.failed == 0 {
		report.failed = 1 // the command itself, before or beside its tests
	}
	fmt.Println(report.summary())
	return report.failed > 0, os.WriteFile(options.summary, []byte(report.summary()+"\n"), 0o644)
}

// exited separates a command that ended badly from one that could not be run.
func exited(err error) (failed bool, other error) {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return true, nil
	}
	return false, err
}
