package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// Sizes of a page of tickets.
const (
	pageDefault = 50
	pageMost    = 200
)

// ticketList is a page of tickets on the wire.
type ticketList struct {
	Success bool       `json:"success"`
	Tickets []listItem `json:"tickets"`
	Cursor  *string    `json:"cursor"`
	More    bool       `json:"more"`
}

type listItem struct {
	TicketNumber       string        `json:"ticketNumber"`
	TicketID           string        `json:"ticketId"`
	Status             desk.Status   `json:"status"`
	Priority           desk.Priority `json:"priority"`
	Title              string        `json:"title"`
	ChannelReferenceID *string       `json:"channelReferenceId"`
	CreatedAt          string        `json:"createdAt"`
	UpdatedAt          string        `json:"updatedAt"`
	ResolvedAt         *string       `json:"resolvedAt"`
	ClosedAt           *string       `json:"closedAt"`
	CurrentAssignee    *string       `json:"currentAssignee"`
	SLA                sla           `json:"sla"`
}

// listTickets answers GET /tickets/list.
func (s *Server) listTickets(r *web.Request) (web.Answer, error) {
	var faults desk.Faults
	l := app.List{Limit: whole(r, "limit", pageDefault, 1, pageMost, &faults), Statuses: queryStatuses(r, &faults)}
	if given := r.URL.Query().Get("updatedSince"); given != "" {
		var ok bool
		if l.Since, ok = desk.ParseTime(given); !ok {
			faults.Add("updatedSince", desk.MustBeISODate)
		}
	}
	if given := r.URL.Query().Get("cursor"); given != "" {
		var ok bool
		if l.AfterAt, l.AfterID, ok = parseListCursor(given); !ok {
			faults.Add("cursor", desk.CursorInvalid)
		}
	}
	if len(faults) > 0 {
		return web.Answer{}, faults.Err()
	}
	page, err := s.app.ListTickets(r.Context(), r.Actor, l)
	if err != nil {
		return web.Answer{}, err
	}
	return wordPage(page, listCursor)
}

// queryStatuses reads `status`, given once or more, or as a comma-separated list.
func queryStatuses(r *web.Request, faults *desk.Faults) []desk.Status {
	var statuses []desk.Status
	for _, given := range r.URL.Query()["status"] {
		for part := range strings.SplitSeq(given, ",") {
			if part = strings.TrimSpace(part); part != "" {
				desk.CheckOneOf(faults, "status", desk.Status(part), desk.Statuses)
				statuses = append(statuses, desk.Status(part))
			}
		}
	}
	return statuses
}

// wordPage words a page of tickets; cursor makes the place of its last ticket.
func wordPage(p app.Page, cursor func(*desk.Ticket) string) (web.Answer, error) {
	w := ticketList{Success: true, Tickets: []listItem{}, More: p.More}
	var version int64
	for _, t := range p.Tickets {
		version += t.Version
		w.Cursor = text(cursor(t))
		w.Tickets = append(w.Tickets, listItem{
			TicketNumber: number(t.Number), TicketID: t.ID, Status: t.Status, Priority: t.Priority, Title: t.Title,
			ChannelReferenceID: text(t.ChannelReference), CreatedAt: desk.FormatTime(t.CreatedAt), UpdatedAt: desk.FormatTime(t.UpdatedAt),
			ResolvedAt: stamp(t.ResolvedAt), ClosedAt: stamp(t.ClosedAt), CurrentAssignee: text(t.AssigneeName), SLA: wordSLA(t, t.Breached(p.At)),
		})
	}
	return tagged(version, w)
}

// listCursor names a ticket's place in the order of change.
func listCursor(t *desk.Ticket) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(t.UpdatedAt.UnixMicro(), 10) + "," + t.ID))
}

func parseListCursor(cursor string) (time.Time, string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	micros, id, found := strings.Cut(string(raw), ",")
	n, numErr := strconv.ParseInt(micros, 10, 64)
	if err != nil || numErr != nil || !found || n <= 0 {
		return time.Time{}, "", false
	}
	return time.UnixMicro(n).UTC(), id, true
}

// searchTickets answers POST /tickets/search: personal identifiers travel in the body, never in an address.
func (s *Server) searchTickets(r *web.Request) (web.Answer, error) {
	in, err := s.read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	f := app.Find{Limit: pageDefault, By: map[desk.LookupKind]string{
		desk.ByEmail: in.Text("email", desk.MaxName), desk.ByPhone: in.Text("phone", desk.MaxReference),
		desk.ByIdentifier: in.Text("identifier", desk.MaxReference), desk.ByAccount: in.Text("nomorRekening", desk.MaxReference),
	}}
	f.Before = in.Text("cursor", desk.MaxReference)
	if f.Empty() {
		in.faults.Add("identifier", desk.OneIdentifier)
	}
	if len(*in.faults) > 0 {
		return web.Answer{}, in.faults.Err()
	}
	page, err := s.app.FindTickets(r.Context(), r.Actor, f)
	if err != nil {
		return web.Answer{}, err
	}
	answer, err := wordPage(page, func(t *desk.Ticket) string { return t.ID })
	answer.Tag = "" // an answer to a POST is not asked for again by tag
	return answer, err
}

// getAttachment answers GET /tickets/{ticketNumber}/attachments/{attachmentId}: always a download, never shown inline.
func (s *Server) getAttachment(r *web.Request) (web.Answer, error) {
	file, err := s.app.ReadAttachment(r.Context(), r.Actor, r.PathValue("ticketNumber"), r.PathValue("attachmentId"))
	if err != nil {
		return web.Answer{}, err
	}
	header := http.Header{
		"Content-Disposition":     {web.Download(file.Filename)},
		"Content-Security-Policy": {"default-src 'none'; sandbox"},
	}
	return web.Answer{Status: http.StatusOK, Type: file.MIME, Header: header, Body: file.Content, Tag: web.Tag(1, []byte(file.SHA256))}, nil
}
