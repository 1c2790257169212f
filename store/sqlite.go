package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLiteFile is the name of the embedded database in the data folder.
const SQLiteFile = "servicedesk.db"

// sqliteEngine is the embedded database: one connection for writing, as many for reading as there are processors.
type sqliteEngine struct {
	writers *sql.DB
	readers *sql.DB
	writer  *sqliteConn
	idle    chan *sqliteConn
}

// openSQLite opens the database file in a folder. Commits reach the disk before they return (synchronous=FULL).
func openSQLite(ctx context.Context, folder string) (engine, error) {
	path := filepath.Join(folder, SQLiteFile)
	e := &sqliteEngine{idle: make(chan *sqliteConn, runtime.GOMAXPROCS(0))}
	var err error
	if e.writers, err = sql.Open("sqlite", sqliteAddress(path, "synchronous(FULL)", "wal_autocheckpoint(4000)")); err != nil {
		return nil, err
	}
	if e.writer, err = newSQLiteConn(ctx, e.writers); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if e.readers, err = sql.Open("sqlite", sqliteAddress(path, "query_only(1)")); err != nil {
		return nil, err
	}
	for range cap(e.idle) {
		c, err := newSQLiteConn(ctx, e.readers)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		e.idle <- c
	}
	return e, nil
}

// sqliteAddress names the file and the settings of a connection. Every setting that matters is given, whatever the
// driver's defaults are.
func sqliteAddress(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)"}, pragmas...)}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

func (e *sqliteEngine) committers() int { return 1 }
func (e *sqliteEngine) batch() int      { return 128 }
func (e *sqliteEngine) dialect() dialect {
	return dialect{}
}

// listen has nothing to hear: other processes (the command line) are noticed by looking.
func (e *sqliteEngine) listen(ctx context.Context, _ func()) { <-ctx.Done() }

func (e *sqliteEngine) close() error {
	return errors.Join(e.readers.Close(), e.writers.Close())
}

func (e *sqliteEngine) begin(ctx context.Context) (session, error) {
	return e.writer.begin(ctx, "BEGIN IMMEDIATE")
}

func (e *sqliteEngine) read(ctx context.Context, fn func(session) error) error {
	c := <-e.idle
	defer func() { e.idle <- c }()
	open, err := c.begin(ctx, "BEGIN")
	if err != nil {
		return blame(err)
	}
	defer open.rollback()
	return fn(open)
}

// rolledBack: a failed transaction of SQLite is always undone, unless the disk failed below it.
func (e *sqliteEngine) rolledBack(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		primary := se.Code() & 0xff
		return primary != sqlite3.SQLITE_IOERR && primary != sqlite3.SQLITE_CORRUPT && primary != sqlite3.SQLITE_FULL
	}
	return errors.Is(err, errReplay) || !isFault(err)
}

// lost: the one writer waits for others up to busy_timeout, so that there is nothing to repeat at once.
func (e *sqliteEngine) lost(error) bool { return false }

// sqliteConn is a connection and the statements prepared on it; preparing anew would double the cost of a write.
type sqliteConn struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func newSQLiteConn(ctx context.Context, db *sql.DB) (*sqliteConn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

func (c *sqliteConn) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.prepared[text]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%w in: %s", err, text)
	}
	c.prepared[text] = s
	return s, nil
}

func (c *sqliteConn) begin(ctx context.Context, how string) (*sqliteSession, error) {
	s := &sqliteSession{conn: c, open: true}
	if err := s.run(how); err != nil {
		return nil, err
	}
	return s, nil
}

// sqliteSession is an open transaction. It takes no context: one that can be cancelled costs more than a statement.
type sqliteSession struct {
	conn   *sqliteConn
	open   bool
	marked bool
}

func (s *sqliteSession) run(text string) error { return s.exec(nil, text, nil) }

func (s *sqliteSession) exec(expect error, text string, args []any) error {
	stmt, err := s.conn.statement(context.Background(), text)
	if err != nil {
		return err
	}
	result, err := stmt.Exec(args...)
	if err != nil || expect == nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return expect
}

func (s *sqliteSession) query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	stmt, err := s.conn.statement(context.Background(), text)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *sqliteSession) mark() error {
	if s.marked {
		if err := s.run("RELEASE one"); err != nil {
			return err
		}
	}
	s.marked = true
	return s.run("SAVEPOINT one")
}

func (s *sqliteSession) undo() error { return s.run("ROLLBACK TO one") }

func (s *sqliteSession) commit() error {
	if err := s.run("COMMIT"); err != nil {
		return err
	}
	s.open = false
	return nil
}

func (s *sqliteSession) rollback() {
	if s.open {
		s.open = false
		_ = s.run("ROLLBACK") // an error means that SQLite did it already
	}
}
