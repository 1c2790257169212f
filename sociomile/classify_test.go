package sociomile

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

const (
	token    = "made-up-token/42"
	ticketID = "64f1a2b3c4d5e6f708192a3b"
	lumen    = "/home/provider/api/test/vendor/laravel/lumen-framework/src/Concerns/RoutesRequests.php"
)

var at = time.Date(2025, 12, 22, 3, 4, 5, 0, time.UTC)

// judged is what an answer to a ticket means.
func judged(r Route, status int, header http.Header, body string) Answer {
	return classify(readReply(r, status, header, []byte(body)), reply.class, newHider(token), at)
}

// recorded reads an answer as it came over the wire.
func recorded(t *testing.T, file string) (*http.Response, string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestRecordedAnswersMeanWhatTheTableSays(t *testing.T) {
	want := map[string]Answer{
		"created":             {Class: Sent, Status: 200, Said: "success", TicketID: ticketID, TicketNumber: 32197},
		"created_status_true": {Class: Sent, Status: 201, Said: "success", TicketID: ticketID, TicketNumber: 32197},
		"updated":             {Class: BadBody, Status: 200, Said: "Ticket updated"}, // of a create: no ids
		"route_missing":       {Class: RouteMissing, Status: 404, File: lumen, Line: 229},
		"not_found_page":      {Class: Gateway, Status: 404, Said: "404 Not Found"},
		"required": {Class: Validation, Status: 400, Said: "NamaNasabah required", TraceID: "9b2f8c1e-3d4a-4f5b-8c6d-7e8f9a0b1c2d",
			File: "/home/provider/api/test/app/Http/Controllers/BankSulutController.php", Line: 99},
		"fields": {Class: Validation, Status: 422,
			Said:   "branchCode: The branch code field is required.; nominal: The nominal must be a number.; The nominal must be at least 0.",
			Fields: map[string]string{"branchCode": "The branch code field is required.", "nominal": "The nominal must be a number.; The nominal must be at least 0."}},
		"fields_inside": {Class: Validation, Status: 422, Said: "The given data was invalid.",
			Fields: map[string]string{"namaNasabah": "wajib diisi", "email": "must be a valid email address"}},
		"bad_gateway":     {Class: Gateway, Status: 502, Said: "502 Bad Gateway"},
		"maintenance":     {Class: Gateway, Status: 503, Said: "Sedang dalam pemeliharaan", Wait: 2 * time.Minute},
		"gateway_timeout": {Class: Gateway, Status: 504, Said: "504 Gateway Time-out"},
		"whoops":          {Class: ServerFault, Status: 500, Said: "Whoops, looks like something went wrong."},
		"fault": {Class: ServerFault, Status: 500, Said: "Trying to get property 'id' of non-object",
			File: "/home/provider/api/test/app/Services/TicketService.php", Line: 412},
		"refused":        {Class: Refused, Status: 200, Said: "Connect ID is not registered"},
		"no_ids":         {Class: BadBody, Status: 200, Said: "success"},
		"unauthorized":   {Class: AuthFailed, Status: 401, Said: "Invalid client secret key"},
		"forbidden_page": {Class: AuthFailed, Status: 403, Said: "403 Forbidden"},
		"too_many":       {Class: RateLimit, Status: 429, Said: "Too Many Attempts.", Wait: 37 * time.Second},
		"exists":         {Class: Duplicate, Status: 409, Said: "Ticket already exists", TicketID: ticketID, TicketNumber: 32197},
		"exists_text":    {Class: Duplicate, Status: 200, Said: "Nomor tiket helpdesk sudah terdaftar"},
		"redirect":       {Class: Gateway, Status: 301, Said: "redirects to https://127.0.0.1/bank-sulut/create"},
	}
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d answers are recorded, %d are told here (%v)", len(files), len(want), err)
	}
	for _, file := range files {
		response, body := recorded(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		if diff := cmp.Diff(want[name], judged(CreateRoute, response.StatusCode, response.Header, body)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestEachWayToAnswerHasItsClass(t *testing.T) {
	page := "<html>x</html>"
	for _, c := range []struct {
		why    string
		status int
		body   string
		want   Class
	}{
		{"true as text", 200, `{"success":"true","data":{"ticketId":"64f1"}}`, Sent},
		{"true as number", 200, `{"success":1,"data":{"ticketId":"64f1"}}`, Sent},
		{"status success", 200, `{"status":"success","data":{"ticketId":"64f1"}}`, Sent},
		{"one of both is true", 200, `{"success":false,"status":true,"data":{"ticketId":"64f1"}}`, Sent},
		{"the id is a number", 200, `{"success":true,"data":{"ticketId":987}}`, Sent},
		{"true and it existed", 200, `{"success":true,"message":"Ticket already exists"}`, Duplicate},
		{"white space around", 200, "\r\n {\"success\":true,\"data\":{\"ticketId\":\"64f1\"}} \n", Sent},
		{"success is unknown", 200, `{"data":{"ticketId":"64f1"}}`, BadBody},
		{"success is an object", 200, `{"success":{},"data":{"ticketId":"64f1"}}`, BadBody},
		{"success in other letters", 200, `{"SUCCESS":true,"data":{"ticketId":"64f1"}}`, BadBody},
		{"data is a list", 200, `{"success":true,"data":[]}`, BadBody},
		{"data is a text", 200, `{"success":true,"data":"64f1"}`, BadBody},
		{"the id is null", 200, `{"success":true,"data":{"ticketId":null}}`, BadBody},
		{"the id is true", 200, `{"success":true,"data":{"ticketId":true}}`, BadBody},
		{"the id is blank", 200, `{"success":true,"data":{"ticketId":"  "}}`, BadBody},
		{"the id is a book", 200, `{"success":true,"data":{"ticketId":"` + strings.Repeat("x", 129) + `"}}`, BadBody},
		{"empty", 200, "", BadBody},
		{"a mark and nothing", 200, "\uFEFF", BadBody},
		{"cut JSON", 200, `{"success":true,"data":{"ticketId":"64`, BadBody},
		{"two answers", 200, `{"success":true,"data":{"ticketId":"64f1"}}{}`, BadBody},
		{"no object", 200, `true`, BadBody},
		{"a page of 200", 200, page, BadBody},
		{"no content", 204, "", BadBody},
		{"false without a word", 200, `{"success":false,"message":"","data":null}`, BadBody},
		{"false with a list of words", 200, `{"status":false,"message":["no"]}`, Refused},
		{"an error of type", 200, `{"type":"error","message":"NamaNasabah required"}`, Refused},
		{"false with fields", 200, `{"success":false,"errors":{"nominal":["wajib"]}}`, Refused},

		{"the framework's 404", 404, `{"errors":{"file":"/x/RoutesRequests.php"}}`, RouteMissing},
		{"a 404 without a word", 404, `{"status":false,"message":""}`, RouteMissing},
		{"a 404 of a path", 404, `{"message":"404 | Not Found"}`, RouteMissing},
		{"a 404 of a route", 404, `{"message":"The route bank-sulut/create could not be found."}`, RouteMissing},
		{"a 404 in Indonesian", 404, `{"message":"Halaman tidak ditemukan"}`, RouteMissing},
		{"a 404 about the ticket", 404, `{"message":"Ticket 64f1 not found"}`, Refused},
		{"a 404 with other file", 404, `{"errors":{"file":"/x/TicketController.php","message":"Connect ID unknown"}}`, Refused},
		{"an empty 404", 404, "", Gateway},
		{"a 404 in words", 404, "404 page not found", Gateway},
		{"wrong method", 405, `{"message":""}`, RouteMissing},
		{"wrong method, page", 405, page, Gateway},

		{"unauthorized page", 401, page, AuthFailed},
		{"forbidden", 403, `{}`, AuthFailed},
		{"a bad request without words", 400, "", Validation},
		{"a bad request of the proxy", 400, page, Gateway},
		{"a 422 in plain text", 422, "nominal wajib diisi", Validation},
		{"a 422 that is a list", 422, `["nominal wajib diisi"]`, Validation},
		{"a 422 that it exists", 422, `{"nomorTicketHelpdesk":["The nomor ticket helpdesk has already been taken."]}`, Duplicate},
		{"a 422 of another's mail", 422, `{"email":["The email has already been taken."]}`, Validation},
		{"too early", 425, "", Gateway},
		{"request timed out", 408, `{"message":"x"}`, Gateway},
		{"too large", 413, "", Refused},
		{"too large, page", 413, page, Gateway},
		{"a conflict", 409, "", Duplicate},
		{"a conflict on a page", 409, page, Gateway},
		{"a teapot", 418, `{"message":"I am a teapot"}`, Refused},

		{"plain 500", 500, "", ServerFault},
		{"a page of 500", 500, page, ServerFault},
		{"whoops of 503", 503, "<title>Whoops</title>", ServerFault},
		{"503 in JSON", 503, `{"message":"Service Unavailable"}`, ServerFault},
		{"503 in words", 503, "upstream connect error", Gateway},
		{"empty 502", 502, "", Gateway},
		{"a page of 520", 520, page, Gateway},
		{"501", 501, "", ServerFault},
		{"not modified", 304, "", Gateway},
		{"switching", 101, "", Gateway},
		{"beyond", 999, `{"success":true,"data":{"ticketId":"64f1"}}`, Gateway},
	} {
		if got := judged(CreateRoute, c.status, http.Header{}, c.body); got.Class != c.want {
			t.Errorf("%s: %d %s is %s, want %s", c.why, c.status, c.body, got.Class, c.want)
		}
	}
}

func TestAStatusUpdateNeedsNoIds(t *testing.T) {
	for body, want := range map[string]Class{
		`{"status":true}`:                             Sent,
		`{"success":true,"code":200}`:                 Sent,
		`{"status":"Close"}`:                          BadBody,
		`{"status":false,"message":"unknown ticket"}`: Refused,
		``: BadBody,
	} {
		if got := judged(StatusRoute, 200, nil, body); got.Class != want || got.TicketID != "" {
			t.Errorf("%s is %+v, want %s", body, got, want)
		}
	}
}

func TestWordsThatATicketExistsAreKnownInBothLanguages(t *testing.T) {
	for words, want := range map[string]Class{
		"already exists":       Duplicate,
		"Ticket already exist": Duplicate,
		"Duplicate entry '10001' for key 'nomorTicketHelpdesk'": Duplicate,
		"nomorTicketHelpdesk has already been taken":            Duplicate,
		"Data sudah ada":                               Duplicate,
		"Tiket nasabah sudah pernah dibuat":            Duplicate,
		"Nomor pengaduan telah terdaftar":              Duplicate,
		"No tiket helpdesk sudah terdaftar":            Duplicate,
		"Ticket must not be a duplicate":               Refused,
		"Data duplikat":                                Duplicate,
		"Email already exists":                         Refused,
		"Nomor rekening sudah terdaftar":               Refused,
		"Connect ID does not exist":                    Refused,
		"connectID doesn't exists":                     Refused,
		"Tiket belum terdaftar, atau cabang tidak ada": Refused,
		"No such branch exists":                        Refused,
		"Nominal wajib diisi":                          Refused,
	} {
		body := `{"success":false,"message":"` + words + `"}`
		if got := judged(CreateRoute, 200, nil, body).Class; got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

func TestTicketNumbersAreReadHoweverTheyAreWritten(t *testing.T) {
	for literal, want := range map[string]int64{
		`32197`: 32197, `"32197"`: 32197, `" 32197 "`: 32197, `32197.0`: 32197, `3.2197e4`: 32197, `9007199254740993`: 9007199254740993,
		`"T-32197"`: 0, `32197.5`: 0, `-1`: 0, `0`: 0, `true`: 0, `null`: 0, `{}`: 0, `[32197]`: 0, `1e99`: 0,
	} {
		got := judged(CreateRoute, 200, nil, `{"success":true,"data":{"ticketId":"64f1","ticket_number":`+literal+`}}`)
		if got.Class != Sent || got.TicketNumber != want {
			t.Errorf("%s is read as %s %d, want %d", literal, got.Class, got.TicketNumber, want)
		}
	}
}

func TestAnEchoOfWhatWasSentIsHidden(t *testing.T) {
	escaped := strings.ReplaceAll(token, "/", `\/`)
	const account, card = "00123456789012", "4111 1111 1111 1111"
	echo := escaped + " made-up-token%2F42 " + account + " " + card + " 1234567890"
	for _, body := range []string{
		`{"status":false,"message":"` + echo + `"}`,
		`{"status":false,"errors":{"` + echo + `":["` + echo + `"]}}`,
		`{"status":false,"errors":{"file":"` + escaped + `","message":"` + echo + `","line":1}}`,
		`{"status":false,"trace_id":"` + escaped + `","error":["` + echo + `"]}`,
		"<title>" + echo + "</title>",
		echo,
		`{"cut":"` + echo,
	} {
		for _, status := range []int{200, 302, 404, 422, 500} {
			a := judged(CreateRoute, status, http.Header{"Location": {"http://127.0.0.1/?" + token}}, body)
			kept := a.Said + " " + a.TraceID + " " + a.File
			for field, words := range a.Fields {
				kept += " " + field + " " + words
			}
			for _, secret := range []string{token, "made-up", "123456789", "4111", "1111 1111"} {
				if strings.Contains(kept, secret) {
					t.Errorf("%d %s keeps %q: %s", status, body, secret, kept)
				}
			}
		}
	}
	if got := judged(CreateRoute, 400, nil, `{"message":"rekening 1234567890 salah"}`).Said; got != "rekening ******7890 salah" {
		t.Errorf("said is %q", got)
	}
}

func TestLongWordsAndManyFieldsAreCut(t *testing.T) {
	long := judged(CreateRoute, 400, nil, `{"message":"`+strings.Repeat("é ", 5000)+`"}`)
	if n := len([]rune(long.Said)); n != 512 {
		t.Errorf("%d characters are kept", n)
	}
	var many strings.Builder
	for i := range 200 {
		many.WriteString(`,"f` + strings.Repeat("x", i) + `":"wrong"`)
	}
	if n := len(judged(CreateRoute, 422, nil, `{`+many.String()[1:]+`}`).Fields); n != 64 {
		t.Errorf("%d fields are kept", n)
	}
}

func TestAHarmlessMethodTellsWhetherTheRouteIsThere(t *testing.T) {
	page := "<html>x</html>"
	for _, c := range []struct {
		status           int
		body             string
		byGet, byOptions Class
	}{
		{405, `{"message":""}`, Sent, Sent},
		{405, page, Sent, Gateway},
		{401, `{}`, Sent, Sent},
		{403, `{}`, Sent, Gateway},
		{403, page, Gateway, Gateway},
		{422, `{"namaNasabah":["required"]}`, Sent, Sent},
		{200, `{}`, Sent, Gateway},
		{204, ``, Sent, Gateway},
		{404, `{"errors":{"file":"x/RoutesRequests.php"}}`, RouteMissing, RouteMissing},
		{404, ``, RouteMissing, RouteMissing},
		{404, page, Gateway, Gateway},
		{301, ``, Gateway, Gateway},
		{408, ``, Gateway, Gateway},
		{429, `{}`, RateLimit, RateLimit},
		{500, `{}`, ServerFault, ServerFault},
		{502, page, Gateway, Gateway},
	} {
		p := readReply(CreateRoute, c.status, nil, []byte(c.body))
		if get, options := p.proof(), p.proofByOptions(); get != c.byGet || options != c.byOptions {
			t.Errorf("%d %s: GET %s, OPTIONS %s; want %s, %s", c.status, c.body, get, options, c.byGet, c.byOptions)
		}
	}
}

// drawBody draws answers that are nearly right.
func drawBody(t *rapid.T) string {
	part := rapid.SampledFrom([]string{`{`, `}`, `[`, `]`, `:`, `,`, `"success"`, `"status"`, `"message"`, `"errors"`, `"file"`, `"line"`, `"data"`, `"ticketId"`,
		`"ticket_number"`, `true`, `false`, `null`, `1`, `-1e999`, `""`, `"already exists"`, `"x"`, "\uFEFF", "<", "<title>", "\xff", "\x00", token, "4111111111111111",
		`{"success":true,"data":{"ticketId":"64f1"}}`, `"` + lumen + `"`, "1234567890", " "})
	if rapid.Bool().Draw(t, "any bytes") {
		return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	}
	return strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), "")
}

func TestWhateverIsAnsweredHasAClassAndHidesWhatItMust(t *testing.T) {
	tenDigits := regexp.MustCompile(`\p{Nd}{10}`)
	rapid.Check(t, func(t *rapid.T) {
		body := drawBody(t)
		status := rapid.SampledFrom([]int{200, 201, 204, 301, 400, 401, 404, 405, 408, 409, 413, 422, 429, 500, 502, 503, 599, 600, 999}).Draw(t, "status")
		route := rapid.SampledFrom([]Route{CreateRoute, StatusRoute}).Draw(t, "route")
		p := readReply(route, status, http.Header{}, []byte(body))
		for _, judge := range []func(reply) Class{reply.class, reply.proof, reply.proofByOptions} {
			a := classify(p, judge, newHider(token), at)
			if !slices.Contains(Classes, a.Class) || a.Class == Network || a.Class == UnknownOutcome || a.Status != status {
				t.Fatalf("%d %q is %+v", status, body, a)
			}
			if strings.ContainsAny(a.Said, "\r\n") || len([]rune(a.Said)) > 512 || strings.Contains(a.Said, token) || tenDigits.MatchString(a.Said) {
				t.Fatalf("said is %q", a.Said)
			}
		}
		if a := classify(p, reply.class, newHider(token), at); a.Class == Sent && (status > 299 || route == CreateRoute && a.TicketID == "") {
			t.Fatalf("%d %q passes for a success", status, body)
		}
	})
}

func TestEachClassHasItsOwnMeaningInBothLanguages(t *testing.T) {
	seen := map[string]Class{}
	for _, c := range Classes {
		for _, l := range []desk.Language{desk.English, desk.Indonesian} {
			text := c.Meaning().In(l, "")
			if other, ok := seen[text]; ok || text == "" || len(text) < 30 {
				t.Errorf("%s means %q, as %s does", c, text, other)
			}
			seen[text] = c
		}
	}
	for class, who := range map[Class]string{RouteMissing: "provider", AuthFailed: "OMNI_API_TOKEN", Network: "network team", Validation: "person", Gateway: "OMNI_API_URL", BadBody: "provider"} {
		if text := class.Meaning().In(desk.English, ""); !strings.Contains(text, who) {
			t.Errorf("%s does not say to call %s: %s", class, who, text)
		}
	}
}

func TestATokenIsHiddenHoweverItIsWritten(t *testing.T) {
	h := newHider("a b&c/d")
	for _, form := range []string{"a b&c/d", "a+b%26c%2Fd", "a%20b&c%2Fd", "a b&amp;c/d", `a b&c\/d`} {
		if got := h.text("secret " + form + "!"); got != "secret ***!" {
			t.Errorf("%s is told as %s", form, got)
		}
	}
	if got := newHider("").text("all is told"); got != "all is told" {
		t.Errorf("without a token %q is told", got)
	}
}

func TestACardOfTwoGroupsIsNoAccount(t *testing.T) {
	if got := newHider("").text("4111111111 111111"); got != "****1111" {
		t.Errorf("told is %s", got)
	}
}
