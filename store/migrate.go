package store

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema.
type migration struct {
	version    int64
	name       string
	statements []string
}

// migrations reads the embedded steps in order.
func migrations() ([]migration, error) {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var steps []migration
	for _, f := range files {
		text, err := migrationFiles.ReadFile(path.Join("migrations", f.Name()))
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", f.Name())
		}
		steps = append(steps, migration{version: version, name: f.Name(), statements: splitStatements(string(text))})
	}
	slices.SortFunc(steps, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	return steps, nil
}

// splitStatements cuts a migration where a line ends with a semicolon.
func splitStatements(text string) []string {
	var statements []string
	for part := range strings.SplitSeq(text, ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			statements = append(statements, strings.TrimSuffix(part, ";"))
		}
	}
	return statements
}

// migrate brings the schema to this program's version in one transaction. Several programs may start at once: one
// does it, the others find it done.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	open, err := s.engine.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin the migration: %w", err)
	}
	defer open.Rollback()
	tx := &Tx{session: open, store: s}
	if err := tx.migrate(steps); err != nil {
		return err
	}
	return open.Commit()
}

// now runs a statement at once: one that creates a table must be done before the next is prepared.
func (tx *Tx) now(text string, args ...any) {
	_ = tx.each(text, args, func(func(dest ...any) error) error { return nil })
}

// lockedVersion keeps other programs from changing the schema, and reads its version; 0: there is none.
func (tx *Tx) lockedVersion() (have int64, err error) {
	if lock := tx.store.engine.Dialect().LockSchema; lock != "" {
		tx.now(lock)
	}
	tx.now(`CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, name text NOT NULL)`)
	err = tx.one(`SELECT COALESCE(MAX(version), 0) FROM schema_version`, nil, &have)
	return have, err
}

func (tx *Tx) migrate(steps []migration) error {
	have, err := tx.lockedVersion()
	if err != nil {
		return err
	}
	newest := steps[len(steps)-1].version
	if have > newest {
		return fmt.Errorf("the database has schema version %d, this program knows up to %d: start a newer servicedesk, or restore a backup made by this one", have, newest)
	}
	for _, step := range steps {
		if step.version <= have {
			continue
		}
		for _, statement := range step.statements {
			tx.now(statement)
		}
		tx.now(`INSERT INTO schema_version (version, name) VALUES ($1, $2)`, step.version, step.name)
	}
	return tx.err
}
