package api_test

import (
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// owned is what another partner has: each value names something that exists, and no test of the stranger may see it.
type owned struct {
	number, reference, attachment, request, email string
	webhook, event                                string
}

// missing names nothing that exists, of the same form as what an owned has.
var missing = owned{number: "99999", reference: "wa-none", attachment: "01jff7f620zzzzzzzzzzzzzzzz", request: "req-none", email: "none@example.com",
	webhook: "01jff7f620zzzzzzzzzzzzzzzz", event: "01jff7f620zzzzzzzzzzzzzzzz-1"}

// property lets a partner own one of everything.
func property(t *testing.T, c *desktest.Client) owned {
	t.Helper()
	o := owned{reference: "wa-owned", request: "req-owned", email: "owned@example.com"}
	o.webhook = c.Post(t, "/webhooks", `{"url":"http://127.0.0.1:1/hook"}`).Want(t, 201).Text("webhook.id")
	body := set(t, set(t, set(t, ticketWith(file("a.txt", "text/plain", note)), "channelReferenceId", quote(o.reference)), "customer.email", quote(o.email)), "serviceType", `"CLAIM"`)
	made := c.Post(t, "/tickets", withID(t, body, o.request)).Want(t, 201)
	o.number, o.event = made.Text("ticketNumber"), made.Text("ticketId")+"-1"
	o.attachment = c.Get(t, "/tickets/"+o.number).Text("attachments.0.id")
	return o
}

// matrix has for every operation the requests by which somebody could reach for what an owned names.
var matrix = map[string]func(o owned) []string{
	"createClaim":  func(o owned) []string { return []string{"POST /claims " + named(aClaim, o)} },
	"createTicket": func(o owned) []string { return []string{"POST /tickets " + named(aTicket, o)} },
	"getClaim":     func(o owned) []string { return []string{"GET /claims/" + o.number, "GET /claims/" + o.reference} },
	"getTicketStatus": func(o owned) []string {
		return []string{"GET /tickets?ticketNumber=" + o.number, "GET /tickets?channelReferenceId=" + o.reference, "GET /tickets?ticketNumber=" + o.number + "&channelReferenceId=" + o.reference}
	},
	"listTickets": func(owned) []string {
		return []string{"GET /tickets/list", "GET /tickets/list?status=OPEN&updatedSince=2000-01-01"}
	},
	"searchTickets": func(o owned) []string { return []string{`POST /tickets/search {"email":"` + o.email + `"}`} },
	"getTicket":     func(o owned) []string { return []string{"GET /tickets/" + o.number, "GET /tickets/" + o.reference} },
	"updateTicket": func(o owned) (all []string) {
		for _, at := range []string{o.number, o.reference} {
			for _, w := range writes(at)[2:] {
				all = append(all, "PATCH "+w.path+" "+w.body)
			}
		}
		return append(all, "PATCH /tickets/"+o.number+" "+`{"action":"ADD_COMMENT","comment":"x","integration":{"requestId":"`+o.request+`"}}`)
	},
	"getAttachment": func(o owned) []string {
		return []string{"GET /tickets/" + o.number + "/attachments/" + o.attachment, "GET /tickets/" + o.reference + "/attachments/" + o.attachment}
	},
	"getRequest": func(o owned) []string { return []string{"GET /requests/" + o.request} },
	"listEvents": func(owned) []string { return []string{"GET /events", "GET /events?after=0&limit=500"} },
	"createWebhook": func(o owned) []string {
		return []string{`POST /webhooks {"url":"http://127.0.0.1:1/hook","integration":{"requestId":"` + o.request + `"}}`}
	},
	"listWebhooks": func(owned) []string { return []string{"GET /webhooks", "GET /webhooks?limit=1"} },
	"getWebhook":   func(o owned) []string { return []string{"GET /webhooks/" + o.webhook} },
	"updateWebhook": func(o owned) []string {
		return []string{`PATCH /webhooks/` + o.webhook + ` {"description":"x"}`, `PATCH /webhooks/` + o.webhook + ` {"active":true,"integration":{"requestId":"` + o.request + `"}}`}
	},
	"rotateWebhookSecret": func(o owned) []string { return []string{"POST /webhooks/" + o.webhook + "/rotate"} },
	"endWebhookRotation":  func(o owned) []string { return []string{"POST /webhooks/" + o.webhook + "/rotate/end"} },
	"testWebhook":         func(o owned) []string { return []string{"POST /webhooks/" + o.webhook + "/test"} },
	"listDeliveries": func(o owned) []string {
		return []string{"GET /webhooks/" + o.webhook + "/deliveries", "GET /webhooks/" + o.webhook + "/deliveries?ticketNumber=" + o.number, "GET /webhooks/" + o.webhook + "/deliveries?state=PENDING"}
	},
	"resendDelivery": func(o owned) []string {
		return []string{"POST /webhooks/" + o.webhook + "/deliveries/" + o.event + "/resend"}
	},
	"skipDelivery": func(o owned) []string {
		return []string{"POST /webhooks/" + o.webhook + "/deliveries/" + o.event + "/skip"}
	},
	"resendDeliveries": func(o owned) []string {
		return []string{"POST /webhooks/" + o.webhook + `/resend {"undelivered":true}`, "POST /webhooks/" + o.webhook + `/resend {"from":"1","until":"9"}`}
	},
	"deleteWebhook": func(o owned) []string { return []string{"DELETE /webhooks/" + o.webhook} },
	"getConnector":  func(owned) []string { return []string{"GET /connector"} },
	"listConnectorTickets": func(owned) []string {
		return []string{"GET /connector/tickets", "GET /connector/tickets?state=parked&route=status", "GET /connector/tickets?state=doubtful", "GET /connector/tickets?state=sent"}
	},
	"getConnectorTicket":   func(o owned) []string { return []string{"GET /connector/tickets/" + o.number} },
	"retryConnectorTicket": func(o owned) []string { return []string{"POST /connector/tickets/" + o.number + "/retry"} },
	"parkConnectorTicket": func(o owned) []string {
		return []string{"POST /connector/tickets/" + o.number + `/park {"reason":"x"}`}
	},
	"finishConnectorTicket": func(o owned) []string {
		return []string{"POST /connector/tickets/" + o.reference + `/done {"ticketId":"x"}`}
	},
	"retryConnector":  func(owned) []string { return []string{"POST /connector/retry"} },
	"pauseConnector":  func(owned) []string { return []string{`POST /connector/pause {"reason":"x"}`} },
	"resumeConnector": func(owned) []string { return []string{"POST /connector/resume"} },
	"probeConnector":  func(owned) []string { return []string{"POST /connector/probe"} },
	"runBatch": func(o owned) []string {
		return []string{"POST /batch " + batch("GET /tickets/"+o.number, "GET /tickets?channelReferenceId="+o.reference, "GET /claims/"+o.number, "GET /requests/"+o.request, "GET /tickets/list", "GET /events",
			"GET /webhooks/"+o.webhook, "DELETE /webhooks/"+o.webhook, `POST /tickets/search {"email":"`+o.email+`"}`, `PATCH /tickets/`+o.number+` {"action":"UPDATE_STATUS","status":"CANCELLED"}`)}
	},
	"getOpenAPIYAML": func(owned) []string { return []string{"GET /openapi.yaml"} },
	"getOpenAPIJSON": func(owned) []string { return []string{"GET /openapi.json"} },
	"getStatus":      func(owned) []string { return []string{"GET /status"} },
	"getStatusJSON":  func(owned) []string { return []string{"GET /status.json"} },
}

// named writes a create that uses another partner's reference and request id: both stay its own.
func named(body string, o owned) string {
	return strings.TrimSuffix(body, "}") + `,"channelReferenceId":"` + o.reference + `","integration":{"requestId":"` + o.request + `"}}`
}

func TestAPartnerCannotTellWhatIsAnothersFromWhatIsNot(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		o := property(t, partner(t, d, "owner"))
		d.Sequence(t)
		for _, route := range api.Routes() {
			reach, ok := matrix[route.Operation]
			if !ok {
				t.Errorf("%s has no entry in the matrix", route.Operation)
				continue
			}
			others, nobodys := reach(o), reach(missing)
			for i := range others {
				// Two strangers, so that what one does is not seen by the other.
				theirs := sent(t, d, others[i], "stranger 1 "+others[i])
				none := sent(t, d, nobodys[i], "stranger 2 "+others[i])
				if theirs.Status != none.Status || alike(theirs) != alike(none) {
					t.Errorf("%s\nanswers %d %s\n%s\nanswers %d %s", others[i], theirs.Status, theirs.Body, nobodys[i], none.Status, none.Body)
				}
				for name := range theirs.Header {
					if _, also := none.Header[name]; !also {
						t.Errorf("%s has the header %s only when there is something", others[i], name)
					}
				}
			}
		}
		if got := partner(t, d, "owner").Get(t, "/tickets/"+o.number).Want(t, 200); got.Text("status") != "OPEN" || got.Len("comments") != 0 {
			t.Errorf("the ticket changed: %s", got.Body)
		}
	})
}

