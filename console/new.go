package console

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"

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
	return s.showNew(r, http.StatusOK, map[string]string{"serviceType": "COMPLAINT", "channel": "PHONE", "branchCode": r.actor.Branch}, nil, rand.Text())
}

func (s *Server) showNew(r *request, status int, values, faults map[string]string, once string) (web.Answer, error) {
	p := newPage{Once: once, Values: values, Faults: faults, Choices: s.choices(r), Media: desk.MediaTransaksi, Types: desk.JenisTransaksi}
	if p.Faults == nil {
		p.Faults = map[string]string{}
	}
	p.Choices.Channels = formChannels()
	return r.showWith(status, "new", page{Title: r.words.t("Tiket baru"), Nav: "new", Data: p})
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
	for path, limit := range map[string]struct {
		text string
		max  int
	}{"customer.name": {draft.Customer.Name, desk.MaxName}, "ticket.title": {draft.Title, desk.MaxTitle}, "ticket.description": {draft.Description, desk.MaxDescription},
		"customer.phone": {draft.Customer.Phone, desk.MaxReference}, "customer.identifier": {draft.Customer.Identifier, desk.MaxReference}, "customer.email": {draft.Customer.Email, desk.MaxReference}} {
		desk.CheckLength(&draft.Faults, path, limit.text, limit.max)
	}
	opened, err := s.staff.Open(r.Context(), r.actor, draft, app.Once[app.Opened]{ID: values["once"], Operation: "console.create", Content: values,
		Word: func(o app.Opened) (app.Answer, error) {
			return app.Answer{Status: http.StatusSeeOther, Body: strconv.AppendInt(nil, o.Ticket.Number, 10)}, nil
		}})
	if before, ok := errors.AsType[*app.Replay](err); ok {
		return r.done("/tickets/"+string(before.Answer.Body), "created"), nil
	}
	if faults, ok := r.faultsOf(err); ok {
		return s.showNew(r, http.StatusBadRequest, values, faults, values["once"])
	}
	if err != nil {
		return web.Answer{}, err
	}
	number := "/tickets/" + strconv.FormatInt(opened.Ticket.Number, 10)
	if !r.actor.Sight().Sees(opened.Ticket) { // it went to a group of which the reader is no member
		number = ""
	}
	return r.show("created", r.words.t("Tiket dibuat"), createdPage{Opened: opened, Tracking: s.tracking(opened.Ticket, opened.TrackingCode), Path: number, Amount: rupiah(draft)})
}

// createdPage is what is shown of a ticket that was just made.
type createdPage struct {
	app.Opened
	Tracking tracking
	Path     string // of the ticket's page; empty: the reader does not see it
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
func (s *Server) tracking(t *desk.Ticket, code string) tracking {
	address := s.reached + "/tickets/" + strconv.FormatInt(t.Number, 10)
	return tracking{Number: t.Number, Code: code, Address: address, Spoken: strings.TrimPrefix(address, "https://")}
}

// rupiah is the amount of a draft, so that who wrote it sees how it was read; empty: none was given.
func rupiah(d desk.TicketDraft) string {
	if d.Metadata.Texts["nominal"] == "" {
		return ""
	}
	return d.Metadata.Amount.Rupiah()
}
