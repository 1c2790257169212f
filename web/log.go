package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

// Replayed is the header that tells the answer to a repeated request.
const Replayed = "Idempotent-Replayed"

// logRequest writes the one line of a request. Neither its path nor its query is in it: they may name a person.
func (d *Door) logRequest(r *Request, operation string, status, written int, took time.Duration, err error) {
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError && r.Simulated == "" || r.stream != nil && ours(err) {
		level = slog.LevelError
	}
	if !d.log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("request", r.ID), slog.String("operation", operation), slog.String("method", method(r.Method)), slog.Int("status", status),
		slog.Duration("took", took.Round(time.Microsecond)), slog.Int("bytes", written), slog.String("from", r.Address.String()))
	if r.Actor.ID != "" {
		attrs = append(attrs, slog.String("key", r.Actor.ID), slog.String("partner", r.Actor.PartnerName))
	}
	if r.Simulated != "" {
		attrs = append(attrs, slog.String("fault", r.Simulated))
	}
	if r.Ticket != 0 {
		attrs = append(attrs, slog.Int64("ticket", r.Ticket))
	}
	if r.stream != nil {
		attrs = append(attrs, slog.Int("events", r.stream.Events))
	}
	if r.body.from != nil {
		attrs = append(attrs, slog.Int64("received", r.body.most-r.body.left))
	}
	if r.Limits.Get(Replayed) != "" {
		attrs = append(attrs, slog.Bool("replayed", true))
	}
	if trace := traceID(r.Header.Get("Traceparent")); trace != "" {
		attrs = append(attrs, slog.String("trace", trace))
	}
	if err != nil {
		attrs = append(attrs, slog.String("code", codeOf(err)), slog.String("error", loggable(err)))
	}
	line := slog.NewRecord(d.clock(), level, "request", 0) // Logger.LogAttrs would look for the place in the source first
	line.AddAttrs(attrs...)
	_ = d.log.Handler().Handle(r.Context(), line) // as Logger does: nobody could be told
}

// ours reports whether an error is a fault of the desk, not of the caller.
func ours(err error) bool {
	e, told := errors.AsType[*desk.Error](err)
	return err != nil && (!told || statuses[e.Code] >= http.StatusInternalServerError)
}

// method is a method as it may stand in the log. A caller can make up any word.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "other"
}

// traceID is the trace that a request belongs to (W3C Trace Context, traceparent: `00-<trace>-<parent>-<flags>`); empty
// when the header does not say so. Later versions may add to the end.
func traceID(traceparent string) string {
	const dashes = "00-00000000000000000000000000000000-0000000000000000-00"
	h := traceparent
	if len(h) < len(dashes) || len(h) > len(dashes) && (h[:2] == "00" || h[len(dashes)] != '-') {
		return ""
	}
	for i := range dashes {
		if dash := dashes[i] == '-'; dash != (h[i] == '-') || !dash && !strings.Contains("0123456789abcdef", h[i:i+1]) {
			return ""
		}
	}
	trace := h[3:35]
	if h[:2] == "ff" || strings.Trim(trace, "0") == "" || strings.Trim(h[36:52], "0") == "" {
		return ""
	}
	return trace
}

// codeOf is what kind of failure an error is, in one word to search for.
func codeOf(err error) string {
	if e, ok := errors.AsType[*desk.Error](err); ok {
		return string(e.Code)
	}
	return "internal"
}

// loggable is an error as it may stand in the log: what kind it is, which fields it is about and its cause, without
// what the caller sent.
func loggable(err error) string {
	e, ok := errors.AsType[*desk.Error](err)
	if !ok {
		return withoutCards(err.Error())
	}
	text := string(e.Code)
	for _, f := range e.Fields {
		text += " " + f.Path
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return withoutCards(text)
}

// withoutCards is a text without full card numbers.
func withoutCards(s string) string {
	masked, _ := mask.Cards(s)
	return masked
}
