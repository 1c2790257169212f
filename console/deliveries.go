package console

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// mostTold is how many events of a ticket are shown of each webhook; the rest is on the webhook's page.
const mostTold = 200

// deliveryShown is an event at a webhook, in the reader's words.
type deliveryShown struct {
	app.Delivery
	ID         string // of the event
	Name       string // of its kind
	Meaning    string // good, warn or bad
	Icon, Text string // its state
	Skips      bool   // it holds up the later ones of its ticket, and can be done without
	Tried      []attemptShown
}

// attemptShown is an attempt in the reader's words.
type attemptShown struct {
	app.Attempt
	Text string // what its class means
	Took string
	Good bool
}

// delivery words an event at a webhook.
func (r *request) delivery(d app.Delivery, t desk.Target) deliveryShown {
	shown := deliveryShown{Delivery: d, ID: d.Event.ID(), Name: r.words.eventName(d.Event.Type)}
	shown.Meaning, shown.Icon, shown.Text = r.words.deliveryState(d.State)
	shown.Skips = d.Tries > 0 && (d.State == app.DeliveryFailed || d.State == app.DeliveryPending)
	for _, a := range d.Attempts {
		shown.Tried = append(shown.Tried, r.attempt(a, r.words.webhookClass(a.Class), a.Status >= 200 && a.Status <= 299))
	}
	return shown
}

func (r *request) attempt(a app.Attempt, meaning string, good bool) attemptShown {
	return attemptShown{Attempt: a, Text: meaning, Took: r.words.took(a.Took), Good: good}
}

// took words how long something took: `230 md`, `4,2 d`.
func (w words) took(d time.Duration) string {
	if d < time.Second {
		return w.t("%d md", d.Milliseconds())
	}
	text := strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
	if w.lang != desk.English {
		text = strings.Replace(text, ".", ",", 1)
	}
	return w.t("%s dtk", text)
}

func (w words) deliveryState(s app.DeliveryState) (meaning, icon, text string) {
	switch s {
	case app.DeliveryPending:
		return "warn", "clock", w.t("Menunggu")
	case app.DeliveryFailed:
		return "bad", "alert", w.t("Gagal")
	case "SKIPPED":
		return "", "right", w.t("Dilewatkan")
	}
	return "good", "check", w.t("Terkirim")
}

// eventName names a kind of event that partners hear of.
func (w words) eventName(e desk.EventType) string {
	switch e {
	case desk.TicketCreated:
		return w.t("Tiket dibuat")
	case desk.StatusChanged:
		return w.t("Status berubah")
	case desk.CommentAdded:
		return w.t("Komentar ditambahkan")
	case desk.TicketResolved:
		return w.t("Tiket terselesaikan")
	case desk.TicketClosed:
		return w.t("Tiket ditutup")
	}
	return string(e)
}

// webhookClass says what a class of attempts to deliver to a webhook means.
func (w words) webhookClass(class string) string {
	texts := map[string]string{
		"DELIVERED": "Diterima", "REDIRECTED": "Penerima mengalihkan ke alamat lain; pengalihan tidak diikuti", "REFUSED": "Penerima menolak",
		"GONE": "Penerima menyatakan alamat ini sudah tidak ada", "BUSY": "Penerima sedang sibuk", "SERVER_ERROR": "Penerima mengalami kesalahan",
		"NOT_ALLOWED": "Alamat ini tidak boleh dihubungi", "NO_HOST": "Nama host tidak ditemukan", "NO_CONNECTION": "Tidak dapat tersambung",
		"TLS_FAILED": "Sertifikat atau TLS penerima tidak baik", "TIMED_OUT": "Tidak ada jawaban utuh sebelum waktunya habis; mungkin diterima",
		"BROKEN_OFF": "Sambungan terputus; mungkin diterima", "UNREADABLE": "Alamat atau rahasianya tidak dapat dibaca; operator harus memeriksa",
		"SKIPPED": "Dilewatkan oleh seseorang", "FAULT": "ServiceDesk sendiri gagal; lihat lognya",
	}
	if text, known := texts[class]; known {
		return w.t(text)
	}
	return class
}

// deliveriesPage is what is shown of where a ticket was sent.
type deliveriesPage struct {
	Once    string // by which a form of the page is known when it is sent twice
	Here    string // address of the page
	Number  int64
	Seen    bool // the reader may open the ticket
	Targets []toldTarget
	Forward *forwardedShown // nil: it is not forwarded to Sociomile
	Enabled bool            // what is owed to Sociomile is sent
	Faults  map[string]string
	Values  map[string]string // of the form that could not be done
}

// toldTarget is a webhook, and what it was told of the ticket.
type toldTarget struct {
	targetShown
	Rows []deliveryShown
	More bool // there are more than are shown
}

// forwardedShown is where a ticket stands at Sociomile.
type forwardedShown struct {
	Create, Status forwardShown
	Sent           bool
	Edits          []edit
	Tried          []forwardTry
}

// edit is a field that a person can put something else in the place of.
type edit struct{ Name, Now string }

// forwardTry is an attempt to tell Sociomile.
type forwardTry struct {
	attemptShown
	Route string
}

// ticketDeliveries shows where a ticket was sent.
func (s *Server) ticketDeliveries(r *request) (web.Answer, error) {
	return s.showTicketDeliveries(r, r.PathValue("number"), nil)
}

