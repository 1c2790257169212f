package fake_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// began is when every provider of the tests begins.
var began = time.Date(2025, 12, 22, 3, 0, 0, 0, time.UTC)

// serving is a provider that is served by HTTP.
type serving struct {
	*fake.Provider
	url    string
	client *http.Client
}

func serve(t *testing.T, o fake.Options) serving {
	t.Helper()
	p := fake.New(o)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return serving{p, s.URL, &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}}
}

// got is an answer; status 0 is none.
type got struct {
	status int
	header http.Header
	body   string
}

func (s serving) call(t *testing.T, method, path, body string) got {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return got{}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return got{}
	}
	return got{answer.StatusCode, answer.Header, string(text)}
}

// keyed is a route with the token of the tests.
func keyed(path string) string { return path + "?client_secret_key=" + fake.DefaultToken }

// ticket is the body of a create; members are changed, and those that are nil left out.
func ticket(number int, changes map[string]any) string {
	fields := map[string]any{"namaNasabah": "Budi", "ticketType": "helpdesk", "content": "uang tidak keluar", "connectID": "c-1", "mediaTransaksi": "ATM01",
		"nominal": 100000, "branchCode": "001", "branchName": "Cabang Utama", "atmName": "N/A", "atmId": "N/A",
		"nomorTicketHelpdesk": number, "noRegPengaduanCabang": number, "claimDate": "2025-12-22 11:00:00", "jenisTransaksi": "PENARIKAN"}
	maps.Copy(fields, changes)
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func change(ticketID, status string) string {
	return fmt.Sprintf(`{"sociomile_ticket_id":%q,"bsg_ticket_id":"10001","status":%q,"agent":"agen","namaTeknisi":"BSG-Helpdesk Automated"}`, ticketID, status)
}

// createdID is the id of a ticket that the working provider takes.
func (s serving) createdID(t *testing.T, number int) string {
	t.Helper()
	var answer struct {
		Success bool
		Data    struct {
			TicketID string `json:"ticketId"`
			Number   int64  `json:"ticket_number"`
		}
	}
	a := s.call(t, "POST", keyed(fake.CreatePath), ticket(number, nil))
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || a.status != 200 || !answer.Success || len(answer.Data.TicketID) != 24 || answer.Data.Number < 32197 {
		t.Fatalf("a create came to %+v (%v)", a, err)
	}
	return answer.Data.TicketID
}

const framework404 = `{"errors":{"file":"/srv/app/vendor/laravel/lumen-framework/src/Concerns/RoutesRequests.php","line":229,"message":""},"message":"","status":false}`

func TestEachScenarioAnswersACreateInItsShape(t *testing.T) {
	shapes := map[fake.Scenario]struct {
		status int // 0: no answer
		says   string
		stored int
		get    int // the status of GET at the create route
	}{
		fake.Working:            {200, `"success":true`, 1, 405},
		fake.RouteMissing:       {404, framework404, 0, 404},
		fake.RouteMissingCreate: {404, framework404, 0, 404},
		fake.RouteMissingStatus: {200, `"ticketId":"`, 1, 405},
		fake.Moved:              {404, framework404, 0, 404},
		fake.AuthFails:          {401, `"message":"Unauthorized"`, 0, 401},
		fake.Validation:         {422, `"nominal":["The nominal must be a number."]`, 0, 405},
		fake.TypeError:          {400, `"message":"NamaNasabah required","status":false,"trace_id":"`, 0, 405},
		fake.RateLimit:          {429, `Too Many Attempts`, 0, 405},
		fake.Gateway:            {502, `<center>nginx</center>`, 0, 503},
		fake.Whoops:             {500, `Whoops, looks like something went wrong.`, 0, 405},
		fake.Refused:            {200, `"success":false`, 0, 405},
		fake.NoIDs:              {200, `"data":{},"message":"success","success":true`, 1, 405},
		fake.Empty:              {200, ``, 1, 405},
		fake.Cut:                {0, ``, 0, 0},
		fake.DropAfterAccept:    {0, ``, 1, 405},
		fake.Slow:               {200, `"success":true`, 1, 405},
		fake.SlowDrip:           {200, `"success":true`, 1, 405},
		fake.NotJSON:            {200, "Array\n(", 1, 405},
		fake.Gzip:               {200, "\x1f\x8b", 1, 405},
		fake.BOM:                {200, "\ufeff{", 1, 405},
		fake.TextNumber:         {200, `"ticket_number":"32197"`, 1, 405},
		fake.Duplicate:          {409, `ticket already exists`, 1, 405},
		fake.DuplicateText:      {200, `"message":"Ticket already exists","success":false`, 0, 405},
	}
	if len(shapes) != len(fake.Scenarios()) {
		t.Errorf("%d scenarios are tried, there are %d", len(shapes), len(fake.Scenarios()))
	}
	for name, want := range shapes {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			s := serve(t, fake.Options{})
			if err := s.Set(fake.Settings{Scenario: name, Latency: time.Millisecond, Duplicates: true}); err != nil {
				t.Fatal(err)
			}
			a := s.call(t, "POST", keyed(fake.CreatePath), ticket(10001, nil))
			if a.status != want.status || !strings.Contains(a.body, want.says) || want.says == "" && a.body != "" {
				t.Errorf("a create came to %d %q, want %d and %q", a.status, a.body, want.status, want.says)
			}
			if b := s.call(t, "GET", keyed(fake.CreatePath), ""); b.status != want.get {
				t.Errorf("GET came to %d, want %d", b.status, want.get)
			}
			if r := s.Received(); r.Created != want.stored || len(r.Tickets) != want.stored || r.Newest[0].Status != want.status {
				t.Errorf("%d tickets are stored, want %d; the call is kept as %+v", r.Created, want.stored, r.Newest[0])
			}
		})
	}
}

