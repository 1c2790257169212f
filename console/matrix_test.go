package console_test

import (
	stdcmp "cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// cell is what somebody is answered: a status, and where a redirect leads, with N for the ticket's number. It is one for
// each of visitors, in their order, parted by bars; a line that names fewer goes on with its last.
type line struct {
	path   string // with N for the ticket's number, F for its file; empty: the pattern's
	form   string // what is sent
	plain  string // of a ticket that is not confidential, or of what is about no ticket
	secret string // of a confidential one; empty: the pattern is about no ticket
}

// visitors are who asks. The ticket is of the office 001 and of the group of mine.
var visitors = []string{"nobody", "half", "enrol", "mine", "other", "branch", "auditor", "admin"}

// What is answered to those who are not signed in, or not wholly.
const (
	outside  = "303 /sign-in|303 /sign-in/code|303 /account/factor|"
	asking   = "303 /sign-in?next=PATH|303 /sign-in/code|303 /account/factor|"
	tracking = "200|303 /sign-in/code|303 /account/factor|" // the portal's page
)

// noID could be the id of something, and is of nothing.
const noID = "01JFFBTMG0000000000000000"

// matrix says for each route what everybody is answered.
var matrix = map[string]line{
	"GET /sign-in":       {plain: "200|200|200|303 /"},
	"POST /sign-in":      {form: "email=WHO.x@bank.example&password=x", plain: "401"},
	"GET /sign-in/code":  {plain: "303 /sign-in?next=PATH|200|303 /"},
	"POST /sign-in/code": {form: "code=000000", plain: "303 /sign-in|400|400|400"},

	"GET /{$}":                                                  {path: "/", plain: outside + "200"},
	"GET /tickets":                                              {plain: tracking + "200"},
	"GET /tickets/{number}":                                     {plain: tracking + "200|404|200|200|404", secret: tracking + "200|404|404|200|404"},
	"POST /tickets/{number}":                                    {plain: "403|303 /sign-in/code|303 /account/factor|303 /tickets/N", secret: "403|303 /sign-in/code|303 /account/factor|303 /tickets/N"},
	"GET /tickets/{number}/files/{id}":                          {path: "/tickets/N/files/F", plain: asking + "200|404|200|200|404", secret: asking + "200|404|404|200|404"},
	"GET /tickets/{number}/customer":                            {plain: asking + "200|404|200|200|404", secret: asking + "200|404|404|200|404"},
	"POST /tickets/{number}/reply":                              {form: "kind=reply&text=Halo", plain: outside + "303 /tickets/N?done=replied:N#event-2|404|303 /tickets/N?done=replied:N#event-2|403|404", secret: outside + "303 /tickets/N?done=replied:N#event-2|404|404|403|404"},
	"POST /tickets/{number}/draft":                              {form: "kind=note&text=Halo", plain: outside + "204|404|204|403|404", secret: outside + "204|404|404|403|404"},
	"POST /tickets/{number}/status":                             {form: "status=ON_HOLD", plain: outside + "303 /tickets/N?done=status|404|303 /tickets/N?done=status|403|404", secret: outside + "303 /tickets/N?done=status|404|404|403|404"},
	"POST /tickets/{number}/assign":                             {form: "assignee=none", plain: outside + "303 /tickets/N?done=assigned|404|303 /tickets/N?done=assigned|403|404", secret: outside + "303 /tickets/N?done=assigned|404|404|403|404"},
	"POST /tickets/{number}/take":                               {plain: outside + "303 /tickets/N?done=taken|404|303 /tickets/N?done=taken|403|404", secret: outside + "303 /tickets/N?done=taken|404|404|403|404"},
	"POST /tickets/{number}/group":                              {form: "group=NETWORK_ADMIN", plain: outside + "303 /tickets?&done=group:N:NETWORK_ADMIN|404|303 /tickets/N?done=group:N:NETWORK_ADMIN|403|404", secret: outside + "303 /tickets?&done=group:N:NETWORK_ADMIN|404|404|403|404"},
	"POST /tickets/{number}/priority":                           {form: "priority=LOW", plain: outside + "303 /tickets/N?done=priority|404|303 /tickets/N?done=priority|403|404", secret: outside + "303 /tickets/N?done=priority|404|404|403|404"},
	"POST /tickets/{number}/unmask":                             {form: "field=email&reason=verifikasi", plain: outside + "200|404|200|200|404", secret: outside + "200|404|404|200|404"},
	"POST /tickets/{number}/code":                               {plain: outside + "200|404|200|403|404", secret: outside + "200|404|404|403|404"},
	"GET /tickets/new":                                          {plain: asking + "200|200|200|403|200"},
	"POST /tickets/new":                                         {form: "serviceType=INQUIRY&channel=PHONE&name=Sarah&description=Halo", plain: outside + "200|200|200|403|200"},
	"GET /search":                                               {path: "/search?q=halo", plain: asking + "200"},
	"POST /views":                                               {form: "name=V&query=status=OPEN", plain: outside + "303 /tickets?status=OPEN&view=ID&done=saved"},
	"POST /views/{id}/delete":                                   {path: "/views/" + noID + "/delete", plain: outside + "404"},
	"GET /notices":                                              {plain: asking + "200"},
	"POST /notices/read":                                        {plain: outside + "303 /notices?done=read"},
	"GET /live":                                                 {path: "/live?about=ticket:N", plain: asking + "200|404|200|200|404", secret: asking + "200|404|404|200|404"},
	"GET /help":                                                 {plain: "303 /sign-in?next=PATH|200"},
	"GET /integration/sociomile":                                {plain: asking + "403|403|200"},
	"POST /integration/sociomile/pause":                         {form: "reason=x", plain: outside + "403|403|303 /integration/sociomile?done=paused|403|303 /integration/sociomile?done=paused"},
	"POST /integration/sociomile/resume":                        {form: "route=create", plain: outside + "403|403|303 /integration/sociomile?done=resumed|403|303 /integration/sociomile?done=resumed"},
	"POST /integration/sociomile/probe":                         {form: "route=create", plain: outside + "403|403|303 /integration/sociomile?done=probed|403|303 /integration/sociomile?done=probed"},
	"POST /integration/sociomile/retry":                         {form: "route=create", plain: outside + "403|403|303 /integration/sociomile?done=nothing|403|303 /integration/sociomile?done=nothing"},
	"GET /integration/webhooks":                                 {plain: asking + "403|403|200"},
	"GET /integration/webhooks/{id}":                            {path: "/integration/webhooks/" + noID, plain: asking + "403|403|404"},
	"POST /integration/webhooks/{id}/test":                      {path: "/integration/webhooks/" + noID + "/test", plain: outside + "403|403|404|403|404"},
	"POST /integration/webhooks/{id}/resend":                    {path: "/integration/webhooks/" + noID + "/resend", form: "which=undelivered", plain: outside + "403|403|404|403|404"},
	"POST /integration/webhooks/{id}/deliveries/{event}/resend": {path: "/integration/webhooks/" + noID + "/deliveries/" + noID + "-1/resend", plain: outside + "403|403|404|403|404"},
	"POST /integration/webhooks/{id}/deliveries/{event}/skip":   {path: "/integration/webhooks/" + noID + "/deliveries/" + noID + "-1/skip", plain: outside + "403|403|404|403|404"},
	"GET /tickets/{number}/deliveries":                          {plain: asking + "403|403|200", secret: asking + "403|403|200"},
	"POST /tickets/{number}/forward/retry":                      {plain: outside + "403|403|404|403|404", secret: outside + "403|403|404|403|404"},
	"POST /tickets/{number}/forward/park":                       {form: "reason=x", plain: outside + "403|403|404|403|404", secret: outside + "403|403|404|403|404"},
	"POST /tickets/{number}/forward/done":                       {form: "reason=x", plain: outside + "403|403|400|403|400", secret: outside + "403|403|400|403|400"},
	"GET /load":                                                 {plain: asking + "403|403|200|403|200"},
	"POST /load/{id}/away":                                      {path: "/load/" + noID + "/away", form: "away=yes", plain: outside + "403|403|404|403|404"},
	"POST /load/{id}/return":                                    {path: "/load/" + noID + "/return", plain: outside + "403|403|404|403|404"},
	"GET /people":                                               {plain: asking + "403|403|403|403|200"},
	"POST /people/factor-roles":                                 {form: "roles=supervisor&roles=admin&roles=auditor", plain: outside + "403|403|403|403|303 /people?done=saved"},
	"GET /people/new":                                           {plain: asking + "403|403|403|403|200"},
	"POST /people/new":                                          {form: "email=new@bank.example&name=New&role=agent", plain: outside + "403|403|403|403|200"},
	"GET /people/{id}":                                          {path: "/people/" + noID, plain: asking + "403|403|403|403|404"},
	"POST /people/{id}":                                         {path: "/people/" + noID, plain: outside + "403|403|403|403|404"},
	"POST /people/{id}/password":                                {path: "/people/" + noID + "/password", plain: outside + "403|403|403|403|404"},
	"POST /people/{id}/factor":                                  {path: "/people/" + noID + "/factor", plain: outside + "403|403|403|403|404"},
	"POST /people/{id}/sessions/end":                            {path: "/people/" + noID + "/sessions/end", plain: outside + "403|403|403|403|404"},
	"POST /people/{id}/sessions/{session}/end":                  {path: "/people/" + noID + "/sessions/" + noID + "/end", plain: outside + "403|403|403|403|404"},

	"GET /account":                    {plain: asking + "200"},
	"POST /account/language":          {form: "language=id", plain: "303 /sign-in|403|303 /account"},
	"POST /account/away":              {form: "away=no", plain: outside + "303 /account?done=away"},
	"GET /account/password":           {plain: "303 /sign-in?next=PATH|200"},
	"POST /account/password":          {form: "old=wrong&password=another+long+one&again=another+long+one", plain: "303 /sign-in|403|403|400"},
	"POST /account/sessions/{id}/end": {path: "/account/sessions/" + noID + "/end", plain: outside + "404"},
	"POST /account/sessions/end":      {plain: outside + "303 /account?done=session"},
	"GET /account/factor":             {plain: "303 /sign-in?next=PATH|303 /account|200|200|200|303 /account"},
	"POST /account/factor":            {form: "sealed=x&code=000000", plain: "303 /sign-in|403|400|400|400|409"},
	"POST /account/factor/remove":     {form: "password=wrong", plain: outside + "400"},
	"POST /account/factor/codes":      {form: "password=wrong", plain: outside + "400"},
	"POST /sign-out":                  {plain: "303 /sign-in"},
}

// crowd are the visitors, each with a browser of his own.
type crowd struct {
	*hall
	callers map[string]*caller
}

func gather(t testing.TB, e desktest.Engine) *crowd {
	t.Helper()
	c := &crowd{openHall(t, e, ""), map[string]*caller{}}
	for _, a := range []desk.Agent{
		{Email: "half@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES", "NETWORK_ADMIN", "TRANSACTION_CLAIMS_SUPPORT"}},
		{Email: "enrol@bank.example", Role: desk.RoleAdmin, Groups: []string{"CARD_SERVICES", "TRANSACTION_CLAIMS_SUPPORT"}},
		{Email: "mine@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES", "TRANSACTION_CLAIMS_SUPPORT"}},
		{Email: "other@bank.example", Role: desk.RoleAgent, Groups: []string{"ATM_SERVICES"}, Branch: "001"},
		{Email: "branch@bank.example", Role: desk.RoleSupervisor, Groups: []string{"ATM_SERVICES"}, Branch: "001"},
		{Email: "auditor@bank.example", Role: desk.RoleAuditor},
		{Email: "admin@bank.example", Role: desk.RoleAdmin, Branch: "001"},
	} {
		c.employ(t, a)
	}
	for _, who := range visitors {
		c.arriveAs(t, who)
	}
	return c
}

