package staff_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// searchDesk is a desk of which employees search the tickets.
type searchDesk struct {
	*desktest.Desk
	*staff.Staff
	partner desk.Actor
}

func newSearchDesk(t *testing.T, e desktest.Engine) searchDesk {
	t.Helper()
	d := desktest.NewDesk(t, e)
	return searchDesk{d, staff.New(staff.Options{App: d.App, Store: d.Store, Keyring: d.Keyring}), d.Actor(d.NewKey(t, "partner", "omnichannel:*"))}
}

// open makes a ticket of a service, which says whose group it is.
func (d searchDesk) open(t *testing.T, service desk.ServiceType, change func(*desk.TicketDraft)) *desk.Ticket {
	t.Helper()
	draft := desk.TicketDraft{Channel: "EMAIL", ServiceType: service, Title: "Judul", Description: "Uraian",
		Customer: desk.Customer{Name: "Sarah Johnson"}, Metadata: desk.Metadata{JSON: "{}"}}
	change(&draft)
	opened, err := d.App.OpenTicket(t.Context(), d.partner, draft, app.Once[app.Opened]{})
	if err != nil {
		t.Fatal(err)
	}
	return opened.Ticket
}

// described is a ticket of the call centre with a description.
func (d searchDesk) described(t *testing.T, description string) *desk.Ticket {
	t.Helper()
	return d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Description = description })
}

// Who searches in these tests.
func auditor() desk.Actor {
	return desk.Agent{ID: "auditor", Name: "Auditor", Role: desk.RoleAuditor}.Actor()
}

func agentOf(groups ...string) desk.Actor {
	return desk.Agent{ID: "agent", Name: "Agent", Role: desk.RoleAgent, Groups: groups}.Actor()
}

// found is the first page of a search, when all that was written can be found.
func (d searchDesk) found(t *testing.T, actor desk.Actor, query string) staff.Found {
	t.Helper()
	d.Index(t)
	return d.foundNow(t, actor, query)
}

// foundNow is the first page of a search, however far the index is behind.
func (d searchDesk) foundNow(t *testing.T, actor desk.Actor, query string) staff.Found {
	t.Helper()
	found, err := d.Search(t.Context(), actor, query, 0, 20)
	if err != nil {
		t.Fatalf("%q: %v", query, err)
	}
	return found
}

// whys are the numbers and reasons of what was found.
func whys(f staff.Found) (told []string) {
	for _, h := range f.Hits {
		told = append(told, strconv.FormatInt(h.Ticket.Number, 10)+" "+h.Why)
	}
	return told
}

// expect fails the test unless a search finds these tickets, for a reason.
func (d searchDesk) expect(t *testing.T, actor desk.Actor, query, why string, tickets ...*desk.Ticket) {
	t.Helper()
	var want []string
	for _, one := range tickets {
		want = append(want, strconv.FormatInt(one.Number, 10)+" "+why)
	}
	if diff := gocmp.Diff(want, whys(d.found(t, actor, query))); diff != "" {
		t.Errorf("%q (-want +found):\n%s", query, diff)
	}
}

func TestATicketIsFoundByItsWords(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		first := d.described(t, "Kartu tertelan di mesin Boulevard. The café was closed.")
		second := d.described(t, "Kartu hilang di pasar")
		d.expect(t, auditor(), "kartu", staff.WhyText, second, first)
		d.expect(t, auditor(), "KARTU tert", staff.WhyText, first)
		d.expect(t, auditor(), "cafe", staff.WhyText, first)
		d.expect(t, auditor(), "CAFÉ bou", staff.WhyText, first)
		d.expect(t, auditor(), "sarah joh", staff.WhyText, second, first)
		d.expect(t, auditor(), "ka", staff.WhyText, second, first)
		d.expect(t, auditor(), "artu", staff.WhyText)
		d.expect(t, auditor(), "kartu sekali", staff.WhyText)
		d.expect(t, auditor(), `" OR * NOT ( kartu' :*) & | \ hilang`, staff.WhyText)
		d.expect(t, auditor(), `"kartu' :*) & | \ hilang`, staff.WhyText, second)
	})
}

func TestCommentsAndNotesAreSearchedToo(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ticket := d.described(t, "Kartu tertelan")
		worker := agentOf("CALL_CENTER")
		for _, internal := range []bool{false, true} {
			_, err := d.App.AddComment(t.Context(), worker, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)},
				app.NewComment{Content: map[bool]string{false: "Sedang diperiksa teknisi", true: "Rekaman kamera diminta"}[internal], Internal: internal})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, query := range []string{"teknisi", "kamera", "kartu kamera teknisi"} {
			d.expect(t, worker, query, staff.WhyText, ticket)
		}
		want := []desk.Piece{{Text: "Rekaman "}, {Text: "kamera", Match: true}, {Text: " diminta"}}
		if diff := gocmp.Diff(want, d.found(t, worker, "kamera").Hits[0].Excerpt); diff != "" {
			t.Errorf("excerpt (-want +got):\n%s", diff)
		}
	})
}

