// Package engine holds what the two databases do differently: how they are opened, begin and end transactions, keep what
// they acknowledged, and fail. The statements are store's; of the desk's tables an engine only knows the name of the one
// by which it tells an installation from an empty database.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// TransactionLimit bounds one transaction, so that a database that hangs does not hold its callers for ever.
const TransactionLimit = 30 * time.Second

// ErrClosed says that the database was closed.
var ErrClosed = errors.New("store: closed")

// errReplay says that nothing of a transaction was stored because of one of its writes, which cannot be taken out alone.
var errReplay = errors.New("store: a joined write failed")

// errUnknownOutcome says that the connection broke while a commit was under way.
var errUnknownOutcome = errors.New("store: the outcome of a commit is unknown")

// Options say where a database is.
type Options struct {
	Database string       // a postgres:// URL; empty: SQLite
	File     string       // of SQLite; not used with PostgreSQL
	Log      *slog.Logger // is told what an operator should know; must be given
}

// Engine is an open database. Only its implementations name one.
type Engine interface {
	// Begin opens a transaction for writing. Never more than Committers() are open at once.
	Begin(ctx context.Context) (Session, error)
	// Read runs fn over one consistent snapshot; when fn runs a single statement, without a transaction around it. The
	// error is what fn returned, or why fn was not called.
	Read(ctx context.Context, single bool, fn func(Session) error) error
	// Snapshot runs fn over one consistent snapshot, on a connection of its own and for as long as it takes.
	Snapshot(ctx context.Context, fn func(Query) error) error
	// Listen calls heard whenever another process may have committed something; it returns when ctx ends.
	Listen(ctx context.Context, heard func())
	Committers() int // how many transactions for writing may be open at once
	Batch() int      // the most writes that share one commit by default
	Dialect() Dialect
	// RolledBack reports whether a failure means that the transaction surely did not happen and each write may be run again.
	RolledBack(err error) bool
	// Lost reports whether a transaction only lost against another one and is worth another run.
	Lost(err error) bool
	// Inspect looks at the database without changing it, and says whether there is a schema of ours in it.
	Inspect(ctx context.Context, deep bool, clock func() time.Time) (i Inspection, installed bool, err error)
	Close() error
}

// Query runs a statement that only reads, and calls row for each of its rows.
type Query func(text string, args []any, row func(scan func(dest ...any) error) error) error

// Session is an open transaction of an engine.
type Session interface {
	// Exec runs a statement, or keeps it to be sent with the next one whose result is needed. When expect is not nil
	// and the statement changes no row, expect is the error.
	Exec(expect error, text string, args []any) error
	// Query runs a statement and calls row for each of its rows.
	Query(text string, args []any, row func(scan func(dest ...any) error) error) error
	// Look is Query for a SELECT whose rows may come late: together with those of the next Query, or at Send.
	Look(text string, args []any, row func(scan func(dest ...any) error) error) error
	Send() error   // lets come what was looked at
	Fresh() bool   // nothing was changed or locked yet, so that waiting for a lock holds up nobody
	Mark() error   // sets a point to which Undo returns
	Undo() error   // takes back everything since Mark
	Commit() error // ends the transaction
	Rollback()     // ends it and forgets what it did; after Commit it does nothing
}

// Dialect holds the few words and facts that differ between the engines; every other text is the same for both. An empty word
// means that the engine needs none.
type Dialect struct {
	ForUpdate  string // ends a SELECT whose row must stay as it was read
	SkipLocked string // likewise, but a row that somebody else holds is not found
	Notify     string // tells other nodes that something was committed
	InOrder    string // ends a SELECT without an order: as the rows were stored
	Serial     bool   // transactions for writing are one after the other, over all processes
	LockSchema string // keeps other nodes from changing the schema at the same time
	Words      Words  // how words are kept and found

	// Define puts a statement that makes a table, or adds to one, into the engine's words.
	Define func(statement string) string
}

// Words is how an engine keeps the words of texts that have a number, and finds the numbers of texts by how their words
// begin. What a text is searched by are words with single spaces between them, of letters and digits only.
type Words struct {
	Keep    string    // stores the words of a text, in the place of what it had: number, words
	Find    string    // the numbers that a condition finds, the highest first: condition, below which number, how many
	And, Or string    // joins conditions
	Word    [2]string // around the beginning of a word: the condition that a text has such a word
}

// Open picks the engine by the database's address and opens it, creating a file that does not exist. No error of it
// shows what is secret in the address.
func Open(ctx context.Context, o Options) (Engine, error) {
	switch {
	case o.Database == "":
		return openSQLite(ctx, o.File, o.Log)
	case strings.HasPrefix(o.Database, "postgres://"), strings.HasPrefix(o.Database, "postgresql://"):
		return openPostgres(ctx, o.Database, o.Log)
	}
	return nil, errors.New("the database must be empty (SQLite in the data folder) or a postgres:// address")
}

// OpenToInspect opens a database for one who only looks. The error wraps fs.ErrNotExist when there is no file.
func OpenToInspect(ctx context.Context, o Options) (Engine, error) {
	if o.Database == "" {
		return openSQLiteToRead(ctx, o.File, o.Log)
	}
	return Open(ctx, o)
}