// arriveAs lets a visitor come, anew when he was there.
func (c *crowd) arriveAs(t testing.TB, who string) {
	t.Helper()
	email, before := who+"@bank.example", c.callers[who]
	switch {
	case who == "nobody":
		c.callers[who] = c.caller(t)
	case who == "enrol":
		c.callers[who] = c.caller(t)
		c.callers[who].signIn(t, email)
	case before == nil:
		c.callers[who] = c.arrive(t, email)
		if who == "half" {
			c.callers[who].enrol(t)
			c.arriveAs(t, who)
		}
	default: // with the telephone of before
		c.callers[who] = c.caller(t)
		c.callers[who].app = before.app
		if got := c.callers[who].signIn(t, email); who != "half" && strings.HasPrefix(got.to(), "/sign-in/code") {
			if got := c.callers[who].code(t); got.status != http.StatusSeeOther {
				t.Fatalf("%s: the code is refused: %d %s", who, got.status, got.body)
			}
		}
	}
}

// kept counts everything that a refused request must not change.
func (c *crowd) kept(t testing.TB) (rows string) {
	t.Helper()
	db := desktest.Installation{Folder: c.Folder, Database: c.Database}.SQL(t)
	err := db.QueryRowContext(context.Background(), `SELECT (SELECT COUNT(*) FROM event) || ' ' || (SELECT COALESCE(SUM(version), 0) FROM ticket) || ' ' || (SELECT COUNT(*) FROM comment)
 || ' ' || (SELECT COUNT(*) FROM attachment) || ' ' || (SELECT COUNT(*) FROM draft) || ' ' || (SELECT COUNT(*) FROM saved_view) || ' ' || (SELECT COUNT(*) FROM notice)
 || ' ' || (SELECT COUNT(*) FROM session) || ' ' || (SELECT COUNT(*) FROM recovery_code) || ' ' || (SELECT COUNT(*) FROM agent WHERE factor <> '')
 || ' ' || (SELECT COUNT(*) FROM agent WHERE away OR language <> 'id')`).Scan(&rows)
	noError(t, err)
	noError(t, db.Close())
	return rows
}

