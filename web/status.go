package web

import (
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
	desk.TooLarge:      http.StatusRequestEntityTooLarge,
	desk.Unsupported:   http.StatusUnsupportedMediaType,
	desk.RequestReused: http.StatusUnprocessableEntity,
	desk.TooMany:       http.StatusTooManyRequests,
	desk.Unavailable:   http.StatusServiceUnavailable,
	desk.Misconfigured: http.StatusInternalServerError,
}

// replayed is an error that carries an answer: the request was answered before.
type replayed interface {
	Replayed() (status int, body []byte)
}

func isReplay(err error) bool {
	var r replayed
	return errors.As(err, &r)
}

// wordError is the one place where an error becomes an answer (API document, Error Response Format). What is not an
// Error of the desk answers 500 with a fixed sentence; the log has the rest.
func (d *Door) wordError(r *Request, err error) Answer {
	var e *desk.Error
	if !errors.As(err, &e) {
		e = &desk.Error{Code: desk.Misconfigured, Text: desk.InternalError}
	}
	header := http.Header{}
	if e.Code == desk.Unauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="OMNI API"`)
	}
	if e.Allow != "" {
		header.Set("Allow", e.Allow)
	}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	return Answer{Status: statuses[e.Code], Header: header, Body: errorBody(e, r.Language, r.ID)}
}

// errorBody writes the documented form of every error.
func errorBody(e *desk.Error, l desk.Language, requestID string) []byte {
	b := append([]byte(`{"success":false,"message":`), desk.AppendJSONString(nil, e.In(l))...)
	if len(e.Fields) > 0 {
		b = append(b, `,"errors":`...)
		b = AppendFaults(b, e.Fields, l)
	}
	b = append(b, `,"requestId":`...)
	b = desk.AppendJSONString(b, requestID)
	return append(b, '}')
}

// AppendFaults writes faults or warnings as an object of path and text, in their order.
func AppendFaults(dst []byte, faults desk.Faults, l desk.Language) []byte {
	dst = append(dst, '{')
	for i, f := range faults {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(desk.AppendJSONString(dst, f.Path), ':')
		dst = desk.AppendJSONString(dst, f.In(l))
	}
	return append(dst, '}')
}

// loggable is an error as it may stand in the log: the message and the cause, without what the caller sent.
func loggable(err error) string {
	var e *desk.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := string(e.Code)
	for _, f := range e.Fields {
		text += " " + f.Path
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	masked, _ := desk.MaskCards(text)
	return masked
}
