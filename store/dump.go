package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Snapshot is everything that the database held at one moment.
type Snapshot struct {
	Version int64   // of the schema
	Tables  []Table // all of them
	query   query
	inOrder string
}

// Snapshot runs fn over everything that the database holds at one moment. It has a connection and all the time of its
// own, so that it takes nothing from reads and writes; but as long as it lasts, what is overwritten meanwhile is kept.
func (s *Store) Snapshot(ctx context.Context, fn func(*Snapshot) error) error {
	version, err := NewestVersion()
	if err != nil {
		return err
	}
	tables, err := Tables(ctx, version)
	if err != nil {
		return err
	}
	return s.engine.snapshot(ctx, func(q query) error {
		var have int64
		err := q(`SELECT MAX(version) FROM schema_version`, nil, func(scan func(dest ...any) error) error { return scan(&have) })
		if err == nil && have != version {
			err = fmt.Errorf("the database has schema version %d now and this program has %d: use the program that serves it", have, version)
		}
		if err != nil {
			return err
		}
		return fn(&Snapshot{Version: version, Tables: tables, query: q, inOrder: s.engine.dialect().inOrder})
	})
}

// Rows calls row for every row of a table, with *string, *int64 and *bool as the columns are; row must not keep them.
func (sn *Snapshot) Rows(t Table, row func(values []any) error) error {
	return dump(sn.query, t, sn.inOrder, row)
}

func dump(q query, t Table, inOrder string, row func(values []any) error) error {
	values := t.row()
	return q(`SELECT `+t.columns()+` FROM `+t.Name+inOrder, nil, func(scan func(dest ...any) error) error {
		if err := scan(values...); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.Name, err)
		}
		return row(values)
	})
}

// Blobs calls each for every blob that an attachment names, in the order of the names.
func (sn *Snapshot) Blobs(each func(name string) error) error {
	return sn.query(`SELECT DISTINCT sha256 FROM attachment ORDER BY sha256`, nil, func(scan func(dest ...any) error) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		return each(name)
	})
}

// Setting reads a value that the installation keeps about itself, or ErrNotFound.
func (sn *Snapshot) Setting(name string) (value string, err error) {
	err = ErrNotFound
	failed := sn.query(`SELECT value FROM setting WHERE name = $1`, []any{name}, func(scan func(dest ...any) error) error {
		err = scan(&value)
		return err
	})
	if failed != nil {
		err = failed
	}
	return value, err
}

func (e *sqliteEngine) snapshot(ctx context.Context, fn func(query) error) (err error) {
	conn, err := e.openReader(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.close()) }()
	open, err := conn.begin("BEGIN")
	if err != nil {
		return err
	}
	defer open.rollback()
	return fn(func(text string, args []any, row func(scan func(dest ...any) error) error) error {
		return open.query(text, args, func(scan func(dest ...any) error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return row(scan)
		})
	})
}

func (e *postgresEngine) snapshot(ctx context.Context, fn func(query) error) (err error) {
	config := e.pool.Config().ConnConfig
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0" // whoever takes the rows may be slow
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }() // ends the transaction too
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return err
	}
	return fn(func(text string, args []any, row func(scan func(dest ...any) error) error) error {
		rows, err := conn.Query(ctx, text, args...)
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
