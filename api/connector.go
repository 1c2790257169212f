package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/web"
)

// connector is the connector to Sociomile on the wire.
type connector struct {
	Success       bool             `json:"success"`
	Enabled       bool             `json:"enabled"`
	MayExistTwice int              `json:"mayExistTwice"`
	Routes        []connectorRoute `json:"routes"`
}

type connectorRoute struct {
	Route         string             `json:"route"`
	Circuit       circuit            `json:"circuit"`
	Paused        *paused            `json:"paused"`
	Waiting       int                `json:"waiting"`
	Parked        int                `json:"parked"`
	OldestWaiting *oldestWaiting     `json:"oldestWaiting"`
	LastSuccessAt *string            `json:"lastSuccessAt"`
	LastFailure   *connectorFailure  `json:"lastFailure"`
	LastHour      connectorRate      `json:"lastHour"`
	LastDay       connectorRate      `json:"lastDay"`
	Hours         []connectorRate    `json:"hours"`
	Failures      []connectorFailure `json:"failures"`
}

type circuit struct {
	State       string  `json:"state"`
	Since       *string `json:"since"`
	NextProbeAt *string `json:"nextProbeAt"`
}

type paused struct {
	Since  string  `json:"since"`
	By     *string `json:"by"`
	Reason *string `json:"reason"`
}

type oldestWaiting struct {
	At           string `json:"at"`
	TicketNumber string `json:"ticketNumber"`
}

type connectorRate struct {
	From   string `json:"from"`
	Sent   int    `json:"sent"`
	Failed int    `json:"failed"`
}

type connectorFailure struct {
	Class        string  `json:"class"`
	At           string  `json:"at"`
	TicketNumber *string `json:"ticketNumber"`
	Status       *int    `json:"status"`
	Said         *string `json:"said"`
	Meaning      string  `json:"meaning"`
	Count        int     `json:"count,omitempty"`
}

// connectorSteered is the answer to what steers the connector.
type connectorSteered struct {
	Success  bool          `json:"success"`
	Message  string        `json:"message"`
	Enabled  bool          `json:"enabled"`
	Routes   []routeSteers `json:"routes"`
	Warnings *texts        `json:"warnings,omitempty"`
}

type routeSteers struct {
	Route   string  `json:"route"`
	Circuit circuit `json:"circuit"`
	Paused  *paused `json:"paused"`
}

// getConnector answers GET /connector.
func (s *Server) getConnector(r *web.Request) (web.Answer, error) {
	state, err := s.app.Connector(r.Context(), r.Actor)
	if err != nil {
		return web.Answer{}, err
	}
	w := connector{Success: true, Enabled: state.Enabled, MayExistTwice: state.Doubtful, Routes: []connectorRoute{}}
	for _, route := range state.Routes {
		w.Routes = append(w.Routes, wordRoute(route, r.Language))
	}
	return tagged(1, w)
}

func wordRoute(s desk.RouteState, l desk.Language) connectorRoute {
	steers := wordSteers(s.Target)
	w := connectorRoute{
		Route: steers.Route, Circuit: steers.Circuit, Paused: steers.Paused, Waiting: s.Waiting, Parked: s.Parked, LastSuccessAt: stamp(s.LastSent),
		LastHour: wordRate(s.Hour), LastDay: wordRate(s.Day), Hours: []connectorRate{}, Failures: []connectorFailure{},
	}
	if !s.Oldest.IsZero() {
		w.OldestWaiting = &oldestWaiting{desk.FormatTime(s.Oldest), number(s.OldestNumber)}
	}
	if s.LastFailed.Class != "" {
		last := wordFailure(s.LastFailed, l)
		w.LastFailure = &last
	}
	for _, hour := range s.Hours {
		w.Hours = append(w.Hours, wordRate(hour))
	}
	for _, f := range s.Failures {
		w.Failures = append(w.Failures, wordFailure(f, l))
	}
	return w
}

func wordSteers(t desk.Target) routeSteers {
	w := routeSteers{Route: desk.ConnectorRoute(t.ID), Circuit: circuit{State: "closed"}}
	if !t.OpenedAt.IsZero() {
		w.Circuit = circuit{"open", stamp(t.OpenedAt), stamp(t.ProbeAt)}
	}
	if t.State == desk.TargetDisabled {
		w.Paused = &paused{desk.FormatTime(t.StateAt), text(t.Description), text(t.Why)}
		w.Circuit.NextProbeAt = nil
	}
	return w
}

func wordRate(r desk.Rate) connectorRate {
	return connectorRate{desk.FormatTime(r.From), r.Sent, r.Failed}
}

func wordFailure(f desk.ForwardFailure, l desk.Language) connectorFailure {
	w := connectorFailure{Class: f.Class, At: desk.FormatTime(f.At), Status: httpStatus(f.Status), Said: text(f.Said),
		Meaning: desk.ConnectorMeaning(f.Class).In(l, ""), Count: f.Count}
	if f.Number > 0 {
		w.TicketNumber = text(number(f.Number))
	}
	return w
}

// forwardList is a page of tickets that are forwarded.
type forwardList struct {
	Success bool      `json:"success"`
	Tickets []forward `json:"tickets"`
	Cursor  *string   `json:"cursor"`
	More    bool      `json:"more"`
}