func TestATicketThatMovesIsFoundByItsNewGroupOnly(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ticket := d.described(t, "Kartu tertelan")
		before, after := agentOf("CALL_CENTER"), agentOf("CARD_SERVICES")
		d.expect(t, before, "kartu", staff.WhyText, ticket)
		d.expect(t, after, "kartu", staff.WhyText)
		if _, err := d.App.Assign(t.Context(), before, app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}, app.Assignment{GroupCode: "CARD_SERVICES"}); err != nil {
			t.Fatal(err)
		}
		if found := d.foundNow(t, before, "kartu"); len(found.Hits) > 0 {
			t.Errorf("before the index knows, those it left find %v", whys(found))
		}
		d.expect(t, before, "kartu", staff.WhyText)
		d.expect(t, after, "kartu", staff.WhyText, ticket)
	})
}

func TestTicketsAreFoundByWhatNamesThem(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		ticket := d.open(t, "ATM_ISSUE", func(draft *desk.TicketDraft) {
			draft.ChannelReference = "wa-70.001/x"
			draft.Customer.Email, draft.Customer.Phone, draft.Customer.Identifier = "Sarah.J@email.com", "+62 812-3456-789", "cif 789123"
			draft.Metadata = desk.Metadata{JSON: `{"atmId":"atm-0126","nomorRekening":"*****4417"}`, Accounts: map[string]string{"nomorRekening": "0010200004417"}}
		})
		number := strconv.FormatInt(ticket.Number, 10)
		for query, why := range map[string]string{
			number: staff.WhyNumber, "#" + number: staff.WhyNumber, " " + number + " ": staff.WhyNumber, "wa-70.001/x": staff.WhyReference,
			"SARAH.J@EMAIL.COM": string(desk.ByEmail), "0812 3456 789": string(desk.ByPhone), "628123456789": string(desk.ByPhone), "CIF 789123": string(desk.ByIdentifier),
			"0010200004417": string(desk.ByAccount), "001-02-0000441-7": string(desk.ByAccount), "ATM-0126": string(desk.ByATM),
		} {
			d.expect(t, agentOf("ATM_SERVICES"), query, why, ticket)
			d.expect(t, agentOf("CARD_SERVICES"), query, why)
		}
		for _, query := range []string{"email.com", "sarah.j@email", "0812345678", "CIF 78912", "00102000044", "WA-70.001/x"} {
			if told := whys(d.found(t, auditor(), query)); slices.ContainsFunc(told, func(s string) bool { return !strings.HasSuffix(s, staff.WhyText) }) {
				t.Errorf("%q, which is only a part, finds %v", query, told)
			}
		}
	})
}

func TestNobodyFindsWhatIsNotInSight(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		var all []*desk.Ticket
		for _, service := range []desk.ServiceType{"INQUIRY", "DISPUTE", "CARD_ISSUE"} { // the second is confidential
			for _, branch := range []string{"", "001", "002"} {
				all = append(all, d.open(t, service, func(draft *desk.TicketDraft) {
					draft.Description, draft.Customer.BranchCode, draft.Customer.Identifier, draft.ChannelReference = "Kartu tertelan", branch, "CIF1", "ref"
				}))
			}
		}
		slices.Reverse(all)
		searchers := []desk.Actor{auditor(), agentOf(), agentOf("CALL_CENTER"), agentOf("CARD_SERVICES", "CALL_CENTER"), d.partner}
		for _, branch := range []string{"001", "002", "", desk.OmniBranch, "009"} {
			searchers = append(searchers, desk.Agent{ID: "s", Role: desk.RoleSupervisor, Branch: branch}.Actor(),
				desk.Agent{ID: "s", Role: desk.RoleSupervisor, Groups: []string{"CARD_SERVICES"}, Branch: branch}.Actor())
		}
		for _, actor := range searchers {
			var seen []*desk.Ticket
			for _, one := range all {
				if actor.Sight().Sees(one) {
					seen = append(seen, one)
				}
			}
			d.expect(t, actor, "CIF1", string(desk.ByIdentifier), seen...)
			d.expect(t, actor, "ref", staff.WhyReference, seen...)
			if actor.Role != "" { // partners have no search by words
				d.expect(t, actor, "kartu", staff.WhyText, seen...)
			}
		}
	})
}

func TestPagesOfASearchLeaveNothingOutAndRepeatNothing(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		var want []string
		for i := range 25 {
			one := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) {
				if draft.Description = "Kartu"; i%3 > 0 {
					draft.Description = "kata 081234567"
				}
				if i%2 > 0 {
					draft.Customer.Phone = "081234567"
				}
			})
			if i%3 > 0 || i%2 > 0 {
				want = append(want, strconv.FormatInt(one.Number, 10)+map[bool]string{true: " phone", false: " text"}[i%2 > 0])
			}
		}
		slices.Reverse(want)
		d.Index(t)
		for _, limit := range []int{1, 4, 7, 100} {
			var got []string
			for before, more := int64(0), true; more; {
				page, err := d.Search(t.Context(), agentOf("CALL_CENTER"), "081234567", before, limit)
				if err != nil || len(page.Hits) > limit || page.More && page.Before >= before && before > 0 {
					t.Fatalf("a page of %d before %d: %+v, %v", limit, before, page, err)
				}
				got = append(got, whys(page)...)
				before, more = page.Before, page.More
			}
			if limit == 100 { // what the query names stands above
				slices.SortStableFunc(want, func(a, b string) int { return cmp.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) })
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("by %d (-want +found):\n%s", limit, diff)
			}
		}
	})
}

