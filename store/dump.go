package store

import (
	"context"
	"fmt"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// Snapshot is everything that the database held at one moment.
type Snapshot struct {
	Version int64   // of the schema
	Tables  []Table // all of them
	query   engine.Query
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
	return s.engine.Snapshot(ctx, func(q engine.Query) error {
		var have int64
		err := q(`SELECT MAX(version) FROM schema_version`, nil, func(scan func(dest ...any) error) error { return scan(&have) })
		if err == nil && have != version {
			err = fmt.Errorf("the database has schema version %d now and this program has %d: use the program that serves it", have, version)
		}
		if err != nil {
			return err
		}
		return fn(&Snapshot{Version: version, Tables: tables, query: q, inOrder: s.engine.Dialect().InOrder})
	})
}

// Rows calls row for every row of a table, with *string, *int64 and *bool as the columns are; row must not keep them.
func (sn *Snapshot) Rows(t Table, row func(values []any) error) error {
	return dump(sn.query, t, sn.inOrder, row)
}

func dump(q engine.Query, t Table, inOrder string, row func(values []any) error) error {
	values := t.Row()
	return q(`SELECT `+t.ColumnList()+` FROM `+t.Name+inOrder, nil, func(scan func(dest ...any) error) error {
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
