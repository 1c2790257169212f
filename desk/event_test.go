package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestBodiesAreWordedInTheDocumentsOrder(t *testing.T) {
	d := customerDraft("MOBILE_BANKING")
	d.Title, d.ChannelReference = `Login "gagal" <500>`, "wa_msg_123456"
	ticket, created := newTicketOf(t, d)
	events := []Event{created}
	events = append(events, change(t, ticket, agentActor(), 1, InProgress)...)
	ticket.Assign(Agent{ID: "a1", Name: "John Tech"}, Group{}, agentActor(), hours(1.5))
	events = append(events, say(t, ticket, SupportComment("c1", "Please clear the cache & retry.", "John Tech", false), agentActor(), 2)...)
	events = append(events, say(t, ticket, PartnerComment("c2", "Still <500>.", "", "Jane Smith"), partnerActor(), 3)...)
	events = append(events, change(t, ticket, agentActor(), 4, Resolved)...)
	ticket.ChannelReference = ""
	events = append(events, change(t, ticket, System(), 5, Closed)...)
	head := func(event, at string) string {
		return `{"event":"` + event + `","ticketNumber":"12346","channelReferenceId":"wa_msg_123456","timestamp":"2024-12-19T` + at + `:30:00Z","data":`
	}
	noReference := func(event string) string {
		return strings.Replace(head(event, "15"), `"wa_msg_123456"`, "null", 1)
	}
	want := []string{
		head("TICKET_CREATED", "10") + `{"status":"OPEN","priority":"MEDIUM","serviceType":"MOBILE_BANKING","title":"Login \"gagal\" <500>"}}`,
		head("STATUS_CHANGED", "11") + `{"oldStatus":"OPEN","newStatus":"IN_PROGRESS","assignedTo":"IT Support Team"}}`,
		head("COMMENT_ADDED", "12") + `{"comment":{"id":"c1","content":"Please clear the cache & retry.","author":"John Tech","timestamp":"2024-12-19T12:30:00Z","isFromSupport":true}}}`,
		head("COMMENT_ADDED", "13") + `{"comment":{"id":"c2","content":"[Via Omnichannel] Still <500>.","author":"Jane Smith","timestamp":"2024-12-19T13:30:00Z","isFromSupport":false}}}`,
		head("STATUS_CHANGED", "14") + `{"oldStatus":"IN_PROGRESS","newStatus":"RESOLVED","assignedTo":"John Tech"}}`,
		head("TICKET_RESOLVED", "14") + `{"oldStatus":"IN_PROGRESS","newStatus":"RESOLVED","assignedTo":"John Tech","resolvedAt":"2024-12-19T14:30:00Z"}}`,
		noReference("STATUS_CHANGED") + `{"oldStatus":"RESOLVED","newStatus":"CLOSED","assignedTo":"John Tech"}}`,
		noReference("TICKET_CLOSED") + `{"oldStatus":"RESOLVED","newStatus":"CLOSED","assignedTo":"John Tech","closedAt":"2024-12-19T15:30:00Z"}}`,
	}
	if diff := cmp.Diff(want, bodies(events)); diff != "" {
		t.Error(diff)
	}
}

// bodies are what events say.
func bodies(events []Event) []string {
	var texts []string
	for _, e := range events {
		texts = append(texts, string(e.Body))
	}
	return texts
}

func TestEventsInsideTheBankSayWhatTheyAreAbout(t *testing.T) {
	ticket := openTicket(t)
	events := say(t, ticket, SupportComment("c1", "Odd.", "John", true), agentActor(), 0)
	files, err := ticket.AddAttachments([]Attachment{{ID: "f1", Filename: "a.png"}, {ID: "f2", Filename: `"`}}, partnerActor(), hours(0))
	if err != nil {
		t.Fatal(err)
	}
	events = slices.Concat(events, files, ticket.Assign(Agent{ID: "a1", Name: "John"}, bank().Groups["Card Services"], agentActor(), hours(0)),
		ticket.SetPriority(Low, agentActor(), hours(0)), ticket.RenewTrackingCode("ABCD-2345", agentActor(), hours(0)))
	const head = `","ticketNumber":"12346","channelReferenceId":null,"timestamp":"2024-12-19T10:30:00Z","data":`
	want := []string{
		`{"event":"NOTE_ADDED` + head + `{"comment":{"id":"c1","content":"Odd.","author":"John","timestamp":"2024-12-19T10:30:00Z","isFromSupport":true}}}`,
		`{"event":"FILES_ATTACHED` + head + `{"attachments":[{"id":"f1","filename":"a.png"},{"id":"f2","filename":"\""}]}}`,
		`{"event":"TICKET_ASSIGNED` + head + `{"assignedTo":"John","supportGroup":"Card Services"}}`,
		`{"event":"PRIORITY_CHANGED` + head + `{"oldPriority":"MEDIUM","newPriority":"LOW"}}`,
		`{"event":"TRACKING_CODE_RENEWED` + head + `{}}`,
	}
	if diff := cmp.Diff(want, bodies(events)); diff != "" {
		t.Error(diff)
	}
}

