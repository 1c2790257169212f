package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// Sizes of a page of events, and how long a reader may wait for one.
const (
	eventsDefault = 100
	eventsMost    = 500
	longestWait   = 30 // seconds
)

// listEvents answers GET /events: what happened after a cursor, with the very bytes that webhooks carry. With `wait`
// it answers as soon as there is something, or empty when the time is over.
//
// Who asks for a stream gets one, but not inside a batch.
func (s *Server) listEvents(r *web.Request) (web.Answer, error) {
	if !r.Inner() && web.Preferred(r.Request, "application/json", eventStream) == eventStream {
		return s.streamEvents(r)
	}
	q := readQuery(r, "after", "limit", "wait")
	limit := q.whole("limit", eventsDefault, 1, eventsMost)
	wait := q.whole("wait", 0, 0, longestWait)
	after := q.cursor("after", q.values.Get("after"))
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	if r.Inner() {
		wait = 0 // a batch would wait for the sum of its operations
	}
	events, more, err := s.awaitEvents(r, after, limit, time.Duration(wait)*time.Second)
	if err != nil {
		return web.Answer{}, err
	}
	body := wordEvents(events, after, more)
	return web.Answer{Status: http.StatusOK, Header: http.Header{"Vary": {"Accept"}}, Body: body, Tag: web.Tag(1, body)}, nil
}

// awaitEvents reads the feed, and again whenever events were numbered, until there is something, the time is over, the
// caller goes away or the program stops. A key that ended meanwhile is told nothing more.
func (s *Server) awaitEvents(r *web.Request, after int64, limit int, wait time.Duration) ([]app.FeedEvent, bool, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		next := s.numbered.Next()
		events, more, err := s.app.Feed(r.Context(), r.Actor, after, limit)
		if err != nil || len(events) > 0 || wait == 0 {
			return events, more, err
		}
		select {
		case <-next:
			if _, _, err := s.app.Authenticate(r.Context(), apiKey(r.Request), r.Address); err != nil {
				return nil, false, err
			}
		case <-late.C:
			return nil, false, nil
		case <-s.stopping:
			return nil, false, nil
		case <-r.Context().Done():
			return nil, false, nil
		}
	}
}

// wordEvents puts cursor and id before each event's own bytes.
func wordEvents(events []app.FeedEvent, after int64, more bool) []byte {
	b := []byte(`{"success":true,"events":[`)
	for i, e := range events {
		if i > 0 {
			b = append(b, ',')
		}
		after = e.Cursor
		b = append(b, `{"cursor":"`...)
		b = strconv.AppendInt(b, e.Cursor, 10)
		b = append(b, `","id":"`...)
		b = append(b, e.ID...)
		b = append(b, `",`...)
		b = append(b, e.Body[1:]...)
	}
	b = append(b, `],"cursor":"`...)
	b = strconv.AppendInt(b, after, 10)
	b = append(b, `","more":`...)
	b = strconv.AppendBool(b, more)
	return append(b, '}')
}

// keptRequest is what became of a request (the spec, Idempotency).
type keptRequest struct {
	Success      bool            `json:"success"`
	RequestID    string          `json:"requestId"`
	Operation    string          `json:"operation"`
	Status       int             `json:"status"`
	TicketNumber *string         `json:"ticketNumber"`
	CreatedAt    string          `json:"createdAt"`
	Response     json.RawMessage `json:"response"`
}

// getRequest answers GET /requests/{requestId}.
func (s *Server) getRequest(r *web.Request) (web.Answer, error) {
	kept, body, err := s.app.ReadRequest(r.Context(), r.Actor, r.PathValue("requestId"))
	if err != nil {
		return web.Answer{}, err
	}
	w := keptRequest{Success: true, RequestID: kept.ID, Operation: kept.Operation, Status: kept.Status, CreatedAt: desk.FormatTime(kept.CreatedAt), Response: withoutSecret(body)}
	if kept.TicketNumber > 0 {
		w.TicketNumber = text(number(kept.TicketNumber))
	}
	return tagged(1, w)
}

// getYAML answers GET /openapi.yaml.
func (s *Server) getYAML(*web.Request) (web.Answer, error) {
	return web.Answer{Status: http.StatusOK, Type: "application/yaml; charset=utf-8", Body: Document, Tag: web.Tag(1, Document)}, nil
}

// getJSON answers GET /openapi.json.
func (s *Server) getJSON(*web.Request) (web.Answer, error) {
	return web.Answer{Status: http.StatusOK, Body: s.json, Tag: web.Tag(1, s.json)}, nil
}
