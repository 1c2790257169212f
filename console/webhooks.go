package console

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// webhooksPath is the page of all webhooks.
const webhooksPath = "/integration/webhooks"

// webhooksPage is what the list of webhooks shows.
type webhooksPage struct {
	Partner  string // id; empty: of all partners
	Partners []desk.Partner
	Rows     []targetShown
	More     string // address of the next page; empty: there is none
}

// targetShown is a webhook in the reader's words.
type targetShown struct {
	app.TargetState
	Path       string // of its page
	Where      string // its address, without what may be secret in it
	Kind       string
	State      string // good, warn or bad
	Icon, Text string
	Hint       string // why it is so, and since when
	Waiting    string
	Dead       string
	LastFailed string
}

// target words a webhook.
func (r *request) target(t app.TargetState) targetShown {
	w := r.words
	shown := targetShown{TargetState: t, Path: webhooksPath + "/" + t.ID, Where: whereTo(t.URL), Kind: w.t("terdaftar"), Waiting: counted(t.Backlog.Waiting), Dead: counted(t.Backlog.Dead)}
	if t.Kind == desk.TicketTarget {
		shown.Kind = w.t("disebut tiket")
	}
	shown.State, shown.Icon, shown.Text, shown.Hint = "good", "check", w.t("Aktif"), ""
	switch {
	case t.State == desk.TargetDisabled && t.Why == desk.DisabledAsGone:
		shown.State, shown.Icon, shown.Text, shown.Hint = "warn", "pause", w.t("Dimatikan"), w.t("sejak %s: penerimanya menjawab bahwa alamat ini sudah tidak ada (410)", w.moment(t.StateAt))
	case t.State == desk.TargetDisabled:
		shown.State, shown.Icon, shown.Text, shown.Hint = "warn", "pause", w.t("Dimatikan"), w.t("oleh mitranya sejak %s", w.moment(t.StateAt))
	case !t.OpenedAt.IsZero():
		shown.State, shown.Icon, shown.Text = "bad", "alert", w.t("Tidak terjangkau")
		shown.Hint = w.t("sejak %s; dicoba lagi %s", w.moment(t.OpenedAt), w.moment(t.ProbeAt))
	}
	if failed := t.Backlog.Lately.Failed; failed.Class != "" {
		shown.LastFailed = w.webhookClass(failed.Class)
	}
	return shown
}

// counted words a number of which counting may have ended.
func counted(n int) string {
	if n > app.CountMost {
		return strconv.Itoa(app.CountMost) + "+"
	}
	return strconv.Itoa(n)
}

// whereTo is an address without what may be secret in it: who calls, and its parameters.
func whereTo(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	shown := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" || u.ForceQuery {
		shown += "?…"
	}
	return shown
}

// webhooks shows the webhooks of all partners, or of one.
func (s *Server) webhooks(r *request) (web.Answer, error) {
	q := r.URL.Query()
	p := webhooksPage{Partner: q.Get("partner")}
	var err error
	if p.Partners, err = s.app.TargetPartners(r.Context(), r.actor); err != nil {
		return web.Answer{}, err
	}
	found, more, err := s.targetsOf(r, p.Partner, q.Get("after"))
	if err != nil {
		return web.Answer{}, err
	}
	for _, t := range found {
		p.Rows = append(p.Rows, r.target(t))
	}
	if more {
		p.More = webhooksPath + "?" + url.Values{"partner": {p.Partner}, "after": {found[len(found)-1].ID}}.Encode()
	}
	about := "integration"
	if q.Get("after") != "" {
		about = ""
	}
	return r.showLive("webhooks", "webhooks", "Webhook", about, s.feed.place(r.Context()), p)
}

func (s *Server) targetsOf(r *request, partner, after string) ([]app.TargetState, bool, error) {
	if partner != "" {
		return s.app.TargetsOf(r.Context(), r.actor, partner, after, pageSize)
	}
	return s.app.Targets(r.Context(), r.actor, after, pageSize)
}

// webhookPage is what the page of one webhook shows.
type webhookPage struct {
	Once   string // by which a form of the page is known when it is sent twice
	Here   string // address of the list
	Target targetShown
	Events string // which ones are sent; empty: all
	Tabs   []tab
	Rows   []deliveryShown
	More   string // address of the next page; empty: there is none
	Faults map[string]string
	From   string // of a range that could not be sent again
	Until  string
	Ping   *pingShown
}

// pingShown is what came of a test.
type pingShown struct {
	app.Ping
	Text string
}

// webhook shows a webhook and what it was told.
func (s *Server) webhook(r *request) (web.Answer, error) {
	return s.showWebhook(r, http.StatusOK, nil)
}

// showWebhook shows it; change puts what a form brought into the page.
func (s *Server) showWebhook(r *request, status int, change func(*webhookPage)) (web.Answer, error) {
	target, err := s.app.Target(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return web.Answer{}, err
	}
	p := webhookPage{Once: rand.Text(), Target: r.target(target)}
	var types []string
	for _, e := range target.Events {
		types = append(types, string(e))
	}
	p.Events = strings.Join(types, ", ")
	about, err := s.listDeliveries(r, &p)
	if err != nil {
		return web.Answer{}, err
	}
	if change != nil {
		change(&p)
		about = "" // what the form brought stays
	}
	title := cmp.Or(target.PartnerName, r.words.t("Webhook"))
	return r.showWith(status, "webhook", page{Title: title, Nav: "webhooks", Live: about, Cursor: s.feed.place(r.Context()), Data: p})
}

