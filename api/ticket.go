package api

import (
	"encoding/json"
	"net/http"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// createTicket answers POST /tickets.
func (s *Server) createTicket(r *web.Request) (web.Answer, error) {
	in, err := s.read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	draft := readTicket(in)
	word := func(o app.Opened) (web.Answer, error) {
		answer := wordCreated(in, o, "Ticket created successfully")
		t := o.Ticket
		answer.Metadata = &createdMetadata{desk.FormatTime(t.CreatedAt), t.AssignedTo(), t.Group.Name, t.PolicyHours}
		return web.JSON(http.StatusCreated, answer)
	}
	once := onceOf(in, word)
	draft.Faults = *in.faults
	opened, err := s.app.OpenTicket(r.Context(), r.Actor, draft, once)
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = opened.Ticket.Number
	return word(opened)
}

// readTicket reads the documented fields of a ticket.
func readTicket(in *input) desk.TicketDraft {
	ticket := in.Object("ticket")
	return desk.TicketDraft{
		Channel:          desk.Channel(in.Text("channel", 0)),
		ChannelReference: in.Text("channelReferenceId", desk.MaxReference),
		ServiceType:      desk.ServiceType(in.Text("serviceType", 0)),
		Customer:         readCustomer(in.Object("customer")),
		Title:            ticket.Text("title", desk.MaxTitle),
		Description:      ticket.Text("description", desk.MaxDescription),
		Priority:         desk.Priority(ticket.Text("priority", 0)),
		Category:         desk.Category(ticket.Text("category", 0)),
		Metadata:         readMetadata(ticket, in.faults),
		Integration:      in.integration(),
		Attachments:      in.files(),
	}
}

// maxEmail is the length of the longest e-mail address (RFC 5321).
const maxEmail = 254

func readCustomer(f *web.Fields) desk.Customer {
	return desk.Customer{
		Name:       f.Text("name", desk.MaxName),
		Email:      f.Text("email", maxEmail),
		Phone:      f.Text("phone", desk.MaxReference),
		Identifier: f.Text("identifier", desk.MaxReference),
		BranchCode: f.Text("branchCode", desk.MaxReference),
		Department: f.Text("department", desk.MaxName),
		Language:   f.Text("preferredLanguage", desk.MaxReference),
	}
}

// sla is the deadlines of a ticket on the wire.
type sla struct {
	ResponseDeadline   string `json:"responseDeadline"`
	ResolutionDeadline string `json:"resolutionDeadline"`
	IsBreached         bool   `json:"isBreached"`
}

func wordSLA(t *desk.Ticket, breached bool) sla {
	return sla{desk.FormatTime(t.Clocks.ResponseDue), desk.FormatTime(t.Clocks.ResolutionDue), breached}
}

// standing is where a ticket stands on the wire (API document, Get Ticket Status).
type standing struct {
	TicketNumber       string        `json:"ticketNumber"`
	Status             desk.Status   `json:"status"`
	Priority           desk.Priority `json:"priority"`
	CreatedAt          string        `json:"createdAt"`
	UpdatedAt          string        `json:"updatedAt"`
	ResolvedAt         *string       `json:"resolvedAt"`
	ClosedAt           *string       `json:"closedAt"`
	CurrentAssignee    *string       `json:"currentAssignee"`
	LastComment        *lastComment  `json:"lastComment"`
	SLA                sla           `json:"sla"`
	Success            bool          `json:"success"`
	Title              string        `json:"title"`
	ChannelReferenceID *string       `json:"channelReferenceId"`
}

type lastComment struct {
	Content   string `json:"content"`
	Author    string `json:"author"`
	Timestamp string `json:"timestamp"`
}

func wordStanding(s app.Standing) standing {
	t := s.Ticket
	w := standing{
		TicketNumber: number(t.Number), Status: t.Status, Priority: t.Priority,
		CreatedAt: desk.FormatTime(t.CreatedAt), UpdatedAt: desk.FormatTime(t.UpdatedAt),
		ResolvedAt: stamp(t.ResolvedAt), ClosedAt: stamp(t.ClosedAt), CurrentAssignee: text(t.AssigneeName),
		SLA: wordSLA(t, s.Breached), Success: true, Title: t.Title, ChannelReferenceID: text(t.ChannelReference),
	}
	if c := s.LastComment; c != nil {
		w.LastComment = &lastComment{c.Content, c.Author, desk.FormatTime(c.At)}
	}
	return w
}

// getTicketStatus answers GET /tickets.
func (s *Server) getTicketStatus(r *web.Request) (web.Answer, error) {
	q := readQuery(r, "ticketNumber", "channelReferenceId")
	ticket, reference := q.values.Get("ticketNumber"), q.values.Get("channelReferenceId")
	if ticket == "" && reference == "" {
		return web.Answer{}, desk.Fail(desk.Invalid, desk.EitherReference)
	}
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	standing, err := s.app.ReadStatus(r.Context(), r.Actor, ticket, reference)
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = standing.Ticket.Number
	return tagged(standing.Ticket.Version, wordStanding(standing))
}

// detail is all that a partner may know of a ticket (API document, Get Detailed Ticket Information).
type detail struct {
	TicketNumber       string             `json:"ticketNumber"`
	Status             desk.Status        `json:"status"`
	Priority           desk.Priority      `json:"priority"`
	CreatedAt          string             `json:"createdAt"`
	UpdatedAt          string             `json:"updatedAt"`
	ResolvedAt         *string            `json:"resolvedAt"`
	ClosedAt           *string            `json:"closedAt"`
	CurrentAssignee    *string            `json:"currentAssignee"`
	Service            detailService      `json:"service"`
	Branch             detailBranch       `json:"branch"`
	Comments           []detailComment    `json:"comments"`
	Attachments        []detailAttachment `json:"attachments"`
	SLA                sla                `json:"sla"`
	Metadata           json.RawMessage    `json:"metadata"`
	Success            bool               `json:"success"`
	TicketID           string             `json:"ticketId"`
	Title              string             `json:"title"`
	Description        string             `json:"description"`
	Channel            *string            `json:"channel"`
	ChannelReferenceID *string            `json:"channelReferenceId"`
	ServiceType        desk.ServiceType   `json:"serviceType"`
	Category           desk.Category      `json:"category"`
	Customer           detailCustomer     `json:"customer"`
	RequestedPriority  *string            `json:"requestedPriority"`
	MissingInformation []string           `json:"missingInformation"`
}

type detailService struct {
	Name         string `json:"name"`
	SupportGroup string `json:"supportGroup"`
}

type detailBranch struct {
	Name string `json:"name"`
	Code string `json:"code"`
}

type detailComment struct {
	Content       string `json:"content"`
	Author        string `json:"author"`
	Timestamp     string `json:"timestamp"`
	IsFromSupport bool   `json:"isFromSupport"`
	ID            string `json:"id"`
}

type detailAttachment struct {
	Filename   string `json:"filename"`
	Size       int64  `json:"size"`
	UploadedAt string `json:"uploadedAt"`
	ID         string `json:"id"`
	MIMEType   string `json:"mimeType"`
}

type detailCustomer struct {
	Name              string  `json:"name"`
	Email             *string `json:"email"`
	Phone             *string `json:"phone"`
	Identifier        *string `json:"identifier"`
	BranchCode        *string `json:"branchCode"`
	Department        *string `json:"department"`
	PreferredLanguage *string `json:"preferredLanguage"`
}

// getTicket answers GET /tickets/{ticketNumber}.
func (s *Server) getTicket(r *web.Request) (web.Answer, error) {
	d, err := s.app.ReadTicket(r.Context(), r.Actor, r.PathValue("ticketNumber"))
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = d.Ticket.Number
	return tagged(d.Ticket.Version, wordDetail(d))
}

func wordDetail(d app.Detail) detail {
	t, c := d.Ticket, d.Ticket.Customer
	w := detail{
		TicketNumber: number(t.Number), Status: t.Status, Priority: t.Priority,
		CreatedAt: desk.FormatTime(t.CreatedAt), UpdatedAt: desk.FormatTime(t.UpdatedAt),
		ResolvedAt: stamp(t.ResolvedAt), ClosedAt: stamp(t.ClosedAt), CurrentAssignee: text(t.AssigneeName),
		Service: detailService{t.ServiceName, t.Group.Name}, Branch: detailBranch{t.Branch.Name, t.Branch.Code},
		Comments: []detailComment{}, Attachments: []detailAttachment{}, SLA: wordSLA(t, d.Breached), Metadata: json.RawMessage(t.Metadata),
		Success: true, TicketID: t.ID, Title: t.Title, Description: t.Description, Channel: text(string(t.Channel)),
		ChannelReferenceID: text(t.ChannelReference), ServiceType: t.ServiceType, Category: t.Category,
		Customer:          detailCustomer{c.Name, text(c.Email), text(c.Phone), text(c.Identifier), text(c.BranchCode), text(c.Department), text(c.Language)},
		RequestedPriority: text(string(t.AskedPriority)), MissingInformation: append([]string{}, t.Missing...),
	}
	for _, c := range d.Comments {
		w.Comments = append(w.Comments, detailComment{c.Content, c.Author, desk.FormatTime(c.At), c.FromSupport, c.ID})
	}
	for _, f := range d.Attachments {
		w.Attachments = append(w.Attachments, detailAttachment{f.Filename, f.Size, desk.FormatTime(f.UploadedAt), f.ID, f.MIME})
	}
	return w
}
