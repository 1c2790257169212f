package console_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestFormsOfOtherSitesAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	c := gather(t, desktest.SQLite)
	ticket := c.complain(t, "CARD_ISSUE", "001")
	mine := c.callers["mine"]
	before, session := c.kept(t), mine.cookie(t, sessionName)
	for _, route := range c.console.Index() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if method != http.MethodPost {
			continue
		}
		path = strings.NewReplacer("{number}", numberOf(ticket), "{id}", noID, "{event}", noID+"-1", "{session}", noID).Replace(path)
		form := strings.ReplaceAll(matrix[route.Pattern].form, "WHO.x", "mine")
		for _, from := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null", "Origin: https://127.0.0.1.evil.example"} {
			headers := []string{"Content-Type: application/x-www-form-urlencoded", from}
			got := mine.send(t, method, path, strings.NewReader(form), headers...)
			if got.status != http.StatusForbidden || !strings.Contains(got.body, `<html lang="id">`) || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s, %s: %d %s", route.Pattern, from, got.status, got.body)
			}
		}
	}
	for path, status := range map[string]int{"/": 200, "/tickets": 200, "/tickets/" + numberOf(ticket): 200, "/tickets/new": 200, "/account": 200, "/search?q=x": 200} {
		if got := mine.get(t, path, "Sec-Fetch-Site: cross-site", "Referer: https://evil.example/"); got.status != status {
			t.Errorf("a link from elsewhere to %s: %d", path, got.status)
		}
	}
	if after := c.kept(t); after != before || mine.cookie(t, sessionName) != session {
		t.Errorf("something changed: %s, was %s", after, before)
	}
}

func TestNobodyPlantsASession(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "evil@bank.example", Role: desk.RoleAgent})
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent})
	evil := h.arrive(t, "evil@bank.example")
	for name, planted := range map[string]string{"made up": "x", "well formed": auth.NewSessionToken().Text, "of somebody else": evil.cookie(t, sessionName)} {
		ani := h.caller(t)
		ani.plant(t, sessionName, planted)
		if got := ani.signIn(t, "ani@bank.example"); got.status != http.StatusSeeOther || got.to() != "/" {
			t.Fatalf("%s: %d to %s", name, got.status, got.to())
		}
		if ani.cookie(t, sessionName) == planted || ani.cookie(t, sessionName) == "" {
			t.Errorf("%s: the session is the planted one", name)
		}
		if _, err := h.Staff.Session(t.Context(), planted); !desk.Is(err, desk.Unauthorized) {
			t.Errorf("%s: the planted session lives on", name)
		}
	}
}

func TestEachStepOfSigningInGivesAnotherToken(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent})
	ani := h.arrive(t, "ani@bank.example")
	dead := func(step, token string) {
		t.Helper()
		old := h.caller(t)
		old.plant(t, sessionName, token)
		if got := old.get(t, "/account"); got.status != http.StatusSeeOther || !strings.HasPrefix(got.to(), "/sign-in?") {
			t.Errorf("%s: the old token is answered %d %s", step, got.status, got.to())
		}
	}
	first := ani.cookie(t, sessionName)
	if got := ani.enrol(t); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	second := ani.cookie(t, sessionName)
	dead("setting up the second factor", first)
	ani.signIn(t, "ani@bank.example")
	third := ani.cookie(t, sessionName)
	dead("signing in again", second)
	if got := ani.code(t); got.status != http.StatusSeeOther || got.to() != "/" {
		t.Fatalf("the code: %d to %s", got.status, got.to())
	}
	dead("giving the code", third)
	fourth := ani.cookie(t, sessionName)
	if all := []string{first, second, third, fourth}; len(slices.Compact(slices.Sorted(slices.Values(all)))) != 4 {
		t.Errorf("the tokens are %q", all)
	}
	if got := ani.post(t, "/sign-out", ""); got.to() != "/sign-in" || ani.cookie(t, sessionName) != "" {
		t.Errorf("signing out: to %s, the cookie is %q", got.to(), ani.cookie(t, sessionName))
	}
	dead("signing out", fourth)
}

