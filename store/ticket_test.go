package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// anyText is text as the doors let it in: no NUL.
var anyText = rapid.Map(rapid.StringN(0, 40, -1), func(s string) string { return strings.ReplaceAll(s, "\x00", "") })

// anyTime is a time as the store keeps it, or the zero time.
var anyTime = rapid.Map(rapid.Int64Range(0, 4e15), func(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
})

// anyTicket is a ticket with any content that the store keeps.
func anyTicket(r *rapid.T) *desk.Ticket {
	text := func(name string) string { return anyText.Draw(r, name) }
	when := func(name string) time.Time { return anyTime.Draw(r, name) }
	yes := func(name string) bool { return rapid.Bool().Draw(r, name) }
	t := &desk.Ticket{
		PartnerID: text("partner"), KeyID: text("key"), Version: rapid.Int64Min(1).Draw(r, "version"), Events: rapid.Int64Min(0).Draw(r, "events"),
		Channel: desk.Channel(text("channel")), ChannelReference: text("reference"), ServiceType: desk.ServiceType(text("type")), ServiceName: text("service"),
		Group: desk.Group{Code: text("group"), Name: text("groupName"), Team: text("team")}, Branch: desk.Branch{Code: text("branch"), Name: text("branchName")},
		Title: text("title"), Description: text("description"), Category: desk.Category(text("category")),
		Status: rapid.SampledFrom(desk.Statuses).Draw(r, "status"), CameFrom: desk.Status(text("cameFrom")),
		Priority:      rapid.SampledFrom([]desk.Priority{desk.Low, desk.Medium, desk.High, desk.Critical}).Draw(r, "priority"),
		AskedPriority: desk.Priority(text("asked")), PriorityRule: text("rule"), AssigneeID: text("assignee"), AssigneeName: text("assigneeName"),
		Customer: desk.Customer{Name: text("customer"), BranchCode: text("customerBranch"), Department: text("department"), Language: text("language")},
		Metadata: text("metadata"), Confidential: yes("confidential"), APIVersion: text("apiVersion"), PartnerRef: text("partnerRef"), Sealed: text("sealed"),
		PolicyHours: rapid.IntRange(0, 10000).Draw(r, "hours"), Calendar: text("calendar"),
		Clocks: desk.Clocks{
			StartedAt: when("started"), ResponseDue: when("responseDue"), EscalationDue: when("escalationDue"), ResolutionDue: when("resolutionDue"),
			RespondedAt: when("responded"), PausedAt: when("paused"), StoppedAt: when("stopped"),
			ResponseBreached: yes("responseBreached"), ResolutionBreached: yes("resolutionBreached"),
		},
		CreatedAt: when("created"), UpdatedAt: when("updated"), ResolvedAt: when("resolved"), ClosedAt: when("closed"),
	}
	for range rapid.IntRange(0, 3).Draw(r, "missing") {
		t.Missing = append(t.Missing, rapid.StringMatching(`[a-z.|]{1,12}`).Draw(r, "path"))
	}
	return t
}

func TestEveryFieldOfATicketSurvivesBeingStoredAndChanged(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		number := int64(0)
		rapid.Check(t, func(r *rapid.T) {
			number++
			want := anyTicket(r)
			want.ID, want.Number = fmt.Sprintf("t-%06d", number), number
			write(t, s, func(tx *store.Tx) { tx.InsertTicket(want) })
			same(r, want, ticket(t, s, number))

			changed, other := *want, anyTicket(r)
			changed.Version++
			changed.Events, changed.Group, changed.Status, changed.CameFrom = other.Events, other.Group, other.Status, other.CameFrom
			changed.Priority, changed.PriorityRule = other.Priority, other.PriorityRule
			changed.AssigneeID, changed.AssigneeName = other.AssigneeID, other.AssigneeName
			started := changed.Clocks.StartedAt
			changed.Clocks = other.Clocks
			changed.Clocks.StartedAt = started
			changed.UpdatedAt, changed.ResolvedAt, changed.ClosedAt = other.UpdatedAt, other.ResolvedAt, other.ClosedAt
			write(t, s, func(tx *store.Tx) { tx.UpdateTicket(&changed) })
			same(r, &changed, ticket(t, s, number))
		})
	})
}

// same compares a ticket with what was read.
func same(r *rapid.T, want, got *desk.Ticket) {
	if d := diff.Diff(want, got); d != "" {
		r.Fatalf("the ticket came back changed (-want +got):\n%s", d)
	}
}

func ticket(t *testing.T, s *store.Store, number int64) *desk.Ticket {
	t.Helper()
	return read(t, s, func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(number, false) })
}

