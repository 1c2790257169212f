package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// channel is what nodes notify each other on: numbered events, changed configuration.
const channel = "servicedesk"

// postgresEngine is a PostgreSQL database that any number of nodes share.
type postgresEngine struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

// Connections of one node, unless the address says pool_max_conns.
const (
	writeConns = 4
	readConns  = 8
)

func openPostgres(ctx context.Context, address string, log *slog.Logger) (engine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the PostgreSQL database cannot be read; it looks like postgres://user:password@host:5432/name")
	}
	if !strings.Contains(address, "pool_max_conns") {
		config.MaxConns = writeConns + readConns
	}
	config.ConnConfig.RuntimeParams["application_name"] = "servicedesk"
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on" // an acknowledged write must survive a power cut
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	return &postgresEngine{pool: pool, log: log}, nil
}

func (e *postgresEngine) committers() int { return writeConns }
func (e *postgresEngine) batch() int      { return 32 }
func (e *postgresEngine) close() error    { e.pool.Close(); return nil }
func (e *postgresEngine) dialect() dialect {
	return dialect{forUpdate: " FOR UPDATE", skipLocked: " FOR UPDATE SKIP LOCKED", notify: "SELECT pg_notify('" + channel + "', '')",
		lockSchema: "SELECT pg_advisory_xact_lock(7310579)"}
}

func (e *postgresEngine) begin(ctx context.Context) (session, error) {
	return e.open(ctx, "BEGIN")
}

func (e *postgresEngine) open(ctx context.Context, how string) (*postgresSession, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	s := &postgresSession{ctx: ctx, conn: conn, log: e.log}
	s.pending.Queue(how)
	s.expects = append(s.expects, nil)
	return s, nil
}

func (e *postgresEngine) read(ctx context.Context, fn func(session) error) error {
	ctx, cancel := context.WithTimeout(ctx, transactionLimit)
	defer cancel()
	s, err := e.open(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err != nil {
		return blame(err)
	}
	defer s.rollback()
	return fn(s)
}

// listen waits for notifications. After a lost connection something may have been missed: heard is called then too.
func (e *postgresEngine) listen(ctx context.Context, heard func()) {
	for ctx.Err() == nil {
		if err := e.listenOnce(ctx, heard); err != nil && ctx.Err() == nil {
			e.log.Warn("listening to PostgreSQL failed, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
			heard()
		}
	}
}

func (e *postgresEngine) listenOnce(ctx context.Context, heard func()) error {
	pooled, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack()
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	heard()
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		heard()
	}
}

// rolledBack: the server said that the transaction failed, or a statement did not do what was expected.
func (e *postgresEngine) rolledBack(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) || errors.Is(err, errReplay) || !isFault(err)
}

// lost: deadlock and serialization failure ask for another run.
func (e *postgresEngine) lost(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

// postgresSession is an open transaction. Statements whose result nobody needs are kept and sent with the next one
// whose result is needed, so that most writes are one round trip.
type postgresSession struct {
	ctx     context.Context
	conn    *pgxpool.Conn
	log     *slog.Logger
	pending pgx.Batch
	expects []error // per pending statement: the error when it changes no row
	begun   bool    // something was sent
	marked  int     // pending statements that belong to earlier writes; -1: sent since the mark
	done    bool
}

func (s *postgresSession) exec(expect error, text string, args []any) error {
	s.pending.Queue(text, args...)
	s.expects = append(s.expects, expect)
	return nil
}

func (s *postgresSession) query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s.pending.Queue(text, args...)
	return s.send(func(results pgx.BatchResults) error {
		rows, err := results.Query()
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
	})
}

// send sends what is pending, checks what was expected of it, and reads the last statement's answer with last.
func (s *postgresSession) send(last func(pgx.BatchResults) error) (err error) {
	batch, expects, marked := s.pending, s.expects, s.marked
	s.pending, s.expects, s.begun, s.marked = pgx.Batch{}, nil, true, -1
	results := s.conn.SendBatch(s.ctx, &batch)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for i, expect := range expects {
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		if expect != nil && tag.RowsAffected() == 0 {
			if i < marked {
				return errReplay // it was an earlier write's
			}
			return expect
		}
	}
	if last == nil {
		return nil
	}
	return last(results)
}

// mark remembers where the pending statements of one write begin.
func (s *postgresSession) mark() error {
	s.marked = len(s.expects)
	return nil
}

// undo drops what is pending since the mark. What was sent cannot be taken back alone: then all are replayed.
func (s *postgresSession) undo() error {
	if s.marked < 0 {
		return errReplay
	}
	s.expects = s.expects[:s.marked]
	s.pending.QueuedQueries = s.pending.QueuedQueries[:s.marked]
	return nil
}

// commit ends the transaction. What was expected is checked before COMMIT is sent: a statement that changes no row is
// no error to the server.
func (s *postgresSession) commit() error {
	s.marked = 0 // whose fault it is does not matter here: a lone write's, or all are replayed
	if slices.ContainsFunc(s.expects, func(expect error) bool { return expect != nil }) {
		if err := s.send(nil); err != nil {
			return err
		}
	}
	s.pending.Queue("COMMIT")
	err := s.send(func(results pgx.BatchResults) error {
		_, err := results.Exec()
		return err
	})
	if err == nil {
		s.release()
		return nil
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%w: %w", errUnknownOutcome, err)
	}
	return err
}

// rollback ends the transaction. A connection that cannot is closed, which ends it too.
func (s *postgresSession) rollback() {
	if s.done {
		return
	}
	if s.begun && s.conn.Conn().PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
		defer cancel()
		if _, err := s.conn.Exec(ctx, "ROLLBACK"); err != nil {
			s.log.Warn("rolling back failed, the connection is closed", "error", err)
			_ = s.conn.Conn().Close(ctx)
		}
	}
	s.release()
}

func (s *postgresSession) release() {
	s.done = true
	s.conn.Release()
}