// listConnectorTickets answers GET /connector/tickets.
func (s *Server) listConnectorTickets(r *web.Request) (web.Answer, error) {
	q := readQuery(r, "state", "route", "cursor", "limit")
	limit := q.whole("limit", pageDefault, 1, pageMost)
	list, route := app.ForwardList(q.values.Get("state")), q.values.Get("route")
	if list == "" {
		list = app.ForwardLists[0]
	}
	desk.CheckOneOf(&q.faults, "state", list, app.ForwardLists)
	if route == "" {
		route = desk.ConnectorRoutes[0]
	}
	desk.CheckOneOf(&q.faults, "route", route, desk.ConnectorRoutes)
	after := q.forwardPlace(string(list) + " " + route)
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	page, err := s.app.Forwards(r.Context(), r.Actor, list, route, after, limit)
	if err != nil {
		return web.Answer{}, err
	}
	w := forwardList{Success: true, Tickets: []forward{}, More: page.More}
	for _, f := range page.Tickets {
		w.Tickets = append(w.Tickets, wordForward(f, route, r.Language))
	}
	if page.More {
		w.Cursor = placeCursor(string(list)+" "+route, strconv.FormatInt(page.Last.At.UnixMicro(), 10), page.Last.TicketID)
	}
	return tagged(1, w)
}

// forwardPlace reads the cursor of a list of a kind.
func (q *query) forwardPlace(kind string) (after app.LanePlace) {
	place := q.place(kind, 2)
	if place == nil {
		return after
	}
	n, err := strconv.ParseInt(place[0], 10, 64)
	if err != nil || n <= 0 || !desk.IsID(place[1]) {
		q.faults.Add("cursor", desk.CursorInvalid)
	}
	return app.LanePlace{At: time.UnixMicro(n).UTC(), TicketID: place[1]}
}

// steerConnector returns what answers POST /connector/pause, /resume and /probe.
func (s *Server) steerConnector(step app.ConnectorStep, message string) web.Handler {
	return func(r *web.Request) (web.Answer, error) {
		return write(r, s.readOptional, func(in *input, once app.Once[app.SteeredConnector]) (app.SteeredConnector, error) {
			route, reason := in.Text("route", desk.MaxReference), ""
			if route != "" {
				desk.CheckOneOf(in.faults, "route", route, desk.ConnectorRoutes)
			}
			if step == app.PauseConnector {
				reason = readReason(in)
			}
			if err := in.faults.Err(); err != nil {
				return app.SteeredConnector{}, err
			}
			return s.app.SteerConnector(r.Context(), r.Actor, step, route, reason, once)
		}, func(in *input, c app.SteeredConnector) (web.Answer, error) {
			w := connectorSteered{Success: true, Message: message, Enabled: c.Enabled, Routes: []routeSteers{},
				Warnings: warningTexts(in.warnings(c.Warnings), in.request.Language)}
			for _, t := range c.Targets {
				w.Routes = append(w.Routes, wordSteers(t))
			}
			return web.JSON(http.StatusOK, w)
		})
	}
}

// readReason reads why somebody does something, who has to say it.
func readReason(in *input) string {
	reason := strings.TrimSpace(in.Text("reason", desk.MaxReason))
	if reason == "" {
		in.faults.Add("reason", desk.Required)
	}
	return reason
}

// retryConnector answers POST /connector/retry.
func (s *Server) retryConnector(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[app.SentAgain]) (app.SentAgain, error) {
		class := in.Text("class", desk.MaxReference)
		if class != "" {
			desk.CheckOneOf(in.faults, "class", class, desk.ConnectorClasses())
		}
		if err := in.faults.Err(); err != nil {
			return app.SentAgain{}, err
		}
		return s.app.RetryForwards(r.Context(), r.Actor, class, once)
	}, func(in *input, a app.SentAgain) (web.Answer, error) {
		message := "What was parked is tried again"
		switch {
		case a.Tickets == 0:
			message = "Nothing is tried again: nothing of this kind is parked"
		case a.Held:
			message = "What was parked is in the queue again. It is held while the connector is disabled or its route is paused"
		}
		return web.JSON(http.StatusOK, sentAgain{Success: true, Tickets: a.Tickets, More: a.More, Message: message,
			Warnings: warningTexts(in.warnings(nil), in.request.Language)})
	})
}

// readEdits reads what shall be told in the place of the provider's fields: nil when nothing is said of them, an empty text
// for a field that shall be told as it is.
func readEdits(in *input) desk.ForwardEdits {
	given, ok := in.Value("fields")
	if !ok {
		return nil
	}
	if given.Kind() != web.Object {
		in.faults.Add("fields", desk.MustBeObject)
		return nil
	}
	edits := desk.ForwardEdits{}
	for _, m := range given.Members() {
		shown, _ := mask.Cards(mask.Showable(m.Name))
		switch path, value := "fields."+shown, m.Value; {
		case value.Kind() == web.Null:
			edits[m.Name] = ""
		case value.Kind() != web.String && value.Kind() != web.Number:
			in.faults.Add(path, desk.MustBeText)
		default:
			desk.CheckLength(in.faults, path, value.Text(), desk.MaxDescription)
			edits[m.Name] = value.Text()
		}
	}
	return edits
}
