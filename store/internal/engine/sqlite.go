package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"zombiezen.com/go/sqlite"
)

// sqliteEngine is the embedded database: one connection for writing, as many for reading as there are processors.
type sqliteEngine struct {
	path   string
	log    *slog.Logger
	writer *sqliteConn      // nil after the disk failed, until it was opened anew
	idle   chan *sqliteConn // connections for reading that nobody uses
	closed chan struct{}
	end    func() error
}

// openSQLite opens a database file. Commits reach the disk before they return (synchronous=FULL).
func openSQLite(ctx context.Context, path string, log *slog.Logger) (Engine, error) {
	e := newSQLiteEngine(path, runtime.GOMAXPROCS(0), log)
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

// OpenToBuild opens a new file of SQLite for one who fills it in one transaction; ":memory:" is one in memory. Nothing of
// it is durable, and a crash before Close may leave anything.
func OpenToBuild(ctx context.Context, path string, log *slog.Logger) (Engine, error) {
	conn, err := openSQLiteConn(ctx, path, "journal_mode(OFF)", "synchronous(OFF)", "cache_size(-131072)")
	if err != nil {
		return nil, err
	}
	e := newSQLiteEngine(path, 0, log)
	e.writer = conn
	return e, nil
}

// newSQLiteEngine makes an engine over a file, with room for some readers and no connection yet.
func newSQLiteEngine(path string, readers int, log *slog.Logger) *sqliteEngine {
	e := &sqliteEngine{path: path, log: log, idle: make(chan *sqliteConn, readers), closed: make(chan struct{})}
	e.end = sync.OnceValue(e.closeAll)
	return e
}

// cached lets a connection keep 16 MB of pages: what lies above the leaves when there are a million tickets.
const cached = "cache_size(-16384)"

func (e *sqliteEngine) openWriter(ctx context.Context) (err error) {
	e.writer, err = openSQLiteConn(ctx, e.path, "synchronous(FULL)", "wal_autocheckpoint(4000)", cached)
	return err
}

func (e *sqliteEngine) openReader(ctx context.Context) (*sqliteConn, error) {
	return openSQLiteConn(ctx, e.path, "query_only(1)", cached)
}

func (e *sqliteEngine) Committers() int { return 1 }
func (e *sqliteEngine) Batch() int      { return 128 }
func (e *sqliteEngine) Dialect() Dialect {
	return Dialect{InOrder: " ORDER BY rowid", Serial: true, Words: fts5, Define: func(statement string) string { return statement }}
}

// fts5 finds words by its own index, which walks the highest numbers first. The words of many beginnings it merges.
var fts5 = Words{
	Keep: `INSERT OR REPLACE INTO ticket_words (rowid, words) VALUES ($1, $2)`,
	Find: `SELECT rowid FROM ticket_words WHERE ticket_words MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3`,
	And:  " AND ", Or: " OR ", Word: [2]string{"", "*"},
}

// Listen has nothing to hear: other processes (the command line) are noticed by looking.
func (e *sqliteEngine) Listen(ctx context.Context, _ func()) { <-ctx.Done() }

// Close waits for the reads under way and closes the file.
func (e *sqliteEngine) Close() error { return e.end() }

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

// Begin opens a transaction for writing. After a failure of the disk the file is opened anew and verified first: that
// a later write reaches the disk says nothing about the pages that were lost.
func (e *sqliteEngine) Begin(ctx context.Context) (Session, error) {
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

func (e *sqliteEngine) Read(ctx context.Context, single bool, fn func(Session) error) error {
	ctx, cancel := context.WithTimeout(ctx, TransactionLimit)
	defer cancel()
	var c *sqliteConn
	select {
	case <-e.closed:
		return ErrClosed
	default:
	}
	select {
	case c = <-e.idle:
	case <-e.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.idle <- e.sound(ctx, c) }()
	if single {
		return fn(&sqliteSession{conn: c})
	}
	open, err := c.begin("BEGIN")
	if err != nil {
		return err
	}
	defer open.Rollback()
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

// RolledBack: a failed transaction of SQLite is always undone, unless the disk failed below it; and on a disk that is
// full, the writes run one by one would fail one by one.
func (e *sqliteEngine) RolledBack(err error) bool {
	return !broken(err) && primaryCode(err) != sqlite.ResultFull
}

// Lost: the one writer waits for others up to busy_timeout, so that there is nothing to repeat at once.
func (e *sqliteEngine) Lost(error) bool { return false }
