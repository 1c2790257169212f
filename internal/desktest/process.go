package desktest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long the program may take: to answer after its start, and to end after it was asked to.
const (
	startWithin = 30 * time.Second
	endWithin   = 45 * time.Second
)

// programFolder is where this process builds the program.
func programFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("servicedesk-program-%d", os.Getpid()))
}

// program is the path of the program, built as it is released, once for all tests of this process.
var program = sync.OnceValues(func() (string, error) {
	folder := programFolder()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "servicedesk")
	if err := buildProgram("-o", path); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return path, nil
})

// buildProgram builds the program as it is released, with more arguments of go build.
func buildProgram(args ...string) error {
	cmd := exec.Command("go", append(append([]string{"build"}, args...), "banksulutgo.co.id/servicedesk/cmd/servicedesk")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// RemoveProgram removes the program if tests of this process built it. Call it at the end of TestMain.
func RemoveProgram() error { return os.RemoveAll(programFolder()) }

// cleanProgramEnv is the environment that the program gets: nothing of the test's own, and addresses that are free.
func cleanProgramEnv(more []string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "SERVICEDESK_LISTEN=127.0.0.1:0", "SERVICEDESK_METRICS_LISTEN=127.0.0.1:0", "SERVICEDESK_LOG=json,debug",
	}, more...)
}

// Installation is where a program under test keeps its data.
type Installation struct {
	Folder   string   // data folder
	Database string   // postgres:// URL; empty: SQLite in the folder
	Env      []string // more variables
	Program  string   // path of another build of the program; empty: the program as it is released
	Under    []string // a command and its arguments that `serve` is started with, for example strace -D; empty: none
}

// program is the path of the program that the installation runs.
func (in Installation) program() (string, error) {
	if in.Program != "" {
		return in.Program, nil
	}
	return program()
}

// NewInstallation makes the place of an installation on an engine; nothing is in it yet.
func NewInstallation(t testing.TB, e Engine) Installation {
	t.Helper()
	in := Installation{Folder: filepath.Join(t.TempDir(), "data")}
	if e == PostgreSQL {
		in.Database = Postgres(t)
	}
	return in
}

// Node is a second place for a node of the same installation: another data folder, the same database, key and
// attachments.
func (in Installation) Node(t testing.TB) Installation {
	t.Helper()
	other := in
	other.Folder = filepath.Join(t.TempDir(), "data")
	other.Env = append([]string{"SERVICEDESK_KEY_FILE=" + filepath.Join(in.Folder, "key"), "SERVICEDESK_BLOBS=" + filepath.Join(in.Folder, "blobs")}, in.Env...)
	return other
}

func (in Installation) environment() []string {
	env := []string{"SERVICEDESK_DATA=" + in.Folder}
	if in.Database != "" {
		env = append(env, "SERVICEDESK_DATABASE="+in.Database)
	}
	return cleanProgramEnv(append(env, in.Env...))
}

// Ran is what a command came to.
type Ran struct {
	Stdout, Stderr string
	Status         int
}

// Run runs a command of the program to its end.
func (in Installation) Run(t testing.TB, args ...string) Ran {
	t.Helper()
	return in.run(t, "", args...)
}

