package api

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/web"
)

// fuzzed makes an API whose caller may do nothing: requests are read to the end, and no verb begins.
func fuzzed() *Server {
	return New(Options{App: &app.App{}, Door: web.New(web.Options{Log: slog.New(slog.DiscardHandler)}), Limiter: web.NewLimiter(time.Now), Numbered: &live.Hub{}})
}

// answered runs a handler behind a door. Whatever came, it neither panics nor answers with what is no JSON, and names a
// place for each fault.
func answered(t *testing.T, s *Server, r *http.Request, h web.Handler) int {
	t.Helper()
	recorder := httptest.NewRecorder()
	var failure error
	s.door.Handle("fuzz", func(r *web.Request) (a web.Answer, err error) {
		a, failure = h(r)
		return a, failure
	}).ServeHTTP(recorder, r)
	if recorder.Code >= http.StatusInternalServerError {
		t.Fatalf("%d: a panic, or %v", recorder.Code, failure)
	}
	body, err := web.ParseJSON(recorder.Body.Bytes())
	if err != nil {
		t.Fatalf("the answer is %s: %v", recorder.Body, err)
	}
	faults, _ := body.Get("errors")
	if faults.Kind() == web.Object {
		for _, m := range faults.Members() {
			if m.Value.Text() == "" {
				t.Errorf("the fault of %q has no text", m.Name)
			}
		}
	}
	return recorder.Code
}

// hostileBody sends a body to what reads it. read returns what it made of the body as an answer's value.
func hostileBody(t *testing.T, s *Server, body string, read func(r *web.Request, in *input) any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, Base+"/tickets", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	answered(t, s, r, func(r *web.Request) (web.Answer, error) {
		in, err := s.read(r)
		if err != nil {
			return web.Answer{}, err
		}
		defer in.release()
		made := read(r, in)
		for _, f := range append(in.warnings(nil), *in.faults...) {
			if f.Path == "" || f.In(desk.English) == "" || f.In(desk.Indonesian) == "" {
				t.Errorf("fault %+v", f)
			}
		}
		if err := in.faults.Err(); err != nil {
			return web.Answer{}, err
		}
		return web.JSON(http.StatusOK, made)
	})
}

// plan makes tickets of every service.
func plan() desk.TicketPlan {
	reference := &desk.Reference{SystemUser: true, Services: map[desk.ServiceType]desk.Service{}}
	for _, kind := range desk.ServiceTypes {
		reference.Services[kind] = desk.Service{Type: kind, Name: string(kind), Policy: desk.Policy{ResolutionHours: 24}}
	}
	at := time.Date(2024, 12, 19, 10, 30, 0, 0, time.UTC)
	return desk.TicketPlan{ID: desk.NewID(at), Number: 10001, Reference: reference, TrackingCode: "Q9MV-5TKD", At: at}
}

// worded words a ticket in every way that a partner sees it. check tells what is wrong with what it was made of.
func worded(t *testing.T, in *input, check error, make func() (*desk.Ticket, desk.Event, error)) any {
	t.Helper()
	if len(*in.faults) > 0 || check != nil {
		return check
	}
	ticket, event, err := make()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := web.ParseJSON([]byte(event.Body)); err != nil {
		t.Errorf("the event is %s: %v", event.Body, err)
	}
	page, _ := wordPage(app.Page{Tickets: []*desk.Ticket{ticket}, At: ticket.CreatedAt}, "", listCursor)
	ticket.Customer = ticket.Customer.Masked()
	return map[string]any{"created": wordCreated(in, app.Opened{Ticket: ticket}, "Ticket created successfully"), "detail": wordDetail(app.Detail{Ticket: ticket}), "page": page}
}

