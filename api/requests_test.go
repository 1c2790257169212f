package api_test

import (
	"cmp"
	"strings"

	"banksulutgo.co.id/servicedesk/api"
)

// publicPermission marks operations that need no key.
const publicPermission = api.Public

// request is a valid request of an operation.
type request struct {
	route        api.Route
	method, path string
	body         string
}

// valid are bodies, or queries, of operations that need one, as long as the operation is reached.
var valid = map[string]string{
	"createClaim":           aClaim,
	"createTicket":          aTicket,
	"getTicketStatus":       "?ticketNumber={ticketNumber}",
	"rotateWebhookSecret":   `{"overlapHours":1}`,
	"endWebhookRotation":    `{}`,
	"testWebhook":           `{}`,
	"resendDelivery":        `{}`,
	"skipDelivery":          `{}`,
	"resendDeliveries":      `{"undelivered":true}`,
	"searchTickets":         `{"email":"nobody@example.com"}`,
	"updateTicket":          `{"action":"ADD_COMMENT","comment":"Any news?"}`,
	"createWebhook":         `{"url":"http://127.0.0.1:1/hook"}`,
	"updateWebhook":         `{"echo":false}`,
	"retryConnectorTicket":  `{}`,
	"parkConnectorTicket":   `{"reason":"x"}`,
	"finishConnectorTicket": `{"ticketId":"x"}`,
	"retryConnector":        `{}`,
	"pauseConnector":        `{"reason":"x"}`,
	"resumeConnector":       `{}`,
	"probeConnector":        `{}`,
	"runBatch":              `{"operations":[{"id":"1","method":"GET","path":"/tickets/{ticketNumber}"}]}`,
}

// ofNothing fills what stands in braces with names of nothing.
var ofNothing = map[string]string{"ticketNumber": "404", "attachmentId": "x", "requestId": "x", "webhookId": "x", "eventId": "x"}

// requests returns a valid request of every operation, with what stands in braces filled in: as given, else with names of
// nothing. A body that may be absent is there.
func requests(names map[string]string) []request {
	var pairs []string
	for name, value := range ofNothing {
		pairs = append(pairs, "{"+name+"}", cmp.Or(names[name], value))
	}
	fill := strings.NewReplacer(pairs...)
	var all []request
	for _, route := range api.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		r := request{route: route, method: method, path: fill.Replace(path)}
		if with := fill.Replace(valid[route.Operation]); strings.HasPrefix(with, "?") {
			r.path += with
		} else {
			r.body = with
		}
		all = append(all, r)
	}
	return all
}