// plain is a small ticket.
func plain(number int64, partner string, status desk.Status, updated time.Time) *desk.Ticket {
	return &desk.Ticket{ID: fmt.Sprintf("t-%06d", number), Number: number, PartnerID: partner, Version: 1, Events: 1, Status: status,
		Priority: desk.Low, Title: "title", Metadata: "{}", CreatedAt: desktest.Start, UpdatedAt: updated}
}

// tickets stores tickets in one write.
func tickets(t testing.TB, s *store.Store, all ...*desk.Ticket) {
	t.Helper()
	write(t, s, func(tx *store.Tx) {
		for _, one := range all {
			tx.InsertTicket(one)
		}
	})
}

func numbersOf(found []*desk.Ticket) []int64 {
	numbers := []int64{}
	for _, t := range found {
		numbers = append(numbers, t.Number)
	}
	return numbers
}

func TestTheFirstWhoChangesATicketWinsAndTheOtherIsTold(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		tickets(t, s, plain(1, "p", desk.Open, desktest.Start))
		first, second := ticket(t, s, 1), ticket(t, s, 1)
		for _, one := range []*desk.Ticket{first, second} {
			one.Version++
		}
		second.AssigneeName = "late"
		write(t, s, func(tx *store.Tx) { tx.UpdateTicket(first) })
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			tx.UpdateTicket(second)
			return nil
		})
		if !errors.Is(err, store.ErrChanged) {
			t.Errorf("the second change ended with %v, want ErrChanged", err)
		}
		if got := ticket(t, s, 1); got.AssigneeName != "" || got.Version != 2 {
			t.Errorf("the ticket is at version %d and assigned to %q", got.Version, got.AssigneeName)
		}
	})
}

func TestChangesOfATicketThatIsReadForUpdateWaitForEachOther(t *testing.T) {
	t.Parallel()
	const writers = 16
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		one := plain(1, "p", desk.Open, desktest.Start)
		one.ChannelReference = "ref"
		tickets(t, s, one)
		finds := []func(tx *store.Tx) (*desk.Ticket, error){
			func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(1, true) },
			func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID(one.ID, true) },
			func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("ref", "p", true) },
		}
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					found, err := finds[i%len(finds)](tx)
					if err != nil {
						return err
					}
					found.Version++
					tx.UpdateTicket(found)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := ticket(t, s, 1).Version; got != 1+writers {
			t.Errorf("the ticket is at version %d after %d changes", got, writers)
		}
	})
}

func TestATicketIsFoundByNumberIDAndNewestReference(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	var all []*desk.Ticket
	for i, partner := range []string{"p", "q", "p", "q"} {
		one := plain(int64(i+1), partner, desk.Open, desktest.Start)
		one.ChannelReference = "ref"
		all = append(all, one)
	}
	all = append(all, plain(5, "p", desk.Open, desktest.Start))
	tickets(t, s, all...)
	for _, c := range []struct {
		name string
		find func(tx *store.Tx) (*desk.Ticket, error)
		want int64 // 0: none
	}{
		{"number", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(3, false) }, 3},
		{"unknown number", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(99, false) }, 0},
		{"id", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID(all[1].ID, false) }, 2},
		{"unknown id", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID("none", false) }, 0},
		{"reference of a partner", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("ref", "p", false) }, 3},
		{"reference of anybody", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("ref", "", false) }, 4},
		{"reference of another partner", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("ref", "z", false) }, 0},
		{"no reference", func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByReference("", "p", false) }, 0},
	} {
		err := s.Read(t.Context(), func(tx *store.Tx) error {
			got, err := c.find(tx)
			if err == nil && got.Number != c.want {
				t.Errorf("by %s: found ticket %d, want %d", c.name, got.Number, c.want)
			}
			return err
		})
		if (c.want == 0) != errors.Is(err, store.ErrNotFound) || c.want != 0 && err != nil {
			t.Errorf("by %s: %v", c.name, err)
		}
	}
}

// crowd stores tickets of two partners in every status, several of them changed at the same moment.
func crowd(t *testing.T, s *store.Store) []*desk.Ticket {
	t.Helper()
	var all []*desk.Ticket
	for i := range 60 {
		all = append(all, plain(int64(i+1), []string{"p", "q"}[i%2], desk.Statuses[i*5%7], desktest.Start.Add(time.Duration(i*7%11)*time.Minute)))
	}
	tickets(t, s, all...)
	slices.SortFunc(all, func(a, b *desk.Ticket) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), strings.Compare(a.ID, b.ID))
	})
	return all
}

