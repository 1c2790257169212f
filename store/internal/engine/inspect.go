package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

// Inspection is what an engine saw of its database.
type Inspection struct {
	Engine string        // name and version
	Log    int64         // bytes that wait to be moved into the file (SQLite)
	Ahead  time.Duration // by how much the clock of the database's machine is ahead of ours (PostgreSQL)
	Room   string        // how many connections are in use and how many there may be (PostgreSQL)
	Doubts []Doubt       // what is wrong with it
}

// Doubt is something that is wrong with a database, for the operator.
type Doubt struct {
	Fact, Remedy string
	Grave        bool // the desk cannot work with it, or what it acknowledges may be lost
}

// mostLog is how many bytes may wait to be moved into the file: many times what a checkpoint leaves.
const mostLog = 256 << 20

// openSQLiteToRead opens the file for one reader, which cannot change or create it.
func openSQLiteToRead(ctx context.Context, path string, log *slog.Logger) (Engine, error) {
	e := newSQLiteEngine(path, 1, log)
	if _, err := os.Stat(e.path); err != nil {
		return nil, err
	}
	// Without a log beside the file, which is so after an orderly stop, the connection must be one that may write: such a
	// one takes the empty log away that it needs itself. A log that is there stays as it is.
	flags := sqlite.OpenReadWrite
	if _, err := os.Stat(e.path + "-wal"); err == nil {
		flags = sqlite.OpenReadOnly
	}
	c, err := openSQLiteAs(ctx, e.path, flags, "query_only(1)")
	if err != nil {
		return nil, err
	}
	e.idle <- c
	return e, nil
}

func (e *sqliteEngine) Inspect(ctx context.Context, deep bool, _ func() time.Time) (i Inspection, installed bool, err error) {
	c := <-e.idle
	defer func() { e.idle <- c }()
	version, err := c.ask(ctx, `SELECT sqlite_version()`)
	if err != nil {
		return i, false, fmt.Errorf("%s cannot be read: %w", e.path, err)
	}
	i.Engine = "SQLite " + version
	switch info, err := os.Stat(e.path + "-wal"); {
	case err == nil:
		i.Log = info.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return i, false, err
	}
	if i.Log > mostLog {
		i.Doubts = append(i.Doubts, Doubt{Fact: fmt.Sprintf("%d MB wait to be moved into the database file", i.Log>>20),
			Remedy: "something reads for very long, or stopped half-way: look for other programs on the file; starting the desk again moves them"})
	}
	check := `PRAGMA quick_check(1)`
	if deep {
		check = `PRAGMA integrity_check(1)`
	}
	verdict, err := c.ask(ctx, check)
	switch {
	case err != nil && !broken(err):
		return i, false, err
	case err != nil:
		verdict = err.Error()
	}
	if verdict != "ok" {
		i.Doubts = append(i.Doubts, Doubt{Fact: "the database file is damaged: " + verdict, Remedy: "stop the desk, keep a copy of the folder, and restore the last good backup", Grave: true})
		return i, false, nil
	}
	name, err := c.ask(ctx, `SELECT COALESCE(MAX(name), '') FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`)
	return i, name != "", err
}

// What PostgreSQL is asked for.
const (
	minPostgres = 130000 // the oldest that its makers may still mend, as it numbers itself
	farAhead    = 5 * time.Second
)

func (e *postgresEngine) Inspect(ctx context.Context, _ bool, clock func() time.Time) (i Inspection, installed bool, err error) {
	var number, most, used, others int
	var version, encoding, fsync, pages string
	var standby bool
	var there time.Time
	before := clock()
	err = e.pool.QueryRow(ctx, `SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS integer),
		current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'), pg_is_in_recovery(), clock_timestamp(),
		CAST(current_setting('max_connections') AS integer) - CAST(current_setting('superuser_reserved_connections') AS integer),
		(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
		(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'servicedesk'),
		to_regclass('schema_version') IS NOT NULL`).
		Scan(&version, &number, &encoding, &fsync, &pages, &standby, &there, &most, &used, &others, &installed)
	if err != nil {
		return i, false, fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	i.Engine = "PostgreSQL " + version
	i.Ahead = there.Sub(before.Add(clock().Sub(before) / 2)).Round(time.Millisecond)
	node := int(e.pool.Config().MaxConns) + 1 // and the one that listens
	i.Room = fmt.Sprintf("%d of %d connections in use, a node takes up to %d", used, most, node)
	doubt := func(holds, grave bool, fact, remedy string) {
		if holds {
			i.Doubts = append(i.Doubts, Doubt{Fact: fact, Remedy: remedy, Grave: grave})
		}
	}
	doubt(number < minPostgres, false, "PostgreSQL "+version+" gets no repairs any more", "upgrade to a version that does")
	doubt(standby, true, "the server is a standby, on which nothing can be written", "name the primary in SERVICEDESK_DATABASE, or promote this server")
	doubt(encoding != "UTF8", true, "the database's encoding is "+encoding, "make the database anew: createdb --encoding=UTF8 --template=template0")
	doubt(fsync != "on", true, "fsync is "+fsync+": a power cut loses what was acknowledged, and may destroy the database", "set fsync = on in postgresql.conf, and restart PostgreSQL")
	doubt(pages != "on", true, "full_page_writes is "+pages+": a power cut may destroy the database", "set full_page_writes = on in postgresql.conf")
	doubt(others+node > most, false, "too few connections: "+i.Room, "raise max_connections, or lower pool_max_conns in SERVICEDESK_DATABASE")
	doubt(i.Ahead.Abs() > farAhead, false, fmt.Sprintf("the clocks of this machine and of the database differ by %v", i.Ahead.Abs()), "let both be set by the same time servers (chrony, systemd-timesyncd)")
	return i, installed, nil
}
