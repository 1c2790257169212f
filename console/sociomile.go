package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// sociomilePath is the page of the connector.
const sociomilePath = "/integration/sociomile"

// sociomilePage is what the page of the connector shows.
type sociomilePage struct {
	Once     string // by which a form of the page is known when it is sent twice
	Here     string // address of the list
	Faults   map[string]string
	Enabled  bool
	Doubtful int
	Routes   []routeShown
	Open     bool // a circuit is
	Paused   bool // a route is
	Parked   bool // something waits for a person
	Tabs     []tab
	Sides    []tab
	List     app.ForwardList
	Rows     []forwardShown
	More     string // address of the next page; empty: there is none
}

// tab is one of several lists.
type tab struct {
	Name, Path string
	Here       bool
}

// routeShown is one of the provider's routes.
type routeShown struct {
	desk.RouteState
	Route, Name string
	Paused      bool
	Chart       chart
	Hour, Day   string // how it went
	Failures    []failureShown
}

// failureShown is a way in which calls failed.
type failureShown struct {
	desk.ForwardFailure
	Meaning string
	Parks   bool // tickets may wait for a person because of it
}

// forwardShown is a ticket as it stands on one of the provider's routes.
type forwardShown struct {
	app.Forwarded
	State, Text, Icon string
	Since             time.Time
	Meaning           string // of what came of the last attempt
}

// sociomile shows how the connector is, and what waits for it.
func (s *Server) sociomile(r *request) (web.Answer, error) {
	return s.showSociomile(r, nil)
}

func (s *Server) showSociomile(r *request, faults map[string]string) (web.Answer, error) {
	state, err := s.app.Connector(r.Context(), r.actor)
	if err != nil {
		return web.Answer{}, err
	}
	p := sociomilePage{Once: rand.Text(), Faults: faults, Enabled: state.Enabled, Doubtful: state.Doubtful}
	for _, route := range state.Routes {
		shown := r.route(route)
		p.Routes = append(p.Routes, shown)
		p.Open, p.Paused, p.Parked = p.Open || !shown.OpenedAt.IsZero(), p.Paused || shown.Paused, p.Parked || shown.Parked > 0
	}
	about, err := s.listForwards(r, &p)
	if err != nil {
		return web.Answer{}, err
	}
	status := http.StatusOK
	if faults != nil {
		status = http.StatusBadRequest
	}
	return r.showWith(status, "sociomile", page{Title: "Sociomile", Nav: "sociomile", Live: about, Cursor: s.feed.place(r.Context()), Data: p})
}

// listForwards lists the tickets of the list that the reader wants, which is in the page's address or came with a form. It
// returns what a live connection is about: a page behind the first one stays as it is.
func (s *Server) listForwards(r *request, p *sociomilePage) (about string, err error) {
	q := r.URL.Query()
	if r.form != nil {
		if back, err := url.Parse(r.back(sociomilePath)); err == nil {
			q = back.Query()
		}
	}
	p.List = app.ForwardList(q.Get("list"))
	if !slices.Contains(app.ForwardLists, p.List) {
		p.List = app.ForwardsWaiting
		if p.Parked && p.Routes[0].Waiting == 0 {
			p.List = app.ForwardsParked
		}
	}
	route := desk.ConnectorRoutes[0]
	if slices.Contains(desk.ConnectorRoutes, q.Get("route")) {
		route = q.Get("route")
	}
	p.Here = sociomilePath + "?" + url.Values{"list": {string(p.List)}, "route": {route}}.Encode()
	for _, l := range app.ForwardLists {
		p.Tabs = append(p.Tabs, tab{r.words.forwardList(l), sociomilePath + "?" + url.Values{"list": {string(l)}, "route": {route}}.Encode(), l == p.List})
	}
	for _, side := range desk.ConnectorRoutes {
		p.Sides = append(p.Sides, tab{r.words.routeName(side), sociomilePath + "?" + url.Values{"list": {string(p.List)}, "route": {side}}.Encode(), side == route})
	}
	found, err := s.app.Forwards(r.Context(), r.actor, p.List, route, lanePlace(q.Get("after")), pageSize)
	for _, f := range found.Tickets {
		p.Rows = append(p.Rows, r.forward(f, route))
	}
	if found.More {
		p.More = p.Here + "&after=" + placeText(found.Last)
	}
	if q.Get("after") != "" {
		return "", err
	}
	return "integration", err
}

// placeText is a place of a list as it stands in an address.
func placeText(p app.LanePlace) string {
	return strconv.FormatInt(p.At.UnixMicro(), 10) + "." + p.TicketID + "." + p.Again
}

