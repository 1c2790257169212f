package api

import (
	"net/http"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// created is the answer to a new ticket (API document, Create Simplified Claim and Create Full Ticket).
type created struct {
	Success             bool             `json:"success"`
	TicketNumber        string           `json:"ticketNumber"`
	TicketID            string           `json:"ticketId"`
	Status              desk.Status      `json:"status"`
	EstimatedResolution string           `json:"estimatedResolution"`
	TrackingURL         string           `json:"trackingUrl"`
	Message             string           `json:"message"`
	Metadata            *createdMetadata `json:"metadata,omitempty"`
	TrackingCode        string           `json:"trackingCode"`
	Warnings            *texts           `json:"warnings,omitempty"`
}

type createdMetadata struct {
	CreatedAt    string `json:"createdAt"`
	AssignedTo   string `json:"assignedTo"`
	SupportGroup string `json:"supportGroup"`
	SLAHours     int    `json:"slaHours"`
}

// texts are warnings by field path, in their order.
type texts struct {
	faults   desk.Faults
	language desk.Language
}

// MarshalJSON writes the warnings as an object.
func (t *texts) MarshalJSON() ([]byte, error) {
	return web.AppendFaults(nil, t.faults, t.language), nil
}

// warningTexts is nil when there is nothing to warn of.
func warningTexts(faults desk.Faults, l desk.Language) *texts {
	if len(faults) == 0 {
		return nil
	}
	return &texts{faults, l}
}

// createClaim answers POST /claims.
func (s *Server) createClaim(r *web.Request) (web.Answer, error) {
	in, err := s.read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	claim := readClaim(in)
	word := func(o app.Opened) (web.Answer, error) {
		return web.JSON(http.StatusCreated, wordCreated(in, o, "KLAIM-OMNI ticket created successfully"))
	}
	once := onceOf(in, word)
	claim.Faults = *in.faults
	opened, err := s.app.OpenClaim(r.Context(), r.Actor, claim, once)
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = opened.Ticket.Number
	return word(opened)
}

// readClaim reads the documented fields of a claim.
func readClaim(in *input) desk.ClaimDraft {
	nominal, given := readAmount(in.Fields, "nominal", in.faults)
	return desk.ClaimDraft{
		NamaNasabah:      in.Text("namaNasabah", desk.MaxName),
		MediaTransaksi:   desk.Media(in.Text("mediaTransaksi", 0)),
		JenisTransaksi:   desk.TransactionType(in.Text("jenisTransaksi", 0)),
		Nominal:          nominal,
		NominalGiven:     given,
		NomorRekening:    in.Text("nomorRekening", desk.MaxReference),
		NomorKartu:       in.Text("nomorKartu", desk.MaxReference),
		ClaimReason:      in.Text("claimReason", desk.MaxDescription),
		ClaimDate:        in.Text("claimDate", desk.MaxReference),
		TransactionID:    in.Text("transactionId", desk.MaxReference),
		ReferenceNumber:  in.Text("referenceNumber", desk.MaxReference),
		ATMID:            in.Text("atmId", desk.MaxReference),
		Description:      in.Text("description", desk.MaxDescription),
		ChannelReference: in.Text("channelReferenceId", desk.MaxReference),
		Integration:      in.integration(),
	}
}

// wordCreated words the answer to a new ticket.
func wordCreated(in *input, o app.Opened, message string) created {
	t := o.Ticket
	return created{
		Success:             true,
		TicketNumber:        number(t.Number),
		TicketID:            t.ID,
		Status:              t.Status,
		EstimatedResolution: desk.FormatTime(t.Clocks.ResolutionDue),
		TrackingURL:         "/tickets/" + number(t.Number),
		Message:             message,
		TrackingCode:        o.TrackingCode,
		Warnings:            warningTexts(in.warnings(o.Warnings), in.request.Language),
	}
}

// getClaim answers GET /claims/{ticketNumber} like the ticket status. A ticket that is no claim is not found there.
func (s *Server) getClaim(r *web.Request) (web.Answer, error) {
	standing, err := s.app.ReadClaim(r.Context(), r.Actor, r.PathValue("ticketNumber"))
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = standing.Ticket.Number
	if standing.Ticket.ServiceType != desk.ServiceClaim {
		return web.Answer{}, desk.Fail(desk.NotFound, desk.TicketNotFound)
	}
	return tagged(standing.Ticket.Version, wordStanding(standing))
}

// tagged makes an answer that can be asked for again with If-None-Match.
func tagged(version int64, v any) (web.Answer, error) {
	answer, err := web.JSON(http.StatusOK, v)
	answer.Tag = web.Tag(version, answer.Body)
	return answer, err
}
