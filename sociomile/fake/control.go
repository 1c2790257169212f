package fake

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The addresses of the control, which the provider does not have.
const (
	ScenarioPath = "/_scenario" // GET: the settings and all scenarios; POST: change them
	ReceivedPath = "/_received" // GET: what came, as JSON; DELETE: forget it
	PagePath     = "/_page"     // what came, for people
)

// shownOnPage is how many of each list the page shows.
const shownOnPage = 200

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// control answers a call of the control, and reports whether it was one.
func (p *Provider) control(w http.ResponseWriter, r *http.Request) bool {
	switch r.Method + " " + r.URL.Path {
	case "GET " + ScenarioPath:
		p.tell(w)
	case "POST " + ScenarioPath:
		p.change(w, r)
	case "GET " + ReceivedPath:
		send(w, http.StatusOK, p.Received())
	case "DELETE " + ReceivedPath:
		p.Reset()
		w.WriteHeader(http.StatusNoContent)
	case "GET " + PagePath:
		p.show(w)
	default:
		if !slices.Contains([]string{ScenarioPath, ReceivedPath, PagePath}, r.URL.Path) {
			return false
		}
		send(w, http.StatusMethodNotAllowed, map[string]string{"error": r.Method + " is not for " + r.URL.Path})
	}
	return true
}

// change puts the settings in force that a call gives; what it leaves out stays, but for appearsAfter.
func (p *Provider) change(w http.ResponseWriter, r *http.Request) {
	s := p.Settings()
	s.AppearsAfter = 0
	wanted := wireOf(s)
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	d.DisallowUnknownFields()
	err := d.Decode(&wanted)
	if err == nil {
		s, err = wanted.settings()
	}
	if err == nil {
		err = p.Set(s)
	}
	if err != nil {
		send(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	p.tell(w)
}

// told is what GET /_scenario answers.
type told struct {
	wire
	Playing   Scenario `json:"playing"` // other than scenario when appearsAfter is over
	Scenarios []Told   `json:"scenarios"`
}

func (p *Provider) tell(w http.ResponseWriter) {
	out := told{wire: wireOf(p.Settings()), Playing: p.Playing(), Scenarios: Scenarios()}
	out.Token = "" // a real one may have been given
	send(w, http.StatusOK, out)
}

// Playing is the scenario that is played at present: behind AppearsAfter it is Working.
func (p *Provider) Playing() Scenario {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, _ := p.scene(p.clock())
	return s.name
}

// wire is Settings as JSON.
type wire struct {
	Scenario     Scenario `json:"scenario"`
	LatencyMs    int64    `json:"latencyMs"`
	AppearsAfter wait     `json:"appearsAfter"`
	DropEvery    int      `json:"dropEvery"`
	FailEvery    int      `json:"failEvery"`
	Duplicates   string   `json:"duplicates"`
	Token        string   `json:"token,omitempty"`
	Auth         Auth     `json:"auth"`
}

func wireOf(s Settings) wire {
	return wire{s.Scenario, s.Latency.Milliseconds(), wait(s.AppearsAfter), s.DropEvery, s.FailEvery, map[bool]string{true: "on", false: "off"}[s.Duplicates], s.Token, s.Auth}
}

func (v wire) settings() (Settings, error) {
	switch {
	case v.Duplicates != "on" && v.Duplicates != "off":
		return Settings{}, fmt.Errorf("duplicates is on or off, not %q", v.Duplicates)
	case v.LatencyMs > time.Hour.Milliseconds():
		return Settings{}, errors.New("latencyMs is an hour at most")
	}
	return Settings{v.Scenario, time.Duration(v.LatencyMs) * time.Millisecond, time.Duration(v.AppearsAfter), v.DropEvery, v.FailEvery, v.Duplicates == "on", v.Token, v.Auth}, nil
}

// wait is a duration as people write it: seconds, or a text like 10s.
type wait time.Duration

// MarshalJSON words it as a text.
func (w wait) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(w).String()) }

// UnmarshalJSON reads both forms.
func (w *wait) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == string(b) {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("appearsAfter is a number of seconds or a text like \"10s\", not %s", b)
	}
	*w = wait(d)
	return nil
}

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // who asked may be gone
}

// show words the page.
func (p *Provider) show(w http.ResponseWriter) {
	got := p.Received()
	double := map[int64]bool{}
	for _, d := range got.Doubles {
		double[d.Helpdesk] = true
	}
	tickets, updates := newestFirst(got.Tickets), newestFirst(got.Updates)
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, struct {
		Received
		Playing Scenario
		Double  map[int64]bool
		Limit   int
	}{Received{Counts: got.Counts, Calls: got.Calls, Created: got.Created, Updated: got.Updated, Doubles: got.Doubles, Tickets: tickets, Updates: updates}, p.Playing(), double, shownOnPage})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = w.Write(b.Bytes()) // who asked may be gone
}

// newestFirst are the newest of a list, for the page.
func newestFirst[T any](list []T) []T {
	list = slices.Clone(list[max(0, len(list)-shownOnPage):])
	slices.Reverse(list)
	return list
}
