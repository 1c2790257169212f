// Package pgserver runs a PostgreSQL server of its own for as long as a test run lasts. It knows nothing of
// the desk, so that it can be built and used while the rest does not compile.
package pgserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names the environment variable with the URL of a running server. When it is set, tests use that server
// and start none.
const Env = "SERVICEDESK_TEST_POSTGRES"

// superuser is the role that the URL of a server signs in as.
const superuser = "postgres"

const (
	readyWithin = time.Minute // how long a new server may take until it answers
	readyPause  = 20 * time.Millisecond
	portTries   = 3 // somebody else may take the free port before the server does
)

// settings are what differs from PostgreSQL's defaults. Durability (fsync, synchronous_commit,
// full_page_writes) is not among them: what the tests see is what a real installation does.
var settings = map[string]string{
	"listen_addresses": "127.0.0.1",
	"max_connections":  "200",
	"shared_buffers":   "64MB",
}

// Server is a running PostgreSQL server with a folder, a port and a password of its own.
type Server struct {
	url      string
	lifeline io.WriteCloser // closed, also by the end of this process, it ends the server; a line crashes it
	ended    chan struct{}  // closed when the server has stopped and its folder is gone
	output   bytes.Buffer   // what the keeper printed; read it only after ended
}

// Start makes an empty server on 127.0.0.1 and returns when it answers. The server stops when Close is called
// or when this process ends, in whatever way. As root it runs as the user postgres (or nobody): PostgreSQL refuses to be root.
// It returns ErrNotInstalled when this machine has no PostgreSQL.
func Start(ctx context.Context) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for try := 1; ; try++ {
		server, err := start(ctx, programs)
		if err == nil || try == portTries || ctx.Err() != nil {
			return server, err
		}
	}
}

func start(ctx context.Context, programs programs) (*Server, error) {
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "servicedesk-pg-")
	if err != nil {
		return nil, err
	}
	server, err := startIn(ctx, programs, owner, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return server, nil
}

func startIn(ctx context.Context, programs programs, owner owner, dir string) (*Server, error) {
	password := rand.Text()
	if err := initialize(ctx, programs, owner, dir, password); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	server, err := keep(programs, owner, dir, port)
	if err != nil {
		return nil, err
	}
	server.url = address(port, password)
	if err := server.waitReady(ctx); err != nil {
		server.Close()
		return nil, fmt.Errorf("%w\n%s", err, server.output.String())
	}
	return server, nil
}

func address(port int, password string) string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}).String()
}

// initialize makes the data folder. Text sorts by a language, as it does on most installations: code that
// counts on the order of bytes, as SQLite has it, must say COLLATE "C" and fails here when it does not.
func initialize(ctx context.Context, programs programs, owner owner, dir, password string) error {
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if err := owner.give(dir, secret); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, programs.initdb, "--pgdata="+filepath.Join(dir, "data"), "--username="+superuser,
		"--pwfile="+secret, "--auth-local=reject", "--auth-host=password", "--encoding=UTF8", "--locale=C.UTF-8",
		"--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions")
	cmd.Dir = dir
	cmd.Env = cleanEnv()
	cmd.SysProcAttr = owner.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb (PostgreSQL 15 or newer is needed): %w\n%s", err, out)
	}
	return os.Remove(secret)
}

// keeper starts the server and ends it when its own input ends; a line there crashes it, and starts it again. That input is a pipe held by the process that
// called Start, and the kernel closes it even when that process is killed; a parent-death signal would do the
// same on Linux only, and is bound to a thread instead of a process.
const keeper = `
dir=$1; shift
exec 3<&0 </dev/null
while :; do
	"$@" 3<&- >>"$dir/log" 2>&1 &
	server=$!
	( read -r _ <&3 && : >"$dir/again"; kill -QUIT $server ) 2>/dev/null &
	reader=$!
	wait $server
	kill $reader 2>/dev/null
	rm "$dir/again" 2>/dev/null || break
done
tail -n 20 "$dir/log" >&2
cd / && rm -rf "$dir"
`

func keep(programs programs, owner owner, dir string, port int) (*Server, error) {
	args := []string{"-c", keeper, "keeper", dir, programs.postgres, "-D", filepath.Join(dir, "data"),
		"-c", "port=" + strconv.Itoa(port), "-c", "unix_socket_directories=" + dir}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	server := &Server{ended: make(chan struct{})}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = dir
	cmd.Env = cleanEnv()
	cmd.Stderr = &server.output
	cmd.SysProcAttr = owner.attributes()
	cmd.SysProcAttr.Setsid = true // a Ctrl-C at the terminal is not for the keeper: it has to clean up
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	server.lifeline = lifeline
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // also what keeps cmd, and with it the lifeline, from being collected
		defer close(server.ended)
		_ = cmd.Wait() // how the server ended is told by its log, in output
	}()
	return server, nil
}

// waitReady returns nil as soon as the server lets us in.
func (s *Server) waitReady(ctx context.Context) error {
	pause := time.NewTicker(readyPause)
	defer pause.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return errors.New("PostgreSQL stopped while it was starting")
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-pause.C:
		}
	}
}

// Crash stops the server at once, as `pg_ctl stop -m immediate` does, and returns when it has recovered what was
// committed and answers again.
func (s *Server) Crash(ctx context.Context) error {
	before, err := s.startTime(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(s.lifeline, "crash\n"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if err := s.waitReady(ctx); err != nil {
			return err
		}
		if now, err := s.startTime(ctx); err == nil && now.After(before) {
			return nil
		}
	}
}

// startTime is when the server was started.
func (s *Server) startTime(ctx context.Context) (at time.Time, err error) {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return at, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, "SELECT pg_postmaster_start_time()").Scan(&at)
	return at, err
}

// URL returns the address of the server's database, with its superuser and password.
func (s *Server) URL() string { return s.url }

// Close stops the server and removes its folder. It returns when both are done.
func (s *Server) Close() {
	_ = s.lifeline.Close() // fails only when the keeper is already gone
	<-s.ended
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// cleanEnv keeps PG* variables and the language of the caller away from the server.
func cleanEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
}