func TestCookiesAreForTheSiteAlone(t *testing.T) {
	t.Parallel()
	for public, prefix := range map[string]string{"https://desk.example": "__Host-servicedesk-", "http://desk.example": "servicedesk-"} {
		h := openHall(t, desktest.SQLite, public)
		h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent})
		c := h.caller(t)
		in := c.signIn(t, "ani@bank.example")
		token := ""
		cookies := (&http.Response{Header: in.header}).Cookies()
		for _, k := range cookies {
			if k.Name == prefix+"session" {
				token = k.Value
			}
		}
		out := c.send(t, "POST", "/sign-out", strings.NewReader(""), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin", "Cookie: "+prefix+"session="+token)
		gone := (&http.Response{Header: out.header}).Cookies()
		if len(cookies) != 2 || len(gone) != 1 || gone[0].MaxAge >= 0 || gone[0].Value != "" {
			t.Fatalf("%s: cookies %v, then %v", public, cookies, gone)
		}
		for _, k := range append(cookies, gone...) {
			secure := strings.HasPrefix(public, "https")
			if !strings.HasPrefix(k.Name, prefix) || !k.HttpOnly || k.Secure != secure || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" {
				t.Errorf("%s: the cookie is %s", public, k)
			}
		}
		if got := c.send(t, "POST", "/sign-in", strings.NewReader("email=x&password=x"), "Content-Type: application/x-www-form-urlencoded", "Origin: "+public); got.status == http.StatusForbidden {
			t.Errorf("%s: forms of the public address are refused", public)
		}
	}
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := []string{"//evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, "https://evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
		"evil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", " //evil.example", "///evil.example", "http:///evil.example", "//evil.example@desk", "/%zz", "?x", "#x", ""}
	for _, path := range elsewhere {
		if got := console.LocalPath(path); got != "/" {
			t.Errorf("%q leads to %q", path, got)
		}
	}
	for _, path := range []string{"/", "/tickets?status=OPEN&order=due", "/tickets/10001#event-2", "/%2F%2Fevil.example", "/a//b", "/search?q=https://evil.example"} {
		if got := console.LocalPath(path); got != path {
			t.Errorf("%q leads to %q", path, got)
		}
	}
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	ticket := h.complain(t, "CARD_ISSUE", "001")
	ani := h.arrive(t, "ani@bank.example")
	for i, path := range elsewhere {
		for what, got := range map[string]said{
			"the sign-in page":  ani.get(t, "/sign-in?"+url.Values{"next": {path}}.Encode()),
			"the code":          ani.get(t, "/sign-in/code?"+url.Values{"next": {path}}.Encode()),
			"signing in":        h.caller(t).post(t, "/sign-in", url.Values{"email": {"ani@bank.example"}, "password": {hallPassword}, "next": {path}}.Encode()),
			"the next ticket":   ani.post(t, "/tickets/"+numberOf(ticket)+"/reply", url.Values{"text": {"x"}, "kind": {"note"}, "next": {"1"}, "after": {path}}.Encode()),
			"the list":          ani.post(t, "/tickets/"+numberOf(ticket)+"/priority", url.Values{"priority": {"LOW"}, "list": {path}}.Encode()),
			"the tracking form": ani.post(t, "/tickets/"+url.PathEscape(path+"x"), ""),
		} {
			to, err := url.Parse(got.to())
			if err != nil || got.status == http.StatusSeeOther && (to.Host != "" || to.Scheme != "" || !strings.HasPrefix(got.to(), "/") || strings.HasPrefix(got.to(), "//")) {
				t.Errorf("%d, %s with %q: led to %q", i, what, path, got.to())
			}
		}
	}
}

// wantedHeaders are what every answer of the console has.
var wantedHeaders = map[string]string{
	"Content-Security-Policy":    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	"X-Frame-Options":            "DENY",
	"Cache-Control":              "no-store",
	"Referrer-Policy":            "same-origin",
	"X-Content-Type-Options":     "nosniff",
	"Cross-Origin-Opener-Policy": "same-origin",
}