func TestHarmlessMethodsTellARouteFromNone(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	for _, method := range []string{"GET", "OPTIONS", "PUT", "DELETE"} {
		for path, want := range map[string]int{fake.CreatePath: 405, fake.StatusPath: 405, fake.MovedCreate: 404, "/helpdesk": 404, "/helpdesk/create/": 404} {
			a := s.call(t, method, keyed(path), "")
			if a.status != want || !strings.Contains(a.body, "RoutesRequests.php") || (a.header.Get("Allow") == "POST") != (want == 405) {
				t.Errorf("%s %s came to %+v, want %d", method, path, a, want)
			}
		}
	}
	if r := s.Received(); r.Created != 0 || r.Counts["GET /helpdesk/create"] != 1 || r.Counts["GET other"] != 2 || r.Calls != 20 {
		t.Errorf("it received %+v", r.Counts)
	}
}

func TestTheBaseAnswersWhateverIsMissing(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	for scenario, want := range map[fake.Scenario]int{fake.Working: 200, fake.RouteMissing: 200, fake.AuthFails: 200, fake.Whoops: 200, fake.Gateway: 502, fake.Cut: 0} {
		if err := s.Switch(scenario); err != nil {
			t.Fatal(err)
		}
		s.Reset() // the proxy's pages begin anew
		if a := s.call(t, "GET", "/", ""); a.status != want {
			t.Errorf("%s: the base came to %d, want %d", scenario, a.status, want)
		}
	}
}

func TestEveryRouteIsWhereItsScenarioHasIt(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	for scenario, want := range map[fake.Scenario][4]bool{
		fake.Working: {true, true, false, false}, fake.RouteMissing: {}, fake.RouteMissingCreate: {false, true, false, false},
		fake.RouteMissingStatus: {true, false, false, false}, fake.Moved: {false, false, true, true},
	} {
		if err := s.Switch(scenario); err != nil {
			t.Fatal(err)
		}
		for i, path := range []string{fake.CreatePath, fake.StatusPath, fake.MovedCreate, fake.MovedStatus} {
			if a := s.call(t, "OPTIONS", keyed(path), ""); (a.status != 404) != want[i] {
				t.Errorf("%s: %s came to %d", scenario, path, a.status)
			}
		}
	}
}

func TestTheTokenHasToComeInTheWayThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		auth          fake.Auth
		query, header string
		good          bool
	}{
		{"", "right", "", true}, {"", "", "right", true}, {"", "", "", false}, {"", "wrong", "", false}, {"", "wrong", "right", true},
		{fake.Query, "right", "", true}, {fake.Query, "", "right", false}, {fake.Query, "wrong", "right", false},
		{fake.Header, "", "right", true}, {fake.Header, "right", "", false}, {fake.Header, "right", "wrong", false},
	} {
		p := fake.New(fake.Options{Token: "right", Auth: c.auth})
		r := httptest.NewRequest("POST", fake.CreatePath+"?client_secret_key="+c.query, strings.NewReader(ticket(1, nil)))
		r.Header.Set("client-secret-key", c.header)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if good := w.Code == 200; good != c.good || !good && (w.Code != 401 || !strings.Contains(w.Body.String(), "Unauthorized")) {
			t.Errorf("%+v came to %d %s", c, w.Code, w.Body)
		}
		if text := fmt.Sprintf("%+v", p.Received().Newest); strings.Contains(text, "right") || strings.Contains(text, "wrong") {
			t.Errorf("the token is kept: %s", text)
		}
	}
}

func TestABodyIsCheckedAsTheProviderDoes(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"least":           {ticket(1, map[string]any{"claimDate": nil, "jenisTransaksi": nil}), 200, `"success":true`},
		"voice":           {`{"ticketType":"voice","connectID":"c-1"}`, 200, `"success":true`},
		"voice without":   {`{"ticketType":"voice"}`, 422, `"connectID"`},
		"no name":         {ticket(2, map[string]any{"namaNasabah": nil}), 422, `{"namaNasabah":["The nama nasabah field is required."]}`},
		"empty name":      {ticket(2, map[string]any{"namaNasabah": ""}), 422, `field is required`},
		"amount as text":  {ticket(2, map[string]any{"nominal": "100000"}), 422, `{"nominal":["The nominal must be a number."]}`},
		"amount below":    {ticket(2, map[string]any{"nominal": -1}), 422, `The nominal must be at least 0.`},
		"number as text":  {ticket(2, map[string]any{"nomorTicketHelpdesk": "2"}), 422, `nomorTicketHelpdesk`},
		"account as text": {ticket(2, map[string]any{"nomorRekening": "0123"}), 422, `nomorRekening`},
		"account too big": {ticket(2, map[string]any{"nomorRekening": json.Number("9007199254740993999")}), 422, `nomorRekening`},
		"name as number":  {ticket(2, map[string]any{"namaNasabah": 7}), 422, `The nama nasabah must be a string.`},
		"other type":      {ticket(2, map[string]any{"ticketType": "chat"}), 422, `The selected ticket type is invalid.`},
		"other service":   {ticket(2, map[string]any{"jenisTransaksi": "HIBAH"}), 422, `The selected jenis transaksi is invalid.`},
		"other date":      {ticket(2, map[string]any{"claimDate": "2025-12-22T11:00:00Z"}), 422, `does not match the format`},
		"no branch":       {ticket(2, map[string]any{"branchCode": nil, "branchName": nil}), 422, `{"branchCode":["The branch code field is required."],"branchName"`},
		"no JSON":         {"{", 400, `"type":"error"`},
		"a list":          {"[]", 400, `"message":"Syntax error"`},
		"null":            {"null", 400, `Syntax error`},
		"two":             {"{}{}", 400, `Syntax error`},
		"nothing":         {"", 400, `Syntax error`},
		"too large":       {ticket(3, map[string]any{"content": strings.Repeat("x", 70<<10)}), 413, `<center>nginx</center>`},
	} {
		if a := s.call(t, "POST", keyed(fake.CreatePath), c.body); a.status != c.status || !strings.Contains(a.body, c.says) {
			t.Errorf("%s came to %d %s, want %d and %s", name, a.status, a.body, c.status, c.says)
		}
	}
	if r := s.Received(); r.Created != 2 {
		t.Errorf("%d tickets are stored", r.Created)
	}
}