func (s *Server) showTicketDeliveries(r *request, reference string, faults map[string]string) (web.Answer, error) {
	number, told, err := s.app.TicketDeliveries(r.Context(), r.actor, reference, mostTold)
	if err != nil {
		return web.Answer{}, err
	}
	p := deliveriesPage{Once: rand.Text(), Here: "/tickets/" + strconv.FormatInt(number, 10) + "/deliveries", Number: number, Faults: faults, Values: map[string]string{}}
	for name := range r.form {
		p.Values[name] = r.form.Get(name)
	}
	if p.Seen, err = s.seen(r, reference); err != nil {
		return web.Answer{}, err
	}
	for _, t := range told {
		shown := toldTarget{targetShown: r.target(app.TargetState{Target: t.Target}), More: t.More}
		for _, d := range t.Deliveries {
			shown.Rows = append(shown.Rows, r.delivery(d, t.Target))
		}
		p.Targets = append(p.Targets, shown)
	}
	if err := s.addForward(r, &p); err != nil {
		return web.Answer{}, err
	}
	status, about := http.StatusOK, "integration"
	if faults != nil {
		status, about = http.StatusBadRequest, ""
	}
	return r.showWith(status, "deliveries", page{Title: r.words.t("Pengiriman tiket %d", number), Nav: "tickets", Live: about, Cursor: s.feed.place(r.Context()), Data: p})
}

// seen reports whether the reader may open the ticket itself: where it was sent is shown to all who look after integrations.
func (s *Server) seen(r *request, reference string) (bool, error) {
	_, err := s.staff.Locate(r.Context(), r.actor, reference)
	if desk.Is(err, desk.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// addForward adds where the ticket stands at Sociomile, when it is forwarded there.
func (s *Server) addForward(r *request, p *deliveriesPage) error {
	f, err := s.app.ForwardedTicket(r.Context(), r.actor, strconv.FormatInt(p.Number, 10))
	if desk.Is(err, desk.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	creates, statuses := desk.ConnectorRoutes[0], desk.ConnectorRoutes[1]
	shown := &forwardedShown{Create: r.forward(f.Create, creates), Status: r.forward(f.Status, statuses), Sent: !f.Create.SentAt.IsZero()}
	for _, name := range f.Fields {
		shown.Edits = append(shown.Edits, edit{name, f.Edits[name]})
	}
	for _, a := range f.Attempts {
		good, _ := desk.ConnectorCounts(a.Class)
		meaning := desk.ConnectorMeaning(a.Class).In(r.words.lang, "")
		shown.Tried = append(shown.Tried, forwardTry{r.attempt(a, meaning, good), r.words.routeName(desk.ConnectorRoute(a.TargetID))})
	}
	p.Forward, p.Enabled = shown, f.Enabled
	return nil
}

// changeForward does a change of a ticket that is forwarded, and leads back to where its form is.
func (s *Server) changeForward(r *request, said string, do func(app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error)) (web.Answer, error) {
	back := r.back("/tickets/" + url.PathEscape(r.PathValue("number")) + "/deliveries")
	return act(r, back, func(app.ForwardedTicket) string { return said }, do,
		func(faults map[string]string) (web.Answer, error) {
			return s.showTicketDeliveries(r, r.PathValue("number"), faults)
		})
}

// editPrefix begins the names of inputs that hold what shall be told in the place of a field.
const editPrefix = "field."

// retryForward lets the ticket go at once; what was typed is told in the place of the provider's fields. A field that was left
// empty stays as it is; a ticked box ends all that was put in the place of fields before.
func (s *Server) retryForward(r *request) (web.Answer, error) {
	return s.changeForward(r, "again", func(once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		var edits desk.ForwardEdits
		var faults desk.Faults
		if r.form.Get("forget") != "" {
			edits = desk.ForwardEdits{}
		}
		for input := range r.form {
			name, ok := strings.CutPrefix(input, editPrefix)
			value := strings.TrimSpace(r.form.Get(input))
			if !ok || value == "" {
				continue
			}
			if desk.CheckLength(&faults, "fields."+name, value, desk.MaxDescription); edits == nil {
				edits = desk.ForwardEdits{}
			}
			edits[name] = value
		}
		if err := faults.Err(); err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.RetryForward(r.Context(), r.actor, r.PathValue("number"), edits, once)
	})
}

// parkForward takes the ticket out of the connector's queue.
func (s *Server) parkForward(r *request) (web.Answer, error) {
	return s.changeForward(r, "parked", func(once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		reason, err := r.because()
		if err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.ParkForward(r.Context(), r.actor, r.PathValue("number"), reason, once)
	})
}

// finishForward notes that somebody made the ticket at the provider by hand.
func (s *Server) finishForward(r *request) (web.Answer, error) {
	return s.changeForward(r, "finished", func(once app.Once[app.ForwardedTicket]) (app.ForwardedTicket, error) {
		var faults desk.Faults
		id := strings.TrimSpace(r.form.Get("ticketId"))
		desk.CheckProviderID(&faults, "ticketId", id)
		var number int64
		if given := strings.TrimSpace(r.form.Get("ticketNumber")); given != "" {
			n, err := strconv.ParseInt(given, 10, 64)
			if number = n; err != nil || n < 1 || n > desk.MaxProviderNumber {
				faults.Add("ticketNumber", desk.MustBeWhole, "1", strconv.Itoa(desk.MaxProviderNumber))
			}
		}
		if err := faults.Err(); err != nil {
			return app.ForwardedTicket{}, err
		}
		return s.app.FinishForward(r.Context(), r.actor, r.PathValue("number"), id, number, once)
	})
}
