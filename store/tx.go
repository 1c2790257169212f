package store

import (
	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Tx is one transaction. Statements whose result nobody needs return nothing: the first error stops everything after
// it and is what the transaction ends with, so that a write reads as a story.
type Tx struct {
	sql     *sql.Tx
	store   *Store
	patient bool // may wait for a lock
	records records
}

// over makes the Tx of an open session.
func (s *Store) over(open engine.Session, patient bool) *Tx {
	return &Tx{sql: &sql.Tx{Session: open}, store: s, patient: patient}
}