// sent does a request `METHOD path body` as a partner of its own.
func sent(t *testing.T, d *desktest.Desk, line, name string) desktest.Response {
	t.Helper()
	words := append(strings.SplitN(line, " ", 3), "")
	c := partner(t, d, name)
	if strings.Contains(line, "ASSIGN") || strings.Contains(line, "SET_PRIORITY") {
		return c.With("X-Request-Id", "isolation").Do(t, words[0], words[1], words[2]).Want(t, 403)
	}
	return c.With("X-Request-Id", "isolation").Do(t, words[0], words[1], words[2])
}

// alike returns an answer's bytes without what differs between any two creates.
func alike(r desktest.Response) string {
	number := r.Text("ticketNumber")
	if number == "" {
		return plain(r)
	}
	return strings.ReplaceAll(plain(r), number, "<number>")
}

func TestAKeyThatManagesSeesEveryPartnersTickets(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		o := property(t, partner(t, d, "owner"))
		opened(t, partner(t, d, "another"), "/tickets", aTicket)
		d.Sequence(t)
		m := manager(t, d, "manager")
		m.Get(t, "/requests/"+o.request).Want(t, 404) // ids belong to the partner that gave them
		for _, route := range api.Routes() {          // in their order: the batch cancels the ticket at the end
			operation := route.Operation
			for _, line := range matrix[operation](o) {
				words := append(strings.SplitN(line, " ", 3), "")
				want := 200
				switch {
				case operation == "getRequest":
					continue
				case strings.Contains(words[1], "/connector/tickets/"):
					want = 404 // it is not forwarded
				case operation == "createClaim" || operation == "createTicket":
					want = 403 // manage does not include create
				case strings.HasSuffix(operation, "Webhook") && strings.Contains(line, o.request):
					want = 422 // the id is that of an update above
				case strings.Contains(words[2], "UPDATE_STATUS") && words[0] == "PATCH" && words[1] == "/tickets/"+o.reference:
					want = 400 // done already, by the number
				}
				if r := m.Do(t, words[0], words[1], words[2]); r.Status != want {
					t.Errorf("%s: %d, want %d: %s", line, r.Status, want, r.Body)
				}
			}
		}
		if got := m.Get(t, "/tickets/list").Want(t, 200).Len("tickets"); got != 2 {
			t.Errorf("a key that manages lists %d tickets, want 2", got)
		}
	})
}

