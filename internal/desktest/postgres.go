// Package desktest is what the tests of several packages share: servers, desks and clients made for one test.
package desktest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"banksulutgo.co.id/servicedesk/internal/desktest/pgserver"
)

// schemaWithin is how long making or dropping a schema may take. A drop waits for every connection that still
// holds a lock in the schema, so a test that leaks one fails instead of hanging.
const schemaWithin = 20 * time.Second

// postgresURL is the server that all tests of this process share: that of the environment, else one started when
// the first test asks. Nobody closes it: it ends with the process.
var postgresURL = sync.OnceValues(func() (string, error) {
	if address := os.Getenv(pgserver.Env); address != "" {
		return address, nil
	}
	server, err := pgserver.Start(context.Background())
	if err != nil {
		return "", err
	}
	return server.URL(), nil
})

// Postgres returns the postgres:// URL of an empty schema that belongs to this test alone and is dropped at its
// end, after the test's own clean-ups. The test fails when PostgreSQL is not installed.
//
// All schemas are in one database: advisory locks and NOTIFY channels are shared with the tests that run beside
// this one, as they are between two installations in one database. Their keys must name the schema.
func Postgres(t testing.TB) string {
	t.Helper()
	server, err := postgresURL()
	if err != nil {
		t.Fatal(err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	if err := execOnce(server, "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("make a schema for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := execOnce(server, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Errorf("drop the test's schema: %v (does the test leave a connection or a transaction open?)", err)
		}
	})
	address, err := inSchema(server, schema)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// inSchema returns the server's URL with a schema as the place where unqualified names live.
func inSchema(server, schema string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func execOnce(address, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), schemaWithin)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statement)
	return err
}
