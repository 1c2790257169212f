package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/store/internal/schema"
)

// takeTests takes numbers of tickets for tests.
func takeTests(t *testing.T, s *store.Store, n int) []int64 {
	t.Helper()
	taken := make([]int64, n)
	for i := range taken {
		var err error
		if taken[i], err = s.TakeTestNumber(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return taken
}

func TestNumbersOfTestsAndOthersNeverMeet(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		nodes := []*store.Store{numbering(t, p), p.open(t, store.Options{})}
		tests, others := make([][]int64, 4), make([][]int64, 4)
		var all sync.WaitGroup
		for i := range tests {
			all.Go(func() { tests[i], others[i] = takeTests(t, nodes[i%2], 70), take(t, nodes[i%2], 70) })
		}
		all.Wait()
		test, other := slices.Concat(tests...), slices.Concat(others...)
		slices.Sort(test)
		slices.Sort(other)
		if n := len(slices.Compact(test)); n != 280 || test[0] != 9_000_000_000_001 {
			t.Errorf("%d numbers of tests, from %d on", n, test[0])
		}
		if n := len(slices.Compact(other)); n != 280 || other[0] != 10001 || other[n-1] >= desk.FirstTestNumber {
			t.Errorf("%d other numbers, from %d to %d", n, other[0], other[n-1])
		}
		check(t, nodes[0].Close())
		check(t, nodes[1].Close())
		if next := takeTests(t, p.open(t, store.Options{}), 1)[0]; next <= test[len(test)-1] {
			t.Errorf("after a restart a test got %d, %d was given before", next, test[len(test)-1])
		}
	})
}

func TestACounterThatReachesTheNumbersOfTestsGivesNone(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	write(t, s, func(tx *store.Tx) { tx.StartNumbers(desk.FirstTestNumber - 50) })
	if n, err := s.TakeNumber(t.Context()); err == nil || !strings.Contains(err.Error(), "counter 'ticket'") {
		t.Errorf("got number %d, %v", n, err)
	}
}

// withTests stores the partners p, and q whose tickets are the tests of p.
func withTests(t *testing.T, s *store.Store) {
	t.Helper()
	write(t, s, func(tx *store.Tx) {
		tx.InsertPartner(desk.Partner{ID: "p", Name: "p"})
		tx.InsertPartner(desk.Partner{ID: "q", Name: "p (test)", TestOf: "p"})
	})
}

func TestEventsOfTestsAreInNoFeedButTheirOwn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		for name, inside := range map[string]bool{"behind the commit": false, "at once": true} {
			t.Run(name, func(t *testing.T) {
				s := open(t, e)
				withTests(t, s)
				if inside {
					store.SealInside(s, seal)
				}
				for i, partner := range []string{"p", "q", "q", "p", "q"} {
					write(t, s, func(tx *store.Tx) {
						tx.Record(event(fmt.Sprint("t", i), partner, 1, desk.TicketCreated, desktest.Start.Add(time.Duration(i)*time.Second)))
					})
				}
				sequence(t, s)
				var numbers []int64
				for _, n := range order(t, s) {
					numbers = append(numbers, n.Number)
				}
				if diff := cmp.Diff([]int64{-5, -3, -2, 1, 4}, numbers); diff != "" {
					t.Errorf("numbers (-want +got):\n%s", diff)
				}
				for partner, want := range map[string][]int64{"": {1, 4}, "p": {1, 2}, "q": {1, 2, 3}} {
					var cursors []int64
					for _, e := range read(t, s, func(tx *store.Tx) ([]store.FeedEvent, error) { return tx.Feed(partner, 0, 10) }) {
						cursors = append(cursors, e.Cursor)
					}
					if diff := cmp.Diff(want, cursors); diff != "" {
						t.Errorf("cursors of %q (-want +got):\n%s", partner, diff)
					}
				}
				for _, c := range []struct {
					partner string
					place   int64
					want    bool
				}{{"q", 3, true}, {"q", 4, false}, {"p", 1, false}, {"", 1, false}} {
					if got := read(t, s, func(tx *store.Tx) (bool, error) { return tx.TestsUpTo(c.partner, c.place) }); got != c.want {
						t.Errorf("the tests of %q came up to %d: %v", c.partner, c.place, got)
					}
				}
			})
		}
	})
}

