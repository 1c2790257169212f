package app_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

const claimBody = `{"namaNasabah":"Ahmad","nominal":150000}`

// openOnce opens a claim under an id and returns what the caller is told.
func openOnce(t testing.TB, d *desktest.Desk, actor desk.Actor, id, body string) (told string, replayed bool, err error) {
	t.Helper()
	opened, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), once(t, id, "POST /claims", body, wordOpened))
	return answered(opened, err, wordOpened)
}

func TestManyRequestsOfOneIdMakeOneTicketAndGetOneAnswer(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		db := behind(t, d)
		for _, nodes := range [][]*desktest.Desk{{d}, {d, d.Node(t)}} {
			id := fmt.Sprintf("%d nodes", len(nodes))
			var mu sync.Mutex
			answers, first := map[string]int{}, 0
			inParallel(200, func(i int) {
				told, replayed, err := openOnce(t, nodes[i%len(nodes)], actor, id, claimBody)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				answers[told]++
				if !replayed {
					first++
				}
			})
			if len(answers) != 1 || first != 1 {
				t.Errorf("%s: %d different answers, %d of them first ones", id, len(answers), first)
			}
		}
		if n := db.one(t, `SELECT COUNT(*) FROM ticket`) + db.one(t, `SELECT COUNT(*) FROM event`) + db.one(t, `SELECT COUNT(*) FROM request`); n != "222" {
			t.Errorf("tickets, events, requests: %s, want 2 of each", n)
		}
		if got := len(db.audited(t, "ticket.create")); got != 2 {
			t.Errorf("the audit trail tells of %d tickets, want 2", got)
		}
	})
}

func TestManyRequestsOfOneIdAndTwoContentsMakeOneTicket(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		nodes := []*desktest.Desk{d, d.Node(t)}
		var mu sync.Mutex
		answers, reused := map[string]bool{}, [2]int{}
		inParallel(40, func(i int) {
			told, _, err := openOnce(t, nodes[i/2%2], actor, "req_1", fmt.Sprintf(`{"nominal":%d}`, i%2))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answers[told] = true
				return
			}
			mustFail(t, err, desk.RequestReused, "the other content")
			reused[i%2]++
		})
		if len(answers) != 1 || reused != [2]int{0, 20} && reused != [2]int{20, 0} {
			t.Errorf("%d answers, refused of each content: %v", len(answers), reused)
		}
		if n := behind(t, d).one(t, `SELECT COUNT(*) FROM ticket`); n != "1" {
			t.Errorf("%s tickets were made", n)
		}
	})
}

func TestAnotherContentUnderAnIdIsRefusedWithThePathsThatDiffer(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		first := `{"a":"x","n":1,"o":{"list":[1,2],"deep":{"x":true}},"null":null,"line\nend":"x","eq=al":"x"}`
		_, _, err := openOnce(t, d, actor, "req_1", first)
		must(t, err)
		for body, want := range map[string][]string{
			`{"a":"y","n":1,"o":{"list":[1,2],"deep":{"x":true}},"line\nend":"x","eq=al":"x"}`:              {"a"},
			`{"a":"x","n":"1","o":{"list":[1,3],"deep":{"x":true}},"line\nend":"x","eq=al":"x"}`:            {"n", "o.list.1"},
			`{"a":"x","n":1,"o":{"list":[1],"deep":{}},"line\nend":"x","eq=al":"x","new":0}`:                {"new", "o.deep", "o.deep.x", "o.list.1"},
			`{"a":"x","n":1,"o":{"list":[1,2],"deep":{"x":true}},"line\nend":"y","eq=al":"y"}`:              {"eq=al", `line\nend`},
			`{"a":"x","n":1,"o":{"list":[1,2],"deep":{"x":true}},"line\nend":"x","eq=al":"x","null":false}`: {"null"},
			`{}`: {"a", "eq=al", `line\nend`, "n", "o.deep.x", "o.list.0", "o.list.1"},
		} {
			_, _, err := openOnce(t, d, actor, "req_1", body)
			if diff := cmp.Diff(want, faultPaths(err)); diff != "" || !desk.Is(err, desk.RequestReused) {
				t.Errorf("%s: %v %s", body, err, diff)
			}
		}
		ticket := openedTicket(t, d, actor)
		change := of(ticket)
		change.Once = once(t, "req_1", "PATCH /tickets/1", first, func(app.Changed) string { return "" })
		_, err = d.App.AddComment(t.Context(), actor, change, app.NewComment{Content: "a word"})
		if !desk.Is(err, desk.RequestReused) || !slices.Equal(faultPaths(err), []string{"operation"}) {
			t.Errorf("another operation: %v", err)
		}
		if n := behind(t, d).one(t, `SELECT COUNT(*) FROM comment`); n != "0" {
			t.Errorf("%s comments were stored", n)
		}
	})
}