func FuzzClaim(f *testing.F) {
	for _, seed := range []string{
		`{"namaNasabah":"Maria","mediaTransaksi":"QRIS","nominal":50000}`,
		`{"namaNasabah":"Maria","mediaTransaksi":"ATM","jenisTransaksi":"TRANSFER","nominal":1.005e2,"nomorRekening":"0011 2233","nomorKartu":"4111 1111 1111 1111","claimDate":"2024-12-19T10:30:00+08:00","integration":{"requestId":"a","webhookUrl":"https://x.example"}}`,
		`{"namaNasabah":{},"mediaTransaksi":[],"nominal":"5","integration":5,"4111111111111111":1,"claimDate":"2024-02-30"}`, `{"nominal":-0,"namaNasabah":"\ud83d\ude00\u2028"}`, `{"nominal":1e400}`, `[]`, `{"a":{"a":null}}`,
	} {
		f.Add(seed)
	}
	s := fuzzed()
	f.Fuzz(func(t *testing.T, body string) {
		hostileBody(t, s, body, func(_ *web.Request, in *input) any {
			claim := readClaim(in)
			onceOf[app.Opened](in, nil)
			return worded(t, in, claim.Check(), func() (*desk.Ticket, desk.Event, error) {
				claim.MaskCards(func(string) {})
				return desk.NewClaim(claim, plan())
			})
		})
	})
}

func FuzzTicket(f *testing.F) {
	for _, seed := range []string{
		`{"channel":"PHONE","serviceType":"INQUIRY","customer":{"name":"Maria"},"ticket":{"description":"Opening hours?"}}`,
		`{"channel":"WHATSAPP","channelReferenceId":"wa-1","serviceType":"CLAIM","customer":{"name":"é","email":"a@example.com","phone":"+628123456789","branchCode":"001"},"ticket":{"title":"x","description":"y","priority":"LOW","category":"INCIDENT","metadata":{"nominal":5e7,"nomorRekening":"123-456-7890","a":[{"nomorKartu":4111111111111111}],"4111111111111111":{"4111 1111 1111 1111":[1.50,null,true]}}},"attachments":[{"filename":"a.txt","mimeType":"text/plain","size":1,"content":"YQ=="}]}`,
		`{"ticket":{"metadata":{"a":"4111111111111111","a ":{"nomorRekening":{"nomorRekening":[]}}}}}`, `{"customer":[],"ticket":{"metadata":[]},"attachments":{}}`, `{"attachments":[null,5,{"content":"====","size":-1e0,"filename":""},{"content":"YR==","mimeType":"x/4111111111111111"}]}`,
	} {
		f.Add(seed)
	}
	s := fuzzed()
	f.Fuzz(func(t *testing.T, body string) {
		hostileBody(t, s, body, func(_ *web.Request, in *input) any {
			draft := readTicket(in)
			onceOf[app.Opened](in, nil)
			if _, err := web.ParseJSON([]byte(draft.Metadata.JSON)); err != nil {
				t.Errorf("the metadata is %s: %v", draft.Metadata.JSON, err)
			}
			return worded(t, in, draft.Check(), func() (*desk.Ticket, desk.Event, error) {
				draft.MaskCards(func(string) {})
				return desk.NewTicket(draft, plan())
			})
		})
	})
}

func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`{"action":"ADD_COMMENT","comment":"x","author":"y","internal":true}`, `{"action":"UPDATE_STATUS","status":"RESOLVED","reason":"done"}`,
		`{"action":"ADD_ATTACHMENT","attachments":[{"filename":"a.txt","mimeType":"text/plain","content":"YQ=="}]}`, `{"action":"ASSIGN","assignee":null,"supportGroup":"IT"}`,
		`{"action":"SET_PRIORITY","priority":"LOW","integration":{"requestId":"a"}}`, `{"action":5}`, `{"action":"add_comment","attachments":[[]]}`, `{"action":"UPDATE_STATUS","status":null}`,
	} {
		f.Add(seed)
	}
	s := fuzzed()
	f.Fuzz(func(t *testing.T, body string) {
		hostileBody(t, s, body, func(r *web.Request, in *input) any {
			do := action(in.Text("action", 0))
			checkAction(in, do)
			if _, err := s.apply(r, in, do, app.Change{Ticket: "10001"}, nil); err == nil {
				t.Error("a caller that may do nothing changed a ticket")
			}
			if len(*in.faults) > 0 {
				return nil
			}
			changed := app.Changed{Ticket: &desk.Ticket{Number: 10001, Status: readStatus(in)}, Comment: &desk.Comment{Content: in.Text("comment", 0)}}
			changed.Attachments = in.files()
			*in.faults = nil // of what the action does not read
			return wordUpdated(in, do, changed)
		})
	})
}