// ask sends what a line says, about a ticket, as somebody.
func (c *crowd) ask(t testing.TB, who, pattern string, l line, about *desk.Ticket) (got said, path string) {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	path = stdcmp.Or(l.path, path)
	path = strings.NewReplacer("{number}", numberOf(about), "/N/", "/"+numberOf(about)+"/", ":N", ":"+numberOf(about), "files/F", "files/"+c.fileOf(t, path, about)).Replace(path)
	if method == http.MethodPost {
		l.form = strings.ReplaceAll(l.form, "WHO", who) // else the tries of one account would be too many
		return c.callers[who].post(t, path, l.form), path
	}
	if strings.HasPrefix(path, "/live") {
		return c.callers[who].begin(t, path), path
	}
	return c.callers[who].get(t, path), path
}

// begin reads the head of an answer that goes on for ever.
func (c *caller) begin(t testing.TB, path string) said {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	noError(t, err)
	answer, err := c.http.Do(r)
	noError(t, err)
	defer answer.Body.Close()
	return said{status: answer.StatusCode, header: answer.Header}
}

// fileOf is the id of a ticket's file, when a path asks for one.
func (c *crowd) fileOf(t testing.TB, path string, of *desk.Ticket) string {
	t.Helper()
	if !strings.Contains(path, "/files/F") {
		return "F"
	}
	work, err := c.Staff.Work(t.Context(), desk.Agent{ID: "a", Role: desk.RoleAuditor}.Actor(), numberOf(of))
	noError(t, err)
	return work.Attachments[0].ID
}