// hardened fails the test unless an answer of the console is guarded.
func hardened(t *testing.T, what string, got said) {
	t.Helper()
	for name, want := range wantedHeaders {
		if name == "Content-Security-Policy" && strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
			want = "default-src 'none'; sandbox"
		}
		if is := got.header.Get(name); is != want {
			t.Errorf("%s, %d: %s is %q", what, got.status, name, is)
		}
	}
	if got.header.Get("X-Request-Id") == "" || !strings.Contains(strings.Join(got.header["Vary"], ","), "Cookie") {
		t.Errorf("%s: request id %q, Vary %q", what, got.header.Get("X-Request-Id"), got.header["Vary"])
	}
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		noInlineCode(t, what, got.body)
	}
}

// noInlineCode fails the test when a page has what its policy forbids.
func noInlineCode(t *testing.T, what, page string) {
	t.Helper()
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		if n.Data == "style" || n.Data == "base" || n.Data == "iframe" || n.Data == "script" && (attribute["src"] == "" || n.FirstChild != nil) {
			t.Errorf("%s: there is a %s inside the page", what, n.Data)
		}
		for name, value := range attribute {
			value = strings.ToLower(strings.TrimSpace(value))
			if strings.HasPrefix(name, "on") || name == "style" || strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:") {
				t.Errorf("%s: %s has %s=%q", what, n.Data, name, value)
			}
			if (name == "src" || name == "href" || name == "action" || name == "formaction") && (strings.HasPrefix(value, "http") || strings.HasPrefix(value, "//")) {
				t.Errorf("%s: %s leads to %s", what, n.Data, value)
			}
		}
	})
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	c := gather(t, desktest.SQLite)
	for pattern, l := range matrix {
		ticket := c.complain(t, "CARD_ISSUE", "001")
		for _, who := range []string{"nobody", "half", "mine", "auditor"} {
			got, path := c.ask(t, who, pattern, l, ticket)
			if who == "nobody" && (path == "/tickets" || strings.HasPrefix(pattern, "GET /tickets/{number}") && !strings.Contains(path, "/files/") && !strings.Contains(path, "/customer") || pattern == "POST /tickets/{number}") {
				if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || got.header.Get("Cache-Control") != "no-store" {
					t.Errorf("the portal's answer to %s: %q, %q", pattern, policy, got.header.Get("Cache-Control"))
				}
				noInlineCode(t, pattern, got.body)
				continue
			}
			hardened(t, pattern+" "+who, got)
			if pattern == "POST /sign-out" {
				c.arriveAs(t, who)
			}
		}
	}
}

func TestErrorsAreGuardedPagesToo(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	ani := h.arrive(t, "ani@bank.example")
	number := numberOf(h.complain(t, "CARD_ISSUE", "001"))
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, language := range []string{"id", "en"} {
		if got := ani.post(t, "/account/language", "language="+language); got.status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.status, got.body)
		}
		for name, c := range map[string]struct {
			got    said
			status int
		}{
			"no form":             {ani.send(t, "POST", "/views", strings.NewReader("{}"), "Content-Type: application/json"), 415},
			"a broken form":       {ani.post(t, "/views", "a=%zz"), 400},
			"NUL":                 {ani.post(t, "/views", "name=%00"), 400},
			"a large form":        {ani.post(t, "/views", "name="+strings.Repeat("x", 300<<10)), 413},
			"a broken upload":     {ani.send(t, "POST", "/tickets/"+number+"/reply", strings.NewReader("x"), "Content-Type: multipart/form-data; boundary=b"), 400},
			"no page":             {ani.get(t, "/console/static/nothing"), 404},
			"no ticket":           {ani.get(t, "/tickets/99999"), 404},
			"no file":             {ani.get(t, "/tickets/"+number+"/files/x"), 404},
			"no such step":        {ani.post(t, "/tickets/"+number+"/status", "status=OPEN"), 400},
			"another one's view":  {ani.post(t, "/views/"+noID+"/delete", ""), 404},
			"an unknown language": {ani.post(t, "/account/language", "language=fr"), 400},
			"seen too long ago":   {ani.post(t, "/tickets/"+number+"/priority", "version=99&priority=LOW"), 409},
		} {
			if c.got.status != c.status || !strings.Contains(c.got.body, `<html lang="`+language+`">`) {
				t.Errorf("%s, %s: %d %s", language, name, c.got.status, c.got.body)
			}
			hardened(t, name, c.got)
		}
	}
	h.Exec(t, `DROP TABLE saved_view`)
	if got := ani.send(t, "GET", "/tickets", nil, form); got.status != 503 || strings.Contains(got.body, "saved_view") || !strings.Contains(got.body, `<html lang="en">`) {
		t.Errorf("a broken database: %d %s", got.status, got.body)
	} else {
		hardened(t, "a broken database", got)
	}
}