func TestWhoSeesAllPartnersSeesNoTests(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		withTests(t, s)
		live, test := plain(10001, "p", desk.Resolved, desktest.Start), plain(desk.FirstTestNumber, "q", desk.Resolved, desktest.Start)
		for _, one := range []*desk.Ticket{live, test} {
			one.ChannelReference, one.ResolvedAt, one.Lookups = "ref", desktest.Start, []desk.Lookup{{Kind: desk.ByEmail, Hash: "h"}}
		}
		tickets(t, s, live, test)
		for partner, want := range map[string]int64{"": live.Number, "p": live.Number, "q": test.Number} {
			found := read(t, s, func(tx *store.Tx) ([]int64, error) {
				listed, err := tx.ListTickets(store.TicketFilter{PartnerID: partner, Limit: 10})
				check(t, err)
				searched, err := tx.FindTickets(partner, live.Lookups, "", 10)
				check(t, err)
				one, err := tx.TicketByReference("ref", partner, false)
				check(t, err)
				return append(numbersOf(append(listed, searched...)), one.Number), nil
			})
			standing, err := s.StandingByReference(t.Context(), "ref", partner)
			check(t, err)
			if diff := cmp.Diff([]int64{want, want, want, want}, append(found, standing.Ticket.Number)); diff != "" {
				t.Errorf("list, search, reference and status for %q (-want +got):\n%s", partner, diff)
			}
		}
		resolved := read(t, s, func(tx *store.Tx) ([]string, error) {
			return tx.ResolvedBefore(desktest.Start.Add(time.Second), 10)
		})
		if slices.Sort(resolved); !slices.Equal(resolved, []string{live.ID, test.ID}) {
			t.Errorf("%v are closed in time, want both", resolved)
		}
	})
}

// whole is everything that belongs to a ticket, by the tables that name tickets.
func whole(t *testing.T, s *store.Store, id string) map[string]int {
	t.Helper()
	tables, err := store.Tables(t.Context(), newest(t))
	check(t, err)
	counts := map[string]int{}
	for _, table := range tables {
		if slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Name == "ticket_id" }) {
			counts[table.Name] = read(t, s, func(tx *store.Tx) (n int, err error) {
				return n, store.Ask(tx, `SELECT COUNT(*) FROM `+table.Name+` WHERE ticket_id = $1`, []any{id}, &n)
			})
		}
	}
	return counts
}

// furnished stores a ticket with one of everything.
func furnished(t *testing.T, s *store.Store, number int64, partner string, created time.Time) *desk.Ticket {
	t.Helper()
	one := plain(number, partner, desk.Open, created)
	one.CreatedAt, one.Lookups = created, []desk.Lookup{{Kind: desk.ByEmail, Hash: "h"}}
	own := "file of " + one.ID
	register(t, s, own, "shared")
	write(t, s, func(tx *store.Tx) {
		tx.InsertTicket(one)
		tx.InsertComment(desk.Comment{TicketID: one.ID, ID: "c", Seq: 1})
		tx.InsertAttachments([]desk.Attachment{{TicketID: one.ID, ID: "a", SHA256: own}, {TicketID: one.ID, ID: "b", SHA256: "shared"}})
		tx.Record(event(one.ID, partner, 1, desk.TicketCreated, created))
		tx.KeepRequest(store.Request{PartnerID: partner, ID: one.ID, TicketNumber: number, CreatedAt: created})
	})
	for table, n := range whole(t, s, one.ID) {
		if n == 0 {
			mark(t, s, table, one.ID)
		}
	}
	return one
}

