package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// preparedMost bounds the statements that a connection keeps. The store has about a hundred texts; the bound is for
// texts made of parts, should their number ever depend on what callers ask.
const preparedMost = 400

// sqliteConn is a connection and the statements prepared on it; preparing anew would double the cost of a write. It is
// used by one goroutine at a time.
type sqliteConn struct {
	conn     *sqlite.Conn
	prepared map[string]*sqlite.Stmt
	suspect  bool // the disk failed under it
}

// openSQLiteConn opens a connection. Every setting that matters is given, whatever the defaults are.
func openSQLiteConn(ctx context.Context, path string, pragmas ...string) (*sqliteConn, error) {
	return openSQLiteAs(ctx, path, sqlite.OpenReadWrite|sqlite.OpenCreate, append([]string{"journal_mode(WAL)", "foreign_keys(1)"}, pragmas...)...)
}

// openSQLiteAs opens a connection that may do what the flags say.
func openSQLiteAs(ctx context.Context, path string, flags sqlite.OpenFlags, pragmas ...string) (*sqliteConn, error) {
	conn, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c := &sqliteConn{conn: conn, prepared: map[string]*sqlite.Stmt{}}
	for _, pragma := range append([]string{"busy_timeout(10000)"}, pragmas...) {
		if err := c.set(ctx, pragma); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), c.close())
		}
	}
	return c, nil
}

// set sets what a pragma says. To change the mode of the journal SQLite does not wait for other programs that open the
// same new file, whatever busy_timeout says.
func (c *sqliteConn) set(ctx context.Context, pragma string) error {
	const tries, pause = 500, 20 * time.Millisecond
	for try := 1; ; try++ {
		_, err := c.ask(ctx, "PRAGMA "+pragma)
		if primaryCode(err) != sqlite.ResultBusy || try == tries {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *sqliteConn) close() error {
	return errors.Join(c.forget(), c.conn.Close())
}

// forget closes the statements that are prepared.
func (c *sqliteConn) forget() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Finalize())
	}
	clear(c.prepared)
	return errors.Join(errs...)
}

func (c *sqliteConn) statement(text string) (*sqlite.Stmt, error) {
	if s, ok := c.prepared[text]; ok {
		return s, nil
	}
	if len(c.prepared) == preparedMost {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, trailing, err := c.conn.PrepareTransient(adapted(text))
	if err == nil && trailing > 0 {
		err = errors.Join(errors.New("more than one statement"), s.Finalize())
	}
	if err != nil {
		return nil, fmt.Errorf("%w in: %s", err, text)
	}
	c.prepared[text] = s
	return s, nil
}

// adapted is a statement's text for SQLite. One that fails ends its transaction in this program, so that SQLite need not keep
// what it would take to undo an INSERT of many rows alone: a tenth of what it costs.
func adapted(text string) string {
	return strings.Replace(limit.ReplaceAllString(text, "LIMIT ($1 + 0)"), "INSERT INTO", "INSERT OR FAIL INTO", 1)
}

// limit is a limit that is an argument. SQLite would plan by its value, and so prepare the statement again each time that it is
// run: half of what a small one costs. Of a sum it does not know the value.
var limit = regexp.MustCompile(`LIMIT (\$\d+)`)

// run runs a statement and calls row, which may be nil, for each of its rows.
func (c *sqliteConn) run(text string, args []any, row func(scan func(dest ...any) error) error) (err error) {
	stmt, err := c.statement(text)
	if err != nil {
		return c.note(err)
	}
	defer func() {
		if reset := stmt.Reset(); err == nil { // a failed step is told once more by Reset
			err = c.note(reset)
		}
	}()
	if err := bind(stmt, args); err != nil {
		return fmt.Errorf("%w in: %s", err, text)
	}
	scan := func(dest ...any) error { return scanRow(stmt, dest) }
	for {
		found, err := stmt.Step()
		if err != nil || !found {
			return c.note(err)
		}
		if row == nil {
			continue
		}
		if err := row(scan); err != nil {
			return err
		}
	}
}

// ask returns the text that a statement answers, empty when it answers nothing.
func (c *sqliteConn) ask(_ context.Context, text string) (answer string, err error) {
	err = c.run(text, nil, func(scan func(dest ...any) error) error { return scan(&answer) })
	return answer, err
}

// note remembers that the disk failed.
func (c *sqliteConn) note(err error) error {
	c.suspect = c.suspect || broken(err)
	return err
}

// broken reports whether a connection failed below the database: nobody knows then what is on the disk. One that says
// READONLY could open the file for reading only, which SQLite keeps to itself until the first write.
func broken(err error) bool {
	switch primaryCode(err) {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultCantOpen, sqlite.ResultReadOnly:
		return true
	}
	return false
}

// primaryCode is the primary code of an error of SQLite, ResultError for other errors.
func primaryCode(err error) sqlite.ResultCode { return sqlite.ErrCode(err).ToPrimary() }

// bind gives a statement its arguments.
func bind(stmt *sqlite.Stmt, args []any) error {
	if want := stmt.BindParamCount(); want != len(args) {
		return fmt.Errorf("%d arguments, want %d", len(args), want)
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			stmt.BindText(i+1, v)
		case int64:
			stmt.BindInt64(i+1, v)
		case int:
			stmt.BindInt64(i+1, int64(v))
		case bool:
			stmt.BindBool(i+1, v)
		default:
			return fmt.Errorf("argument %d is a %T: text, bigint and boolean are all that is stored", i+1, arg)
		}
	}
	return nil
}

