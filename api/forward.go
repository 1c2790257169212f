package api

import (
	"net/http"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// forward is a ticket that is forwarded to Sociomile, as it stands on one of the routes.
type forward struct {
	TicketNumber         string  `json:"ticketNumber"`
	TicketID             string  `json:"ticketId"`
	ProviderTicketID     *string `json:"providerTicketId"`
	ProviderTicketNumber *int64  `json:"providerTicketNumber"`
	MayExistTwice        bool    `json:"mayExistTwice"`
	ByHand               *string `json:"byHand"`
	routeStanding
}

// routeStanding is where a ticket stands on a route.
type routeStanding struct {
	State     string       `json:"state"`
	Since     *string      `json:"since"`
	Tries     int          `json:"tries"`
	NextTryAt *string      `json:"nextTryAt"`
	Last      *lastForward `json:"last"`
}

type lastForward struct {
	At      string  `json:"at"`
	Class   string  `json:"class"`
	Status  *int    `json:"status"`
	Said    *string `json:"said"`
	Meaning string  `json:"meaning"`
}

// forwardedTicket is all of a ticket that is forwarded.
type forwardedTicket struct {
	forward
	Statuses routeStanding     `json:"statuses"`
	Edits    desk.ForwardEdits `json:"edits"`
	Attempts []forwardAttempt  `json:"attempts"`
}

type forwardAttempt struct {
	Route   string `json:"route"`
	EventID string `json:"eventId"`
	attempt
	Meaning string `json:"meaning"`
}

// forwardAnswer is a ticket that is forwarded; the answer to a write has a message.
type forwardAnswer struct {
	Success  bool            `json:"success"`
	Message  string          `json:"message,omitempty"`
	Ticket   forwardedTicket `json:"ticket"`
	Warnings *texts          `json:"warnings,omitempty"`
}

func wordForward(f app.Forwarded, route string, l desk.Language) forward {
	w := forward{
		TicketNumber: number(f.Number), TicketID: f.TicketID, ProviderTicketID: text(f.ProviderID), MayExistTwice: f.Doubtful, ByHand: text(f.ByHand),
		routeStanding: wordRouteStanding(f, route, l),
	}
	if f.ProviderNumber > 0 {
		w.ProviderTicketNumber = &f.ProviderNumber
	}
	return w
}

func wordRouteStanding(f app.Forwarded, route string, l desk.Language) routeStanding {
	state, since := f.Stands(route)
	w := routeStanding{State: string(state), Since: stamp(since), Tries: f.Tries, NextTryAt: stamp(f.Next)}
	if f.Last.Class != "" {
		w.Last = &lastForward{desk.FormatTime(f.Last.At), f.Last.Class, httpStatus(f.Last.Status), text(f.Last.Said), desk.ConnectorMeaning(f.Last.Class).In(l, "")}
	}
	return w
}

func wordForwarded(f app.ForwardedTicket, l desk.Language) forwardedTicket {
	create, status := desk.ConnectorRoutes[0], desk.ConnectorRoutes[1]
	w := forwardedTicket{forward: wordForward(f.Create, create, l), Statuses: wordRouteStanding(f.Status, status, l), Edits: f.Edits, Attempts: []forwardAttempt{}}
	for _, a := range f.Attempts {
		w.Attempts = append(w.Attempts, forwardAttempt{desk.ConnectorRoute(a.TargetID), desk.Event{TicketID: a.TicketID, Seq: a.Seq}.ID(),
			wordAttempt(a), desk.ConnectorMeaning(a.Class).In(l, "")})
	}
	return w
}

// getConnectorTicket answers GET /connector/tickets/{ticketNumber}.
func (s *Server) getConnectorTicket(r *web.Request) (web.Answer, error) {
	f, err := s.app.ForwardedTicket(r.Context(), r.Actor, r.PathValue("ticketNumber"))
	if err != nil {
		return web.Answer{}, err
	}
	return tagged(1, forwardAnswer{Success: true, Ticket: wordForwarded(f, r.Language)})
}

// changeForward answers a write about a ticket that is forwarded.
func changeForward(r *web.Request, read func(*web.Request) (*input, error), message string, do func(*input, app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error)) (web.Answer, error) {
	return write(r, read, do, func(in *input, f app.ForwardedTicket) (web.Answer, error) {
		return web.JSON(http.StatusOK, forwardAnswer{Success: true, Message: message, Ticket: wordForwarded(f, in.request.Language),
			Warnings: warningTexts(in.warnings(f.Warnings), in.request.Language)})
	})
}

// retryConnectorTicket answers POST /connector/tickets/{ticketNumber}/retry.
func (s *Server) retryConnectorTicket(r *web.Request) (web.Answer, error) {
	return changeForward(r, s.readOptional, "The ticket is tried again", func(in *input, once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		edits := readEdits(in)
		if err := in.faults.Err(); err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.RetryForward(r.Context(), r.Actor, r.PathValue("ticketNumber"), edits, once)
	})
}

// parkConnectorTicket answers POST /connector/tickets/{ticketNumber}/park.
func (s *Server) parkConnectorTicket(r *web.Request) (web.Answer, error) {
	return changeForward(r, s.read, "The ticket is out of the queue", func(in *input, once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		reason := readReason(in)
		if err := in.faults.Err(); err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.ParkForward(r.Context(), r.Actor, r.PathValue("ticketNumber"), reason, once)
	})
}

// finishConnectorTicket answers POST /connector/tickets/{ticketNumber}/done.
func (s *Server) finishConnectorTicket(r *web.Request) (web.Answer, error) {
	return changeForward(r, s.read, "The ticket counts as sent", func(in *input, once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		id := strings.TrimSpace(in.Text("ticketId", desk.MaxReference))
		desk.CheckProviderID(in.faults, "ticketId", id)
		number := readWhole(in.Fields, "ticketNumber", 0, 1, desk.MaxProviderNumber, in.faults)
		if err := in.faults.Err(); err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.FinishForward(r.Context(), r.Actor, r.PathValue("ticketNumber"), id, int64(number), once)
	})
}
