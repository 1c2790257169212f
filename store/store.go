// Package store is the desk's memory: all SQL, one text for SQLite and PostgreSQL. A write is one closure over a Tx;
// writes that arrive together share a commit, invisibly to those who write.
package store

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/share"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// SQLiteFile is the name of the embedded database in the data folder.
const SQLiteFile = "servicedesk.db"

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
	engine               engine.Engine
	clock                func() time.Time
	log                  *slog.Logger
	writes               *share.Writes[records]
	byNumber             *share.Questions[int64, Standing]
	byReference          *share.Questions[channelReference, Standing]
	sealer               atomic.Pointer[Sealer] // set while the sequencer runs
	numbers, testNumbers numberBlock
	metrics              metrics
}

// Open opens the database, creating it when it does not exist, and brings its schema to this program's version.
// It refuses a schema that is newer than the program.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	e, err := engine.Open(ctx, o.place())
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
func start(ctx context.Context, e engine.Engine, o Options) (*Store, error) {
	s := &Store{engine: e, clock: o.Clock, log: o.Log, metrics: newMetrics(o.Metrics),
		numbers: numberBlock{counter: realCounter}, testNumbers: numberBlock{counter: testCounter}}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if o.Batch == 0 {
		o.Batch = e.Batch()
	}
	s.startWrites(share.WriteOptions[records]{Most: o.Batch, Rehearse: o.Rehearse, Metrics: o.Metrics})
	s.startQuestions()
	return s, nil
}

// startWrites starts those who commit writes. What o leaves out is the store's own.
func (s *Store) startWrites(o share.WriteOptions[records]) {
	o.Engine, o.Committed = s.engine, s.metrics.sequencedAtOnce
	o.Conclude = func(tx *sql.Tx, recorded *records, alone bool) error {
		return (&Tx{sql: tx, store: s, patient: true}).conclude(*recorded, alone)
	}
	s.writes = share.NewWrites(o)
}

// stop waits for the writes and the questions under way. Those after it fail.
func (s *Store) stop() {
	s.writes.Stop()
	s.byNumber.Stop()
	s.byReference.Stop()
}

// place is where the database is.
func (o Options) place() engine.Options {
	return engine.Options{Database: o.Database, File: filepath.Join(o.Folder, SQLiteFile), Log: o.Log}
}

// Close waits for the writes under way and closes the database. Writes after it fail.
func (s *Store) Close() error {
	s.returnNumbers()
	s.stop()
	return s.engine.Close()
}

// Now is the store's time in UTC, in whole microseconds, as it is stored.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// OnCommit sets what is called after each commit of this process for which somebody may wait. It must not block.
func (s *Store) OnCommit(fn func()) { s.writes.OnCommit(fn) }

// Waiting is how many writes of this process wait for their commit at this moment, those that share the one under way too.
func (s *Store) Waiting() int { return s.writes.Begun() }

// Listen calls heard whenever another process may have committed something, until ctx ends.
func (s *Store) Listen(ctx context.Context, heard func()) { s.engine.Listen(ctx, heard) }

// Read runs fn over one consistent snapshot. fn may only read.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	called := false
	err := s.engine.Read(context.WithoutCancel(ctx), false, func(open engine.Session) error {
		called = true
		return fn(s.over(open, false))
	})
	if !called {
		err = sql.Blame(err)
	}
	return s.refusal(err)
}

// Write runs fn in a transaction and returns after the commit is durable. Writes that arrive while another commit is
// under way share the next one; one that fails takes nothing from the others. fn may run more than once and must touch
// nothing but tx and its own results. The error is fn's, or an Error of code Unavailable when the database failed.
//
// A caller that goes away does not stop its write: what was begun is committed or fails as a whole.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, fn, share.Manner{})
}

// writeQuietly is Write for what nobody waits for.
func (s *Store) writeQuietly(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, fn, share.Manner{Quiet: true})
}

// writeAlone is writeQuietly in a transaction of its own, for what takes locks that others wait for.
func (s *Store) writeAlone(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, fn, share.Manner{Alone: true, Quiet: true})
}

func (s *Store) write(ctx context.Context, fn func(*Tx) error, how share.Manner) error {
	err := s.writes.Do(ctx, func(open *sql.Tx, patient bool, all *records) error {
		tx := &Tx{sql: open, store: s, patient: patient}
		err := fn(tx)
		if err == nil && open.Err == nil {
			all.add(tx.records)
		}
		return err
	}, how)
	if errors.Is(err, share.ErrClosed) {
		return unavailable(err)
	}
	return s.refusal(err)
}