func TestAChannelReferenceMeansOnlyOwnTickets(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		a, b := partner(t, d, "a"), partner(t, d, "b")
		body := set(t, aClaim, "channelReferenceId", `"shared"`)
		ofA, ofB := opened(t, a, "/claims", body), opened(t, b, "/claims", body)
		for _, path := range []string{"/tickets/shared", "/claims/shared", "/tickets?channelReferenceId=shared"} {
			if gotA, gotB := a.Get(t, path).Text("ticketNumber"), b.Get(t, path).Text("ticketNumber"); gotA != ofA || gotB != ofB {
				t.Errorf("%s: a sees %s (want %s), b sees %s (want %s)", path, gotA, ofA, gotB, ofB)
			}
		}
	})
}

func TestTwoKeysOfAPartnerShareItsTickets(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		first, second := newKey(t, d, appKey("first", "shared")), newKey(t, d, appKey("second", "shared"))
		body := withID(t, aClaim, "req_1")
		made := d.Client(first.Text).Post(t, "/claims", body).Want(t, 201)
		other := d.Client(second.Text)
		other.Get(t, "/tickets/"+made.Text("ticketNumber")).Want(t, 200)
		wantReplay(t, made, other.Post(t, "/claims", body))
		other.Get(t, "/requests/req_1").Want(t, 200)
	})
}