// mark stores a row of a ticket in a table, of which nothing else is known.
func mark(t *testing.T, s *store.Store, name, id string) {
	t.Helper()
	tables, err := store.Tables(t.Context(), newest(t))
	check(t, err)
	table := tables[slices.IndexFunc(tables, func(table store.Table) bool { return table.Name == name })]
	var columns, values []string
	for _, c := range table.Columns {
		value := map[string]string{"text": "'x'", "bigint": "1", "boolean": "FALSE"}[c.Type]
		if c.Name == "ticket_id" {
			value = "'" + id + "'"
		}
		columns, values = append(columns, c.Name), append(values, value)
	}
	write(t, s, func(tx *store.Tx) {
		store.Do(tx, `INSERT INTO `+name+` (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(values, ", ")+`)`)
	})
}

func TestOldTestsAreForgottenWholeAndNothingElseIs(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		withTests(t, s)
		limit := desktest.Start.Add(time.Hour)
		live := furnished(t, s, 10001, "p", desktest.Start)
		var old []*desk.Ticket
		for i := range int64(3) {
			old = append(old, furnished(t, s, desk.FirstTestNumber+i, "q", desktest.Start))
		}
		fresh := furnished(t, s, desk.FirstTestNumber+3, "q", limit)
		sequence(t, s)
		full := whole(t, s, live.ID)
		for table, n := range full {
			if n == 0 {
				t.Errorf("the test has nothing in %s", table)
			}
		}
		due := read(t, s, func(tx *store.Tx) (int, error) { return tx.OldTests(limit) })
		requests := read(t, s, func(tx *store.Tx) (int, error) { return tx.OldTestRequests(limit, desktest.Start) })
		var gone []int
		for range 3 {
			n, err := s.ForgetTests(t.Context(), limit, 2, func(t *desk.Ticket) ([]desk.Lookup, error) { return live.Lookups, nil })
			check(t, err)
			gone = append(gone, n)
		}
		n, err := s.ForgetTestRequests(t.Context(), limit, 10)
		check(t, err)
		if diff := cmp.Diff([]int{3, 3, 2, 1, 0, 3}, append(append([]int{due, requests}, gone...), n)); diff != "" {
			t.Errorf("due, due requests, forgotten, forgotten requests (-want +got):\n%s", diff)
		}
		for _, left := range []*desk.Ticket{live, fresh} {
			if diff := cmp.Diff(full, whole(t, s, left.ID)); diff != "" {
				t.Errorf("of ticket %d (-want +got):\n%s", left.Number, diff)
			}
		}
		for _, one := range old {
			for table, n := range whole(t, s, one.ID) {
				if n > 0 {
					t.Errorf("%d rows of ticket %d are left in %s", n, one.Number, table)
				}
			}
			isMissing(t, s, "a test that was forgotten", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID(one.ID, false) })
		}
		named := read(t, s, func(tx *store.Tx) ([]string, error) {
			return store.Rows[string](tx, `SELECT name FROM blob WHERE named ORDER BY name`)
		})
		if diff := cmp.Diff([]string{"file of " + live.ID, "file of " + fresh.ID, "shared"}, named); diff != "" {
			t.Errorf("files that are kept (-want +got):\n%s", diff)
		}
		left := read(t, s, func(tx *store.Tx) ([]string, error) {
			return store.Rows[string](tx, `SELECT id FROM request ORDER BY id`)
		})
		if diff := cmp.Diff([]string{live.ID, fresh.ID}, left); diff != "" {
			t.Errorf("requests that are kept (-want +got):\n%s", diff)
		}
	})
}

func TestTheSimulatedAgentFindsItsTicketsByAnIndexOfTheirOwn(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var all []*desk.Ticket
		for i, c := range []struct {
			name   string
			status desk.Status
		}{
			{desk.SimulateResolved, desk.Open}, {desk.SimulateQuestion, desk.InProgress}, {desk.SimulateRefused, desk.Resolved},
			{desk.SimulateQuestion, desk.Pending}, {desk.SimulateResolved, desk.Closed}, {desk.SimulateRefused, desk.Cancelled}, {"Simulasi", desk.Open},
		} {
			one := plain(desk.FirstTestNumber+int64(i), "q", c.status, desktest.Start.Add(-time.Duration(i)*time.Second))
			one.Customer.Name = c.name
			all = append(all, one)
		}
		live := plain(10001, "p", desk.Open, desktest.Start)
		live.Customer.Name = desk.SimulateResolved
		tickets(t, s, append(all, live)...)
		for since, want := range map[time.Duration][]string{0: {all[2].ID, all[1].ID, all[0].ID}, -time.Second: {all[2].ID, all[1].ID}, -time.Hour: nil} {
			got := read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Simulated(desktest.Start.Add(since), 10) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unchanged for %v (-want +got):\n%s", since, diff)
			}
		}
		if e == desktest.PostgreSQL { // which decides by what it counted
			return
		}
		r := recording(s)
		read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Simulated(desktest.Start, 10) })
		ran := r.run()[0]
		if plan := strings.Join(explainWith(t, s, `EXPLAIN QUERY PLAN `+ran.text, ran.args, 3), "; "); !strings.Contains(plan, "INDEX ticket_simulated") {
			t.Errorf("the plan is %s", plan)
		}
	})
}

func TestWhatATargetIsToldOfTestsIsSeenByTheirPartnerAlone(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		withTests(t, s)
		targets := map[string]desk.Target{}
		write(t, s, func(tx *store.Tx) {
			for i, partner := range []string{"p", "q"} {
				targets[partner] = desk.Target{ID: "to " + partner, Kind: desk.RegisteredTarget, PartnerID: partner, Echo: true, State: desk.TargetActive, Version: 1, CreatedAt: s.Now()}
				tx.InsertTarget(targets[partner])
				one := plain([]int64{10001, desk.FirstTestNumber}[i], partner, desk.Open, desktest.Start)
				tx.InsertTicket(one)
				tx.Record(event(one.ID, partner, 1, desk.TicketCreated, desktest.Start))
			}
		})
		sequence(t, s)
		for partner, want := range map[string][]string{"": {"to p"}, "p": {"to p"}, "q": {"to q"}} {
			found := read(t, s, func(tx *store.Tx) (ids []string, err error) {
				all, err := tx.Targets(partner, "", 10)
				for _, target := range all {
					ids = append(ids, target.ID)
				}
				return ids, err
			})
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("targets that %q sees (-want +got):\n%s", partner, diff)
			}
		}
		isMissing(t, s, "a target of tests", func(tx *store.Tx) (desk.Target, error) { return tx.Target("to q", "", false) })
		for partner, target := range targets {
			waiting := read(t, s, func(tx *store.Tx) ([]store.Delivery, error) {
				found, _, _, err := tx.Undelivered(target, store.DeliveryPending, store.LanePlace{}, 10)
				return found, err
			})
			if len(waiting) != 1 {
				t.Errorf("%d deliveries wait for %q, want one", len(waiting), partner)
			}
		}
	})
}
