package fake

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Scenario is how the provider behaves.
type Scenario string

// The scenarios; Scenarios tells what each of them plays.
const (
	Working            Scenario = "working"
	RouteMissing       Scenario = "route-missing"
	RouteMissingCreate Scenario = "route-missing-create"
	RouteMissingStatus Scenario = "route-missing-status"
	Moved              Scenario = "moved"
	AuthFails          Scenario = "auth"
	Validation         Scenario = "validation"
	TypeError          Scenario = "type-error"
	RateLimit          Scenario = "rate-limit"
	Gateway            Scenario = "gateway"
	Whoops             Scenario = "whoops"
	Refused            Scenario = "refused"
	NoIDs              Scenario = "no-ids"
	Empty              Scenario = "empty"
	Cut                Scenario = "cut"
	DropAfterAccept    Scenario = "drop-after-accept"
	Slow               Scenario = "slow"
	SlowDrip           Scenario = "slow-drip"
	NotJSON            Scenario = "not-json"
	Gzip               Scenario = "gzip"
	BOM                Scenario = "bom"
	TextNumber         Scenario = "text-number"
	Duplicate          Scenario = "duplicate"
	DuplicateText      Scenario = "duplicate-text"
)

// Told is a scenario with what it plays.
type Told struct {
	Name  Scenario `json:"name"`
	Tells string   `json:"tells"`
}

// scene is how a scenario is played.
type scene struct {
	name    Scenario
	tells   string
	missing []string              // routes that are not registered; nil: those that only Moved has
	locked  bool                  // no token is good
	always  func(calls int) reply // what answers every call, whatever it is; nil: the provider's own order
	refuse  func(calls int) reply // what answers a POST that came so far; nothing is stored
	bend    func(reply) reply     // what becomes of the answer to a POST that was accepted, and stored
	pause   time.Duration         // before the answer, when no latency is set
}

// scenes lists every scenario.
var scenes = []scene{
	{name: Working, tells: "everything is taken"},
	{name: RouteMissing, tells: "404 of the framework from both routes: neither is registered", missing: []string{CreatePath, StatusPath, MovedCreate, MovedStatus}},
	{name: RouteMissingCreate, tells: "the same from the create route only", missing: []string{CreatePath, MovedCreate, MovedStatus}},
	{name: RouteMissingStatus, tells: "the same from the status route only", missing: []string{StatusPath, MovedCreate, MovedStatus}},
	{name: Moved, tells: "both routes exist below /api only", missing: []string{CreatePath, StatusPath}},
	{name: AuthFails, tells: "401: no token is good", locked: true},
	{name: Validation, tells: "422 with a map of fields", refuse: func(int) reply {
		return invalid(map[string][]string{"connectID": {"The selected connect i d is invalid."}, "nominal": {"The nominal must be a number."}})
	}},
	{name: TypeError, tells: "400 with type, trace_id, message, file and line", refuse: func(calls int) reply { return traced("NamaNasabah required", calls) }},
	{name: RateLimit, tells: "429 with Retry-After: 2", refuse: func(int) reply { return tooMany() }},
	{name: Gateway, tells: "pages of a proxy to everything: 502, 503, 504 by turns", always: gateway},
	{name: Whoops, tells: "500 with a page", refuse: func(int) reply { return whoops() }},
	{name: Refused, tells: "200 with success false and a text", refuse: func(int) reply {
		return words(http.StatusOK, map[string]any{"success": false, "message": "Kanal helpdesk sedang ditutup", "code": 200})
	}},
	{name: NoIDs, tells: "stored; 200 with success true and without ids", bend: func(r reply) reply {
		return r.saying(words(http.StatusOK, map[string]any{"success": true, "message": "success", "data": map[string]any{}, "code": 200}))
	}},
	{name: Empty, tells: "stored; 200 with nothing", bend: func(r reply) reply { return r.saying(page(http.StatusOK, "application/json", "")) }},
	{name: Cut, tells: "the connection is cut when the request was read; nothing is stored", always: func(int) reply { return cut() }},
	{name: DropAfterAccept, tells: "stored, then the connection is cut: who called cannot know", bend: func(reply) reply { return cut() }},
	{name: Slow, tells: "every answer takes latencyMs (else 8 s); a POST is stored before", pause: 8 * time.Second},
	{name: SlowDrip, tells: "stored; the answer comes byte by byte, one each latencyMs (else half a second)", pause: 500 * time.Millisecond, bend: func(r reply) reply { r.drip = true; return r }},
	{name: NotJSON, tells: "stored; 200 with a text that is no JSON", bend: func(r reply) reply {
		return r.saying(page(http.StatusOK, "text/html; charset=UTF-8", "Array\n(\n    [success] => 1\n)\n"))
	}},
	{name: Gzip, tells: "the answer is compressed though nobody asked for it", bend: reply.compressed},
	{name: BOM, tells: "the answer begins with a byte order mark", bend: func(r reply) reply { r.body = append([]byte("\ufeff"), r.body...); return r }},
	{name: TextNumber, tells: "ticket_number is a text", bend: reply.withTextNumber},
	{name: Duplicate, tells: "409 to every create, with the ids of the ticket that is there", bend: func(r reply) reply {
		if r.ticket == nil {
			return r
		}
		return duplicate(*r.ticket)
	}},
	{name: DuplicateText, tells: "200 with success false and a text that the ticket exists, without ids", refuse: func(int) reply {
		return words(http.StatusOK, map[string]any{"success": false, "message": "Ticket already exists", "code": 200})
	}},
}

