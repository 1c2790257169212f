package staff_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

func (d searchDesk) found(t *testing.T, actor desk.Actor, query string) staff.Found {
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
	if diff := cmp.Diff(want, whys(d.found(t, actor, query))); diff != "" {
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

func TestCommentsAndNotesAreSearchedTooAtOnce(t *testing.T) {
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
		if diff := cmp.Diff(want, d.found(t, worker, "kamera").Hits[0].Excerpt); diff != "" {
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