func TestPartnersHearOfTheDocumentsFiveEvents(t *testing.T) {
	for kind, want := range map[EventType]bool{
		"TICKET_CREATED": true, "STATUS_CHANGED": true, "COMMENT_ADDED": true, "TICKET_RESOLVED": true, "TICKET_CLOSED": true,
		NoteAdded: false, FilesAttached: false, TicketAssigned: false, PriorityChanged: false, CodeRenewed: false, "": false,
	} {
		if kind.Public() != want {
			t.Errorf("%q is public: %v", kind, kind.Public())
		}
	}
}

func TestBodiesAreAFixedPointOfTheDocumentsRecipe(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return nastyText().Draw(t, "text") + string(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "bytes"))
	})
	rapid.Check(t, func(t *rapid.T) {
		d := customerDraft("OTHER")
		d.Title, d.ChannelReference, d.Customer.Name = text.Draw(t, "title"), text.Draw(t, "reference"), text.Draw(t, "name")
		ticket, created := newTicketOf(t, d)
		agent := Agent{ID: "a1", Name: text.Draw(t, "agent")}
		events := append([]Event{created}, ticket.Assign(agent, Group{}, agentActor(), hours(1))...)
		for _, c := range []Comment{PartnerComment("c1", text.Draw(t, "word"), "", d.Customer.Name), SupportComment("c2", text.Draw(t, "answer"), agent.Name, false)} {
			added, err := ticket.AddComment(&c, agentActor(), Calendar{}, hours(2))
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, added...)
		}
		files, err := ticket.AddAttachments([]Attachment{{ID: "f1", Filename: text.Draw(t, "file")}}, agentActor(), hours(2))
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := ticket.ChangeStatus(Resolved, text.Draw(t, "reason"), agentActor(), Calendar{}, hours(3))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range slices.Concat(events, files, resolved) {
			again, err := stringify(e.Body)
			if err != nil || again != string(e.Body) {
				t.Fatalf("JSON.stringify(JSON.parse(body)) makes of\n%s\n%s\n%v", e.Body, again, err)
			}
		}
	})
}

// stringify is JSON.stringify(JSON.parse(body)) of JavaScript for bodies without numbers: a reader and a writer of its
// own, which share nothing with the code.
func stringify(body []byte) (string, error) {
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.UseNumber()
	text, err := stringifyNext(reader)
	if err != nil {
		return "", err
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("something follows the body: %w", err)
	}
	return text, nil
}

func stringifyNext(reader *json.Decoder) (string, error) {
	token, err := reader.Token()
	if err != nil {
		return "", err
	}
	switch token := token.(type) {
	case json.Delim:
		return stringifyInside(reader, token)
	case string:
		return quote(token), nil
	case bool:
		return strconv.FormatBool(token), nil
	case nil:
		return "null", nil
	}
	return "", fmt.Errorf("a number: %v", token)
}

// stringifyInside writes an array or an object. Names that JavaScript would move (numbers) or drop (given twice) are
// errors.
func stringifyInside(reader *json.Decoder, open json.Delim) (string, error) {
	var names, parts []string
	for reader.More() {
		name := strconv.Itoa(len(names))
		if open == '{' {
			token, err := reader.Token()
			if err != nil {
				return "", err
			}
			name = token.(string)
			if _, err := strconv.ParseUint(name, 10, 32); err == nil || slices.Contains(names, name) {
				return "", fmt.Errorf("the name %q moves or is there twice", name)
			}
		}
		value, err := stringifyNext(reader)
		if err != nil {
			return "", err
		}
		if names = append(names, name); open == '{' {
			value = quote(name) + ":" + value
		}
		parts = append(parts, value)
	}
	end, err := reader.Token()
	return open.String() + strings.Join(parts, ",") + fmt.Sprint(end), err
}