func TestStatusesAreTakenForTicketsThatAreKnown(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{Clock: func() time.Time { return began }})
	id := s.createdID(t, 10001)
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"good":    {change(id, "InProgress"), 200, `{"message":"success","status":true}`},
		"unknown": {change("0123456789abcdef01234567", "Open"), 400, `"message":"Ticket not found"`},
		"other":   {change(id, "IN_PROGRESS"), 422, `The selected status is invalid.`},
		"no id":   {`{"bsg_ticket_id":"1","status":"Open"}`, 422, `{"sociomile_ticket_id":["The sociomile ticket id field is required."]}`},
	} {
		if a := s.call(t, "POST", keyed(fake.StatusPath), c.body); a.status != c.status || !strings.Contains(a.body, c.says) {
			t.Errorf("%s came to %d %s", name, a.status, a.body)
		}
	}
	want := []fake.Update{{At: began, TicketID: id, Helpdesk: "10001", Status: "InProgress", Agent: "agen", Technician: "BSG-Helpdesk Automated"}}
	if diff := cmp.Diff(want, s.Received().Updates); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.Reset()
	if r := s.Received(); r.Calls+r.Created+r.Updated+len(r.Tickets)+len(r.Updates)+len(r.Newest)+len(r.Counts) != 0 {
		t.Errorf("after a reset: %+v", r)
	}
	if again := s.createdID(t, 10001); again == id {
		t.Error("an id was given twice")
	}
}

func TestADuplicateIsToldOrStoredTwice(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	id := s.createdID(t, 10001)
	if a := s.call(t, "POST", keyed(fake.CreatePath), ticket(10001, nil)); a.status != 409 || !strings.Contains(a.body, id) || !strings.Contains(a.body, "32197") {
		t.Errorf("the same again came to %+v", a)
	}
	settings := s.Settings()
	settings.Duplicates = false
	if err := s.Set(settings); err != nil {
		t.Fatal(err)
	}
	if other := s.createdID(t, 10001); other == id {
		t.Error("the second ticket has the id of the first")
	}
	s.createdID(t, 10002)
	r := s.Received()
	if diff := cmp.Diff([]fake.Double{{Helpdesk: 10001, Times: 2}}, r.Doubles); diff != "" || r.Created != 3 {
		t.Errorf("%d tickets; (-want +got):\n%s", r.Created, diff)
	}
	if page := s.call(t, "GET", fake.PagePath, ""); strings.Count(page.body, "ganda <small") != 3 {
		t.Errorf("the page does not mark the doubles: %s", page.body)
	}
}

func TestATicketThatWasDroppedIsADuplicateWhenItComesAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	if err := s.Switch(fake.DropAfterAccept); err != nil {
		t.Fatal(err)
	}
	if a := s.call(t, "POST", keyed(fake.CreatePath), ticket(10001, nil)); a.status != 0 {
		t.Errorf("came to %+v", a)
	}
	if a := s.call(t, "POST", keyed(fake.CreatePath), ticket(10001, nil)); a.status != 409 {
		t.Errorf("again it came to %+v", a)
	}
}

func TestFaultsComeEverySoManyCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	if err := s.Set(fake.Settings{DropEvery: 3, FailEvery: 4, Duplicates: true}); err != nil {
		t.Fatal(err)
	}
	var statuses []int
	for n := range 12 {
		statuses = append(statuses, s.call(t, "POST", keyed(fake.CreatePath), ticket(n+1, nil)).status)
	}
	if diff := cmp.Diff([]int{200, 200, 0, 500, 200, 0, 200, 500, 0, 200, 200, 500}, statuses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := s.Received(); r.Created != 9 {
		t.Errorf("%d tickets are stored", r.Created)
	}
}

func TestManyCallersAtOnceAreCountedAndStoredOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	const callers, each = 8, 25
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for n := range each {
				s.call(t, "POST", keyed(fake.CreatePath), ticket(caller/2*each+n+1, nil)) // every ticket comes from two
				switch n % 10 {
				case 3:
					s.call(t, "POST", fake.ScenarioPath, `{"scenario":"bom"}`)
				case 6:
					s.call(t, "GET", fake.PagePath, "")
				case 9:
					s.call(t, "GET", fake.ReceivedPath, "")
				}
			}
		})
	}
	group.Wait()
	if r := s.Received(); r.Created != callers/2*each || r.Counts["POST /helpdesk/create"] != callers*each || len(r.Doubles) != 0 {
		t.Errorf("%d tickets, %v, doubles %v", r.Created, r.Counts, r.Doubles)
	}
}