func TestPagesOfAListMakeUpTheWholeList(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		all := crowd(t, s)
		rapid.Check(t, func(r *rapid.T) {
			f := store.TicketFilter{
				PartnerID: rapid.SampledFrom([]string{"", "p", "q", "nobody"}).Draw(r, "partner"),
				Statuses:  rapid.SliceOfN(rapid.SampledFrom(desk.Statuses), 0, 9).Draw(r, "statuses"),
				Limit:     rapid.IntRange(1, 40).Draw(r, "limit"),
			}
			if minutes := rapid.IntRange(-1, 12).Draw(r, "since"); minutes >= 0 {
				f.Since = desktest.Start.Add(time.Duration(minutes) * time.Minute)
			}
			if at := rapid.IntRange(-len(all), len(all)-1).Draw(r, "cursor"); at >= 0 {
				f.AfterAt, f.AfterID = all[at].UpdatedAt, all[at].ID
			}
			want := []int64{}
			for i, one := range all {
				if f.AfterID != "" && i <= slices.IndexFunc(all, func(t *desk.Ticket) bool { return t.ID == f.AfterID }) {
					continue
				}
				if (f.PartnerID == "" || f.PartnerID == one.PartnerID) && (len(f.Statuses) == 0 || slices.Contains(f.Statuses, one.Status)) && !one.UpdatedAt.Before(f.Since) {
					want = append(want, one.Number)
				}
			}
			got := []int64{}
			for {
				page := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) { return tx.ListTickets(f) })
				got = append(got, numbersOf(page)...)
				if len(page) < f.Limit || len(got) > len(all) {
					break
				}
				last := page[len(page)-1]
				f.AfterAt, f.AfterID = last.UpdatedAt, last.ID
			}
			if d := diff.Diff(want, got); d != "" {
				r.Fatalf("pages of %+v (-want +got):\n%s", f, d)
			}
		})
	})
}

func TestTicketsAreFoundThatMatchAllOfTheLookups(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var all []*desk.Ticket
		for i := range 40 {
			one := plain(int64(i+1), []string{"p", "q"}[i%2], desk.Open, desktest.Start)
			one.Lookups = []desk.Lookup{{Kind: desk.ByEmail, Hash: fmt.Sprint("e", i%3)}, {Kind: desk.ByPhone, Hash: fmt.Sprint("h", i%4)}, {Kind: desk.ByPhone, Hash: fmt.Sprint("h", i%4)}}
			all = append(all, one)
		}
		tickets(t, s, all...)
		slices.Reverse(all)
		rapid.Check(t, func(r *rapid.T) {
			lookups := rapid.SliceOfN(rapid.SampledFrom([]desk.Lookup{
				{Kind: desk.ByEmail, Hash: "e0"}, {Kind: desk.ByEmail, Hash: "e1"}, {Kind: desk.ByPhone, Hash: "h0"}, {Kind: desk.ByPhone, Hash: "h3"},
				{Kind: desk.ByAccount, Hash: "e0"}, {Kind: desk.ByEmail, Hash: "nobody's"},
			}), 0, 3).Draw(r, "lookups")
			partner, limit := rapid.SampledFrom([]string{"", "p", "q"}).Draw(r, "partner"), rapid.IntRange(1, 9).Draw(r, "limit")
			want := []int64{}
			for _, one := range all {
				matches := len(lookups) > 0 && (partner == "" || partner == one.PartnerID)
				for _, l := range lookups {
					matches = matches && slices.Contains(one.Lookups, l)
				}
				if matches {
					want = append(want, one.Number)
				}
			}
			got := []int64{}
			for before := ""; ; {
				page := read(t, s, func(tx *store.Tx) ([]*desk.Ticket, error) { return tx.FindTickets(partner, lookups, before, limit) })
				got = append(got, numbersOf(page)...)
				if len(page) < limit {
					break
				}
				before = page[len(page)-1].ID
			}
			if d := diff.Diff(want, got); d != "" {
				r.Fatalf("tickets of %q found by %v (-want +got):\n%s", partner, lookups, d)
			}
		})
	})
}

func TestResolvedTicketsAreListedFromTheOldestOn(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	var all []*desk.Ticket
	for i, status := range []desk.Status{desk.Resolved, desk.Resolved, desk.Closed, desk.Resolved, desk.Resolved, desk.Open} {
		one := plain(int64(i+1), "p", status, desktest.Start.Add(-time.Duration(i)*time.Hour))
		one.ResolvedAt = one.UpdatedAt
		all = append(all, one)
	}
	all[4].UpdatedAt = desktest.Start.Add(time.Hour) // touched after it was resolved
	tickets(t, s, all...)
	list := func(before time.Time, limit int) []string {
		return read(t, s, func(tx *store.Tx) ([]string, error) { return tx.ResolvedBefore(before, limit) })
	}
	if d := diff.Diff([]string{all[3].ID, all[1].ID}, list(desktest.Start, 10)); d != "" {
		t.Errorf("resolved before (-want +got):\n%s", d)
	}
	if d := diff.Diff([]string{all[3].ID}, list(desktest.Start, 1)); d != "" {
		t.Errorf("the oldest (-want +got):\n%s", d)
	}
}
