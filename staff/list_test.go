package staff_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
)

// What tickets are made of here, and what views ask for.
var (
	listedServices = []desk.ServiceType{"INQUIRY", "CARD_ISSUE", "DISPUTE", "COMPLAINT", "ATM_ISSUE"}
	listedGroups   = []string{"CALL_CENTER", "CARD_SERVICES", "TRANSACTION_CLAIMS_SUPPORT", "DUKUNGAN_LAYANAN", "ATM_SERVICES", "NETWORK_ADMIN"}
	listedBranches = []string{"001", "002", "OMNI"}
	listedAgents   = []string{"", "ani", "budi"}
)

// wild makes tickets of all kinds, some for tests, that many changed; often several at the same moment.
func wild(t *testing.T, d *desktest.Desk, n int) (agents map[string]string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	partner, tests := d.Actor(d.NewKey(t, "partner", "omnichannel:*")), d.Actor(d.NewTestKey(t, "partner", "omnichannel:*"))
	bank := d.Actor(d.NewKey(t, "bank", desk.MayManage))
	agents = map[string]string{"": "", "ani": hired(t, d, "ani@bank.example", desk.RoleAgent).ID, "budi": hired(t, d, "budi@bank.example", desk.RoleAgent).ID}
	pick := func(n int) int { return random.IntN(n) }
	for i := range n {
		by := partner
		if pick(10) == 0 {
			by = tests
		}
		o, err := d.App.OpenTicket(t.Context(), by, desk.TicketDraft{Channel: desk.Channels[pick(3)], ServiceType: listedServices[pick(len(listedServices))], Title: "Judul", Description: "Uraian",
			Priority: desk.Priorities[pick(4)], Customer: desk.Customer{Name: "Sarah", BranchCode: listedBranches[pick(3)]}, Metadata: desk.Metadata{JSON: "{}"}}, app.Once[app.Opened]{})
		succeed(t, err)
		change := app.Change{Ticket: strconv.FormatInt(o.Ticket.Number, 10)}
		if by.Test {
			continue
		}
		if agent := agents[listedAgents[pick(3)]]; agent != "" {
			_, err := d.App.Assign(t.Context(), bank, change, app.Assignment{GivenAgent: true, AssigneeID: agent})
			succeed(t, err)
		}
		if to := desk.Statuses[pick(len(desk.Statuses))]; to != desk.Open && to != desk.Closed {
			_, err := d.App.ChangeStatus(t.Context(), bank, change, to, "")
			succeed(t, err)
		}
		if i%3 == 0 {
			d.Clock.Advance(time.Duration(pick(20)) * time.Hour / 4)
		}
	}
	return agents
}

// everyTicket reads all tickets, tests too, in full.
func everyTicket(t *testing.T, d *desktest.Desk) (all []*desk.Ticket) {
	t.Helper()
	db := desktest.Installation{Folder: d.Folder, Database: d.Database}.SQL(t)
	rows, err := db.QueryContext(context.Background(), `SELECT number FROM ticket`)
	succeed(t, err)
	defer rows.Close()
	var numbers []int64
	for rows.Next() {
		var n int64
		succeed(t, rows.Scan(&n))
		numbers = append(numbers, n)
	}
	succeed(t, rows.Err())
	succeed(t, d.Store.Read(t.Context(), func(tx *store.Tx) error {
		all = nil
		for _, n := range numbers {
			one, err := tx.TicketByNumber(n, false)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	}))
	return all
}

// naive are the tickets of a view, by the rules alone.
func naive(all []*desk.Ticket, actor desk.Actor, v desk.View, at time.Time) (numbers []int64) {
	belong := slices.DeleteFunc(slices.Clone(all), func(one *desk.Ticket) bool { return !actor.Sight().Sees(one) || !v.Matches(one, actor.ID, at) })
	slices.SortFunc(belong, func(a, b *desk.Ticket) int {
		if v.Order == desk.ByDeadline {
			return cmp.Or(a.NextDeadline().Compare(b.NextDeadline()), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(b.ID, a.ID))
	})
	for _, one := range belong {
		numbers = append(numbers, one.Number)
	}
	return numbers
}

// drawReader draws somebody who reads lists.
func drawReader(t *rapid.T, agents map[string]string) desk.Actor {
	role := rapid.SampledFrom(desk.Roles).Draw(t, "role")
	a := desk.Agent{ID: agents[rapid.SampledFrom([]string{"ani", "budi"}).Draw(t, "reader")], Role: role}
	a.Groups = slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.SampledFrom(listedGroups), 0, 4, rapid.ID).Draw(t, "groups")))
	a.Branch = rapid.SampledFrom(append([]string{""}, listedBranches...)).Draw(t, "branch")
	return a.Actor()
}

