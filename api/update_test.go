package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// change writes a PATCH that changes the status.
func change(to desk.Status) string {
	return fmt.Sprintf(`{"action":"UPDATE_STATUS","status":"%s"}`, to)
}

// from brings a new ticket of c to a status, by an agent, through others where it must.
func from(t testing.TB, c, agent *desktest.Client, path ...desk.Status) string {
	t.Helper()
	number := opened(t, c, "/tickets", aTicket)
	for _, to := range path {
		agent.Patch(t, "/tickets/"+number, change(to)).Want(t, 200)
	}
	return number
}

// ways lead a new ticket to each status.
var ways = map[string][]desk.Status{
	"OPEN": {}, "IN_PROGRESS": {desk.InProgress}, "PENDING": {desk.Pending}, "PENDING after IN_PROGRESS": {desk.InProgress, desk.Pending}, "ON_HOLD": {desk.OnHold},
	"ON_HOLD after IN_PROGRESS": {desk.InProgress, desk.OnHold}, "RESOLVED": {desk.Resolved}, "CLOSED": {desk.Resolved, desk.Closed}, "CANCELLED": {desk.Cancelled},
}

func TestAPartnerTakesOnlyItsStepsOfTheLifecycle(t *testing.T) {
	allowed := map[string][]desk.Status{
		"OPEN": {desk.Pending, desk.Cancelled}, "IN_PROGRESS": {desk.Pending, desk.Cancelled}, "PENDING": {desk.Open, desk.InProgress, desk.Cancelled},
		"PENDING after IN_PROGRESS": {desk.InProgress, desk.Cancelled}, "ON_HOLD": {desk.Cancelled}, "ON_HOLD after IN_PROGRESS": {desk.Cancelled},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		for name, way := range ways {
			number := from(t, c, agent, way...)
			for _, to := range desk.Statuses {
				next, open := allowed[name]
				switch r := c.Patch(t, "/tickets/"+number, change(to)); {
				case !open:
					wantMessage(t, r, 400, "Cannot update closed or resolved tickets")
					if r.Has("errors") {
						t.Errorf("%s", r.Body)
					}
				case slices.Contains(next, to):
					if got := r.Want(t, 200).Text("result.status"); got != string(to) {
						t.Errorf("%s to %s gives %s", name, to, got)
					}
					number = from(t, c, agent, way...)
				default:
					at, _, _ := strings.Cut(name, " ")
					wantFaults(t, r, map[string]string{"status": fmt.Sprintf("Status cannot change from %s to %s. Allowed: %s", at, to, joined(next))})
				}
			}
		}
	})
}

