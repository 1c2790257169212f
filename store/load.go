package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"banksulutgo.co.id/servicedesk/durable"
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/schema"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// ErrOccupied says that a database is not empty.
var ErrOccupied = errors.New("there is a database already")

// loadedAtOnce is about how many values one statement stores while a database is filled: SQLite takes longer for each, the
// more there are.
const loadedAtOnce = 1000

// building is what the name of an embedded database ends with until it is whole.
const building = ".restoring"

// Loader fills a new database.
type Loader struct {
	tx      *Tx
	tables  []Table
	table   Table
	pending []any
}

// Tables are the tables to fill.
func (l *Loader) Tables() []Table { return l.tables }

// Insert stores a row: string, int64 and bool as the columns are. Rows of one table are stored one after the other, and
// tables in the order of Tables.
func (l *Loader) Insert(t Table, values ...any) error {
	if t.Name != l.table.Name {
		if err := l.flush(); err != nil {
			return err
		}
		l.table = t
	}
	l.pending = append(l.pending, values...)
	if len(l.pending) >= loadedAtOnce {
		return l.flush()
	}
	return nil
}

// Rows calls row for every row that was stored in a table, with *string, *int64 and *bool as the columns are; in an
// embedded database in the order in which they were stored.
func (l *Loader) Rows(t Table, row func(values []any) error) error {
	if err := l.flush(); err != nil {
		return err
	}
	return dump(l.tx.sql.Each, t, l.tx.store.engine.Dialect().InOrder, row)
}

// flush stores the rows that wait.
func (l *Loader) flush() error {
	if len(l.pending) > 0 {
		columns := len(l.table.Columns)
		l.tx.now(`INSERT INTO `+l.table.Name+` (`+l.table.ColumnList()+`) VALUES `+sql.List(len(l.pending)/columns, columns, nil), l.pending...)
		l.pending = nil
	}
	return l.tx.sql.Err
}

// Load makes a database of a schema version and lets fill store its rows. With a finish it then brings the schema to
// this program's version and lets finish add to it. The database is there whole or not at all, and a Load that was cut
// off can be begun again. The error wraps ErrOccupied when there is one already.
func Load(ctx context.Context, o Options, version int64, fill func(*Loader) error, finish func(*Tx) error) error {
	if o.Database == "" {
		return loadFile(ctx, o, version, fill, finish)
	}
	e, err := engine.Open(ctx, o.withDefaults().place())
	if err != nil {
		return err
	}
	return errors.Join((&Store{engine: e}).load(ctx, version, fill, finish), e.Close())
}

// Empty returns an error that wraps ErrOccupied when Load would.
func Empty(ctx context.Context, o Options) error {
	if o.Database == "" {
		return emptyFile(filepath.Join(o.Folder, SQLiteFile))
	}
	e, err := engine.Open(ctx, o.withDefaults().place())
	if err != nil {
		return err
	}
	open, err := e.Begin(ctx)
	if err == nil {
		_, err = (&Store{engine: e}).over(open, false).emptyVersion()
		open.Rollback()
	}
	return errors.Join(err, e.Close())
}

// emptyVersion is lockedVersion of a database that must have none.
func (tx *Tx) emptyVersion() (int64, error) {
	have, err := tx.lockedVersion()
	if err == nil && have > 0 {
		err = ErrOccupied
	}
	return have, err
}

// emptyFile looks for the log too: what a database left there would be taken for a part of the new one.
func emptyFile(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-journal"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("%w: %s", ErrOccupied, name), err)
		}
	}
	return nil
}

// load fills an empty database in one transaction.
func (s *Store) load(ctx context.Context, version int64, fill func(*Loader) error, finish func(*Tx) error) error {
	open, err := s.engine.Begin(ctx)
	if err != nil {
		return err
	}
	defer open.Rollback()
	made, err := schema.Of(ctx, version)
	if err != nil {
		return err
	}
	tx := s.over(open, true)
	if err := tx.prepare(version, made); err != nil {
		return err
	}
	l := &Loader{tx: tx, tables: made.Tables}
	if err := fill(l); err != nil {
		return err
	}
	if err := l.flush(); err != nil {
		return err
	}
	for _, x := range made.Indexes {
		tx.now(x.Text)
	}
	if finish != nil {
		if err := tx.finish(finish); err != nil {
			return err
		}
	}
	if err := tx.conclude(tx.records, false); err != nil {
		return err
	}
	return open.Commit()
}

// prepare makes the tables, without the rows that migrations store and without indexes: to make those at the end takes
// a fraction of the time.
func (tx *Tx) prepare(version int64, made schema.Schema) error {
	if _, err := tx.emptyVersion(); err != nil {
		return err
	}
	steps, err := schema.To(version)
	if err != nil {
		return err
	}
	if err := tx.migrate(steps); err != nil {
		return err
	}
	for _, x := range made.Indexes {
		tx.now(`DROP INDEX ` + x.Name)
	}
	for _, t := range slices.Backward(made.Tables) {
		tx.now(`DELETE FROM ` + t.Name)
	}
	return tx.sql.Err
}

// finish brings a database that was filled to this program's version.
func (tx *Tx) finish(more func(*Tx) error) error {
	steps, err := schema.Steps()
	if err == nil {
		err = tx.migrate(steps)
	}
	if err == nil {
		err = more(tx)
	}
	return err
}

// SkipNumbers leaves ticket numbers out, and returns the one that comes next.
func (tx *Tx) SkipNumbers(n int64) (next int64, err error) {
	tx.sql.Exec(`UPDATE counter SET value = value + $1 WHERE name = $2`, n, testCounter)
	err = tx.sql.One(`UPDATE counter SET value = value + $1 WHERE name = $2 RETURNING value`, []any{n, realCounter}, &next)
	return next + 1, err
}

// loadFile builds an embedded database beside its place. Nothing of it needs to be durable before it is whole.
func loadFile(ctx context.Context, o Options, version int64, fill func(*Loader) error, finish func(*Tx) error) error {
	path := filepath.Join(o.Folder, SQLiteFile)
	temp := path + building
	if err := errors.Join(emptyFile(path), removeFile(temp)); err != nil {
		return err
	}
	e, err := engine.OpenToBuild(ctx, temp, o.withDefaults().Log)
	if err != nil {
		return err
	}
	if err = errors.Join((&Store{engine: e}).load(ctx, version, fill, finish), e.Close()); err == nil {
		err = durable.Sync(temp)
	}
	if err == nil {
		err = durable.Publish(temp, path)
	}
	return errors.Join(err, removeFile(temp))
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
