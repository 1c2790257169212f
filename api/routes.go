package api

import (
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// Permissions of routes that are not an API key's.
const (
	public        desk.Permission = "public" // no key needed
	anyPermission desk.Permission = ""       // any good key
)

// route is one operation: how it is reached, what it is called in the log and in openapi.yaml, and who may use it.
type route struct {
	pattern    string
	operation  string
	permission desk.Permission
	handler    web.Handler
}

// at is where a route is served: below Base, but for how the desk does.
func (r route) at() string {
	method, path, _ := strings.Cut(r.pattern, " ")
	if strings.HasPrefix(path, statusPath) {
		return r.pattern
	}
	return method + " " + Base + path
}

// routes is the index of the API.
func (s *Server) routes() []route {
	return []route{
		{"POST /claims", "createClaim", desk.MayCreate, s.createClaim},
		{"GET /claims/{ticketNumber}", "getClaim", desk.MayRead, bare(s.getClaim)},
		{"POST /tickets", "createTicket", desk.MayCreate, s.createTicket},
		{"GET /tickets", "getTicketStatus", desk.MayRead, s.getTicketStatus},
		{"GET /tickets/list", "listTickets", desk.MayRead, s.listTickets},
		{"POST /tickets/search", "searchTickets", desk.MayRead, s.searchTickets},
		{"GET /tickets/{ticketNumber}", "getTicket", desk.MayRead, bare(s.getTicket)},
		{"PATCH /tickets/{ticketNumber}", "updateTicket", desk.MayUpdate, s.updateTicket},
		{"GET /tickets/{ticketNumber}/attachments/{attachmentId}", "getAttachment", desk.MayRead, bare(s.getAttachment)},
		{"GET /requests/{requestId}", "getRequest", desk.MayRead, bare(s.getRequest)},
		{"GET /events", "listEvents", desk.MayRead, s.listEvents},
		{"POST /webhooks", "createWebhook", desk.MayUpdate, s.createWebhook},
		{"GET /webhooks", "listWebhooks", desk.MayRead, s.listWebhooks},
		{"GET /webhooks/{webhookId}", "getWebhook", desk.MayRead, bare(s.getWebhook)},
		{"PATCH /webhooks/{webhookId}", "updateWebhook", desk.MayUpdate, s.updateWebhook},
		{"POST /webhooks/{webhookId}/rotate", "rotateWebhookSecret", desk.MayUpdate, s.rotateWebhookSecret},
		{"POST /webhooks/{webhookId}/rotate/end", "endWebhookRotation", desk.MayUpdate, s.endWebhookRotation},
		{"POST /webhooks/{webhookId}/test", "testWebhook", desk.MayUpdate, s.testWebhook},
		{"GET /webhooks/{webhookId}/deliveries", "listDeliveries", desk.MayRead, s.listDeliveries},
		{"POST /webhooks/{webhookId}/deliveries/{eventId}/resend", "resendDelivery", desk.MayUpdate, s.resendDelivery},
		{"POST /webhooks/{webhookId}/deliveries/{eventId}/skip", "skipDelivery", desk.MayUpdate, s.skipDelivery},
		{"POST /webhooks/{webhookId}/resend", "resendDeliveries", desk.MayUpdate, s.resendDeliveries},
		{"DELETE /webhooks/{webhookId}", "deleteWebhook", desk.MayUpdate, s.deleteWebhook},
		{"GET /connector", "getConnector", desk.MayManage, bare(s.getConnector)},
		{"GET /connector/tickets", "listConnectorTickets", desk.MayManage, s.listConnectorTickets},
		{"GET /connector/tickets/{ticketNumber}", "getConnectorTicket", desk.MayManage, bare(s.getConnectorTicket)},
		{"POST /connector/tickets/{ticketNumber}/retry", "retryConnectorTicket", desk.MayManage, s.retryConnectorTicket},
		{"POST /connector/tickets/{ticketNumber}/park", "parkConnectorTicket", desk.MayManage, s.parkConnectorTicket},
		{"POST /connector/tickets/{ticketNumber}/done", "finishConnectorTicket", desk.MayManage, s.finishConnectorTicket},
		{"POST /connector/retry", "retryConnector", desk.MayManage, s.retryConnector},
		{"POST /connector/pause", "pauseConnector", desk.MayManage, s.steerConnector(app.PauseConnector, "The connector is paused")},
		{"POST /connector/resume", "resumeConnector", desk.MayManage, s.steerConnector(app.ResumeConnector, "The connector is not paused")},
		{"POST /connector/probe", "probeConnector", desk.MayManage, s.steerConnector(app.ProbeConnector, "Where the circuit is open, one waiting ticket is tried now")},
		{"POST /batch", "runBatch", anyPermission, s.runBatch},
		{"GET /openapi.yaml", "getOpenAPIYAML", public, bare(s.getYAML)},
		{"GET /openapi.json", "getOpenAPIJSON", public, bare(s.getJSON)},
		{"GET /status", "getStatus", public, bare(s.getStatus)},
		{"GET /status.json", "getStatusJSON", public, bare(s.getStatusJSON)},
	}
}