// wanted is what a line says that somebody is answered.
func wanted(answers string, i int) string {
	all := strings.Split(answers, "|")
	return all[min(i, len(all)-1)]
}

// told is an answer as lines of the matrix name it.
func told(got said, path, number string) string {
	if got.status != http.StatusSeeOther {
		return fmt.Sprint(got.status)
	}
	to := got.to()
	if _, rest, found := strings.Cut(to, "&view="); found && strings.HasPrefix(path, "/views") {
		id, _, _ := strings.Cut(rest, "&")
		to = strings.Replace(to, id, "ID", 1)
	}
	return "303 " + strings.ReplaceAll(strings.Replace(to, "next="+url.QueryEscape(path), "next=PATH", 1), number, "N")
}

func TestEverybodyGetsWhatTheRoleAndTheTicketAllow(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		c := gather(t, e)
		seen := map[string]bool{}
		refused := 0
		for _, route := range c.console.Index() {
			seen[route.Pattern] = true
			l, known := matrix[route.Pattern]
			if !known {
				t.Errorf("%s is not in the matrix: say who may reach it", route.Pattern)
				continue
			}
			for service, answers := range map[desk.ServiceType]string{"CARD_ISSUE": l.plain, "DISPUTE": l.secret} {
				if answers == "" || service == "DISPUTE" && strings.Contains(route.Pattern, "{number}") != (l.secret != "") && route.Pattern != "GET /live" {
					continue
				}
				refused += c.walk(t, route.Pattern, l, service, answers)
			}
			if strings.Contains(route.Pattern, "{number}") && l.secret == "" {
				t.Errorf("%s: what is answered about a confidential ticket?", route.Pattern)
			}
		}
		for pattern := range matrix {
			if !seen[pattern] {
				t.Errorf("%s is in the matrix and not in the console", pattern)
			}
		}
		comesTrue(t, fmt.Sprintf("the audit of %d refusals", refused), func() bool { return c.refusals(t) >= refused })
		if n := c.refusals(t); n != refused {
			t.Errorf("%d refusals are audited, %d happened", n, refused)
		}
	})
}

