// Package store is the desk's memory: all SQL, one text for SQLite and PostgreSQL. A write is one closure over a Tx;
// writes that arrive together share a commit, invisibly to those who write.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what Open needs.
type Options struct {
	Database string                // a postgres:// URL; empty: SQLite in Folder
	Folder   string                // where the SQLite file is; not used with PostgreSQL
	Clock    func() time.Time      // default time.Now
	Log      *slog.Logger          // default slog.Default()
	Metrics  prometheus.Registerer // default: none
	Rehearse bool                  // runs every closure twice and rolls the first run back, as tests want it
	Batch    int                   // the most writes that share one commit; default 128 (SQLite), 32 (PostgreSQL)
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	engine    engine
	clock     func() time.Time
	log       *slog.Logger
	queue     queue
	committed atomic.Pointer[func()]
	sealer    atomic.Pointer[Sealer] // set while the sequencer works inside of transactions
	numbers   numberBlock
	metrics   metrics
}

// engine is what the two databases do differently. Only its implementations name a database.
type engine interface {
	// begin opens a transaction for writing. Never more than committers() are open at once.
	begin(ctx context.Context) (session, error)
	// read runs fn over one consistent snapshot; when fn runs a single statement, without a transaction around it.
	read(ctx context.Context, single bool, fn func(session) error) error
	// snapshot runs fn over one consistent snapshot, on a connection of its own and for as long as it takes.
	snapshot(ctx context.Context, fn func(query) error) error
	// listen calls heard whenever another process may have committed something; it returns when ctx ends.
	listen(ctx context.Context, heard func())
	committers() int // how many transactions for writing may be open at once
	batch() int      // the most writes that share one commit by default
	dialect() dialect
	// rolledBack reports whether an error means that the transaction surely did not happen and each write may be run again.
	rolledBack(err error) bool
	// lost reports whether a transaction only lost against another one and is worth another run.
	lost(err error) bool
	// inspect looks at the database without changing it, and says whether there is a schema of ours in it.
	inspect(ctx context.Context, deep bool, clock func() time.Time) (i Inspection, installed bool, err error)
	close() error
}

// query runs a statement that only reads, and calls row for each of its rows.
type query func(text string, args []any, row func(scan func(dest ...any) error) error) error

// session is an open transaction of an engine.
type session interface {
	// exec runs a statement, or keeps it to be sent with the next one whose result is needed. When expect is not nil
	// and the statement changes no row, expect is the error.
	exec(expect error, text string, args []any) error
	// query runs a statement and calls row for each of its rows.
	query(text string, args []any, row func(scan func(dest ...any) error) error) error
	fresh() bool   // nothing was changed or locked yet, so that waiting for a lock holds up nobody
	mark() error   // sets a point to which undo returns
	undo() error   // takes back everything since mark
	commit() error // ends the transaction
	rollback()     // ends it and forgets what it did; after commit it does nothing
}

// Open opens the database, creating it when it does not exist, and brings its schema to this program's version.
// It refuses a schema that is newer than the program.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	e, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	return start(ctx, e, o)
}

// withDefaults fills in what was left out and every use needs.
func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// start opens a store over an engine.
func start(ctx context.Context, e engine, o Options) (*Store, error) {
	s := &Store{engine: e, clock: o.Clock, log: o.Log, queue: newQueue(), metrics: newMetrics(o.Metrics)}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, e.close())
	}
	if o.Batch == 0 {
		o.Batch = e.batch()
	}
	s.startCommitters(o.Batch, o.Rehearse)
	return s, nil
}

// openEngine picks the engine by the database's address.
func openEngine(ctx context.Context, o Options) (engine, error) {
	switch {
	case o.Database == "":
		return openSQLite(ctx, o.Folder, o.Log)
	case strings.HasPrefix(o.Database, "postgres://"), strings.HasPrefix(o.Database, "postgresql://"):
		return openPostgres(ctx, o.Database, o.Log)
	}
	return nil, fmt.Errorf("the database must be empty (SQLite in the data folder) or a postgres:// address")
}

// Close waits for the writes under way and closes the database. Writes after it fail.
func (s *Store) Close() error {
	s.returnNumbers()
	s.queue.stop()
	return s.engine.close()
}

// Now is the store's time in UTC, in whole microseconds, as it is stored.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// OnCommit sets what is called after each commit of this process. It must not block.
func (s *Store) OnCommit(fn func()) { s.committed.Store(&fn) }

// Listen calls heard whenever another process may have committed something, until ctx ends.
func (s *Store) Listen(ctx context.Context, heard func()) { s.engine.listen(ctx, heard) }

// Read runs fn over one consistent snapshot. fn may only read.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	return s.read(ctx, false, fn)
}

// ReadSingle is Read for what is asked most: fn runs a single statement, which is a snapshot by itself.
func (s *Store) ReadSingle(ctx context.Context, fn func(*Tx) error) error {
	return s.read(ctx, true, fn)
}

func (s *Store) read(ctx context.Context, single bool, fn func(*Tx) error) error {
	err := s.engine.read(context.WithoutCancel(ctx), single, func(open session) error {
		return fn(&Tx{session: open, store: s, single: single})
	})
	return s.refusal(err)
}
