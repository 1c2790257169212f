package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"banksulutgo.co.id/servicedesk/desk"
)

// statuses maps the kinds of failure to HTTP.
var statuses = map[desk.Code]int{
	desk.Invalid:       http.StatusBadRequest,
	desk.Unauthorized:  http.StatusUnauthorized,
	desk.Forbidden:     http.StatusForbidden,
	desk.NotFound:      http.StatusNotFound,
	desk.WrongMethod:   http.StatusMethodNotAllowed,
	desk.Conflict:      http.StatusConflict,
	desk.Stale:         http.StatusPreconditionFailed,
	desk.TooSlow:       http.StatusRequestTimeout,
	desk.TooLarge:      http.StatusRequestEntityTooLarge,
	desk.Unsupported:   http.StatusUnsupportedMediaType,
	desk.RequestReused: http.StatusUnprocessableEntity,
	desk.TooMany:       http.StatusTooManyRequests,
	desk.Unavailable:   http.StatusServiceUnavailable,
	desk.Misconfigured: http.StatusInternalServerError,
}

// StatusOf is the status with which an error is answered.
func StatusOf(e *desk.Error) int { return statuses[e.Code] }

// statusGone says in log and metrics that the caller went away before it was answered, which is no fault of the desk.
const statusGone = 499

// wording words an error as the body of an answer with a status, and the headers that go with it.
type wording func(r *Request, e *desk.Error, status int) Answer

// wordError is the one place where an error becomes an answer. What is not an Error of the desk answers 500 with a fixed
// sentence; the log has the rest.
func wordError(r *Request, err error, word wording) Answer {
	e, ok := errors.AsType[*desk.Error](err)
	if !ok || statuses[e.Code] == 0 {
		e = desk.Fail(desk.Misconfigured, desk.InternalError)
	}
	status := statuses[e.Code]
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		status = statusGone
	}
	answer := word(r, e, status)
	answer.Status = status
	if answer.Header == nil {
		answer.Header = http.Header{}
	}
	TellRemedy(answer.Header, e, status)
	return answer
}

// wordJSON words an error for programs (API document, Error Response Format).
func wordJSON(r *Request, e *desk.Error, status int) Answer {
	header := http.Header{}
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="OMNI API"`)
	}
	return Answer{Header: header, Body: errorBody(e, r.Language, r.ID)}
}

// TellRemedy tells a client what it can do about an error.
func TellRemedy(header http.Header, e *desk.Error, status int) {
	if e.Allow != "" {
		header.Set("Allow", e.Allow)
	}
	if status == http.StatusRequestTimeout {
		header.Set("Connection", "close") // the rest of the body would be taken for the next request
	}
	wait := math.Ceil(e.RetryAfter.Seconds())
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		wait = max(1, wait)
	}
	if wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int(wait)))
	}
}

// errorBody writes the documented form of every error.
func errorBody(e *desk.Error, l desk.Language, requestID string) []byte {
	message := e.In(l)
	if e.Text == desk.InternalError && l == desk.Indonesian {
		message += " Kode: " + requestID + "."
	}
	b := desk.AppendJSONString([]byte(`{"success":false,"message":`), withoutCards(message))
	if len(e.Fields) > 0 {
		b = append(b, `,"errors":`...)
		b = AppendFaults(b, e.Fields, l)
	}
	b = append(b, `,"requestId":`...)
	b = desk.AppendJSONString(b, requestID)
	return append(b, '}')
}

// AppendFaults writes faults or warnings as an object of path and text, in their order. A card number that the caller
// put into a name or a value is masked.
func AppendFaults(dst []byte, faults desk.Faults, l desk.Language) []byte {
	dst = append(dst, '{')
	for i, f := range faults {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(desk.AppendJSONString(dst, withoutCards(f.Path)), ':')
		dst = desk.AppendJSONString(dst, withoutCards(f.In(l)))
	}
	return append(dst, '}')
}