// walk asks one thing as everybody, about a new ticket of a service, and returns how many known people were refused.
func (c *crowd) walk(t *testing.T, pattern string, l line, service desk.ServiceType, answers string) (refused int) {
	t.Helper()
	ticket := c.complain(t, service, "001")
	for i, who := range visitors {
		want := wanted(answers, i)
		changes := strings.HasPrefix(pattern, "POST")
		before := ""
		if changes {
			if who != "nobody" && strings.HasPrefix(want, "303 /tickets") || strings.HasPrefix(want, "204") {
				ticket = c.complain(t, service, "001")
			}
			before = c.kept(t)
		}
		got, path := c.ask(t, who, pattern, l, ticket)
		if answer := told(got, path, numberOf(ticket)); answer != want {
			t.Errorf("%s, %s, %s: answered %s, want %s", pattern, service, who, answer, want)
		}
		if known := got.status == 403 || got.status == 404; known {
			if who != "nobody" {
				refused++
			}
			if changes && c.kept(t) != before {
				t.Errorf("%s, %s, %s: was refused with %d, and something changed: %s, was %s", pattern, service, who, got.status, c.kept(t), before)
			}
		}
		if changes && slices.Contains([]string{"nobody", "half", "enrol"}, who) && pattern != "POST /sign-out" && c.kept(t) != before {
			t.Errorf("%s, %s, %s: somebody who is not wholly signed in changed something: %s, was %s", pattern, service, who, c.kept(t), before)
		}
		if pattern == "POST /sign-out" {
			c.arriveAs(t, who)
		}
	}
	return refused
}

// refusals counts what the audit trail says was refused to agents by routes.
func (c *crowd) refusals(t testing.TB) (n int) {
	t.Helper()
	db := desktest.Installation{Folder: c.Folder, Database: c.Database}.SQL(t)
	noError(t, db.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM audit WHERE outcome IN ('forbidden', 'not_found') AND actor_kind = 'agent'`).Scan(&n))
	noError(t, db.Close())
	return n
}

func TestATicketOutOfSightIsNotToldFromNone(t *testing.T) {
	t.Parallel()
	c := gather(t, desktest.SQLite)
	secret := c.complain(t, "DISPUTE", "001")
	for pattern, l := range matrix {
		if !strings.Contains(pattern, "{number}") && !strings.Contains(l.path, "ticket:N") || pattern == "POST /tickets/{number}" ||
			strings.HasSuffix(pattern, "/deliveries") || strings.Contains(pattern, "/forward/") { // for who looks after integrations
			continue
		}
		if strings.Contains(pattern, "/deliveries") || strings.Contains(pattern, "/forward/") {
			continue // who looks after deliveries knows of all tickets that have some
		}
		for _, who := range []string{"other", "branch", "admin"} {
			l := l
			there, _ := c.ask(t, who, pattern, l, secret)
			l.path = strings.Replace(l.path, "/files/F", "/files/"+noID+"1", 1)
			none, _ := c.ask(t, who, pattern, l, &desk.Ticket{Number: 99999})
			same := func(a said) string {
				return strings.NewReplacer(a.header.Get("X-Request-Id"), "ID", numberOf(secret), "N", "99999", "N").Replace(a.body)
			}
			for name := range there.header {
				if name != "X-Request-Id" && name != "Date" && there.header.Get(name) != none.header.Get(name) {
					t.Errorf("%s, %s: %s is %q, of none %q", pattern, who, name, there.header.Get(name), none.header.Get(name))
				}
			}
			if there.status != http.StatusNotFound || none.status != there.status || same(there) != same(none) {
				t.Errorf("%s, %s: %d and of none %d: %s", pattern, who, there.status, none.status, cmp.Diff(same(there), same(none)))
			}
		}
	}
}
