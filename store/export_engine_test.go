package store

import (
	"strings"

	"banksulutgo.co.id/servicedesk/store/internal/schema"
)

// SchemaLock is the statement that keeps other nodes from changing the schema; empty where none is needed.
func SchemaLock(s *Store) string { return s.engine.Dialect().LockSchema }

// Channel is what the nodes of a PostgreSQL installation notify each other on.
func Channel(s *Store) string {
	_, from, _ := strings.Cut(s.engine.Dialect().Notify, "'")
	channel, _, _ := strings.Cut(from, "'")
	return channel
}

// MigrationStatements returns the statements of all migrations.
func MigrationStatements() ([]string, error) {
	steps, err := schema.Steps()
	var all []string
	for _, step := range steps {
		all = append(all, step.Statements...)
	}
	return all, err
}