// drawView draws a list: conditions that must hold, of which one must, and that must not.
func drawView(t *rapid.T, agents map[string]string) desk.View {
	values := map[desk.ViewField][]string{
		desk.ViewStatus: {"OPEN", "IN_PROGRESS", "PENDING", "RESOLVED", "CANCELLED", "active"}, desk.ViewPriority: {"LOW", "HIGH", "CRITICAL"}, desk.ViewGroup: append([]string{"UNKNOWN"}, listedGroups...),
		desk.ViewService: {"INQUIRY", "DISPUTE"}, desk.ViewChannel: {"EMAIL", "WHATSAPP", "none"}, desk.ViewBranch: listedBranches, desk.ViewAssignee: {"me", "none", agents["ani"], agents["budi"], "x"},
		desk.ViewSLA: {"breached", "soon", "paused"}, desk.ViewCreated: {"1d", "7d"},
	}
	q := url.Values{}
	for _, field := range desk.ViewFields {
		if rapid.IntRange(0, 5).Draw(t, "of "+string(field)) > 0 {
			continue
		}
		prefix := rapid.SampledFrom([]string{"", "", "not.", "any.", "any.not."}).Draw(t, "prefix")
		q[prefix+string(field)] = rapid.SliceOfNDistinct(rapid.SampledFrom(values[field]), 1, 3, rapid.ID).Draw(t, string(field))
	}
	if rapid.Bool().Draw(t, "by deadline") {
		q.Set("order", "due")
	}
	return desk.ParseView(q)
}

func TestPagesOfAListHoldEveryTicketInSightOnceAndInOrder(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		agents := wild(t, d, 80)
		all, at, ctx := everyTicket(t, d), d.Clock.Now(), t.Context()
		found := 0
		rapid.Check(t, func(t *rapid.T) {
			actor, v, limit := drawReader(t, agents), drawView(t, agents), rapid.IntRange(1, 9).Draw(t, "limit")
			want := naive(all, actor, v, at)
			var got []int64
			var place staff.Place
			for pages := 0; ; pages++ {
				page, err := d.Staff.List(ctx, actor, v, place, limit)
				if err != nil || len(page.Tickets) > limit || page.Thin || pages > len(all) {
					t.Fatalf("page %d: %d tickets, thin %v, %v", pages, len(page.Tickets), page.Thin, err)
				}
				for _, one := range page.Tickets {
					got = append(got, one.Number)
				}
				if place = page.Next; !page.More {
					break
				}
				if len(page.Tickets) < limit {
					t.Fatalf("page %d of %d tickets says that there are more", pages, len(page.Tickets))
				}
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("%s of %+v (-by the rules +listed): %s", v.Query().Encode(), actor.Sight(), diff)
			}
			found += len(got)
			n, exact, err := d.Staff.Count(ctx, actor, v, limit)
			if err != nil || n != min(limit, len(want)) || exact != (len(want) <= limit) {
				t.Fatalf("%d tickets, counted to %d: %d, exact %v, %v", len(want), limit, n, exact, err)
			}
			checkNeighbours(t, d, actor, v, all, want)
		})
		if found == 0 {
			t.Error("no list had a ticket")
		}
	})
}

// numberIn is the number of a ticket; 0 for none.
func numberIn(t *desk.Ticket) int64 {
	if t == nil {
		return 0
	}
	return t.Number
}

