package desktest

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // likewise
	_ "modernc.org/sqlite"             // another way to the file than store's

	"banksulutgo.co.id/servicedesk/store"
)

// SQL opens the database of an installation behind the program's back, until the end of the test.
func (in Installation) SQL(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "pgx", in.Database
	if in.Database == "" {
		driver, source = "sqlite", "file:"+filepath.Join(in.Folder, store.SQLiteFile)+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// Exec runs a statement on the database behind the desk's back, to break what no verb breaks.
func (d *Desk) Exec(t testing.TB, statement string) {
	t.Helper()
	db := Installation{Folder: d.Folder, Database: d.Database}.SQL(t)
	_, err := db.ExecContext(context.Background(), statement)
	must(t, err)
	must(t, db.Close())
}