func TestWhatNoDatabaseHoldsIsNotAsked(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		h := openHall(t, e, "")
		h.employ(t, desk.Agent{Email: "boss@bank.example", Role: desk.RoleAuditor})
		h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
		number := numberOf(h.complain(t, "CARD_ISSUE", "001"))
		many := strings.TrimSuffix(strings.Repeat("a,", 3000), ",")
		for i := range 3000 {
			many = strings.Replace(many, "a", fmt.Sprint(i), 1)
		}
		for _, email := range []string{"boss@bank.example", "ani@bank.example"} {
			c := h.arrive(t, email)
			for _, path := range []string{"/tickets?assignee=%00", "/tickets?group=%FF&order=due", "/tickets?group=a%00b", "/tickets?branch=%FF", "/tickets?assignee=" + many, "/tickets?group=" + many + "&order=due",
				"/tickets?after=9.x", "/tickets?after=-1." + noID, "/tickets?after=99999999999999999999." + noID, "/tickets?view=%00", "/search?q=%00%FF", "/search?q=halo&before=-9223372036854775808",
				"/tickets/%00", "/tickets/%FF", "/tickets/" + number + "/files/%00", "/tickets/" + number + "?list=%25zz", "/tickets/" + number + "?list=assignee%3D%2500", "/live?about=ticket:%00", "/search?q=" + strings.Repeat("x", 10000),
				"/sign-in?next=%00", "/tickets/%00/customer", "/?done=%00", "/tickets?lang=%FF"} {
				if got := c.begin(t, path); got.status >= 500 {
					t.Errorf("%s, %.80s: %d", email, path, got.status)
				}
			}
			for _, path := range []string{"/views/%00/delete", "/views/%FF/delete", "/account/sessions/%00/end", "/tickets/%00/reply", "/tickets/%FF", "/tickets/%00/unmask", "/tickets/%00/draft"} {
				if got := c.post(t, path, "text=x&field=email&reason=x"); got.status >= 500 {
					t.Errorf("%s, %s: %d", email, path, got.status)
				}
			}
		}
	})
}

func TestASessionThatWasEndedElsewhereEndsEverywhere(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.console.LookEvery(10 * time.Millisecond)
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"CARD_SERVICES"}})
	office, home := h.arrive(t, "ani@bank.example"), h.arrive(t, "ani@bank.example")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/live?about=home", nil)
	noError(t, err)
	live, err := home.http.Do(r)
	noError(t, err)
	defer live.Body.Close()
	stream := bufio.NewReader(live.Body)
	if line, err := stream.ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	if got := office.post(t, "/account/sessions/end", ""); got.to() != "/account?done=session" {
		t.Fatalf("ending the others: %d %s", got.status, got.body)
	}
	rest, err := io.ReadAll(stream)
	if err != nil || !strings.HasSuffix(string(rest), "event: signed-out\ndata: {}\n\n") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if got := home.get(t, "/tickets?status=OPEN"); got.status != http.StatusSeeOther || got.to() != "/sign-in?next=%2Ftickets%3Fstatus%3DOPEN" {
		t.Errorf("the other browser is answered %d %s", got.status, got.to())
	}
	if got := home.post(t, "/notices/read", ""); got.to() != "/sign-in" {
		t.Errorf("its form is answered %d %s", got.status, got.to())
	}
	if got := office.get(t, "/"); got.status != http.StatusOK {
		t.Errorf("this browser is answered %d", got.status)
	}
}
