package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// deliveryList is a page of deliveries on the wire.
type deliveryList struct {
	Success    bool       `json:"success"`
	Deliveries []delivery `json:"deliveries"`
	Cursor     *string    `json:"cursor"`
	More       bool       `json:"more"`
}

type delivery struct {
	EventID        string            `json:"eventId"`
	Event          desk.EventType    `json:"event"`
	TicketNumber   string            `json:"ticketNumber"`
	Cursor         string            `json:"cursor"`
	Timestamp      string            `json:"timestamp"`
	State          app.DeliveryState `json:"state"`
	FailedAttempts int               `json:"failedAttempts"`
	NextAttemptAt  *string           `json:"nextAttemptAt"`
	Attempts       []attempt         `json:"attempts"`
}

type attempt struct {
	At            string  `json:"at"`
	DurationMs    int64   `json:"durationMs"`
	Class         string  `json:"class"`
	Status        *int    `json:"status"`
	Said          *string `json:"said"`
	MayBeRepeated bool    `json:"mayBeRepeated"`
}

// sentAgain is the answer to what sends many events again.
type sentAgain struct {
	Success  bool   `json:"success"`
	Tickets  int    `json:"tickets"`
	More     bool   `json:"more"`
	Message  string `json:"message"`
	Warnings *texts `json:"warnings,omitempty"`
}

// listDeliveries answers GET /webhooks/{webhookId}/deliveries.
func (s *Server) listDeliveries(r *web.Request) (web.Answer, error) {
	q := readQuery(r, "state", "ticketNumber", "cursor", "limit")
	l := app.DeliveryList{Limit: q.whole("limit", pageDefault, 1, pageMost), State: app.DeliveryState(q.values.Get("state")), Ticket: q.values.Get("ticketNumber")}
	if l.State != "" {
		desk.CheckOneOf(&q.faults, "state", l.State, []app.DeliveryState{app.DeliveryPending, app.DeliveryFailed})
	}
	q.deliveryPlace(&l)
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	page, err := s.app.Deliveries(r.Context(), r.Actor, r.PathValue("webhookId"), l)
	if err != nil {
		return web.Answer{}, err
	}
	w := deliveryList{Success: true, Deliveries: []delivery{}, More: page.More}
	if page.More {
		w.Cursor = deliveryCursor(l, page)
	}
	for _, d := range page.Deliveries {
		w.Deliveries = append(w.Deliveries, wordDelivery(d))
	}
	return tagged(1, w)
}

// deliveryCursor names the place behind a page of a list. The kinds of lists have places of their own kinds, so that a
// cursor of one is not taken for that of another.
func deliveryCursor(l app.DeliveryList, p app.DeliveryPage) *string {
	switch {
	case l.Ticket != "":
		return placeCursor("ticket", number(p.Seq))
	case l.State != "":
		return placeCursor(string(l.State), strconv.FormatInt(p.After.At.UnixMicro(), 10), p.After.TicketID, p.After.Again)
	}
	return placeCursor("all", number(p.Before))
}

// deliveryPlace reads the cursor of a list of deliveries.
func (q *query) deliveryPlace(l *app.DeliveryList) {
	kind, parts, into := "all", 1, &l.Before
	var due int64
	switch {
	case l.Ticket != "":
		kind, into = "ticket", &l.Seq
	case l.State != "":
		kind, parts, into = string(l.State), 3, &due
	}
	place := q.place(kind, parts)
	if place == nil {
		return
	}
	n, err := strconv.ParseInt(place[0], 10, 64)
	if err != nil || n <= 0 || parts == 3 && (!desk.IsID(place[1]) || strings.Trim(place[2], "0123456789") != "") {
		q.faults.Add("cursor", desk.CursorInvalid)
		return
	}
	*into = n
	if parts == 3 {
		l.After = app.LanePlace{At: time.UnixMicro(due).UTC(), TicketID: place[1], Again: place[2]}
	}
}

