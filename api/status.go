package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// statusPath is where everybody is told how the desk does. It is beside the API, not below it.
const statusPath = "/status"

// statusHolds is how long what was found holds, so that nobody can load the database by asking. statusWithin is how long the
// database may take: one that hangs does not answer.
const (
	statusHolds  = 5 * time.Second
	statusWithin = 3 * time.Second
)

// words of the parts in JSON.
var partNames = map[desk.Text]string{desk.APIPart: "api", desk.WebhookPart: "webhooks", desk.OmniPart: "connector"}

// statusPage tells how the desk does, by what the last look found.
type statusPage struct {
	checkup *web.Checkup[[]app.Part]
	clock   func() time.Time
	mu      sync.Mutex
	away    time.Time // since when the database does not answer this node; zero: it does
}

func newStatusPage(clock func() time.Time, look func(context.Context) ([]app.Part, error)) *statusPage {
	return &statusPage{checkup: web.NewCheckup(clock, statusHolds, statusWithin, look), clock: clock}
}

// parts are those of the newest look. When it failed, nothing is known but that the API is down.
func (p *statusPage) parts(ctx context.Context) []app.Part {
	parts, err := p.checkup.Look(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.away = time.Time{}
		return parts
	case p.away.IsZero() && ctx.Err() == nil:
		p.away = p.clock()
	}
	return []app.Part{{Name: desk.APIPart, Flow: app.Down, Since: p.away}}
}

type statusBody struct {
	Status app.Flow   `json:"status"`
	Text   string     `json:"text"`
	Parts  []partBody `json:"parts"`
}

type partBody struct {
	Name   string     `json:"name"`
	Status app.Flow   `json:"status"`
	Since  *time.Time `json:"since,omitempty"`
	Text   string     `json:"text"`
}

// getStatus answers GET /status: as text, or as JSON when that is asked for.
func (s *Server) getStatus(r *web.Request) (web.Answer, error) {
	return s.status.answer(r, web.Preferred(r.Request, "text/plain", "application/json") == "application/json")
}

// getStatusJSON answers GET /status.json.
func (s *Server) getStatusJSON(r *web.Request) (web.Answer, error) { return s.status.answer(r, true) }

// answer is 503 when the API is down, else 200. It is Indonesian unless English is asked for.
func (p *statusPage) answer(r *web.Request, asJSON bool) (web.Answer, error) {
	body := wordStatus(p.parts(r.Context()), web.Language(r.Request, desk.Indonesian))
	answer := web.Answer{Status: http.StatusOK, Header: http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept"}}}
	if body.Status == app.Down {
		answer.Status = http.StatusServiceUnavailable
		answer.Header["Retry-After"] = []string{"5"}
	}
	answer.Type, answer.Body = "text/plain; charset=utf-8", body.lines()
	var err error
	if asJSON {
		answer.Type = "application/json; charset=utf-8"
		answer.Body, err = web.Encode(body)
	}
	answer.Tag = web.Tag(1, answer.Body)
	return answer, err
}

// wordStatus words how the desk does. As a whole it is down with the API alone: whoever gets no event can still ask.
func wordStatus(parts []app.Part, l desk.Language) statusBody {
	body := statusBody{Status: app.Working}
	overall := desk.AllWorking
	for _, p := range parts {
		word := partBody{Name: partNames[p.Name], Status: p.Flow}
		text := desk.PartWorking
		switch p.Flow {
		case app.Delayed:
			text = desk.PartDelayed
		case app.Down:
			text = desk.PartDown
		}
		if p.Flow != app.Working {
			since := p.Since.UTC().Truncate(time.Second)
			word.Since = &since
			body.Status, overall = app.Delayed, desk.SomeDisturbed
		}
		word.Text = text.In(l, "", p.Name.In(l, ""), p.Since.In(desk.WITA()).Format("2006-01-02 15:04 MST"))
		body.Parts = append(body.Parts, word)
	}
	if parts[0].Flow == app.Down {
		body.Status, overall = app.Down, desk.AllDown
	}
	body.Text = overall.In(l, "")
	return body
}

// lines is the body as text: the whole, an empty line, and one for each part.
func (b statusBody) lines() []byte {
	lines := []string{b.Text, ""}
	for _, p := range b.Parts {
		lines = append(lines, p.Text)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