// run runs a command that reads a text.
func (in Installation) run(t testing.TB, input string, args ...string) Ran {
	t.Helper()
	path, err := in.program()
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = in.environment(), strings.NewReader(input), &out, &errs
	err = cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || ctx.Err() != nil {
		t.Fatalf("servicedesk %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return Ran{Stdout: out.String(), Stderr: errs.String(), Status: cmd.ProcessState.ExitCode()}
}

// MustRun runs a command that has to succeed and returns what it printed.
func (in Installation) MustRun(t testing.TB, args ...string) string {
	t.Helper()
	ran := in.Run(t, args...)
	if ran.Status != 0 {
		t.Fatalf("servicedesk %s: exit status %d\n%s", strings.Join(args, " "), ran.Status, ran.Stderr)
	}
	return ran.Stdout
}

// Key is an API key as the command line tells it.
type Key struct {
	ID            string `json:"id"`
	Key           string `json:"key"`
	WebhookSecret string `json:"webhookSecret"`
}

// NewKey makes an API key that may do everything and has no rate limit, unless more arguments say otherwise.
func (in Installation) NewKey(t testing.TB, name string, more ...string) Key {
	t.Helper()
	args := append([]string{"apikey", "create", "--name", name, "--permissions", "omnichannel:*", "--rate-limit", "0", "--json"}, more...)
	var k Key
	must(t, json.Unmarshal([]byte(in.MustRun(t, args...)), &k))
	return k
}

// NewUser makes an employee with a password.
func (in Installation) NewUser(t testing.TB, email, password string, more ...string) {
	t.Helper()
	args := append([]string{"user", "create", "--email", email, "--name", email, "--password-stdin"}, more...)
	if ran := in.run(t, password+"\n", args...); ran.Status != 0 {
		t.Fatalf("servicedesk %s: exit status %d\n%s", strings.Join(args, " "), ran.Status, ran.Stderr)
	}
}

// Process is a running program that serves a desk.
type Process struct {
	Installation
	URL     string // of the desk, without a path
	Metrics string // URL of the metrics, without a path; empty when there are none
	Stdout  *Log
	Log     *Log // what it logged
	cmd     *exec.Cmd
	ended   chan struct{}
}

// Serve starts the program and returns when it is ready. It is killed at the end of the test, unless it ended before.
func (in Installation) Serve(t testing.TB, more ...string) *Process {
	t.Helper()
	p, serving := in.Start(t, more...)
	if !serving {
		t.Fatalf("the program ended while it was starting:\n%s", p.Log)
	}
	Await(t, startWithin, "the program is ready", func() bool { return p.status("/readyz") == http.StatusOK })
	return p
}

// Start starts the program and returns when it serves, or when it ended instead. It is killed at the end of the test,
// unless it ended before.
func (in Installation) Start(t testing.TB, more ...string) (p *Process, serving bool) {
	t.Helper()
	path, err := in.program()
	must(t, err)
	p = &Process{Installation: in, Stdout: &Log{}, Log: &Log{}, ended: make(chan struct{})}
	starting := &startWatch{log: p.Log, serving: make(chan startLine, 1)}
	words := append(append(slices.Clone(in.Under), path, "serve"), more...)
	p.cmd = exec.Command(words[0], words[1:]...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = in.environment(), p.Stdout, starting
	must(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is asked for by its exit status
	}()
	t.Cleanup(p.Kill)
	select {
	case line := <-starting.serving:
		p.setAddresses(line)
		return p, true
	case <-p.ended:
	case <-time.After(startWithin):
		t.Fatalf("the program does not start:\n%s", p.Log)
	}
	return p, false
}

func (p *Process) setAddresses(line startLine) {
	scheme := "http://"
	for _, variable := range p.Env {
		if strings.HasPrefix(variable, "SERVICEDESK_TLS_CERT=") {
			scheme = "https://"
		}
	}
	p.URL = scheme + line.Address
	if line.Metrics != "" {
		p.Metrics = "http://" + line.Metrics
	}
}

// status is the status of a GET; 0 when there is no answer.
func (p *Process) status(path string) int {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // whether it answers, not who
	}}
	answer, err := client.Get(p.URL + path)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close() // nothing of it is wanted
	return answer.StatusCode
}

// PID is the process id of the program.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Memory reads what the kernel says of the program's memory, in bytes: VmRSS is what is resident, VmHWM the most that was.
func (p *Process) Memory(t testing.TB, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			must(t, err)
			return kilobytes << 10
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// Kill ends the program as a power cut would, without a chance to finish anything, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails when it ended before
	<-p.ended
}

// Terminate asks the program to stop, and does not wait.
func (p *Process) Terminate(t testing.TB) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
}

// Wait waits until the program ended and returns its exit status, -1 after a signal.
func (p *Process) Wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(endWithin):
		t.Fatalf("the program does not end:\n%s", p.Log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the program to stop; the test fails unless it does so with status 0.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Terminate(t)
	if status := p.Wait(t); status != 0 {
		t.Fatalf("the program ended with status %d:\n%s", status, p.Log)
	}
}

// startLine is the line of the log that tells where the program serves.
type startLine struct {
	Message string `json:"msg"`
	Address string `json:"address"`
	Metrics string `json:"metrics"`
}

// startWatch passes a log on and looks for the start line in it.
type startWatch struct {
	log     *Log
	serving chan startLine
	rest    []byte
	found   bool
}

// Write passes a piece of the log on.
func (w *startWatch) Write(p []byte) (int, error) {
	if !w.found {
		w.look(p)
	}
	return w.log.Write(p)
}

func (w *startWatch) look(p []byte) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return
		}
		w.rest = rest
		var start startLine
		if json.Unmarshal(line, &start) == nil && start.Message == "serving" {
			w.serving <- start
			w.found = true
			return
		}
	}
}

// Await waits until something holds, and fails the test when it takes too long.
func Await(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain until %s", within, what)
		}
		<-tick.C
	}
}

// Dump returns all that the tables of a PostgreSQL schema hold, as pg_dump writes it.
func Dump(t testing.TB, database string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, database)
	must(t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema ORDER BY tablename")
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	var dump bytes.Buffer
	for _, table := range tables {
		fmt.Fprintf(&dump, "COPY %s\n", table)
		_, err := conn.PgConn().CopyTo(ctx, &dump, "COPY "+table+" TO STDOUT")
		must(t, err)
	}
	return dump.String()
}
