package desktest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestEachTestHasASchemaOfItsOwn(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, desktest.Postgres(t))
			exec(t, conn, "CREATE TABLE ticket (id bigint PRIMARY KEY)")
			exec(t, conn, "INSERT INTO ticket VALUES (1)")
			if got := count(t, conn, "SELECT count(*) FROM ticket"); got != 1 {
				t.Errorf("the table holds %d rows, want the one of this test", got)
			}
		})
	}
}

func TestTwoConnectionsOfATestShareItsSchema(t *testing.T) {
	t.Parallel()
	address := desktest.Postgres(t)
	exec(t, connect(t, address), "CREATE TABLE ticket (id bigint PRIMARY KEY)")
	if got := count(t, connect(t, address), "SELECT count(*) FROM ticket"); got != 0 {
		t.Errorf("the second connection sees %d rows, want an empty table", got)
	}
}

func TestTheSchemaIsGoneAfterItsTest(t *testing.T) {
	t.Parallel()
	var schema string
	t.Run("user", func(t *testing.T) {
		conn := connect(t, desktest.Postgres(t))
		exec(t, conn, "CREATE TABLE ticket (id bigint PRIMARY KEY)")
		if err := conn.QueryRow(t.Context(), "SELECT current_schema").Scan(&schema); err != nil {
			t.Fatal(err)
		}
	})
	conn := connect(t, desktest.Postgres(t))
	if got := count(t, conn, "SELECT count(*) FROM pg_namespace WHERE nspname = $1", schema); got != 0 {
		t.Errorf("schema %q is still there", schema)
	}
}

func TestPostgresSortsTextByLanguageAndSyncsToDisk(t *testing.T) {
	t.Parallel()
	conn := connect(t, desktest.Postgres(t))
	if got := count(t, conn, "SELECT count(*) FROM (VALUES (1)) v WHERE 'a' < 'B'"); got != 1 {
		t.Error("text sorts by bytes: code that depends on it would pass here and fail elsewhere")
	}
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			t.Fatal(err)
		}
		if value != "on" {
			t.Errorf("%s is %s, want on: the tests must see what production does", setting, value)
		}
	}
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, conn *pgx.Conn, query string, args ...any) int {
	t.Helper()
	var n int
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
