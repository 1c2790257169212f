package store

import (
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("store: not found")

// ErrExists says that a row of the same key exists.
var ErrExists = errors.New("store: exists already")

// ErrChanged says that a row was changed by somebody else since it was read.
var ErrChanged = errors.New("store: changed by somebody else")

// ErrRequestTaken says that a request of the same id was answered before.
var ErrRequestTaken = errors.New("store: request id was used before")

// ErrCondemned says that the purge removes a blob at this moment: it can be stored again a little later.
var ErrCondemned = errors.New("store: the blob is being removed")

// errNotBegun says that no transaction could be opened: no write's fault, and running each again would only wait again.
var errNotBegun = errors.New("store: no transaction could be opened")

// errLater says that a joined write would have to wait for a lock. It is run again, in a transaction that holds none.
var errLater = errors.New("store: the row is locked")

// errPanicked says that a closure panicked; its writes are undone.
var errPanicked = errors.New("store: panic in a transaction")

// fault is a failure of the database itself, as opposed to what a closure decided.
type fault struct{ err error }

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// blame marks an error of an engine as the database's, unless it is one that a statement expected.
func blame(err error) error {
	if err == nil || isFault(err) {
		return err
	}
	for _, expected := range []error{ErrNotFound, ErrExists, ErrChanged, ErrRequestTaken, ErrCondemned} {
		if errors.Is(err, expected) {
			return err
		}
	}
	return &fault{err}
}

// isFault reports whether the database failed.
func isFault(err error) bool {
	_, ok := errors.AsType[*fault](err)
	return ok
}

// refusal words a failure of the database for the caller: the desk cannot answer now. Other errors pass.
func (s *Store) refusal(err error) error {
	if !isFault(err) {
		return err
	}
	s.metrics.failures.Inc()
	return unavailable(err)
}

// unavailable is what a caller is told when the database cannot be used.
func unavailable(cause error) error {
	return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: cause}
}
