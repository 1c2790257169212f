package engine

import (
	"context"
	"errors"
)

// Pragma asks the connection of SQLite that writes for a setting, or sets it.
func Pragma(e Engine, name string) (string, error) {
	return e.(*sqliteEngine).writer.ask(context.Background(), "PRAGMA "+name)
}

// ReaderPragmas asks the connections of SQLite that read for a setting.
func ReaderPragmas(e Engine, name string) (answers []string, err error) {
	s := e.(*sqliteEngine)
	for range cap(s.idle) {
		c := <-s.idle
		answer, failed := c.ask(context.Background(), "PRAGMA "+name)
		answers, err = append(answers, answer), errors.Join(err, failed)
		s.idle <- c
	}
	return answers, err
}

// Prepared returns how many statements the writing connection of SQLite keeps.
func Prepared(e Engine) int { return len(e.(*sqliteEngine).writer.prepared) }

// PreparedMost is how many statements a connection of SQLite keeps at most.
const PreparedMost = preparedMost

// Suspect makes an engine take the disk of its SQLite file for failed.
func Suspect(e Engine) { e.(*sqliteEngine).writer.suspect = true }