// Of a body with very many paths only the whole is kept: no path can be named, and none may be named wrongly.
func TestOfAVeryLargeRequestOnlyTheWholeIsCompared(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		body := func(paths int, last string) string {
			var b strings.Builder
			for i := range paths - 1 {
				fmt.Fprintf(&b, `"p%d":%d,`, i, i)
			}
			return "{" + b.String() + `"last":"` + last + `"}`
		}
		for _, c := range []struct {
			first, second int
			want          []string
		}{
			{400, 400, []string{"last"}}, {401, 401, []string{"body"}}, {1500, 1500, []string{"body"}}, {401, 3, []string{"body"}}, {3, 401, []string{"body"}},
		} {
			id := fmt.Sprint(c.first, c.second)
			told, _, err := openOnce(t, d, actor, id, body(c.first, "x"))
			must(t, err)
			if again, replayed, err := openOnce(t, d, actor, id, body(c.first, "x")); err != nil || !replayed || again != told {
				t.Errorf("%s: again %q, %v, %v; want %q", id, again, replayed, err, told)
			}
			_, _, err = openOnce(t, d, actor, id, body(c.second, "y"))
			if diff := cmp.Diff(c.want, faultPaths(err)); diff != "" || !desk.Is(err, desk.RequestReused) {
				t.Errorf("%s: %v %s", id, err, diff)
			}
		}
	})
}

// Order of keys, spacing, the spelling of numbers and members that are null do not make another request.
func TestEqualJSONIsTheSameRequest(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	actor := allOf(t, d, "Partner")
	same := []string{
		`{"nominal":500000,"nama":"é","list":[1.50,true],"empty":{}}`, ` { "list" : [ 15e-1 , true ] , "empty" : { } , "nama" : "\u00e9" , "nominal" : 5E5 } `,
		`{"nominal":500000.00,"nama":"é","list":[1.5,true],"empty":{},"absent":null}`,
	}
	other := []string{
		`{"nominal":"500000","nama":"é","list":[1.50,true],"empty":{}}`, `{"nominal":500000,"nama":"é","list":[true,1.50],"empty":{}}`,
		`{"nominal":500000,"nama":"e\u0301","list":[1.50,true],"empty":{}}`, `{"nominal":500000,"nama":"é","list":[1.50,true],"empty":[]}`,
	}
	told, _, err := openOnce(t, d, actor, "req_1", same[0])
	must(t, err)
	for _, body := range same {
		if again, replayed, err := openOnce(t, d, actor, "req_1", body); again != told || !replayed {
			t.Errorf("%s: got %q, %v, %v", body, again, replayed, err)
		}
	}
	for _, body := range other {
		_, _, err := openOnce(t, d, actor, "req_1", body)
		mustFail(t, err, desk.RequestReused, body)
	}
	for seed := range 20 {
		members := rapid.MapOfN(rapid.StringMatching(`[a-z.=\\]{0,6}`), rapid.IntRange(-3, 3), 1, 6).Example(seed)
		text := func(keys []string) string {
			var parts []string
			for _, k := range keys {
				parts = append(parts, fmt.Sprintf("%q:%d", k, members[k]))
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
		keys := slices.Sorted(maps.Keys(members))
		id := fmt.Sprint("drawn ", seed)
		told, _, err := openOnce(t, d, actor, id, text(keys))
		must(t, err)
		if again, replayed, err := openOnce(t, d, actor, id, text(rapid.Permutation(keys).Example(seed))); again != told || !replayed {
			t.Fatalf("got %q, %v, %v", again, replayed, err)
		}
		changed := rapid.SampledFrom(keys).Example(seed)
		members[changed]++
		_, _, err = openOnce(t, d, actor, id, text(keys))
		if !desk.Is(err, desk.RequestReused) || len(faultPaths(err)) != 1 {
			t.Fatalf("%q changed: %v", changed, err)
		}
	}
}

func TestAnAnswerIsGivenAgainAfterEverythingChanged(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, core := allOf(t, d, "Partner"), bank(t, d)
		ticket := openedTicket(t, d, actor)
		word := func(c app.Changed) string {
			return fmt.Sprint(c.Ticket.Status, c.Ticket.Version, c.Comment, c.Attachments)
		}
		change := func(id string) app.Change {
			c := of(ticket)
			c.Once = once(t, id, "PATCH /tickets/"+c.Ticket, `{"id":"`+id+`"}`, word)
			return c
		}
		requests := []struct {
			id   string
			call func(d *desktest.Desk) (app.Changed, error)
		}{
			{"comment", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.AddComment(t.Context(), actor, change("comment"), app.NewComment{Content: "a word"})
			}},
			{"status", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.ChangeStatus(t.Context(), actor, change("status"), desk.Pending, "")
			}},
			{"files", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.Attach(t.Context(), actor, change("files"), []desk.Attachment{textFile("content")})
			}},
			{"priority", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.SetPriority(t.Context(), core, change("priority"), desk.Low)
			}},
			{"group", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.Assign(t.Context(), core, change("group"), app.Assignment{GroupCode: "NETWORK_ADMIN"})
			}},
			{"cancel", func(d *desktest.Desk) (app.Changed, error) {
				return d.App.ChangeStatus(t.Context(), actor, change("cancel"), desk.Cancelled, "")
			}},
		}
		told := map[string]string{}
		for _, r := range requests {
			changed, err := r.call(d)
			answer, replayed, err := answered(changed, err, word)
			if err != nil || replayed {
				t.Fatalf("%s: %v, %v", r.id, replayed, err)
			}
			told[r.id] = answer
		}
		opened, _, err := openOnce(t, d, actor, "open", claimBody)
		must(t, err)
		db := behind(t, d)
		db.do(t, `DELETE FROM support_group WHERE code = 'NETWORK_ADMIN'`)
		before := db.stored(t)
		for _, node := range []*desktest.Desk{d, d.Node(t)} { // the second one as after a restart
			for _, r := range requests {
				changed, err := r.call(node)
				answer, replayed, err := answered(changed, err, word)
				if err != nil || !replayed || answer != told[r.id] {
					t.Errorf("%s again: %q, %v, %v; want %q", r.id, answer, replayed, err, told[r.id])
				}
			}
			if again, replayed, err := openOnce(t, node, actor, "open", claimBody); again != opened || !replayed {
				t.Errorf("open again: %q, %v, %v; want %q", again, replayed, err, opened)
			}
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" {
			t.Errorf("a repetition stored something: %s", diff)
		}
	})
}

