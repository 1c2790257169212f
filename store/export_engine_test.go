package store

import "strings"

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
	steps, err := migrations()
	var all []string
	for _, step := range steps {
		all = append(all, step.statements...)
	}
	return all, err
}
