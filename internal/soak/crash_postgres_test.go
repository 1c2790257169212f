package soak_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

func TestWhatWasAcknowledgedIsThereOnceWheneverTheDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context())
	must(t, err)
	t.Cleanup(server.Close)
	d := newDesk(t, desktest.Installation{Folder: t.TempDir() + "/data", Database: server.URL()})
	rounds := size(1, 100)
	p := d.Serve(t)
	for round := range rounds {
		var crashed error
		d.harm(t, p, func() { crashed = server.Crash(t.Context()) })
		must(t, crashed)
		if d.check(t, p); t.Failed() { // the same process, which recovered by itself
			t.Fatalf("in round %d", round)
		}
		if round%10 == 9 {
			t.Log(d.summary(round + 1))
		}
	}
	clear(d.sound) // at the end every attachment once more
	d.check(t, p)
	p.Stop(t)
	t.Log(d.summary(rounds))
	complainsAboutAServerThatDoesNotSync(t, d)
}

// complainsAboutAServerThatDoesNotSync sets fsync off on a server that is the test's own.
func complainsAboutAServerThatDoesNotSync(t *testing.T, d *desk) {
	t.Helper()
	if p := d.Serve(t); strings.Contains(p.Log.String(), "when the power fails") {
		t.Error("the program complains about a server that syncs")
	} else {
		p.Kill()
	}
	conn, err := pgx.Connect(t.Context(), d.Database)
	must(t, err)
	defer conn.Close(t.Context())
	for _, statement := range []string{"ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "ALTER ROLE postgres SET synchronous_commit = off"} {
		_, err := conn.Exec(t.Context(), statement)
		must(t, err)
	}
	if p := d.Serve(t); !strings.Contains(p.Log.String(), "when the power fails") {
		t.Errorf("the program does not complain about a server that does not sync:\n%s", p.Log)
	}
}
