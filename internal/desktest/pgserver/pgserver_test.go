package pgserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

// childEnv makes the test binary play a test process that starts a server and then hangs.
const childEnv = "PGSERVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		hangWithServer()
	}
	os.Exit(m.Run())
}

func hangWithServer() {
	server, err := pgserver.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.URL())
	select {}
}

func TestCloseStopsTheServerAndRemovesItsFolder(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := dataFolder(t, server.URL())
	server.Close()
	if _, err := pgx.Connect(t.Context(), server.URL()); err == nil {
		t.Error("the server still answers")
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat %s: %v, want that it does not exist", folder, err)
	}
}

func TestAServerThatCrashedHasWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection survived the crash")
	}
	again, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(t.Context())
	var n int
	if err := again.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 7 {
		t.Errorf("after the crash there is %d, %v", n, err)
	}
}

func TestTheServerEndsWithAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	folder := dataFolder(t, address)
	watch, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // reports the kill

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := watch.WaitForNotification(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the server outlives its process: %v", err)
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Errorf("%s is left behind", folder)
}

func TestTheServerListensOnTheLoopbackAddressOnlyAndAsksForAPassword(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if host, _, err := net.SplitHostPort(u.Host); err != nil || host != "127.0.0.1" {
		t.Errorf("the server is at %s (%v), want 127.0.0.1", u.Host, err)
	}
	u.User = url.UserPassword(u.User.Username(), "guess")
	if _, err := pgx.Connect(t.Context(), u.String()); err == nil {
		t.Error("a wrong password was let in")
	}
	for name, want := range map[string]string{"listen_addresses": "127.0.0.1", "max_connections": "200"} {
		if got := setting(t, server.URL(), name); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}

// dataFolder returns the temporary folder that holds the server's files.
func dataFolder(t *testing.T, address string) string {
	t.Helper()
	return filepath.Dir(setting(t, address, "data_directory"))
}

func setting(t *testing.T, address, name string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