// deliveriesIn reads from an address which deliveries are listed.
func deliveriesIn(q url.Values) app.DeliveryList {
	l := app.DeliveryList{Limit: pageSize, State: app.DeliveryState(q.Get("state"))}
	if l.State != app.DeliveryPending && l.State != app.DeliveryFailed {
		l.State = ""
		if n, err := strconv.ParseInt(q.Get("after"), 10, 64); err == nil && n > 0 {
			l.Before = n
		}
		return l
	}
	l.After = lanePlace(q.Get("after"))
	return l
}

// listDeliveries lists the deliveries that the reader wants, and returns what a live connection is about.
func (s *Server) listDeliveries(r *request, p *webhookPage) (about string, err error) {
	q := r.URL.Query()
	if r.form != nil {
		if back, err := url.Parse(r.back(p.Target.Path)); err == nil {
			q = back.Query()
		}
	}
	l := deliveriesIn(q)
	found, err := s.app.Deliveries(r.Context(), r.actor, p.Target.ID, l)
	if err != nil {
		return "", err
	}
	of := func(state app.DeliveryState) string {
		if state == "" {
			return p.Target.Path
		}
		return p.Target.Path + "?state=" + string(state)
	}
	p.Here = of(l.State)
	p.Tabs = []tab{{r.words.t("Semua"), of(""), l.State == ""}, {r.words.t("Menunggu"), of(app.DeliveryPending), l.State == app.DeliveryPending},
		{r.words.t("Gagal"), of(app.DeliveryFailed), l.State == app.DeliveryFailed}}
	for _, d := range found.Deliveries {
		p.Rows = append(p.Rows, r.delivery(d, p.Target.Target))
	}
	if after := placeText(found.After); found.More && l.State == "" {
		p.More = p.Here + "?after=" + strconv.FormatInt(found.Before, 10)
	} else if found.More {
		p.More = p.Here + "&after=" + after
	}
	if q.Get("after") != "" {
		return "", nil
	}
	return "integration", nil
}

// webhookAgain shows the webhook with what is wrong with a form.
func (s *Server) webhookAgain(r *request) func(map[string]string) (web.Answer, error) {
	return func(faults map[string]string) (web.Answer, error) {
		return s.showWebhook(r, http.StatusBadRequest, func(p *webhookPage) {
			p.Faults, p.From, p.Until = faults, r.form.Get("from"), r.form.Get("until")
		})
	}
}

// webhookBack is where a form about a webhook leads back to.
func (r *request) webhookBack() string {
	return r.back(webhooksPath + "/" + url.PathEscape(r.PathValue("id")))
}

// testWebhook sends an event that did not happen, and shows what the receiver said.
func (s *Server) testWebhook(r *request) (web.Answer, error) {
	came, err := s.app.TestTarget(r.Context(), r.actor, r.PathValue("id"), onceOf(r, func(p app.Ping) string {
		text, err := json.Marshal(p)
		if err != nil {
			panic(err) // it has nothing that JSON cannot hold
		}
		return string(text)
	}))
	if before, ok := errors.AsType[*app.Replay](err); ok {
		err = json.Unmarshal(before.Answer.Body, &came)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return s.showWebhook(r, http.StatusOK, func(p *webhookPage) { p.Ping = &pingShown{came, r.words.webhookClass(came.Class)} })
}

// resendDeliveries sends again what is undelivered, or what lies between two places of the partner's feed.
func (s *Server) resendDeliveries(r *request) (web.Answer, error) {
	return act(r, r.webhookBack(), againWord, func(once app.Once[app.SentAgain]) (app.SentAgain, error) {
		again := app.Again{Undelivered: r.form.Get("which") == "undelivered"}
		if !again.Undelivered {
			again.From, again.Until = r.feedPlace("from", &again.Faults), r.feedPlace("until", &again.Faults)
			if len(again.Faults) == 0 && (again.Until < again.From || again.Until-again.From >= app.MostSentAgain) {
				again.Faults.Add("until", desk.MustBeWhole, strconv.FormatInt(again.From, 10), strconv.FormatInt(again.From+app.MostSentAgain-1, 10))
			}
		}
		return s.app.SendAgain(r.Context(), r.actor, r.PathValue("id"), again, once)
	}, s.webhookAgain(r))
}

// mostFeedPlace is beyond every place of a feed.
const mostFeedPlace = 1 << 53

// feedPlace reads a place of a partner's feed from the form.
func (r *request) feedPlace(name string, faults *desk.Faults) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(r.form.Get(name)), 10, 64)
	if err != nil || n < 1 || n > mostFeedPlace {
		faults.Add(name, desk.MustBeWhole, "1", strconv.Itoa(mostFeedPlace))
	}
	return n
}

// resendDelivery sends one event again.
func (s *Server) resendDelivery(r *request) (web.Answer, error) {
	return act(r, r.webhookBack(), againWord, func(once app.Once[app.SentAgain]) (app.SentAgain, error) {
		return s.app.SendAgain(r.Context(), r.actor, r.PathValue("id"), app.Again{Event: r.PathValue("event")}, once)
	}, s.deliveryAgain(r))
}

// skipDelivery does without an event.
func (s *Server) skipDelivery(r *request) (web.Answer, error) {
	return act(r, r.webhookBack(), func(struct{}) string { return "skipped" }, func(once app.Once[struct{}]) (struct{}, error) {
		return struct{}{}, s.app.SkipDelivery(r.Context(), r.actor, r.PathValue("id"), r.PathValue("event"), once)
	}, s.deliveryAgain(r))
}

// deliveryAgain shows the page that a form about one event is on, with why that could not be done: that of the ticket, or of
// the webhook.
func (s *Server) deliveryAgain(r *request) func(map[string]string) (web.Answer, error) {
	if number := r.form.Get("ticket"); number != "" {
		return func(faults map[string]string) (web.Answer, error) { return s.showTicketDeliveries(r, number, faults) }
	}
	return s.webhookAgain(r)
}
