package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

const base = "/api/omnichannel"

// answer is what came back for a request.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// member reads a member of the answer's object, as text.
func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.Body), &object); err != nil {
		t.Fatalf("status %d with %q: %v", a.Status, a.Body, err)
	}
	value, given := object[name]
	if !given {
		t.Fatalf("status %d with %s: no %s", a.Status, a.Body, name)
	}
	return fmt.Sprint(value)
}

// caller sends requests to a desk with a key.
type caller struct {
	client *http.Client
	url    string // of the desk
	key    string
}

// newCaller makes a caller with connections of its own, as many as it needs.
func newCaller(t *testing.T, p *desktest.Process, key string) caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return caller{client: &http.Client{Transport: transport, Timeout: time.Minute}, url: p.URL, key: key}
}

// do sends a request and reads the whole answer.
func (c caller) do(method, path, body string) (answer, error) {
	request, err := http.NewRequest(method, c.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{}, err
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	return read(response)
}

// read reads a whole answer.
func read(response *http.Response) (answer, error) {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text)}, err
}

// must sends a request that has to be answered with a status.
func (c caller) must(t *testing.T, status int, method, path, body string) answer {
	t.Helper()
	a, err := c.do(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != status {
		t.Fatalf("%s %s came to status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}

// claim is the body of a claim that is known again by its id, which is its channel reference too.
func claim(id string) string {
	return fmt.Sprintf(`{"namaNasabah":"Budi","mediaTransaksi":"QRIS","nominal":50000,"channelReferenceId":%q,"integration":{"requestId":%q}}`, id, id)
}

// tickets lists the numbers of all tickets by channel reference.
func (c caller) tickets(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for cursor := ""; ; {
		var page struct {
			Tickets []struct{ TicketNumber, ChannelReferenceID string }
			Cursor  string
			More    bool
		}
		a := c.must(t, http.StatusOK, http.MethodGet, base+"/tickets/list?limit=200&cursor="+url.QueryEscape(cursor), "")
		if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
			t.Fatal(err)
		}
		for _, ticket := range page.Tickets {
			found[ticket.ChannelReferenceID] = append(found[ticket.ChannelReferenceID], ticket.TicketNumber)
		}
		if cursor = page.Cursor; !page.More {
			return found
		}
	}
}

// feed is a page of the feed.
type feed struct {
	Events []struct {
		Cursor, ID, Event, TicketNumber, ChannelReferenceID string
	}
	Cursor string
	More   bool
}

func parseFeed(t *testing.T, a answer) feed {
	t.Helper()
	var page feed
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Errorf("the feed is %q: %v", a.Body, err)
	}
	return page
}