func joined(statuses []desk.Status) string {
	words := make([]string, len(statuses))
	for i, s := range statuses {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

func TestAKeyThatManagesTakesTheStepsOfAnAgent(t *testing.T) {
	all := []desk.Status{desk.InProgress, desk.Pending, desk.OnHold, desk.Resolved, desk.Cancelled}
	allowed := map[string][]desk.Status{
		"OPEN": all, "IN_PROGRESS": all[1:], "PENDING": {desk.Open, desk.InProgress, desk.Resolved, desk.Cancelled}, "PENDING after IN_PROGRESS": {desk.InProgress, desk.Resolved, desk.Cancelled},
		"ON_HOLD": {desk.Open, desk.InProgress, desk.Resolved, desk.Cancelled}, "ON_HOLD after IN_PROGRESS": {desk.InProgress, desk.Resolved, desk.Cancelled}, "RESOLVED": {desk.Closed, desk.InProgress},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		for name, way := range ways {
			at, _, _ := strings.Cut(name, " ")
			number := from(t, c, agent, way...)
			for _, to := range desk.Statuses {
				r := agent.Patch(t, "/tickets/"+number, set(t, change(to), "reason", `"The customer objects"`))
				switch {
				case slices.Contains(allowed[name], to):
					r.Want(t, 200)
					number = from(t, c, agent, way...)
				case len(allowed[name]) == 0:
					wantFaults(t, r, map[string]string{"status": fmt.Sprintf("Status cannot change from %s to %s. %s is final", at, to, at)})
				default:
					wantFaults(t, r, map[string]string{"status": fmt.Sprintf("Status cannot change from %s to %s. Allowed: %s", at, to, joined(allowed[name]))})
				}
			}
		}
	})
}

func TestEveryPatchOfAPartnerOnAFinalizedTicketIsRefused(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner").With("X-Request-Id", "final"), manager(t, d, "agent")
		for _, way := range [][]desk.Status{{desk.Resolved}, {desk.Resolved, desk.Closed}, {desk.Cancelled}} {
			number := from(t, c, agent, way...)
			for _, w := range writes(number)[2:5] {
				wantBytes(t, c.Do(t, w.method, w.path, w.body).Want(t, 400), `{"success":false,"message":"Cannot update closed or resolved tickets","requestId":"final"}`)
			}
			agent.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"For the record"}`).Want(t, 200)
		}
	})
}

func TestReopeningNeedsAReasonAndTakesTheEndBack(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		path := "/tickets/" + from(t, c, agent, desk.Resolved)
		if got := c.Get(t, path).Text("resolvedAt"); got != "2024-12-19T10:30:00Z" {
			t.Errorf("resolvedAt is %s", got)
		}
		for _, body := range []string{change(desk.InProgress), set(t, change(desk.InProgress), "reason", `" "`)} {
			wantFaults(t, agent.Patch(t, path, body), map[string]string{"reason": "Reason is required"})
		}
		agent.Patch(t, path, set(t, change(desk.InProgress), "reason", `"Money has not arrived"`)).Want(t, 200)
		if r := c.Get(t, path); r.Text("resolvedAt") != "null" || r.Text("status") != "IN_PROGRESS" || strings.Contains(string(r.Body), "Money has not arrived") {
			t.Errorf("reopened: %s", r.Body)
		}
		agent.Patch(t, path, change(desk.Resolved)).Want(t, 200)
		agent.Patch(t, path, change(desk.Closed)).Want(t, 200)
		if r := c.Get(t, path); r.Text("closedAt") != "2024-12-19T10:30:00Z" || r.Text("status") != "CLOSED" {
			t.Errorf("closed: %s", r.Body)
		}
	})
}

func TestACommentCarriesWhoWroteIt(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "Core Banking")
		path := "/tickets/" + opened(t, c, "/tickets", aTicket)
		steps := []struct {
			by                      *desktest.Client
			body                    string
			content, author, public string
			support                 string
		}{
			{c, `{"action":"ADD_COMMENT","comment":"One"}`, "[Via Omnichannel] One", "Maria Lontoh", "1", "false"},
			{c, `{"action":"ADD_COMMENT","comment":"Two","author":"Her brother"}`, "[Via Omnichannel] Two", "Her brother", "2", "false"},
			{c, `{"action":"ADD_COMMENT","comment":"Three","author":"Core Banking","internal":false}`, "[Via Omnichannel] Three", "Core Banking", "3", "false"},
			{agent, `{"action":"ADD_COMMENT","comment":"Four","author":"Maria Lontoh"}`, "Four", "Core Banking", "4", "true"},
			{agent, `{"action":"ADD_COMMENT","comment":"Secret","internal":true}`, "Secret", "Core Banking", "4", ""},
		}
		for _, s := range steps {
			r := s.by.Patch(t, path, s.body).Want(t, 200)
			if r.Text("result.comment.content") != s.content || r.Text("result.comment.author") != s.author {
				t.Errorf("%s gives %s", s.body, r.Body)
			}
			shown := c.Get(t, path).Want(t, 200)
			n := fmt.Sprint(shown.Len("comments"))
			at := fmt.Sprintf("comments.%d.", shown.Len("comments")-1)
			if n != s.public {
				t.Errorf("after %s there are %s public comments, want %s", s.body, n, s.public)
			}
			if s.support == "" {
				continue
			}
			if shown.Text(at+"content") != s.content || shown.Text(at+"author") != s.author || shown.Text(at+"isFromSupport") != s.support || shown.Text(at+"id") != r.Text("result.comment.id") {
				t.Errorf("after %s the last comment is %s", s.body, shown.Text("comments"))
			}
			if last := c.Get(t, "/tickets?ticketNumber="+strings.TrimPrefix(path, "/tickets/")); last.Text("lastComment.content") != s.content {
				t.Errorf("lastComment is %s", last.Text("lastComment"))
			}
		}
		d.Sequence(t)
		all := []desktest.Response{c.Get(t, path), c.Get(t, "/tickets?ticketNumber="+path[9:]), c.Get(t, "/events"), c.Get(t, "/tickets/list"), agent.Get(t, path), agent.Get(t, "/events")}
		for _, r := range all {
			if strings.Contains(string(r.Body), "Secret") || strings.Contains(string(r.Body), "NOTE_ADDED") {
				t.Errorf("an internal comment is shown: %s", r.Body)
			}
		}
	})
}

func TestACustomersCommentTakesAPendingTicketBack(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		for want, way := range map[string][]desk.Status{"OPEN": {desk.Pending}, "IN_PROGRESS": {desk.InProgress, desk.Pending}, "ON_HOLD": {desk.OnHold}} {
			path := "/tickets/" + from(t, c, agent, way...)
			agent.Patch(t, path, `{"action":"ADD_COMMENT","comment":"Please send a photo"}`).Want(t, 200)
			if got, before := c.Get(t, path).Text("status"), way[len(way)-1]; got != string(before) {
				t.Errorf("a support comment took %s to %s", before, got)
			}
			c.Patch(t, path, `{"action":"ADD_COMMENT","comment":"Here it is"}`).Want(t, 200)
			if got := c.Get(t, path).Text("status"); got != want {
				t.Errorf("a customer's comment took the ticket to %s, want %s", got, want)
			}
		}
	})
}

func TestAnAssignmentIsShownToThePartner(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		for _, a := range []desk.Agent{{Email: "John.Tech@banksulutgo.co.id", Name: "John Tech", Role: desk.RoleAgent}, {Email: "ana@banksulutgo.co.id", Name: "Ana", Role: desk.RoleSupervisor}} {
			if _, err := d.App.CreateAgent(context.Background(), desk.System(), a, false); err != nil {
				t.Fatal(err)
			}
		}
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		number := opened(t, c, "/tickets", aTicket)
		path := "/tickets/" + number
		for _, s := range []struct{ body, assignee, group string }{
			{`{"action":"ASSIGN","assignee":" john.tech@BANKSULUTGO.co.id"}`, "John Tech", "Call Center"},
			{`{"action":"ASSIGN","assignee":"ana@banksulutgo.co.id","supportGroup":"ATM_SERVICES"}`, "Ana", "ATM Services"},
			{`{"action":"ASSIGN","assignee":null,"supportGroup":"TECH_SUPPORT"}`, "null", "Technical Support"},
			{`{"action":"ASSIGN","supportGroup":"DUKUNGAN_LAYANAN"}`, "null", "Customer Care"},
		} {
			r := agent.Patch(t, path, s.body).Want(t, 200)
			name := `"` + s.assignee + `"`
			if s.assignee == "null" {
				name = "null"
			}
			wantBytes(t, r, `{"success":true,"ticketNumber":"`+number+`","action":"ASSIGN","result":{"assignment":{"assignee":`+name+`,"supportGroup":"`+s.group+`"}},"message":"Ticket updated successfully"}`)
			if shown := c.Get(t, path); shown.Text("currentAssignee") != s.assignee || shown.Text("service.supportGroup") != s.group {
				t.Errorf("shown as %s", shown.Body)
			}
		}
		for body, want := range map[string]map[string]string{
			`{"action":"ASSIGN"}`:                               {"assignee": "Assignee is required"},
			`{"action":"ASSIGN","assignee":null}`:               {"assignee": "Assignee is required"},
			`{"action":"ASSIGN","assignee":"x@y.z"}`:            {"assignee": "Assignee does not name an active agent"},
			`{"action":"ASSIGN","assignee":"system"}`:           {"assignee": "Assignee does not name an active agent"},
			`{"action":"ASSIGN","supportGroup":"tech_support"}`: {"supportGroup": "Support group does not name a support group"},
			`{"action":"ASSIGN","supportGroup":5}`:              {"supportGroup": "Support group must be a text"},
		} {
			if r := agent.Patch(t, path, body).Want(t, 400); !containsAll(r.Errors(), want) {
				t.Errorf("%s: %s", body, r.Body)
			}
		}
	})
}

func containsAll(got, want map[string]string) bool {
	for path, text := range want {
		if got[path] != text {
			return false
		}
	}
	return true
}

func TestAPrioritySetByHandIsShownBesideTheOneAskedFor(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		number := opened(t, c, "/tickets", set(t, aTicket, "ticket.priority", `"MEDIUM"`))
		wantBytes(t, agent.Patch(t, "/tickets/"+number, `{"action":"SET_PRIORITY","priority":"CRITICAL"}`).Want(t, 200),
			`{"success":true,"ticketNumber":"`+number+`","action":"SET_PRIORITY","result":{"priority":"CRITICAL"},"message":"Ticket updated successfully"}`)
		if r := c.Get(t, "/tickets/"+number); r.Text("priority") != "CRITICAL" || r.Text("requestedPriority") != "MEDIUM" {
			t.Errorf("%s", r.Body)
		}
		wantFaults(t, agent.Patch(t, "/tickets/"+number, `{"action":"SET_PRIORITY","priority":"TOP"}`), map[string]string{"priority": "Invalid priority. Must be one of: LOW, MEDIUM, HIGH, CRITICAL"})
		wantFaults(t, agent.Patch(t, "/tickets/"+number, `{"action":"SET_PRIORITY"}`), map[string]string{"priority": "Priority is required"})
	})
}

func TestWhatAnUpdateLacksIsNamed(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		path := "/tickets/" + opened(t, c, "/tickets", aTicket)
		const actions = "Invalid action. Must be one of: ADD_COMMENT, UPDATE_STATUS, ADD_ATTACHMENT, ASSIGN, SET_PRIORITY"
		for body, want := range map[string]map[string]string{
			`{}`: {"action": "Action is required"}, `{"action":null}`: {"action": "Action is required"}, `{"action":5}`: {"action": "Action must be a text"},
			`{"action":"add_comment","comment":"x"}`: {"action": actions}, `{"action":"DELETE"}`: {"action": actions},
			`{"action":"ADD_COMMENT"}`: {"comment": "Comment is required"}, `{"action":"ADD_COMMENT","comment":" \n"}`: {"comment": "Comment is required"},
			`{"action":"ADD_COMMENT","comment":5,"author":{},"internal":"yes"}`: {"comment": "Comment must be a text", "author": "Author must be a text", "internal": "Internal must be true or false"},
			`{"action":"UPDATE_STATUS"}`:                                        {"status": "Status is required"},
			`{"action":"UPDATE_STATUS","status":"DONE"}`:                        {"status": "Invalid status. Must be one of: OPEN, IN_PROGRESS, RESOLVED, CLOSED, ON_HOLD, CANCELLED, PENDING"},
			`{"action":"ADD_ATTACHMENT"}`:                                       {"attachments": "Attachments is required"}, `{"action":"ADD_ATTACHMENT","attachments":[]}`: {"attachments": "Attachments is required"},
		} {
			wantFaults(t, c.Patch(t, path, body), want)
		}
		wantMessage(t, c.Patch(t, "/tickets/404", `{"action":"ADD_COMMENT","comment":"x"}`), 404, "Ticket not found")
		d.Clock.Advance(time.Hour)
		if r := c.Get(t, path); r.Text("updatedAt") != "2024-12-19T10:30:00Z" || r.Len("comments") != 0 {
			t.Errorf("a refused update left something: %s", r.Body)
		}
	})
}
