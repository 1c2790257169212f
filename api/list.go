package api

import (
	"encoding/base64"
	"net/http"
	"slices"
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

	Warnings *texts `json:"warnings,omitempty"`
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
	q := readQuery(r, "status", "updatedSince", "cursor", "limit")
	l := app.List{Limit: q.whole("limit", pageDefault, 1, pageMost), Statuses: q.statuses()}
	if given := q.values.Get("updatedSince"); given != "" {
		var ok bool
		if l.Since, ok = desk.ParseTime(strings.ReplaceAll(given, " ", "+")); !ok { // a plus sign that nobody escaped
			q.faults.Add("updatedSince", desk.MustBeISODate)
		}
	}
	from := q.values.Get("cursor")
	if from != "" {
		var ok bool
		if l.AfterAt, l.AfterID, ok = parseListCursor(from); !ok {
			q.faults.Add("cursor", desk.CursorInvalid)
		}
	}
	if err := q.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	page, err := s.app.ListTickets(r.Context(), r.Actor, l)
	if err != nil {
		return web.Answer{}, err
	}
	w, version := wordPage(page, from, listCursor)
	return tagged(version, w)
}

// statuses reads `status`, given once or more, or as a comma-separated list; each one once.
func (q *query) statuses() []desk.Status {
	var statuses []desk.Status
	for _, given := range q.values["status"] {
		if given == "" {
			continue
		}
		for part := range strings.SplitSeq(given, ",") {
			if status := desk.Status(part); !slices.Contains(statuses, status) {
				desk.CheckOneOf(&q.faults, "status", status, desk.Statuses)
				statuses = append(statuses, status)
			}
		}
	}
	return statuses
}

// wordPage words a page of tickets that began at a cursor, and tells the version of what it shows. place makes the
// cursor of a ticket; an empty page goes on where it began.
func wordPage(p app.Page, from string, place func(*desk.Ticket) string) (w ticketList, version int64) {
	w = ticketList{Success: true, Tickets: []listItem{}, Cursor: text(from), More: p.More}
	for _, t := range p.Tickets {
		version += t.Version
		w.Cursor = text(place(t))
		w.Tickets = append(w.Tickets, listItem{
			TicketNumber: number(t.Number), TicketID: t.ID, Status: t.Status, Priority: t.Priority, Title: t.Title,
			ChannelReferenceID: text(t.ChannelReference), CreatedAt: desk.FormatTime(t.CreatedAt), UpdatedAt: desk.FormatTime(t.UpdatedAt),
			ResolvedAt: stamp(t.ResolvedAt), ClosedAt: stamp(t.ClosedAt), CurrentAssignee: text(t.AssigneeName), SLA: wordSLA(t, t.Breached(p.At)),
		})
	}
	return w, version
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
	f := app.Find{Limit: pageDefault, Before: in.Text("cursor", desk.MaxReference), By: map[desk.LookupKind]string{
		desk.ByEmail: in.Text("email", maxEmail), desk.ByPhone: in.Text("phone", desk.MaxReference),
		desk.ByIdentifier: in.Text("identifier", desk.MaxReference), desk.ByAccount: in.Text("nomorRekening", desk.MaxReference),
	}}
	desk.CheckEmail(in.faults, "email", strings.TrimSpace(f.By[desk.ByEmail]))
	desk.CheckPhone(in.faults, "phone", strings.TrimSpace(f.By[desk.ByPhone]))
	if f.Before != "" && !desk.IsID(f.Before) {
		in.faults.Add("cursor", desk.CursorInvalid)
	}
	if f.Empty() && len(*in.faults) == 0 {
		in.faults.Add("identifier", desk.OneIdentifier)
	}
	if err := in.faults.Err(); err != nil {
		return web.Answer{}, err
	}
	page, err := s.app.FindTickets(r.Context(), r.Actor, f)
	if err != nil {
		return web.Answer{}, err
	}
	w, _ := wordPage(page, f.Before, func(t *desk.Ticket) string { return t.ID })
	w.Warnings = warningTexts(in.warnings(nil), r.Language)
	return web.JSON(http.StatusOK, w)
}

// getAttachment answers GET /tickets/{ticketNumber}/attachments/{attachmentId}: always a download, never shown inline.
func (s *Server) getAttachment(r *web.Request) (web.Answer, error) {
	file, err := s.app.ReadAttachment(r.Context(), r.Actor, r.PathValue("ticketNumber"), r.PathValue("attachmentId"))
	if err != nil {
		return web.Answer{}, err
	}
	return web.File(file), nil
}
