package api

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// longestOverlap is how many hours two secrets of a webhook may be good at most.
const longestOverlap = 168

// webhook is a target on the wire.
type webhook struct {
	ID                 string           `json:"id"`
	Partner            string           `json:"partner,omitempty"` // for keys that manage
	URL                string           `json:"url"`
	Description        *string          `json:"description"`
	Events             []desk.EventType `json:"events"`
	Echo               bool             `json:"echo"`
	Active             bool             `json:"active"`
	DisabledReason     *string          `json:"disabledReason"`
	Source             string           `json:"source"`
	CreatedAt          string           `json:"createdAt"`
	SecretOverlapUntil *string          `json:"secretOverlapUntil"`
	Delivery           webhookDelivery  `json:"delivery"`
}

// webhookDelivery tells whether the events of a webhook arrive.
type webhookDelivery struct {
	State           string  `json:"state"`
	Since           *string `json:"since"`
	NextTryAt       *string `json:"nextTryAt"`
	Waiting         int     `json:"waiting"`
	Failed          int     `json:"failed"`
	OldestWaitingAt *string `json:"oldestWaitingAt"`
	LastDeliveredAt *string `json:"lastDeliveredAt"`
	LastFailure     *failed `json:"lastFailure"`
}

// failed is the last attempt that a webhook did not take.
type failed struct {
	At     string `json:"at"`
	Class  string `json:"class"`
	Status *int   `json:"status"`
}

// webhookAnswer is a webhook by itself: the answer to a write has a message, that to a new secret the secret.
type webhookAnswer struct {
	Success  bool    `json:"success"`
	Webhook  webhook `json:"webhook"`
	Secret   string  `json:"secret,omitempty"`
	Message  string  `json:"message,omitempty"`
	Warnings *texts  `json:"warnings,omitempty"`
}

type webhookList struct {
	Success  bool      `json:"success"`
	Webhooks []webhook `json:"webhooks"`
	Cursor   *string   `json:"cursor"`
	More     bool      `json:"more"`
}

// done is the answer to a write of which nothing but the success is to be told.
type done struct {
	Success  bool   `json:"success"`
	Message  string `json:"message"`
	Warnings *texts `json:"warnings,omitempty"`
}

// webhookTest is what came of the test of a webhook.
type webhookTest struct {
	Success    bool    `json:"success"`
	Delivered  bool    `json:"delivered"`
	Class      string  `json:"class"`
	Status     *int    `json:"status"`
	Said       *string `json:"said"`
	DurationMs int64   `json:"durationMs"`
	Message    string  `json:"message"`
	Warnings   *texts  `json:"warnings,omitempty"`
}

// createWebhook answers POST /webhooks.
func (s *Server) createWebhook(r *web.Request) (web.Answer, error) {
	return write(r, s.read, func(in *input, once app.Once[app.ChangedTarget]) (app.ChangedTarget, error) {
		return s.app.RegisterTarget(r.Context(), r.Actor, readTarget(in), once)
	}, wordChangedTarget(http.StatusCreated, "Webhook created successfully"))
}

// updateWebhook answers PATCH /webhooks/{webhookId}.
func (s *Server) updateWebhook(r *web.Request) (web.Answer, error) {
	return write(r, s.read, func(in *input, once app.Once[app.ChangedTarget]) (app.ChangedTarget, error) {
		version, matches := web.MatchVersion(r.Request)
		if !matches {
			version = -1 // no version matches: the webhook is looked for all the same
		}
		return s.app.ChangeTarget(r.Context(), r.Actor, r.PathValue("webhookId"), version, readTarget(in), once)
	}, wordChangedTarget(http.StatusOK, "Webhook updated successfully"))
}

// readTarget reads what is wanted of a webhook.
func readTarget(in *input) desk.TargetChange {
	var c desk.TargetChange
	if url := in.Text("url", desk.MaxURL); url != "" {
		c.URL = &url
	}
	if in.Has("description") { // an empty one takes it away
		description := in.Text("description", desk.MaxReason)
		c.Description = &description
	}
	c.Events, c.Echo, c.Active = readEvents(in), readFlag(in, "echo"), readFlag(in, "active")
	c.Faults = *in.faults
	return c
}