// Scenarios lists every scenario, Working first.
func Scenarios() []Told {
	var all []Told
	for _, s := range scenes {
		all = append(all, Told{s.name, s.tells})
	}
	return all
}

// ParseScenario reads a scenario's name; an unknown one is an error that names all.
func ParseScenario(name string) (Scenario, error) {
	var names []string
	for _, s := range scenes {
		if string(s.name) == name {
			return s.name, nil
		}
		names = append(names, string(s.name))
	}
	return "", fmt.Errorf("unknown scenario %q; known: %s", name, strings.Join(names, ", "))
}

// sceneOf finds the scene of a scenario that was checked.
func sceneOf(name Scenario) scene {
	return scenes[slices.IndexFunc(scenes, func(s scene) bool { return s.name == name })]
}

// has reports whether a route is registered.
func (s scene) has(path string) bool {
	missing := s.missing
	if missing == nil {
		missing = []string{MovedCreate, MovedStatus}
	}
	return slices.Contains([]string{CreatePath, StatusPath, MovedCreate, MovedStatus}, path) && !slices.Contains(missing, path)
}

// Settings are how the provider behaves at present.
type Settings struct {
	Scenario     Scenario      // empty: Working
	Latency      time.Duration // before each answer
	AppearsAfter time.Duration // after which the provider works, whatever the scenario; 0: never
	DropEvery    int           // every so many accepted POSTs are stored and their connections cut; 0: none
	FailEvery    int           // every so many POSTs fail like Whoops; 0: none
	Duplicates   bool          // a ticket that comes again is told as a conflict, else stored twice
	Token        string        // that is good; empty: DefaultToken
	Auth         Auth          // how it has to come; empty: Both
}

func (s Settings) withDefaults() Settings {
	s.Scenario, s.Token, s.Auth = cmp.Or(s.Scenario, Working), cmp.Or(s.Token, DefaultToken), cmp.Or(s.Auth, Both)
	return s
}

func (s Settings) check() error {
	if _, err := ParseScenario(string(s.Scenario)); err != nil {
		return err
	}
	if !slices.Contains([]Auth{Query, Header, Both}, s.Auth) {
		return fmt.Errorf("unknown way of the token %q; known: query, header, both", s.Auth)
	}
	if s.Latency < 0 || s.AppearsAfter < 0 || s.DropEvery < 0 || s.FailEvery < 0 {
		return errors.New("latency, appearsAfter, dropEvery and failEvery must not be negative")
	}
	return nil
}
