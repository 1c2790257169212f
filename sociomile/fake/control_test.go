package fake_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

func TestSettingsAreChangedWhileItRuns(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	for _, c := range []struct {
		body string
		want fake.Settings
	}{
		{`{"scenario":"rate-limit","latencyMs":5,"dropEvery":2,"failEvery":3,"duplicates":"off"}`,
			fake.Settings{Scenario: fake.RateLimit, Latency: 5 * time.Millisecond, DropEvery: 2, FailEvery: 3, Token: fake.DefaultToken, Auth: fake.Both}},
		{`{"scenario":"moved","appearsAfter":"1m30s","latencyMs":0}`,
			fake.Settings{Scenario: fake.Moved, AppearsAfter: 90 * time.Second, DropEvery: 2, FailEvery: 3, Token: fake.DefaultToken, Auth: fake.Both}},
		{`{"dropEvery":0,"failEvery":0,"duplicates":"on","token":"other","auth":"header","appearsAfter":2.5}`,
			fake.Settings{Scenario: fake.Moved, AppearsAfter: 2500 * time.Millisecond, Duplicates: true, Token: "other", Auth: fake.Header}},
		{`{}`, fake.Settings{Scenario: fake.Moved, Duplicates: true, Token: "other", Auth: fake.Header}},
	} {
		a := s.call(t, "POST", fake.ScenarioPath, c.body)
		if diff := cmp.Diff(c.want, s.Settings()); diff != "" || a.status != 200 {
			t.Errorf("%s: %d %s (-want +got):\n%s", c.body, a.status, a.body, diff)
		}
		if strings.Contains(a.body, `"token"`) {
			t.Errorf("the token is told: %s", a.body)
		}
	}
}

func TestWhatCannotBePlayedIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	before := s.Settings()
	for body, says := range map[string]string{
		`{"scenario":"sunny"}`:             `unknown scenario \"sunny\"; known: working, route-missing, `,
		`{"scenarios":"working"}`:          `unknown field`,
		`{"latencyMs":-1}`:                 `must not be negative`,
		`{"latencyMs":3600001}`:            `an hour at most`,
		`{"appearsAfter":"soon"}`:          `a number of seconds or a text like`,
		`{"appearsAfter":-1}`:              `must not be negative`,
		`{"dropEvery":-1}`:                 `must not be negative`,
		`{"duplicates":"maybe"}`:           `on or off`,
		`{"auth":"cookie"}`:                `known: query, header, both`,
		`{`:                                `unexpected EOF`,
		strings.Repeat(" ", 70<<10) + `{}`: `too large`,
	} {
		if a := s.call(t, "POST", fake.ScenarioPath, body); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%.40s came to %d %s, want %s", body, a.status, a.body, says)
		}
	}
	if diff := cmp.Diff(before, s.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := s.call(t, "PUT", fake.ScenarioPath, `{}`); a.status != 405 {
		t.Errorf("PUT came to %+v", a)
	}
	if _, err := fake.ParseScenario("sunny"); err == nil || !strings.Contains(err.Error(), "duplicate-text") {
		t.Errorf("the error does not name all: %v", err)
	}
}

func TestTheControlTellsWhatIsPlayed(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	s.call(t, "POST", fake.ScenarioPath, `{"scenario":"gateway","appearsAfter":10}`)
	var told struct {
		Scenario, Playing, AppearsAfter, Duplicates string
		Scenarios                                   []fake.Told
	}
	if err := json.Unmarshal([]byte(s.call(t, "GET", fake.ScenarioPath, "").body), &told); err != nil {
		t.Fatal(err)
	}
	if told.Scenario != "gateway" || told.Playing != "gateway" || told.AppearsAfter != "10s" || told.Duplicates != "on" {
		t.Errorf("it tells %+v", told)
	}
	if diff := cmp.Diff(fake.Scenarios(), told.Scenarios); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := s.Received(); r.Calls != 0 {
		t.Errorf("the control counts as %v", r.Counts)
	}
}

func TestARouteAppearsAfterItsTime(t *testing.T) {
	t.Parallel()
	now := began
	p := fake.New(fake.Options{Clock: func() time.Time { return now }})
	status := func() int {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("OPTIONS", keyed(fake.CreatePath), nil))
		return w.Code
	}
	if err := p.Set(fake.Settings{Scenario: fake.RouteMissing, AppearsAfter: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	now = began.Add(10*time.Second - 1)
	if got := status(); got != 404 || p.Playing() != fake.RouteMissing {
		t.Errorf("before its time it came to %d, playing %s", got, p.Playing())
	}
	now = began.Add(10 * time.Second)
	if got := status(); got != 405 || p.Playing() != fake.Working {
		t.Errorf("at its time it came to %d, playing %s", got, p.Playing())
	}
	if err := p.Switch(fake.RouteMissing); err != nil || status() != 404 {
		t.Errorf("switched again it came to %d (%v)", status(), err)
	}
}

func TestSlownessTakesItsTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings fake.Settings
		method   string
		want     time.Duration
	}{
		{fake.Settings{Scenario: fake.Slow}, "POST", 8 * time.Second},
		{fake.Settings{Scenario: fake.Slow}, "GET", 8 * time.Second},
		{fake.Settings{Scenario: fake.Slow, Latency: time.Minute}, "POST", time.Minute},
		{fake.Settings{Scenario: fake.Validation, Latency: time.Second}, "POST", time.Second},
		{fake.Settings{}, "POST", 0},
		{fake.Settings{Scenario: fake.SlowDrip}, "GET", 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := fake.New(fake.Options{})
			if err := p.Set(c.settings); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c.method, keyed(fake.CreatePath), strings.NewReader(ticket(1, nil))))
			if took := time.Since(start); took != c.want {
				t.Errorf("%s at %+v took %v, want %v", c.method, c.settings, took, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(fake.Options{})
		if err := p.Switch(fake.SlowDrip); err != nil {
			t.Fatal(err)
		}
		start, w := time.Now(), httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("POST", keyed(fake.CreatePath), strings.NewReader(ticket(1, nil))))
		if took := time.Since(start); took != time.Duration(w.Body.Len())*500*time.Millisecond || took < 30*time.Second {
			t.Errorf("%d bytes took %v", w.Body.Len(), took)
		}
	})
}

func TestThePageShowsWhatCameAsText(t *testing.T) {
	t.Parallel()
	s := serve(t, fake.Options{})
	s.call(t, "POST", keyed(fake.CreatePath), ticket(10001, map[string]any{"namaNasabah": "<script>alert(1)</script>"}))
	page := s.call(t, "GET", fake.PagePath, "")
	for _, want := range []string{"Sociomile tiruan", "&lt;script&gt;", "POST /helpdesk/create", "10001", "32197", "<strong>working</strong>"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q: %s", want, page.body)
		}
	}
	if strings.Contains(page.body, "<script>") || page.header.Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("the page is %+v", page)
	}
	var got fake.Received
	a := s.call(t, "GET", fake.ReceivedPath, "")
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Created != 1 || got.Tickets[0].Body["connectID"] != "c-1" {
		t.Errorf("it received %s (%v)", a.body, err)
	}
	if d := s.call(t, "DELETE", fake.ReceivedPath, ""); d.status != http.StatusNoContent || s.Received().Created != 0 {
		t.Errorf("a reset came to %+v", d)
	}
}