func TestOnlySuccessesAreKeptSoThatACorrectedRequestMayUseItsId(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		wrong := claimDraft()
		wrong.Nominal = 0
		_, err := d.App.OpenClaim(t.Context(), actor, wrong, once(t, "req_1", "POST /claims", `{"nominal":0}`, wordOpened))
		mustFail(t, err, desk.Invalid, "a wrong claim")
		if _, replayed, err := openOnce(t, d, actor, "req_1", claimBody); replayed || err != nil {
			t.Errorf("the corrected claim: %v, %v", replayed, err)
		}
		ticket := openedTicket(t, d, actor)
		word := func(app.Changed) string { return "changed" }
		change := of(ticket)
		change.Once = once(t, "req_2", "PATCH", `{"status":"RESOLVED"}`, word)
		_, err = d.App.ChangeStatus(t.Context(), actor, change, desk.Resolved, "")
		mustFail(t, err, desk.Invalid, "a wrong step")
		change.Version = 99
		_, err = d.App.ChangeStatus(t.Context(), actor, change, desk.Pending, "")
		mustFail(t, err, desk.Stale, "a stale step")
		change.Version, change.Once = 0, once(t, "req_2", "PATCH", `{"status":"PENDING"}`, word)
		_, err = d.App.ChangeStatus(t.Context(), actor, change, desk.Pending, "")
		must(t, err)
	})
}

func TestAnIdBelongsToItsPartnerAndTheAnswerIsSealed(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor, other := allOf(t, d, "Partner"), allOf(t, d, "Other")
		told, _, err := openOnce(t, d, actor, "req_1", claimBody)
		must(t, err)
		if their, replayed, err := openOnce(t, d, other, "req_1", claimBody); replayed || err != nil || their == told {
			t.Errorf("another partner's: %q, %v, %v", their, replayed, err)
		}
		kept, body, err := d.App.ReadRequest(t.Context(), actor, "req_1")
		if err != nil || string(body) != told || kept.TicketNumber == 0 || kept.Operation != "POST /claims" || kept.Status != 200 {
			t.Errorf("the request reads %+v, %q, %v", kept, body, err)
		}
		code := told[strings.LastIndexByte(told, ' ')+1:]
		for _, row := range behind(t, d).rows(t, `SELECT * FROM request`) {
			for _, clear := range []string{code, "ticket 1", "Ahmad", "150000"} {
				if strings.Contains(row, clear) {
					t.Errorf("%q can be read in %s", clear, row)
				}
			}
		}
	})
}
