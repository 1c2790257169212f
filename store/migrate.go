package store

import (
	"context"
	"fmt"
	"slices"

	"banksulutgo.co.id/servicedesk/store/internal/schema"
)

// migrate brings the schema to this program's version in one transaction. Several programs may start at once: one
// does it, the others find it done.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := schema.Steps()
	if err != nil {
		return err
	}
	open, err := s.engine.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin the migration: %w", err)
	}
	defer open.Rollback()
	tx := s.over(open, false)
	if err := tx.migrate(steps); err != nil {
		return err
	}
	return open.Commit()
}

// now runs a statement at once: one that creates a table must be done before the next is prepared.
func (tx *Tx) now(text string, args ...any) {
	_ = tx.sql.Each(text, args, func(func(dest ...any) error) error { return nil })
}

// lockedVersion keeps other programs from changing the schema, and reads its version; 0: there is none.
func (tx *Tx) lockedVersion() (have int64, err error) {
	if lock := tx.store.engine.Dialect().LockSchema; lock != "" {
		tx.now(lock)
	}
	tx.now(tx.store.engine.Dialect().Define(`CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, name text NOT NULL)`))
	err = tx.sql.One(`SELECT COALESCE(MAX(version), 0) FROM schema_version`, nil, &have)
	return have, err
}

func (tx *Tx) migrate(steps []schema.Step) error {
	have, err := tx.lockedVersion()
	if err != nil {
		return err
	}
	newest, dialect := steps[len(steps)-1].Version, tx.store.engine.Dialect()
	if have > newest {
		return fmt.Errorf("the database has schema version %d, this program knows up to %d: start a newer servicedesk, or restore a backup made by this one", have, newest)
	}
	for _, step := range steps {
		if step.Version <= have {
			continue
		}
		own := step.PostgreSQL
		if dialect.Serial {
			own = step.SQLite
		}
		for _, statement := range slices.Concat(step.Statements, own) {
			tx.now(dialect.Define(statement))
		}
		tx.now(`INSERT INTO schema_version (version, name) VALUES ($1, $2)`, step.Version, step.Name)
	}
	return tx.sql.Err
}
