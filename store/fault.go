package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// What a transaction may end with that is no failure of the database.
var (
	ErrNotFound     = sql.ErrNotFound     // there is no such row
	ErrExists       = sql.ErrExists       // a row of the same key exists
	ErrChanged      = sql.ErrChanged      // somebody else changed the row since it was read
	ErrRequestTaken = sql.ErrRequestTaken // a request of the same id was answered before
	ErrCondemned    = sql.ErrCondemned    // the purge removes a blob at this moment: it can be stored again a little later
)

// refusal words a failure of the database for the caller: the desk cannot answer now. Other errors pass.
func (s *Store) refusal(err error) error {
	if !sql.IsFault(err) {
		return err
	}
	s.metrics.failures.Inc()
	return unavailable(err)
}

// unavailable is what a caller is told when the database cannot be used.
func unavailable(cause error) error {
	return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: cause}
}
