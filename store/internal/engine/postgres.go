package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresEngine is a PostgreSQL database that any number of nodes share.
type postgresEngine struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	channel string        // what the nodes of this installation notify each other on
	words   Dialect       // names the installation too
	reading chan struct{} // one place for each read that may be open at once
}

// Connections of one node, unless the address says pool_max_conns: then readers have what the writers leave.
const (
	writeConns = 4
	readConns  = 8
)

// forgotten is how long the server keeps a transaction that its node has left without a word. It is longer than any
// of ours lasts, and short because such a transaction may hold the sequencer's lock.
const forgotten = 2 * TransactionLimit

// forbidden are ways of PostgreSQL that what serves a request does not take: it walks indexes. What else looks cheap by the
// statistics of a small table is slow on a grown one, and nothing of it is worth compiling.
var forbidden = []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"}

func openPostgres(ctx context.Context, address string, log *slog.Logger) (Engine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the PostgreSQL database cannot be read; it looks like postgres://user:password@host:5432/name")
	}
	if !strings.Contains(address, "pool_max_conns") {
		config.MaxConns = writeConns + readConns
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "servicedesk"
	params["synchronous_commit"] = "on" // an acknowledged write must survive a power cut
	params["idle_in_transaction_session_timeout"] = strconv.FormatInt(forgotten.Milliseconds(), 10)
	params["plan_cache_mode"] = "force_generic_plan" // each statement has one good plan, which need not be made again for its arguments
	for _, plan := range forbidden {
		params[plan] = "off"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{pool: pool, log: log, reading: make(chan struct{}, max(1, int(config.MaxConns)-writeConns))}
	if err := e.settle(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return e, nil
}

// settle finds out where the installation lives. Notifications and advisory locks are seen in the whole database, in
// which other schemas may hold other installations: both carry the schema's number.
func (e *postgresEngine) settle(ctx context.Context) error {
	var schema uint32
	err := e.pool.QueryRow(ctx, `SELECT oid FROM pg_namespace WHERE nspname = current_schema()`).Scan(&schema)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errors.New("the schema that the address of the PostgreSQL database names (search_path) does not exist; create it first")
	case err != nil:
		return fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	if err := e.checkDurability(ctx); err != nil {
		return err
	}
	e.channel = fmt.Sprintf("servicedesk_%d", schema)
	e.words = Dialect{
		ForUpdate: " FOR UPDATE", SkipLocked: " FOR UPDATE SKIP LOCKED",
		Notify:     "SELECT pg_notify('" + e.channel + "', '')",
		LockSchema: fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", 7310579<<32|int64(schema)),
		Words:      tsvector,
		Define:     inOrderOfBytes,
	}
	return nil
}

// textType is the type of a column of a table.
var textType = regexp.MustCompile(`\btext\b`)

// inOrderOfBytes lets every text of a table be ordered by its bytes, as SQLite does. An order of a language costs a twentieth
// of a claim, and changes with the library of the system that knows it: indexes that were made before are wrong then.
func inOrderOfBytes(statement string) string {
	if strings.HasPrefix(statement, "CREATE TABLE") || strings.HasPrefix(statement, "ALTER TABLE") {
		return textType.ReplaceAllString(statement, `text COLLATE "C"`)
	}
	return statement
}

// tsvector finds words by an index that knows no order: what it finds is sorted. Of the parser that makes words of texts
// nothing is used.
var tsvector = Words{
	Keep: `INSERT INTO ticket_words (number, words) VALUES ($1, array_to_tsvector(string_to_array($2, ' '))) ON CONFLICT (number) DO UPDATE SET words = excluded.words`,
	Find: `WITH found AS MATERIALIZED (SELECT number FROM ticket_words WHERE words @@ CAST($1 AS tsquery)) SELECT number FROM found WHERE number < $2 ORDER BY number DESC LIMIT $3`,
	And:  " & ", Or: " | ", Word: [2]string{"'", "':*"},
}

// checkDurability finds out whether the server keeps what it acknowledges. One that is told not to is used, for somebody
// meant it, and is complained about at every start; a session that does not wait for its commits is refused.
func (e *postgresEngine) checkDurability(ctx context.Context) error {
	var fsync, pages, commit string
	err := e.pool.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`).
		Scan(&fsync, &pages, &commit)
	switch {
	case err != nil:
		return fmt.Errorf("PostgreSQL does not tell its settings: %w", err)
	case commit == "off":
		return errors.New("PostgreSQL ignores synchronous_commit=on, which each of our sessions asks for: connect without the pooler that drops it")
	case fsync != "on" || pages != "on":
		e.log.Error("PostgreSQL loses acknowledged tickets when the power fails: set fsync and full_page_writes to on", "fsync", fsync, "full_page_writes", pages)
	}
	return nil
}

func (e *postgresEngine) Committers() int  { return writeConns }
func (e *postgresEngine) Batch() int       { return 32 }
func (e *postgresEngine) Close() error     { e.pool.Close(); return nil }
func (e *postgresEngine) Dialect() Dialect { return e.words }

func (e *postgresEngine) Begin(ctx context.Context) (Session, error) {
	return e.open(ctx, "BEGIN")
}

// open takes a connection for a transaction that begins with a statement; with none: for one statement without.
func (e *postgresEngine) open(ctx context.Context, how string) (*postgresSession, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	s := &postgresSession{ctx: ctx, conn: conn, log: e.log}
	if how != "" {
		s.keep(kept{}, how, nil)
	}
	return s, nil
}

func (e *postgresEngine) Read(ctx context.Context, single bool, fn func(Session) error) error {
	ctx, cancel := context.WithTimeout(ctx, TransactionLimit)
	defer cancel()
	select {
	case e.reading <- struct{}{}:
		defer func() { <-e.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	how := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	if single {
		how = ""
	}
	s, err := e.open(ctx, how)
	if err != nil {
		return err
	}
	defer s.Rollback()
	return fn(s)
}

// Listen waits for notifications. After a lost connection something may have been missed: heard is called then too.
func (e *postgresEngine) Listen(ctx context.Context, heard func()) {
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
	if _, err := conn.Exec(ctx, "LISTEN "+e.channel); err != nil {
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

// RolledBack: something failed but the connection. When that is lost, running each write again would only wait for
// another one, again and again.
func (e *postgresEngine) RolledBack(err error) bool {
	return errors.Is(err, errReplay)
}

// Lost: deadlock and serialization failure ask for another run.
func (e *postgresEngine) Lost(err error) bool {
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
	kept    []kept // what is expected of each of those
	begun   bool   // something was sent
	others  int    // how many of the pending statements are earlier writes'
	sent    bool   // something that this write changes was sent
	done    bool
}

// kept is what is expected of a pending statement.
type kept struct {
	otherwise error                                    // the error when it changes no row
	row       func(scan func(dest ...any) error) error // what its rows are given to
}

func (s *postgresSession) keep(k kept, text string, args []any) {
	s.pending.Queue(text, args...)
	s.kept = append(s.kept, k)
}

func (s *postgresSession) Exec(expect error, text string, args []any) error {
	s.keep(kept{otherwise: expect}, text, args)
	return nil
}

func (s *postgresSession) Look(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s.keep(kept{row: row}, text, args)
	return nil
}

func (s *postgresSession) Send() error {
	if len(s.kept) == 0 {
		return nil
	}
	if len(s.kept) > s.others {
		s.sent = true
	}
	return s.send(nil)
}

func (s *postgresSession) Query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	if len(s.kept) > s.others || !strings.HasPrefix(text, "SELECT") {
		s.sent = true
	}
	s.pending.Queue(text, args...)
	return s.send(func(results pgx.BatchResults) error { return give(results, row) })
}

// give gives the next result's rows to row.
func give(results pgx.BatchResults, row func(scan func(dest ...any) error) error) error {
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
}

// send sends what is pending, checks what was expected of it, and reads the last statement's answer with last.
func (s *postgresSession) send(last func(pgx.BatchResults) error) (err error) {
	batch, awaited, others := s.pending, s.kept, s.others
	s.pending, s.kept, s.begun, s.others = pgx.Batch{}, nil, true, 0
	results, expected := s.conn.SendBatch(s.ctx, &batch), false
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
		if err != nil && !expected && !s.conn.Conn().IsClosed() {
			err = fmt.Errorf("%w: %w", errReplay, err) // as long as the connection stands, nothing was committed
		}
	}()
	for i, k := range awaited {
		if k.row != nil {
			if err := give(results, k.row); err != nil {
				return err
			}
			continue
		}
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		if k.otherwise != nil && tag.RowsAffected() == 0 {
			if i < others {
				return errReplay
			}
			expected = true
			return k.otherwise
		}
	}
	if last == nil {
		return nil
	}
	return last(results)
}

// Fresh: only BEGIN was given yet.
func (s *postgresSession) Fresh() bool { return !s.begun && len(s.kept) == 1 }

// Mark remembers where the pending statements of one write begin.
func (s *postgresSession) Mark() error {
	s.others, s.sent = len(s.kept), false
	return nil
}

// Undo drops what is pending since the mark. A change that was sent cannot be taken back alone, for a savepoint for
// each write costs more than batches save; what was only looked at need not be.
func (s *postgresSession) Undo() error {
	if s.sent {
		return errReplay
	}
	s.kept = s.kept[:s.others]
	s.pending.QueuedQueries = s.pending.QueuedQueries[:s.others]
	return nil
}

// Commit ends the transaction. What was expected is checked before COMMIT is sent: a statement that changes no row is
// no error to the server.
func (s *postgresSession) Commit() error {
	s.others = 0 // whose fault it is does not matter here: a lone write's, or they are run again
	if slices.ContainsFunc(s.kept, func(k kept) bool { return k.otherwise != nil || k.row != nil }) {
		if err := s.send(nil); err != nil {
			return err
		}
	}
	var answer string
	s.pending.Queue("COMMIT")
	err := s.send(func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		answer = tag.String()
		return err
	})
	switch {
	case answer == "COMMIT": // and whatever becomes of the connection after it
		s.release()
		return nil
	case err == nil:
		return fmt.Errorf("%w: PostgreSQL answered COMMIT with %q", errReplay, answer)
	case errors.Is(err, errReplay):
		return err
	}
	return fmt.Errorf("%w: %w", errUnknownOutcome, err)
}

// Rollback ends the transaction. A connection that cannot is closed, which ends it too.
func (s *postgresSession) Rollback() {
	if s.done {
		return
	}
	if conn := s.conn.Conn(); s.begun && !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
		defer cancel()
		if _, err := s.conn.Exec(ctx, "ROLLBACK"); err != nil {
			s.log.Warn("rolling back failed, the connection is closed", "error", err)
			_ = conn.Close(ctx)
		}
	}
	s.release()
}

func (s *postgresSession) release() {
	s.done = true
	s.conn.Release()
}