// readFlag reads a field that is true or false; nil when it is absent.
func readFlag(in *input, name string) *bool {
	if !in.Has(name) {
		return nil
	}
	flag := in.Bool(name)
	return &flag
}

// readEvents reads the list of types of events; nil when it is absent.
func readEvents(in *input) *[]desk.EventType {
	list, given := in.Value("events")
	switch {
	case !given:
		return nil
	case list.Kind() != web.Array:
		in.faults.Add("events", desk.MustBeArray)
		return nil
	case len(list.Items()) > len(desk.PublicEvents):
		in.faults.Add("events", desk.TooManyItems, strconv.Itoa(len(desk.PublicEvents)))
		return nil
	}
	types := make([]desk.EventType, len(list.Items()))
	for i, item := range list.Items() {
		types[i] = desk.EventType(item.Text())
		if item.Kind() != web.String {
			in.faults.Add("events."+strconv.Itoa(i), desk.MustBeText)
		}
	}
	return &types
}

// rotateWebhookSecret answers POST /webhooks/{webhookId}/rotate.
func (s *Server) rotateWebhookSecret(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[app.ChangedTarget]) (app.ChangedTarget, error) {
		hours := readWhole(in.Fields, "overlapHours", int(app.Overlap/time.Hour), 0, longestOverlap, in.faults)
		if err := in.faults.Err(); err != nil {
			return app.ChangedTarget{}, err
		}
		return s.app.RotateTarget(r.Context(), r.Actor, r.PathValue("webhookId"), time.Duration(hours)*time.Hour, once)
	}, wordChangedTarget(http.StatusOK, "The webhook has a new secret"))
}

// endWebhookRotation answers POST /webhooks/{webhookId}/rotate/end.
func (s *Server) endWebhookRotation(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[app.ChangedTarget]) (app.ChangedTarget, error) {
		if err := in.faults.Err(); err != nil {
			return app.ChangedTarget{}, err
		}
		return s.app.EndOverlap(r.Context(), r.Actor, r.PathValue("webhookId"), once)
	}, wordChangedTarget(http.StatusOK, "Only the newest secret of the webhook is valid"))
}

// deleteWebhook answers DELETE /webhooks/{webhookId}.
func (s *Server) deleteWebhook(r *web.Request) (web.Answer, error) {
	return write(r, withoutBody, func(in *input, once app.Once[struct{}]) (struct{}, error) {
		if err := in.faults.Err(); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.app.DeleteTarget(r.Context(), r.Actor, r.PathValue("webhookId"), once)
	}, wordDone("Webhook deleted successfully"))
}

// testWebhook answers POST /webhooks/{webhookId}/test. That the receiver failed is no failure of the operation, which is to
// tell so.
func (s *Server) testWebhook(r *web.Request) (web.Answer, error) {
	return write(r, s.readOptional, func(in *input, once app.Once[app.Ping]) (app.Ping, error) {
		if err := in.faults.Err(); err != nil {
			return app.Ping{}, err
		}
		return s.app.TestTarget(r.Context(), r.Actor, r.PathValue("webhookId"), once)
	}, func(in *input, p app.Ping) (web.Answer, error) {
		message := "The test event was delivered"
		if !p.Delivered {
			message = "The test event was not delivered"
		}
		return web.JSON(http.StatusOK, webhookTest{Success: true, Delivered: p.Delivered, Class: p.Class, Status: httpStatus(p.Status), Said: text(p.Said),
			DurationMs: p.Took.Milliseconds(), Message: message, Warnings: warningTexts(in.warnings(nil), in.request.Language)})
	})
}

// getWebhook answers GET /webhooks/{webhookId}.
func (s *Server) getWebhook(r *web.Request) (web.Answer, error) {
	t, err := s.app.Target(r.Context(), r.Actor, r.PathValue("webhookId"))
	if err != nil {
		return web.Answer{}, err
	}
	return tagged(t.Version, webhookAnswer{Success: true, Webhook: wordTarget(r.Actor, t)})
}