// lanePlace reads it; of what is none it makes the begin of the list.
func lanePlace(text string) app.LanePlace {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || !desk.IsID(parts[1]) || strings.Trim(parts[2], "0123456789-") != "" {
		return app.LanePlace{}
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || at <= 0 {
		return app.LanePlace{}
	}
	return app.LanePlace{At: time.UnixMicro(at).UTC(), TicketID: parts[1], Again: parts[2]}
}

// route words one of the provider's routes.
func (r *request) route(s desk.RouteState) routeShown {
	w := r.words
	shown := routeShown{RouteState: s, Route: desk.ConnectorRoute(s.ID), Paused: s.State == desk.TargetDisabled, Hour: w.rate(s.Hour), Day: w.rate(s.Day)}
	shown.Name = w.routeName(shown.Route)
	shown.Chart = w.chartOf(s.Hours)
	for _, f := range s.Failures {
		shown.Failures = append(shown.Failures, failureShown{f, desk.ConnectorMeaning(f.Class).In(w.lang, ""), desk.ConnectorParks(f.Class)})
	}
	return shown
}

// forward words where a ticket stands on a route.
func (r *request) forward(f app.Forwarded, route string) forwardShown {
	state, since := f.Stands(route)
	shown := forwardShown{Forwarded: f, State: string(state), Since: since}
	shown.Text, shown.Icon = r.words.forwardState(state)
	if f.Last.Class != "" {
		shown.Meaning = desk.ConnectorMeaning(f.Last.Class).In(r.words.lang, "")
	}
	return shown
}

func (w words) routeName(route string) string {
	if route == desk.ConnectorRoutes[0] {
		return w.t("Tiket")
	}
	return w.t("Perubahan status")
}

func (w words) forwardList(l app.ForwardList) string {
	switch l {
	case app.ForwardsParked:
		return w.t("Diparkir")
	case app.ForwardsDoubtful:
		return w.t("Mungkin ganda")
	case app.ForwardsSent:
		return w.t("Terkirim")
	}
	return w.t("Menunggu")
}

func (w words) forwardState(s app.ForwardState) (text, icon string) {
	switch s {
	case "sent":
		return w.t("Terkirim"), "check"
	case "parked":
		return w.t("Diparkir"), "alert"
	case "sending":
		return w.t("Sedang dikirim"), "send"
	case "held":
		return w.t("Menunggu tiketnya"), "pause"
	}
	return w.t("Menunggu"), "clock"
}

// rate words how attempts went: `95 % (19 dari 20)`.
func (w words) rate(r desk.Rate) string {
	all := r.Sent + r.Failed
	if all == 0 {
		return w.t("belum ada percobaan")
	}
	return w.t("%d%% (%d dari %d)", r.Sent*100/all, r.Sent, all)
}

// onceOf is how the very same form is known when it is sent twice, and what is kept of its answer.
func onceOf[T any](r *request, word func(T) string) app.Once[T] {
	once := app.Once[T]{Operation: "console " + r.URL.Path, Word: func(made T) (app.Answer, error) {
		return app.Answer{Status: http.StatusSeeOther, Body: []byte(word(made))}, nil
	}}
	if r.form.Get("once") != "" {
		same := sha256.Sum256([]byte(r.URL.Path + "\n" + r.form.Encode()))
		once.ID = hex.EncodeToString(same[:])
	}
	return once
}

// act does what a form asks for, and however often the same form is sent, it does it once. It leads back with the word that
// says what came of it; what is refused is told by again.
func act[T any](r *request, back string, word func(T) string, do func(app.Once[T]) (T, error), again func(faults map[string]string) (web.Answer, error)) (web.Answer, error) {
	made, err := do(onceOf(r, word))
	if before, ok := errors.AsType[*app.Replay](err); ok {
		return r.done(back, string(before.Answer.Body)), nil
	}
	if faults, ok := r.faultsOf(err); ok {
		return again(faults)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done(back, word(made)), nil
}

// because is the reason that a form gives, and has to.
func (r *request) because() (string, error) {
	var faults desk.Faults
	reason := strings.TrimSpace(r.form.Get("reason"))
	if reason == "" {
		faults.Add("reason", desk.Required)
	}
	desk.CheckLength(&faults, "reason", reason, desk.MaxReason)
	return reason, faults.Err()
}

// againWord says what was sent again.
func againWord(a app.SentAgain) string {
	switch {
	case a.UnderWay:
		return "underway"
	case a.Tickets == 0:
		return "nothing"
	case a.Held:
		return "held"
	case a.More:
		return "more"
	}
	return "again"
}

// steer returns what does a step of the connector.
func (s *Server) steer(step app.ConnectorStep, said string) func(*request) (web.Answer, error) {
	return func(r *request) (web.Answer, error) {
		word := func(app.SteeredConnector) string { return said }
		return act(r, r.back(sociomilePath), word, func(once app.Once[app.SteeredConnector]) (made app.SteeredConnector, err error) {
			reason, route := "", r.form.Get("route")
			if step == app.PauseConnector {
				reason, err = r.because()
			}
			if err == nil && route != "" {
				var faults desk.Faults
				desk.CheckOneOf(&faults, "route", route, desk.ConnectorRoutes)
				err = faults.Err()
			}
			if err != nil {
				return made, err
			}
			return s.app.SteerConnector(r.Context(), r.actor, step, route, reason, once)
		}, func(faults map[string]string) (web.Answer, error) { return s.showSociomile(r, faults) })
	}
}

// retryParked lets go at once what is parked, of a class or all.
func (s *Server) retryParked(r *request) (web.Answer, error) {
	return act(r, r.back(sociomilePath), againWord, func(once app.Once[app.SentAgain]) (made app.SentAgain, err error) {
		class := r.form.Get("class")
		if class != "" {
			var faults desk.Faults
			desk.CheckOneOf(&faults, "class", class, desk.ConnectorClasses())
			err = faults.Err()
		}
		if err != nil {
			return made, err
		}
		return s.app.RetryForwards(r.Context(), r.actor, class, once)
	}, func(faults map[string]string) (web.Answer, error) { return s.showSociomile(r, faults) })
}