func wordDelivery(d app.Delivery) delivery {
	w := delivery{
		EventID: d.Event.ID(), Event: d.Event.Type, TicketNumber: number(d.TicketNumber), Cursor: number(d.Cursor), Timestamp: desk.FormatTime(d.Event.At),
		State: d.State, FailedAttempts: d.Tries, NextAttemptAt: stamp(d.Next), Attempts: []attempt{},
	}
	for _, a := range d.Attempts {
		w.Attempts = append(w.Attempts, wordAttempt(a))
	}
	return w
}

func wordAttempt(a app.Attempt) attempt {
	return attempt{desk.FormatTime(a.At), a.Took.Milliseconds(), a.Class, httpStatus(a.Status), text(a.Said), a.Doubtful}
}

// resendDelivery answers POST /webhooks/{webhookId}/deliveries/{eventId}/resend.
func (s *Server) resendDelivery(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[app.SentAgain]) (app.SentAgain, error) {
		return s.app.SendAgain(r.Context(), r.Actor, r.PathValue("webhookId"), app.Again{Event: r.PathValue("eventId"), Faults: *in.faults}, once)
	}, wordSentAgain)
}

// resendDeliveries answers POST /webhooks/{webhookId}/resend.
func (s *Server) resendDeliveries(r *web.Request) (web.Answer, error) {
	return write(r, s.read, func(in *input, once app.Once[app.SentAgain]) (app.SentAgain, error) {
		return s.app.SendAgain(r.Context(), r.Actor, r.PathValue("webhookId"), readAgain(in), once)
	}, wordSentAgain)
}

// readAgain reads what to send again: all that is undelivered, or what lies between two places of the feed.
func readAgain(in *input) app.Again {
	from, fromGiven := readFeedPlace(in, "from")
	until, untilGiven := readFeedPlace(in, "until")
	again := app.Again{From: from, Until: until, Undelivered: in.Bool("undelivered")}
	switch {
	case again.Undelivered == (fromGiven || untilGiven):
		in.faults.Add("undelivered", desk.OneWayAgain)
	case again.Undelivered:
	case !fromGiven:
		in.faults.Add("from", desk.Required)
	case !untilGiven:
		in.faults.Add("until", desk.Required)
	case from > 0 && until > 0 && (until < from || until-from >= app.MostSentAgain):
		in.faults.Add("until", desk.MustBeWhole, number(from), number(from+app.MostSentAgain-1))
	}
	again.Faults = *in.faults
	return again
}

// mostFeedPlace is beyond every place of a feed, and far from where numbers end.
const mostFeedPlace = 1 << 53

// readFeedPlace reads a cursor of the feed; 0 when it is absent or at fault.
func readFeedPlace(in *input, name string) (place int64, given bool) {
	cursor := in.Text(name, desk.MaxReference)
	if cursor == "" {
		return 0, in.faults.Has(name)
	}
	place, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || place <= 0 || place > mostFeedPlace {
		in.faults.Add(name, desk.CursorInvalid)
		return 0, true
	}
	return place, true
}

func wordSentAgain(in *input, a app.SentAgain) (web.Answer, error) {
	message, undelivered := "What was asked for will be sent again", in.Bool("undelivered")
	switch {
	case a.UnderWay:
		message = "The event is being sent at this moment"
	case a.Tickets == 0 && !undelivered:
		message = "Nothing is sent again: the webhook wants none of these events, or they are still to be delivered"
	case a.Held:
		message = "The webhook is disabled: what is undelivered, and what was asked for, is held and sent when it is enabled"
	case a.Tickets == 0:
		message = "Nothing is sent again: nothing failed or waits for its next attempt"
	}
	return web.JSON(http.StatusOK, sentAgain{Success: true, Tickets: a.Tickets, More: a.More, Message: message,
		Warnings: warningTexts(in.warnings(nil), in.request.Language)})
}

// skipDelivery answers POST /webhooks/{webhookId}/deliveries/{eventId}/skip.
func (s *Server) skipDelivery(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[struct{}]) (struct{}, error) {
		if err := in.faults.Err(); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.app.SkipDelivery(r.Context(), r.Actor, r.PathValue("webhookId"), r.PathValue("eventId"), once)
	}, wordDone("The event will not be delivered"))
}
