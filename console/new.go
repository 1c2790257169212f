package console

import (
	"crypto/rand"
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

// newPage is the form of a new ticket.
type newPage struct {
	Once    string // by which the form is known when it is sent twice
	Values  map[string]string
	Faults  map[string]string
	Choices choices
	Media   []desk.Media
	Types   []desk.TransactionType
	From    string        // a ticket of the same customer; empty: none
	Known   desk.Customer // as that ticket tells, the identifiers masked
	Places  []option      // services, each with the group whose queue the ticket joins
	Today   string        // in WITA, as in a field of a date
}

// Has reports whether a fault belongs to a field that shows it.
func (newPage) Has(path string) bool {
	shown := []string{"customer.name", "customer.phone", "customer.email", "ticket.description", "ticket.title", "nominal", "tanggalTransaksi", "serviceType", "channel"}
	return slices.Contains(shown, path)
}

// Detailed reports whether something is said of a transaction.
func (p newPage) Detailed() bool {
	return slices.ContainsFunc(metadataFields, func(name string) bool { return p.Values[name] != "" })
}

// formChannels are the channels of tickets that employees make, the usual ones first.
func formChannels() []desk.Channel {
	usual := []desk.Channel{"PHONE", desk.Counter}
	for _, c := range desk.Channels {
		if c != "PHONE" {
			usual = append(usual, c)
		}
	}
	return usual
}

// newTicket shows the form of a ticket that came by telephone or at the counter.
func (s *Server) newTicket(r *request) (web.Answer, error) {
	values := map[string]string{"serviceType": "COMPLAINT", "channel": "PHONE", "branchCode": r.actor.Branch, "from": r.URL.Query().Get("from"), "once": rand.Text()}
	return s.showNew(r, http.StatusOK, values, nil)
}

// showNew shows the form with what was filled in. Of a customer who is known from another ticket it shows what that ticket's page
// does: identifiers stay masked, and are copied when the ticket is made.
func (s *Server) showNew(r *request, status int, values, faults map[string]string) (web.Answer, error) {
	p := newPage{Once: values["once"], Values: values, Faults: faults, Choices: s.choices(r), Media: desk.MediaTransaksi, Types: desk.JenisTransaksi, From: values["from"], Places: s.places(r),
		Today: s.clock().In(desk.WITA()).Format(time.DateOnly)}
	if p.Faults == nil {
		p.Faults = map[string]string{}
	}
	if p.From != "" {
		known, err := s.staff.Customer(r.Context(), r.actor, p.From)
		if err != nil {
			return web.Answer{}, err
		}
		p.Known = known.Ticket.Customer
		if r.form == nil {
			values["name"] = p.Known.Name
		}
	}
	p.Choices.Channels = formChannels()
	return r.showWith(status, "new", page{Title: r.words.t("Tiket baru"), Nav: "new", Data: p})
}

// places name each service with the group whose queue its tickets join.
func (s *Server) places(r *request) (options []option) {
	reference := s.app.Reference()
	for _, o := range r.words.services(desk.ServiceTypes) {
		if group := reference.Services[desk.ServiceType(o.Value)].Group; group.Name != "" {
			o.Text += " → " + group.Name
		}
		options = append(options, o)
	}
	return options
}

// metadataFields are the fields of the form that become metadata, as partners name them.
var metadataFields = []string{"mediaTransaksi", "jenisTransaksi", "nominal", "nomorRekening", "cardNumber", "atmId", "transactionId", "tanggalTransaksi"}

// createTicket makes the ticket, by the rules of the API. A form that is sent twice makes one ticket.
func (s *Server) createTicket(r *request) (web.Answer, error) {
	values := map[string]string{}
	for name := range r.form {
		values[name] = strings.TrimSpace(r.form.Get(name))
	}
	draft := desk.TicketDraft{Channel: desk.Channel(values["channel"]), ServiceType: desk.ServiceType(values["serviceType"]), ByEmployee: true,
		Title: values["title"], Description: values["description"], Priority: desk.Priority(values["priority"]), Attachments: r.files,
		Customer: desk.Customer{Name: values["name"], Email: values["email"], Phone: values["phone"], Identifier: values["identifier"], BranchCode: values["branchCode"], Language: "id"}}
	metadata := map[string]string{}
	for _, name := range metadataFields {
		metadata[name] = values[name]
	}
	draft.Metadata = desk.PlainMetadata(metadata, &draft.Faults)
	if day := values["tanggalTransaksi"]; day != "" {
		if at, ok := desk.ParseTime(day); !ok || at.After(s.clock()) {
			draft.Faults.Add("tanggalTransaksi", desk.DateAhead)
		}
	}
	for path, limit := range map[string]struct {
		text string
		max  int
	}{"customer.name": {draft.Customer.Name, desk.MaxName}, "ticket.title": {draft.Title, desk.MaxTitle}, "ticket.description": {draft.Description, desk.MaxDescription},
		"customer.phone": {draft.Customer.Phone, desk.MaxReference}, "customer.identifier": {draft.Customer.Identifier, desk.MaxReference}, "customer.email": {draft.Customer.Email, desk.MaxReference}} {
		desk.CheckLength(&draft.Faults, path, limit.text, limit.max)
	}
	opened, err := s.staff.Open(r.Context(), r.actor, draft, values["from"], app.Once[app.Opened]{ID: values["once"], Operation: "console.create", Content: values,
		Word: func(o app.Opened) (app.Answer, error) {
			return app.Answer{Status: http.StatusSeeOther, Body: strconv.AppendInt(nil, o.Ticket.Number, 10)}, nil
		}})
	if before, ok := errors.AsType[*app.Replay](err); ok {
		return r.done("/tickets/"+string(before.Answer.Body), "created"), nil
	}
	if faults, ok := r.faultsOf(err); ok {
		return s.showNew(r, http.StatusBadRequest, values, faults)
	}
	if err != nil {
		return web.Answer{}, err
	}
	p := createdPage{Opened: opened, Tracking: s.tracking(opened.Ticket.Number, opened.TrackingCode), Amount: rupiah(draft)}
	if r.actor.Sight().Sees(opened.Ticket) {
		p.Path = "/tickets/" + strconv.FormatInt(opened.Ticket.Number, 10)
		p.Queue = "/tickets?" + url.Values{"assignee": {desk.Nobodys}, "group": {opened.Ticket.Group.Code}, "order": {"due"}, "status": {desk.ActiveStatus}}.Encode()
	}
	p.Mine = r.actor.Permissions.Allow(desk.MayWork) && slices.Contains(r.actor.Groups, opened.Ticket.Group.Code)
	return r.show("created", r.words.t("Tiket dibuat"), p)
}

// createdPage is what is shown of a ticket that was just made.
type createdPage struct {
	app.Opened
	Tracking tracking
	Path     string // of the ticket's page; empty: the reader does not see it
	Queue    string // of the list that the ticket waits in; empty with Path
	Mine     bool   // the reader's group has it: he may take it
	Amount   string // empty: none was given
}

// tracking is what a customer needs to follow a ticket.
type tracking struct {
	Number  int64
	Code    string
	Address string // of the tracking page
	Spoken  string // the address as it is read out
}

// tracking is what an agent reads out to the customer of a ticket whose tracking code was just made.
func (s *Server) tracking(number int64, code string) tracking {
	address := s.reached + "/tickets/" + strconv.FormatInt(number, 10)
	return tracking{Number: number, Code: code, Address: address, Spoken: strings.TrimPrefix(address, "https://")}
}

// rupiah is the amount of a draft, so that who wrote it sees how it was read; empty: none was given.
func rupiah(d desk.TicketDraft) string {
	if d.Metadata.Texts["nominal"] == "" {
		return ""
	}
	return d.Metadata.Amount.Rupiah()
}

// renewCode gives the ticket another tracking code, which is shown this once. A form that is sent twice makes one code, and shows it twice.
func (s *Server) renewCode(r *request) (web.Answer, error) {
	change := r.change()
	if change.Version != 0 { // who read that version may ask once
		change.Once = app.Once[app.Changed]{ID: "tracking.renew " + change.Ticket + " " + r.form.Get("version") + " " + r.actor.ID, Operation: "console.code",
			Content: map[string]string{"ticket": change.Ticket}, Word: func(c app.Changed) (app.Answer, error) {
				return app.Answer{Status: http.StatusOK, Body: []byte(c.TrackingCode)}, nil
			}}
	}
	changed, err := s.app.RenewTrackingCode(r.Context(), r.actor, change)
	if before, ok := errors.AsType[*app.Replay](err); ok {
		return s.showRenewed(r, before.Ticket, string(before.Answer.Body))
	}
	if err != nil {
		return s.changed(r, "", "", err)
	}
	return s.showRenewed(r, changed.Ticket.Number, changed.TrackingCode)
}

func (s *Server) showRenewed(r *request, number int64, code string) (web.Answer, error) {
	return r.show("renewed", r.words.t("Kode pantau baru"), struct {
		Tracking tracking
		Path     string
	}{s.tracking(number, code), r.ticketPath()})
}
