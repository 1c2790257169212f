package desktest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// isStream reports whether an answer is a stream of Server-Sent Events.
func isStream(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return kind == "text/event-stream"
}

// Streamed is what a stream of events carries between two empty lines: an event, a comment or a hint.
type Streamed struct {
	Cursor    string // the field id
	WebhookID string // the field webhook-id
	Event     string // the field event
	Data      string // the bytes of the one field data
	Comment   string // with its colon
	Retry     string // milliseconds
}

// Stream is the feed of events as it is streamed. Every event is checked against openapi.yaml.
type Stream struct {
	Header http.Header
	body   io.ReadCloser
	lines  *bufio.Reader
}

// Stream opens a path below /api/omnichannel as a stream of events. The test has to close it.
func (c *Client) Stream(t testing.TB, path string) *Stream {
	t.Helper()
	s, err := c.OpenStream(path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	t.Cleanup(s.Close)
	return s
}

// OpenStream is Stream for goroutines that must not end the test.
func (c *Client) OpenStream(path string) (*Stream, error) {
	req, err := c.With("Accept", "text/event-stream").request(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if !isStream(answer.Header) {
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		return nil, errors.Join(fmt.Errorf("status %d, no stream: %s", answer.StatusCode, said), err)
	}
	return &Stream{Header: answer.Header, body: answer.Body, lines: bufio.NewReader(answer.Body)}, nil
}

// Close goes away.
func (s *Stream) Close() { _ = s.body.Close() }

// Next waits for what comes next. It returns io.EOF when the stream was ended by the desk.
func (s *Stream) Next() (Streamed, error) {
	var next Streamed
	fields := map[string]*string{"id": &next.Cursor, "webhook-id": &next.WebhookID, "event": &next.Event, "data": &next.Data, "": &next.Comment, "retry": &next.Retry}
	for begun := false; ; begun = true {
		line, err := s.lines.ReadString('\n')
		switch {
		case err == io.EOF && (begun || line != ""):
			return next, io.ErrUnexpectedEOF
		case err != nil:
			return next, err
		case line == "\n":
			return next, next.check()
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		into := fields[name]
		if into == nil || *into != "" {
			return next, fmt.Errorf("the stream has the line %q", line)
		}
		*into = strings.TrimPrefix(value, " ")
		if name == "" {
			*into = strings.TrimSuffix(line, "\n")
		}
	}
}

// NextEvent waits for the next event, past comments and hints.
func (s *Stream) NextEvent() (Streamed, error) {
	for {
		if next, err := s.Next(); err != nil || next.Event != "" {
			return next, err
		}
	}
}

// check checks that an event can stand in a page of the feed.
func (e Streamed) check() error {
	if e.Event == "" && e.Data == "" {
		return nil
	}
	contract, err := OMNI()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(e.Data, `{"event":`+strconv.Quote(e.Event)+`,`) {
		return fmt.Errorf("an event %s has the data %s", e.Event, e.Data)
	}
	if err := contract.schemas.checkJSON("#/components/schemas/EventList", []byte(e.page())); err != nil {
		return fmt.Errorf("contract: event %+v: %w", e, err)
	}
	return nil
}

// page is the page of the feed that holds the event alone.
func (e Streamed) page() string {
	return `{"success":true,"events":[` + e.InPage() + `],"cursor":` + strconv.Quote(e.Cursor) + `,"more":false}`
}

// InPage is the event as it stands in a page of the feed.
func (e Streamed) InPage() string {
	return `{"cursor":` + strconv.Quote(e.Cursor) + `,"id":` + strconv.Quote(e.WebhookID) + `,` + strings.TrimPrefix(e.Data, "{")
}