func TestASearchThatSaysTooLittleIsRefused(t *testing.T) {
	t.Parallel()
	d := newSearchDesk(t, desktest.SQLite)
	for _, query := range []string{"", "  ", "a", " é ", "\x00", "\xff"} {
		if _, err := d.Search(t.Context(), auditor(), query, 0, 20); !desk.Is(err, desk.Invalid) {
			t.Errorf("%q: %v", query, err)
		}
	}
	if _, err := d.Search(t.Context(), desk.Actor{}, "kartu", 0, 20); !desk.Is(err, desk.Forbidden) {
		t.Errorf("by nobody: %v", err)
	}
	for _, query := range []string{"1", "--", "a b", strings.Repeat("kartu ", 5000), "\x00ka\xff", "9223372036854775807", "99999999999999999999", "-5"} {
		if found, err := d.Search(t.Context(), auditor(), query, -7, -7); err != nil || len(found.Hits) > 0 || found.More {
			t.Errorf("%.20q: %+v, %v", query, found, err)
		}
	}
}

func TestASearchIsAuditedWithoutItsQuery(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		one := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Customer.Email = "sarah@example.com" })
		verbs, err := app.New(t.Context(), app.Options{Store: d.Store, Keyring: d.Keyring})
		if err != nil {
			t.Fatal(err)
		}
		d.Staff = staff.New(staff.Options{App: verbs, Store: d.Store, Keyring: d.Keyring})
		d.found(t, agentOf("CALL_CENTER"), "sarah@example.com")
		d.found(t, agentOf("CALL_CENTER"), "sarah@elsewhere.com")
		ended, end := context.WithCancel(t.Context())
		end()
		verbs.KeepAudit(ended) // writes what waits
		var told []string
		rows, err := desktest.Installation{Folder: d.Folder, Database: d.Database}.SQL(t).QueryContext(t.Context(), `SELECT action, target, detail FROM audit ORDER BY id`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var action, target, detail string
			if err := rows.Scan(&action, &target, &detail); err != nil {
				t.Fatal(err)
			}
			if action == "ticket.search" {
				told = append(told, detail)
			}
			if strings.Contains(target+detail, "sarah") {
				t.Errorf("the audit trail tells of %q", detail)
			}
		}
		slices.Sort(told) // of one moment
		if diff := gocmp.Diff([]string{"by email, shown: " + strconv.FormatInt(one.Number, 10), "by, shown:"}, told); diff != "" {
			t.Errorf("audited (-want +got):\n%s", diff)
		}
		if strings.Contains(d.Log.String(), "sarah") {
			t.Error("the log tells the query")
		}
	})
}

func TestASearchSaysHowMuchOfTheIndexThereIs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		one := d.described(t, "Kartu tertelan")
		if found := d.foundNow(t, auditor(), "kartu"); len(found.Hits) > 0 || found.Building != 0 || found.Behind != 0 {
			t.Errorf("before: %+v", found)
		}
		d.expect(t, auditor(), "kartu", staff.WhyText, one)
		if found := d.foundNow(t, auditor(), "kartu"); found.Building != 100 || found.Behind != 0 {
			t.Errorf("after: %+v", found)
		}
	})
}

// What is behind is only the search by words, which says so.
func TestANewTicketIsFoundAtOnceByWhatNamesIt(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		d.Index(t)
		one := d.open(t, "ATM_ISSUE", func(draft *desk.TicketDraft) {
			draft.Description, draft.ChannelReference, draft.Customer.Email = "Kartu tertelan", "wa-70", "sarah@email.com"
			draft.Metadata = desk.Metadata{JSON: `{"atmId":"ATM-0126"}`}
		})
		d.Sequence(t)
		d.Clock.Advance(7 * time.Second)
		number := strconv.FormatInt(one.Number, 10)
		for query, why := range map[string]string{number: staff.WhyNumber, "wa-70": staff.WhyReference, "sarah@email.com": string(desk.ByEmail), "ATM-0126": string(desk.ByATM)} {
			if diff := gocmp.Diff([]string{number + " " + why}, whys(d.foundNow(t, auditor(), query))); diff != "" {
				t.Errorf("%s (-want +found):\n%s", query, diff)
			}
		}
		if found := d.foundNow(t, auditor(), "kartu"); len(found.Hits) > 0 || found.Building != 100 || found.Behind < 7*time.Second || found.Behind > 8*time.Second {
			t.Errorf("by its words: %+v", found)
		}
		d.expect(t, auditor(), "kartu", staff.WhyText, one)
	})
}