// listWebhooks answers GET /webhooks.
func (s *Server) listWebhooks(r *web.Request) (web.Answer, error) {
	q := readQuery(r, "cursor", "limit")
	limit := q.whole("limit", pageDefault, 1, pageMost)
	after := q.place("webhook", 1)
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	targets, more, err := s.app.Targets(r.Context(), r.Actor, strings.Join(after, ""), limit)
	if err != nil {
		return web.Answer{}, err
	}
	w, version := webhookList{Success: true, Webhooks: []webhook{}, More: more}, int64(0)
	for _, t := range targets {
		version += t.Version
		w.Webhooks = append(w.Webhooks, wordTarget(r.Actor, t))
	}
	if more {
		w.Cursor = placeCursor("webhook", targets[len(targets)-1].ID)
	}
	return tagged(version, w)
}

func wordTarget(to desk.Actor, t app.TargetState) webhook {
	w := webhook{
		ID: t.ID, URL: t.URL, Description: text(t.Description), Events: []desk.EventType{}, Echo: t.Echo, Active: t.State == desk.TargetActive,
		DisabledReason: text(t.Why), Source: "REGISTERED", CreatedAt: desk.FormatTime(t.CreatedAt), SecretOverlapUntil: stamp(t.OldUntil),
		Delivery: wordDeliveryState(t),
	}
	if to.Manages() {
		w.Partner = t.PartnerName
	}
	if t.Kind == desk.TicketTarget {
		w.Source = "TICKETS"
	}
	for _, e := range desk.PublicEvents {
		if t.Wants(e) {
			w.Events = append(w.Events, e)
		}
	}
	return w
}

func wordDeliveryState(t app.TargetState) webhookDelivery {
	w := webhookDelivery{State: "WORKING", Waiting: min(t.Backlog.Waiting, app.CountMost), Failed: min(t.Backlog.Dead, app.CountMost), OldestWaitingAt: stamp(t.Backlog.Oldest),
		LastDeliveredAt: stamp(t.Backlog.Lately.Delivered)}
	if f := t.Backlog.Lately.Failed; !f.At.IsZero() {
		w.LastFailure = &failed{desk.FormatTime(f.At), f.Class, httpStatus(f.Status)}
	}
	switch {
	case t.State == desk.TargetDisabled:
		w.State, w.Since = "DISABLED", stamp(t.StateAt)
	case !t.OpenedAt.IsZero():
		w.State, w.Since, w.NextTryAt = "UNREACHABLE", stamp(t.OpenedAt), stamp(t.ProbeAt)
	}
	return w
}

// wordChangedTarget returns what words the answer to a write of a webhook.
func wordChangedTarget(status int, message string) func(*input, app.ChangedTarget) (web.Answer, error) {
	return func(in *input, c app.ChangedTarget) (web.Answer, error) {
		return web.JSON(status, webhookAnswer{Success: true, Webhook: wordTarget(in.request.Actor, c.TargetState), Secret: c.Secret, Message: message,
			Warnings: warningTexts(in.warnings(c.Warnings), in.request.Language)})
	}
}

// wordDone returns what words the answer to a write of which nothing else is to be told.
func wordDone(message string) func(*input, struct{}) (web.Answer, error) {
	return func(in *input, _ struct{}) (web.Answer, error) {
		return web.JSON(http.StatusOK, done{Success: true, Message: message, Warnings: warningTexts(in.warnings(nil), in.request.Language)})
	}
}

// httpStatus is the status of an answer on the wire, or null when there was none.
func httpStatus(status int) *int {
	if status == 0 {
		return nil
	}
	return &status
}

// secretMember is a secret in an answer.
var secretMember = regexp.MustCompile(`"secret":"whsec_[^"]*"`)

// withoutSecret takes the secret of a webhook out of a kept answer: a key that only reads shall not learn it.
func withoutSecret(answer []byte) []byte {
	return secretMember.ReplaceAll(answer, []byte(`"secret":null`))
}

// placeCursor makes a cursor of a kind from what names a place.
func placeCursor(kind string, parts ...string) *string {
	return text(base64.RawURLEncoding.EncodeToString([]byte(kind + "," + strings.Join(parts, ","))))
}

// place reads the parameter `cursor`, which must be of a kind and have so many parts; nothing when it is absent or at fault.
func (q *query) place(kind string, parts int) []string {
	given := q.values.Get("cursor")
	if given == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(given)
	words := strings.Split(string(raw), ",")
	if err != nil || len(words) != parts+1 || words[0] != kind {
		q.faults.Add("cursor", desk.CursorInvalid)
		return nil
	}
	return words[1:]
}