// checkNeighbours fails the test unless each ticket of a list has the ones beside it as its neighbours, also when it
// has just left its place.
func checkNeighbours(t *rapid.T, d *desktest.Desk, actor desk.Actor, v desk.View, all []*desk.Ticket, want []int64) {
	numbered := map[int64]*desk.Ticket{}
	for _, one := range all {
		numbered[one.Number] = one
	}
	at := func(i int) int64 {
		if i < 0 || i >= len(want) {
			return 0
		}
		return want[i]
	}
	for _, i := range []int{0, len(want) / 2, len(want) - 1} {
		if at(i) == 0 {
			continue
		}
		one := numbered[want[i]]
		place := staff.PlaceOf(one, v.Order).At
		for among, before := range map[int]int64{100: at(i - 1), 1: 0} { // what is far down has no ticket before it that is known
			n, err := d.Staff.Neighbours(context.Background(), actor, v, one, place, among)
			if err != nil || numberIn(n.Before) != before || numberIn(n.After) != at(i+1) {
				t.Fatalf("beside %d in %v, among %d: %d and %d, %v", want[i], want, among, numberIn(n.Before), numberIn(n.After), err)
			}
		}
		gone := *one // was taken out of the list, or moved within it
		gone.UpdatedAt, gone.Status = gone.UpdatedAt.Add(time.Hour), desk.Closed
		n, err := d.Staff.Neighbours(context.Background(), actor, v, &gone, place, 100)
		if err != nil || numberIn(n.Before) != at(i-1) || numberIn(n.After) != at(i+1) {
			t.Fatalf("beside where %d was in %v: %d and %d, %v", want[i], want, numberIn(n.Before), numberIn(n.After), err)
		}
	}
}

func TestAFilterThatFewTicketsPassIsToldToGoOn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := newSearchDesk(t, e)
		needle := d.open(t, "INQUIRY", func(draft *desk.TicketDraft) { draft.Channel = "EMAIL" })
		d.Clock.Advance(time.Second)
		var making sync.WaitGroup
		for range 20 {
			making.Go(func() {
				for range 60 {
					draft := desk.TicketDraft{Channel: "WHATSAPP", ServiceType: "INQUIRY", Description: "x", Customer: desk.Customer{Name: "x"}, Metadata: desk.Metadata{JSON: "{}"}}
					if _, err := d.App.OpenTicket(t.Context(), d.partner, draft, app.Once[app.Opened]{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		making.Wait()
		view := desk.ParseView(url.Values{"channel": {"EMAIL"}})
		var place staff.Place
		for pages := 1; ; pages++ {
			page, err := d.Staff.List(t.Context(), agentOf("CALL_CENTER"), view, place, 10)
			succeed(t, err)
			if pages == 1 && (!page.More || !page.Thin || len(page.Tickets) != 0) {
				t.Fatalf("the first page has %d tickets, more %v, thin %v", len(page.Tickets), page.More, page.Thin)
			}
			if place = page.Next; !page.More {
				if pages != 2 || len(page.Tickets) != 1 || page.Tickets[0].Number != needle.Number || page.Thin {
					t.Errorf("page %d: %d tickets, thin %v", pages, len(page.Tickets), page.Thin)
				}
				break
			}
		}
		if n, exact, err := d.Staff.Count(t.Context(), agentOf("CALL_CENTER"), view, 10); err != nil || n != 0 || exact {
			t.Errorf("counted %d, exact %v, %v", n, exact, err)
		}
	})
}

func TestWhoSeesNothingIsListedNothing(t *testing.T) {
	t.Parallel()
	d := newSearchDesk(t, desktest.SQLite)
	ticket := d.open(t, "INQUIRY", func(*desk.TicketDraft) {})
	for name, actor := range map[string]desk.Actor{"an agent without groups": agentOf(), "an admin without groups": desk.Agent{ID: "x", Role: desk.RoleAdmin, Branch: "OMNI"}.Actor()} {
		page, err := d.Staff.List(t.Context(), actor, desk.View{}, staff.Place{}, 10)
		if err != nil || len(page.Tickets) != 0 || page.More {
			t.Errorf("%s: %d tickets, %v", name, len(page.Tickets), err)
		}
	}
	for name, actor := range map[string]desk.Actor{"nobody": {}, "somebody who is not wholly signed in": {Kind: desk.ByAgent, ID: "x"}} {
		_, err := d.Staff.List(t.Context(), actor, desk.View{}, staff.Place{}, 10)
		refusedWith(t, err, desk.Forbidden, desk.CannotRead, name)
	}
	n, err := d.Staff.Neighbours(t.Context(), agentOf("CARD_SERVICES"), desk.View{}, ticket, 0, 10)
	if n.Before != nil || n.After != nil || err != nil {
		t.Errorf("beside a ticket out of sight: %s, %v", fmt.Sprint(n), err)
	}
}