// quote is JSON.stringify of a text (ECMAScript, QuoteJSONString).
func quote(s string) string {
	short := map[rune]string{'\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`, '"': `\"`, '\\': `\\`}
	var b strings.Builder
	for _, r := range s {
		switch {
		case short[r] != "":
			b.WriteString(short[r])
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// secretTicket is a ticket in which all that must never leave the bank can be told by the word SECRET.
func secretTicket(t *testing.T) (*Ticket, Event) {
	t.Helper()
	d := customerDraft("OTHER")
	d.Customer = Customer{Name: "Jane Smith", Email: "SECRET@email.com", Phone: "SECRET-phone", Identifier: "SECRET-cif", BranchCode: "SECRET-branch",
		Department: "SECRET-department", Language: "SECRET-language"}
	d.Title, d.Description = "Bantuan", "SECRET-description"
	d.Metadata = Metadata{JSON: `{"a":"SECRET-metadata"}`, Accounts: map[string]string{"nomorRekening": "SECRET-account"}}
	d.Integration = Integration{WebhookURL: "https://SECRET.url/", APIVersion: "SECRET-version", PartnerID: "SECRET-partner", RequestID: "SECRET-request"}
	p := plan(bank())
	p.Actor.ID, p.Actor.Name, p.Actor.PartnerName, p.TrackingCode = "SECRET-key", "SECRET-keyname", "SECRET-partnername", "SECRET-code"
	ticket, created, err := NewTicket(d, p)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Sealed = "SECRET-sealed"
	return ticket, created
}

func TestNothingPersonalOrInternalLeavesTheBank(t *testing.T) {
	ticket, created := secretTicket(t)
	by := Actor{Kind: ByAgent, ID: "SECRET-agent", Name: "SECRET-agentname"}
	events := []Event{created}
	step := func(to Status) {
		more, err := ticket.ChangeStatus(to, "SECRET-reason", by, Calendar{}, hours(1))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, more...)
	}
	events = append(events, say(t, ticket, SupportComment("n1", "SECRET-note", "SECRET-author", true), by, 1)...)
	step(InProgress)
	step(Pending)
	events = append(events, say(t, ticket, PartnerComment("c1", "Halo", "", "Jane Smith"), partnerActor(), 1)...)
	files, err := ticket.AddAttachments([]Attachment{{ID: "SECRET-file", Filename: "SECRET.png", Description: "SECRET-text"}}, by, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	events = slices.Concat(events, files, ticket.SetPriority(High, by, hours(1)), ticket.Assign(Agent{ID: "SECRET-assignee", Email: "SECRET@bank", Name: "John Tech"}, Group{}, by, hours(1)))
	step(Resolved)
	step(InProgress)
	step(Resolved)
	step(Closed)
	public := 0
	for _, e := range events {
		if e.Type.Public() {
			public++
			if bytes.Contains(e.Body, []byte("SECRET")) {
				t.Errorf("%s leaves the bank: %s", e.Type, e.Body)
			}
		}
	}
	if public != 12 || ticket.Events != 16 {
		t.Errorf("%d public events of %d", public, ticket.Events)
	}
}

func TestAnEventIsKnownByItsIDAndNothingElseIs(t *testing.T) {
	e := Event{TicketID: NewID(time.Unix(0, 0)), Seq: 12}
	if ticketID, seq, ok := ParseEventID(e.ID()); ticketID != e.TicketID || seq != 12 || !ok {
		t.Errorf("%s is read as %s, %d, %t", e.ID(), ticketID, seq, ok)
	}
	for _, odd := range []string{"", "-", "-1", e.TicketID, e.TicketID + "-", e.TicketID + "-x", e.TicketID + "-1-2", "x-1", e.TicketID + "-99999999999999999999"} {
		if _, _, ok := ParseEventID(odd); ok {
			t.Errorf("%q is taken for the id of an event", odd)
		}
	}
}