func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"operations":[{"id":"1","method":"GET","path":"/tickets/10001"},{"id":"2","method":"PATCH","path":"/api/omnichannel/tickets/1","idempotencyKey":"a","body":{"integration":{"requestId":"x"}}}]}`,
		`{"operations":[{"id":"1","method":"GET","path":"/batch"},{"id":"1","method":"DELETE","path":"//evil.example/x"},{"path":"/%62atch"},{"path":"/../../x?y#z"},{"path":"/a%zz"},{"path":"/\u0001 é"}]}`, `{"operations":[]}`, `{"operations":{}}`, `{"operations":[5,null]}`,
	} {
		f.Add(seed)
	}
	s := fuzzed()
	f.Fuzz(func(t *testing.T, body string) {
		hostileBody(t, s, body, func(r *web.Request, in *input) any {
			operations := readOperations(in)
			if len(*in.faults) > 0 {
				return nil
			}
			for _, op := range operations {
				inner, err := http.NewRequestWithContext(r.Within(op.body), op.method, op.path, http.NoBody)
				if err != nil || !strings.HasPrefix(inner.URL.Path, Base+"/") || inner.URL.Path == Base+"/batch" || inner.URL.Host != "" {
					t.Errorf("%+v is accepted (%v)", op, err)
				}
			}
			return len(operations)
		})
	})
}

// FuzzQueries sends any query to all that read one, and to one that has none.
func FuzzQueries(f *testing.F) {
	cursor := listCursor(&desk.Ticket{ID: "01jff7f620zzzzzzzzzzzzzzzz", UpdatedAt: plan().At})
	for _, seed := range []string{
		"", "status=OPEN,PENDING&status=CLOSED&limit=200&updatedSince=2024-12-19T10:30:00+08:00", "cursor=" + cursor, "cursor=MSww&limit=0", "after=9223372036854775807&limit=500&wait=30", "after=-1&wait=31", "%ff=1&%fe=2", "4111111111111111&4111%201111%201111%201111",
		"ticketNumber=10001&channelReferenceId=%00", "a;b=%zz", "=&=&&", "limit=1&limit=2", "status=,", "updatedSince=9999-12-31T23:59:59-14:00", strings.Repeat("a=1&", 50),
	} {
		f.Add(seed)
	}
	s := fuzzed()
	f.Fuzz(func(t *testing.T, raw string) {
		for _, h := range []web.Handler{s.listTickets, s.listEvents, s.getTicketStatus, bare(s.getTicket)} {
			r := httptest.NewRequest(http.MethodGet, Base+"/tickets", nil)
			r.URL.RawQuery = raw
			if status := answered(t, s, r, h); status != http.StatusBadRequest && status != http.StatusForbidden {
				t.Errorf("status %d", status)
			}
		}
	})
}

// FuzzCursors reads cursors of the list. One that is accepted names the place that it names when it is worded again.
func FuzzCursors(f *testing.F) {
	for _, seed := range []string{"", "MSww", "MTcz", "LTUsMQ", "MSwAAA", "OTIyMzM3MjAzNjg1NDc3NTgwNyx4", listCursor(&desk.Ticket{ID: "01jff7f620zzzzzzzzzzzzzzzz", UpdatedAt: plan().At})} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, id, ok := parseListCursor(cursor)
		if !ok {
			if !at.IsZero() || id != "" {
				t.Errorf("%q is refused with %v, %q", cursor, at, id)
			}
			return
		}
		sameAt, sameID, ok := parseListCursor(listCursor(&desk.Ticket{ID: id, UpdatedAt: at}))
		if !ok || !sameAt.Equal(at) || sameID != id {
			t.Errorf("%q is %v, %q; worded again %v, %q", cursor, at, id, sameAt, sameID)
		}
	})
}
