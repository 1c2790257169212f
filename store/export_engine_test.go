package store

import (
	"context"
	"errors"
)

// Pragma asks the connection of SQLite that writes for a setting, or sets it.
func Pragma(s *Store, name string) (string, error) {
	return s.engine.(*sqliteEngine).writer.ask(context.Background(), "PRAGMA "+name)
}

// ReaderPragmas asks the connections of SQLite that read for a setting.
func ReaderPragmas(s *Store, name string) (answers []string, err error) {
	e := s.engine.(*sqliteEngine)
	for range cap(e.idle) {
		c := <-e.idle
		answer, failed := c.ask(context.Background(), "PRAGMA "+name)
		answers, err = append(answers, answer), errors.Join(err, failed)
		e.idle <- c
	}
	return answers, err
}

// Prepared returns how many statements the writing connection of SQLite keeps.
func Prepared(s *Store) int { return len(s.engine.(*sqliteEngine).writer.prepared) }

// PreparedMost is how many statements a connection of SQLite keeps at most.
const PreparedMost = preparedMost

// Suspect makes a store take the disk of its SQLite file for failed.
func Suspect(s *Store) { s.engine.(*sqliteEngine).writer.suspect = true }

// SchemaLock is the statement that keeps other nodes from changing the schema; empty where none is needed.
func SchemaLock(s *Store) string { return s.engine.dialect().lockSchema }

// Channel is what the nodes of a PostgreSQL installation notify each other on.
func Channel(s *Store) string { return s.engine.(*postgresEngine).channel }

// MigrationStatements returns the statements of all migrations.
func MigrationStatements() ([]string, error) {
	steps, err := migrations()
	var all []string
	for _, step := range steps {
		all = append(all, step.statements...)
	}
	return all, err
}
