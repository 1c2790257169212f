package desk

import (
	"errors"
	"strings"
	"time"
)

// Code says what kind of failure an Error is. Each door maps a code to one answer, in one table.
type Code string

// The kinds of failure, few on purpose.
const (
	Invalid       Code = "invalid"       // what was asked cannot be done as asked
	Unauthorized  Code = "unauthorized"  // who asks is unknown
	Forbidden     Code = "forbidden"     // who asks may not do this
	NotFound      Code = "not_found"     // it does not exist, or not for who asks
	WrongMethod   Code = "wrong_method"  // it exists, but not to be used in this way
	Conflict      Code = "conflict"      // it collides with something that exists
	Stale         Code = "stale"         // it was changed since the caller read it
	TooSlow       Code = "too_slow"      // the request came too slowly to be waited for
	TooLarge      Code = "too_large"     // the request is over a size limit
	Unsupported   Code = "unsupported"   // the form of the request is not understood
	RequestReused Code = "request_reuse" // a request id was used again with other content
	TooMany       Code = "too_many"      // the caller is over its rate
	Unavailable   Code = "unavailable"   // the desk cannot answer now; trying again later is right
	Misconfigured Code = "misconfigured" // the installation lacks reference data; an operator must mend it
)

// Error is a failure that may be told to the caller. Err, when set, is the internal cause: it goes to the log
// and never to the caller.
type Error struct {
	Code       Code
	Text       Text
	Args       []string
	Fields     Faults
	RetryAfter time.Duration // how long the caller should wait; 0 when it does not matter
	Allow      string        // with WrongMethod: the ways in which it may be used
	Err        error
}

// Error returns the English message with the internal cause, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.In(English))
	for _, f := range e.Fields {
		b.WriteString("; " + f.Path + ": " + f.In(English))
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the internal cause.
func (e *Error) Unwrap() error { return e.Err }

// In returns the message in a language.
func (e *Error) In(l Language) string { return e.Text.In(l, "", e.Args...) }

// Fail makes an Error of a code and a text.
func Fail(code Code, text Text, args ...string) *Error {
	return &Error{Code: code, Text: text, Args: args}
}

// Is reports whether err is an Error of the code.
func Is(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// Fault is what is wrong with one field; Path names it as the caller does (`customer.email`, `attachments.0.size`).
type Fault struct {
	Path string
	Text Text
	Args []string
}

// In returns the fault's text in a language.
func (f Fault) In(l Language) string { return f.Text.In(l, f.Path, f.Args...) }

// Faults collects what is wrong with a request, so that all of it is told at once.
// The first fault of a path stands; later ones of the same path are dropped.
type Faults []Fault

// Add notes that the field at path breaks a rule.
func (fs *Faults) Add(path string, text Text, args ...string) {
	if !fs.Has(path) {
		*fs = append(*fs, Fault{Path: path, Text: text, Args: args})
	}
}

// Has reports whether a fault of this very path was noted.
func (fs Faults) Has(path string) bool {
	for _, f := range fs {
		if f.Path == path {
			return true
		}
	}
	return false
}

// Err returns nil when there is no fault, else an Error of code Invalid with the message "Validation failed"
// (API document, Error Handling).
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return &Error{Code: Invalid, Text: ValidationFailed, Fields: fs}
}
