package api

import (
	"net/http"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// action is what a PATCH does (API document, Update Ticket; ASSIGN and SET_PRIORITY are for keys that manage).
type action string

var actions = []action{"ADD_COMMENT", "UPDATE_STATUS", "ADD_ATTACHMENT", "ASSIGN", "SET_PRIORITY"}

// updated is the answer to a PATCH.
type updated struct {
	Success      bool   `json:"success"`
	TicketNumber string `json:"ticketNumber"`
	Action       action `json:"action"`
	Result       any    `json:"result"`
	Message      string `json:"message"`
	Warnings     *texts `json:"warnings,omitempty"`
}

type commentResult struct {
	Comment struct {
		ID        string `json:"id"`
		Content   string `json:"content"`
		Author    string `json:"author"`
		Timestamp string `json:"timestamp"`
	} `json:"comment"`
}

type statusResult struct {
	Status desk.Status `json:"status"`
}

type attachmentResult struct {
	Attachments []attached `json:"attachments"`
}

type attached struct {
	ID         string `json:"id"`
	Filename   string `json:"filename"`
	Size       int64  `json:"size"`
	UploadedAt string `json:"uploadedAt"`
}

type assignmentResult struct {
	Assignment struct {
		Assignee     *string `json:"assignee"`
		SupportGroup string  `json:"supportGroup"`
	} `json:"assignment"`
}

type priorityResult struct {
	Priority desk.Priority `json:"priority"`
}

// updateTicket answers PATCH /tickets/{ticketNumber}.
func (s *Server) updateTicket(r *web.Request) (web.Answer, error) {
	in, err := s.read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	do := action(in.Text("action", 0))
	checkAction(in, do)
	word := func(c app.Changed) (web.Answer, error) {
		return web.JSON(http.StatusOK, wordUpdated(in, do, c))
	}
	change := app.Change{Ticket: r.PathValue("ticketNumber")}
	var matches bool
	if change.Version, matches = web.MatchVersion(r.Request); !matches {
		change.Version = -1 // no version matches: the ticket is looked for all the same
	}
	changed, err := s.apply(r, in, do, change, word)
	if err != nil {
		return web.Answer{}, err
	}
	r.Ticket = changed.Ticket.Number
	return word(changed)
}

// checkAction notes a fault unless the action is one of the document's.
func checkAction(in *input, do action) {
	switch {
	case in.faults.Has("action"):
	case do == "":
		in.faults.Add("action", desk.Required)
	default:
		desk.CheckOneOf(in.faults, "action", do, actions)
	}
}

// apply reads what the action needs and calls its verb.
func (s *Server) apply(r *web.Request, in *input, do action, change app.Change, word func(app.Changed) (web.Answer, error)) (app.Changed, error) {
	ready := func() app.Change {
		change.Once = onceOf(in, word)
		change.Faults = *in.faults
		return change
	}
	ctx, actor := r.Context(), r.Actor
	switch do {
	case "ADD_COMMENT":
		comment := app.NewComment{Content: in.Text("comment", desk.MaxComment), Author: in.Text("author", desk.MaxName), Internal: in.Bool("internal")}
		return s.app.AddComment(ctx, actor, ready(), comment)
	case "UPDATE_STATUS":
		to, reason := readStatus(in), in.Text("reason", desk.MaxReason)
		return s.app.ChangeStatus(ctx, actor, ready(), to, reason)
	case "ADD_ATTACHMENT":
		files := in.files()
		return s.app.Attach(ctx, actor, ready(), files)
	case "ASSIGN":
		to := readAssignment(in)
		return s.app.Assign(ctx, actor, ready(), to)
	case "SET_PRIORITY":
		priority := desk.Priority(in.Text("priority", 0))
		desk.CheckOneOf(in.faults, "priority", priority, desk.Priorities)
		return s.app.SetPriority(ctx, actor, ready(), priority)
	}
	return app.Changed{}, ready().Faults.Err()
}

func readStatus(in *input) desk.Status {
	to := desk.Status(in.Text("status", 0))
	desk.CheckOneOf(in.faults, "status", to, desk.Statuses)
	return to
}

// readAssignment reads who shall work the ticket. A group without an agent means that the ticket waits there, with
// nobody: null counts as absent here too, so that nothing else could say it.
func readAssignment(in *input) app.Assignment {
	to := app.Assignment{Assignee: in.Text("assignee", maxEmail), GroupCode: in.Text("supportGroup", desk.MaxReference)}
	to.Unassign = to.Assignee == "" && to.GroupCode != ""
	to.GivenAgent = to.Unassign || to.Assignee != ""
	return to
}

func wordUpdated(in *input, do action, c app.Changed) updated {
	return updated{
		Success: true, TicketNumber: number(c.Ticket.Number), Action: do, Result: wordResult(do, c),
		Message: "Ticket updated successfully", Warnings: warningTexts(in.warnings(c.Warnings), in.request.Language),
	}
}

func wordResult(do action, c app.Changed) any {
	switch do {
	case "ADD_COMMENT":
		var w commentResult
		w.Comment.ID, w.Comment.Content, w.Comment.Author = c.Comment.ID, c.Comment.Content, c.Comment.Author
		w.Comment.Timestamp = desk.FormatTime(c.Comment.At)
		return w
	case "ADD_ATTACHMENT":
		w := attachmentResult{Attachments: []attached{}}
		for _, f := range c.Attachments {
			w.Attachments = append(w.Attachments, attached{f.ID, f.Filename, f.Size, desk.FormatTime(f.UploadedAt)})
		}
		return w
	case "ASSIGN":
		var w assignmentResult
		w.Assignment.Assignee, w.Assignment.SupportGroup = text(c.Ticket.AssigneeName), c.Ticket.Group.Name
		return w
	case "SET_PRIORITY":
		return priorityResult{c.Ticket.Priority}
	}
	return statusResult{c.Ticket.Status}
}
