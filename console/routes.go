package console

import (
	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

// routes is the index of the console.
func (s *Server) routes() []route {
	return []route{
		{"GET /sign-in", "showSignIn", anybody, "", s.showSignIn, false},
		{"POST /sign-in", "signIn", anybody, "", s.signIn, false},
		{"GET /sign-in/code", "showCode", begun, "", s.showCode, false},
		{"POST /sign-in/code", "giveCode", begun, "", s.giveCode, false},
		{"POST /sign-out", "signOut", begun, "", s.signOut, false},

		{"GET /{$}", "home", signedIn, desk.MayRead, s.home, false},
		{"GET /tickets", "tickets", signedIn, desk.MayRead, s.list, true},
		{"GET /tickets/{number}", "ticket", signedIn, desk.MayRead, s.ticket, true},
		{"POST /tickets/{number}", "trackSignedIn", signedIn, desk.MayRead, s.ticketAgain, true},
		{"GET /tickets/{number}/files/{id}", "file", signedIn, desk.MayRead, s.file, false},
		{"GET /tickets/{number}/customer", "customer", signedIn, desk.MayRead, s.customer, false},
		{"POST /tickets/{number}/reply", "reply", signedIn, desk.MayWork, s.reply, false},
		{"POST /tickets/{number}/draft", "keepDraft", signedIn, desk.MayWork, s.keepDraft, false},
		{"POST /tickets/{number}/status", "changeStatus", signedIn, desk.MayWork, s.changeStatus, false},
		{"POST /tickets/{number}/assign", "assign", signedIn, desk.MayWork, s.assign, false},
		{"POST /tickets/{number}/take", "take", signedIn, desk.MayWork, s.take, false},
		{"POST /tickets/{number}/group", "moveToGroup", signedIn, desk.MayWork, s.moveToGroup, false},
		{"POST /tickets/{number}/priority", "setPriority", signedIn, desk.MayWork, s.setPriority, false},
		{"POST /tickets/{number}/unmask", "unmask", signedIn, desk.MayUnmask, s.unmask, false},
		{"POST /tickets/{number}/code", "renewCode", signedIn, desk.MayWork, s.renewCode, false},
		{"GET /tickets/new", "newTicket", signedIn, desk.MayCreate, s.newTicket, false},
		{"POST /tickets/new", "createTicket", signedIn, desk.MayCreate, s.createTicket, false},
		{"GET /search", "search", signedIn, desk.MayRead, s.search, false},
		{"POST /views", "saveView", signedIn, desk.MayRead, s.saveView, false},
		{"POST /views/{id}/delete", "deleteView", signedIn, desk.MayRead, s.deleteView, false},
		{"GET /notices", "notices", signedIn, "", s.notices, false},
		{"POST /notices/read", "readNotices", signedIn, "", s.markNotices, false},
		{"GET /live", "live", signedIn, desk.MayRead, s.live, false},
		{"GET /help", "help", begun, "", s.help, false},

		{"GET /integration/sociomile", "sociomile", signedIn, desk.MayRead, s.sociomile, false},
		{"POST /integration/sociomile/pause", "pauseConnector", signedIn, desk.MayIntegrate, s.steer(app.PauseConnector, "paused"), false},
		{"POST /integration/sociomile/resume", "resumeConnector", signedIn, desk.MayIntegrate, s.steer(app.ResumeConnector, "resumed"), false},
		{"POST /integration/sociomile/probe", "probeConnector", signedIn, desk.MayIntegrate, s.steer(app.ProbeConnector, "probed"), false},
		{"POST /integration/sociomile/retry", "retryParked", signedIn, desk.MayIntegrate, s.retryParked, false},
		{"GET /integration/webhooks", "webhooks", signedIn, desk.MayRead, s.webhooks, false},
		{"GET /integration/webhooks/{id}", "webhook", signedIn, desk.MayRead, s.webhook, false},
		{"POST /integration/webhooks/{id}/test", "testWebhook", signedIn, desk.MayIntegrate, s.testWebhook, false},
		{"POST /integration/webhooks/{id}/resend", "resendDeliveries", signedIn, desk.MayIntegrate, s.resendDeliveries, false},
		{"POST /integration/webhooks/{id}/deliveries/{event}/resend", "resendDelivery", signedIn, desk.MayIntegrate, s.resendDelivery, false},
		{"POST /integration/webhooks/{id}/deliveries/{event}/skip", "skipDelivery", signedIn, desk.MayIntegrate, s.skipDelivery, false},
		{"GET /tickets/{number}/deliveries", "ticketDeliveries", signedIn, desk.MayRead, s.ticketDeliveries, false},
		{"POST /tickets/{number}/forward/retry", "retryForward", signedIn, desk.MayIntegrate, s.retryForward, false},
		{"POST /tickets/{number}/forward/park", "parkForward", signedIn, desk.MayIntegrate, s.parkForward, false},
		{"POST /tickets/{number}/forward/done", "finishForward", signedIn, desk.MayIntegrate, s.finishForward, false},
		{"GET /load", "load", signedIn, desk.MayLead, s.load, false},
		{"POST /load/{id}/away", "setAbsent", signedIn, desk.MayLead, s.setAbsent, false},
		{"POST /load/{id}/return", "returnTickets", signedIn, desk.MayLead, s.returnTickets, false},
		{"GET /people", "people", signedIn, desk.MayConfigure, s.people, false},
		{"POST /people/factor-roles", "setFactorRoles", signedIn, desk.MayConfigure, s.setFactorRoles, false},
		{"GET /people/new", "newPerson", signedIn, desk.MayConfigure, s.newPerson, false},
		{"POST /people/new", "createPerson", signedIn, desk.MayConfigure, s.createPerson, false},
		{"GET /people/{id}", "person", signedIn, desk.MayConfigure, s.person, false},
		{"POST /people/{id}", "changePerson", signedIn, desk.MayConfigure, s.changePerson, false},
		{"POST /people/{id}/password", "resetPassword", signedIn, desk.MayConfigure, s.resetPassword, false},
		{"POST /people/{id}/factor", "resetFactor", signedIn, desk.MayConfigure, s.resetFactor, false},
		{"POST /people/{id}/sessions/end", "endSessionsOf", signedIn, desk.MayConfigure, s.endSessionsOf, false},
		{"POST /people/{id}/sessions/{session}/end", "endSessionOf", signedIn, desk.MayConfigure, s.endSessionOf, false},

		{"GET /account", "account", signedIn, "", s.account, false},
		{"POST /account/language", "setLanguage", begun, "", s.setLanguage, false},
		{"POST /account/away", "setAway", signedIn, "", s.setAway, false},
		{"GET /account/password", "password", begun, "", s.password, false},
		{"POST /account/password", "changePassword", begun, "", s.changePassword, false},
		{"POST /account/sessions/{id}/end", "endSession", signedIn, "", s.endSession, false},
		{"POST /account/sessions/end", "endOtherSessions", signedIn, "", s.endOtherSessions, false},
		{"GET /account/factor", "factor", begun, "", s.factor, false},
		{"POST /account/factor", "confirmFactor", begun, "", s.confirmFactor, false},
		{"POST /account/factor/remove", "removeFactor", signedIn, "", s.removeFactor, false},
		{"POST /account/factor/codes", "newCodes", signedIn, "", s.newCodes, false},
	}
}

// Patterns are the paths that the console answers, for whoever serves it beside other doors.
func (s *Server) Patterns() []string {
	patterns := []string{Static + "/"}
	seen := map[string]bool{}
	for _, r := range s.routes() {
		if !seen[r.pattern] {
			patterns, seen[r.pattern] = append(patterns, r.pattern), true
		}
	}
	return patterns
}
