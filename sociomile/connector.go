package sociomile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/store"
)

// What came of an attempt that made no call, in the log of attempts.
const (
	Unchanged Class = "UNCHANGED" // the provider was told this status last
	Known     Class = "KNOWN"     // the provider has the ticket already
	fault     Class = "FAULT"     // the ticket could not be read; the log says why
)

const (
	badBodyTries = 5  // of a success without a usable answer, in all
	slowProbe    = 10 // the pauses between probes while the secret is refused: a person has to do something
	inGeneral    = 4  // calls at once
)

// Waits are the waits after a failed call; the last repeats (the spec, OMNI_RETRY).
var Waits = outbox.Waits{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// Order is what is to be told the provider of a ticket.
type Order struct {
	Ticket  Ticket
	Forward store.Forward
}

// OrderOf makes the order of a ticket, whose private part is decrypted, from what the desk knows of it, and from what a person
// put in the place of the provider's fields.
func OrderOf(t *desk.Ticket, f store.Forward, edits map[string]string) Order {
	o := Order{Ticket: TicketOf(t, f.ProviderID), Forward: f}
	o.Ticket.Edits = edits
	return o
}

// ConnectorOptions are what NewConnector needs.
type ConnectorOptions struct {
	Config  Config
	Client  *Client
	Map     func() Map                                                     // the map that holds now
	Order   func(ctx context.Context, ticketID string) (Order, error)      // reads a ticket that is forwarded
	Note    func(ctx context.Context, ticketID string, notes []Note) error // notes on the ticket what was left out
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: none
	Waits   outbox.Waits          // default Waits
	Probe   time.Duration         // pause between probes while a circuit is open
	Most    int                   // calls at once to each route; default 4
}

// Connector forwards tickets and their changes of status to the provider.
type Connector struct {
	o       ConnectorOptions
	metrics metrics
}

// NewConnector makes a connector.
func NewConnector(o ConnectorOptions) *Connector {
	return &Connector{o: o, metrics: newMetrics(o.Metrics)}
}

// Handler is how the outbox delivers to the provider. An event is never given up for failing often: the provider may be
// missing for a month.
func (c *Connector) Handler() outbox.Handler {
	waits := c.o.Waits
	if waits == nil {
		waits = Waits
	}
	return outbox.Handler{Deliver: c.Deliver, Limit: 3 * cmp.Or(c.o.Config.Timeout, defaultTimeout), Waits: waits, Forever: true, Probe: c.o.Probe, Most: cmp.Or(c.o.Most, inGeneral)}
}

// routeOf is the route that a target of the connector stands for.
func routeOf(t desk.Target) Route {
	if t.ID == desk.ConnectorStatuses {
		return StatusRoute
	}
	return CreateRoute
}

// Deliver makes one attempt. While the circuit of the route is open it asks first whether the route is there, by methods
// that create nothing; only then the ticket goes.
func (c *Connector) Deliver(ctx context.Context, d outbox.Delivery) outbox.Outcome {
	o := c.attempt(ctx, d)
	if d.Doubtful && !o.Done { // an attempt before this one was begun, and its end is not known: what failed now does not tell
		o.Quiet = false
		if routeOf(d.Target) == CreateRoute {
			o.Then = doubt(d)
		}
	}
	return o
}

func (c *Connector) attempt(ctx context.Context, d outbox.Delivery) outbox.Outcome {
	route := routeOf(d.Target)
	if !d.Target.OpenedAt.IsZero() {
		if a := c.o.Client.Probe(ctx, route); a.Class != Sent {
			c.o.Log.Warn(a.LogLine(route), "probe", true)
			o := c.failed(a, d)
			o.Quiet, o.Park = true, false
			return o
		}
	}
	order, err := c.o.Order(ctx, d.TicketID)
	if err != nil {
		return outbox.Outcome{Class: string(fault), Said: "the ticket cannot be read", Err: err}
	}
	if route == StatusRoute {
		return c.tell(ctx, d, order)
	}
	return c.create(ctx, d, order)
}

// create sends a ticket.
func (c *Connector) create(ctx context.Context, d outbox.Delivery, order Order) outbox.Outcome {
	if f := order.Forward; f.ProviderID != "" {
		return outbox.Outcome{Done: true, Class: string(Known), Then: c.sent(d, Answer{TicketID: f.ProviderID, TicketNumber: f.ProviderNumber}, f.Doubtful)}
	}
	answer, outcome := c.send(ctx, d, CreateRoute, order)
	switch answer.Class {
	case Sent:
		outcome.Then = c.sent(d, answer, order.Forward.Doubtful || d.Doubtful)
	case Duplicate:
		outcome.Then = c.sent(d, answer, false)
	case UnknownOutcome, BadBody:
		outcome.Then = doubt(d)
	}
	return outcome
}

// doubt stores that the ticket may exist at the provider, and nobody knows.
func doubt(d outbox.Delivery) store.Then {
	return func(tx *store.Tx, _ time.Time) error {
		tx.Doubted(d.TicketID)
		return nil
	}
}

// sent stores what the provider calls the ticket.
func (c *Connector) sent(d outbox.Delivery, a Answer, doubtful bool) store.Then {
	return func(tx *store.Tx, now time.Time) error {
		return tx.Sent(d.TicketID, a.TicketID, a.TicketNumber, doubtful, now)
	}
}

// tell sends a change of status, unless it is the provider's own word for the one before.
func (c *Connector) tell(ctx context.Context, d outbox.Delivery, order Order) outbox.Outcome {
	var event struct {
		Data struct {
			NewStatus desk.Status `json:"newStatus"`
		} `json:"data"`
	}
	if err := json.Unmarshal(d.Event.Body, &event); err != nil {
		return outbox.Outcome{Class: string(fault), Said: "the event cannot be read", Err: err, Park: true}
	}
	order.Ticket.Status = event.Data.NewStatus
	word := c.o.Map().StatusFor(event.Data.NewStatus)
	if word == order.Forward.SentStatus {
		return outbox.Outcome{Done: true, Class: string(Unchanged)}
	}
	_, outcome := c.send(ctx, d, StatusRoute, order)
	if outcome.Done {
		outcome.Then = func(tx *store.Tx, _ time.Time) error {
			tx.SentStatus(d.TicketID, word)
			return nil
		}
	}
	return outcome
}

// send builds the body from the ticket as it is now, makes the call and logs it.
func (c *Connector) send(ctx context.Context, d outbox.Delivery, r Route, order Order) (Answer, outbox.Outcome) {
	body, notes, err := c.o.Map().Body(r, order.Ticket, c.o.Config.ConnectID)
	if missing, ok := errors.AsType[*Missing](err); ok {
		answer := Answer{Class: Validation, Said: missing.Error()}
		c.log(ctx, r, d, answer)
		return answer, outbox.Outcome{Class: string(Validation), Said: answer.Said, Park: true}
	}
	if r == CreateRoute && len(notes) > 0 && !order.Forward.Noted {
		if err := c.o.Note(ctx, d.TicketID, notes); err != nil {
			return Answer{}, outbox.Outcome{Class: string(fault), Said: "the ticket could not be noted on", Err: err}
		}
	}
	answer := c.o.Client.Post(ctx, r, body)
	c.log(ctx, r, d, answer)
	if answer.Class == Sent || answer.Class == Duplicate {
		return answer, outbox.Outcome{Done: true, Class: string(answer.Class), Status: answer.Status, Said: answer.Said}
	}
	return answer, c.failed(answer, d)
}

// log tells what came of a call, in the form that the bank's monitoring looks for.
func (c *Connector) log(ctx context.Context, r Route, d outbox.Delivery, a Answer) {
	c.metrics.count(r, a.Class)
	level := slog.LevelWarn
	if a.Class == Sent || a.Class == Duplicate {
		level = slog.LevelInfo
	}
	c.o.Log.Log(ctx, level, a.LogLine(r), "ticket", d.TicketID, "event", d.Event.ID(), "attempt", d.Attempt)
}

// failed says how the outbox treats a failure (the spec, Sociomile connector, Behaviour 2).
func (c *Connector) failed(a Answer, d outbox.Delivery) outbox.Outcome {
	o := outbox.Outcome{Class: string(a.Class), Status: a.Status, Said: a.words(), Err: a.Err}
	switch a.Class {
	case RouteMissing:
		o.Trip = true
	case AuthFailed:
		o.Trip, o.Wait = true, slowProbe*c.o.Probe
	case RateLimit:
		o.Trip, o.Wait = true, max(a.Wait, c.o.Probe)
	case Validation, Refused:
		o.Park = true
	case BadBody:
		o.Park = d.Attempt >= badBodyTries
	}
	return o
}

// words are what is kept of an answer for people: what the provider said, of which fields, its trace id, and where its
// framework gave up.
func (a Answer) words() string {
	said := a.Said
	if said == "" && a.Err != nil {
		said = a.Err.Error()
	}
	if said == "" {
		said = http.StatusText(a.Status)
	}
	for _, field := range slices.Sorted(maps.Keys(a.Fields)) {
		if told := field + ": " + a.Fields[field]; !strings.Contains(a.Said, told) { // else the provider said nothing but its fields
			said += "; " + told
		}
	}
	if a.TraceID != "" {
		said += " (trace_id " + a.TraceID + ")"
	}
	if a.File != "" {
		said += " (" + path.Base(a.File) + ", line " + positive(int64(a.Line)) + ")"
	}
	return mask.Beginning(strings.TrimPrefix(said, "; "), wordsKept)
}
