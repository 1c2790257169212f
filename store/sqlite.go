package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLiteFile is the name of the embedded database in the data folder.
const SQLiteFile = "servicedesk.db"

// sqliteEngine is the embedded database: one connection for writing, as many for reading as there are processors.
type sqliteEngine struct {
	path   string
	log    *slog.Logger
	writer *sqliteConn      // nil after the disk failed, until it was opened anew
	idle   chan *sqliteConn // connections for reading that nobody uses
	closed chan struct{}
	end    func() error
}

// openSQLite opens the database file in a folder. Commits reach the disk before they return (synchronous=FULL).
func openSQLite(ctx context.Context, folder string, log *slog.Logger) (engine, error) {
	e := newSQLiteEngine(filepath.Join(folder, SQLiteFile), runtime.GOMAXPROCS(0), log)
	if err := e.openWriter(ctx); err != nil {
		return nil, err
	}
	for range cap(e.idle) {
		c, err := e.openReader(ctx)
		if err != nil {
			return nil, errors.Join(err, e.writer.close())
		}
		e.idle <- c
	}
	return e, nil
}

// newSQLiteEngine makes an engine over a file, with room for some readers and no connection yet.
func newSQLiteEngine(path string, readers int, log *slog.Logger) *sqliteEngine {
	e := &sqliteEngine{path: path, log: log, idle: make(chan *sqliteConn, readers), closed: make(chan struct{})}
	e.end = sync.OnceValue(e.closeAll)
	return e
}

func (e *sqliteEngine) openWriter(ctx context.Context) (err error) {
	e.writer, err = openSQLiteConn(ctx, e.path, "synchronous(FULL)", "wal_autocheckpoint(4000)")
	return err
}

func (e *sqliteEngine) openReader(ctx context.Context) (*sqliteConn, error) {
	return openSQLiteConn(ctx, e.path, "query_only(1)")
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
	return dialect{inOrder: " ORDER BY rowid"}
}

// listen has nothing to hear: other processes (the command line) are noticed by looking.
func (e *sqliteEngine) listen(ctx context.Context, _ func()) { <-ctx.Done() }

// close waits for the reads under way and closes the file.
func (e *sqliteEngine) close() error { return e.end() }

func (e *sqliteEngine) closeAll() error {
	close(e.closed)
	var errs []error
	for range cap(e.idle) {
		errs = append(errs, (<-e.idle).close())
	}
	if e.writer != nil {
		errs = append(errs, e.writer.close()) // the last one, which moves what is left in the log into the file
	}
	return errors.Join(errs...)
}

// begin opens a transaction for writing. After a failure of the disk the file is opened anew and verified first: that
// a later write reaches the disk says nothing about the pages that were lost.
func (e *sqliteEngine) begin(ctx context.Context) (session, error) {
	if e.writer != nil && e.writer.suspect {
		e.log.Error("the disk failed: the database is opened anew and verified", "file", e.path)
		_ = e.writer.close() // what went wrong was told already
		e.writer = nil
	}
	if e.writer == nil {
		if err := e.reopen(ctx); err != nil {
			return nil, err
		}
	}
	return e.writer.begin("BEGIN IMMEDIATE")
}

// reopen opens the connection for writing anew, if the file is sound.
func (e *sqliteEngine) reopen(ctx context.Context) error {
	if err := e.openWriter(ctx); err != nil {
		return err
	}
	verdict, err := e.writer.ask(ctx, "PRAGMA quick_check(1)")
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%s is damaged, restore a backup: %s", e.path, verdict)
	}
	if err != nil {
		err = errors.Join(err, e.writer.close())
		e.writer = nil
	}
	return err
}

func (e *sqliteEngine) read(ctx context.Context, fn func(session) error) error {
	ctx, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	var c *sqliteConn
	select {
	case <-e.closed:
		return blame(errClosed)
	default:
	}
	select {
	case c = <-e.idle:
	case <-e.closed:
		return blame(errClosed)
	case <-ctx.Done():
		return blame(ctx.Err())
	}
	defer func() { e.idle <- e.sound(ctx, c) }()
	open, err := c.begin("BEGIN")
	if err != nil {
		return blame(err)
	}
	defer open.rollback()
	return fn(open)
}

// sound returns a connection for reading, a new one when the disk failed under it. While none can be opened it stays.
func (e *sqliteEngine) sound(ctx context.Context, c *sqliteConn) *sqliteConn {
	if !c.suspect {
		return c
	}
	fresh, err := e.openReader(ctx)
	if err != nil {
		return c
	}
	_ = c.close() // what went wrong was told already
	return fresh
}

// rolledBack: a failed transaction of SQLite is always undone, unless the disk failed below it; and on a disk that is
// full, the writes run one by one would fail one by one.
func (e *sqliteEngine) rolledBack(err error) bool {
	return !broken(err) && sqliteCode(err) != sqlite3.SQLITE_FULL
}

// broken reports whether a connection failed below the database: nobody knows then what is on the disk. One that says
// READONLY could open the file for reading only, which SQLite keeps to itself until the first write.
func broken(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return errors.Is(err, sql.ErrConnDone)
}

// sqliteCode is the primary code of an error of SQLite, 0 for other errors.
func sqliteCode(err error) int {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code() & 0xff
	}
	return 0
}

// lost: the one writer waits for others up to busy_timeout, so that there is nothing to repeat at once.
func (e *sqliteEngine) lost(error) bool { return false }

// preparedMost bounds the statements that a connection keeps. The package has about a hundred texts; the bound is for
// texts made of parts, should their number ever depend on what callers ask.
const preparedMost = 400

// sqliteConn is a connection and the statements prepared on it; preparing anew would double the cost of a write.
type sqliteConn struct {
	db       *sql.DB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	suspect  bool // the disk failed under it
}

func openSQLiteConn(ctx context.Context, path string, pragmas ...string) (*sqliteConn, error) {
	return openSQLiteAt(ctx, sqliteAddress(path, pragmas...), path)
}

// openSQLiteAt opens a connection to the file of a path by its whole address.
func openSQLiteAt(ctx context.Context, address, path string) (*sqliteConn, error) {
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &sqliteConn{db: db, conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

func (c *sqliteConn) close() error {
	return errors.Join(c.forget(), c.conn.Close(), c.db.Close())
}

// forget closes the statements that are prepared.
func (c *sqliteConn) forget() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	clear(c.prepared)
	return errors.Join(errs...)
}

func (c *sqliteConn) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.prepared[text]; ok {
		return s, nil
	}
	if len(c.prepared) == preparedMost {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%w in: %s", err, text)
	}
	c.prepared[text] = s
	return s, nil
}

// ask returns the text that a statement answers.
func (c *sqliteConn) ask(ctx context.Context, text string) (answer string, err error) {
	err = c.conn.QueryRowContext(ctx, text).Scan(&answer)
	return answer, c.note(err)
}

// note remembers that the disk failed.
func (c *sqliteConn) note(err error) error {
	c.suspect = c.suspect || broken(err)
	return err
}

func (c *sqliteConn) begin(how string) (*sqliteSession, error) {
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
		return s.conn.note(err)
	}
	result, err := stmt.Exec(args...)
	if err != nil || expect == nil {
		return s.conn.note(err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return expect
}

func (s *sqliteSession) query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	stmt, err := s.conn.statement(context.Background(), text)
	if err != nil {
		return s.conn.note(err)
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return s.conn.note(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return s.conn.note(rows.Err())
}

// fresh: there is one writer, and no lock of a row to wait for.
func (s *sqliteSession) fresh() bool { return true }

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
