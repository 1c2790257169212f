package desktest

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // another way to the file than store's

	"banksulutgo.co.id/servicedesk/store"
)

// Exec runs a statement on the database behind the desk's back, to break what no verb breaks.
func (d *Desk) Exec(t testing.TB, statement string) {
	t.Helper()
	if d.Engine == PostgreSQL {
		must(t, execOnce(d.Database, statement))
		return
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Folder, store.SQLiteFile)+"?_pragma=busy_timeout(10000)")
	must(t, err)
	_, err = db.ExecContext(context.Background(), statement)
	must(t, err)
	must(t, db.Close())
}
