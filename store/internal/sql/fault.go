package sql

import "errors"

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

// fault is a failure of the database itself, as opposed to what a closure decided.
type fault struct{ err error }

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// Blame marks an error of an engine as the database's, unless it is one that a statement expected.
func Blame(err error) error {
	if err == nil || IsFault(err) {
		return err
	}
	for _, expected := range []error{ErrNotFound, ErrExists, ErrChanged, ErrRequestTaken, ErrCondemned} {
		if errors.Is(err, expected) {
			return err
		}
	}
	return &fault{err}
}

// IsFault reports whether the database failed.
func IsFault(err error) bool {
	_, ok := errors.AsType[*fault](err)
	return ok
}