// scanRow reads a row into variables of text, bigint and boolean, and of types made of them.
func scanRow(stmt *sqlite.Stmt, dest []any) error {
	if have := stmt.ColumnCount(); have != len(dest) {
		return fmt.Errorf("%d columns, and %d variables for them", have, len(dest))
	}
	for i, d := range dest {
		if stmt.ColumnIsNull(i) {
			return fmt.Errorf("column %s is NULL", stmt.ColumnName(i))
		}
		switch d := d.(type) {
		case *string:
			*d = stmt.ColumnText(i)
		case *int64:
			*d = stmt.ColumnInt64(i)
		case *int:
			*d = int(stmt.ColumnInt64(i))
		case *bool:
			*d = stmt.ColumnBool(i)
		default:
			if err := scanNamed(stmt, i, reflect.ValueOf(d).Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

// scanNamed reads a column into a variable of a named type.
func scanNamed(stmt *sqlite.Stmt, column int, into reflect.Value) error {
	switch into.Kind() {
	case reflect.String:
		into.SetString(stmt.ColumnText(column))
	case reflect.Int, reflect.Int64:
		into.SetInt(stmt.ColumnInt64(column))
	case reflect.Bool:
		into.SetBool(stmt.ColumnBool(column))
	default:
		return fmt.Errorf("column %s cannot be read into a %s", stmt.ColumnName(column), into.Type())
	}
	return nil
}

func (c *sqliteConn) begin(how string) (*sqliteSession, error) {
	s := &sqliteSession{conn: c, open: true}
	if err := s.run(how); err != nil {
		return nil, err
	}
	return s, nil
}

// sqliteSession is an open transaction.
type sqliteSession struct {
	conn    *sqliteConn
	open    bool
	changed bool // something since the mark
}

func (s *sqliteSession) run(text string) error { return s.conn.run(text, nil, nil) }

func (s *sqliteSession) Exec(expect error, text string, args []any) error {
	if err := s.conn.run(text, args, nil); err != nil {
		s.changed = true // or not: who knows what a statement did that failed
		return err
	}
	if s.conn.conn.Changes() == 0 {
		return expect
	}
	s.changed = true
	return nil
}

func (s *sqliteSession) Query(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s.changed = s.changed || !strings.HasPrefix(text, "SELECT")
	return s.conn.run(text, args, row)
}

func (s *sqliteSession) Look(text string, args []any, row func(scan func(dest ...any) error) error) error {
	return s.Query(text, args, row)
}

func (s *sqliteSession) Send() error { return nil }

// Fresh: there is one writer, and no lock of a row to wait for.
func (s *sqliteSession) Fresh() bool { return true }

// Mark and Undo do without savepoints, which cost a tenth of all writes: most writes that fail do so before they change
// anything. The others are run again without the one that failed.
func (s *sqliteSession) Mark() error {
	s.changed = false
	return nil
}

func (s *sqliteSession) Undo() error {
	if s.changed {
		return errReplay
	}
	return nil
}

func (s *sqliteSession) Commit() error {
	if err := s.run("COMMIT"); err != nil {
		return err
	}
	s.open = false
	return nil
}

func (s *sqliteSession) Rollback() {
	if s.open {
		s.open = false
		_ = s.run("ROLLBACK") // an error means that SQLite did it already
	}
}
